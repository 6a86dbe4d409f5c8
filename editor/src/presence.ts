/**
 * The other people's hands: carets and selections with names, and the list of who is here.
 *
 * Positions come in the server's text at a version. They are moved to our version over the entries in between, then to
 * the shown text over what is pending; those ahead of us wait. Once shown, CodeMirror moves them with every change.
 */
import { type EditorState, type Extension, type Range, StateEffect, StateField, Transaction } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Clock, Timer } from "./connection";
import type { Presence, User } from "./protocol";
import type { Recent } from "./recent";

/** Someone's caret or selection, in the editor's positions. */
interface Hand {
  readonly clientId: string;
  readonly user: User;
  readonly ranges: readonly { readonly anchor: number; readonly head: number }[];
}

const showHands = StateEffect.define<readonly Hand[]>();

const hands = StateField.define<readonly Hand[]>({
  create: () => [],
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(showHands)) return effect.value;
    if (!transaction.docChanged) return shown;
    // What comes in is mostly typed at its author's own caret, which then goes along with it.
    const side = transaction.annotation(Transaction.remote) === true ? 1 : -1;
    const moved = (position: number) => transaction.changes.mapPos(position, side);
    return shown.map((hand) => ({
      ...hand,
      ranges: hand.ranges.map(({ anchor, head }) => ({ anchor: moved(anchor), head: moved(head) })),
    }));
  },
  provide: (field) => EditorView.decorations.compute([field], (state) => decorations(state, state.field(field))),
});

export function handsExtension(): Extension {
  return hands;
}

function decorations(state: EditorState, shown: readonly Hand[]): DecorationSet {
  const { length } = state.doc;
  const ranges = shown.flatMap(({ user, ranges }) => ranges.flatMap((range) => handDecorations(user, range, length)));
  return Decoration.set(ranges, true);
}

function handDecorations(
  user: User,
  { anchor, head }: { anchor: number; head: number },
  length: number,
): Range<Decoration>[] {
  const [from, to] = [Math.min(anchor, head, length), Math.min(Math.max(anchor, head), length)];
  const caret = Decoration.widget({ widget: new Caret(user), side: 1 }).range(Math.min(head, length));
  if (from === to) return [caret];
  const style = `--presence: ${safeColor(user.color)}`;
  return [Decoration.mark({ class: "hand-selection", attributes: { style } }).range(from, to), caret];
}

class Caret extends WidgetType {
  constructor(private readonly user: User) {
    super();
  }

  override eq(other: Caret): boolean {
    return other.user.name === this.user.name && other.user.color === this.user.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "hand";
    caret.style.setProperty("--presence", safeColor(this.user.color));
    caret.setAttribute("aria-hidden", "true"); // the list of people says who is here; the text is read undisturbed
    const name = document.createElement("span");
    name.className = "hand-name";
    name.textContent = this.user.name;
    caret.append(name);
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

export function safeColor(color: string): string {
  return /^#[0-9a-f]{3,8}$/i.test(color) ? color : "#6b7280";
}

// -- who is here ------------------------------------------------------------------------------------------------------

/** Where the shown text is: what the hands need of session and editor. */
export interface Place {
  version(): number;
  toShown(position: number): number; // from the server's text at version()
  toEditor(position: number): number; // from code points of the shown text
}

interface Peer {
  readonly presence: Presence;
  readonly seenAt: number;
}

const EXPIRES = 35_000; // ms; the server lets them go after 30 s

export class Peers {
  private readonly peers = new Map<string, Peer>();
  private own = "";

  constructor(
    private readonly place: Place,
    private readonly recent: Pick<Recent, "move">,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  /** The people here, each once however many tabs they have open. */
  people(): User[] {
    const users = [...this.peers.values()].map(({ presence }) => presence.user);
    return [...new Map(users.map((user) => [user.id, user])).values()];
  }

  joined(own: string, present: readonly Presence[]): void {
    this.own = own;
    this.peers.clear();
    for (const presence of present) this.receive(presence);
  }

  receive(presence: Presence): void {
    if (presence.client_id === this.own) return;
    if (presence.selection === null) this.peers.delete(presence.client_id);
    else this.peers.set(presence.client_id, { presence, seenAt: this.clock.now() });
  }

  /** Lets go of those who have not been heard of; true if there were any. */
  expire(): boolean {
    const before = this.peers.size;
    for (const [id, { seenAt }] of this.peers) if (this.clock.now() - seenAt > EXPIRES) this.peers.delete(id);
    return this.peers.size < before;
  }

  /** The effect that shows every hand where it is now. */
  show(): StateEffect<readonly Hand[]> {
    const shown = [...this.peers.values()].filter(({ presence }) => presence.version <= this.place.version());
    return showHands.of(shown.map(({ presence }) => this.hand(presence)));
  }

  private hand({ client_id, user, version, selection }: Presence): Hand {
    const current = (position: number) => this.recent.move(position, version, this.place.version());
    const shown = (position: number) => this.place.toEditor(this.place.toShown(current(position)));
    const ranges = (selection ?? []).map(([anchor, head]) => ({ anchor: shown(anchor), head: shown(head) }));
    return { clientId: client_id, user, ranges };
  }
}

// -- our own hand -------------------------------------------------------------------------------------------------------

const LEAST_PAUSE = 120; // ms between two messages: the server takes ten a second
const RENEW = 20_000; // before it expires

/** Sends our selection when it has moved, not too often, and now and then when it has not. */
export class OwnHand {
  private timer: Timer | undefined;
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly send: () => void,
  ) {}

  moved(): void {
    this.in(Math.max(0, this.lastAt + LEAST_PAUSE - this.clock.now()));
  }

  private in(milliseconds: number): void {
    this.clock.cancel(this.timer);
    this.timer = this.clock.after(milliseconds, () => {
      this.lastAt = this.clock.now();
      this.send();
      this.in(RENEW);
    });
  }
}
