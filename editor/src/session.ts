/**
 * The session: what this tab has typed, and how far the server has taken it. No socket, no clock, no page.
 *
 * Three states. *Synchronised*: what is shown is the server's text. *In flight*: one submission is on its way. *In
 * flight + buffer*: and the user has typed on. (While the line is down the buffer may also stand alone.)
 *
 *        text ──in flight──▶ • ──buffer──▶ what is shown
 *         │                  │                │
 *       entry              entry'          entry''      = the change to show
 *         ▼                  ▼                ▼
 *       text' ─in flight'─▶  • ──buffer'─▶ what is shown then
 *
 * The rules:
 *
 *  1. At most one submission is in flight. Its content is frozen: typing composes into the buffer behind it, never into
 *     it, or one (client_id, seq) would name two edits.
 *  2. Committed entries are crossed one at a time, in version order, never composed. Pending edits will be committed
 *     later than the entry, so they stand first in a tie.
 *  3. The own entry coming back is the acknowledgement. An own entry whose seq is not in flight is anyone's entry (a
 *     stalled attempt that landed after an error): it is applied.
 *  4. An entry at or below our version brings no text. If it is the one in flight, the text has it already, so our copy
 *     of it is taken out again. An entry beyond the next version is a gap: nothing is taken, the log is to be asked.
 *  5. A resend carries the same seq, moved over what came in since, on the current version. Had it been committed
 *     already, its entry would have been crossed, so the base always lies below the version it got.
 *  6. A refused submission leaves the shown text, exactly: what it inserted goes, what it deleted returns, what was
 *     typed behind it stays. Its words are handed back to be offered for copying: nothing is lost unseen.
 *  7. Large edits go in pieces: what is taken in flight is the head of the buffer, the rest stays whole.
 *
 * `text` is the server's text at `version`: needed to put back what a refused edit deleted, and to compare checksums.
 */
import {
  compose,
  invert,
  isNoop,
  type Operation,
  positionBefore,
  type Readable,
  transform,
  transformPosition,
} from "./ot";
import { type SubmissionLimits, split } from "./split";

/** A text value that operations can be applied to: a rope in the page, a string in tests. */
export interface Text<Self> extends Readable {
  apply(operation: Operation): Self;
}

export interface Entry {
  readonly version: number;
  readonly client_id: string;
  readonly seq: number;
  readonly operation: Operation;
}

export interface Submission {
  readonly seq: number;
  readonly base_version: number;
  readonly operation: Operation;
}

/** All that is unacknowledged, as plain JSON: enough to go on after a reload. `seq` is the last one used. */
export interface Pending {
  readonly version: number;
  readonly seq: number;
  readonly inFlight: Outgoing | null;
  readonly buffer: Operation;
  readonly edits: number;
}

interface Outgoing {
  readonly seq: number;
  readonly operation: Operation;
  readonly edits: number;
}

/** What an entry did: the change to show, or a gap in front of it. */
export type Received = { readonly change: Operation; readonly acknowledged: boolean } | "gap";

/** What was taken out of the shown text, and the words that went with it. */
export interface Withdrawn {
  readonly change: Operation;
  readonly lost: string;
}

export class Session<T extends Text<T>> {
  private inFlight: Outgoing | null = null;
  private buffer: Operation = [];
  private edits = 0; // how many edits the buffer is made of
  private seq = 0;

  constructor(
    readonly clientId: string,
    public version: number,
    public text: T,
  ) {}

  /** A session as it was stored; `text` is the server's text at the stored version. */
  static restore<T extends Text<T>>(clientId: string, pending: Pending, text: T): Session<T> {
    const session = new Session(clientId, pending.version, text);
    session.inFlight = pending.inFlight;
    session.buffer = pending.buffer;
    session.edits = pending.edits;
    session.seq = pending.seq;
    return session;
  }

  /** What leads from the server's text to the shown one. */
  get unacknowledged(): Operation {
    return this.inFlight === null ? this.buffer : compose(this.inFlight.operation, this.buffer);
  }

  /** The text as the user sees it. */
  get shown(): T {
    return this.text.apply(this.unacknowledged);
  }

  get isSynchronised(): boolean {
    return this.inFlight === null && isNoop(this.buffer);
  }

  get seqInFlight(): number | null {
    return this.inFlight?.seq ?? null;
  }

  /** How many edits the server has not acknowledged. */
  get unsaved(): number {
    const { inFlight, edits } = this;
    return this.isSynchronised ? 0 : unsavedIn({ inFlight, edits });
  }

  pending(): Pending | null {
    if (this.isSynchronised) return null;
    const { version, seq, inFlight, buffer, edits } = this;
    return { version, seq, inFlight, buffer, edits };
  }

  // -- the user ---------------------------------------------------------------------------------------------------

