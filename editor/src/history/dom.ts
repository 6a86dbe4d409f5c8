/** Small makers of elements. Text goes in as text only. */

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...inside);
  return made;
}

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

export function find<T extends HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

/** What the page must have. */
export function element<T extends HTMLElement>(id: string): T {
  const found = find<T>(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}
