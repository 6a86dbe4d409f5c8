// @vitest-environment jsdom
/** The margin: nothing that was written is lost, nothing is deleted unasked, and the keyboard never falls off the page. */
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Comments } from "../src/comments/comments";
import { marksExtension, marksIn } from "../src/comments/marks";
import type { Comment } from "../src/comments/threads";
import { Recent } from "../src/recent";
import { FakeClock } from "./network";

const PAGE = `
  <button id="to-comments"><span id="comments-count"></span></button>
  <div id="paper"></div>
  <aside id="comments" class="empty">
    <button id="comments-close"></button>
    <button id="add-comment">Comment on the selected text</button>
    <p id="comments-none"></p>
    <div id="comments-open"></div>
    <details id="comments-resolved"><summary><span id="comments-resolved-count"></span></summary>
      <div id="comments-settled"></div></details>
  </aside>`;
const ALICE = { id: "1", username: "alice" };
const BOB = { id: "2", username: "bob" };
const SECOND = 1000;

let clock: FakeClock;
let view: EditorView;
let comments: Comments;
let version: number;
let listed: Comment[];
let sent: { body: string; range?: readonly [number, number] | undefined }[];
let said: number;

class NoSizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", NoSizes);
  document.body.innerHTML = PAGE;
  [clock, version, listed, sent, said] = [new FakeClock(), 1, [], [], 0];
  view = new EditorView({ parent: byId("paper"), state: fresh() });
  Object.assign(view, { requestMeasure: () => {} }); // nothing is laid out here
  HTMLElement.prototype.scrollIntoView = () => {};
  const desk = {
    ...{ view, clock, recent: new Recent(), user: ALICE.id, newKey: () => "key" },
    place: { version: () => version, toShown: (at: number) => at, toEditor: (at: number) => at },
    api: {
      list: async () => listed,
      add: async ({ body, range }: { body: string; range?: readonly [number, number] }) => {
        sent.push({ body, range });
        return comment({ id: `new ${sent.length}`, body, ...(range && { range }) });
      },
      change: async (id: string, changes: Partial<Comment>) => comment({ ...find(id), ...changes, changed_at: now() }),
      remove: async (id: string) => {
        listed = listed.filter((each) => each.id !== id);
      },
    },
    toCodePoint: (at: number) => at,
    isSaved: () => true,
  };
  comments = new Comments(desk);
  comments.changed("editor");
});

afterEach(() => {
  view.destroy();
  vi.restoreAllMocks();
});

// -- words of the tests -----------------------------------------------------------------------------------------------

function fresh(): EditorState {
  const marks = marksExtension(
    (id) => comments.pick(id),
    () => {},
  );
  return EditorState.create({ doc: "The cat sat on the mat.", extensions: marks });
}

function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

/** Each word on the server is later than the one before. */
function now(): string {
  return new Date(Date.UTC(2026, 0, 1) + SECOND * said++).toISOString();
}

function comment(parts: Partial<Comment> = {}): Comment {
  const [created_at, place] = [now(), { range: [4, 7] as const, version: 1, quote: "cat", parent: null }];
  const fields = { ...place, resolved: false, deleted: false, created_at, changed_at: created_at };
  return { id: "a", author: ALICE, body: `Words of ${parts.id ?? "a"}`, ...fields, ...parts };
}

/** Others, or this one before, have said these. */
async function there(...all: Comment[]): Promise<void> {
  listed = all;
  comments.joined();
  await clock.pass(0);
}

function find(id: string): Comment {
  return listed.find((each) => each.id === id) as Comment;
}

function card(id: string): HTMLElement {
  const found = [...document.querySelectorAll<HTMLElement>(".comment-card")];
  return found.find((card) => card.textContent?.includes(`Words of ${id}`)) as HTMLElement;
}

function button(name: string, parent: HTMLElement = byId("comments")): HTMLButtonElement {
  const found = [...parent.querySelectorAll("button")].find(({ textContent }) => textContent === name);
  if (found === undefined) throw new Error(`No button "${name}" in: ${parent.textContent}`);
  return found;
}

function press(name: string, parent?: HTMLElement): void {
  const pressed = button(name, parent);
  pressed.focus();
  pressed.click();
}

function field(): HTMLTextAreaElement {
  return document.querySelector("textarea") as HTMLTextAreaElement;
}

function escapes(): void {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
}

async function sends(): Promise<void> {
  document.activeElement?.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }),
  );
  await clock.pass(0);
}

function begins(from: number, to: number, words = ""): void {
  view.dispatch({ selection: { anchor: from, head: to } });
  expect(comments.begin()).toBe(true);
  if (words !== "") field().value = words;
}

