// @vitest-environment jsdom
/** Other people's hands: where they are, whose they are, and that names are never markup. */
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { showPeople, showState } from "../src/page";
import { handsExtension, OwnHand, Peers, safeColor } from "../src/presence";
import type { Presence } from "../src/protocol";
import { Recent } from "../src/recent";
import { showLeftover } from "../src/unsaved";
import { FakeClock } from "./network";

const BOB = { id: "1", name: "bob", color: "#b45309" };

let clock: FakeClock;
let version: number;
let view: EditorView;
let recent: Recent;
let peers: Peers;

beforeEach(() => {
  clock = new FakeClock();
  version = 3;
  document.body.innerHTML = '<p id="state"></p><ul id="people"></ul><div id="unsaved" hidden></div>';
  const state = EditorState.create({ doc: "hello world", extensions: handsExtension() });
  view = new EditorView({ parent: document.body, state });
  recent = new Recent();
  peers = new Peers({ version: () => version, toShown: (at) => at, toEditor: (at) => at }, recent, clock);
});

afterEach(() => view.destroy());

function presence(parts: Partial<Presence> = {}): Presence {
  return { client_id: "b", user: BOB, version, selection: [[5, 5]], ...parts };
}

function shown(): string {
  view.dispatch({ effects: peers.show() });
  return look();
}

/** The text with each hand as [name]. */
function look(): string {
  const copy = view.contentDOM.cloneNode(true) as HTMLElement;
  for (const hand of copy.querySelectorAll(".hand")) hand.replaceWith(`[${hand.textContent}]`);
  return copy.textContent?.replaceAll("\u200b", "") ?? "";
}

describe("hands", () => {
  it("stand where they are, with a name", () => {
    peers.receive(presence());
    expect(shown()).toBe("hello[bob] world");
  });

  it("show selections in their colour", () => {
    peers.receive(presence({ selection: [[5, 0]] }));
    expect(shown()).toBe("[bob]hello world");
    const selected = view.contentDOM.querySelector<HTMLElement>(".hand-selection");
    expect(selected?.textContent).toBe("hello");
    expect(selected?.style.getPropertyValue("--presence").trim()).toBe(BOB.color);
  });

  it("move with every change; the author's own typing takes them along", () => {
    peers.receive(presence());
    shown();
    view.dispatch({ changes: { from: 0, insert: "> " } });
    expect(look()).toBe("> hello[bob] world");
    view.dispatch({ changes: { from: 7, insert: "!" }, annotations: Transaction.remote.of(true) });
    expect(look()).toBe("> hello![bob] world");
  });

  it("of an older version are moved over what came since", () => {
    recent.take([{ version: 3, client_id: "x", seq: 1, operation: ["> "] }]);
    peers.receive(presence({ version: 2, selection: [[3, 3]] }));
    expect(shown()).toBe("hello[bob] world");
  });

  it("of a version yet to come wait for it", () => {
    peers.receive(presence({ version: 4 }));
    expect(shown()).toBe("hello world");
    version = 4;
    expect(shown()).toBe("hello[bob] world");
  });

  it("that left are gone, those not heard of go, one's own is not shown", async () => {
    peers.joined("own", [presence({ client_id: "own" }), presence()]);
    expect(peers.people()).toEqual([BOB]);
    peers.receive(presence({ selection: null }));
    expect(peers.people()).toEqual([]);
    peers.receive(presence());
    await clock.pass(36_000);
    expect(peers.expire()).toBe(true);
    expect(peers.people()).toEqual([]);
  });

  it("are text, whatever the name or colour", () => {
    const user = { id: "2", name: '<img src=x onerror="alert(1)">', color: "red;background:url(//evil)" };
    peers.receive(presence({ user, selection: [[0, 5]] }));
    shown();
    showPeople([user]);
    expect(document.querySelector("img[src], [onerror]")).toBeNull();
    expect(document.body.innerHTML).not.toContain("evil");
    expect(safeColor(user.color)).toMatch(/^#/);
  });
});

describe("our own hand", () => {
  it("is sent at most ten times a second, and again before it expires", async () => {
    let sent = 0;
    const own = new OwnHand(clock, () => sent++);
    for (let key = 0; key < 100; key++) {
      own.moved();
      await clock.pass(10);
    }
    expect(sent).toBeGreaterThan(5);
    expect(sent).toBeLessThanOrEqual(10);
    sent = 0;
    await clock.pass(60_000);
    expect(sent).toBe(3);
  });
});

describe("the page", () => {
  it("counts people once, and folds many into a number", () => {
    const crowd = Array.from({ length: 8 }, (_, index) => ({ ...BOB, id: String(index), name: `bob ${index}` }));
    showPeople(crowd);
    expect([...document.querySelectorAll("#people li")].map((item) => item.textContent)).toEqual([
      ...["B0", "B1", "B2", "B3", "B4"],
      "+3",
    ]);
    peers.receive(presence());
    peers.receive(presence({ client_id: "b's other tab" }));
    expect(peers.people()).toEqual([BOB]);
  });

  it("reads out what matters, not each Saving…", () => {
    const live = () => document.getElementById("state")?.ariaLive;
    showState({ text: "Saved", tone: "good" });
    showState({ text: "Saving…", tone: "busy" });
    expect(live()).toBe("off");
    showState({ text: "Offline — 1 change kept here", tone: "warning" });
    expect(live()).toBe("polite");
    showState({ text: "Saved", tone: "good" });
    expect(live()).toBe("polite");
  });

  it("keeps words that were not saved until they are put away", () => {
    let isPutAway = false;
    showLeftover({ reason: "too large", words: "<b>my text</b>" }, "title", () => {
      isPutAway = true;
    });
    const panel = document.getElementById("unsaved") as HTMLElement;
    expect(panel.hidden).toBe(false);
    expect(panel.querySelector("textarea")?.value).toBe("<b>my text</b>");
    panel.querySelectorAll("button")[2]?.click();
    expect([isPutAway, panel.hidden]).toEqual([true, true]);
  });
});
