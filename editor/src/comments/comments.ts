/** The comments of this document: what the server tells of them, and what the reader says. */
import type { Timer } from "../connection";
import { mayComment, type Role } from "../protocol";
import type { Actions } from "./card";
import type { Desk } from "./desk";
import { Draft } from "./draft";
import { Margin } from "./margin";
import { activate, DRAFT, keepMarks } from "./marks";
import { Places } from "./places";
import { type Comment, Threads } from "./threads";

const ASK_AGAIN = 2_000; // ms
const MINUTE = 60_000; // ms

export class Comments {
  private readonly threads = new Threads();
  private readonly places: Places;
  private readonly margin: Margin;
  private readonly draft: Draft;
  private asking: Timer | undefined;
  private role: Role = "viewer";

  constructor(private readonly desk: Desk) {
    this.places = new Places(desk, () => this.refreshSoon());
    this.margin = new Margin(this.actions());
    this.draft = new Draft(
      desk,
      this.margin,
      () => this.update(),
      (comment) => this.heard(comment),
    );
    this.tellTimes();
  }

  /** Whether anything is written that was not sent. */
  get hasDraft(): boolean {
    return this.margin.hasWords;
  }

  // -- what the server tells ------------------------------------------------------------------------------------------

  /** Joined, perhaps again: what was told meanwhile was missed. */
  joined(): void {
    void this.refresh();
  }

  /** We have come to another version, have saved something, or have another role. */
  changed(role: Role): void {
    const isUpToDate = !this.places.catchUp() && role === this.role;
    if (this.desk.isSaved()) this.draft.saved();
    this.role = role;
    if (!isUpToDate) this.update();
  }

  heard(comment: Comment): void {
    this.threads.hear(comment);
    this.places.bring([comment]);
    this.update();
  }

  /** The text was loaded anew: the editor knows no places any more until they are told again. */
  reset(): void {
    this.places.forget();
  }

  private async refresh(): Promise<void> {
    this.threads.asked();
    const comments = await this.desk.api.list().catch(() => null); // the next join asks again
    if (comments === null) return;
    this.threads.listed(comments);
    this.places.bring(comments);
    this.update();
  }

  private refreshSoon(): void {
    this.asking ??= this.desk.clock.after(ASK_AGAIN, () => {
      this.asking = undefined;
      void this.refresh();
    });
  }

  // -- what is shown --------------------------------------------------------------------------------------------------

  private update(): void {
    const threads = this.places.sorted(this.threads.all());
    const open = threads.filter(({ first }) => !first.resolved).map(({ first }) => first.id);
    const draft = this.margin.draft === null ? [] : [DRAFT];
    this.desk.view.dispatch({ effects: keepMarks.of(new Set([...open, ...draft])) });
    const reader = { id: this.desk.user, mayComment: mayComment(this.role), mayManage: this.role === "owner" };
    this.margin.update(threads, reader);
    this.placed();
  }

  /** The editor has moved the marks, or its lines have other heights: the cards go along. */
  placed(): void {
    this.places.measure((top) => this.margin.arrange(top));
  }

  /** The reader looks at a thread: in the text, or at its card. */
  pick(id: string | null): void {
    this.desk.view.dispatch({ effects: activate.of(id) });
    this.margin.setActive(id);
  }

  private tellTimes(): void {
    this.margin.tellTimes();
    this.desk.clock.after(MINUTE, () => this.tellTimes());
  }

  // -- what the reader says -------------------------------------------------------------------------------------------

  /** Begins a comment on the selected text; false where there is none, or no right to. */
  begin(): boolean {
    if (!mayComment(this.role) || !this.draft.begin()) return false;
    this.placed();
    return true;
  }

  private actions(): Actions {
    const { api } = this.desk;
    return {
      answer: async (parent, body, key) => this.heard(await api.add({ body, parent }, key)),
      rewrite: async (id, body) => this.heard(await api.change(id, { body })),
      settle: async (id, resolved) => this.heard(await api.change(id, { resolved })),
      remove: async (id) => {
        await api.remove(id);
        await this.refresh();
      },
      pick: (id) => this.pick(id),
      formClosed: () => this.update(),
      resized: () => this.placed(),
      newKey: this.desk.newKey,
    };
  }
}
