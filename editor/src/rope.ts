/**
 * CodeMirror's text, counted in code points.
 *
 * CodeMirror counts UTF-16 units. Scanning the text for astral characters at each keystroke would cost its whole length,
 * so each node of its tree is counted once and remembered: trees share their nodes, an edit renews only those on its
 * path, and a text without astral characters costs nothing at all.
 */
import { ChangeSet, type ChangeSpec, Text } from "@codemirror/state";
import { Builder, InvalidOperation, type Operation } from "./ot";
import { astralCount, codePointLength, isHigh, isLow, unitOffset } from "./unicode";

const counted = new WeakMap<Text, number>();

function astralsIn(node: Text): number {
  const known = counted.get(node);
  if (known !== undefined) return known;
  const count = node.children
    ? node.children.reduce((sum, child) => sum + astralsIn(child), 0)
    : astralCount(node.sliceString(0));
  counted.set(node, count);
  return count;
}

/** The text's length in code points. */
export function lengthOf(text: Text): number {
  return text.length - astralsIn(text);
}

/** The code point position of a unit position. */
export function toCodePoint(text: Text, unit: number): number {
  if (astralsIn(text) === 0) return unit;
  if (text.children === null) return codePointLength(text.sliceString(0, unit));
  let start = 0;
  let astrals = 0;
  for (const child of text.children) {
    if (unit <= start + child.length) return start - astrals + toCodePoint(child, unit - start);
    start += child.length + 1; // a line break stands between two children
    astrals += astralsIn(child);
  }
  throw new RangeError(`Position ${unit} lies outside the text.`);
}

/** The unit position of a code point position. */
export function toUnit(text: Text, codePoint: number): number {
  if (astralsIn(text) === 0) return codePoint;
  if (text.children === null) return unitOffset(text.sliceString(0), codePoint);
  let start = 0; // in code points
  let astrals = 0;
  for (const child of text.children) {
    const length = lengthOf(child);
    if (codePoint <= start + length) return start + astrals + toUnit(child, codePoint - start);
    start += length + 1;
    astrals += astralsIn(child);
  }
  throw new RangeError(`Position ${codePoint} lies outside the text.`);
}

/** "\n" alone ends a line: every other character of the text, U+2028 too, stays what it is. */
export function textOf(content: string): Text {
  return Text.of(content.split("\n"));
}

// -- changes ----------------------------------------------------------------------------------------------------------

/** A changed stretch: what stood at fromA..toA gave way to what stands at fromB..toB. */
export interface ChangedRange {
  readonly fromA: number;
  readonly toA: number;
  readonly fromB: number;
  readonly toB: number;
  /** By how many units it was widened to the left and right, so as to tear no surrogate pair. */
  readonly head: number;
  readonly tail: number;
}

/** The changed stretches, widened where one begins or ends inside a surrogate pair of the old text or the new. */
export function wholeRanges(changes: ChangeSet, before: Text, after: Text): ChangedRange[] {
  const ranges: ChangedRange[] = [];
  changes.iterChangedRanges((fromA, toA, fromB, toB) => {
    const head = splitsPair(before, fromA) || splitsPair(after, fromB) ? 1 : 0;
    const tail = splitsPair(before, toA) || splitsPair(after, toB) ? 1 : 0;
    const range = { fromA: fromA - head, toA: toA + tail, fromB: fromB - head, toB: toB + tail, head, tail };
    const last = ranges.at(-1);
    const overlaps = last !== undefined && range.fromA < last.toA; // both took the unit between them
    if (overlaps) ranges.push({ ...(ranges.pop() ?? range), toA: range.toA, toB: range.toB, tail });
    else ranges.push(range);
  });
  return ranges;
}

function splitsPair(text: Text, unit: number): boolean {
  if (unit === 0 || unit === text.length) return false;
  const around = text.sliceString(unit - 1, unit + 1);
  return isHigh(around.charCodeAt(0)) && isLow(around.charCodeAt(1));
}

export function operationFrom(changes: ChangeSet, before: Text, after: Text): Operation {
  const operation = new Builder();
  let position = 0;
  for (const { fromA, toA, fromB, toB } of wholeRanges(changes, before, after)) {
    const from = toCodePoint(before, fromA);
    const to = toCodePoint(before, toA);
    operation.add(from - position);
    operation.add(after.sliceString(fromB, toB));
    operation.add(from - to);
    position = to;
  }
  return operation.operation();
}

export function changesFrom(operation: Operation, text: Text): ChangeSpec[] {
  const changes: ChangeSpec[] = [];
  let position = 0;
  let unit = 0;
  const moveBy = (codePoints: number) => {
    position += codePoints;
    if (position > lengthOf(text)) throw new InvalidOperation("The operation reaches beyond the text.");
    unit = toUnit(text, position);
  };
  for (const part of operation) {
    if (typeof part === "string") changes.push({ from: unit, insert: textOf(part) });
    else if (part > 0) moveBy(part);
    else {
      const from = unit;
      moveBy(-part);
      changes.push({ from, to: unit });
    }
  }
  return changes;
}

/** The server's text, as the session keeps it. Operations share all of it but the edited nodes. */
export class Rope {
  constructor(readonly text: Text) {}

  static of(content: string): Rope {
    return new Rope(textOf(content));
  }

  get length(): number {
    return lengthOf(this.text);
  }

  between(from: number, to: number): string {
    return this.text.sliceString(toUnit(this.text, from), toUnit(this.text, to));
  }

  apply(operation: Operation): Rope {
    return new Rope(ChangeSet.of(changesFrom(operation, this.text), this.text.length).apply(this.text));
  }

  toString(): string {
    return this.text.sliceString(0);
  }
}
