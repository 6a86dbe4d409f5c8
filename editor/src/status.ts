/** The state line: one honest sentence. "Saved" is said only of what the server has acknowledged as durable. */
import type { Situation } from "./ports";
import { CloseCode, mayEdit } from "./protocol";

export type Tone = "good" | "busy" | "warning" | "danger" | "quiet";

export interface Sentence {
  readonly text: string;
  readonly tone: Tone;
}

export function sentenceFor(situation: Situation, notSaved: string | null): Sentence {
  const { line, code, isLive, unsaved, role } = situation;
  if (notSaved !== null) return { text: `Not saved: ${notSaved}`, tone: "danger" };
  if (line === "final") return { text: `Not saved: ${FINAL[code] ?? "the connection was ended"}`, tone: "danger" };
  if (isLive && !mayEdit(role)) return { text: "Read only", tone: "quiet" };
  if (isLive) return unsaved === 0 ? { text: "Saved", tone: "good" } : { text: "Saving…", tone: "busy" };
  if (line === "restarting") return { text: "Server restarting…", tone: "busy" };
  if (unsaved > 0) return { text: `Offline — ${changes(unsaved)} kept here`, tone: "warning" };
  return { text: "Reconnecting…", tone: "busy" };
}

const FINAL: Readonly<Record<number, string>> = {
  [CloseCode.notAllowed]: "you no longer have access to this document",
  [CloseCode.noDocument]: "this document was deleted",
  [CloseCode.joinedElsewhere]: "this document is being edited in another tab",
};

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count.toLocaleString("en")} changes`;
}
