/** The session's rules, one by one. */
import { describe, expect, it } from "vitest";
import { apply, type Operation, PlainText } from "../src/ot";
import { DEFAULT_LIMITS } from "../src/protocol";
import { type Entry, Session } from "../src/session";

const ALICE = "alice's tab";

/** A session and what its user sees. */
class Desk {
  shown: string;

  constructor(
    text: string,
    readonly session = new Session(ALICE, 10, new PlainText(text)),
  ) {
    this.shown = apply(text, session.unacknowledged);
  }

  edits(...operation: Operation): this {
    this.shown = apply(this.shown, operation);
    this.session.edit(operation);
    return this;
  }

  sends() {
    return this.session.submission(DEFAULT_LIMITS);
  }

  hears(entry: Partial<Entry>) {
    const received = this.session.receive({ version: 11, client_id: "bob's tab", seq: 1, operation: [], ...entry });
    if (received !== "gap") this.shown = apply(this.shown, received.change);
    return received;
  }

  acknowledges(version: number, operation: Operation, seq = 1) {
    return this.hears({ version, client_id: ALICE, seq, operation });
  }
}

describe("the three states", () => {
  it("is synchronised to begin with", () => {
    const { session } = new Desk("abc");
    expect(session.isSynchronised).toBe(true);
    expect(session.unsaved).toBe(0);
    expect(session.pending()).toBeNull();
    expect(session.submission(DEFAULT_LIMITS)).toBeNull();
  });

  it("takes an edit in flight, and what follows into the buffer", () => {
    const desk = new Desk("abc").edits(3, "d");
    expect(desk.sends()).toEqual({ seq: 1, base_version: 10, operation: [3, "d"] });
    desk.edits(4, "e").edits(5, "f");
    expect(desk.sends()).toEqual({ seq: 1, base_version: 10, operation: [3, "d"] });
    expect(desk.session.unsaved).toBe(3);
    desk.acknowledges(11, [3, "d"]);
    expect(desk.sends()).toEqual({ seq: 2, base_version: 11, operation: [4, "ef"] });
    desk.acknowledges(12, [4, "ef"], 2);
    expect(desk.session.isSynchronised).toBe(true);
    expect(desk.session.text.toString()).toBe("abcdef");
  });

  it("sends nothing for what was typed and erased before it could be sent", () => {
    const desk = new Desk("abc").edits(3, "d").edits(3, -1);
    expect(desk.session.isSynchronised).toBe(true);
    expect(desk.sends()).toBeNull();
  });

  it("counts the pieces of a paste as one change, saved with the last", () => {
    const desk = new Desk("").edits("abcdefgh");
    const limits = { ...DEFAULT_LIMITS, inserted: 3 };
    const pieces: Operation[] = [];
    for (let submission = desk.session.submission(limits); submission !== null; ) {
      expect(desk.session.unsaved).toBe(1);
      pieces.push(submission.operation);
      desk.acknowledges(submission.base_version + 1, submission.operation, submission.seq);
      submission = desk.session.submission(limits);
    }
    expect(pieces).toEqual([["abc"], [3, "def"], [6, "gh"]]);
    expect(desk.session.unsaved).toBe(0);
  });
});

describe("what others do", () => {
  it("moves over what is in flight and over the buffer", () => {
    const desk = new Desk("abc").edits("1");
    desk.sends();
    desk.edits(4, "2");
    expect(desk.hears({ operation: [3, "x"] })).toEqual({ change: [5, "x"], acknowledged: false });
    expect(desk.shown).toBe("1abc2x");
    expect(desk.sends()).toEqual({ seq: 1, base_version: 11, operation: ["1"] });
  });

  it("stands right of pending edits at the same place", () => {
    const desk = new Desk("ab").edits(1, "mine");
    desk.hears({ operation: [1, "theirs"] });
    expect(desk.shown).toBe("aminetheirsb");
  });

  it("is taken once", () => {
    const desk = new Desk("a");
    desk.hears({ operation: ["x"] });
    desk.hears({ operation: ["x"] });
    expect(desk.shown).toBe("xa");
    expect(desk.session.version).toBe(11);
  });

  it("is not taken beyond a gap", () => {
    const desk = new Desk("a");
    expect(desk.hears({ version: 12, operation: ["x"] })).toBe("gap");
    expect(desk.acknowledges(13, ["x"])).toBe("gap");
    expect([desk.shown, desk.session.version]).toEqual(["a", 10]);
  });
});

