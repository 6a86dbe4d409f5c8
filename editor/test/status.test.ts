/** The one sentence about what is saved: never more than is so. */
import { describe, expect, it } from "vitest";
import type { Situation } from "../src/ports";
import { sentenceFor } from "../src/status";

const LIVE: Situation = {
  line: "open",
  code: 0,
  isLive: true,
  isExpected: false,
  unsaved: 0,
  kept: 0,
  isFailing: false,
  role: "editor",
};
const OFFLINE = { ...LIVE, line: "waiting", isLive: false } as const;

describe("the state line", () => {
  it.each([
    ["Saved", LIVE],
    ["Saving…", { ...LIVE, unsaved: 1 }],
    ["Saving…", { ...LIVE, unsaved: 1, isFailing: true }],
    ["Read only", { ...LIVE, role: "viewer" }],
    ["You can comment", { ...LIVE, role: "commenter" }],
    ["Read only — 2 changes not saved: copy your text", { ...LIVE, role: "viewer", unsaved: 2, kept: 2 }],
    ["Reconnecting…", OFFLINE],
    ["Saved", { ...OFFLINE, isExpected: true }],
    ["Saving…", { ...OFFLINE, isExpected: true, unsaved: 1 }],
    ["Read only", { ...OFFLINE, isExpected: true, role: "viewer" }],
    ["Offline — keeping your changes…", { ...OFFLINE, unsaved: 1 }],
    ["Offline — 2 changes kept here", { ...OFFLINE, unsaved: 3, kept: 2 }],
    ["Offline — 5,000 changes kept here", { ...OFFLINE, unsaved: 5000, kept: 5000 }],
    ["Offline — 3 changes not kept: leave this page open", { ...OFFLINE, unsaved: 3, kept: 2, isFailing: true }],
    ["CollabDocs was updated: reload this page", { ...OFFLINE, line: "final", code: 4426 }],
    [
      "CollabDocs was updated: reload this page, 2 changes kept here",
      { ...OFFLINE, line: "final", code: 4426, unsaved: 2, kept: 2 },
    ],
    [
      "CollabDocs was updated: copy your text, then reload",
      { ...OFFLINE, line: "final", code: 4426, unsaved: 2, kept: 1 },
    ],
    ["Closed: you no longer have access to this document", { ...OFFLINE, line: "final", code: 4403 }],
    ["Not saved: you no longer have access to this document", { ...OFFLINE, line: "final", code: 4403, unsaved: 1 }],
  ] as const)("%s", (text, situation) => {
    expect(sentenceFor(situation, null).text).toBe(text);
  });

  it("says who is signed out, and of something unsaved that it is not saved", () => {
    expect(sentenceFor(OFFLINE, null, "you are signed out").text).toBe("Closed: you are signed out");
    expect(sentenceFor({ ...OFFLINE, unsaved: 1 }, null, "you are signed out").text).toBe(
      "Not saved: you are signed out",
    );
  });

  it("says first what was not saved", () => {
    expect(sentenceFor(LIVE, "the reason")).toEqual({ text: "Not saved: the reason", tone: "danger" });
  });
});
