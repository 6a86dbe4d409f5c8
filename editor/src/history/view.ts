/** What the history page shows around the sheet: where one is, the list, the legend, what is told. */
import { ago, exactly } from "../times";
import type { NamedVersion, Revision, Version } from "./archive";
import { find, icon, make, swatch } from "./dom";
import type { Span } from "./ink";
import { entries, legendItem } from "./legend";
import { flagLink, pagerButton, row } from "./list";
import type { Paper } from "./paper";
import { inkOf, nameOf } from "./words";

export const VIEWS = ["changes", "authors", "text"] as const;
export type View = (typeof VIEWS)[number];

/** "version 120, alice, 3 minutes ago" */
export function inWords({ version, author, created_at: at }: Version): string {
  return version === 0 ? `version 0, before anything was written` : `version ${version}, ${nameOf(author)}, ${ago(at)}`;
}

// -- where one is ---------------------------------------------------------------------------------------------------------

/** Without `shown`, of a version of which no more than the number is known yet. */
export function showCaption(version: number, head: number, shown: Version | null, name: string): void {
  const where = make("span", "where", make("strong", "", `Version ${version}`), " ", quiet(`of ${head}`));
  const parts: Node[] = [where];
  if (shown !== null) {
    if (version > 0) parts.push(make("span", "who", swatch(inkOf(shown.author)), nameOf(shown.author)));
    const time = make("time", "quiet", ago(shown.created_at));
    time.dateTime = shown.created_at;
    time.title = exactly(shown.created_at);
    parts.push(time);
  }
  if (name !== "") parts.push(make("span", "flag-name", icon("flag"), name));
  find("caption")?.replaceChildren(...parts);
}

function quiet(text: string): HTMLElement {
  return make("span", "quiet", text);
}

export function showNewer(newer: number): void {
  const button = find("newest");
  if (button === null) return;
  button.hidden = newer === 0;
  button.textContent = `${newer.toLocaleString("en")} newer`;
  button.title = "To the newest version";
}

/** The form that names this version, and the way to restore it. */
export function showActions(version: number, head: number, name: string): void {
  const naming = find("naming");
  if (naming === null) return;
  (naming.querySelector("summary span") as HTMLElement).textContent = name === "" ? "Name" : "Rename";
  (naming.querySelector(".number") as HTMLElement).textContent = `${version}`;
  (naming.querySelector("[name=version]") as HTMLInputElement).value = `${version}`;
  const field = naming.querySelector("#version-name") as HTMLInputElement;
  if (document.activeElement !== field) field.value = name;
  const restore = find<HTMLAnchorElement>("restore");
  if (restore === null) return;
  restore.hidden = version === head;
  restore.href = `?version=${version}&restore=1`;
}

export function showLenses(view: View, since: number | null, version: number, names: readonly NamedVersion[]): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#views a"))
    link.ariaCurrent = link.dataset.view === view ? "true" : "false";
  const form = find("since");
  const select = find<HTMLSelectElement>("since-version");
  if (form === null || select === null) return;
  form.hidden = view !== "changes" || version === 0;
  const earlier = names.filter((named) => named.version > 0 && named.version < version);
  const known = earlier.some((named) => named.version === since) || since === null || since === 0;
  select.replaceChildren(
    new Option("the version before", ""),
    ...earlier.map((named) => new Option(named.name, `${named.version}`)),
    ...(known ? [] : [new Option(`version ${since}`, `${since}`)]),
    new Option("the beginning", "0"),
  );
  select.value = since === null ? "" : `${since}`;
}

// -- the list -------------------------------------------------------------------------------------------------------------

export interface Listed {
  readonly rows: readonly Revision[];
  readonly newer: number;
  readonly older: number;
}

export function showList(listed: Listed, names: readonly NamedVersion[], version: number, turn: (to: number) => void) {
  const list = find("rows");
  const pager = find("pager");
  if (list === null || pager === null) return;
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...listed.rows.map((revision) => row(revision, names, version)));
  if (hadFocus) list.querySelector<HTMLElement>("[aria-current=true]")?.focus();
  pager.hidden = listed.newer === 0 && listed.older === 0;
  pager.replaceChildren(
    ...(listed.newer > 0 ? [pagerButton("Newer", () => turn(listed.newer))] : []),
    ...(listed.older > 0 ? [pagerButton("Older", () => turn(listed.older))] : []),
  );
}

export function showNames(names: readonly NamedVersion[]): void {
  const section = find("names");
  if (section === null) return;
  section.hidden = names.length === 0;
  section.querySelector("ul")?.replaceChildren(...names.map((named) => make("li", "", flagLink(named, true))));
}

// -- the legend -----------------------------------------------------------------------------------------------------------

/** Each press leads to the next passage of its kind; `told` gets it. */
export function showLegend(spans: readonly Span[], paper: Paper, told: (span: Span, place: string) => void): void {
  const items = entries(spans).map((entry) => {
    let next = 0;
    return legendItem(entry, () => {
      const numbers = paper.numbers(entry.isOf);
      const place = next % numbers.length;
      next = place + 1;
      const span = paper.reveal(numbers[place] ?? 0);
      if (span !== null) told(span, `${place + 1} of ${numbers.length}`);
    });
  });
  find("legend")?.replaceChildren(...items);
}

// -- what is told ---------------------------------------------------------------------------------------------------------

export function tell(words: string, tone: "good" | "danger" = "good", retry: (() => void) | null = null): void {
  const note = find("note");
  if (note === null) return;
  note.dataset.tone = tone;
  note.hidden = words === "";
  note.replaceChildren(words);
  if (retry === null) return;
  const button = make("button", "button", "Try again");
  button.type = "button";
  button.addEventListener("click", retry);
  note.append(button);
}

/** For those who listen, not look. */
export function speak(words: string): void {
  const spoken = find("spoken");
  if (spoken !== null) spoken.textContent = words;
}

export function showTip(at: { element: HTMLElement; span: Span } | null): void {
  const tip = find("tip");
  if (tip === null) return;
  tip.hidden = at === null;
  if (at === null) return;
  tip.replaceChildren(...tipWords(at.span));
  const room = (tip.parentElement as HTMLElement).getBoundingClientRect();
  const [line] = at.element.getClientRects();
  if (line === undefined) return;
  tip.style.top = `${line.bottom - room.top + 4}px`;
  tip.style.left = `${Math.max(0, Math.min(line.left - room.left, room.width - tip.offsetWidth))}px`;
}

function tipWords({ kind, passage }: Span): (Node | string)[] {
  if (passage === undefined) return [kind === "delete" ? "Removed" : "Added"];
  return [swatch(inkOf(passage.author)), `${nameOf(passage.author)}, ${when(passage)}`];
}

/** A passage may have been written over some time. */
export function when({ first, last }: { first: string; last: string }): string {
  const [from, to] = [ago(first), ago(last)];
  return from === to ? to : `${from} to ${to}`;
}
