/** Puts the editor on the page: the server's text is there to be read from the first moment, then comes to life. */

import { keymap } from "@codemirror/view";
import { Api, Refusal } from "./api";
import { browserDisk, randomUuid, sha256 } from "./browser";
import { Client } from "./client";
import { Editor } from "./codemirror";
import { Comments } from "./comments/comments";
import { marksExtension } from "./comments/marks";
import { type Clock, Connection, type Socket } from "./connection";
import { element, meta } from "./dom";
import { tabLocks } from "./locks";
import { editTitle, showPeople, showState, showWayOut } from "./page";
import type { Page } from "./ports";
import { handsExtension, OwnHand, Peers } from "./presence";
import { CloseCode, mayEdit, type Role, type ServerMessage, SUBPROTOCOL } from "./protocol";
import { Recent } from "./recent";
import { Rope } from "./rope";
import { Session, unsavedWords } from "./session";
import { shareInPlace } from "./sharing";
import { BrowserShelf } from "./shelf";
import { sentenceFor } from "./status";
import { type Leftover, Storage, type StoredSession } from "./storage";
import { HeldNote, showLeftover } from "./unsaved";

const root = element("editor");
const stored = element("document-text");
const documentId = root.dataset.documentId ?? "";

const clock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, action) => setTimeout(action, milliseconds),
  cancel: (timer) => clearTimeout(timer),
};

/** What keeps the state line at "Not saved: …". */
const notes = { leftovers: [] as string[], signedOut: false, input: null as string | null };

const api = new Api(documentId, meta("csrf-token"), () => connection.accessToken());

const user = root.dataset.user ?? "";
const storage = new Storage(new BrowserShelf(), browserDisk(), tabLocks(), documentId, user, () => {
  client?.stored();
});

// -- what is to be saved ------------------------------------------------------------------------------------------------

function offer(reason: string, words: string, text?: string): void {
  const leftover = text === undefined ? { reason, words } : { reason, words, text };
  showKept(storage.keepLeftover(leftover), leftover);
}

function showKept(key: string, leftover: Leftover): void {
  notes.leftovers.push(leftover.reason);
  showLeftover(leftover, document.title, () => {
    notes.leftovers.splice(notes.leftovers.indexOf(leftover.reason), 1);
    storage.dropLeftover(key);
    showSituation();
  });
  showSituation();
}

const heldNote = new HeldNote(() => client?.letGo());

function isSignedOut(error: unknown): never {
  notes.signedOut = error instanceof Refusal && [401, 403].includes(error.status);
  throw error;
}

function reasonNotSaved(): string | null {
  return notes.leftovers.at(-1) ?? notes.input;
}

const isGuest = root.dataset.guest !== undefined;
const SIGNED_OUT = isGuest
  ? "your visit has ended; open the link again"
  : "you are signed out; sign in again in another tab";

// -- the session: the page's text, or what an earlier tab left ------------------------------------------------------------

const pageText = Rope.of(stored.textContent ?? "");
const pageVersion = Number(root.dataset.version);
const pageLog = root.dataset.log ?? "";
const pageRole = (root.dataset.role ?? "viewer") as Role;

async function begin(): Promise<Session<Rope>> {
  const orphan = await storage.adopt();
  const session = orphan === null ? null : await restored(orphan);
  return session ?? new Session(storage.newClientId(), pageVersion, pageText);
}

async function restored({ clientId, log, pending }: StoredSession): Promise<Session<Rope> | null> {
  try {
    if (log !== pageLog) return giveUp("the document was restored from a backup");
    const session = Session.restore(clientId, pending, await textAt(pending.version));
    session.text.apply(session.unacknowledged); // throws if it does not fit
    return session;
  } catch {
    return giveUp("changes from an earlier visit no longer fit the document");
  }
  function giveUp(reason: string): null {
    offer(reason, unsavedWords(pending));
    storage.save(clientId, log, null, true);
    return null;
  }
}

/** The server's text at a version; a server that cannot be reached is asked again, what it refuses is final. */
async function textAt(version: number): Promise<Rope> {
  if (version === pageVersion) return pageText;
  for (let wait = 500; ; wait = Math.min(2 * wait, 15_000)) {
    try {
      return Rope.of(await api.textAt(version));
    } catch (error) {
      if (error instanceof Refusal && !error.isPassing) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * Math.random()));
  }
}

// -- wiring ---------------------------------------------------------------------------------------------------------------

const world = {
  clock,
  random: Math.random,
  fetchToken: async () => {
    const token = await api.fetchToken().catch(isSignedOut);
    notes.signedOut = false;
    return token;
  },
  openSocket: (protocols: string[]) => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(`${scheme}//${location.host}/ws/${documentId}`, protocols) as Socket;
  },
  doubts: () => void askWhetherOutdated(),
  sha256,
};

/** A newer release may not speak with this page any more. What it speaks stands on its own page. */
async function askWhetherOutdated(): Promise<void> {
  const page = await api.pageNow();
  if (page !== null && page.protocol !== SUBPROTOCOL) connection.stop(CloseCode.outdated);
}

let client: Client<Rope> | null = null;
let comments: Comments | null = null;

const connection = new Connection(world, {
  opened: () => client?.opened(),
  received: (message) => client?.received(message),
  changed: (line, code) => client?.changed(line, code),
  isWaitingForAnswer: () => client?.isWaitingForAnswer() ?? false,
});

