/**
 * What was not saved, offered for copying: a note for each, which stays until the reader puts it away. The words stand in
 * it; with the whole text as it was shown they can be taken along as a file. Text goes in as text only.
 */
import { copyText } from "./clipboard";
import { element, make } from "./dom";
import type { Held } from "./ports";
import type { Leftover } from "./storage";

interface Note {
  readonly reason: string;
  readonly hint?: string;
  readonly words: string;
  readonly whole?: () => string;
}

/** `title` names the files. */
export function showLeftover({ reason, words, text }: Leftover, title: string, putAway: () => void): void {
  const whole = text === undefined ? {} : { whole: () => text };
  const note = makeNote({ reason, words, ...whole }, title, () => {
    takeDown(note);
    putAway();
  });
  putUp(note);
}

/** The one note of what waits for a right to write that was taken away; it goes when that comes back. */
export class HeldNote {
  private note: HTMLElement | null = null;
  private words = "";

  constructor(private readonly putAway: () => void) {}

  show(held: Held | null): void {
    if (this.note !== null && held?.words === this.words) return;
    if (this.note !== null) takeDown(this.note);
    this.note = held === null ? null : makeNote({ ...HELD, ...held }, document.title, this.putAway);
    this.words = held?.words ?? "";
    if (this.note !== null) putUp(this.note);
  }
}

const HELD = {
  reason: "you may read this document but no longer change it",
  hint: "It stays in the text you see, and in this browser. If you are let write again, it is saved after all.",
};

function putUp(note: HTMLElement): void {
  const panel = element("unsaved");
  panel.append(note);
  panel.hidden = false;
}

function takeDown(note: HTMLElement): void {
  const panel = element("unsaved");
  note.remove();
  panel.hidden = panel.childElementCount === 0;
}

function makeNote({ reason, hint, words, whole }: Note, title: string, done: () => void): HTMLElement {
  const note = make("section", "leftover");
  note.ariaLabel = "Not saved";
  const actions = make("div", "leftover-actions");
  if (words !== "") actions.append(button("Copy text", () => void copy(note, words)));
  if (words !== "") actions.append(button("Download", () => download(`${title} (not saved).txt`, words)));
  if (whole !== undefined) {
    actions.append(button("Download whole text", () => download(`${title} (as it was here).txt`, whole())));
  }
  const hasWords = words !== "" || whole !== undefined;
  actions.append(button(hasWords ? "I have a copy, put away" : "OK", done));
  note.append(make("p", "leftover-reason", `Not saved: ${reason}.`));
  if (hint !== undefined) note.append(make("p", "quiet", hint));
  if (words !== "") note.append(wordsToCopy(words));
  note.append(actions);
  return note;
}

function wordsToCopy(words: string): HTMLElement {
  const area = make("textarea", "leftover-words");
  area.value = words;
  area.readOnly = true;
  area.rows = Math.min(8, words.split("\n").length + 1);
  area.ariaLabel = "Text that was not saved";
  return area;
}

function button(label: string, action: () => void): HTMLButtonElement {
  const made = make("button", "button", label);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

async function copy(note: HTMLElement, words: string): Promise<void> {
  note.querySelector("textarea")?.select();
  await copyText(words);
}

function download(name: string, text: string): void {
  const link = make("a", "");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name.replaceAll(/[\\/:*?"<>|]/g, " ");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
