/**
 * One editing client: takes the user's edits to the session and the session's submissions to the line; takes what the
 * server says to the session and its changes to the page.
 *
 * The client is *live* when it has joined and crossed everything up to the head it was told; only then does it submit,
 * so that a resend always follows the catch-up. All disorder has one answer: leave the line, come back, and ask for what
 * came since our version. If the server's history is not ours any more (another log, a version it does not know, a text
 * that differs), the session begins afresh under a new client_id, and what it still held is offered for copying.
 */
import type { Line, Timer } from "./connection";
import { composeAll, type Operation } from "./ot";
import type { Around, Page, Situation, Store, Wire } from "./ports";
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
import { type Entry, Session, type Submission, type Text } from "./session";

const ACK_OVERDUE = 8_000; // ms after which a submission is sent again, on a line that lives; doubles each time
const ACK_OVERDUE_MOST = 60_000;
const JOIN_PATIENCE = 10_000; // ms in which joining and catching up must get on
const BEHIND_PATIENCE = 2_000; // ms in which entries that we heard of must arrive

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
  private inbox: (readonly Entry[] | (() => void))[] = [];

  constructor(
    private session: Session<T>,
    private log: string,
    private role: Role,
    private readonly connection: Wire,
    private readonly page: Page<T>,
    private readonly store: Store,
    private readonly world: Around<T>,
  ) {}

  get situation(): Situation {
    const { line, code, isLive, role } = this;
    return { line, code, isLive, unsaved: this.session.unsaved, role };
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

  // -- the user -------------------------------------------------------------------------------------------------------

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
    return this.head === null || this.sent !== null || !this.session.isSynchronised;
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
    if (code === CloseCode.notAllowed || code === CloseCode.noDocument) this.giveUp(FINAL_REASONS[code]);
    if (hadSent && UNDIGESTED.has(code)) this.refused("the server could not take a change of this size or form");
    this.page.changed();
  }

  private leftTheRoom(): void {
    this.head = null;
    this.sent = null;
    this.inbox = [];
    this.isBehind = false;
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
    if (message.log !== undefined && message.log !== this.log && !this.startsAfresh) {
      return this.startAfresh("the document was restored from a backup");
    }
    this.log = message.log ?? this.log;
    this.limits = { ...DEFAULT_LIMITS, ...message.limits };
    if (message.content !== undefined) this.loaded(message.content, message.version);
    this.head = message.head;
    this.cross(message.operations ?? []);
    this.page.joined(this.session.clientId, message.user, message.presence ?? []);
    if (message.sha256 !== undefined) void this.compare(message.version, message.sha256);
    this.setRole(message.role);
  }

  private loaded(content: string, version: number): void {
    if (!this.startsAfresh) this.giveUp("the document was loaded again");
    this.startsAfresh = false;
    const text = this.page.textOf(content);
    this.session = new Session(this.session.clientId, version, text);
    this.page.reset(text, this.canEdit);
  }

  private setRole(role: Role): void {
    this.role = role;
    if (!mayEdit(role)) this.giveUp("you may read this document but no longer change it");
    this.page.setCanEdit(this.canEdit);
  }

  // -- what the server says -------------------------------------------------------------------------------------------

  private cross(entries: readonly Entry[]): void {
    const changes: Operation[] = [];
    let isWhole = true;
    for (const entry of entries) {
      const received = this.session.receive(entry);
      isWhole = received !== "gap";
      if (received === "gap") break;
      changes.push(received.change);
      if (received.acknowledged) this.acknowledged();
    }
    this.page.apply(composeAll(changes.filter((change) => change.length > 0)));
    this.page.crossed(entries);
    if (!isWhole) this.connection.reconnect();
  }

  private acknowledged(): void {
    this.sent = null;
    this.world.clock.cancel(this.overdue);
  }

  private failed(code: string, detail: string, seq: number | null): void {
    if (code === "log_changed" || code === "version_unknown")
      this.startAfresh("the document was restored from a backup");
    else if (code === "forbidden" && (this.head === null || seq !== null)) this.forbidden(detail);
    else if (code === "version_too_old")
      this.connection.reconnect(); // catches up, then sends the same seq again
    else if (code === "rate_limited")
      return; // nothing was committed; the resend comes when the answer is overdue
    else if (seq !== null && seq === this.session.seqInFlight) this.refused(asReason(detail || code));
  }

  /** Not this user's client_id, or a role that has just changed: another one will do, if any. */
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
      const { change, lost } = this.session.abandon();
      this.page.apply(change);
      this.page.offer(reason, lost);
      this.acknowledged();
      this.save();
    }
    this.page.setCanEdit(false);
  }

  private startAfresh(reason: string): void {
    this.giveUp(reason);
    this.startsAfresh = true;
    this.page.setCanEdit(false);
    this.session = new Session(this.store.newClientId(), this.session.version, this.session.text);
    this.connection.reconnect();
  }

  private async compare(version: number, expected: string): Promise<void> {
    const { session } = this;
    if (session.version !== version) return this.heardOf(version);
    const actual = await this.world.sha256?.(session.text);
    if (actual == null || actual === expected || session !== this.session) return;
    const reason = "this page differed from the server's text and was loaded again";
    if (session.isSynchronised) this.page.offer(reason, "");
    this.startAfresh(reason);
  }

  // -- towards the server ---------------------------------------------------------------------------------------------

  /** After anything that happened: what is unacknowledged is stored, then what can be sent is sent. */
  private settle(): void {
    const maySubmit = this.isLive && mayEdit(this.role);
    const submission = maySubmit ? this.session.submission(this.limits) : null;
    this.save();
    if (submission !== null && submission.seq !== this.sent) this.submit(submission, ACK_OVERDUE);
    this.page.changed();
  }

  private submit(submission: Submission, patience: number): void {
    this.sent = submission.seq;
    this.connection.send({ type: "submit", ...submission });
    this.connection.expectAnswer();
    this.overdue = this.world.clock.after(patience, () => {
      const again = this.isLive ? this.session.submission(this.limits) : null;
      if (again !== null) this.submit(again, Math.min(2 * patience, ACK_OVERDUE_MOST));
    });
  }

  private save(): void {
    this.store.save(this.session.clientId, this.log, this.session.pending());
  }
}

const FINAL_REASONS = {
  [CloseCode.notAllowed]: "you no longer have access to this document",
  [CloseCode.noDocument]: "this document was deleted",
} as const;

/** Closes that blame what was sent last: sending it again would go on for ever. */
const UNDIGESTED: ReadonlySet<number> = new Set([CloseCode.tooLarge, CloseCode.frameTooLarge, CloseCode.badMessage]);

/** The server's sentence as it stands behind "Not saved: ". */
function asReason(detail: string): string {
  return detail.replace(/\.$/, "").replace(/^The\b/, "the");
}
