/** Random texts and operations: with emoji, combining and right-to-left characters, line ends, and nothing at all. */
import fc from "fast-check";
import { type Component, canonical, type Operation } from "../src/ot";
import { codePointLength } from "../src/unicode";

const character = fc.constantFrom(
  "a",
  "b",
  " ",
  "\n",
  "é",
  "e\u0301",
  "ש",
  "漢",
  "😀",
  "👩‍👧",
  "🇫🇷",
  "\u2028",
  "\u0001",
);

export const text: fc.Arbitrary<string> = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(""));

const someText = text.filter((value) => value !== "");

/** An operation that fits a text of this many code points. */
export function operationOn(length: number): fc.Arbitrary<Operation> {
  const part = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -5, max: -1 }), someText);
  return fc.array(part, { maxLength: 6 }).map((parts) => canonical(fitting(parts, length)));
}

function fitting(parts: readonly Component[], length: number): Component[] {
  let left = length;
  return parts.map((part) => {
    if (typeof part === "string") return part;
    const step = Math.min(Math.abs(part), left);
    left -= step;
    return Math.sign(part) * step;
  });
}

/** A text and two concurrent operations on it. */
export const diamond = text.chain((value) => {
  const operation = operationOn(codePointLength(value));
  return fc.record({ text: fc.constant(value), a: operation, b: operation, first: fc.boolean() });
});
