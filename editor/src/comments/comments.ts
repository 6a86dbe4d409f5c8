/**
 * The comments of this document: what the server tells of them, where they stand in the shown text, and what the reader
 * says.
 *
 * A range comes in the server's text at a version. It is moved to ours over the entries in between and put into the
 * editor, which moves it from there on; one that is ahead of us waits, and what can't be brought here is asked for anew.
 * A new comment is sent when everything typed is saved: then the shown text is the server's at our version.
 */
import type { EditorView } from "@codemirror/view";
import type { CommentsApi } from "../api";
import type { Clock, Timer } from "../connection";
import type { Place } from "../presence";
import { mayComment, type Role } from "../protocol";
import type { Recent } from "../recent";
import type { Actions } from "./card";
import { commentForm } from "./form";
import { DRAFT, Margin } from "./margin";
import { activate, keepMarks, type Mark, marksIn, putMarks } from "./marks";
import { type Comment, type Thread, Threads } from "./threads";

const SAVED_WITHIN = 15_000; // ms that a new comment waits for what was typed before
const ASK_AGAIN = 2_000;

/** What the comments need of the page around them. */
export interface Desk {
  readonly view: EditorView;
  readonly place: Place;
  readonly recent: Pick<Recent, "move" | "covers">;
  readonly clock: Clock;
  readonly api: CommentsApi;
  readonly user: string;
  readonly newKey: () => string;
  toCodePoint(position: number): number;
  isSaved(): boolean; // the shown text is the server's at our version
}

export class Comments {
  private readonly threads = new Threads();
  private readonly margin: Margin;
  private readonly waiting = new Map<string, Comment>(); // ranges of a text that we have not reached
  private saved: (() => void)[] = [];
  private asking: Timer | undefined;
  private role: Role = "viewer";

  constructor(private readonly desk: Desk) {
    this.margin = new Margin(this.actions());
  }

  get hasDraft(): boolean {
    return this.margin.hasDraft;
  }

  // -- what the server tells ------------------------------------------------------------------------------------------

  /** Joined, perhaps again: what was told meanwhile was missed. */
  joined(): void {
    void this.refresh();
  }

  /** We have come to another version, have saved something, or have another role. */
  changed(role: Role): void {
    if (this.waiting.size > 0) this.bring([...this.waiting.values()]);
    if (this.desk.isSaved()) for (const go of this.saved.splice(0)) go();
    if (role === this.role) return;
    this.role = role;
    this.update();
  }

  heard(comment: Comment): void {
    this.threads.hear(comment);
    this.bring([comment]);
    this.update();
  }

  /** The text was loaded anew: the editor knows no places any more until they are told again. */
  reset(): void {
    this.waiting.clear();
  }

  private async refresh(): Promise<void> {
    this.threads.asked();
    const comments = await this.desk.api.list().catch(() => null); // the next join asks again
    if (comments === null) return;
    this.threads.listed(comments);
    this.bring(comments);
    this.update();
  }

  private refreshSoon(): void {
    this.asking ??= this.desk.clock.after(ASK_AGAIN, () => {
      this.asking = undefined;
      void this.refresh();
    });
  }

  // -- where they stand -----------------------------------------------------------------------------------------------

  /** Puts what stands in a text that we have into the editor. */
  private bring(comments: readonly Comment[]): void {
    const version = this.desk.place.version();
    const firsts = comments.filter(({ parent }) => parent === null);
    for (const comment of firsts) {
      if (comment.version > version) this.waiting.set(comment.id, comment);
      else this.waiting.delete(comment.id);
    }
    const here = firsts.filter((comment) => comment.version <= version);
    if (!here.every((comment) => this.desk.recent.covers(comment.version, version))) this.refreshSoon();
    const marks = here.filter((comment) => this.desk.recent.covers(comment.version, version)).map((c) => this.mark(c));
    if (marks.length > 0) this.desk.view.dispatch({ effects: putMarks.of(marks) });
  }

