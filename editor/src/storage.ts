/**
 * What is unacknowledged outlives the page: it lies in localStorage, under the document and the client_id, from before
 * it is sent until it is acknowledged.
 *
 * A client_id belongs to one tab at a time, which holds it under a Web Lock for as long as it lives: a duplicated tab
 * gets an id of its own, and a record whose lock is free is an orphan that the next tab of the same user adopts, seq and
 * all. Browsers give no locks to plain-http pages; there a tab marks its records as free when it is left.
 */
import { type Disk, type Locks, randomUuid } from "./browser";
import type { Operation } from "./ot";
import type { Pending } from "./session";

export interface StoredSession {
  readonly clientId: string;
  readonly log: string;
  readonly user: string;
  readonly pending: Pending;
}

/** Words that were not saved and that nobody has put away yet. */
export interface Leftover {
  readonly reason: string;
  readonly words: string;
}

interface RecordOnDisk {
  format: 1;
  log: string;
  user: string;
  pending: Pending;
  free: boolean;
  at: number;
}

const LARGE = 50_000; // characters: beyond, a record is written at most twice a second
const LARGE_PAUSE = 500;
const ABANDONED_AFTER = 3_600_000; // ms, where there are no locks

export class Storage {
  private held = new Set<string>();
  private written: string | null = null; // the key of the record that is there
  private late: { timer: ReturnType<typeof setTimeout>; write: () => void } | null = null;

  constructor(
    private readonly disk: Disk,
    private readonly locks: Locks | null,
    private readonly documentId: string,
    private readonly user: string,
    private readonly failed: (reason: string) => void,
  ) {}

  /** A fresh id, held by this tab. */
  newClientId(): string {
    const clientId = randomUuid();
    this.held.add(clientId);
    void this.locks?.hold(this.key(clientId));
    return clientId;
  }

  /** The unacknowledged work of a tab that is gone, if there is any: from now on it is this tab's. */
  async adopt(): Promise<StoredSession | null> {
    for (const key of this.keys("pending")) {
      const record = this.read(key);
      if (record === null || record.user !== this.user || !(await this.take(key, record))) continue;
      const clientId = key.slice(this.key("").length);
      this.held.add(clientId);
      this.written = key;
      return { clientId, log: record.log, user: record.user, pending: record.pending };
    }
    return null;
  }

  private async take(key: string, record: RecordOnDisk): Promise<boolean> {
    if (this.locks !== null) return this.locks.hold(key);
    const isFree = record.free || Date.now() - record.at > ABANDONED_AFTER;
    if (isFree) this.write(key, JSON.stringify({ ...record, free: false }));
    return isFree;
  }

  save(clientId: string, log: string, pending: Pending | null): void {
    const key = this.key(clientId);
    if (pending === null) return this.forget(key);
    const write = () => {
      const record: RecordOnDisk = { format: 1, log, user: this.user, pending, free: false, at: Date.now() };
      this.written = key;
      this.write(key, JSON.stringify(record));
    };
    if (sizeOf(pending) < LARGE) this.writeNow(write);
    else this.writeLater(write);
  }

  /** The page is being left: what waits is written, and what lies here is free for the next tab. */
  release(): void {
    if (this.late !== null) this.writeNow(this.late.write);
    if (this.locks !== null || this.written === null) return;
    const record = this.read(this.written);
    if (record !== null) this.write(this.written, JSON.stringify({ ...record, free: true }));
  }

  private forget(key: string): void {
    if (this.late !== null) this.writeNow(() => {});
    if (this.written === key) this.disk.removeItem(key);
    this.written = null;
  }

  private writeNow(write: () => void): void {
    clearTimeout(this.late?.timer);
    this.late = null;
    write();
  }

  private writeLater(write: () => void): void {
    const timer = this.late?.timer ?? setTimeout(() => this.late && this.writeNow(this.late.write), LARGE_PAUSE);
    this.late = { timer, write };
  }

  private write(key: string, value: string): void {
    try {
      this.disk.setItem(key, value);
    } catch {
      this.failed("this browser's storage is full: keep this page open until everything is saved");
    }
  }

  // -- words for copying ------------------------------------------------------------------------------------------------

  keepLeftover(leftover: Leftover): string {
    const key = `${this.prefix("leftover")}${randomUuid()}`;
    this.write(key, JSON.stringify({ ...leftover, user: this.user }));
    return key;
  }

  leftovers(): { key: string; leftover: Leftover }[] {
    return this.keys("leftover").flatMap((key) => {
      const leftover = parsed(this.disk.getItem(key)) as (Leftover & { user: string }) | null;
      return leftover === null || leftover.user !== this.user ? [] : [{ key, leftover }];
    });
  }

  dropLeftover(key: string): void {
    this.disk.removeItem(key);
  }

  // -- keys and records -------------------------------------------------------------------------------------------------

  private prefix(kind: "pending" | "leftover"): string {
    return `collabdocs:${kind}:${this.documentId}:`;
  }

  private key(clientId: string): string {
    return this.prefix("pending") + clientId;
  }

  private keys(kind: "pending" | "leftover"): string[] {
    const all = Array.from({ length: this.disk.length }, (_, index) => this.disk.key(index) ?? "");
    return all.filter((key) => key.startsWith(this.prefix(kind)) && !this.held.has(key.slice(this.key("").length)));
  }

  private read(key: string): RecordOnDisk | null {
    const record = parsed(this.disk.getItem(key)) as RecordOnDisk | null;
    return record?.format === 1 && typeof record.pending?.version === "number" ? record : null;
  }
}

function parsed(value: string | null): unknown {
  try {
    return value === null ? null : JSON.parse(value);
  } catch {
    return null;
  }
}

function sizeOf({ inFlight, buffer }: Pending): number {
  const size = (operation: Operation) =>
    operation.reduce<number>((sum, part) => sum + (typeof part === "string" ? part.length : 8), 0);
  return size(inFlight?.operation ?? []) + size(buffer);
}
