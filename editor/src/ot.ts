/**
 * Operations: the twin of the server's `documents/ot`, held to it by the vectors both are tested with.
 *
 * An operation is one edit of a whole text, a list of components that an imaginary cursor walks from left to right:
 *
 *     5       retains: the next 5 code points stay
 *     "hi"    inserts where the cursor is
 *     -3      deletes the next 3 code points
 *
 * What the components do not reach stays. Lengths count code points. The canonical form is part of the protocol: no
 * empty component, no two neighbours of one kind, an insert before a delete at one place, no trailing retain.
 *
 *               text
 *           a  /    \  b            apply(apply(text, a), b') === apply(apply(text, b), a')
 *             /      \
 *             \      /              b' = transform(b, a, !first)
 *          b'  \    /  a'           a' = transform(a, b, first)
 *               same
 *
 * Where both insert at one place, the one with `first` stands left. The protocol gives the left to the operation that
 * is committed LATER: a client moves its pending edits with first = true, and what comes in over them with false.
 * History is crossed one operation at a time: moving past a composed run may end elsewhere.
 */
import { codePointLength, isClean, sliceCodePoints } from "./unicode";

export type Component = number | string;
export type Operation = readonly Component[];

/** Text that can say what stands between two positions, in code points. */
export interface Readable {
  between(from: number, to: number): string;
}

export class InvalidOperation extends Error {}

const REST = Number.MAX_SAFE_INTEGER; // the retain that a canonical operation leaves unsaid

// -- at the door ------------------------------------------------------------------------------------------------------

/** The canonical operation that decoded JSON stands for. */
export function parse(value: unknown): Operation {
  if (!Array.isArray(value)) throw new InvalidOperation("An operation is a list of components.");
  if (!value.every(isComponent)) throw new InvalidOperation("A component is an integer or clean text.");
  const reach = value.reduce<number>((sum, part) => sum + (typeof part === "number" ? Math.abs(part) : 0), 0);
  if (reach > Number.MAX_SAFE_INTEGER) throw new InvalidOperation("The operation reaches too far.");
  return canonical(value);
}

function isComponent(value: unknown): value is Component {
  return typeof value === "string" ? isClean(value) : Number.isSafeInteger(value);
}

// -- canonical form ---------------------------------------------------------------------------------------------------

/** canonical(canonical(c)) equals canonical(c) and does what the components c do. */
export function canonical(components: Iterable<Component>): Operation {
  const builder = new Builder();
  for (const component of components) builder.add(component);
  return builder.operation();
}

/** Collects components; what happens at one place is held back until the cursor moves on. */
export class Builder {
  private readonly parts: Component[] = [];
  private retained = 0;
  private inserted = "";
  private deleted = 0;

  add(component: Component): void {
    if (typeof component === "string") this.inserted += component;
    else if (component < 0) this.deleted += component;
    else if (component > 0) {
      if (this.inserted !== "" || this.deleted !== 0) this.settle();
      this.retained += component;
    }
  }

  operation(): Operation {
    if (this.inserted !== "" || this.deleted !== 0) this.settle();
    return this.parts; // a retain still held back is a trailing one
  }

  private settle(): void {
    if (this.retained !== 0) this.parts.push(this.retained);
    if (this.inserted !== "") this.parts.push(this.inserted);
    if (this.deleted !== 0) this.parts.push(this.deleted);
    this.retained = 0;
    this.inserted = "";
    this.deleted = 0;
  }
}

// -- lengths ----------------------------------------------------------------------------------------------------------

export function isNoop(operation: Operation): boolean {
  return operation.length === 0;
}

/** Code points of the old text that the operation walks over. */
export function baseLength(operation: Operation): number {
  return operation.reduce<number>((sum, part) => sum + (typeof part === "number" ? Math.abs(part) : 0), 0);
}

/** By how much a text grows. */
export function lengthChange(operation: Operation): number {
  return operation.reduce<number>((sum, part) => sum + growth(part), 0);
}

function growth(part: Component): number {
  return typeof part === "string" ? codePointLength(part) : Math.min(part, 0);
}

// -- text -------------------------------------------------------------------------------------------------------------

export function apply(text: string, operation: Operation): string {
  const old = new PlainText(text);
  const parts: string[] = [];
  let position = 0;
  for (const part of operation) {
    if (typeof part === "string") parts.push(part);
    else {
      if (part > 0) parts.push(old.between(position, position + part));
      position += Math.abs(part);
    }
  }
  if (position > old.length) throw new InvalidOperation("The operation reaches beyond the text.");
  parts.push(old.between(position, old.length));
  return parts.join("");
}

