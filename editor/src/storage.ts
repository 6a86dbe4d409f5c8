/**
 * What is unacknowledged outlives the page: it lies on the browser's shelf, under the document and the client_id, from
 * before it is sent (or a record would name less than the server got under its seq) until it is acknowledged. `kept`
 * says how much of it lies there for certain: only so much may the page call kept.
 *
 * A client_id belongs to one tab at a time, which holds it under a lock for as long as it lives: a duplicated tab gets an
 * id of its own, and a record whose lock is free is an orphan that the next tab of the same user adopts, seq and all.
 *
 * Every record of every release has a `user`. One that this release can't read, an older or a newer one's, stays where
 * it is, and its words are offered for copying.
 */
import { type Disk, randomUuid } from "./browser";
import { bringOver } from "./earlier";
import { Keeper } from "./keeper";
import type { Locks } from "./locks";
import { isOf, type Kind, type Ours, prefixOf, type RecordOnShelf, readable, seqIn, sizeOf, wordsIn } from "./records";
import { type Pending, unsavedIn } from "./session";
import type { Changes, Shelf } from "./shelf";

export interface StoredSession {
  readonly clientId: string;
  readonly log: string;
  readonly pending: Pending;
}

/** What was not saved and nobody has put away yet: the words, and the whole text as it was shown, if that is known. */
export interface Leftover {
  readonly reason: string;
  readonly words: string;
  readonly text?: string;
}

export interface Found {
  readonly key: string;
  readonly leftover: Leftover;
}

const LARGE = 50_000; // characters: beyond, a record is written at most twice a second
const LARGE_PAUSE = 500;

export class Storage {
  private readonly keeper: Keeper;
  private readonly held = new Set<string>();
  private lies: string | null = null; // the key of the record that lies there, or is about to
  private last: { log: string; pending: Pending; strict: boolean } | null = null;
  private keptEdits = 0;
  private written: number | null = null;

  constructor(
    private readonly shelf: Shelf,
    private readonly earlier: Disk,
    private readonly locks: Locks,
    private readonly documentId: string,
    private readonly user: string,
    changed: () => void,
  ) {
    this.keeper = new Keeper(shelf, changed);
  }

  /** How many of the unsaved edits survive a crash of the browser or the computer; only `strict` saves count. */
  get kept(): number {
    return this.keptEdits;
  }

  /** The seq of the submission in flight, once it lies there. */
  get seqWritten(): number | null {
    return this.written;
  }

  /** Whether this browser could not keep what it was given. */
  get isFailing(): boolean {
    return this.keeper.hasFailed;
  }

  // -- client_ids and orphans -------------------------------------------------------------------------------------------

  /** A fresh id, held by this tab. */
  newClientId(): string {
    const clientId = randomUuid();
    this.held.add(this.key(clientId));
    void this.locks.hold(this.key(clientId));
    return clientId;
  }

  /** The unacknowledged work of a tab that is gone, if there is any: from now on it is this tab's. */
  async adopt(): Promise<StoredSession | null> {
    const brought = await this.broughtOver();
    for (const [key, found] of await this.mine("pending")) {
      if (readable(found) === null || !(brought.has(key) || (await this.take(key)))) continue;
      const record = readable((await this.mine("pending")).get(key)); // as its tab left it
      if (record === null) continue;
      this.lies = key;
      this.last = { log: record.log, pending: record.pending, strict: true };
      this.written = seqIn(record.pending);
      this.keptEdits = unsavedIn(record.pending);
      return { clientId: key.slice(this.key("").length), log: record.log, pending: record.pending };
    }
    return null;
  }

  /** Whether there is unacknowledged work of yet another tab that is gone: a storage holds that of one. */
  async hasMore(): Promise<boolean> {
    const readables = [...(await this.mine("pending"))].filter(([, record]) => readable(record) !== null);
    const keys = readables.map(([key]) => key).filter((key) => !this.held.has(key));
    const held = await this.locks.held(keys);
    return keys.some((key) => !held.has(key));
  }

