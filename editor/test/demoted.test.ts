/** A right to write that is taken away, and given back: what was typed is not dropped, and is there once in the end. */
import { describe, expect, it } from "vitest";
import { mayEdit, type Role } from "../src/protocol";
import { sentenceFor } from "../src/status";
import { Network, type Writer } from "./network";
import { below, pick } from "./random";

const stateOf = ({ client }: Writer) => sentenceFor(client.situation, null).text;

function gives(network: Network, role: Role): void {
  network.server.role = role;
  network.server.tellAll({ type: "role", role });
}

/** Alice has typed " more" when she is made a viewer, and the server refuses it. */
async function demoted() {
  const network = new Network({ text: "hello" });
  const alice = await network.opens("alice");
  await network.drain();
  network.server.refuses = () => (mayEdit(network.server.role) ? null : "forbidden");
  gives(network, "viewer");
  alice.types(" more");
  await network.pass(120_000);
  return { network, alice };
}

describe("demoted while typing", () => {
  it("keeps what was typed in sight and on the shelf, and offers it", async () => {
    const { network, alice } = await demoted();
    expect(alice.text).toBe("hello more");
    expect(alice.canEdit).toBe(false);
    expect(alice.client.held?.words).toBe(" more");
    expect(alice.client.held?.whole()).toBe("hello more");
    expect(stateOf(alice)).toBe("Read only — 1 change not saved: copy your text");
    expect(alice.shelf.writes.at(-1)?.strict).toBe(true);
    expect(network.server.received).toHaveLength(1);
    expect(network.server.text).toBe("hello");
  });

  it("sees what others write meanwhile", async () => {
    const { network, alice } = await demoted();
    network.server.commit("bob", 1, ["> "]);
    await network.pass(1_000);
    expect(alice.text).toBe("> hello more");
    expect(alice.client.held?.words).toBe(" more");
  });

  it("asks the line no more often than a reader", async () => {
    const { alice } = await demoted();
    expect(alice.client.isWaitingForAnswer()).toBe(false);
  });

  it.each([false, true])("promoted again: it is saved (after a reload: %s)", async (reloads) => {
    const { network, alice } = await demoted();
    if (reloads) await alice.reloads();
    gives(network, "editor");
    await network.drain();
    network.assertConverged();
    expect([alice.text, alice.canEdit, alice.client.held]).toEqual(["hello more", true, null]);
    expect(alice.offers).toEqual([]);
  });

  it("put away: the server's text is shown, and nothing is left", async () => {
    const { network, alice } = await demoted();
    alice.client.letGo();
    await network.drain();
    expect(stateOf(alice)).toBe("Read only");
    expect([...alice.shelf.records]).toEqual([]);
    gives(network, "editor");
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello");
  });

  it("thrown out after that: it is offered still", async () => {
    const { network, alice } = await demoted();
    network.server.close(4403);
    await network.pass(10_000);
    expect(alice.offers.map(({ words, text }) => [words, text])).toEqual([[" more", "hello more"]]);
    expect(alice.text).toBe("hello");
  });

  it("what had been committed before is acknowledged, not offered", async () => {
    const network = new Network({ text: "hello" });
    const alice = await network.opens("alice");
    await network.drain();
    alice.types("!");
    await network.pass(0);
    gives(network, "viewer");
    await network.drain();
    network.assertConverged();
    expect([alice.text, stateOf(alice)]).toEqual(["hello!", "Read only"]);
  });
});

describe("roles that come and go", () => {
  const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 60) }, (_, index) => index + 1);

  it.each(SEEDS)("lose nothing, and double nothing (seed %i)", async (seed) => {
    const network = new Network({ seed, text: "one 😀 two" });
    const { random, server } = network;
    network.delay = pick(random, [5, 200, 1500]);
    server.refuses = () => (mayEdit(server.role) ? null : "forbidden");
    const writers = [await network.opens("alice"), await network.opens("bob")];
    const marks: string[] = [];
    for (let step = 0; step < 60; step++) {
      const writer = pick(random, writers);
      const chance = random();
      if (chance < 0.15) gives(network, pick(random, ["viewer", "commenter", "editor"]));
      else if (chance < 0.22) writer.loses();
      else if (chance < 0.27) await writer.reloads();
      else if (writer.canEdit) {
        marks.push(String.fromCodePoint(0xf0000 + marks.length));
        writer.typesSomewhere(marks.at(-1) ?? "");
      }
      await network.pass(below(random, 400));
    }
    gives(network, "editor");
    await network.drain();
    network.assertConverged();
    for (const mark of marks) expect(server.text.split(mark).length - 1, `${mark} is there once`).toBe(1);
    expect(writers.flatMap(({ offers }) => offers)).toEqual([]);
  });
});
