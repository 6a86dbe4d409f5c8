/** Brings the history page to life: what its links and forms do by loading it again, happens in place. */

import { Archive, type NamedVersion, type Version } from "./history/archive";
import { element, find } from "./history/dom";
import type { Span } from "./history/ink";
import { Paper } from "./history/paper";
import { Restoring } from "./history/restoring";
import { Scrubber } from "./history/scrubber";
import { Server } from "./history/server";
import * as show from "./history/view";
import { nameOf, useInks } from "./history/words";

const SETTLES = 160; // ms without another move before a version is asked for
const LOOKS = 10_000; // ms between two looks at the head

const root = element("history");
const csrfToken = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
const server = new Server(root.dataset.documentId ?? "", csrfToken);
const archive = new Archive(server, Number(root.dataset.head));
useInks(JSON.parse(root.dataset.inks ?? "{}"));
const sheet = element("paper");
const paper = new Paper(element("text"));

/** What the reader asked for last, and what is on the sheet. */
const wanted = {
  version: Number(root.dataset.version),
  since: root.dataset.since ? Number(root.dataset.since) : null,
  view: show.VIEWS.find((view) => view === root.dataset.view) ?? "changes",
};
const onSheet = { ...wanted };
let shown: Version | null = null; // who and when of what is on the sheet
let names: readonly NamedVersion[] = [];
let loading = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;

const scrubber = new Scrubber(element("version"), element("flags"), (version) => goTo(version, SETTLES), step);
const restoring = find("restoring") && new Restoring(archive, server, restored);

// -- going somewhere ------------------------------------------------------------------------------------------------------

/** The number shows at once; the text comes when the reader stays. */
function goTo(version: number, afterMs = 0, then: () => void = () => {}): void {
  wanted.version = Math.min(archive.head, Math.max(0, version));
  if (wanted.since !== null && wanted.since > wanted.version) wanted.since = null;
  loading.abort();
  clearTimeout(timer);
  scrubber.show(wanted.version, archive.head, `version ${wanted.version}`);
  show.showCaption(wanted.version, archive.head, null, nameAt(wanted.version));
  timer = setTimeout(() => void load().then((isShown) => isShown && then()), afterMs);
}

/** Whether it came to be shown. */
async function load(): Promise<boolean> {
  loading = new AbortController();
  const { signal } = loading;
  const { version, view } = wanted;
  sheet.ariaBusy = shown === null ? "false" : "true";
  try {
    const revision = await archive.revisionOf(version, signal);
    const since = wanted.since ?? (revision === null ? Math.max(0, version - 1) : revision.from_version - 1);
    const [found, spans, listed] = await Promise.all([
      archive.version(version, signal),
      spansFor(view, since, version, signal),
      archive.page(revision?.number ?? 1, signal),
    ]);
    if (signal.aborted) return false;
    shown = found;
    Object.assign(onSheet, wanted);
    showText(spans);
    show.showList(listed, names, version, turn);
    showWhere();
    show.tell("");
    return true;
  } catch (error) {
    if (!signal.aborted) stay(error as Error);
    return false;
  } finally {
    if (!signal.aborted) sheet.ariaBusy = "false";
  }
}

async function spansFor(view: show.View, since: number, version: number, signal: AbortSignal): Promise<Span[]> {
  if (view === "changes") return archive.changes(since, version, signal);
  if (view === "authors") return archive.authors(version, signal);
  const { content } = await archive.version(version, signal);
  return content === "" ? [] : [{ kind: "same", text: content }];
}

/** What could not be loaded is told; the sheet goes on showing what it shows, and says which version that is. */
function stay(error: Error): void {
  const missed = { ...wanted };
  Object.assign(wanted, onSheet);
  showWhere();
  const isElsewhere = missed.version !== onSheet.version;
  const what = isElsewhere ? `Version ${missed.version}` : `The ${missed.view} of version ${missed.version}`;
  const still = isElsewhere ? ` This is still version ${onSheet.version}.` : "";
  show.tell(`${what} can’t be shown. ${error.message}${still}`, "danger", () => {
    Object.assign(wanted, missed);
    goTo(missed.version);
  });
}

/** To the end of the change before, or of the one after. */
async function step(by: 1 | -1): Promise<void> {
  const { version } = wanted;
  try {
    const revision = await archive.revisionOf(version);
    if (by < 0) return goTo(revision === null ? 0 : revision.from_version - 1, 0, arrived);
    const isInside = revision !== null && version < revision.to_version;
    const next = isInside ? revision : await archive.numbered((revision?.number ?? 0) + 1);
    if (next !== null) goTo(next.to_version, 0, arrived);
  } catch (error) {
    stay(error as Error);
  }
}

/** Whoever asked for one certain change wants to see it, wherever in the text it is. */
function arrived(): void {
  if (shown === null) return;
  show.speak(show.inWords(shown));
  if (wanted.view !== "changes") return;
  const [first] = paper.numbers(({ kind }) => kind !== "same");
  if (first !== undefined) paper.reveal(first);
}

// -- showing --------------------------------------------------------------------------------------------------------------

