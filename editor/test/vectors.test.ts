/** The TypeScript core answers every question as the Python core does. */
import { describe, expect, it } from "vitest";
import vectors from "../../documents/ot/tests/vectors.json";
import * as ot from "../src/ot";
import { codePointLength, unitOffset } from "../src/unicode";

type Operation = ot.Operation;

describe("vectors shared with the Python core", () => {
  it.each(vectors.canonical)("canonical %#", ({ input, output }) => {
    expect(ot.canonical(input)).toEqual(output);
  });

  it.each(vectors.invalid)("refused: $why", ({ input }) => {
    expect(() => ot.parse(input)).toThrow(ot.InvalidOperation);
  });

  it.each(vectors.apply)("apply %#", ({ text, operation, result }) => {
    expect(ot.apply(text, operation)).toBe(result);
  });

  it.each(vectors.transform)("transform %#", ({ a, b, a_first, b_second }) => {
    expect(ot.transform(a as Operation, b as Operation, true)).toEqual(a_first);
    expect(ot.transform(b as Operation, a as Operation, false)).toEqual(b_second);
  });

  it.each(vectors.compose)("compose %#", ({ a, b, result }) => {
    expect(ot.compose(a as Operation, b as Operation)).toEqual(result);
  });

  it.each(vectors.invert)("invert %#", ({ text, operation, result }) => {
    expect(ot.invert(operation, new ot.PlainText(text))).toEqual(result);
  });

  it.each(vectors.position)("position %#", ({ position, operation, before, result }) => {
    expect(ot.transformPosition(position, operation as Operation, before)).toBe(result);
  });

  it.each(vectors.utf16)("utf16 %#", ({ text, code_point, code_unit }) => {
    expect(unitOffset(text, code_point)).toBe(code_unit);
    expect(codePointLength(text.slice(0, code_unit))).toBe(code_point);
  });
});
