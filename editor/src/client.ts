/**
 * One editing client: takes the user's edits to the session and the session's submissions to the line; takes what the
 * server says to the session and its changes to the page.
 *
 * The client is *live* when it has joined and crossed everything up to the head it was told; only then does it submit,
 * so that a resend always follows the catch-up. All disorder has one answer: leave the line, come back, and ask for what
 * came since our version. If the server's history is not ours any more (another log, a version it does not know, a text
 * that differs), the session begins afresh under a new client_id, and what it still held is offered for copying: the
 * words, and the whole text as it was shown, which may hold more than the server now does.
 *
 * Who may read but no longer write keeps what was not sent: it stays in the text they see and on the shelf, is offered for
 * copying, and is sent under its old seq if the right comes back.
 */
import type { Line, Timer } from "./connection";
import { composeAll, InvalidOperation, type Operation } from "./ot";
import type { Around, Held, Page, Situation, Store, Wire } from "./ports";
import {
  CloseCode,
  DEFAULT_LIMITS,
  type Joined,
  type Limits,
  mayEdit,
  type Presence,
  type Role,
  type ServerMessage,
} from "./protocol";
import { type Entry, insertedText, type Received, Session, type Submission, type Text } from "./session";

const ACK_OVERDUE = 8_000; // ms after which a submission is sent again, on a line that lives; doubles each time
const ACK_OVERDUE_MOST = 60_000;
const JOIN_PATIENCE = 10_000; // ms in which joining and catching up must get on
const BEHIND_PATIENCE = 2_000; // ms in which entries that we heard of must arrive
const RESTART_PATIENCE = 2_500; // ms after 1012 in which nobody need be told that the line is down
const RESTORED = "the document was restored from a backup";

export class Client<T extends Text<T>> {
  limits: Limits = DEFAULT_LIMITS;
  private line: Line = "connecting";
  private code = 0;
  private head: number | null = null; // the version to reach before we are live; null: not joined
  private startsAfresh = false; // the next join asks for the text, not for what came since
  private sent: number | null = null; // the seq that was sent on this line
  private overdue: Timer | undefined;
  private watch: Timer | undefined; // over joining, or over a version that we heard of
  private isBehind = false;
  private isCompared = true; // with the server's text; before, nothing is sent: it may be another history
  private isExpected = false; // the server closed with 1012 just now
  private patience: Timer | undefined; // over that
  private unlike: string | null = null; // what was shown of a history that is not the server's any more
  private inbox: (readonly Entry[] | (() => void))[] = [];

  constructor(
    private session: Session<T>,
    private log: string,
    private role: Role,
    private readonly connection: Wire,
    private readonly page: Page<T>,
    private readonly store: Store,
    private readonly world: Around<T>,
    private readonly user: string | null = null, // whose page this is
  ) {}

  get situation(): Situation {
    const { line, code, isLive, isExpected, role } = this;
    const { kept, isFailing } = this.store;
    return { line, code, isLive, isExpected, unsaved: this.session.unsaved, kept, isFailing, role };
  }

  get isLive(): boolean {
    return this.head !== null && this.session.version >= this.head && !this.startsAfresh;
  }

  get canEdit(): boolean {
    return mayEdit(this.role) && !this.startsAfresh;
  }

  get current(): Session<T> {
    return this.session;
  }

  /** What this role may not send; it is sent when the right to write comes back. Null for nothing. */
  get held(): Held | null {
    const { session } = this;
    if (mayEdit(this.role) || session.isSynchronised) return null;
    return { words: insertedText(session.unacknowledged), whole: () => String(session.shown) };
  }

  // -- the user -------------------------------------------------------------------------------------------------------

  /** The writer has a copy of what is held: the server's text is shown again. */
  letGo(): void {
    if (this.held === null) return;
    this.withdraw();
    this.save();
    this.page.changed();
  }

  edited(operation: Operation): void {
    this.session.edit(operation);
    this.settle();
  }

  /** The input method has let go: what waited for it can be shown. */
  settled(): void {
    if (this.inbox.length > 0) this.drain();
  }

  sendPresence(selections: readonly (readonly [number, number])[]): void {
    if (!this.isLive) return;
    const selection = selections.map(([a, b]): [number, number] => [
      this.session.toServer(a),
      this.session.toServer(b),
    ]);
    this.connection.send({ type: "presence", base_version: this.session.version, selection });
  }

  // -- the line -------------------------------------------------------------------------------------------------------

  isWaitingForAnswer(): boolean {
    return this.head === null || this.sent !== null || (mayEdit(this.role) && !this.session.isSynchronised);
  }

  opened(): void {
    const { clientId, version } = this.session;
    const since = this.startsAfresh ? {} : { since: version, log: this.log };
    this.connection.send({ type: "join", client_id: clientId, ...since });
    this.expectProgress();
  }

  /** A lost frame leaves no trace but silence: whoever gets no further leaves the line and asks again. */
  private expectProgress(): void {
    const before = this.session.version;
    this.watchFor(JOIN_PATIENCE, () => {
      if (this.isLive) return;
      if (this.head !== null && this.session.version > before) this.expectProgress();
      else this.connection.reconnect();
    });
  }

