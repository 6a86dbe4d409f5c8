/** Whose ink it is, and how much; each entry leads from one of its passages to the next. */
import { codePointLength } from "../unicode";
import { make, swatch } from "./dom";
import type { Author, Span } from "./ink";
import { inkOf, nameOf } from "./words";

export interface Entry {
  readonly label: string;
  readonly ink: string;
  readonly amount: string;
  readonly isOf: (span: Span) => boolean;
}

/** Authors of what has an author, most text first; then what was deleted. */
export function entries(spans: readonly Span[]): Entry[] {
  const lengths = new Map<string, { author: Author; length: number; isInserted: boolean }>();
  let deleted = 0;
  for (const { kind, text, passage } of spans) {
    if (kind === "delete") deleted += codePointLength(text);
    if (passage === undefined) continue;
    const id = passage.author?.id ?? "";
    const before = lengths.get(id)?.length ?? 0;
    lengths.set(id, { author: passage.author, length: before + codePointLength(text), isInserted: kind === "insert" });
  }
  const writers = [...lengths].sort(([, a], [, b]) => b.length - a.length);
  const gone = { label: "Removed", ink: "gone", amount: `−${deleted}`, isOf: ({ kind }: Span) => kind === "delete" };
  return [
    ...writers.map(([id, { author, length, isInserted }]) => ({
      label: nameOf(author),
      ink: inkOf(author),
      amount: isInserted ? `+${length}` : `${length}`,
      isOf: ({ passage }: Span) => passage !== undefined && (passage.author?.id ?? "") === id,
    })),
    ...(deleted > 0 ? [gone] : []),
  ];
}

export function legendItem({ label, ink, amount }: Entry, next: () => void): HTMLElement {
  const button = make("button", "", swatch(ink), `${label} `, make("span", "quiet", amount));
  button.type = "button";
  button.title = `Next passage: ${label}`;
  button.addEventListener("click", next);
  return make("li", "", button);
}
