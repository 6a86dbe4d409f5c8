// @vitest-environment jsdom
/** Comments: told twice and in any order they are the same; their marks stay on their text, whatever is typed. */
import { EditorState, type Transaction } from "@codemirror/state";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Mark, marksExtension, marksIn, putMarks } from "../src/comments/marks";
import { type Comment, Threads } from "../src/comments/threads";
import { transformPosition } from "../src/ot";
import { Recent } from "../src/recent";
import { changesFrom } from "../src/rope";
import { operationOn } from "./arbitrary";

function comment(parts: Partial<Comment> = {}): Comment {
  return {
    id: "a",
    author: { id: "1", username: "alice" },
    body: "Why?",
    range: [0, 1],
    version: 1,
    quote: "x",
    resolved: false,
    parent: null,
    created_at: "2026-01-01T00:00:00Z",
    changed_at: "2026-01-01T00:00:00Z",
    deleted: false,
    ...parts,
  };
}

function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
}

const told = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  second: fc.nat(5),
  resolved: fc.boolean(),
  deleted: fc.boolean(),
});

describe("threads", () => {
  it("are the same whatever was told twice, and in whatever order", () => {
    const words = fc.uniqueArray(told, { selector: ({ id, second }) => `${id} ${second}`, maxLength: 12 });
    fc.assert(
      fc.property(words, fc.infiniteStream(fc.nat()), (words, shuffle) => {
        const comments = words.map(({ second, ...rest }) => comment({ ...rest, changed_at: at(second) }));
        const [one, other] = [new Threads(), new Threads()];
        for (const each of comments) one.hear(each);
        const shuffled = [...comments, ...comments]
          .map((each) => ({ each, key: shuffle.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key);
        for (const { each } of shuffled) other.hear(each);
        expect(other.all()).toEqual(one.all());
      }),
    );
  });

  it("have their answers, the oldest first, and none that were deleted", () => {
    const threads = new Threads();
    threads.hear(comment({ id: "2", parent: "a", created_at: at(2) }));
    threads.hear(comment({ id: "1", parent: "a", created_at: at(1) }));
    threads.hear(comment({ id: "3", parent: "a", created_at: at(3), deleted: true }));
    threads.hear(comment());
    expect(threads.all().map(({ first, answers }) => [first.id, answers.map(({ id }) => id)])).toEqual([
      ["a", ["1", "2"]],
    ]);
  });

  it("leave an empty place for a deleted first comment while it has answers", () => {
    const threads = new Threads();
    threads.hear(comment({ deleted: true }));
    expect(threads.all()).toEqual([]);
    threads.hear(comment({ id: "1", parent: "a" }));
    expect(threads.all()).toHaveLength(1);
  });

  it("of a listing are all there are, but for what was heard while it was on its way", () => {
    const threads = new Threads();
    threads.hear(comment({ id: "gone" }));
    threads.asked();
    threads.hear(comment({ id: "new", created_at: at(1) }));
    threads.listed([comment()]);
    expect(threads.all().map(({ first }) => first.id)).toEqual(["a", "new"]);
  });
});

// -- marks ------------------------------------------------------------------------------------------------------------

const TEXT = "The cat sat on the mat.";

function stateWith(mark: Omit<Mark, "id">): EditorState {
  const extensions = marksExtension(
    () => {},
    () => {},
  );
  const state = EditorState.create({ doc: TEXT, extensions });
  return state.update({ effects: putMarks.of([{ id: "a", ...mark }]) }).state;
}

function marked(state: EditorState): string {
  const [mark] = marksIn(state);
  return mark === undefined ? "nothing" : state.sliceDoc(mark.from, mark.to);
}

describe("marks", () => {
  it("stay on the characters that were marked", () => {
    const edits = fc.array(fc.nat(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(TEXT.length), fc.nat(TEXT.length), edits, fc.gen(), (one, other, edits, draw) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        let state = stateWith({ from, to, quote: "" });
        let tags = Array.from(TEXT, (_, index) => index >= from && index < to);
        for (const _ of edits) {
          const operation = draw(operationOn, state.doc.length).filter(
            (part) => typeof part === "number" || /^[ab ]+$/.test(part),
          );
          const changes = changesFrom(operation, state.doc);
          tags = afterwards(tags, changes, state);
          state = state.update({ changes }).state;
        }
        const [mark] = marksIn(state);
        const left = tags.flatMap((isMarked, index) => (isMarked ? [index] : []));
        expect(mark?.to).toBeGreaterThanOrEqual(mark?.from ?? 0);
        if (left.length > 0) expect([mark?.from, mark?.to]).toEqual([left[0], (left.at(-1) ?? 0) + 1]);
        else expect(mark?.from).toBe(mark?.to);
      }),
    );
  });

  it("come back with their text: by undo, and by pasting", () => {
    const state = stateWith({ from: 4, to: 7, quote: "cat" });
    const cut = state.update({ changes: { from: 4, to: 8 } }).state;
    expect(marked(cut)).toBe("");
    expect(marked(cut.update({ changes: { from: 4, insert: "cat " } }).state)).toBe("cat");
    expect(marked(cut.update({ changes: { from: 4, insert: "black cat " } }).state)).toBe("cat");
    expect(marked(cut.update({ changes: { from: 4, insert: "dog " } }).state)).toBe("");
    expect(marked(state.update({ changes: { from: 4, to: 8, insert: "fat cat " } }).state)).toBe("cat");
  });
});

/** What becomes of the tags of a text's characters; what is typed between tagged ones is tagged, too. */
function afterwards(tags: readonly boolean[], changes: ReturnType<typeof changesFrom>, state: EditorState): boolean[] {
  const made: boolean[] = [];
  let place = 0;
  const transaction: Transaction = state.update({ changes });
  transaction.changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    const isInside = tags[fromA - 1] === true && tags[fromA] === true;
    made.push(...tags.slice(place, fromA), ...Array<boolean>(inserted.length).fill(isInside));
    place = toA;
  });
  return [...made, ...tags.slice(place)];
}

describe("recent entries", () => {
  const entry = (version: number, operation: readonly (number | string)[]) => ({
    version,
    client_id: "x",
    seq: version,
    operation,
  });

  it("move what was said of an earlier version, and tell how far back they go", () => {
    const recent = new Recent();
    recent.take([entry(4, ["ab"]), entry(5, [1, -1])]);
    recent.take([entry(5, [1, -1]), entry(6, [3, "!"])]);
    expect(recent.move(3, 3, 6)).toBe([["ab"], [1, -1], [3, "!"]].reduce((p, o) => transformPosition(p, o), 3));
    expect(recent.covers(3, 6) && recent.covers(5, 6) && recent.covers(6, 6)).toBe(true);
    expect(recent.covers(2, 6) || recent.covers(3, 7)).toBe(false);
    recent.forget();
    expect(recent.covers(5, 6)).toBe(false);
  });
});
