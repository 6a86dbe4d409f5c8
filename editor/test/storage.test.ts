/** What is unacknowledged outlives the page, belongs to one tab, and to one user. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { randomUuid } from "../src/browser";
import type { Pending } from "../src/session";
import { Storage } from "../src/storage";
import { FakeDisk, FakeLocks, FakeShelf, promises } from "./network";

const PENDING: Pending = {
  version: 3,
  seq: 1,
  inFlight: { seq: 1, operation: ["a"], edits: 1 },
  buffer: [1, "b"],
  edits: 1,
};

let disk: FakeDisk;
let shelf: FakeShelf;
let locks: FakeLocks;
let changes: number;

beforeEach(() => {
  disk = new FakeDisk();
  shelf = new FakeShelf();
  locks = new FakeLocks();
  changes = 0;
});

afterEach(() => void vi.useRealTimers());

function tab(name: string, user = "alice"): Storage {
  return new Storage(shelf, disk, locks.forTab(name), "document", user, () => changes++);
}

/** A tab with unsaved work. */
async function workingTab(name = "one", user = "alice") {
  const storage = tab(name, user);
  const id = storage.newClientId();
  storage.save(id, "log", PENDING, true);
  await promises();
  return { storage, id };
}

describe("pending work", () => {
  it("is there until it is acknowledged", async () => {
    const { storage, id } = await workingTab();
    expect([shelf.records.size, storage.kept]).toEqual([1, 2]);
    storage.save(id, "log", null, true);
    await promises();
    expect([shelf.records.size, storage.kept]).toEqual([0, 0]);
  });

  it("is called kept once it is written, and only when it was to survive a power cut, too", async () => {
    const storage = tab("one");
    const id = storage.newClientId();
    storage.save(id, "log", PENDING, true);
    expect(storage.kept).toBe(0);
    await promises();
    expect([storage.kept, changes]).toEqual([2, 1]);
    storage.save(id, "log", PENDING, false);
    expect(storage.kept).toBe(0);
    await promises();
    expect(storage.kept).toBe(0);
    expect(shelf.writes.map(({ strict }) => strict)).toEqual([true, false]);
  });

  it("that has not changed is not written again", async () => {
    const { storage, id } = await workingTab();
    storage.save(id, "log", { ...PENDING }, true);
    await promises();
    expect(shelf.writes).toHaveLength(1);
  });

  it("is written one at a time, and only the newest", async () => {
    const storage = tab("one");
    const id = storage.newClientId();
    for (let edits = 1; edits <= 50; edits++) storage.save(id, "log", { ...PENDING, version: edits, edits }, true);
    await promises();
    await promises();
    expect(shelf.writes).toHaveLength(2);
    expect(storage.kept).toBe(51);
  });

  it("is adopted by the next tab, under its client_id", async () => {
    const { id } = await workingTab();
    locks.release("one");
    expect(await tab("two").adopt()).toEqual({ clientId: id, log: "log", pending: PENDING });
  });

  it("is not adopted while its tab lives: a duplicated tab gets an id of its own", async () => {
    await workingTab();
    expect(await tab("two").adopt()).toBeNull();
  });

  it("is adopted by one tab only", async () => {
    await workingTab();
    locks.release("one");
    const adopted = await Promise.all([tab("two").adopt(), tab("three").adopt()]);
    expect(adopted.filter((found) => found !== null)).toHaveLength(1);
  });

  it("of a second tab that is gone is seen by who has adopted that of the first", async () => {
    await workingTab("one");
    await workingTab("two");
    await workingTab("two", "mallory");
    locks.release("one");
    const third = tab("three");
    expect(await third.hasMore()).toBe(true);
    await third.adopt();
    expect(await third.hasMore()).toBe(false);
    locks.release("two");
    expect(await third.hasMore()).toBe(true);
  });

  it("is not shown to another user", async () => {
    await workingTab();
    locks.release("one");
    expect(await tab("two", "mallory").adopt()).toBeNull();
    expect(await tab("three").adopt()).not.toBeNull();
  });

  it("when large is written now and then, and on leaving", async () => {
    vi.useFakeTimers();
    const storage = tab("one");
    const id = storage.newClientId();
    const save = (edits: number) =>
      storage.save(id, "log", { ...PENDING, version: edits, edits, buffer: ["x".repeat(100_000)] }, true);
    save(0); // what goes on its way is written at once
    await promises();
    save(1);
    save(2);
    await promises();
    expect([shelf.writes.length, storage.kept]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(500);
    expect([shelf.writes.length, storage.kept]).toEqual([2, 3]);
    save(3);
    storage.flush();
    await promises();
    expect(storage.kept).toBe(4);
    storage.save(id, "log", null, true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shelf.records.size).toBe(0);
  });
});

describe("a shelf that takes nothing", () => {
  it("is said so, and tried again", async () => {
    vi.useFakeTimers();
    shelf.isBroken = true;
    const { storage } = await workingTab();
    expect([storage.isFailing, storage.kept]).toEqual([true, 0]);
    shelf.isBroken = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([storage.isFailing, storage.kept]).toEqual([false, 2]);
  });

  it("keeps nobody from working", async () => {
    shelf.isBroken = true;
    const storage = tab("one");
    expect(await storage.adopt()).toBeNull();
    expect(await storage.leftovers()).toEqual([]);
  });

  it("never loses the record before the words that come from it are kept", async () => {
    vi.useFakeTimers();
    const { storage, id } = await workingTab();
    shelf.isBroken = true;
    storage.keepLeftover({ reason: "refused", words: "ab" });
    storage.save(id, "log", null, true);
    await promises();
    shelf.isBroken = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shelf.writes.at(-1)?.changes.size).toBe(2);
    expect([...shelf.records.values()]).toEqual([{ reason: "refused", words: "ab", user: "alice" }]);
  });
});