  /** Somebody or something is at this version: if it is beyond ours, its entries are on their way, or were lost. */
  private heardOf(version: number): void {
    if (!this.isLive || version <= this.session.version || this.isBehind) return;
    this.isBehind = true;
    this.watchFor(BEHIND_PATIENCE, () => {
      this.isBehind = false;
      if (this.session.version < version) this.connection.reconnect();
    });
  }

  private watchFor(milliseconds: number, action: () => void): void {
    this.world.clock.cancel(this.watch);
    this.watch = this.world.clock.after(milliseconds, action);
  }

  changed(line: Line, code = 0): void {
    const hadSent = this.sent !== null;
    this.line = line;
    this.code = code === 0 && line !== "open" ? this.code : code;
    if (line !== "open") this.leftTheRoom();
    if (code === CloseCode.restarting) this.expectItBack();
    if (code === CloseCode.notAllowed || code === CloseCode.noDocument) this.giveUp(FINAL_REASONS[code]);
    if (hadSent && UNDIGESTED.has(code)) this.refused("the server could not take a change of this size or form");
    if (line !== "open") this.save();
    this.page.changed();
  }

  /** The server restarts: an editor that comes back meanwhile has nothing to tell. */
  private expectItBack(): void {
    this.isExpected = true;
    this.world.clock.cancel(this.patience);
    this.patience = this.world.clock.after(RESTART_PATIENCE, () => {
      this.isExpected = false;
      this.page.changed();
    });
  }

  private leftTheRoom(): void {
    this.head = null;
    this.sent = null;
    this.inbox = [];
    this.isBehind = false;
    this.isCompared = true;
    this.world.clock.cancel(this.overdue);
    this.world.clock.cancel(this.watch);
  }

  received(message: ServerMessage): void {
    if (message.type === "joined") this.inOrder(() => this.joined(message));
    else if (message.type === "operations") this.inOrder(message.operations);
    else if (message.type === "checksum") this.inOrder(() => void this.compare(message.version, message.sha256));
    else if (message.type === "error")
      this.inOrder(() => this.failed(message.code, message.detail, message.seq ?? null));
    else if (message.type === "presence") this.inOrder(() => this.saw(message));
    else if (message.type === "role") this.inOrder(() => this.setRole(message.role));
    else this.page.heard(message);
  }

  private saw(presence: Presence): void {
    this.heardOf(presence.version);
    this.page.presence(presence);
  }

  /** Everything waits behind entries that wait for the input method. */
  private inOrder(item: readonly Entry[] | (() => void)): void {
    this.inbox.push(item);
    if (!this.page.isComposing) this.drain();
  }

  private drain(): void {
    for (let item = this.inbox.shift(); item !== undefined; item = this.inbox.shift()) {
      if (typeof item === "function") item();
      else this.cross(item);
    }
    this.settle();
  }

  // -- joining --------------------------------------------------------------------------------------------------------

  private joined(message: Joined): void {
    if (this.user !== null && message.user !== undefined && message.user.id !== this.user) {
      return this.connection.stop(CloseCode.anotherUser);
    }
    if (message.log !== undefined && message.log !== this.log && !this.startsAfresh) return this.restored();
    this.log = message.log ?? this.log;
    this.limits = { ...DEFAULT_LIMITS, ...message.limits };
    if (message.content !== undefined) this.loaded(message.content, message.version);
    this.head = message.head;
    this.cross(message.operations ?? []);
    this.page.joined(this.session.clientId, message.user, message.presence ?? []);
    if (message.sha256 !== undefined) void this.compareFirst(message.version, message.sha256);
    this.setRole(message.role);
  }

  private loaded(content: string, version: number): void {
    if (!this.startsAfresh) this.giveUp("the document was loaded again");
    this.startsAfresh = false;
    const text = this.page.textOf(content);
    this.session = new Session(this.session.clientId, version, text);
    this.page.reset(text, this.canEdit);
    if (this.unlike !== null && this.unlike !== content) this.page.offer(RESTORED, "", this.unlike);
    this.unlike = null;
  }

  /** An older backup: even what was saved may be gone, so a text that differs is offered, pending or not. */
  private restored(): void {
    if (this.session.isSynchronised) this.unlike = String(this.session.text);
    this.startAfresh(RESTORED);
  }

  private setRole(role: Role): void {
    this.role = role;
    this.page.setCanEdit(this.canEdit);
  }

  // -- what the server says -------------------------------------------------------------------------------------------

  private cross(entries: readonly Entry[]): void {
    const changes: Operation[] = [];
    let end: ReturnType<typeof this.take> | null = null;
    for (const entry of entries) {
      end = this.take(entry);
      if (typeof end === "string") break;
      changes.push(end.change);
      if (end.acknowledged) this.acknowledged();
    }
    this.page.apply(composeAll(changes.filter((change) => change.length > 0)));
    this.page.crossed(entries);
    if (end === "gap") this.connection.reconnect();
    if (end === "unfit") this.restored();
  }

