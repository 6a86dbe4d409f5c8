/**
 * The state line: one honest sentence. "Saved" is said only of what the server has acknowledged as durable, "kept here"
 * only of what not even a crash of this browser takes.
 */
import type { Situation } from "./ports";
import { CloseCode, mayEdit, type Role } from "./protocol";

export type Tone = "good" | "busy" | "warning" | "danger" | "quiet";

export interface Sentence {
  readonly text: string;
  readonly tone: Tone;
}

/** `notSaved` is why something was not; `signedOut` says what to do about that, if that is so. */
export function sentenceFor(situation: Situation, notSaved: string | null, signedOut: string | null = null): Sentence {
  const { line, code, isLive, isExpected, unsaved, role } = situation;
  if (line === "final" && code === CloseCode.outdated) return outdated(situation);
  if (notSaved !== null) return { text: `Not saved: ${notSaved}`, tone: "danger" };
  if (signedOut !== null) return ended(signedOut, unsaved);
  if (line === "final") return ended(FINAL[code] ?? "the connection was ended", unsaved);
  if (!isLive && !isExpected) return unsaved === 0 ? { text: "Reconnecting…", tone: "busy" } : offline(situation);
  if (!mayEdit(role)) return readOnly(role, unsaved);
  return unsaved === 0 ? { text: "Saved", tone: "good" } : { text: "Saving…", tone: "busy" };
}

function ended(reason: string, unsaved: number): Sentence {
  if (unsaved === 0) return { text: `Closed: ${reason}`, tone: "warning" };
  return { text: `Not saved: ${reason}`, tone: "danger" };
}

function readOnly(role: Role, unsaved: number): Sentence {
  if (unsaved === 0) return { text: role === "commenter" ? "You can comment" : "Read only", tone: "quiet" };
  return { text: `Read only — ${changes(unsaved)} not saved: copy your text`, tone: "danger" };
}

function offline({ unsaved, kept, isFailing }: Situation): Sentence {
  if (isFailing) return { text: `Offline — ${changes(unsaved)} not kept: leave this page open`, tone: "danger" };
  if (kept === 0) return { text: "Offline — keeping your changes…", tone: "warning" };
  return { text: `Offline — ${changes(Math.min(kept, unsaved))} kept here`, tone: "warning" };
}

function outdated({ unsaved, kept }: Situation): Sentence {
  if (unsaved === 0) return { text: "CollabDocs was updated: reload this page", tone: "warning" };
  if (kept < unsaved) return { text: "CollabDocs was updated: copy your text, then reload", tone: "danger" };
  return { text: `CollabDocs was updated: reload this page, ${changes(unsaved)} kept here`, tone: "warning" };
}

export const NO_DOCUMENT = "this document was deleted, or is not shared with you any more";

const FINAL: Readonly<Record<number, string>> = {
  [CloseCode.notAllowed]: "you no longer have access to this document",
  [CloseCode.noDocument]: NO_DOCUMENT,
  [CloseCode.joinedElsewhere]: "this document is being edited in another tab",
  [CloseCode.anotherUser]: "somebody else has signed in here; sign in again, then reload",
};

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count.toLocaleString("en")} changes`;
}
