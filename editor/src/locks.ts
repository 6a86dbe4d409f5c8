/**
 * Locks between the tabs of a browser, held until the tab goes, however it goes.
 *
 * Browsers give Web Locks to secure pages only. On a plain-http page a lock is a database with nothing in it: its version
 * is raised only for who alone has it open, says the IndexedDB standard, and the browser closes what a tab had open when
 * the tab goes. A database that nobody has open is no lock any more, and is swept away by the next tab.
 */

export interface Locks {
  /** Takes the name for the life of the page; false if another tab has it. */
  hold(name: string): Promise<boolean>;
  /** Which of these names tabs have now. */
  held(names: readonly string[]): Promise<ReadonlySet<string>>;
}

/** The best that this page has. */
export function tabLocks(): Locks {
  return navigator.locks === undefined ? new DatabaseLocks() : webLocks(navigator.locks);
}

function webLocks(manager: LockManager): Locks {
  return {
    hold: (name) =>
      new Promise((resolve) => {
        const untilTheEnd = new Promise<void>(() => {});
        manager.request(name, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : untilTheEnd;
        });
      }),
    held: async () => new Set((await manager.query()).held?.map(({ name }) => name ?? "")),
  };
}

const PREFIX = "lock ";
const PATIENCE = 4_000; // ms: some browsers' databases never answer
const GRACE = 1_000; // ms that a tab which is just going, or only looks, may be in the way
const TRIES = 5; // who was overtaken may have been so by a tab that only looked
const OVERTAKEN = "overtaken";

export class DatabaseLocks implements Locks {
  private readonly mine = new Map<string, IDBDatabase>(); // what nothing points to, the browser may close

  async hold(name: string): Promise<boolean> {
    const database = await openedAlone(PREFIX + name).catch(() => null);
    if (database === null) return false;
    this.mine.set(name, database);
    void this.sweep();
    return true;
  }

  async held(names: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(names.map((name) => isFree(PREFIX + name)));
    return new Set(names.filter((_, index) => !found[index]));
  }

  private async sweep(): Promise<void> {
    const all = await indexedDB.databases?.().catch(() => []); // not every browser tells
    const names = (all ?? []).map(({ name }) => name ?? "").filter((name) => name.startsWith(PREFIX));
    await this.held(names.map((name) => name.slice(PREFIX.length)).filter((name) => !this.mine.has(name)));
  }
}

/** Looks, and leaves nothing behind. */
async function isFree(name: string): Promise<boolean> {
  const database = await openedAlone(name).catch(() => null);
  if (database === null) return false;
  database.close();
  indexedDB.deleteDatabase(name);
  return true;
}

/** The database, if nobody else has it open. As long as the caller keeps it open, nobody else gets it. */
async function openedAlone(name: string): Promise<IDBDatabase | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await versionOf(name).then((version) => raised(name, version + 1));
    if (found !== OVERTAKEN) return found;
  }
  return null;
}

/** Makes it where there is none. */
function versionOf(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE);
    const request = indexedDB.open(name);
    request.onerror = reject;
    request.onsuccess = () => {
      resolve(request.result.version);
      request.result.close();
    };
  });
}

/** Null where somebody has it open. */
function raised(name: string, version: number): Promise<IDBDatabase | null | typeof OVERTAKEN> {
  return new Promise((resolve) => {
    let isAlone = false;
    let isOver = false;
    const giveUp = () => {
      isOver = true;
      resolve(null);
    };
    setTimeout(giveUp, PATIENCE);
    const request = indexedDB.open(name, version);
    request.onblocked = () => setTimeout(giveUp, GRACE);
    request.onerror = () => resolve(OVERTAKEN);
    request.onupgradeneeded = () => {
      isAlone = true; // at the same version there is nothing to raise: somebody else has done it
    };
    request.onsuccess = () => {
      if (isAlone && !isOver) return resolve(request.result);
      request.result.close();
      resolve(OVERTAKEN);
    };
  });
}
