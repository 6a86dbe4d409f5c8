/** Between CodeMirror and operations: positions, bad input, undo of own edits only. No page is needed for it. */
import { redo, undo } from "@codemirror/commands";
import { EditorState, Transaction, type TransactionSpec } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import vectors from "../../documents/ot/tests/vectors.json";
import { documentText, localOperations } from "../src/codemirror";
import { apply, type Operation } from "../src/ot";
import { changesFrom, lengthOf, operationFrom, Rope, textOf, toCodePoint, toUnit } from "../src/rope";
import { isClean } from "../src/unicode";
import { diamond } from "./arbitrary";

/** An editor without a page: what it sends is applied to `sent`, which must stay equal to what it shows. */
class Desk {
  state: EditorState;
  sent: string;
  refused: string[] = [];

  constructor(text = "", limit = 1_000_000) {
    const nothing = () => {};
    const refused = (reason: string) => void this.refused.push(reason);
    const listener = { edited: nothing, moved: nothing, settled: nothing, refused };
    this.state = EditorState.create({ doc: textOf(text), extensions: documentText(() => limit, listener) });
    this.sent = text;
  }

  get text(): string {
    return this.state.doc.sliceString(0);
  }

  dispatch = (transaction: Transaction): void => {
    this.state = transaction.state;
    for (const operation of localOperations([transaction])) this.sent = apply(this.sent, operation);
  };

  does(...specs: TransactionSpec[]): this {
    this.dispatch(this.state.update(...specs));
    return this;
  }

  puts(insert: string, from = this.state.doc.length, to = from): this {
    return this.does({ changes: { from, to, insert: textOf(insert) }, selection: { anchor: from + insert.length } });
  }

  hears(...operation: Operation): this {
    this.sent = apply(this.sent, operation);
    const annotations = [Transaction.addToHistory.of(false), Transaction.remote.of(true)];
    return this.does({ changes: changesFrom(operation, this.state.doc), annotations });
  }

  undoes(): this {
    undo(this);
    return this;
  }

  redoes(): this {
    redo(this);
    return this;
  }
}

describe("positions", () => {
  it.each(vectors.utf16)("as in the shared vectors %#", ({ text, code_point, code_unit }) => {
    const rope = textOf(text);
    expect(toUnit(rope, code_point)).toBe(code_unit);
    expect(toCodePoint(rope, code_unit)).toBe(code_point);
  });

  it("are right anywhere in a long text", () => {
    const lines = Array.from({ length: 3000 }, (_, index) => (index % 7 === 0 ? `😀 ${index} 👩‍👧` : `line ${index}`));
    const content = lines.join("\n");
    const rope = textOf(content);
    const points = Array.from(content);
    expect(lengthOf(rope)).toBe(points.length);
    for (let point = 0; point <= points.length; point += 997) {
      const unit = points.slice(0, point).join("").length;
      expect(toUnit(rope, point)).toBe(unit);
      expect(toCodePoint(rope, unit)).toBe(point);
    }
    expect(() => toUnit(rope, points.length + 1)).toThrow(RangeError);
  });

  it("cost little at each keystroke in a megabyte with emoji", () => {
    let rope = textOf(`${"word ".repeat(20)}😀\n`.repeat(10_000));
    lengthOf(rope);
    const before = performance.now();
    for (let key = 0; key < 1000; key++) {
      rope = rope.replace(500_000, 500_000, textOf("x"));
      toCodePoint(rope, 900_000);
    }
    expect(performance.now() - before).toBeLessThan(1000); // 1 ms each; scanning would cost several
  });
});

