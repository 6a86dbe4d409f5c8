/** On the list of documents: which of them the browser keeps unsaved work of. Opening one saves it, or offers it. */
import { browserDisk } from "./browser";
import { element, make } from "./dom";
import { tabLocks } from "./locks";
import { documentsWithOrphans } from "./orphans";
import { BrowserShelf } from "./shelf";

const ELSEWHERE = "A document that is not on this page";

const notice = element("kept");
const shelf = new BrowserShelf();
const locks = tabLocks();

async function look(): Promise<void> {
  const found = documentsWithOrphans(shelf, browserDisk(), locks, notice.dataset.user ?? "");
  const documents = await found.catch((): string[] => []); // a shelf that can't be read keeps nothing
  element("kept-documents").replaceChildren(...documents.map(line));
  notice.hidden = documents.length === 0;
}

function line(documentId: string): HTMLElement {
  const link = make("a");
  link.href = `/documents/${documentId}/`;
  link.textContent = titleAt(link.href) ?? ELSEWHERE;
  return make("li", "", link);
}

function titleAt(address: string): string | null {
  const titles = document.querySelectorAll<HTMLAnchorElement>(".rows a.title");
  return Array.from(titles).find(({ href }) => href === address)?.textContent ?? null;
}

/** Tabs come and go, and so does what they hold. */
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void look());
window.addEventListener("pageshow", ({ persisted }) => persisted && void look());

void look();
