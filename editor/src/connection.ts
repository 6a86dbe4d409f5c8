/**
 * The line to the server: one WebSocket at a time, opened again whenever it falls.
 *
 *  - A line may be dead without saying so. Whatever arrives proves it alive; after some silence we ping, sooner while
 *    something is unacknowledged, and an unanswered ping ends the socket: the page says so within five seconds.
 *  - Reconnecting waits longer each time and jitters over the whole wait, so that a thousand editors do not come back at
 *    one moment, after a restart (1012) neither. The wait begins anew only once a line has held for a while.
 *  - The access token goes as a subprotocol, and is renewed in place before it expires.
 *  - Some closes are final until the user acts: no access, no document, the same client joined elsewhere. A browser does
 *    not say why a handshake was refused, so after some of them, each with a good token, the world is asked to find out.
 *
 * Sockets, clock, chance and tokens come from outside, so that tests run a simulated network in no time.
 */
import { type ClientMessage, CloseCode, parseMessage, type ServerMessage, SUBPROTOCOL } from "./protocol";

export interface Socket {
  readonly readyState?: number; // 1: open; what has none is open until it is closed
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(frame: string): void;
  close(code?: number): void;
}

const OPEN = 1; // WebSocket.OPEN

export type Timer = ReturnType<typeof setTimeout>;

export interface Clock {
  now(): number;
  after(milliseconds: number, action: () => void): Timer;
  cancel(timer: Timer | undefined): void;
}

export interface Token {
  readonly access_token: string;
  readonly expires_in: number; // seconds
}

export interface World {
  readonly clock: Clock;
  random(): number;
  openSocket(protocols: string[]): Socket;
  fetchToken(): Promise<Token>;
  /** Lines fail though the server gives tokens: is there still somebody who speaks with this page? */
  doubts(): void;
}

/** `final` closes wait for the user, see `CloseCode`. */
export type Line = "connecting" | "open" | "waiting" | "final";

export interface Ear {
  opened(): void;
  received(message: ServerMessage): void;
  changed(line: Line, code?: number): void;
  isWaitingForAnswer(): boolean;
}

export const Timing = {
  connect: 10_000, // for token and handshake
  pingBusy: 2_000, // silence before a ping, while something is unacknowledged
  pingIdle: 12_000,
  pong: 2_500, // silence after it that means the line is dead
  backoff: 500, // the first wait is a random part of it, each further one of twice as much
  backoffMost: 15_000,
  stable: 5_000, // a line that held so long is good: the next wait is short again
  restart: 2_000, // the first wait after 1012 is a random part of it
  tooFast: 5_000, // least wait after 4429
  renew: 0.75, // of a token's life
} as const;

const DOUBTFUL = 4; // lines in a row that failed before they said anything to be understood

const FINAL: ReadonlySet<number> = new Set([
  ...[CloseCode.notAllowed, CloseCode.noDocument, CloseCode.joinedElsewhere],
  ...[CloseCode.outdated, CloseCode.anotherUser],
]);

export class Connection {
  private socket: Socket | null = null;
  private line: Line = "connecting";
  private attempts = 0;
  private failures = 0; // since something was last understood
  private attempt = 0; // numbers the attempts for all time, so that a late token of an old one is not used
  private token: { value: string; renewAt: number } | null = null;
  private timers: {
    retry?: Timer | undefined;
    ping?: Timer | undefined;
    stable?: Timer | undefined;
    renew?: Timer | undefined;
  } = {};

  constructor(
    private readonly world: World,
    private readonly ear: Ear,
  ) {}

  get isOpen(): boolean {
    return this.line === "open";
  }

  /** The bearer token for the HTTP API, fetched anew when it is about to expire. */
  async accessToken(): Promise<string> {
    const now = this.world.clock.now();
    if (this.token === null || now >= this.token.renewAt) {
      const { access_token, expires_in } = await this.world.fetchToken();
      this.token = { value: access_token, renewAt: now + expires_in * 1000 * Timing.renew };
    }
    return this.token.value;
  }

  connect(): void {
    this.drop();
    this.enter("connecting");
    const attempt = ++this.attempt;
    this.timers.retry = this.world.clock.after(Timing.connect, () => this.fallen(0));
    this.accessToken().then(
      (token) => attempt === this.attempt && this.open(token),
      () => attempt === this.attempt && this.fallen(0),
    );
  }