function marked(): string[] {
  return marksIn(view.state).map(({ from, to }) => view.state.sliceDoc(from, to));
}

function hasFocus(): Element | null {
  return document.activeElement;
}

// -- places -----------------------------------------------------------------------------------------------------------

describe("a highlight", () => {
  it.each([{ resolved: true }, { deleted: true }])("that waited for its text is not shown once %o", (end) => {
    const early = comment({ version: 2 });
    comments.heard(early);
    comments.heard({ ...early, ...end, changed_at: now() });
    expect(marked()).toEqual([]);
    version = 2;
    comments.changed("editor");
    expect(marked()).toEqual([]);
  });

  it("that waited for its text is shown with it", () => {
    comments.heard(comment({ version: 2 }));
    version = 2;
    comments.changed("editor");
    expect(marked()).toEqual(["cat"]);
  });
});

describe("a new comment", () => {
  it("is not sent without a place when the text was loaded again, and takes another one", async () => {
    begins(4, 7, "Which?");
    view.setState(fresh());
    comments.reset();
    await sends();
    expect(sent).toEqual([]);
    expect(byId("comments").textContent).toContain("Not sent: the text was loaded again. Select the place anew");
    begins(8, 11);
    expect(field().value).toBe("Which?");
    await sends();
    expect(sent).toEqual([{ body: "Which?", range: [8, 11] }]);
    expect(document.querySelector(".draft")).toBeNull();
  });

  it("finds its text when that was deleted and comes back, and is not sent while it is away", async () => {
    begins(4, 7, "Which?");
    view.dispatch({ changes: { from: 4, to: 8 } });
    await sends();
    expect(sent).toEqual([]);
    expect(byId("comments").textContent).toContain("Not sent: the text that it is about was deleted.");
    view.dispatch({ changes: { from: 4, insert: "cat " } });
    expect(marked()).toEqual(["cat"]);
    await sends();
    expect(sent).toEqual([{ body: "Which?", range: [4, 7] }]);
  });

  it("gives the focus back to the text, unless it is elsewhere", async () => {
    begins(4, 7, "Which?");
    await sends();
    expect(hasFocus()).toBe(view.contentDOM);
    begins(4, 7, "Which one?");
    const sending = sends();
    byId("add-comment").focus();
    await sending;
    expect(hasFocus()).toBe(byId("add-comment"));
  });
});

// -- what is written --------------------------------------------------------------------------------------------------

describe("what is written in a form", () => {
  it("stays when another one is to be opened in the card", async () => {
    await there(comment());
    press("Reply");
    field().value = "Half a th";
    press("Edit");
    expect(field().value).toBe("Half a th");
    expect(hasFocus()).toBe(field());
    expect(document.querySelectorAll("textarea")).toHaveLength(1);
  });

  it("gives way to another form in the card while it is nothing", async () => {
    await there(comment());
    press("Reply");
    press("Edit");
    expect(field().value).toBe("Words of a");
    expect(comments.hasDraft).toBe(false);
  });

  it("stays with its place when a comment is begun again", () => {
    begins(4, 7, "Half a th");
    begins(8, 11);
    expect([field().value, marked()]).toEqual(["Half a th", ["cat"]]);
    expect(hasFocus()).toBe(field());
    field().value = " ";
    begins(8, 11);
    expect(marked()).toEqual(["sat"]);
  });

  it("stays when somebody deletes the thread, and is never sent", async () => {
    await there(comment({ author: BOB }), comment({ id: "b" }));
    press("Reply", card("a"));
    const answer = field();
    answer.value = "Half a th";
    comments.heard({ ...find("a"), deleted: true, changed_at: now() });
    expect(byId("comments").textContent).toContain("This thread was deleted.");
    expect(card("a")).toBeUndefined();
    expect(marked()).toEqual(["cat"]);
    expect([hasFocus(), answer.value, comments.hasDraft]).toEqual([answer, "Half a th", true]);
    await sends();
    expect(sent).toEqual([]);
    press("Cancel");
    press("Throw away?");
    expect(byId("comments").textContent).not.toContain("This thread was deleted.");
    expect(hasFocus()).toBe(card("b"));
  });

  it("stays in sight when somebody resolves the thread, until it is sent", async () => {
    await there(comment());
    press("Reply");
    field().value = "But";
    comments.heard({ ...find("a"), resolved: true, changed_at: now() });
    expect(byId("comments-open").contains(field())).toBe(true);
    await sends();
    expect(sent).toEqual([{ body: "But", range: undefined }]);
    expect(byId("comments-settled").contains(card("a"))).toBe(true);
  });

  it("is left by Escape, not thrown away", async () => {
    begins(4, 7, "Half a th");
    escapes();
    expect([field().value, hasFocus()]).toEqual(["Half a th", view.contentDOM]);
    await there(comment());
    press("Reply", card("a"));
    escapes();
    expect([document.querySelectorAll("textarea").length, hasFocus()]).toEqual([1, card("a")]);
    press("Reply", card("a"));
    (hasFocus() as HTMLTextAreaElement).value = "Half an an";
    escapes();
    expect([document.querySelectorAll("textarea").length, hasFocus()]).toEqual([2, card("a")]);
  });

  it("is thrown away when asked for twice", () => {
    begins(4, 7, "Half a th");
    press("Cancel");
    expect(hasFocus()).toBe(button("Throw away?"));
    field().focus();
    press("Cancel");
    expect(field().value).toBe("Half a th");
    press("Throw away?");
    expect([field(), marked(), hasFocus()]).toEqual([null, [], view.contentDOM]);
    begins(4, 7);
    press("Cancel");
    expect(field()).toBeNull();
  });
});

