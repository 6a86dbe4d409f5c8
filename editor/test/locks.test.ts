/** Locks that are databases: one tab at a time has one, whoever looks or sweeps at the same time, and a dead tab has none. */
import { forceCloseDatabase, IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { DatabaseLocks } from "../src/locks";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

const close = forceCloseDatabase as unknown as (database: IDBDatabase) => void;

/** A tab that opens and closes databases like any other; `dies` as a tab does that crashes. */
class Tab {
  readonly locks = new DatabaseLocks();

  dies(): void {
    const { mine } = this.locks as unknown as { mine: Map<string, IDBDatabase> };
    for (const database of mine.values()) close(database);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("gives every tab a fresh name, and a name that all want to one of them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 6 }), async (pauses) => {
      globalThis.indexedDB = new IDBFactory();
      const dead = new Tab();
      await dead.locks.hold("orphan");
      dead.dies();
      const got = await Promise.all(
        pauses.map(async (ms, index) => {
          const { locks } = new Tab();
          await pause(ms);
          const [own, orphan] = await Promise.all([locks.hold(`tab ${index}`), locks.hold("orphan")]);
          return { own, orphan };
        }),
      );
      expect(got.every(({ own }) => own)).toBe(true);
      expect(got.filter(({ orphan }) => orphan).length).toBe(1);
    }),
    { numRuns: 3 },
  );
});

it("tells what living tabs have, and leaves nothing behind", async () => {
  const [living, dead, looking] = [new Tab(), new Tab(), new Tab()];
  expect(await living.locks.hold("one")).toBe(true);
  expect(await dead.locks.hold("two")).toBe(true);
  dead.dies();
  expect(await looking.locks.held(["one", "two", "three"])).toEqual(new Set(["one"]));
  await pause(50);
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(["lock one"]);
});

it("gives nothing away while its tab lives, and all of it afterwards", async () => {
  const [first, second] = [new Tab(), new Tab()];
  expect(await first.locks.hold("one")).toBe(true);
  expect(await second.locks.hold("one")).toBe(false);
  first.dies();
  expect(await second.locks.hold("one")).toBe(true);
});

it("tries again when another tab has looked at the same moment", async () => {
  const open = indexedDB.open.bind(indexedDB);
  let isFirst = true;
  indexedDB.open = (name, version) => {
    if (version !== undefined && isFirst) {
      isFirst = false;
      const look = open(name, version);
      look.onsuccess = () => look.result.close();
    }
    return open(name, version);
  };
  expect(await new Tab().locks.hold("one")).toBe(true);
  expect(await new Tab().locks.hold("one")).toBe(false);
});
