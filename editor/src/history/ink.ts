/** Text in ink: what a change put in and took out, and who wrote what, as spans in the order they are read. */
import { InvalidOperation, type Operation } from "../ot";
import { codePointLength, isLow, unitOffset } from "../unicode";

/** Null: erased, or nobody. */
export type Author = { readonly id: string; readonly username: string } | null;

/** Code points in a row that one operation inserted, as the server tells them. */
export interface Run {
  readonly length: number;
  readonly author: Author;
  readonly created_at: string;
}

/** Code points in a row by one author, written from one time to another. */
export interface Passage {
  readonly length: number;
  readonly author: Author;
  readonly first: string;
  readonly last: string;
}

export type Kind = "same" | "insert" | "delete";

/** Text of one kind; who wrote it, where that is known. */
export interface Span {
  readonly kind: Kind;
  readonly text: string;
  readonly passage?: Passage;
}

/** Hands a text out from its start to its end, counted in code points. */
class Reader {
  private unit = 0;
  private readonly isPlain: boolean;

  constructor(private readonly text: string) {
    this.isPlain = codePointLength(text) === text.length;
  }

  get isAtEnd(): boolean {
    return this.unit === this.text.length;
  }

  take(codePoints: number): string {
    const taken = this.takeAtMost(codePoints);
    if (codePointLength(taken) < codePoints) throw new InvalidOperation("This reaches beyond the text.");
    return taken;
  }

  /** Fewer, where the text ends. */
  takeAtMost(codePoints: number): string {
    const few = Math.min(codePoints, this.text.length - this.unit);
    const units = this.isPlain ? few : unitOffset(this.text.slice(this.unit), few);
    const taken = this.text.slice(this.unit, this.unit + units);
    this.unit += taken.length;
    return taken;
  }
}

/** Without the inserted spans it is the old text, without the deleted ones the new: what went stands first. */
export function changes(old: string, operation: Operation): Span[] {
  const spans: Span[] = [];
  const reader = new Reader(old);
  let inserted = "";
  const add = (kind: Kind, text: string) => text !== "" && spans.push({ kind, text });
  for (const part of operation) {
    if (typeof part === "string") {
      inserted = part;
      continue;
    }
    if (part < 0) add("delete", reader.take(-part));
    add("insert", inserted);
    if (part > 0) add("same", reader.take(part));
    inserted = "";
  }
  add("insert", inserted);
  add("same", reader.takeAtMost(old.length));
  return spans;
}

/** The runs with neighbours of one author taken together; the lengths sum to the same. */
export function passages(runs: Iterable<Run>): Passage[] {
  const merged: Passage[] = [];
  for (const { length, author, created_at: at } of runs) {
    const last = merged.at(-1);
    if (last === undefined || last.author?.id !== author?.id) merged.push({ length, author, first: at, last: at });
    else merged[merged.length - 1] = { ...last, length: last.length + length, ...reach(last, at) };
  }
  return merged;
}

function reach({ first, last }: Passage, at: string): Pick<Passage, "first" | "last"> {
  return {
    first: Date.parse(at) < Date.parse(first) ? at : first,
    last: Date.parse(at) > Date.parse(last) ? at : last,
  };
}

/** The spans with those of `kind` cut where the author changes; `written` covers the new text, to the letter. */
export function authored(spans: readonly Span[], written: readonly Passage[], kind: Kind): Span[] {
  const cut: Span[] = [];
  let next = -1;
  let left = 0;
  for (const span of spans) {
    const reader = new Reader(span.text);
    while (span.kind !== "delete" && !reader.isAtEnd) {
      if (left === 0) left = written[++next]?.length ?? 0;
      const passage = written[next];
      if (passage === undefined) throw new InvalidOperation("Nobody wrote the end of this text.");
      const text = reader.takeAtMost(left);
      left -= codePointLength(text);
      if (span.kind === kind) cut.push({ kind, text, passage });
    }
    if (span.kind !== kind) cut.push(span);
  }
  return cut;
}

/** The text after the changes. */
export function newText(spans: readonly Span[]): string {
  return spans.map(({ kind, text }) => (kind === "delete" ? "" : text)).join("");
}

/** How many code points the changes put in and take out. */
export function amounts(spans: readonly Span[]): { inserted: number; deleted: number } {
  const sum = (wanted: Kind) =>
    spans.reduce((total, { kind, text }) => (kind === wanted ? total + codePointLength(text) : total), 0);
  return { inserted: sum("insert"), deleted: sum("delete") };
}

// -- pieces small enough to be painted one at a time ---------------------------------------------------------------------

const MOST_UNITS = 2_000;
const MOST_SPANS = 200;

/** Part of a span; `of` numbers the span. */
export interface Piece extends Span {
  readonly of: number;
}

/** A stretch of text to be painted at once. */
export interface Stretch {
  readonly pieces: readonly Piece[];
  /** Whether a line of the text ends with it, so that what follows may stand in a block of its own. */
  readonly endsLine: boolean;
}

/** The spans, cut into stretches: all pieces together are all the text, in its order. */
export function stretches(spans: readonly Span[]): Stretch[] {
  const done: Stretch[] = [];
  let pieces: Piece[] = [];
  let units = 0;
  const close = (endsLine: boolean) => {
    done.push({ pieces, endsLine });
    pieces = [];
    units = 0;
  };
  spans.forEach((span, of) => {
    for (let at = 0; at < span.text.length; ) {
      const end = cutAt(span.text, at, MOST_UNITS - units);
      pieces.push({ ...span, text: span.text.slice(at, end), of });
      units += end - at;
      at = end;
      if (at < span.text.length || units >= MOST_UNITS || pieces.length >= MOST_SPANS)
        close(span.text[at - 1] === "\n");
    }
  });
  if (pieces.length > 0) close(true);
  return done;
}

/** Where to cut so that at most `units` stand before it: after the last line end, if that is not far, never in a pair. */
function cutAt(text: string, from: number, units: number): number {
  const end = from + units;
  if (end >= text.length) return text.length;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > from + units / 2) return line;
  return isLow(text.charCodeAt(end)) ? end + 1 : end;
}
