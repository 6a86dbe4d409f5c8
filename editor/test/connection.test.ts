/** The line, on a clock that only we move: who comes back when, with which token, and how a dead line is noticed. */
import { beforeEach, describe, expect, it } from "vitest";
import { Connection, type Line, type Socket, Timing } from "../src/connection";
import type { ServerMessage } from "../src/protocol";
import { FakeClock } from "./network";

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly frames: { type: string; token?: string }[] = [];
  readyState = 1;
  isClosed = false;

  constructor(readonly protocols: string[]) {}

  send(frame: string) {
    this.frames.push(JSON.parse(frame));
  }

  close() {
    this.isClosed = true;
  }

  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  pings() {
    return this.frames.filter(({ type }) => type === "ping").length;
  }
}

let clock: FakeClock;
let sockets: FakeSocket[];
let lines: Line[];
let heard: ServerMessage[];
let tokens: number;
let chance: number;
let isTokenRefused: boolean;
let isWaiting: boolean;
let doubts: number;
let connection: Connection;

const socket = () => sockets.at(-1) as FakeSocket;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  lines = [];
  heard = [];
  tokens = 0;
  chance = 0.5;
  isTokenRefused = false;
  isWaiting = false;
  doubts = 0;
  const world = {
    clock,
    random: () => chance,
    openSocket: (protocols: string[]) => {
      sockets.push(new FakeSocket(protocols));
      return socket();
    },
    fetchToken: async () => {
      tokens++;
      if (isTokenRefused) throw new Error("401");
      return { access_token: `token-${tokens}`, expires_in: 300 };
    },
    doubts: () => void doubts++,
  };
  connection = new Connection(world, {
    opened: () => {},
    received: (message) => heard.push(message),
    changed: (line) => lines.push(line),
    isWaitingForAnswer: () => isWaiting,
  });
});

async function opens() {
  connection.connect();
  await clock.pass(0);
  socket().onopen?.();
}

describe("opening", () => {
  it("brings the token as a subprotocol", async () => {
    await opens();
    expect(socket().protocols).toEqual(["collabdocs.v1", "bearer.token-1"]);
    expect(connection.isOpen).toBe(true);
    expect(lines).toEqual(["connecting", "open"]);
  });

  it("sends nothing into a socket that is closing", async () => {
    await opens();
    socket().readyState = 2;
    connection.send({ type: "ping" });
    expect(socket().pings()).toBe(0);
    socket().readyState = 1;
    connection.send({ type: "ping" });
    expect(socket().pings()).toBe(1);
  });

  it("keeps one socket at a time", async () => {
    await opens();
    connection.connect();
    connection.connect();
    await clock.pass(0);
    expect(sockets).toHaveLength(2);
    expect(sockets[0]?.isClosed).toBe(true);
    sockets[0]?.onclose?.({ code: 1006 });
    expect(sockets[0]?.onclose).toBeNull();
  });

  it("gives up on a handshake that takes for ever", async () => {
    connection.connect();
    await clock.pass(Timing.connect + Timing.backoffMost);
    expect(sockets.length).toBeGreaterThan(1);
    expect(sockets[0]?.isClosed).toBe(true);
  });

  it("fetches another token after a refused handshake", async () => {
    connection.connect();
    await clock.pass(0);
    socket().onclose?.({ code: 1006 });
    await clock.pass(Timing.backoff);
    expect(socket().protocols[1]).toBe("bearer.token-2");
  });

  it("goes on asking when there is no token", async () => {
    isTokenRefused = true;
    connection.connect();
    await clock.pass(120_000);
    expect(sockets).toHaveLength(0);
    expect(tokens).toBeGreaterThan(8);
    expect(tokens).toBeLessThan(40);
  });
});