describe("what another release has kept", () => {
  const KEY = "collabdocs:pending:document:x";
  const RECORD = { format: 1, log: "log", user: "alice", pending: PENDING, at: 0 };

  it("in localStorage is brought over and adopted", async () => {
    disk.setItem(KEY, JSON.stringify(RECORD));
    disk.setItem("collabdocs:leftover:document:y", JSON.stringify({ reason: "r", words: "w", user: "alice" }));
    const storage = tab("one");
    expect((await storage.leftovers()).map(({ leftover }) => leftover)).toMatchObject([{ reason: "r", words: "w" }]);
    expect(await storage.adopt()).toMatchObject({ clientId: "x", pending: PENDING });
    expect([disk.length, shelf.records.size]).toEqual([0, 2]);
  });

  it("in localStorage stays there while its tab lives, or nothing can be written", async () => {
    disk.setItem(KEY, JSON.stringify(RECORD));
    await locks.forTab("one").hold(KEY);
    expect(await tab("two").adopt()).toBeNull();
    locks.release("one");
    shelf.isBroken = true;
    expect(await tab("three").adopt()).toBeNull();
    expect(disk.length).toBe(1);
  });

  it.each([
    ["a newer format", { ...RECORD, format: 2, pending: { runs: [{ put: "some" }, { put: "words" }] } }],
    [
      "operations that are none",
      { ...RECORD, pending: { ...PENDING, inFlight: null, buffer: ["some", 1.5, "words"] } },
    ],
  ])("and cannot be read is offered for copying until it is put away: %s", async (_, record) => {
    shelf.records.set(KEY, record);
    const storage = tab("one");
    expect(await storage.adopt()).toBeNull();
    const [found] = await storage.leftovers();
    expect(found?.leftover.words).toBe("some\nwords");
    expect(shelf.records.get(KEY)).toEqual(record);
    storage.dropLeftover(found?.key ?? "");
    await promises();
    expect(shelf.records.size).toBe(0);
  });

  it("and cannot be read is left alone while its tab lives, and to its own user", async () => {
    shelf.records.set(KEY, { ...RECORD, format: 2 });
    expect(await tab("one", "mallory").leftovers()).toEqual([]);
    await locks.forTab("two").hold(KEY);
    expect(await tab("three").leftovers()).toEqual([]);
  });
});

describe("words for copying", () => {
  it("stay until they are put away", async () => {
    tab("one").keepLeftover({ reason: "too large", words: "a paste" });
    await promises();
    expect(await tab("two", "mallory").leftovers()).toEqual([]);
    const [found] = await tab("two").leftovers();
    expect(found?.leftover).toMatchObject({ reason: "too large", words: "a paste" });
    tab("two").dropLeftover(found?.key ?? "");
    await promises();
    expect(await tab("three").leftovers()).toEqual([]);
  });
});

it("makes UUIDs", () => {
  expect(randomUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
