/**
 * What was not saved, offered for copying: a note for each, which stays until the reader puts it away. The words stand in
 * it; with the whole text as it was shown they can be taken along as a file. Text goes in as text only.
 */
import { element, make } from "./dom";
import type { Leftover } from "./storage";

/** `title` names the files. */
export function showLeftover({ reason, words, text }: Leftover, title: string, putAway: () => void): void {
  const panel = element("unsaved");
  const note = make("section", "leftover");
  note.ariaLabel = "Not saved";
  const done = () => {
    note.remove();
    panel.hidden = panel.childElementCount === 0;
    putAway();
  };
  const actions = make("div", "leftover-actions");
  if (words !== "") actions.append(button("Copy text", () => void copy(note, words)));
  if (words !== "") actions.append(button("Download", () => download(`${title} (not saved).txt`, words)));
  if (text !== undefined) {
    actions.append(button("Download whole text", () => download(`${title} (as it was here).txt`, text)));
  }
  const hasWords = words !== "" || text !== undefined;
  actions.append(button(hasWords ? "I have a copy, put away" : "OK", done));
  note.append(make("p", "leftover-reason", `Not saved: ${reason}.`));
  if (words !== "") note.append(wordsToCopy(words));
  note.append(actions);
  panel.append(note);
  panel.hidden = false;
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
  if (navigator.clipboard === undefined)
    document.execCommand("copy"); // plain http has no clipboard API
  else await navigator.clipboard.writeText(words);
}

function download(name: string, text: string): void {
  const link = make("a", "");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name.replaceAll(/[\\/:*?"<>|]/g, " ");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
