/** What the client does with every refusal, close and change of role: nothing is lost unseen, nothing retried for ever. */
import { describe, expect, it } from "vitest";
import { sentenceFor } from "../src/status";
import { Network } from "./network";

async function aliceAt(text = "hello") {
  const network = new Network({ text });
  const alice = await network.opens("alice");
  await network.drain();
  return { network, alice };
}

const stateOf = ({ client }: { client: { situation: Parameters<typeof sentenceFor>[0] } }) =>
  sentenceFor(client.situation, null).text;

describe("catching up", () => {
  it("asks for what came since, names the log, and submits only once it has reached the head", async () => {
    const { network, alice } = await aliceAt();
    network.isReachable = false;
    alice.loses();
    alice.types("!");
    for (let seq = 1; seq <= 12; seq++) network.server.commit("bob", seq, [`${seq} `]);
    await network.drain();
    expect(network.server.joins.at(-1)).toMatchObject({ since: 0, log: "log-1" });
    expect(network.server.received.map(({ base_version }) => base_version)).toEqual([12]);
    network.assertConverged();
  });

  it("is asked for at once when an entry is missing", async () => {
    const { network, alice } = await aliceAt();
    network.lossRate = 1;
    network.server.commit("bob", 1, ["one "]);
    network.lossRate = 0;
    network.server.commit("bob", 2, ["two "]);
    await network.pass(1_500);
    expect(network.opened).toBe(2);
    expect(alice.text).toBe("two one hello");
  });

  it("is asked for when somebody is at a version whose entry does not come", async () => {
    const { network, alice } = await aliceAt();
    network.lossRate = 1;
    network.server.commit("bob", 1, ["one "]);
    network.lossRate = 0;
    for (let second = 0; second < 4; second++) {
      network.server.tellAll({ type: "presence", client_id: "b", user: null, version: 1, selection: [] });
      await network.pass(1_000);
    }
    expect(alice.text).toBe("one hello");
  });

  it("begins again when the answer to joining is lost", async () => {
    const network = new Network({ text: "hello" });
    network.lossRate = 0;
    const alice = await network.opens("alice");
    await network.pass(60);
    network.lossRate = 1;
    alice.loses();
    network.lossRate = 0;
    network.server.swallowsJoins = 1;
    await network.pass(20_000);
    expect(stateOf(alice)).toBe("Saved");
  });
});

describe("refused submissions", () => {
  it.each([
    "invalid_operation",
    "document_too_large",
    "operation_too_large",
    "seq_reused",
    "out_of_order",
    "invalid_message",
  ])("%s: leaves the text, is offered for copying, is not sent again", async (code) => {
    const { network, alice } = await aliceAt();
    network.server.refuses = ({ operation }) => (operation.includes("bad") ? code : null);
    alice.types("bad", 0);
    await network.pass(1);
    alice.types("good");
    await network.drain();
    expect(alice.offers).toEqual([{ reason: code, words: "bad" }]);
    expect(network.server.received.filter(({ operation }) => operation.includes("bad"))).toHaveLength(1);
    network.assertConverged();
    expect(alice.text).toBe("hellogood");
  });

  it("forbidden: begins afresh under a new client_id", async () => {
    const { network, alice } = await aliceAt();
    const before = alice.client.current.clientId;
    network.server.refuses = ({ operation }) => (operation.includes("bad") ? "forbidden" : null);
    alice.types("bad");
    await network.drain();
    alice.types("!");
    await network.drain();
    expect(alice.offers).toEqual([{ reason: "forbidden", words: "bad", text: "hellobad" }]);
    expect(alice.client.current.clientId).not.toBe(before);
    network.assertConverged();
    expect(alice.text).toBe("hello!");
  });

  it("version_too_old: catches up and sends the same seq on a fresh base", async () => {
    const { network, alice } = await aliceAt();
    let isOld = true;
    network.server.refuses = () => (isOld ? "version_too_old" : null);
    network.delay = 0;
    alice.types("!");
    network.server.commit("bob", 1, ["> "]);
    await network.pass(1);
    isOld = false;
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("> hello!");
    expect(new Set(network.server.received.map(({ seq }) => seq))).toEqual(new Set([1]));
    expect(network.server.received.at(-1)?.base_version).toBe(1);
  });

  it("rate_limited: waits, and sends the same seq again", async () => {
    const { network, alice } = await aliceAt();
    let isBusy = true;
    network.server.refuses = () => (isBusy ? "rate_limited" : null);
    alice.types("!");
    await network.pass(5_000);
    expect(stateOf(alice)).toBe("Saving…");
    isBusy = false;
    await network.drain();
    expect(alice.text).toBe("hello!");
    network.assertConverged();
  });

  it("an earlier attempt that lands after the error is shown like anyone's edit", async () => {
    const { network, alice } = await aliceAt();
    network.server.refuses = () => "invalid_operation";
    alice.types("!");
    await network.drain();
    network.server.commit(alice.client.current.clientId, 1, [5, "!"]);
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello!");
  });
});

