/** The slider over versions, and the flags of those that have a name. */
import type { NamedVersion } from "./archive";
import { icon, make } from "./dom";

const LEAP = 10; // versions, by the Page keys

/** Where a key leads from a version; null for one that the browser or nobody understands. */
export function keyLeads(key: string, version: number, head: number): number | null {
  const to = { PageUp: version + LEAP, PageDown: version - LEAP }[key];
  return to === undefined ? null : Math.min(head, Math.max(0, to));
}

export class Scrubber {
  constructor(
    private readonly slider: HTMLInputElement,
    private readonly flags: HTMLElement,
    private readonly moved: (version: number) => void,
    stepped: (by: 1 | -1) => void,
  ) {
    slider.addEventListener("input", () => this.moved(this.version));
    slider.addEventListener("keydown", (event) => {
      if (event.shiftKey && /^Arrow(Left|Down|Right|Up)$/.test(event.key)) {
        event.preventDefault();
        return stepped(/Left|Down/.test(event.key) ? -1 : 1);
      }
      const to = keyLeads(event.key, this.version, this.head);
      if (to === null) return;
      event.preventDefault();
      this.moved(to);
    });
  }

  get version(): number {
    return Number(this.slider.value);
  }

  private get head(): number {
    return Number(this.slider.max);
  }

  show(version: number, head: number, words: string): void {
    this.slider.max = `${head}`;
    this.slider.value = `${version}`;
    this.slider.setAttribute("aria-valuetext", words);
    this.slider.style.setProperty("--done", `${head === 0 ? 0 : (100 * version) / head}%`);
    for (const flag of this.flags.querySelectorAll<HTMLElement>(".flag")) {
      flag.ariaCurrent = flag.dataset.version === `${version}` ? "true" : "false";
    }
  }

  showFlags(names: readonly NamedVersion[]): void {
    const { head } = this;
    this.flags.replaceChildren(...[...names].reverse().map((named) => this.flag(named, head)));
  }

  private flag({ version, name }: NamedVersion, head: number): HTMLElement {
    const at = head === 0 ? 0 : version / head;
    const flag = make("button", at > 0.6 ? "flag late" : "flag", icon("flag"), make("span", "flag-label", name));
    flag.type = "button";
    flag.dataset.version = `${version}`;
    flag.ariaLabel = `${name}, version ${version}`;
    flag.ariaCurrent = version === this.version ? "true" : "false";
    flag.style.setProperty("--at", `${at}`);
    flag.addEventListener("click", () => this.moved(version));
    return flag;
  }
}
