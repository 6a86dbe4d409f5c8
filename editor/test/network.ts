/**
 * A simulated network: a clock that only we move, sockets that delay, lose and break, a server that rebases as the
 * protocol says, and writers with a browser each.
 *
 *     const network = new Network({ seed: 7 });
 *     const alice = await network.opens("alice");
 *     alice.types("hi");
 *     await network.drain();
 *     network.assertConverged();
 */
import { expect } from "vitest";
import { Client } from "../src/client";
import { type Clock, Connection, type Socket, type Timer } from "../src/connection";
import type { Locks } from "../src/locks";
import { apply, type Operation, PlainText, transform } from "../src/ot";
import type { Page } from "../src/ports";
import type { ClientMessage, Role, User } from "../src/protocol";
import { type Entry, type Pending, Session, type Submission, unsavedIn } from "../src/session";
import type { Changes, Shelf } from "../src/shelf";
import { sentenceFor } from "../src/status";
import { Storage } from "../src/storage";
import { codePointLength } from "../src/unicode";
import { below, type Random, seeded } from "./random";

// -- time -----------------------------------------------------------------------------------------------------------------

export class FakeClock implements Clock {
  private time = 0;
  private count = 0;
  private readonly due = new Map<number, { at: number; action: () => void }>();

  now(): number {
    return this.time;
  }

  after(milliseconds: number, action: () => void): Timer {
    this.due.set(++this.count, { at: this.time + milliseconds, action });
    return this.count as unknown as Timer;
  }

  cancel(timer: Timer | undefined): void {
    this.due.delete(timer as unknown as number);
  }

  /** Lets time pass; what falls due happens in order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await promises();
    for (let next = this.next(end); next !== null; next = this.next(end)) {
      const [id, { at, action }] = next;
      this.due.delete(id);
      this.time = at;
      action();
      await promises();
    }
    this.time = end;
  }

  /** The wall clock is set; timers fall due when they would have. */
  jumps(milliseconds: number): void {
    this.time += milliseconds;
    for (const timer of this.due.values()) timer.at += milliseconds;
  }

  private next(end: number): [number, { at: number; action: () => void }] | null {
    let first: [number, { at: number; action: () => void }] | null = null;
    for (const item of this.due) if (item[1].at <= end && (first === null || item[1].at < first[1].at)) first = item;
    return first;
  }
}

/** What was promised by now is kept. */
export async function promises(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await null;
}

// -- the server -----------------------------------------------------------------------------------------------------------

interface Member {
  clientId: string;
  send(message: object): void;
}

export class FakeServer {
  readonly log: Entry[] = [];
  logName = "log-1";
  role: Role = "editor";
  user: User | null = null; // whom it takes everybody for; null: for who they are
  /** What to answer instead of committing: an error code, or null to commit. */
  refuses: (submission: Submission) => string | null = () => null;
  sha256: string | null = null; // what it says that the text's checksum is, on joining with since
  limits: object = {};
  received: Submission[] = [];
  joins: object[] = [];
  swallowsJoins = 0; // how many joins go unanswered
  readonly members = new Set<Member>();

  constructor(private readonly initial = "") {}

  get version(): number {
    return this.log.length;
  }

  textAt(version: number): string {
    return this.log.slice(0, version).reduce((text, { operation }) => apply(text, operation), this.initial);
  }

  get text(): string {
    return this.textAt(this.version);
  }

  hears(member: Member, message: ClientMessage): void {
    if (message.type === "ping") member.send({ type: "pong" });
    else if (message.type === "join") this.join(member, message);
    else if (message.type === "submit") this.submit(member, message);
    else if (message.type === "presence") this.relay(member, message.base_version);
  }

  private relay({ clientId }: Member, version: number): void {
    const user = { id: clientId, name: "somebody", color: "#0f766e" };
    this.tellAll({ type: "presence", client_id: clientId, user, version, selection: [[0, 0]] });
  }

  private join(member: Member, join: { client_id: string; since?: number; log?: string }): void {
    const { client_id, since, log } = join;
    this.joins.push(join);
    if (this.swallowsJoins-- > 0) return;
    const refused = (code: string) => member.send({ type: "error", code, detail: code });
    if (log !== undefined && log !== this.logName) return refused("log_changed");
    if (since !== undefined && since > this.version) return refused("version_unknown");
    member.clientId = client_id;
    this.members.add(member);
    const page = since === undefined ? [] : this.log.slice(since, since + 5); // small pages: the tail comes in messages
    member.send({
      type: "joined",
      ...(since === undefined ? { content: this.text } : { operations: page }),
      version: since === undefined ? this.version : since + page.length,
      head: this.version,
      log: this.logName,
      role: this.role,
      client_id,
      limits: this.limits,
      presence: [],
      ...(this.sha256 === null || since === undefined ? {} : { sha256: this.sha256 }),
      ...(this.user === null ? {} : { user: this.user }),
    });
    for (let from = (since ?? this.version) + page.length; from < this.version; from += 5) {
      member.send({ type: "operations", operations: this.log.slice(from, from + 5) });
    }
  }