function showSituation(): void {
  if (client === null) return;
  const { situation } = client;
  showState(sentenceFor(situation, reasonNotSaved(), notes.signedOut ? SIGNED_OUT : null));
  heldNote.show(client.held);
  comments?.changed(situation.role);
  const signIn = notes.signedOut && !isGuest ? SIGN_IN : null;
  showWayOut(situation.line === "final" ? (WAYS_OUT[situation.code] ?? null) : signIn);
}

const RELOAD = { label: "Reload", go: () => location.reload() };
const SIGN_IN = { label: "Sign in", go: () => void window.open(location.href) }; // this tab goes on when that is done
const WAYS_OUT: Readonly<Record<number, { label: string; go: () => void }>> = {
  [CloseCode.joinedElsewhere]: { label: "Edit here", go: () => connection.connect() },
  [CloseCode.notAllowed]: RELOAD,
  [CloseCode.noDocument]: RELOAD,
  [CloseCode.outdated]: RELOAD,
  [CloseCode.anotherUser]: RELOAD,
};

/** Other tabs that are gone may have left work, too. It takes a tab for each to save it. */
async function lookForMore(): Promise<void> {
  element("left-behind").hidden = !(await storage.hasMore());
}

async function start(): Promise<void> {
  for (const { key, leftover } of await storage.leftovers()) showKept(key, leftover);
  const session = await begin();
  const title = editTitle(
    (wanted) => api.rename(wanted),
    () => {
      notes.input = "the new title could not be saved";
      showSituation();
    },
  );
  title.setCanEdit(mayEdit(pageRole));

  const editor = new Editor(
    element("paper"),
    {
      text: session.text.apply(session.unacknowledged),
      canEdit: mayEdit(pageRole),
      limit: () => client?.limits.text ?? Number.POSITIVE_INFINITY,
      nonce: meta("csp-nonce"),
      extensions: [
        handsExtension(),
        marksExtension(
          (id) => comments?.pick(id),
          () => comments?.placed(),
        ),
        keymap.of([{ key: "Mod-Alt-m", run: () => comments?.begin() ?? false, preventDefault: true }]),
      ],
    },
    {
      edited: (operation) => {
        notes.input = null;
        client?.edited(operation);
      },
      moved: () => ownHand.moved(),
      settled: () => client?.settled(),
      refused: (reason) => {
        notes.input = reason;
        showSituation();
      },
    },
  );
  const ownHand = new OwnHand(clock, () => client?.sendPresence(editor.selections()));
  const place = {
    version: () => client?.current.version ?? 0,
    toShown: (position: number) => client?.current.toShown(position) ?? position,
    toEditor: (position: number) => editor.position(position),
  };
  const recent = new Recent();
  const peers = new Peers(place, recent, clock);
  const showPeers: () => void = oncePerFrame(() => {
    if (editor.isComposing) return showPeers();
    editor.dispatch(peers.show());
    showPeople(peers.people());
  });
  setInterval(() => peers.expire() && showPeers(), 5_000);

  comments = new Comments({
    view: editor.view,
    ...{ place, recent, clock, user },
    api: api.comments,
    newKey: randomUuid,
    toCodePoint: (position) => editor.codePoint(position),
    isSaved: () => client?.isLive === true && client.situation.unsaved === 0,
  });
  element("add-comment").addEventListener("click", () => comments?.begin());

  const page: Page<Rope> = {
    get isComposing() {
      return editor.isComposing;
    },
    apply: (change) => editor.apply(change),
    reset: (text, canEdit) => {
      recent.forget();
      editor.reset(text, canEdit);
      comments?.reset();
    },
    setCanEdit: (canEdit) => {
      editor.setCanEdit(canEdit);
      title.setCanEdit(canEdit);
    },
    textOf: Rope.of,
    offer,
    joined: (clientId, _user, presence) => {
      peers.joined(clientId, presence);
      showPeers();
      ownHand.moved();
      comments?.joined();
    },
    presence: (presence) => {
      peers.receive(presence);
      showPeers();
    },
    crossed: (entries) => {
      recent.take(entries);
      if (peers.people().length > 0) showPeers();
    },
    heard: (message: ServerMessage) => {
      if (message.type === "comment" && message.comment !== undefined) comments?.heard(message.comment);
      if (message.type === "document" && message.title !== undefined) title.show(message.title);
      root.dispatchEvent(new CustomEvent("collabdocs:message", { detail: message }));
    },
    changed: showSituation,
  };
  client = new Client<Rope>(session, pageLog, pageRole, connection, page, storage, world, user);
  stored.hidden = true;
  connection.connect();
  void lookForMore();
}

function oncePerFrame(action: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      action();
    });
  };
}

window.addEventListener("beforeunload", (event) => {
  const isUnsaved = (client?.situation.unsaved ?? 0) > 0 || comments?.hasDraft === true;
  if (isUnsaved || notes.leftovers.length > 0) event.preventDefault();
});
window.addEventListener("pagehide", () => storage.flush());
for (const change of ["online", "offline", "pageshow"]) window.addEventListener(change, () => connection.probe());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") return storage.flush(); // a phone may not ask before it ends the page
  connection.probe();
  void lookForMore();
});

shareInPlace();
void start();