/** The undoing operation, `text` being the text before: apply(apply(t, a), invert(a, t)) === t. */
export function invert(operation: Operation, text: Readable): Operation {
  const undoing = new Builder();
  let position = 0;
  for (const part of operation) {
    if (typeof part === "string") undoing.add(-codePointLength(part));
    else {
      undoing.add(part > 0 ? part : text.between(position, position - part));
      position += Math.abs(part);
    }
  }
  return undoing.operation();
}

/** A string whose positions are code points. */
export class PlainText implements Readable {
  readonly length: number;

  constructor(private readonly text: string) {
    this.length = codePointLength(text);
  }

  between(from: number, to: number): string {
    if (this.length === this.text.length) return this.text.slice(from, to);
    return sliceCodePoints(this.text, from, to);
  }

  apply(operation: Operation): PlainText {
    return new PlainText(apply(this.text, operation));
  }

  toString(): string {
    return this.text;
  }
}

// -- moving past each other -------------------------------------------------------------------------------------------

/** a moved past the concurrent b: the diamond above. */
export function transform(operation: Operation, over: Operation, first: boolean): Operation {
  if (over.length === 0) return operation;
  const moved = new Builder();
  let next = 0;
  let other: Component = over[next++] ?? REST;
  const passInsert = () => {
    moved.add(codePointLength(other as string));
    other = over[next++] ?? REST;
  };
  for (const mine of operation) {
    if (typeof mine === "string") {
      if (typeof other === "string" && !first) passInsert();
      moved.add(mine);
      continue;
    }
    const sign = Math.sign(mine);
    for (let left = Math.abs(mine); left > 0; ) {
      if (typeof other === "string") {
        passInsert();
        continue;
      }
      const step: number = Math.min(left, Math.abs(other));
      if (other > 0) moved.add(sign * step); // what the other deleted needs neither keeping nor deleting
      left -= step;
      other -= Math.sign(other) * step;
      if (other === 0) other = over[next++] ?? REST;
    }
  }
  return moved.operation();
}

/** Two in sequence made one: apply(t, compose(a, b)) === apply(apply(t, a), b). */
export function compose(a: Operation, b: Operation): Operation {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const composed = new Builder();
  let next = 0;
  let below: Component = a[next++] ?? REST;
  for (const part of b) {
    if (typeof part === "string") {
      composed.add(part);
      continue;
    }
    const sign = Math.sign(part);
    for (let left = Math.abs(part); left > 0; ) {
      if (typeof below === "number" && below < 0) {
        composed.add(below); // b never saw what a deleted
        below = a[next++] ?? REST;
        continue;
      }
      const length: number = typeof below === "string" ? codePointLength(below) : below;
      const step = Math.min(left, length);
      if (typeof below === "number") composed.add(sign * step);
      else if (sign > 0) composed.add(step === length ? below : sliceCodePoints(below, 0, step));
      left -= step;
      if (step === length) below = a[next++] ?? REST;
      else below = typeof below === "string" ? sliceCodePoints(below, step, length) : below - step;
    }
  }
  composed.add(below);
  for (; next < a.length; next++) composed.add(a[next] as Component);
  return composed.operation();
}

/** Many in sequence made one, by halves: a long catch-up costs n log n, not n squared. */
export function composeAll(operations: readonly Operation[]): Operation {
  if (operations.length <= 1) return operations[0] ?? [];
  const middle = operations.length >> 1;
  return compose(composeAll(operations.slice(0, middle)), composeAll(operations.slice(middle)));
}

/** Where a position stands after the operation; an insert exactly at it pushes it right, unless `before`. */
export function transformPosition(position: number, operation: Operation, before = false): number {
  let moved = position;
  let place = 0;
  for (const part of operation) {
    if (place > position || (place === position && before)) break;
    if (typeof part === "string") moved += codePointLength(part);
    else {
      if (part < 0) moved -= Math.min(-part, position - place);
      place += Math.abs(part);
    }
  }
  return moved;
}

/** Where a position in the text AFTER the operation stood before it; inside an insert, where the insert stands. */
export function positionBefore(position: number, operation: Operation): number {
  let place = 0; // the cursor, in the new text
  let moved = 0; // the same in the old text
  for (const part of operation) {
    if (place >= position) break;
    if (typeof part === "string") place += Math.min(codePointLength(part), position - place);
    else if (part < 0) moved -= part;
    else {
      const step = Math.min(part, position - place);
      place += step;
      moved += step;
    }
  }
  return moved + (position - place);
}
