// @vitest-environment jsdom
/** The history page's parts: what they ask the server for, what they put on the page. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Archive, Recent } from "../src/history/archive";
import { entries } from "../src/history/legend";
import { Paper } from "../src/history/paper";
import { keyLeads, Scrubber } from "../src/history/scrubber";
import { Server, Trouble } from "../src/history/server";
import { inkOf, useInks, whatRestoringDoes } from "../src/history/words";
import type { Operation } from "../src/ot";
import { ago } from "../src/times";

const alice = { id: "00000000-0000-4000-8000-000000000001", username: "alice" };
const bob = { id: "00000000-0000-4000-8000-000000000002", username: "bob" };
const AT = "2026-11-20T10:00:00Z";

// -- what is asked for ----------------------------------------------------------------------------------------------------

/** A server with revisions of given lengths, which notes what it is asked. */
function serverOf(lengths: readonly number[]) {
  const asked: string[] = [];
  let to = 0;
  const all = lengths.map((length) => {
    to += length;
    const [from_version, to_version] = [to - length + 1, to];
    return { from_version, to_version, author: alice, started_at: AT, ended_at: AT, inserted: 1, deleted: 0 };
  });
  const get = async (path: string) => {
    asked.push(path);
    const [, skip, limit] = /^revisions\?skip=(\d+)&limit=(\d+)$/.exec(path) ?? [];
    if (skip === undefined) throw new Error(`not asked for: ${path}`);
    return { count: all.length, results: [...all].reverse().slice(Number(skip), Number(skip) + Number(limit)) };
  };
  return { asked, all, head: to, server: { get, post: get } as unknown as Server };
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 400 });

describe("the archive", () => {
  it("finds the revision of any version by a few pages, never the whole log", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, fc.double({ min: 0, max: 1, noNaN: true }), async (given, part) => {
        const { asked, all, head, server } = serverOf(given);
        const version = Math.ceil(part * head);
        const found = await new Archive(server, head).revisionOf(version);
        const number = all.findIndex(({ from_version: from, to_version: to }) => from <= version && version <= to) + 1;
        expect(found?.number ?? 0).toBe(number);
        expect(asked.length).toBeLessThanOrEqual(1 + Math.log2(given.length + 1));
      }),
    );
  });

  it("turns pages that hold every revision once, newest first", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (given) => {
        const { all, head, server } = serverOf(given);
        const archive = new Archive(server, head);
        const numbers: number[] = [];
        for (let number = all.length; number > 0; ) {
          const { rows, older } = await archive.page(number);
          numbers.push(...rows.map((row) => row.number));
          number = older;
        }
        expect(numbers).toEqual(all.map((_, index) => all.length - index));
      }),
    );
  });

  it("sees a revision that has grown, however much came after it", async () => {
    const before = serverOf([3, 3]);
    const after = serverOf([3, 5, ...Array(20).fill(1)]);
    const answers = [before, after];
    const get = (path: string) => (answers[0] as typeof before).server.get(path);
    const archive = new Archive({ get, post: get } as unknown as Server, before.head);
    expect((await archive.revisionOf(6))?.number).toBe(2);
    expect(await archive.revisionOf(8)).toBeNull();
    answers.shift();
    expect(archive.moved(after.head)).toBe(true);
    expect((await archive.revisionOf(8))?.number).toBe(2);
    expect(archive.moved(7)).toBe(false);
    expect(archive.head).toBe(after.head);
  });

  it("shows no text when the changes do not fit it", async () => {
    const archive = new Archive(library({ 1: "one", 2: "two" }, [3, "!"]), 2);
    await expect(archive.changes(1, 2)).rejects.toThrow("do not fit");
  });

  it("previews a restore from the text of now to that of then", async () => {
    const archive = new Archive(library({ 1: "one 🙂", 2: "one more" }, [4, "more", -1]), 2);
    expect(await archive.restoring(1)).toEqual([
      { kind: "same", text: "one " },
      { kind: "delete", text: "more" },
      { kind: "insert", text: "🙂" },
    ]);
  });

  function library(texts: Record<number, string>, operation: Operation): Server {
    const revision = { from_version: 1, to_version: 2, author: alice, started_at: AT, ended_at: AT };
    const get = async (path: string) => {
      if (path.startsWith("diff")) return { operation };
      if (path.startsWith("revisions")) return { count: 1, results: [revision] };
      const version = Number(/\d+$/.exec(path)?.[0]);
      return { version, content: texts[version], created_at: AT, author: alice };
    };
    return { get } as unknown as Server;
  }
});

