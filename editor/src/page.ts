/** The parts of the page around the text: state line, people, title, and what was not saved. Text goes in as text only. */
import { element, make } from "./dom";
import { safeColor } from "./presence";
import type { User } from "./protocol";
import type { Sentence } from "./status";

/** What comes and goes with each key, Saved and Saving… and how many changes wait, is shown, but not read out. */
export function showState({ text, tone }: Sentence): void {
  const line = element("state");
  if (line.textContent === text) return;
  const isRoutine = (value: string | undefined) => value === "good" || value === "busy";
  const isSameNews = withoutCount(text) === withoutCount(line.textContent);
  line.ariaLive = isSameNews || (isRoutine(tone) && isRoutine(line.dataset.tone)) ? "off" : "polite";
  line.dataset.tone = tone;
  line.textContent = text;
}

function withoutCount(text: string | null): string {
  return (text ?? "").replace(/[\d,]+ changes?/, "changes");
}

interface WayOut {
  readonly label: string;
  readonly go: () => void;
}

/** The one button beside the state line: what the reader can do about it. */
export function showWayOut(way: WayOut | null): void {
  const wayOut = element<HTMLButtonElement>("way-out");
  wayOut.hidden = way === null;
  wayOut.textContent = way?.label ?? "";
  wayOut.onclick = way?.go ?? null;
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