describe("a history that is not ours", () => {
  it("log_changed: what is pending is offered, not merged", async () => {
    const { network, alice } = await aliceAt();
    network.isReachable = false;
    alice.loses();
    alice.types(" offline");
    network.server.logName = "log-2";
    await network.drain();
    const reason = "the document was restored from a backup";
    expect(alice.offers).toEqual([{ reason, words: " offline", text: "hello offline" }]);
    expect(alice.canEdit).toBe(true);
    network.assertConverged();
    expect(alice.text).toBe("hello");
  });

  it("log_changed, though all was saved: the text is offered if the backup's is another", async () => {
    const { network, alice } = await aliceAt();
    alice.types(" saved");
    await network.drain();
    network.isReachable = false;
    alice.loses();
    network.server.log.length = 0;
    network.server.logName = "log-2";
    await network.drain();
    const reason = "the document was restored from a backup";
    expect(alice.offers).toEqual([{ reason, words: "", text: "hello saved" }]);
    expect([alice.text, alice.canEdit]).toEqual(["hello", true]);
    network.server.logName = "log-3";
    alice.loses();
    await network.drain();
    expect(alice.offers).toHaveLength(1);
  });

  it("an unnamed backup, told by what the text hashes to: nothing is sent", async () => {
    const { network, alice } = await aliceAt();
    network.isReachable = false;
    alice.loses();
    alice.types(" offline");
    network.server.sha256 = "sum of another text";
    network.isReachable = true;
    await network.pass(20_000);
    expect(network.server.received).toEqual([]);
    expect(alice.offers.map(({ words }) => words)).toEqual([" offline"]);
    network.server.sha256 = null;
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello");
  });

  it("entries that do not fit: likewise", async () => {
    const { network, alice } = await aliceAt("hello world");
    alice.types("!");
    network.server.tellAll({
      type: "operations",
      operations: [{ version: 1, client_id: "b", seq: 1, operation: [500, "x"] }],
    });
    network.server.refuses = () => "nothing";
    await network.pass(500);
    network.server.refuses = () => null;
    await network.drain();
    expect(alice.offers.map(({ words }) => words)).toEqual(["!"]);
    network.assertConverged();
  });

  it("a version that the server does not know: likewise", async () => {
    const { network, alice } = await aliceAt();
    alice.types("1");
    await network.drain();
    network.isReachable = false;
    alice.loses();
    alice.types("2");
    network.server.log.length = 0;
    await network.drain();
    expect(alice.offers).toHaveLength(1);
    network.assertConverged();
    expect(alice.text).toBe("hello");
  });

  it("a checksum that differs: loads again and says so", async () => {
    const { network, alice } = await aliceAt();
    network.server.tellAll({ type: "checksum", version: 0, sha256: "sum of hello" });
    await network.drain();
    expect(alice.offers).toEqual([]);
    network.server.tellAll({ type: "checksum", version: 0, sha256: "another" });
    await network.drain();
    expect(alice.offers).toEqual([{ reason: expect.stringContaining("differed"), words: "", text: "hello" }]);
    network.assertConverged();
  });

  it("a checksum of a version that we never got: asks the log", async () => {
    const { network, alice } = await aliceAt();
    network.lossRate = 1;
    network.server.commit("bob", 1, ["> "]);
    network.lossRate = 0;
    network.server.tellAll({ type: "checksum", version: 1, sha256: "sum of > hello" });
    await network.drain();
    expect(alice.text).toBe("> hello");
  });
});

describe("another user in the same browser", () => {
  it("gets nothing of what is pending here, and this page stops", async () => {
    const { network, alice } = await aliceAt();
    network.isReachable = false;
    alice.loses();
    alice.types(" mine");
    network.server.user = { id: "mallory", name: "mallory", color: "#000000" };
    network.isReachable = true;
    await network.pass(60_000);
    expect(network.server.received).toEqual([]);
    expect(stateOf(alice)).toContain("somebody else has signed in here");
    network.server.user = null;
    await alice.reloads();
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello mine");
  });
});

describe("a browser that keeps nothing", () => {
  it("is said so while offline, and nothing is sent later for that", async () => {
    const { network, alice } = await aliceAt();
    alice.shelf.isBroken = true;
    alice.types("1");
    await network.drain();
    expect(stateOf(alice)).toBe("Saved");
    network.isReachable = false;
    alice.loses();
    alice.types("2");
    await network.pass(5_000);
    expect(stateOf(alice)).toBe("Offline — 1 change not kept: leave this page open");
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello12");
  });
});

