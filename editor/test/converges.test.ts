/** Whatever the network does: everybody sees the same text in the end, and what was typed once is there once. */
import { describe, expect, it } from "vitest";
import { Network, type Writer } from "./network";
import { below, pick, type Random } from "./random";

describe("convergence", () => {
  it("works", async () => {
    const network = new Network();
    const alice = await network.opens("alice");
    const bob = await network.opens("bob");
    alice.types("hi");
    await network.drain();
    bob.types(" alice", 2);
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hi alice");
  });

  it("puts the later commit first in a tie", async () => {
    const network = new Network({ text: "ab" });
    const alice = await network.opens("alice");
    const bob = await network.opens("bob");
    await network.drain();
    network.delay = 0;
    alice.types("A", 1);
    await network.pass(0);
    bob.types("B", 1);
    await network.drain();
    network.assertConverged();
    expect(network.server.log.map(({ operation }) => operation)).toEqual([
      [1, "A"],
      [expect.any(Number), "B"],
    ]);
  });

  const SEEDS = Array.from(
    { length: Number(process.env.SEEDS ?? 120) },
    (_, index) => index + Number(process.env.SEED ?? 1),
  );

  it.each(SEEDS)("everything typed once is there once (seed %i)", async (seed) => {
    const { network, marks } = await adventure(seed, false);
    for (const mark of marks) expect(network.server.text.split(mark).length - 1, `${mark} is there once`).toBe(1);
    expect(network.server.log.length).toBeGreaterThan(2);
  });

  it.each(SEEDS)("with erasing, too, all see one text (seed %i)", async (seed) => {
    await adventure(seed, true);
  });

  it.each(SEEDS)("browsers that are killed lose nothing that was called saved or kept (seed %i)", async (seed) => {
    const { network, marks } = await adventure(seed, false, true);
    for (const mark of marks) {
      const count = network.server.text.split(mark).length - 1;
      expect(count, `${mark} is there at most once`).toBeLessThanOrEqual(1);
    }
    const promised = network.writers.flatMap((writer) => [...writer.promised.join("")]);
    expect(promised.filter((mark) => !network.server.text.includes(mark))).toEqual([]);
  });
});

/** Four writers on a bad line. Each typed mark is one astral character, so that no edit can part it. */
async function adventure(seed: number, erases: boolean, crashes = false) {
  const network = new Network({ seed, text: "one 😀 two\nthree" });
  const { random } = network;
  network.diskDelay = crashes ? pick(random, [0, 100, 2_000]) : 0;
  const writers = await Promise.all(["alice", "bob", "carol", "dave"].map((name) => network.opens(name)));
  const marks: string[] = [];
  network.delay = pick(random, [5, 200, 1500]);
  network.lossRate = pick(random, [0, 0.02, 0.15]);
  network.server.limits = pick(random, [{}, { inserted: 3, components: 3 }]);
  const types = (writer: Writer) => {
    const fresh = Array.from({ length: 1 + below(random, 6) }, (_, index) =>
      String.fromCodePoint(0xf0000 + marks.length + index),
    );
    marks.push(...fresh);
    writer.typesSomewhere(fresh.join(""));
  };
  const troubles: [number, (writer: Writer) => unknown][] = [
    [60, types],
    [erases ? 20 : 0, (writer) => writer.erasesSomething()],
    [8, (writer) => writer.loses()],
    [8, (writer) => writer.reloads()],
    [crashes ? 10 : 0, (writer) => writer.crashes()],
    [3, () => flip("isReachable")],
    [3, () => flip("isBlackHole")],
    [3, () => network.server.close(1012)],
    [4, (writer) => compose(writer, !writer.isComposing)],
    [2, () => network.pass(20_000)],
  ];
  const flip = (what: "isReachable" | "isBlackHole") => {
    network[what] = !network[what];
  };
  for (let step = 0; step < 80; step++) {
    await chosen(random, troubles)(pick(random, writers));
    await network.pass(below(random, 400));
  }
  for (const writer of writers) compose(writer, false);
  await network.drain();
  network.assertConverged();
  expect(writers.flatMap(({ offers }) => offers)).toEqual([]);
  for (const writer of writers) expect([...writer.shelf.records], "nothing stays in the browser").toEqual([]);
  return { network, marks };
}

function compose(writer: Writer, isComposing: boolean): void {
  writer.isComposing = isComposing;
  if (!isComposing) writer.client.settled();
}

function chosen<T>(random: Random, choices: readonly (readonly [weight: number, choice: T])[]): T {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error("no choice");
}