  private async broughtOver(): Promise<ReadonlySet<string>> {
    const mayTake = (key: string) => this.take(key);
    return bringOver(this.earlier, this.prefix("pending"), this.shelf, mayTake).catch(() => new Set<string>());
  }

  /** Takes what no living tab has, for as long as this one lives. */
  private async take(key: string): Promise<boolean> {
    if (this.held.has(key)) return false;
    if (await this.locks.hold(key).catch(() => false)) this.held.add(key);
    return this.held.has(key);
  }

  // -- this tab's work --------------------------------------------------------------------------------------------------

  /** Puts what is unacknowledged on the shelf in the background; `strict` so that not even a power cut takes it. */
  save(clientId: string, log: string, pending: Pending | null, strict: boolean): void {
    const key = this.key(clientId);
    if (pending === null) return this.forget(key);
    if (this.isSaved(log, pending, strict)) return;
    this.lies = key;
    this.last = { log, pending, strict };
    if (!strict) this.keptEdits = 0;
    this.keeper.put(key, this.record(log, pending), strict, this.pauseFor(pending), () => {
      if (key !== this.lies) return;
      this.written = seqIn(pending);
      if (strict) this.keptEdits = unsavedIn(pending);
    });
  }

  private pauseFor(pending: Pending): number {
    return sizeOf(pending) < LARGE || seqIn(pending) !== this.written ? 0 : LARGE_PAUSE;
  }

  private isSaved(log: string, { version, inFlight, buffer }: Pending, strict: boolean): boolean {
    const { last } = this;
    if (last === null || last.log !== log || last.strict !== strict) return false;
    const before = last.pending;
    return before.version === version && before.inFlight === inFlight && before.buffer === buffer;
  }

  private record(log: string, pending: Pending): RecordOnShelf {
    return { format: 1, log, user: this.user, pending, at: Date.now() };
  }

  private forget(key: string): void {
    this.keptEdits = 0;
    this.last = this.written = null;
    if (this.lies === key) this.keeper.put(key, undefined, false);
    this.lies = null;
  }

  /** What waits is written now: the page may be going. */
  flush(): void {
    this.keeper.flush();
  }

  // -- words for copying ------------------------------------------------------------------------------------------------

  keepLeftover(leftover: Leftover): string {
    const key = `${this.prefix("leftover")}${randomUuid()}`;
    this.held.add(key);
    this.keeper.put(key, { ...leftover, user: this.user }, true);
    return key;
  }

  /** What earlier tabs left for copying, and what lies here of another release and of no living tab. */
  async leftovers(): Promise<Found[]> {
    const found: Found[] = [];
    const always = () => Promise.resolve(true);
    await bringOver(this.earlier, this.prefix("leftover"), this.shelf, always).catch(() => {}); // they stay where they are
    for (const [key, record] of await this.mine("leftover")) {
      if (!this.held.has(key)) found.push({ key, leftover: record as unknown as Leftover });
    }
    for (const [key, record] of await this.mine("pending")) {
      if (readable(record) !== null || !(await this.take(key))) continue;
      found.push({ key, leftover: { reason: FOREIGN, words: wordsIn(record.pending ?? record) } });
    }
    return found;
  }

  dropLeftover(key: string): void {
    this.keeper.put(key, undefined, false);
  }

  // -- keys and records -------------------------------------------------------------------------------------------------

  private prefix(kind: Kind): string {
    return prefixOf(kind, this.documentId);
  }

  private key(clientId: string): string {
    return this.prefix("pending") + clientId;
  }

  /** This user's records; none where the shelf can't be read, which the first write will tell. */
  private async mine(kind: Kind): Promise<Map<string, Ours>> {
    const all = await this.shelf.under(this.prefix(kind)).catch((): Changes => new Map());
    return new Map([...all].filter((item): item is [string, Ours] => isOf(this.user, item[1])));
  }
}

const FOREIGN = "another version of CollabDocs kept this in your browser and this one can’t read it";