  private submit(member: Member, submission: Submission & { type?: string }): void {
    this.received.push(submission);
    const { seq } = submission;
    const committed = this.log.find((entry) => entry.client_id === member.clientId && entry.seq === seq);
    if (committed !== undefined) return this.answerResend(member, submission, committed);
    const refusal = this.refuses(submission) ?? this.orderProblem(member, submission);
    if (refusal !== null) return member.send({ type: "error", code: refusal, detail: refusal, seq });
    this.commit(member.clientId, seq, this.rebased(submission, this.version));
  }

  private orderProblem({ clientId }: Member, { base_version }: Submission): string | null {
    const own = this.log.findLast((entry) => entry.client_id === clientId);
    if (base_version > this.version) return "version_unknown";
    return own !== undefined && base_version < own.version ? "out_of_order" : null;
  }

  private answerResend(member: Member, submission: Submission, committed: Entry): void {
    const again = this.rebased(submission, committed.version - 1);
    const isSame = JSON.stringify(again) === JSON.stringify(committed.operation);
    if (isSame) member.send({ type: "operations", operations: [committed] });
    else member.send({ type: "error", code: "seq_reused", detail: "seq_reused", seq: submission.seq });
  }

  private rebased({ base_version, operation }: Submission, upTo: number): Operation {
    return this.log
      .slice(base_version, upTo)
      .reduce((moved, entry) => transform(moved, entry.operation, true), operation);
  }

  /** Also for edits that come by other roads: PUT, restore, a script. */
  commit(clientId: string, seq: number, operation: Operation): void {
    apply(this.text, operation);
    const entry = { version: this.version + 1, client_id: clientId, seq, operation };
    this.log.push(entry);
    for (const member of this.members) member.send({ type: "operations", operations: [entry] });
  }

  tellAll(message: object): void {
    for (const member of this.members) member.send(message);
  }

  close(code: number): void {
    for (const member of this.members) (member as ServerEnd).close(code);
  }
}

// -- the line -------------------------------------------------------------------------------------------------------------

interface ServerEnd extends Member {
  close(code: number): void;
}

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  private isOpen = true;
  private up = 0; // when the last frame in each direction arrives: frames stay in order
  private down = 0;
  private readonly end: ServerEnd;

  constructor(private readonly network: Network) {
    this.end = {
      clientId: "",
      send: (message) => this.deliver("down", () => this.onmessage?.({ data: JSON.stringify(message) })),
      close: (code) => this.deliver("down", () => this.break(code)),
    };
    this.deliver("down", () => (network.isReachable ? this.onopen?.() : this.break(1006)));
  }

  send(frame: string): void {
    this.deliver("up", () => this.network.server.hears(this.end, JSON.parse(frame)));
  }

  close(): void {
    this.isOpen = false;
    this.network.server.members.delete(this.end);
  }

  /** The line goes, with all that is on it. */
  break(code = 1006): void {
    if (!this.isOpen) return;
    this.close();
    this.onclose?.({ code });
  }

  private deliver(direction: "up" | "down", action: () => void): void {
    const { clock, random, lossRate } = this.network;
    if (random() < lossRate) return;
    const at = Math.max(this[direction], clock.now() + this.network.delay * random());
    this[direction] = at;
    clock.after(at - clock.now(), () => {
      if (this.isOpen && !this.network.isBlackHole) action();
    });
  }
}

export class Network {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly server: FakeServer;
  readonly writers: Writer[] = [];
  delay = 50;
  lossRate = 0;
  diskDelay = 0;
  isReachable = true;
  isBlackHole = false; // frames vanish, nothing closes
  readonly sockets = new Map<Writer, FakeSocket>();
  opened = 0;

  constructor({ seed = 1, text = "" }: { seed?: number; text?: string } = {}) {
    this.random = seeded(seed);
    this.server = new FakeServer(text);
  }

  async opens(name: string): Promise<Writer> {
    const writer = new Writer(name, this);
    this.writers.push(writer);
    await writer.loads();
    return writer;
  }

  socketFor(writer: Writer): Socket {
    const socket = new FakeSocket(this);
    this.sockets.set(writer, socket);
    this.opened++;
    return socket;
  }

