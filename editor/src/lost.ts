/**
 * On the page of a document that is not there, or not there for this user: what the browser keeps of their work on it is
 * offered for copying. It stays on the shelf until it is put away, so who gets the document back has it saved after all.
 */
import { browserDisk } from "./browser";
import { element } from "./dom";
import { tabLocks } from "./locks";
import { unsavedWords } from "./session";
import { BrowserShelf } from "./shelf";
import { NO_DOCUMENT } from "./status";
import { Storage, type StoredSession } from "./storage";
import { showLeftover } from "./unsaved";

const { documentId = "", user = "" } = element("unsaved").dataset;
const TITLE = "Document"; // its own is not known here
const shelf = new BrowserShelf();
const locks = tabLocks();

function openStorage(): Storage {
  return new Storage(shelf, browserDisk(), locks, documentId, user, () => {});
}

async function offerAll(): Promise<void> {
  const storage = openStorage();
  for (const { key, leftover } of await storage.leftovers()) {
    showLeftover(leftover, TITLE, () => storage.dropLeftover(key));
  }
  await offerOrphans();
}

/** A storage holds the work of one tab: each orphan gets its own. */
async function offerOrphans(): Promise<void> {
  const storage = openStorage();
  const orphan = await storage.adopt();
  if (orphan === null) return;
  offerOrphan(storage, orphan);
  await offerOrphans();
}

function offerOrphan(storage: Storage, { clientId, log, pending }: StoredSession): void {
  const leftover = { reason: NO_DOCUMENT, words: unsavedWords(pending) };
  showLeftover(leftover, TITLE, () => storage.save(clientId, log, null, true));
}

window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload()); // others may have it by now

void offerAll();