  private mark({ id, range: [from, to], version, quote }: Comment): Mark {
    const { place, recent } = this.desk;
    const shown = (position: number, before: boolean) =>
      place.toEditor(place.toShown(recent.move(position, version, place.version(), before)));
    const start = shown(from, false);
    return { id, quote, from: start, to: from === to ? start : Math.max(start, shown(to, true)) };
  }

  /** The editor has moved the marks, or its lines have other heights: the cards go along. */
  placed(): void {
    const { view } = this.desk;
    const marks = new Map(marksIn(view.state).map((mark) => [mark.id, mark]));
    view.requestMeasure({
      key: this,
      read: () => {
        const tops = new Map([...marks].map(([id, { from }]) => [id, this.topOf(from)]));
        return (id: string) => tops.get(id) ?? null;
      },
      write: (top) => this.margin.arrange(top),
    });
  }

  private topOf(position: number): number {
    const { view } = this.desk;
    const block = view.lineBlockAt(Math.min(position, view.state.doc.length));
    return block.top + view.documentTop + window.scrollY;
  }

  // -- what is shown --------------------------------------------------------------------------------------------------

  private update(): void {
    const threads = this.sorted();
    const open = threads.filter(({ first }) => !first.resolved).map(({ first }) => first.id);
    this.desk.view.dispatch({ effects: keepMarks.of(new Set([...open, DRAFT])) });
    const reader = { id: this.desk.user, mayComment: mayComment(this.role), mayManage: this.role === "owner" };
    this.margin.update(threads, reader);
    this.placed();
  }

  /** By their places; those that have none yet at the end. */
  private sorted(): Thread[] {
    const places = new Map(marksIn(this.desk.view.state).map(({ id, from }) => [id, from]));
    const placeOf = ({ first }: Thread) => places.get(first.id) ?? Number.MAX_SAFE_INTEGER;
    return this.threads.all().sort((one, other) => placeOf(one) - placeOf(other));
  }

  /** The reader looks at a thread: in the text, or at its card. */
  pick(id: string | null): void {
    this.desk.view.dispatch({ effects: activate.of(id) });
    this.margin.setActive(id);
  }

  // -- what the reader says -------------------------------------------------------------------------------------------

  /** Begins a comment on the selected text; false where there is none, or no right to. */
  begin(): boolean {
    const { from, to } = this.desk.view.state.selection.main;
    if (from === to || !mayComment(this.role)) return false;
    this.desk.view.dispatch({ effects: [putMarks.of([{ id: DRAFT, from, to, quote: "" }]), activate.of(DRAFT)] });
    this.margin.setDraft(
      commentForm({
        label: "Your comment",
        button: "Comment",
        newKey: this.desk.newKey,
        send: (body, key) => this.add(body, key),
        cancel: () => this.endDraft(),
      }),
    );
    this.placed();
    return true;
  }

  private async add(body: string, key: string): Promise<void> {
    await this.everythingSaved();
    const draft = marksIn(this.desk.view.state).find(({ id }) => id === DRAFT);
    const { toCodePoint, place } = this.desk;
    const range: [number, number] = draft === undefined ? [0, 0] : [toCodePoint(draft.from), toCodePoint(draft.to)];
    const comment = await this.desk.api.add({ body, range, version: place.version() }, key);
    this.endDraft();
    this.heard(comment);
  }

  private endDraft(): void {
    const others = marksIn(this.desk.view.state).filter(({ id }) => id !== DRAFT);
    this.desk.view.dispatch({ effects: [keepMarks.of(new Set(others.map(({ id }) => id))), activate.of(null)] });
    this.margin.setDraft(null);
    this.update();
    this.desk.view.focus();
  }

  private everythingSaved(): Promise<void> {
    if (this.desk.isSaved()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.saved.push(resolve);
      this.desk.clock.after(SAVED_WITHIN, () => reject(new Error("the text is not saved yet. Try again when it is.")));
    });
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
      newKey: this.desk.newKey,
    };
  }
}