  pass(milliseconds: number): Promise<void> {
    return this.clock.pass(milliseconds);
  }

  /** Everything heals and goes quiet. */
  async drain(): Promise<void> {
    this.lossRate = 0;
    this.isReachable = true;
    this.isBlackHole = false;
    for (let turn = 0; turn < 40; turn++) {
      await this.pass(10_000);
      for (const { client } of this.writers) client.sendPresence([]);
      if (this.writers.every(({ client }) => client.isLive && client.current.isSynchronised)) break;
    }
    await this.pass(30_000);
  }

  assertConverged(): void {
    for (const writer of this.writers) {
      expect(writer.client.situation.unsaved, `${writer.name} has everything saved`).toBe(0);
      expect(writer.text, `${writer.name} sees the server's text`).toBe(this.server.text);
      expect(String(writer.client.current.text), `${writer.name} knows the server's text`).toBe(this.server.text);
    }
  }
}

// -- a writer and a browser -----------------------------------------------------------------------------------------------

/** A shelf whose writes take a while, may fail, and are done whole or not at all. */
export class FakeShelf implements Shelf {
  readonly writes: { changes: Changes; strict: boolean }[] = [];
  isBroken = false;
  private last: Promise<void> = Promise.resolve();

  /** `wait` passes before a write is done. */
  constructor(
    private readonly wait: () => Promise<void> = async () => {},
    readonly records = new Map<string, unknown>(),
  ) {}

  /** What a copy on disk would be: no object is shared with the page. */
  private copy<R>(record: R): R {
    return structuredClone(record);
  }

  async under(prefix: string): Promise<Map<string, unknown>> {
    await this.last;
    if (this.isBroken) throw new Error("QuotaExceededError");
    return this.copy(new Map([...this.records].filter(([key]) => key.startsWith(prefix))));
  }

  write(changes: Changes, strict: boolean): Promise<void> {
    const copy = this.copy(changes);
    const writing = this.last.then(async () => {
      await this.wait();
      if (this.isBroken) throw new Error("QuotaExceededError");
      this.writes.push({ changes: copy, strict });
      for (const [key, record] of copy) {
        if (record === undefined) this.records.delete(key);
        else this.records.set(key, record);
      }
    });
    this.last = writing.catch(() => {});
    return writing;
  }
}

export class FakeDisk {
  private readonly items = new Map<string, string>();
  get length(): number {
    return this.items.size;
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}

export class FakeLocks {
  private readonly held = new Map<string, string>();

  /** The locks as one tab sees them. */
  forTab(tab: string): Locks {
    return {
      hold: async (name) => {
        const holder = this.held.get(name);
        if (holder === undefined) this.held.set(name, tab);
        return holder === undefined;
      },
      held: async (names) => new Set(names.filter((name) => this.held.has(name))),
    };
  }

  release(tab: string): void {
    for (const [name, holder] of this.held) if (holder === tab) this.held.delete(name);
  }
}

let tabs = 0;

export class Writer {
  readonly disk = new FakeDisk();
  shelf = new FakeShelf(() => this.writes());
  readonly locks = new FakeLocks();
  readonly offers: { reason: string; words: string; text?: string }[] = [];
  readonly titles: string[] = [];
  private readonly typed: string[] = [];
  readonly promised: string[] = []; // of what was typed: what the page has called saved, or kept
  isComposing = false;
  text = "";
  canEdit = true;
  client!: Client<PlainText>;
  connection!: Connection;
  storage!: Storage;
  private tab = "";
  private isLeaving = false;
  private isGone = false; // whatever its timers still do, nobody hears of it
  private readonly underWay = new Set<() => void>(); // writes

  constructor(
    readonly name: string,
    private readonly network: Network,
  ) {}

  /** Opens the page, with what an earlier tab has left. */
  async loads(): Promise<void> {
    const { server } = this.network;
    this.tab = `tab-${++tabs}`;
    const locks = this.locks.forTab(this.tab);
    this.storage = new Storage(this.shelf, this.disk, locks, "document", this.name, () => this.hasStored());
    const orphan = await this.storage.adopt();
    this.isLeaving = this.isGone = false;
    const session = orphan
      ? Session.restore(orphan.clientId, orphan.pending, new PlainText(server.textAt(orphan.pending.version)))
      : new Session(this.storage.newClientId(), server.version, new PlainText(server.text));
    this.text = apply(String(session.text), session.unacknowledged);
    this.start(session);
  }

