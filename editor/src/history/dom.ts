/** Small makers of elements. Text goes in as text only. */
import { make } from "../dom";

export { element, find, make } from "../dom";

/** An icon of the sprite. */
export function icon(name: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${document.getElementById("history")?.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

export function swatch(ink: string): HTMLElement {
  const made = make("span", `swatch ${ink}`);
  made.ariaHidden = "true";
  return made;
}
