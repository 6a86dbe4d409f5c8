/** The list of documents with work in this browser: what the next tab of each would find, and nothing touched. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { documentsWithOrphans } from "../src/orphans";
import type { Pending } from "../src/session";
import { Storage } from "../src/storage";
import { FakeDisk, FakeLocks, FakeShelf } from "./network";

const PENDING: Pending = { version: 3, seq: 0, inFlight: null, buffer: ["b"], edits: 1 };

const record = fc.record({
  document: fc.constantFrom("one", "two", "three"),
  kind: fc.constantFrom("pending", "leftover"),
  user: fc.constantFrom("alice", "mallory"),
  format: fc.constantFrom(1, 2), // 2: of another release
  isOnDisk: fc.boolean(), // as earlier releases kept it, in this release's format
  isHeld: fc.boolean(), // by a living tab
});

type Given = typeof record extends fc.Arbitrary<infer G> ? G : never;

function browserWith(given: readonly Given[]) {
  const [shelf, disk, locks] = [new FakeShelf(), new FakeDisk(), new FakeLocks()];
  given.forEach(({ document, kind, user, format, isOnDisk, isHeld }, index) => {
    const key = `collabdocs:${kind}:${document}:${index}`;
    const pending = {
      format: isOnDisk ? 1 : format,
      log: "log",
      user,
      pending: PENDING,
      at: Date.now(),
    };
    const lies = kind === "pending" ? pending : { reason: "r", words: "w", user };
    if (isOnDisk) disk.setItem(key, JSON.stringify(lies));
    else shelf.records.set(key, lies);
    if (isHeld && kind === "pending") void locks.forTab("living").hold(key);
  });
  return { shelf, disk, locks };
}

type Browser = ReturnType<typeof browserWith>;

function everything({ shelf, disk }: Browser) {
  const onDisk = Array.from({ length: disk.length }, (_, index) => disk.getItem(disk.key(index) ?? ""));
  return structuredClone([[...shelf.records], onDisk, shelf.writes]);
}

/** Whether a new tab of the document has anything to save or to show. */
async function finds({ shelf, disk, locks }: Browser, document: string): Promise<boolean> {
  const storage = new Storage(shelf, disk, locks.forTab(document), document, "alice", () => {});
  return (await storage.leftovers()).length > 0 || (await storage.adopt()) !== null;
}

it("names the documents whose next tab would find something, and alters nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 6 }), async (given) => {
      const browser = browserWith(given);
      const before = everything(browser);
      const locks = browser.locks.forTab("list");
      const named = await documentsWithOrphans(browser.shelf, browser.disk, locks, "alice");
      expect(everything(browser)).toEqual(before);
      for (const document of ["one", "two", "three"]) {
        expect(named.filter((name) => name === document).length).toBe(+(await finds(browser, document)));
      }
    }),
    { numRuns: 500 },
  );
});