describe("what was looked at last", () => {
  it("is kept, as far as there is room, and what failed is not", async () => {
    const kept = new Recent<string>(2);
    const load = vi.fn(async () => "text");
    for (const key of ["a", "b", "a", "c", "a", "b"]) await kept.get(key, load);
    expect(load).toHaveBeenCalledTimes(4); // b fell out for c
    await expect(kept.get("d", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await kept.get("d", load)).toBe("text");
  });
});

describe("the server", () => {
  afterEach(() => vi.unstubAllGlobals());

  function answers(status: number, body: unknown) {
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status }));
    return new Server("id", "token").get("versions/1");
  }

  it("says in words what is wrong", async () => {
    await expect(answers(404, { detail: "There is no such version." })).rejects.toThrow("There is no such version.");
    await expect(answers(400, { detail: "x", errors: [{ detail: "at most 200" }] })).rejects.toThrow("at most 200");
    await expect(answers(401, {})).rejects.toThrow("signed out");
    await expect(answers(502, "<html>")).rejects.toThrow("502");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    await expect(new Server("id", "token").get("x")).rejects.toBeInstanceOf(Trouble);
  });

  it("tells whoever gave up that they did", async () => {
    const controller = new AbortController();
    vi.stubGlobal("fetch", async (_: string, { signal }: RequestInit) => signal?.throwIfAborted());
    controller.abort(new Error("moved on"));
    await expect(new Server("id", "token").get("x", controller.signal)).rejects.toThrow("moved on");
  });
});

// -- what is put on the page ----------------------------------------------------------------------------------------------

describe("the sheet", () => {
  const seen: ((entries: { target: Element; isIntersecting: boolean }[]) => void)[] = [];
  class Observer {
    constructor(see: (typeof seen)[number]) {
      seen.push(see);
    }
    observe() {}
    disconnect() {}
  }
  beforeEach(() => vi.stubGlobal("IntersectionObserver", Observer));
  const sheet = document.createElement("pre");
  const paper = new Paper(sheet);

  it("writes text as text", () => {
    paper.show([
      { kind: "same", text: "<script>alert(1)</script>\n" },
      { kind: "insert", text: "<img src=x onerror=alert(1)>" },
      { kind: "delete", text: "</pre>" },
    ]);
    expect(sheet.textContent).toBe("<script>alert(1)</script>\n<img src=x onerror=alert(1)></pre>");
    expect([...sheet.querySelectorAll("*")].map(({ localName }) => localName)).toEqual(["div", "span", "ins", "del"]);
  });

  it("holds all the text from the start, and inks what is seen", () => {
    const passage = { length: 1, author: alice, first: AT, last: AT };
    const many = Array.from({ length: 12_000 }, () => ({ kind: "same" as const, text: "x\n", passage }));
    paper.show(many);
    expect(sheet.textContent).toBe("x\n".repeat(12_000));
    expect(sheet.querySelectorAll(".by").length).toBeLessThan(3_000);
    const last = sheet.lastElementChild?.lastElementChild as Element;
    expect(last.childElementCount).toBe(0);
    seen.at(-1)?.([{ target: last, isIntersecting: true }]);
    expect(last.querySelectorAll(".by").length).toBeGreaterThan(0);
    expect(sheet.textContent).toBe("x\n".repeat(12_000));
  });

  it("gives ink back far from the eye when there is too much, and only the ink", () => {
    const places = [...sheet.querySelectorAll("div > span")];
    seen.at(-1)?.(places.map((target) => ({ target, isIntersecting: true })));
    expect(sheet.querySelectorAll(".by")).toHaveLength(12_000);
    seen.at(-1)?.(places.slice(0, -5).map((target) => ({ target, isIntersecting: false })));
    const left = sheet.querySelectorAll(".by").length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(9_000);
    expect(sheet.textContent).toBe("x\n".repeat(12_000));
  });

  it("finds a passage again, painted or not", () => {
    Element.prototype.scrollIntoView = vi.fn();
    expect(paper.reveal(11_999)?.text).toBe("x\n");
    expect(sheet.querySelectorAll(".here")).toHaveLength(1);
    expect(sheet.querySelector(".here")?.getAttribute("data-of")).toBe("11999");
  });
});