  /** What can't leave any more is sent again on the next line. A socket may be closing before it tells. */
  send(message: ClientMessage): void {
    if (this.line === "open" && (this.socket?.readyState ?? OPEN) === OPEN) this.socket?.send(JSON.stringify(message));
  }

  /** Leaves this line and comes back on a new one, as after a fall. */
  reconnect(): void {
    this.fallen(0);
  }

  stop(code = 0): void {
    this.drop();
    this.enter("final", code);
  }

  /** The browser says that something changed (online, offline, tab shown): find out now. */
  probe(): void {
    if (this.line === "open") this.ping();
    else if (this.line === "waiting") this.connect();
  }

  /** Something was sent that is to be answered: ping sooner. */
  expectAnswer(): void {
    if (this.line === "open") this.listen();
  }

  // -- one socket -----------------------------------------------------------------------------------------------------

  private open(token: string): void {
    const socket = this.world.openSocket([SUBPROTOCOL, `bearer.${token}`]);
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) => this.heard(data);
    socket.onclose = ({ code }) => this.failed(code);
  }

  private opened(): void {
    this.cancelTimers();
    this.enter("open");
    this.timers.stable = this.world.clock.after(Timing.stable, () => {
      this.attempts = 0;
    });
    this.renewLater();
    this.listen();
    this.ear.opened();
  }

  private heard(frame: unknown): void {
    this.listen();
    let message: ServerMessage | null;
    try {
      message = parseMessage(frame);
    } catch {
      return this.failed(0); // not to be understood: the log is, after a fresh join
    }
    this.failures = 0;
    if (message !== null) this.ear.received(message);
  }

  private failed(code: number): void {
    this.failures += 1;
    this.fallen(code);
    if (this.line !== "final" && this.failures % DOUBTFUL === 0) this.world.doubts();
  }

  private fallen(code: number): void {
    const wasOpen = this.line === "open";
    this.drop();
    if (code === CloseCode.tokenExpired || !wasOpen) this.token = null; // a refused handshake does not say why
    if (FINAL.has(code)) return this.enter("final", code);
    this.enter("waiting", code);
    this.timers.retry = this.world.clock.after(this.nextWait(code), () => this.connect());
  }

  private nextWait(code: number): number {
    const most = Math.min(Timing.backoffMost, Timing.backoff * 2 ** this.attempts++);
    const least = code === CloseCode.tooFast ? Timing.tooFast : 0;
    return least + this.world.random() * (code === CloseCode.restarting ? Timing.restart : most);
  }

  private drop(): void {
    this.cancelTimers();
    const socket = this.socket;
    this.socket = null;
    this.attempt++;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private cancelTimers(): void {
    for (const timer of Object.values(this.timers)) this.world.clock.cancel(timer);
    this.timers = {};
  }

  private enter(line: Line, code?: number): void {
    this.line = line;
    this.ear.changed(line, code);
  }

  // -- is anybody there? ----------------------------------------------------------------------------------------------

  private listen(): void {
    this.world.clock.cancel(this.timers.ping);
    const silence = this.ear.isWaitingForAnswer() ? Timing.pingBusy : Timing.pingIdle;
    this.timers.ping = this.world.clock.after(silence, () => this.ping());
  }

  private ping(): void {
    this.world.clock.cancel(this.timers.ping);
    this.send({ type: "ping" });
    this.timers.ping = this.world.clock.after(Timing.pong, () => this.fallen(0));
  }

  // -- the token --------------------------------------------------------------------------------------------------------

  private renewLater(): void {
    const renewAt = this.token?.renewAt ?? Number.POSITIVE_INFINITY;
    const wait = Math.max(Timing.stable, renewAt - this.world.clock.now());
    this.timers.renew = this.world.clock.after(Math.min(wait, 2 ** 31 - 1), () => this.renew());
  }

  private async renew(): Promise<void> {
    const attempt = this.attempt;
    try {
      const token = await this.accessToken();
      if (attempt === this.attempt) this.send({ type: "authenticate", token });
    } catch {
      // The old token still holds for a while; the next try, or the server's 4401, will tell.
    }
    if (attempt === this.attempt) this.renewLater();
  }
}
