/** The margin: the cards of all threads, each beside its text where there is room, else one below the other. */
import { element, make } from "../dom";
import { type Actions, Card, type Reader } from "./card";
import type { CommentForm } from "./form";
import { DRAFT } from "./marks";
import { hasFocus, isFocusLost, put } from "./nodes";
import { tellTimes } from "./said";
import type { Thread } from "./threads";

const GAP = 8; // px between two cards

export class Margin {
  private readonly cards = new Map<string, Card>();
  private readonly panel = element("comments");
  private readonly open = element("comments-open");
  private readonly settled = element("comments-settled");
  private readonly resolved = element<HTMLDetailsElement>("comments-resolved");
  private readonly none = element("comments-none");
  private readonly toggle = element("to-comments");
  private readonly add = element("add-comment");
  private readonly draftCard = make("article", "comment-card draft active");
  private readonly sizes = new ResizeObserver(() => this.actions.resized());
  private form: CommentForm | null = null; // of a new comment
  private active: string | null = null;

  constructor(private readonly actions: Actions) {
    this.toggle.addEventListener("click", () => this.show(!this.isSeen));
    element("comments-close").addEventListener("click", () => {
      this.show(false);
      this.toggle.focus();
    });
    this.panel.addEventListener("keydown", ({ key }) => key === "Escape" && this.toggle.focus());
    window.addEventListener("resize", () => this.tellWhetherSeen());
    this.sizes.observe(this.draftCard);
  }

  /** The form of a new comment, while one is being written. */
  get draft(): CommentForm | null {
    return this.form;
  }

  /** Whether anything is written in it that was not sent. */
  get hasWords(): boolean {
    return this.form?.hasWords === true || [...this.cards.values()].some((card) => card.hasWords);
  }

  private get isOpened(): boolean {
    return this.panel.classList.contains("shown");
  }

  /** Opened, or standing where there is room (comments.css knows where). */
  private get isSeen(): boolean {
    return getComputedStyle(this.panel).display !== "none";
  }

  private show(isShown: boolean): void {
    this.panel.classList.toggle("shown", isShown);
    this.panel.classList.toggle("closed", !isShown);
    this.tellWhetherSeen();
  }

  private tellWhetherSeen(): void {
    this.toggle.ariaExpanded = String(this.isSeen);
  }

  /** The threads as they are now, in the order of their places. */
  update(threads: readonly Thread[], reader: Reader): void {
    const heirs = this.heirs();
    this.add.hidden = !reader.mayComment;
    const gone = this.dropAllBut(new Set(threads.map(({ first }) => first.id)));
    const shown = threads.map((thread) => ({ thread, card: this.card(thread, reader) }));
    const nodes = (isOpen: boolean) =>
      shown
        .filter(({ thread, card }) => (!thread.first.resolved || card.hasWords) === isOpen)
        .map(({ card }) => card.node);
    put(this.open, [...(this.form === null ? [] : [this.draftCard]), ...gone, ...nodes(true)]);
    put(this.settled, nodes(false));
    this.count(threads);
    if (heirs.length > 0 && isFocusLost()) (heirs.find((node) => this.isInSight(node)) ?? this.toggle).focus();
  }

  private count(threads: readonly Thread[]): void {
    const open = threads.filter(({ first }) => !first.resolved).length;
    const isEmpty = this.cards.size === 0 && this.form === null;
    element("comments-count").textContent = open === 0 ? "" : String(open);
    element("comments-resolved-count").textContent = String(this.settled.children.length);
    this.resolved.hidden = this.settled.children.length === 0;
    this.panel.classList.toggle("empty", isEmpty);
    this.none.hidden = !isEmpty;
    this.tellWhetherSeen();
  }

  private card(thread: Thread, reader: Reader): Card {
    const card = this.cards.get(thread.first.id) ?? this.newCard(thread.first.id);
    card.show(thread, reader);
    card.node.classList.toggle("active", this.active === thread.first.id);
    return card;
  }

  private newCard(id: string): Card {
    const card = new Card(id, this.actions);
    this.cards.set(id, card);
    this.sizes.observe(card.node);
    return card;
  }

  /** The cards of threads that are gone go, too, but for those in which something is written. */
  private dropAllBut(there: ReadonlySet<string>): HTMLElement[] {
    const gone = [...this.cards.values()].filter(({ id }) => !there.has(id));
    for (const card of gone) {
      if (card.hasWords) card.end();
      else this.drop(card);
    }
    return gone.filter(({ hasWords }) => hasWords).map(({ node }) => node);
  }

  private drop({ id, node }: Card): void {
    this.cards.delete(id);
    this.sizes.unobserve(node);
  }

  /** The card that has the focus and, should it go, those that get it in its stead; none if it is elsewhere. */
  private heirs(): HTMLElement[] {
    const cards = [...this.open.children, ...this.settled.children].filter((node) => node !== this.draftCard);
    const at = cards.findIndex(hasFocus);
    return at < 0 ? [] : ([...cards.slice(at), ...cards.slice(0, at).reverse()] as HTMLElement[]);
  }

  private isInSight(node: HTMLElement): boolean {
    return this.open.contains(node) || (this.settled.contains(node) && this.resolved.open);
  }

  /** A new comment is being written: its form, before all others; null when it is done. */
  setDraft(form: CommentForm | null): void {
    this.form = form;
    if (form === null) return this.draftCard.remove();
    put(this.draftCard, [form.node]);
    if (!this.open.contains(this.draftCard)) this.open.prepend(this.draftCard);
    this.none.hidden = true;
    this.panel.classList.remove("empty");
    this.show(true);
    form.focus();
  }

  /** Marks a card as the one that is spoken of; brings it into sight if the margin is not there anyway. */
  setActive(id: string | null): void {
    this.active = id;
    for (const [key, { node }] of this.cards) node.classList.toggle("active", key === id);
    if (id !== null && this.isOpened) this.cards.get(id)?.node.scrollIntoView({ block: "nearest" });
  }

  /** Writes anew how long ago everything was said. */
  tellTimes(): void {
    tellTimes(this.panel);
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
    if (node === this.draftCard) return top(DRAFT) ?? 0;
    const card = [...this.cards.values()].find((card) => card.node === node);
    if (card === undefined) return 0;
    card.top = top(card.id) ?? card.top;
    return card.top;
  }
}
