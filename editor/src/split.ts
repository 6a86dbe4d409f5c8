/**
 * Large edits are sent in pieces. `split` cuts an operation so that the head keeps within what one submission may hold;
 * compose(head, rest) is the operation again, and the head is never empty, so that cutting comes to an end.
 */
import { Builder, type Component, isNoop, type Operation } from "./ot";
import { codePointLength, isHigh } from "./unicode";

/** What the server takes at once: `inserted` in code points, `frame` in bytes of JSON. */
export interface SubmissionLimits {
  readonly inserted: number;
  readonly components: number;
  readonly frame: number;
}

const ENVELOPE = 256; // bytes for the rest of the submit message
const PER_COMPONENT = 18; // bytes a number and its comma, or an empty string and its comma, may take

export function split(operation: Operation, limits: SubmissionLimits): [head: Operation, rest: Operation] {
  const head = new Builder();
  const rest = new Builder();
  let bytes = limits.frame - ENVELOPE;
  let inserted = limits.inserted;
  let components = limits.components;
  let index = 0;
  for (; index < operation.length && components > 0 && bytes >= 2 * PER_COMPONENT; index++, components--) {
    const part = operation[index] as Component;
    bytes -= PER_COMPONENT;
    if (typeof part === "number") {
      head.add(part);
      if (part > 0) rest.add(part);
      continue;
    }
    const fitting = fittingPrefix(part, inserted, bytes);
    head.add(fitting.text);
    rest.add(fitting.length);
    if (fitting.text.length < part.length) {
      rest.add(part.slice(fitting.text.length));
      index++;
      break;
    }
    inserted -= fitting.length;
    bytes -= fitting.bytes;
  }
  for (; index < operation.length; index++) rest.add(operation[index] as Component);
  const remainder = rest.operation();
  // A head that only retains would be nothing: possible when its one insert did not fit; not with sane limits.
  return isNoop(head.operation()) ? [operation, []] : [head.operation(), remainder];
}

/** As much of the text as the two budgets allow, cut between code points. */
function fittingPrefix(text: string, codePoints: number, bytes: number) {
  const most = codePointLength(text);
  if (most <= codePoints && 6 * text.length <= bytes) return { text, length: most, bytes: 6 * text.length };
  let unit = 0;
  let length = 0;
  let used = 0;
  while (unit < text.length && length < codePoints) {
    const cost = jsonBytes(text.charCodeAt(unit));
    if (used + cost > bytes) break;
    used += cost;
    length += 1;
    unit += isHigh(text.charCodeAt(unit)) ? 2 : 1;
  }
  return { text: text.slice(0, unit), length, bytes: used };
}

/** How many bytes a code point takes in a JSON frame, told by its first unit. */
function jsonBytes(unit: number): number {
  if (unit < 0x20) return 6; // \u0001; the short escapes cost less
  if (unit === 0x22 || unit === 0x5c) return 2;
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return isHigh(unit) ? 4 : 3;
}