function showText(spans: readonly Span[]): void {
  paper.show(spans);
  sheet.toggleAttribute("data-empty", spans.length === 0);
  sheet.ariaLabel = `Text of version ${wanted.version}`;
  show.showTip(null);
  show.showLegend(spans, paper, (span, place) => {
    show.showTip(paper.marked(span));
    const who = span.passage === undefined ? "removed" : `${nameOf(span.passage.author)}, ${show.when(span.passage)}`;
    show.speak(`${who}, ${place}: ${span.text.slice(0, 100)}`);
  });
}

function showWhere(): void {
  const { version, since, view } = wanted;
  const { head } = archive;
  const known = shown?.version === version ? shown : null;
  scrubber.show(version, head, known === null ? `version ${version}` : show.inWords(known));
  show.showCaption(version, head, known, nameAt(version));
  show.showNewer(head - version);
  show.showActions(version, head, nameAt(version));
  show.showLenses(view, since, version, names);
  const query = new URLSearchParams({ version: `${version}` });
  if (since !== null) query.set("since", `${since}`);
  if (view !== "changes") query.set("view", view);
  history.replaceState(null, "", `?${query}`);
}

function nameAt(version: number): string {
  return names.find((named) => named.version === version)?.name ?? "";
}

async function turn(to: number): Promise<void> {
  try {
    show.showList(await archive.page(to), names, wanted.version, turn);
  } catch (error) {
    show.tell(`The list can’t be shown. ${(error as Error).message}`, "danger", () => void turn(to));
  }
}

// -- the head, and what is done to it -------------------------------------------------------------------------------------

/** Others go on writing: the slider grows, the reader stays where they are. A look that fails is not worth a word. */
async function lookQuietly(): Promise<void> {
  if (document.visibilityState === "hidden") return;
  const moved = await archive.look().catch(() => false);
  if (moved) await showHead().catch(() => {});
}

async function showHead(): Promise<void> {
  names = await archive.names();
  showWhere();
  scrubber.showFlags(names);
  show.showNames(names);
  const revision = await archive.revisionOf(wanted.version);
  show.showList(await archive.page(revision?.number ?? 1), names, wanted.version, turn);
}

function restored(version: number, head: number): void {
  archive.moved(head);
  wanted.since = null;
  goTo(head, 0, () => show.tell(`Version ${version} is restored, as version ${head}. What stood before stays here.`));
  void showHead().catch(() => {});
}

async function giveName(form: HTMLFormElement): Promise<void> {
  const name = String(new FormData(form).get("name") ?? "").trim();
  const { version } = wanted;
  try {
    await server.post(`versions/${version}/name`, { name });
    find("naming")?.removeAttribute("open");
    await showHead();
    show.tell(name === "" ? `Version ${version} has no name any more.` : `Version ${version} is called “${name}” now.`);
  } catch (error) {
    show.tell(`The name is not saved. ${(error as Error).message}`, "danger");
  }
}

// -- hands ----------------------------------------------------------------------------------------------------------------

/** A plain click on such a link happens here; any other is the browser's. */
function on(id: string, selector: string, action: (link: HTMLElement) => void): void {
  find(id)?.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLElement>(selector);
    if (link === null || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    action(link);
  });
}

function listen(): void {
  on("revisions", "a[data-version]", (link) => goTo(Number(link.dataset.version), 0, arrived));
  on("views", "a[data-view]", (link) => {
    wanted.view = show.VIEWS.find((view) => view === link.dataset.view) ?? "changes";
    goTo(wanted.version);
  });
  on("restore", "#restore", () => void restoring?.open(wanted.version));
  on("earlier", "#earlier", () => void step(-1));
  on("later", "#later", () => void step(1));
  on("newest", "#newest", () => goTo(archive.head, 0, arrived));
  element("since-version").addEventListener("change", ({ target }) => {
    const { value } = target as HTMLSelectElement;
    wanted.since = value === "" ? null : Number(value);
    goTo(wanted.version);
  });
  find("naming")
    ?.querySelector("form")
    ?.addEventListener("submit", (event) => {
      event.preventDefault();
      void giveName(event.target as HTMLFormElement);
    });
  element("scrubber").addEventListener("submit", (event) => event.preventDefault());
  sheet.addEventListener("pointerover", ({ target }) => show.showTip(paper.spanOf(target)));
  sheet.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && show.showTip(null));
  document.addEventListener("click", ({ target }) => {
    closeMenus(target as Node);
    if (!find("legend")?.contains(target as Node)) show.showTip(paper.spanOf(target)); // a finger does not hover
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus(null));
  document.addEventListener("visibilitychange", () => void lookQuietly());
}

function closeMenus(except: Node | null): void {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (except !== null && menu.contains(except)) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.removeAttribute("open");
    if (hadFocus && except === null) menu.querySelector("summary")?.focus();
  }
}

async function start(): Promise<void> {
  document.documentElement.classList.add("live");
  for (const id of ["earlier", "later"]) element(id).hidden = false;
  listen();
  const isRestoring = find("preview") !== null;
  find("preview")?.remove();
  names = await archive.names().catch(() => []);
  scrubber.showFlags(names);
  show.showNames(names);
  await load();
  if (isRestoring) void restoring?.open(wanted.version);
  setInterval(() => void lookQuietly(), LOOKS);
}

void start();