describe("acknowledgements", () => {
  it("come as the own entry", () => {
    const desk = new Desk("a").edits("x");
    desk.sends();
    expect(desk.acknowledges(11, ["x"])).toEqual({ change: [], acknowledged: true });
    expect(desk.shown).toBe("xa");
  });

  it("of a seq that is not in flight are anyone's edits", () => {
    const desk = new Desk("a").edits("x");
    desk.sends();
    desk.session.refuse(1);
    desk.shown = "a";
    desk.acknowledges(11, ["x"]);
    expect(desk.shown).toBe("xa");
  });

  it("at or below our version say that the text has the edit already", () => {
    const desk = new Desk("xa").edits("x");
    desk.sends();
    desk.edits(3, "y");
    expect(desk.acknowledges(9, ["x"])).toEqual({ change: [-1], acknowledged: true });
    expect(desk.shown).toBe("xay");
    expect(desk.session.isSynchronised).toBe(false);
  });

  it("with other content than ours: the server's word stands", () => {
    const desk = new Desk("a").edits("mine");
    desk.sends();
    desk.edits(5, "!");
    desk.acknowledges(11, ["theirs"]);
    expect(desk.shown).toBe("theirsa!");
  });
});

describe("refusals", () => {
  it("take the edit out, keep what was typed behind it, and hand the words back", () => {
    const desk = new Desk("hello world").edits(5, " big", -6);
    desk.sends();
    desk.edits(9, "!");
    desk.hears({ operation: ["> "] });
    const withdrawn = desk.session.refuse(1);
    expect(withdrawn?.lost).toBe(" big");
    desk.shown = apply(desk.shown, withdrawn?.change ?? []);
    expect(desk.shown).toBe("> hello world!");
    expect(desk.sends()).toEqual({ seq: 2, base_version: 11, operation: [13, "!"] });
  });

  it("bring back exactly what is still there of a deleted stretch", () => {
    const desk = new Desk("abcdef").edits(1, -4);
    desk.sends();
    desk.hears({ operation: [2, "X", -2] });
    desk.shown = apply(desk.shown, desk.session.refuse(1)?.change ?? []);
    expect(desk.shown).toBe("abXef");
    expect(desk.shown).toBe(desk.session.text.toString());
  });

  it("of another seq change nothing", () => {
    const desk = new Desk("a").edits("x");
    desk.sends();
    expect(desk.session.refuse(7)).toBeNull();
    expect(desk.session.seqInFlight).toBe(1);
  });

  it("giving up shows the server's text again", () => {
    const desk = new Desk("abc").edits(1, "x", -1);
    desk.sends();
    desk.edits("y");
    const { change, lost } = desk.session.abandon();
    expect(apply(desk.shown, change)).toBe("abc");
    expect(lost).toBe("y\nx");
    expect(desk.session.isSynchronised).toBe(true);
  });
});

describe("after a reload", () => {
  it("goes on where it was, under the same seq", () => {
    const before = new Desk("abc").edits(3, "d");
    before.sends();
    before.edits(4, "e");
    const stored = JSON.parse(JSON.stringify(before.session.pending()));
    const after = new Desk("abc", Session.restore(ALICE, stored, new PlainText("abc")));
    expect(after.shown).toBe("abcde");
    expect(after.session.unsaved).toBe(2);
    after.hears({ operation: ["x"] });
    expect(after.sends()).toEqual({ seq: 1, base_version: 11, operation: [4, "d"] });
    after.acknowledges(12, [4, "d"]);
    expect(after.sends()?.seq).toBe(2);
  });

  it("learns from the catch-up that its edit had arrived", () => {
    const before = new Desk("abc").edits(3, "d");
    before.sends();
    const stored = JSON.parse(JSON.stringify(before.session.pending()));
    const after = new Desk("abc", Session.restore(ALICE, stored, new PlainText("abc")));
    after.acknowledges(11, [3, "d"]);
    expect(after.shown).toBe("abcd");
    expect(after.session.isSynchronised).toBe(true);
  });
});

describe("positions", () => {
  it("lead from the shown text to the server's and back", () => {
    const desk = new Desk("abcdef").edits(2, "XX");
    desk.sends();
    desk.edits(6, -1);
    expect(desk.session.toServer(1)).toBe(1);
    expect(desk.session.toServer(3)).toBe(2);
    expect(desk.session.toServer(7)).toBe(6);
    expect(desk.session.toShown(6)).toBe(7);
  });
});