  private start(session: Session<PlainText>): void {
    const { clock, random } = this.network;
    const world = {
      clock,
      random,
      openSocket: () => this.network.socketFor(this),
      fetchToken: async () => ({ access_token: "token", expires_in: 300 }),
      doubts: () => {},
      sha256: (text: PlainText) => new Promise<string>((resolve) => clock.after(100, () => resolve(`sum of ${text}`))),
    };
    const connection: Connection = new Connection(world, {
      opened: () => this.client.opened(),
      received: (message) => this.client.received(message),
      changed: (line, code) => this.isGone || this.client.changed(line, code),
      isWaitingForAnswer: () => this.client.isWaitingForAnswer(),
    });
    this.connection = connection;
    this.client = new Client(
      session,
      this.network.server.logName,
      "editor",
      connection,
      this.page(),
      this.storage,
      world,
      this.name,
    );
    connection.connect();
  }

  private page(): Page<PlainText> {
    const writer = this;
    return {
      get isComposing() {
        return writer.isComposing;
      },
      apply: (change) => {
        this.text = apply(this.text, change);
      },
      reset: (text, canEdit) => {
        this.text = String(text);
        this.canEdit = canEdit;
      },
      setCanEdit: (canEdit) => {
        this.canEdit = canEdit;
      },
      textOf: (content) => new PlainText(content),
      offer: (reason, words, text) => void this.offers.push({ reason, words, ...(text === undefined ? {} : { text }) }),
      joined: () => {},
      presence: () => {},
      crossed: () => {},
      heard: (message) => message.type === "document" && this.titles.push(message.title ?? ""),
      changed: () => this.hasChanged(),
    };
  }

  private hasStored(): void {
    if (!this.isGone) this.client?.stored();
  }

  /** The page's state line, at every moment at which it may change. It never lies. */
  private hasChanged(): void {
    if (this.client === undefined) return;
    const { situation, current } = this.client;
    const sentence = sentenceFor(situation, null).text;
    const known = this.network.server.textAt(current.version);
    if (sentence === "Saved") expect(this.text, `${this.name} says Saved`).toBe(known);
    const kept = Number(/(\d+) changes? kept here/.exec(sentence)?.[1] ?? 0);
    expect(this.keptEdits(), `${this.name} says ${sentence}`).toBeGreaterThanOrEqual(kept);
    if (sentence === "Saved" || (kept > 0 && kept === situation.unsaved)) this.promised.push(...this.typed.splice(0));
  }

  /** How many edits lie on the shelf. */
  private keptEdits(): number {
    const record = this.shelf.records.get(`collabdocs:pending:document:${this.client.current.clientId}`);
    return record === undefined ? 0 : unsavedIn((record as { pending: Pending }).pending);
  }

  /** A write takes its time, unless the page is being left: then the browser does it without the page. */
  private writes(): Promise<void> {
    const { clock, random, diskDelay } = this.network;
    if (diskDelay === 0 || this.isLeaving) return Promise.resolve();
    return new Promise((resolve) => {
      this.underWay.add(resolve);
      clock.after(diskDelay * random(), () => this.underWay.delete(resolve) && resolve());
    });
  }

  /** Leaves without a word and opens the page again. */
  async reloads(): Promise<void> {
    this.leaves();
    await this.loads();
  }

  leaves(): void {
    this.isLeaving = true;
    this.storage.flush();
    for (const isDone of this.underWay) isDone();
    this.ends();
  }

  /** The browser is killed, and opens the page again: what was not yet written is gone. */
  async crashes(): Promise<void> {
    this.shelf = new FakeShelf(() => this.writes(), new Map(this.shelf.records));
    this.typed.length = 0;
    this.ends();
    await this.loads();
  }

  private ends(): void {
    this.underWay.clear();
    this.isGone = true;
    this.connection.stop();
    this.locks.release(this.tab);
  }

  // -- writing ----------------------------------------------------------------------------------------------------------

  edits(operation: Operation): void {
    this.text = apply(this.text, operation);
    this.client.edited(operation);
  }

  types(words: string, at = codePointLength(this.text)): void {
    this.typed.push(words);
    this.edits(at === 0 ? [words] : [at, words]);
  }

  erases(from: number, count: number): void {
    this.edits(from === 0 ? [-count] : [from, -count]);
  }

  typesSomewhere(words: string): void {
    this.types(words, below(this.network.random, codePointLength(this.text) + 1));
  }

  erasesSomething(): void {
    const length = codePointLength(this.text);
    if (length === 0) return;
    const from = below(this.network.random, length);
    this.erases(from, 1 + below(this.network.random, Math.min(4, length - from)));
  }

  loses(): void {
    this.network.sockets.get(this)?.break();
  }
}
