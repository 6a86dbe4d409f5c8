/** Ink: whatever is coloured, cut or merged, the texts are the same to the letter. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Author,
  amounts,
  authored,
  changes,
  newText,
  type Passage,
  passages,
  type Run,
  type Span,
  stretches,
} from "../src/history/ink";
import { excerpt } from "../src/history/restoring";
import { apply, InvalidOperation } from "../src/ot";
import { codePointLength, isHigh, isLow } from "../src/unicode";
import { operationOn, text } from "./arbitrary";

const people: Author[] = [{ id: "a", username: "alice" }, { id: "b", username: "bob" }, null];
const times = ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00+01:00", "2026-11-22T23:59:59.5Z"];

const change = text.chain((old) => fc.record({ old: fc.constant(old), operation: operationOn(codePointLength(old)) }));

/** Runs that cover a text to the letter. */
function runsOver(length: number): fc.Arbitrary<Run[]> {
  const run = fc.record({
    length: fc.integer({ min: 1, max: 4 }),
    author: fc.constantFrom(...people),
    created_at: fc.constantFrom(...times),
  });
  return fc.array(run, { minLength: length, maxLength: length }).map((all) => {
    let left = length;
    return all.flatMap((each) => {
      const taken = Math.min(each.length, left);
      left -= taken;
      return taken === 0 ? [] : [{ ...each, length: taken }];
    });
  });
}

function letters(written: readonly { length: number; author: Author }[]): (string | null)[] {
  return written.flatMap(({ length, author }) => Array(length).fill(author?.id ?? null));
}

describe("changes", () => {
  it("are the old text without what is inserted, the new one without what is deleted", () => {
    fc.assert(
      fc.property(change, ({ old, operation }) => {
        const spans = changes(old, operation);
        expect(spans.map(({ kind, text }) => (kind === "insert" ? "" : text)).join("")).toBe(old);
        expect(newText(spans)).toBe(apply(old, operation));
        expect(spans.every((span) => span.text !== "")).toBe(true);
      }),
    );
  });

  it("show what went before what came", () => {
    expect(changes("a🙂c", [1, "new", -1])).toEqual([
      { kind: "same", text: "a" },
      { kind: "delete", text: "🙂" },
      { kind: "insert", text: "new" },
      { kind: "same", text: "c" },
    ]);
  });

  it("count what came and went", () => {
    expect(amounts(changes("a🙂c", [1, "neu🙂", -2]))).toEqual({ inserted: 4, deleted: 2 });
  });

  it("that do not fit are an error, not another text", () => {
    expect(() => changes("🙂", [2, "x"])).toThrow(InvalidOperation);
    expect(() => changes("🙂", [-2])).toThrow(InvalidOperation);
  });
});

describe("passages", () => {
  const runs = fc.integer({ min: 0, max: 20 }).chain(runsOver);

  it("merge neighbours of one author and no others", () => {
    fc.assert(
      fc.property(runs, (given) => {
        const merged = passages(given);
        expect(letters(merged)).toEqual(letters(given));
        for (const [index, passage] of merged.slice(1).entries())
          expect(passage.author?.id).not.toBe(merged[index]?.author?.id);
      }),
    );
  });

  it("reach from their first to their last time", () => {
    const given = times.map((created_at) => ({ length: 1, author: null, created_at }));
    expect(passages([...given].reverse())).toEqual([{ length: 3, author: null, first: times[0], last: times[2] }]);
  });
});

