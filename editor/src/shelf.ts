/**
 * A shelf in the browser that outlives the page, the tab and a crash: records under string keys, in IndexedDB.
 *
 * A write is one transaction. It is committed by word, not when the browser sees that nothing more comes, so that a page
 * that is closed right after writing has written. Once its promise is kept, the records survive the browser's death;
 * with `strict`, the computer's too. The database is opened at whatever version it has: a newer release may have raised
 * it, and what lies here must stay within reach.
 */

/** What to write, by key; undefined takes the record away. */
export type Changes = ReadonlyMap<string, unknown>;

export interface Shelf {
  under(prefix: string): Promise<Map<string, unknown>>;
  write(changes: Changes, strict: boolean): Promise<void>;
}

const NAME = "collabdocs";
const STORE = "unacknowledged";
const PATIENCE = 4_000; // ms: some browsers' databases never answer

export class BrowserShelf implements Shelf {
  private database: IDBDatabase | null = null;

  async under(prefix: string): Promise<Map<string, unknown>> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return this.on("readonly", false, (store, done) => {
      const found = new Map<string, unknown>();
      done(found);
      store.openCursor(range).onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
        if (cursor !== null) found.set(String(cursor.key), cursor.value);
        cursor?.continue();
      };
    });
  }

  async write(changes: Changes, strict: boolean): Promise<void> {
    return this.on("readwrite", strict, (store) => {
      for (const [key, record] of changes) {
        if (record === undefined) store.delete(key);
        else store.put(record, key);
      }
      store.transaction.commit?.();
    });
  }

  /** What `work` says it has done, once its transaction is complete. Begins at once where the database is open. */
  private async on<T>(
    mode: IDBTransactionMode,
    strict: boolean,
    work: (store: IDBObjectStore, done: (result: T) => void) => void,
  ): Promise<T> {
    const database = this.database ?? (await this.open());
    const transaction = database.transaction(STORE, mode, { durability: strict ? "strict" : "relaxed" });
    return inTime((resolve, reject) => {
      let result: T;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      work(transaction.objectStore(STORE), (value) => {
        result = value;
      });
    });
  }

  private async open(): Promise<IDBDatabase> {
    const database = await opened();
    const forget = () => {
      this.database = null;
    };
    database.onclose = forget;
    database.onversionchange = () => {
      forget();
      database.close(); // another tab's newer release has something to change
    };
    this.database = database;
    return database;
  }
}

function opened(): Promise<IDBDatabase> {
  return inTime((resolve, reject) => {
    const request = indexedDB.open(NAME);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("Another tab holds the database."));
  });
}

function inTime<T>(work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The browser's database does not answer.")), PATIENCE);
    const settled = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    work(settled, reject);
  });
}