describe("coming back", () => {
  it("waits longer each time, and jitters over the whole wait", async () => {
    const waits: number[] = [];
    for (const part of [0, 1, 1, 1, 1, 1, 1, 1]) {
      chance = part;
      const since = clock.now();
      connection.connect();
      await clock.pass(0);
      const count = sockets.length;
      socket().onclose?.({ code: 1006 });
      while (sockets.length === count) await clock.pass(10);
      waits.push(clock.now() - since);
    }
    expect(waits.map((wait) => Math.round(wait / 100) * 100)).toEqual([0, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it("begins anew once a line has held", async () => {
    chance = 1;
    for (let turn = 0; turn < 6; turn++) {
      connection.connect();
      await clock.pass(0);
      socket().onclose?.({ code: 1006 });
    }
    await opens();
    await clock.pass(Timing.stable);
    const count = sockets.length;
    socket().onclose?.({ code: 1006 });
    await clock.pass(Timing.backoff + 1);
    expect(sockets).toHaveLength(count + 1);
  });

  it("is soon after 1012, and later after 4429", async () => {
    await opens();
    chance = 1;
    socket().onclose?.({ code: 1012 });
    await clock.pass(Timing.restart);
    expect(sockets).toHaveLength(2);
    socket().onopen?.();
    socket().onclose?.({ code: 4429 });
    await clock.pass(Timing.tooFast);
    expect(sockets).toHaveLength(2);
    await clock.pass(Timing.tooFast);
    expect(sockets).toHaveLength(3);
  });

  it("is spread over two seconds after 1012, however many come", async () => {
    const waits: number[] = [];
    for (chance = 0; chance < 1; chance += 0.05) {
      await opens();
      const [count, since] = [sockets.length, clock.now()];
      socket().onclose?.({ code: 1012 });
      while (sockets.length === count) await clock.pass(10);
      waits.push(clock.now() - since);
      await clock.pass(Timing.stable);
    }
    expect(Math.min(...waits)).toBeLessThan(50);
    expect(Math.max(...waits)).toBeGreaterThan(1_800);
    expect(new Set(waits).size).toBeGreaterThan(15);
  });

  it("asks whether anybody speaks with this page, when lines fail though tokens are given", async () => {
    connection.connect();
    while (sockets.length < 4) {
      await clock.pass(10);
      socket().onclose?.({ code: 1006 });
    }
    expect(doubts).toBe(1);
    await clock.pass(Timing.backoffMost);
    socket().onopen?.();
    socket().says({ type: "pong" });
    socket().onclose?.({ code: 1006 });
    expect(doubts).toBe(1);
  });

  it("does not doubt while the server is away", async () => {
    isTokenRefused = true;
    connection.connect();
    await clock.pass(600_000);
    expect(doubts).toBe(0);
  });

  it("goes on though the clock was set back a day, or stood still for two", async () => {
    await opens();
    for (const jump of [-86_400_000, 172_800_000]) {
      clock.jumps(jump);
      socket().onclose?.({ code: 4401 });
      await clock.pass(Timing.backoffMost);
      socket().onopen?.();
      expect(connection.isOpen).toBe(true);
    }
  });

  it("takes a new token after 4401", async () => {
    await opens();
    socket().onclose?.({ code: 4401 });
    await clock.pass(Timing.backoff);
    expect(socket().protocols[1]).toBe("bearer.token-2");
  });

  it.each([4403, 4404, 4409, 4426])("never after %i", async (code) => {
    await opens();
    socket().onclose?.({ code });
    connection.probe();
    await clock.pass(3_600_000);
    expect(sockets).toHaveLength(1);
    expect(lines.at(-1)).toBe("final");
  });

  it("is at once when the browser says that it is online again", async () => {
    await opens();
    chance = 1;
    for (let turn = 0; turn < 6; turn++) {
      socket().onclose?.({ code: 1006 });
      connection.probe();
      await clock.pass(0);
    }
    expect(sockets).toHaveLength(7);
  });
});

describe("a dead line", () => {
  it("is noticed within five seconds while something is unacknowledged", async () => {
    isWaiting = true;
    await opens();
    await clock.pass(5_000);
    expect(sockets[0]?.pings()).toBe(1);
    expect(lines).toContain("waiting");
  });

  it("is noticed within fifteen when idle", async () => {
    await opens();
    await clock.pass(15_000);
    expect(lines).toContain("waiting");
  });

  it("is noticed at once when the browser says that something changed", async () => {
    await opens();
    connection.probe();
    await clock.pass(Timing.pong);
    expect(lines.at(-1)).toBe("waiting");
  });

  it("is not suspected while anything arrives", async () => {
    isWaiting = true;
    await opens();
    for (let second = 0; second < 60; second++) {
      await clock.pass(1_000);
      socket().says({ type: "operations", operations: [] });
    }
    expect(socket().pings()).toBe(0);
    expect(sockets).toHaveLength(1);
  });

  it("answered pings keep it", async () => {
    await opens();
    for (let turn = 0; turn < 10; turn++) {
      await clock.pass(Timing.pingIdle);
      socket().says({ type: "pong" });
    }
    expect(sockets).toHaveLength(1);
    expect(socket().pings()).toBe(10);
  });
});

describe("the token", () => {
  it("is renewed in place before it expires", async () => {
    await opens();
    for (let second = 0; second < 300; second += 10) {
      await clock.pass(10_000);
      socket().says({ type: "pong" });
    }
    expect(socket().frames.filter(({ type }) => type === "authenticate")).toEqual([
      { type: "authenticate", token: "token-2" },
    ]);
    expect(sockets).toHaveLength(1);
  });

  it("of five minutes carries two hours over one line, also where renewing fails now and then", async () => {
    await opens();
    const [opened, before] = [clock.now(), lines.length];
    const good = new Map([["token-1", opened + 300_000]]); // as the server sees it: until when
    let until = opened + 300_000;
    let read = socket().frames.length;
    for (let second = 0; second < 7_200; second += 5) {
      isTokenRefused = second % 200 < 20;
      await clock.pass(5_000);
      good.set(`token-${tokens}`, good.get(`token-${tokens}`) ?? clock.now() + 300_000);
      for (const { type, token } of socket().frames.slice(read))
        if (type === "authenticate") until = good.get(token ?? "") ?? 0;
      read = socket().frames.length;
      expect(until).toBeGreaterThan(clock.now());
      socket().says({ type: "pong" });
    }
    expect(sockets).toHaveLength(1);
    expect(lines.slice(before)).toEqual([]);
    expect(socket().frames.filter(({ type }) => type === "authenticate").length).toBeGreaterThanOrEqual(24);
  });
});

describe("frames", () => {
  it("that a newer server sends are passed over", async () => {
    await opens();
    socket().says({ type: "weather", rain: true });
    expect(heard).toEqual([]);
    expect(connection.isOpen).toBe(true);
  });

  it.each([
    "{",
    "[1]x",
    '{"type":"operations","operations":[{"operation":[1.5]}]}',
    '{"type":"operations","operations":3}',
  ])("that cannot be understood end the line: %s", async (frame) => {
    await opens();
    socket().onmessage?.({ data: frame });
    expect(lines.at(-1)).toBe("waiting");
  });
});