describe("authored text", () => {
  const story = change.chain(({ old, operation }) => {
    const length = codePointLength(apply(old, operation));
    return fc.record({ old: fc.constant(old), operation: fc.constant(operation), runs: runsOver(length) });
  });

  it("is the same text, each letter with its author", () => {
    fc.assert(
      fc.property(story, ({ old, operation, runs }) => {
        const whole = apply(old, operation);
        const spans = authored(whole === "" ? [] : [{ kind: "same", text: whole }], passages(runs), "same");
        expect(newText(spans)).toBe(whole);
        expect(lettersOf(spans)).toEqual(letters(runs));
      }),
    );
  });

  it("colours what is inserted only, and leaves the changes as they are", () => {
    fc.assert(
      fc.property(story, ({ old, operation, runs }) => {
        const before = changes(old, operation);
        const spans = authored(before, passages(runs), "insert");
        expect(joined(spans)).toEqual(joined(before));
        expect(spans.every(({ kind, passage }) => (kind === "insert") === (passage !== undefined))).toBe(true);
        const position = (index: number) => codePointLength(newText(spans.slice(0, index)));
        spans.forEach((span, index) => {
          const expected = letters(runs).slice(position(index), position(index + 1));
          if (span.kind === "insert") expect(lettersOf([span])).toEqual(expected);
        });
      }),
    );
  });

  it("that nobody wrote to its end is an error", () => {
    expect(() => authored([{ kind: "same", text: "ab" }], [of(1)], "same")).toThrow(InvalidOperation);
  });

  it("of a hundred thousand letters by two in turn takes no time", () => {
    const written = Array.from({ length: 100_000 }, (_, index) => of(1, people[index % 2] ?? null));
    const before = performance.now();
    const spans = authored([{ kind: "same", text: "🙂x".repeat(50_000) }], written, "same");
    expect(spans).toHaveLength(100_000);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  function of(length: number, author: Author = null): Passage {
    return { length, author, first: times[0] ?? "", last: times[0] ?? "" };
  }

  function lettersOf(spans: readonly Span[]): (string | null)[] {
    return letters(
      spans.flatMap(({ text, passage }) => (passage ? [{ ...passage, length: codePointLength(text) }] : [])),
    );
  }

  function joined(spans: readonly Span[]): string[] {
    return spans.reduce<string[]>((all, { kind, text }) => {
      const last = all.at(-1);
      if (last?.startsWith(`${kind}:`)) all[all.length - 1] = last + text;
      else all.push(`${kind}:${text}`);
      return all;
    }, []);
  }
});

describe("stretches", () => {
  const spans = fc
    .array(
      fc.record({
        kind: fc.constantFrom("same", "insert", "delete"),
        unit: fc.constantFrom("a", "🙂", "some line\n", "e\u0301"),
        times: fc.integer({ min: 1, max: 3_000 }),
      }),
      { maxLength: 8 },
    )
    .map((all) => all.map(({ kind, unit, times }): Span => ({ kind: kind as Span["kind"], text: unit.repeat(times) })));

  it("are all the text in its order, in parts that are not large, without a torn character", () => {
    fc.assert(
      fc.property(spans, (given) => {
        const cut = stretches(given);
        const pieces = cut.flatMap((stretch) => stretch.pieces);
        for (const [of, span] of given.entries()) {
          const own = pieces.filter((piece) => piece.of === of);
          expect(own.map((piece) => piece.text).join("")).toBe(span.text);
          expect(own.every(({ kind }) => kind === span.kind)).toBe(true);
        }
        expect(pieces.map(({ of }) => of)).toEqual(pieces.map(({ of }) => of).sort((a, b) => a - b));
        expect(pieces.some(({ text }) => isLow(text.charCodeAt(0)) || isHigh(text.charCodeAt(text.length - 1)))).toBe(
          false,
        );
        for (const { pieces } of cut)
          expect(pieces.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(2_002);
        for (const { pieces, endsLine } of cut.slice(0, -1)) expect(pieces.at(-1)?.text.endsWith("\n")).toBe(endsLine);
      }),
      { numRuns: 50 },
    );
  });

  it("hold few spans, however short they are", () => {
    const many = Array.from({ length: 1_000 }, (): Span => ({ kind: "insert", text: "x" }));
    expect(stretches(many).map(({ pieces }) => pieces.length)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("an excerpt", () => {
  it("keeps every change, and tells where it leaves text out", () => {
    const long = "🙂".repeat(1_000);
    const spans: Span[] = [
      { kind: "same", text: long },
      { kind: "delete", text: "gone" },
      { kind: "same", text: "short" },
      { kind: "insert", text: long },
      { kind: "same", text: long },
    ];
    const shown = excerpt(spans);
    expect(shown.filter(({ kind }) => kind !== "same")).toEqual([spans[1], spans[3]]);
    expect(shown[0]?.text).toMatch(/^⋯\n🙂+$/u);
    expect(shown[2]).toEqual(spans[2]);
    expect(shown[4]?.text).toMatch(/^🙂+\n⋯$/u);
  });
});
