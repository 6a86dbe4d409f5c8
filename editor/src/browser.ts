/** What browsers give, or do not give, to a page: a disk, locks between tabs, ids, checksums. */

export type Disk = Pick<globalThis.Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

export interface Locks {
  /** Takes the name for the life of the page; false if another tab has it. */
  hold(name: string): Promise<boolean>;
  /** The names that tabs have now. */
  held(): Promise<ReadonlySet<string>>;
}

/** crypto.randomUUID needs a secure page; this does not. */
export function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The browser's locks, held until the page goes; null where there are none. */
export function webLocks(manager: LockManager | undefined): Locks | null {
  if (manager === undefined) return null;
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

/** localStorage; a browser that forbids it gets a disk that is always full, so that the writer is told. */
export function browserDisk(): Disk {
  try {
    return localStorage;
  } catch {
    const full = () => {
      throw new Error("There is no storage.");
    };
    return { length: 0, key: () => null, getItem: () => null, setItem: full, removeItem: () => {} };
  }
}

/** The text's checksum as the server makes it; null on a plain-http page, which has no crypto.subtle. */
export async function sha256(text: { toString(): string }): Promise<string | null> {
  if (crypto.subtle === undefined) return null;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text.toString()));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
