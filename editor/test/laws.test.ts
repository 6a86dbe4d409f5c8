/** The laws of operations, on random texts; and the same answers as a library that nobody here wrote. */
import fc from "fast-check";
import { type as other } from "ot-text-unicode";
import { describe, expect, it } from "vitest";
import {
  apply,
  canonical,
  compose,
  composeAll,
  invert,
  lengthChange,
  type Operation,
  PlainText,
  parse,
  positionBefore,
  transform,
  transformPosition,
} from "../src/ot";
import { codePointLength } from "../src/unicode";
import { diamond, operationOn, text } from "./arbitrary";

const RUNS = { numRuns: 2000 };

/** A text, an operation on it, and one on what comes of that. */
const sequence = diamond.chain(({ text, a }) =>
  fc.record({ text: fc.constant(text), a: fc.constant(a), b: operationOn(codePointLength(apply(text, a))) }),
);

function law<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) {
  fc.assert(
    fc.property(arbitrary, (value) => void holds(value)),
    RUNS,
  );
}

describe("laws", () => {
  it("transform closes the diamond", () => {
    law(diamond, ({ text, a, b, first }) => {
      const left = apply(apply(text, a), transform(b, a, !first));
      const right = apply(apply(text, b), transform(a, b, first));
      expect(left).toBe(right);
    });
  });

  it("compose does both in sequence", () => {
    law(sequence, ({ text, a, b }) => expect(apply(text, compose(a, b))).toBe(apply(apply(text, a), b)));
  });

  it("composing many is composing one by one", () => {
    law(sequence, ({ text, a, b }) => {
      const undoing = invert(compose(a, b), new PlainText(text));
      expect(composeAll([a, b, undoing])).toEqual(compose(compose(a, b), undoing));
    });
  });

  it("invert undoes", () => {
    law(diamond, ({ text, a }) => expect(apply(apply(text, a), invert(a, new PlainText(text)))).toBe(text));
  });

  it("everything yielded is canonical and survives the wire", () => {
    law(diamond, ({ text, a, b, first }) => {
      for (const operation of [
        transform(a, b, first),
        compose(a, transform(b, a, first)),
        invert(a, new PlainText(text)),
      ]) {
        expect(canonical(operation)).toEqual(operation);
        expect(parse(JSON.parse(JSON.stringify(operation)))).toEqual(operation);
      }
    });
  });

  it("lengthChange tells the new length", () => {
    law(diamond, ({ text, a }) => {
      expect(codePointLength(apply(text, a))).toBe(codePointLength(text) + lengthChange(a));
    });
  });

  it("a position goes where a mark inserted there would stand", () => {
    const marked = diamond.chain((value) =>
      fc.record({ ...fixed(value), position: fc.nat({ max: codePointLength(value.text) }), before: fc.boolean() }),
    );
    law(marked, ({ text, a, position, before }) => {
      const mark = transform([position, "‖"], a, before);
      const stands = Array.from(apply(apply(text, a), mark)).indexOf("‖");
      expect(transformPosition(position, a, before)).toBe(stands);
    });
  });

  it("positionBefore leads back from retained text", () => {
    const placed = diamond.chain((value) =>
      fc.record({ ...fixed(value), position: fc.nat({ max: codePointLength(apply(value.text, value.a)) }) }),
    );
    law(placed, ({ text, a, position }) => {
      const before = positionBefore(position, a);
      expect(before).toBeLessThanOrEqual(codePointLength(text));
      expect(transformPosition(before, a, true)).toBeLessThanOrEqual(position);
      expect(transformPosition(before, a)).toBeGreaterThanOrEqual(position);
    });
  });
});

describe("ot-text-unicode agrees", () => {
  const theirs = (operation: Operation) =>
    operation.map((part) => (typeof part === "number" && part < 0 ? { d: -part } : part));
  const ours = (operation: unknown[]) =>
    canonical(
      operation.map((part) => (typeof part === "object" ? -(part as { d: number }).d : (part as string | number))),
    );

  it("on apply", () => {
    law(diamond, ({ text, a }) => expect(other.apply(text, theirs(a))).toBe(apply(text, a)));
  });

  it("on transform", () => {
    law(diamond, ({ a, b, first }) => {
      const side = first ? "left" : "right";
      expect(ours(other.transform(theirs(a), theirs(b), side))).toEqual(transform(a, b, first));
    });
  });

  it("on compose", () => {
    law(sequence, ({ a, b }) => expect(ours(other.compose(theirs(a), theirs(b)))).toEqual(compose(a, b)));
  });
});

describe("texts", () => {
  it("PlainText reads code points", () => {
    law(text, (value) => {
      const points = Array.from(value);
      const middle = points.length >> 1;
      expect(new PlainText(value).between(0, middle)).toBe(points.slice(0, middle).join(""));
      expect(new PlainText(value).length).toBe(points.length);
    });
  });
});

function fixed<T extends object>(value: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fc.constant(part)])) as never;
}