describe("deleting", () => {
  it("asks first, and takes no double click for an answer", async () => {
    await there(comment());
    press("Delete");
    expect(hasFocus()).toBe(button("Delete for good?"));
    button("Delete for good?").dispatchEvent(new MouseEvent("click", { detail: 2 }));
    escapes();
    expect(hasFocus()).toBe(button("Delete"));
    press("Delete");
    byId("add-comment").focus();
    press("Delete");
    await clock.pass(0);
    expect(listed).toHaveLength(1);
    press("Delete for good?");
    await clock.pass(0);
    expect(listed).toEqual([]);
  });
});

// -- the focus --------------------------------------------------------------------------------------------------------

describe("the keyboard's focus", () => {
  it("goes to the next card when one is resolved or deleted, at last to the header's button", async () => {
    await there(...["a", "b", "c"].map((id) => comment({ id })));
    press("Resolve", card("b"));
    await clock.pass(0);
    expect(hasFocus()).toBe(card("c"));
    press("Delete", card("c"));
    press("Delete for good?");
    await clock.pass(0);
    expect(hasFocus()).toBe(card("a"));
    press("Resolve", card("a"));
    await clock.pass(0);
    expect(hasFocus()).toBe(byId("to-comments"));
  });

  it("goes along with a thread that is reopened", async () => {
    await there(comment({ resolved: true }), comment({ id: "b" }));
    (byId("comments-resolved") as HTMLDetailsElement).open = true;
    press("Reopen");
    await clock.pass(0);
    expect(hasFocus()).toBe(card("a"));
  });

  it("goes to the card when a form in it is done", async () => {
    await there(comment());
    press("Edit");
    press("Cancel");
    expect(hasFocus()).toBe(card("a"));
    press("Reply");
    field().value = "The black one";
    await sends();
    expect(sent).toHaveLength(1);
    expect(hasFocus()).toBe(card("a"));
  });

  it("stays on a button whatever others say or move", async () => {
    await there(comment(), comment({ id: "b" }));
    for (const name of ["Reply", "Edit", "Delete"]) {
      button(name, card("b")).focus();
      const focused = hasFocus();
      comments.heard(comment({ id: `${name} 1`, parent: "b", author: BOB }));
      version++;
      comments.changed("editor");
      await there(...listed.map((each) => ({ ...each, version, range: [5, 8] as const })));
      expect(hasFocus()).toBe(focused);
    }
    const focused = hasFocus();
    comments.heard({ ...find("a"), resolved: true, changed_at: now() });
    expect(hasFocus()).toBe(focused);
  });

  it("is not taken from where else it is", async () => {
    await there(comment(), comment({ id: "b" }));
    byId("add-comment").focus();
    comments.heard({ ...find("a"), deleted: true, changed_at: now() });
    expect(hasFocus()).toBe(byId("add-comment"));
  });
});

describe("how long ago", () => {
  it("is told anew each minute", async () => {
    const clockOnTheWall = vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 0, 1));
    await there(comment());
    expect(card("a").querySelector("time")?.textContent).toBe("just now");
    clockOnTheWall.mockReturnValue(Date.UTC(2026, 0, 1, 0, 1, 1));
    await clock.pass(60 * SECOND);
    expect(card("a").querySelector("time")?.textContent).toBe("1 minute ago");
    clockOnTheWall.mockReturnValue(Date.UTC(2026, 0, 1, 2, 1, 1));
    await clock.pass(60 * SECOND);
    expect(card("a").querySelector("time")?.textContent).toBe("2 hours ago");
  });
});