describe("the legend", () => {
  it("tells each author once, by most text, and what was removed", () => {
    const by = (author: typeof alice, text: string) => {
      const passage = { length: 1, author, first: AT, last: AT };
      return { kind: "insert" as const, text, passage };
    };
    const found = entries([by(alice, "a🙂"), by(bob, "bobs"), { kind: "delete", text: "gone" }, by(alice, "a")]);
    expect(found.map(({ label, amount }) => [label, amount])).toEqual([
      ["bob", "+4"],
      ["alice", "+3"],
      ["Removed", "−4"],
    ]);
  });
});

describe("the scrubber", () => {
  const slider = document.createElement("input");
  slider.type = "range";
  const flags = document.createElement("div");
  const went: (number | string)[] = [];
  const scrubber = new Scrubber(
    slider,
    flags,
    (version) => went.push(version),
    (by) => went.push(by > 0 ? "later" : "earlier"),
  );
  const press = (key: string, shiftKey = false) =>
    slider.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, cancelable: true }));

  it("leaps by ten with the Page keys, and not beyond the ends", () => {
    expect(keyLeads("PageUp", 5, 100)).toBe(15);
    expect(keyLeads("PageUp", 95, 100)).toBe(100);
    expect(keyLeads("PageDown", 5, 100)).toBe(0);
    expect(keyLeads("ArrowLeft", 5, 100)).toBeNull(); // the browser does it
  });

  it("steps by change with Shift, and says where it is", () => {
    scrubber.show(30, 100, "version 30, alice, just now");
    expect(slider.getAttribute("aria-valuetext")).toBe("version 30, alice, just now");
    press("PageUp");
    press("ArrowRight", true);
    press("ArrowDown", true);
    expect(went.splice(0)).toEqual([40, "later", "earlier"]);
  });

  it("has a flag for each name, in the order of versions, that leads there", () => {
    scrubber.showFlags([
      { version: 75, name: "<b>Second" },
      { version: 30, name: "First" },
    ]);
    const [first, second] = [...flags.querySelectorAll("button")];
    expect([first?.ariaLabel, second?.textContent]).toEqual(["First, version 30", "<b>Second"]);
    expect(first?.ariaCurrent).toBe("true");
    second?.click();
    expect(went.splice(0)).toEqual([75]);
  });
});

describe("words", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");

  it.each([
    ["2026-11-20T11:59:30Z", "just now"],
    ["2026-11-20T12:00:05Z", "just now"],
    ["2026-11-20T11:57:00Z", "3 minutes ago"],
    ["2026-11-20T10:59:00Z", "1 hour ago"],
    ["2026-11-06T12:00:00Z", "2 weeks ago"],
    ["2024-11-06T12:00:00Z", "2 years ago"],
  ])("%s is %s", (moment, words) => expect(ago(moment, now)).toBe(words));

  it("know a person's ink, the same as the server's", () => {
    expect(inkOf({ id: "6fa459ea-ee8a-3ca4-894e-db77e160355e", username: "x" })).toBe("author-2");
    expect(inkOf(null)).toBe("author-none");
    expect(inkOf({ id: "x onclick=1", username: "x" })).toBe("author-none");
    useInks({ [bob.id]: 7 });
    expect(inkOf(bob)).toBe("author-7");
    expect(inkOf(alice)).toBe("author-1");
  });

  it("say what a restore does", () => {
    expect(whatRestoringDoes({ inserted: 1, deleted: 1200 })).toMatch(
      /^1 character comes back and 1,200 characters go,/,
    );
    expect(whatRestoringDoes({ inserted: 0, deleted: 0 })).toMatch(/nothing would change/);
  });
});
