/** The parts of the page around the text: state line, people, title, and what was not saved. Text goes in as text only. */
import { safeColor } from "./presence";
import type { User } from "./protocol";
import type { Sentence } from "./status";
import type { Leftover } from "./storage";

export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found as T;
}

export function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Saved and Saving… come and go with each key: shown at once, but not read out. Everything else is. */
export function showState({ text, tone }: Sentence): void {
  const line = element("state");
  if (line.textContent === text) return;
  const isRoutine = (value: string | undefined) => value === "good" || value === "busy";
  line.ariaLive = isRoutine(tone) && isRoutine(line.dataset.tone) ? "off" : "polite";
  line.dataset.tone = tone;
  line.textContent = text;
}

const FACES = 5;

export function showPeople(people: readonly User[]): void {
  const list = element("people");
  const more = people.length - FACES;
  list.replaceChildren(
    ...people.slice(0, FACES).map(face),
    ...(more > 0 ? [make("li", "people-more", `+${more}`)] : []),
  );
  list.ariaLabel =
    people.length === 0 ? "Nobody else is here" : `Also here: ${people.map(({ name }) => name).join(", ")}`;
  list.title = list.ariaLabel;
}

function face({ name, color }: User): HTMLElement {
  const item = make("li", "face", initials(name));
  item.title = name;
  item.setAttribute("aria-label", name);
  item.style.setProperty("--presence", safeColor(color));
  return item;
}

function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/u);
  return (
    words
      .slice(0, 2)
      .map((word) => Array.from(word)[0] ?? "")
      .join("")
      .toUpperCase() || "?"
  );
}

/** Adds a note about what was not saved, with the words to copy, until the reader puts it away. */
export function showLeftover({ reason, words }: Leftover, putAway: () => void): void {
  const panel = element("unsaved");
  const note = make("div", "leftover");
  note.append(make("p", "leftover-reason", `Not saved: ${reason}.`));
  if (words !== "") note.append(wordsToCopy(words));
  const actions = make("div", "leftover-actions");
  if (words !== "") actions.append(button("Copy text", () => void copy(note, words)));
  const done = () => {
    note.remove();
    panel.hidden = panel.childElementCount === 0;
    putAway();
  };
  actions.append(button(words === "" ? "OK" : "I have copied it, put away", done));
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

/** The title, edited in place: Enter or leaving it saves, Escape takes it back. */
export function editTitle(save: (title: string) => Promise<string>, failed: () => void) {
  const field = element<HTMLInputElement>("document-title");
  let saved = field.value;
  const show = (title: string) => {
    saved = title;
    field.value = title;
    document.title = `${title} · CollabDocs`;
  };
  field.addEventListener("keydown", ({ key, isComposing }) => {
    if (isComposing || (key !== "Enter" && key !== "Escape")) return;
    if (key === "Escape") field.value = saved;
    field.blur();
  });
  field.addEventListener("change", () => {
    const title = field.value.trim();
    if (title === "" || title === saved) field.value = saved;
    else save(title).then(show, () => failed());
  });
  return {
    show: (title: string) => {
      if (document.activeElement === field && field.value !== saved)
        saved = title; // not under the writer's hands
      else show(title);
    },
    setCanEdit: (canEdit: boolean) => {
      field.readOnly = !canEdit;
    },
  };
}
