/** What is unacknowledged outlives the page, belongs to one tab, and to one user. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { randomUuid } from "../src/browser";
import type { Pending } from "../src/session";
import { Storage } from "../src/storage";
import { FakeDisk, FakeLocks } from "./network";

const PENDING: Pending = {
  version: 3,
  seq: 1,
  inFlight: { seq: 1, operation: ["a"], edits: 1 },
  buffer: [1, "b"],
  edits: 1,
};

let disk: FakeDisk;
let locks: FakeLocks;
let failures: string[];

beforeEach(() => {
  disk = new FakeDisk();
  locks = new FakeLocks();
  failures = [];
});

function tab(name: string, user = "alice", withLocks = true): Storage {
  return new Storage(disk, withLocks ? locks.forTab(name) : null, "document", user, (reason) => failures.push(reason));
}

describe("pending work", () => {
  it("is there until it is acknowledged", async () => {
    const storage = tab("one");
    const id = storage.newClientId();
    storage.save(id, "log", PENDING);
    expect(disk.length).toBe(1);
    storage.save(id, "log", null);
    expect(disk.length).toBe(0);
  });

  it("is adopted by the next tab, under its client_id", async () => {
    const first = tab("one");
    const id = first.newClientId();
    first.save(id, "log", PENDING);
    locks.release("one");
    expect(await tab("two").adopt()).toEqual({ clientId: id, log: "log", user: "alice", pending: PENDING });
  });

  it("is not adopted while its tab lives: a duplicated tab gets an id of its own", async () => {
    const first = tab("one");
    first.save(first.newClientId(), "log", PENDING);
    expect(await tab("two").adopt()).toBeNull();
  });

  it("is adopted by one tab only", async () => {
    const first = tab("one");
    first.save(first.newClientId(), "log", PENDING);
    locks.release("one");
    const adopted = await Promise.all([tab("two").adopt(), tab("three").adopt()]);
    expect(adopted.filter((found) => found !== null)).toHaveLength(1);
  });

  it("is not shown to another user", async () => {
    const first = tab("one");
    first.save(first.newClientId(), "log", PENDING);
    locks.release("one");
    expect(await tab("two", "mallory").adopt()).toBeNull();
    expect(await tab("three").adopt()).not.toBeNull();
  });

  it("that is unreadable is passed over", async () => {
    disk.setItem("collabdocs:pending:document:x", "{");
    disk.setItem("collabdocs:pending:document:y", '{"format":2}');
    expect(await tab("one").adopt()).toBeNull();
  });

  it("that does not fit the disk is said so", () => {
    const storage = tab("one");
    disk.capacity = 10;
    storage.save(storage.newClientId(), "log", PENDING);
    expect(failures).toHaveLength(1);
  });

  it("when large is written now and then, and on leaving", () => {
    vi.useFakeTimers();
    const storage = tab("one");
    const id = storage.newClientId();
    const large = { ...PENDING, buffer: ["x".repeat(100_000)] };
    storage.save(id, "log", large);
    storage.save(id, "log", { ...large, edits: 2 });
    expect(disk.length).toBe(0);
    vi.advanceTimersByTime(500);
    expect(disk.getItem(disk.key(0) ?? "")).toContain('"edits":2');
    storage.save(id, "log", { ...large, edits: 3 });
    storage.release();
    expect(disk.getItem(disk.key(0) ?? "")).toContain('"edits":3');
    storage.save(id, "log", large);
    storage.save(id, "log", null);
    vi.advanceTimersByTime(5_000);
    expect(disk.length).toBe(0);
    vi.useRealTimers();
  });
});

describe("without locks (plain http)", () => {
  it("a tab that was left leaves its work to the next", async () => {
    const first = tab("one", "alice", false);
    first.save(first.newClientId(), "log", PENDING);
    expect(await tab("two", "alice", false).adopt()).toBeNull();
    first.release();
    expect(await tab("two", "alice", false).adopt()).not.toBeNull();
    expect(await tab("three", "alice", false).adopt()).toBeNull();
  });
});

describe("words for copying", () => {
  it("stay until they are put away", () => {
    const storage = tab("one");
    storage.keepLeftover({ reason: "too large", words: "a paste" });
    expect(tab("two", "mallory").leftovers()).toEqual([]);
    const [found] = tab("two").leftovers();
    expect(found?.leftover).toMatchObject({ reason: "too large", words: "a paste" });
    tab("two").dropLeftover(found?.key ?? "");
    expect(tab("three").leftovers()).toEqual([]);
  });
});

it("makes UUIDs", () => {
  expect(randomUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