  /** The user changed the shown text. */
  edit(operation: Operation): void {
    this.setBuffer(compose(this.buffer, operation), this.edits + 1);
  }

  // -- towards the server -------------------------------------------------------------------------------------------

  /** What should be on the wire now; takes the head of the buffer in flight when nothing is. */
  submission(limits: SubmissionLimits): Submission | null {
    this.inFlight ??= this.takeFromBuffer(limits);
    if (this.inFlight === null) return null;
    return { seq: this.inFlight.seq, base_version: this.version, operation: this.inFlight.operation };
  }

  private takeFromBuffer(limits: SubmissionLimits): Outgoing | null {
    if (isNoop(this.buffer)) return null;
    const [operation, rest] = split(this.buffer, limits);
    const edits = isNoop(rest) ? this.edits : 0; // the pieces of one paste are one edit, saved with the last of them
    this.seq += 1;
    this.setBuffer(rest, this.edits - edits);
    return { seq: this.seq, operation, edits };
  }

  // -- from the server ----------------------------------------------------------------------------------------------

  receive(entry: Entry): Received {
    if (entry.version > this.version + 1) return "gap";
    if (this.isInFlight(entry)) return { change: this.acknowledge(entry), acknowledged: true };
    if (entry.version <= this.version) return { change: [], acknowledged: false };
    return { change: this.cross(entry.operation), acknowledged: false };
  }

  private isInFlight(entry: Entry): boolean {
    return entry.client_id === this.clientId && entry.seq === this.inFlight?.seq;
  }

  private acknowledge(entry: Entry): Operation {
    if (entry.version <= this.version) return this.withdrawInFlight(); // rule 4
    if (!isSame(entry.operation, this.inFlight?.operation)) {
      // Never seen, but the server's word stands: ours makes way for what it says was committed.
      return compose(this.withdrawInFlight(), this.cross(entry.operation));
    }
    this.inFlight = null;
    this.advance(entry.operation);
    return [];
  }

  private cross(operation: Operation): Operation {
    this.advance(operation);
    let change = operation;
    if (this.inFlight !== null) {
      const outgoing = this.inFlight;
      this.inFlight = { ...outgoing, operation: transform(outgoing.operation, change, true) };
      change = transform(change, outgoing.operation, false);
    }
    const buffer = this.buffer;
    this.setBuffer(transform(buffer, change, true), this.edits);
    return transform(change, buffer, false);
  }

  private advance(operation: Operation): void {
    this.text = this.text.apply(operation);
    this.version += 1;
  }

  // -- when it cannot be saved --------------------------------------------------------------------------------------

  /** The server will never take the submission with this seq: it leaves the text. Null if it is not in flight. */
  refuse(seq: number): Withdrawn | null {
    if (this.inFlight?.seq !== seq) return null;
    const lost = insertedText(this.inFlight.operation);
    return { change: this.withdrawInFlight(), lost };
  }

  /** Gives up everything unacknowledged: the server's text is shown again. */
  abandon(): Withdrawn {
    const all = this.unacknowledged;
    this.inFlight = null;
    this.setBuffer([], 0);
    return { change: invert(all, this.text), lost: insertedText(all) };
  }

  private withdrawInFlight(): Operation {
    const undoing = invert(this.inFlight?.operation ?? [], this.text);
    const buffer = this.buffer;
    this.inFlight = null;
    this.setBuffer(transform(buffer, undoing, true), this.edits);
    return transform(undoing, buffer, false);
  }

  private setBuffer(buffer: Operation, edits: number): void {
    this.buffer = buffer;
    this.edits = isNoop(buffer) ? 0 : edits;
  }

  // -- positions ----------------------------------------------------------------------------------------------------

  /** Where a position of the shown text lies in the server's. */
  toServer(position: number): number {
    return positionBefore(positionBefore(position, this.buffer), this.inFlight?.operation ?? []);
  }

  /** Where a position of the server's text is shown. */
  toShown(position: number): number {
    return transformPosition(transformPosition(position, this.inFlight?.operation ?? []), this.buffer);
  }
}

/** How many edits the server has not acknowledged. */
export function unsavedIn({ inFlight, edits }: Pick<Pending, "inFlight" | "edits">): number {
  return Math.max(1, edits + (inFlight?.edits ?? 0));
}

/** The words of all that the server has not acknowledged, for copying. */
export function unsavedWords({ inFlight, buffer }: Pick<Pending, "inFlight" | "buffer">): string {
  return insertedText(compose(inFlight?.operation ?? [], buffer));
}

/** The words an operation put in, for copying. */
export function insertedText(operation: Operation): string {
  return operation.filter((part) => typeof part === "string").join("\n");
}

function isSame(a: Operation, b: Operation | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((part, index) => part === b[index]);
}