describe("operations and changes", () => {
  it("say the same, on any text", () => {
    fc.assert(
      fc.property(diamond, ({ text, a }) => {
        const state = EditorState.create({ doc: textOf(text), extensions: EditorState.lineSeparator.of("\n") });
        const transaction = state.update({ changes: changesFrom(a, state.doc) });
        expect(transaction.newDoc.sliceString(0)).toBe(apply(text, a));
        const operation = operationFrom(transaction.changes, state.doc, transaction.newDoc);
        expect(apply(text, operation)).toBe(apply(text, a));
        expect(Rope.of(text).apply(a).toString()).toBe(apply(text, a));
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses an operation beyond the text", () => {
    expect(() => Rope.of("abc").apply([5, "x"])).toThrow();
  });

  it("keeps U+2028, U+0085 and other odd line ends", () => {
    const odd = "a\u2028b\u2029c\u0085d\u000be";
    expect(new Desk(odd).puts(odd).text).toBe(odd + odd);
    expect(Rope.of(odd).text.lines).toBe(1);
  });
});

describe("bad input", () => {
  it.each([
    ["CRLF", "a\r\nb", "a\nb"],
    ["CR", "a\rb\r", "a\nb\n"],
    ["NUL", "a\0b\0", "ab"],
    ["a lone high surrogate", "a\ud83db", "a\ufffdb"],
    ["a lone low surrogate", "\ude00", "\ufffd"],
    ["surrogates the wrong way round", "\ude00\ud83d", "\ufffd\ufffd"],
    ["all of it, between emoji", "😀\r\n\0\ud83d😀", "😀\n\ufffd😀"],
  ])("%s is mended", (_, input, mended) => {
    const desk = new Desk("one😀two");
    desk.puts(input, 3);
    expect(desk.text).toBe(`one${mended}😀two`);
    expect(desk.sent).toBe(desk.text);
    expect(desk.state.selection.main.head).toBe(3 + mended.length);
  });

  it("half an emoji erased: the whole goes", () => {
    expect(new Desk("a😀b").puts("", 1, 2).text).toBe("ab");
    expect(new Desk("a😀b").puts("", 2, 3).text).toBe("ab");
    expect(new Desk("a😀b").puts("", 0, 2).text).toBe("b");
    expect(new Desk("a😀b").puts("", 2, 4).text).toBe("a");
  });

  it("an emoji made another by its second half alone is a change of both", () => {
    const desk = new Desk("a😀b").puts("\ude01", 2, 3);
    expect([desk.text, desk.sent]).toEqual(["a😁b", "a😁b"]);
  });

  it("something put between the halves does not tear them", () => {
    const desk = new Desk("a😀b").puts("x", 2);
    expect(isClean(desk.text)).toBe(true);
    expect(desk.sent).toBe(desk.text);
  });

  it("undo and redo never bring half a pair", () => {
    const desk = new Desk("a😀b").puts("\ude01", 2, 3).hears(1, -1);
    desk.undoes();
    expect(isClean(desk.text)).toBe(true);
    expect(desk.sent).toBe(desk.text);
    desk.redoes();
    expect(isClean(desk.text)).toBe(true);
    expect(desk.sent).toBe(desk.text);
  });

  it("whatever is put wherever, text and what is sent stay clean and equal", () => {
    const unit = fc.constantFrom("a", "\n", "\r", "\0", "\ud83d", "\ude00", "😀", "é");
    const change = fc.record({
      from: fc.nat(20),
      size: fc.nat(3),
      insert: fc.array(unit, { maxLength: 4 }).map((units) => units.join("")),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { minLength: 1, maxLength: 2 }), { maxLength: 8 }), (steps) => {
        const desk = new Desk("a😀😀b\n😀");
        for (const step of steps) {
          const { length } = desk.state.doc;
          const changes = step.map(({ from, size, insert }) => {
            const start = Math.min(from, length);
            return { from: start, to: Math.min(start + size, length), insert: textOf(insert) };
          });
          try {
            desk.state.changes(changes);
          } catch {
            continue; // they overlap
          }
          desk.does({ changes });
          expect(isClean(desk.text)).toBe(true);
          expect(desk.sent).toBe(desk.text);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("a paste beyond the limit is refused before anybody relies on it", () => {
    const desk = new Desk("😀", 10).puts("x".repeat(10));
    expect(desk.text).toBe("😀");
    expect(desk.refused).toHaveLength(1);
    desk.puts("x".repeat(9));
    expect(desk.text).toHaveLength(11); // ten code points
    desk.puts("", 0, 2);
    expect(desk.refused).toHaveLength(1);
  });

  it("a megabyte pasted is one edit", () => {
    const desk = new Desk("").puts("😀line\n".repeat(150_000));
    expect(desk.sent).toHaveLength(7 * 150_000);
    expect(desk.sent === desk.text).toBe(true);
  });
});

describe("undo", () => {
  it("takes back own edits only", () => {
    const desk = new Desk("hello").puts(" world").hears("> ").hears(13, "!");
    expect(desk.text).toBe("> hello world!");
    desk.undoes();
    expect(desk.text).toBe("> hello!");
    expect(desk.undoes().text).toBe("> hello!");
    expect(desk.redoes().text).toBe("> hello world!");
    expect(desk.sent).toBe(desk.text);
  });

  it("of what others have erased brings nothing back", () => {
    const desk = new Desk("").puts("mine").hears(-4).undoes();
    expect(desk.text).toBe("");
    expect(desk.sent).toBe("");
  });

  it("of an erasure, after others wrote inside and around it", () => {
    const desk = new Desk("abcdef").puts("", 2, 4).hears(1, "X").hears(3, "Y").undoes();
    expect(desk.text).toContain("cd");
    expect(desk.sent).toBe(desk.text);
  });
});