describe("roles", () => {
  it("promoted again: may write", async () => {
    const { network, alice } = await aliceAt();
    network.server.tellAll({ type: "role", role: "commenter" });
    await network.drain();
    expect(alice.canEdit).toBe(false);
    network.server.tellAll({ type: "role", role: "editor" });
    await network.drain();
    expect(alice.canEdit).toBe(true);
  });
});

describe("closes", () => {
  it.each([
    [4403, "Closed: you no longer have access to this document"],
    [4404, "Closed: this document was deleted, or is not shared with you any more"],
  ])("%i is final, and offers what is pending", async (code, state) => {
    const { network, alice } = await aliceAt();
    network.server.refuses = () => null;
    network.delay = 0;
    alice.types("!");
    network.server.close(code);
    const before = network.opened;
    await network.pass(600_000);
    expect(stateOf(alice)).toBe(state);
    expect(network.opened).toBe(before);
    expect(alice.canEdit).toBe(false);
  });

  it("4409 does not come back by itself, but when the user says so, with nothing lost", async () => {
    const { network, alice } = await aliceAt();
    network.server.close(4409);
    await network.pass(600_000);
    alice.types("!");
    expect(stateOf(alice)).toBe("Not saved: this document is being edited in another tab");
    expect(network.opened).toBe(1);
    alice.connection.connect();
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello!");
  });

  it.each([4413, 1009, 4400])("%i blames what was sent: it is refused, not sent for ever", async (code) => {
    const { network, alice } = await aliceAt();
    network.server.refuses = () => {
      network.server.close(code);
      return "nothing";
    };
    network.delay = 0;
    alice.types("!");
    await network.drain();
    expect(alice.offers.map(({ words }) => words)).toEqual(["!"]);
    expect(network.server.received.length).toBeLessThanOrEqual(2);
  });

  it("4426: a newer release does not speak with this page; what is pending stays kept", async () => {
    const { network, alice } = await aliceAt();
    network.server.refuses = () => "nothing";
    alice.types("!");
    network.server.close(4426);
    await network.pass(600_000);
    expect(stateOf(alice)).toBe("CollabDocs was updated: reload this page, 1 change kept here");
    expect(network.opened).toBe(1);
    network.server.refuses = () => null;
    await alice.reloads();
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("hello!");
  });

  it("1012 shows nothing while the server is back soon", async () => {
    const { network, alice } = await aliceAt();
    const shown = new Set<string>();
    network.delay = 0;
    network.server.close(1012);
    alice.types("!");
    for (let time = 0; time < 2_400; time += 100) {
      await network.pass(100);
      shown.add(stateOf(alice));
    }
    expect([...shown]).toEqual(["Saving…", "Saved"]);
    expect(alice.text).toBe("hello!");
  });

  it("1012 with nobody back is told within five seconds", async () => {
    const { network, alice } = await aliceAt();
    network.delay = 0;
    network.server.close(1012);
    await network.pass(0);
    network.isReachable = false;
    expect(stateOf(alice)).toBe("Saved");
    await network.pass(5_000);
    expect(stateOf(alice)).toBe("Reconnecting…");
    alice.types("!");
    await network.pass(0);
    expect(stateOf(alice)).toBe("Offline — 1 change kept here");
  });
});

describe("the state line", () => {
  it("says Saved only when all is acknowledged, and Offline within five seconds", async () => {
    const { network, alice } = await aliceAt();
    expect(stateOf(alice)).toBe("Saved");
    alice.types("1");
    expect(stateOf(alice)).toBe("Saving…");
    network.isBlackHole = true;
    alice.types("2");
    alice.types("3");
    await network.pass(5_000);
    expect(stateOf(alice)).toBe("Offline — 3 changes kept here");
    await network.drain();
    expect(stateOf(alice)).toBe("Saved");
    expect(alice.text).toBe("hello123");
  });

  it("resends on a live line when the answer is overdue", async () => {
    const { network, alice } = await aliceAt();
    network.lossRate = 1;
    alice.types("!");
    network.lossRate = 0;
    await network.pass(9_000);
    expect(stateOf(alice)).toBe("Saved");
    expect(network.opened).toBe(1);
    network.assertConverged();
  });
});

describe("the input method", () => {
  it("holds others' edits until the composition ends, and nothing gets out of order", async () => {
    const { network, alice } = await aliceAt();
    alice.isComposing = true;
    alice.types("か");
    network.server.commit("bob", 1, ["> "]);
    await network.pass(1_000);
    expect(alice.text).toBe("helloか");
    alice.isComposing = false;
    alice.client.settled();
    await network.drain();
    network.assertConverged();
    expect(alice.text).toBe("> helloか");
  });
});
