/** The list beside the sheet: revisions by page, and the named versions. The same rows as the server writes. */
import { ago, exactly } from "../times";
import type { NamedVersion, Revision } from "./archive";
import { icon, make, swatch } from "./dom";
import { inkOf, nameOf } from "./words";

export function row(revision: Revision, names: readonly NamedVersion[], version: number): HTMLElement {
  const { from_version: from, to_version: to, author, ended_at: at } = revision;
  const time = make("time", "", ago(at));
  time.dateTime = at;
  time.title = exactly(at);
  const amount = make("span", "amount");
  if (revision.inserted > 0) amount.append(part("added", "+", revision.inserted));
  if (revision.deleted > 0) amount.append(part("removed", "−", revision.deleted));
  const link = make("a", "row", swatch(inkOf(author)), make("span", "name", nameOf(author)), time, amount);
  leadTo(link, to);
  if (from <= version && version <= to) link.ariaCurrent = "true";
  const within = names.filter((named) => from <= named.version && named.version <= to);
  return make("li", "", link, ...within.map((named) => flagLink(named, false)));
}

function part(word: string, sign: string, count: number): HTMLElement {
  const mark = make("span", "", sign);
  mark.ariaHidden = "true";
  return make("span", word, make("span", "visually-hidden", word), " ", mark, `${count}`);
}

export function flagLink({ version, name }: NamedVersion, isNumbered: boolean): HTMLElement {
  const words = isNumbered ? [make("span", "name", name), make("span", "quiet", `${version}`)] : [name];
  const link = make("a", "flag-link", icon("flag"), ...words);
  leadTo(link, version);
  return link;
}

function leadTo(link: HTMLAnchorElement, version: number): void {
  link.href = `?version=${version}`;
  link.dataset.version = `${version}`;
}

export function pagerButton(label: string, action: () => void): HTMLElement {
  const button = make("button", "button plain", label);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}
