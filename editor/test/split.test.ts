/** Large edits are cut into pieces that the server takes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apply, compose, type Operation } from "../src/ot";
import { split } from "../src/split";
import { codePointLength } from "../src/unicode";
import { diamond } from "./arbitrary";

const LIMITS = { inserted: 250_000, components: 1_000, frame: 1_048_576 };

function piecesOf(operation: Operation, limits = LIMITS): Operation[] {
  const pieces: Operation[] = [];
  for (let rest = operation; rest.length > 0; ) {
    const [head, remainder] = split(rest, limits);
    pieces.push(head);
    rest = remainder;
  }
  return pieces;
}

describe("split", () => {
  it("leaves a small edit whole", () => {
    expect(split([5, "hi", -3], LIMITS)).toEqual([[5, "hi", -3], []]);
  });

  it.each([
    ["ASCII", "a"],
    ["emoji", "😀"],
    ["controls, six bytes each in JSON", "\u0001"],
    ["quotes", '"'],
  ])("keeps a paste of a million of %s within all limits", (_, character) => {
    const pieces = piecesOf([3, character.repeat(1_000_000), -2]);
    for (const piece of pieces) {
      const frame = JSON.stringify({ type: "submit", seq: 123456, base_version: 123456, operation: piece });
      expect(new TextEncoder().encode(frame).length).toBeLessThanOrEqual(LIMITS.frame);
      const inserted = piece.filter((part) => typeof part === "string").map(codePointLength);
      expect(inserted.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(LIMITS.inserted);
    }
    expect(pieces.length).toBeLessThan(10);
    expect(apply("abcde", pieces.reduce(compose))).toBe(`abc${character.repeat(1_000_000)}`);
  });

  it("counts components", () => {
    const many = Array.from({ length: 5000 }, (_, index) => (index % 2 === 0 ? 1 : "x"));
    const pieces = piecesOf(many);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(LIMITS.components);
    expect(pieces.reduce(compose)).toEqual(many);
  });

  it("composes to the whole again", () => {
    const limits = fc.record({ inserted: fc.integer({ min: 1, max: 5 }), components: fc.integer({ min: 2, max: 5 }) });
    fc.assert(
      fc.property(diamond, limits, ({ text, a }, { inserted, components }) => {
        const pieces = piecesOf(a, { inserted, components, frame: 300 });
        expect(pieces.reduce(apply, text)).toBe(apply(text, a));
      }),
    );
  });
});
