/** The margin: the cards of all threads, each beside its text where there is room, else one below the other. */
import { element, make } from "../dom";
import { type Actions, Card, type Reader } from "./card";
import { hasDraft } from "./form";
import type { Thread } from "./threads";

const GAP = 8; // px between two cards

export class Margin {
  private readonly cards = new Map<string, Card>();
  private readonly panel = element("comments");
  private readonly open = element("comments-open");
  private readonly resolved = element<HTMLDetailsElement>("comments-resolved");
  private readonly none = element("comments-none");
  private readonly toggle = element("to-comments");
  private readonly add = element("add-comment");
  private draft: HTMLElement | null = null;
  private active: string | null = null;

  constructor(private readonly actions: Actions) {
    this.toggle.addEventListener("click", () => this.show(!this.isShown));
    element("comments-close").addEventListener("click", () => this.show(false));
    this.panel.addEventListener("keydown", ({ key }) => key === "Escape" && this.toggle.focus());
  }

  get isShown(): boolean {
    return this.panel.classList.contains("shown");
  }

  get hasDraft(): boolean {
    return hasDraft(this.panel);
  }

  /** Where it is no margin but a panel, it is opened and closed. */
  show(isShown: boolean): void {
    this.panel.classList.toggle("shown", isShown);
    this.toggle.ariaExpanded = String(isShown);
  }

  /** The threads as they are now, in the order of their places. */
  update(threads: readonly Thread[], reader: Reader): void {
    const isOpen = ({ first }: Thread) => !first.resolved;
    this.add.hidden = !reader.mayComment;
    for (const id of this.cards.keys()) {
      if (!threads.some(({ first }) => first.id === id)) this.drop(id);
    }
    const nodes = (some: readonly Thread[]) => some.map((thread) => this.card(thread, reader).node);
    put(this.open, [...(this.draft === null ? [] : [this.draft]), ...nodes(threads.filter(isOpen))]);
    const settled = nodes(threads.filter((thread) => !isOpen(thread)));
    put(element("comments-settled"), settled);
    element("comments-resolved-count").textContent = String(settled.length);
    this.resolved.hidden = settled.length === 0;
    const count = threads.filter(isOpen).length;
    element("comments-count").textContent = count === 0 ? "" : String(count);
    this.panel.classList.toggle("empty", threads.length === 0 && this.draft === null);
    this.none.hidden = threads.length > 0 || this.draft !== null;
  }

  private card(thread: Thread, reader: Reader): Card {
    const card = this.cards.get(thread.first.id) ?? new Card(thread.first.id, this.actions);
    this.cards.set(thread.first.id, card);
    card.show(thread, reader);
    card.node.classList.toggle("active", this.active === thread.first.id);
    return card;
  }

  private drop(id: string): void {
    this.cards.get(id)?.node.remove();
    this.cards.delete(id);
  }

  /** A new comment is being written: its form, before all others; null when it is done. */
  setDraft(form: HTMLFormElement | null): void {
    this.draft?.remove();
    this.draft = form === null ? null : make("article", "comment-card draft active", form);
    if (this.draft === null || form === null) return;
    this.open.prepend(this.draft);
    this.none.hidden = true;
    this.panel.classList.remove("empty");
    this.show(true);
    form.querySelector("textarea")?.focus();
  }

  /** Marks a card as the one that is spoken of; brings it into sight if the margin is not there anyway. */
  setActive(id: string | null): void {
    this.active = id;
    for (const [key, { node }] of this.cards) node.classList.toggle("active", key === id);
    if (id !== null && this.isShown) this.cards.get(id)?.node.scrollIntoView({ block: "nearest" });
  }

  /** Puts each card beside its text, or as near below the one before as they fit. `top` is in px from the page's top. */
  arrange(top: (id: string) => number | null): void {
    const origin = this.open.getBoundingClientRect().top + window.scrollY;
    const wanted = [...this.open.children].map((node) => ({ node: node as HTMLElement, top: this.wanted(node, top) }));
    const heights = new Map(wanted.map(({ node }) => [node, node.offsetHeight]));
    let free = 0;
    for (const { node, top } of wanted.sort((one, other) => one.top - other.top)) {
      const place = Math.max(free, top - origin);
      node.style.setProperty("--top", `${place}px`);
      free = place + (heights.get(node) ?? 0) + GAP;
    }
    this.open.style.setProperty("--height", `${free}px`);
  }

  private wanted(node: Element, top: (id: string) => number | null): number {
    if (node === this.draft) return top(DRAFT) ?? 0;
    for (const [id, card] of this.cards) if (card.node === node) return top(id) ?? 0;
    return 0;
  }
}

export const DRAFT = "draft"; // the mark of the text that a new comment is about

/** The same nodes in this order, without moving what is there already: a field would lose its focus. */
function put(parent: HTMLElement, nodes: readonly HTMLElement[]): void {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild?.remove();
}