  /** An entry that does not fit our text is one of another history. */
  private take(entry: Entry): Received | "unfit" {
    try {
      return this.session.receive(entry);
    } catch (error) {
      if (error instanceof InvalidOperation || error instanceof RangeError) return "unfit";
      throw error;
    }
  }

  private acknowledged(): void {
    this.sent = null;
    this.world.clock.cancel(this.overdue);
  }

  private failed(code: string, detail: string, seq: number | null): void {
    if (code === "log_changed" || code === "version_unknown") this.restored();
    else if (code === "forbidden" && this.held !== null && seq !== null)
      this.acknowledged(); // nothing was committed: it waits for the role that it needs
    else if (code === "forbidden" && (this.head === null || seq !== null)) this.forbidden(detail);
    else if (code === "version_too_old")
      this.connection.reconnect(); // catches up, then sends the same seq again
    else if (code === "rate_limited")
      return; // nothing was committed; the resend comes when the answer is overdue
    else if (seq !== null && seq === this.session.seqInFlight) this.refused(asReason(detail || code));
  }

  /** Not this user's client_id: another one will do. */
  private forbidden(detail: string): void {
    this.startAfresh(asReason(detail || "you may not change this document"));
  }

  private refused(reason: string): void {
    const seq = this.session.seqInFlight;
    const withdrawn = seq === null ? null : this.session.refuse(seq);
    if (withdrawn === null) return;
    this.acknowledged();
    this.page.apply(withdrawn.change);
    this.page.offer(reason, withdrawn.lost);
    this.settle();
  }

  /** Takes all that is unacknowledged out of the text and offers it. */
  private giveUp(reason: string): void {
    if (!this.session.isSynchronised) {
      const shown = String(this.session.shown);
      this.page.offer(reason, this.withdraw(), shown);
      this.save();
    }
    this.page.setCanEdit(false);
  }

  /** Takes all that is unacknowledged out of the text; its words. */
  private withdraw(): string {
    const { change, lost } = this.session.abandon();
    this.page.apply(change);
    this.acknowledged();
    return lost;
  }

  private startAfresh(reason: string): void {
    this.giveUp(reason);
    this.startsAfresh = true;
    this.page.setCanEdit(false);
    this.session = new Session(this.store.newClientId(), this.session.version, this.session.text);
    this.connection.reconnect();
  }

  private async compareFirst(version: number, expected: string): Promise<void> {
    const { session } = this;
    if (session.version !== version || this.world.sha256 === undefined) return;
    this.isCompared = false;
    await this.compare(version, expected);
    if (session !== this.session) return;
    this.isCompared = true;
    this.settle();
  }

  private async compare(version: number, expected: string): Promise<void> {
    const { session } = this;
    if (session.version !== version) return this.heardOf(version);
    const actual = await this.world.sha256?.(session.text);
    if (actual == null || actual === expected || session !== this.session) return;
    const reason = "this page differed from the server's text and was loaded again";
    if (session.isSynchronised) this.page.offer(reason, "", String(session.text));
    this.startAfresh(reason);
  }

  // -- towards the server ---------------------------------------------------------------------------------------------

  /** After anything that happened: what is unacknowledged is stored, then what can be sent is sent. */
  private settle(): void {
    const submission = this.nextSubmission();
    this.save();
    if (submission !== null && submission.seq !== this.sent && this.isStored(submission)) {
      this.submit(submission, ACK_OVERDUE);
    }
    this.page.changed();
  }

  private nextSubmission(): Submission | null {
    const maySubmit = this.isLive && this.isCompared && mayEdit(this.role);
    return maySubmit ? this.session.submission(this.limits) : null;
  }

  /** A browser that can't keep anything keeps nothing that a reload could confuse. */
  private isStored({ seq }: Submission): boolean {
    return this.store.seqWritten === seq || this.store.isFailing;
  }

  /** The store has written, or failed to. */
  stored(): void {
    this.settle();
  }

  private submit(submission: Submission, patience: number): void {
    this.sent = submission.seq;
    this.connection.send({ type: "submit", ...submission });
    this.connection.expectAnswer();
    this.overdue = this.world.clock.after(patience, () => {
      const again = this.nextSubmission();
      if (again === null) this.sent = null;
      else this.submit(again, Math.min(2 * patience, ACK_OVERDUE_MOST));
    });
  }

  /** Where an answer will soon take the place of what is written, it need not go to the disk at once. */
  private save(): void {
    const isStrict = !this.isLive || !mayEdit(this.role);
    this.store.save(this.session.clientId, this.log, this.session.pending(), isStrict);
  }
}

const FINAL_REASONS = {
  [CloseCode.notAllowed]: "you no longer have access to this document",
  [CloseCode.noDocument]: "this document was deleted, or is not shared with you any more",
} as const;

/** Closes that blame what was sent last: sending it again would go on for ever. */
const UNDIGESTED: ReadonlySet<number> = new Set([CloseCode.tooLarge, CloseCode.frameTooLarge, CloseCode.badMessage]);

/** The server's sentence as it stands behind "Not saved: ". */
function asReason(detail: string): string {
  return detail.replace(/\.$/, "").replace(/^The\b/, "the");
}
