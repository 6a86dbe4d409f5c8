/** One thread as a card in the margin. Names and words go in as text only. */
import { make } from "../dom";
import { ago, exactly } from "../times";
import { commentForm } from "./form";
import type { Comment, Thread } from "./threads";

/** Who reads, and what they may do. */
export interface Reader {
  readonly id: string;
  readonly mayComment: boolean;
  readonly mayManage: boolean;
}

export interface Actions {
  answer(thread: string, body: string, key: string): Promise<void>;
  rewrite(id: string, body: string): Promise<void>;
  settle(thread: string, resolved: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  pick(thread: string): void;
  readonly newKey: () => string;
}

export class Card {
  readonly node = make("article", "comment-card");
  private readonly said = make("div", "comment-said");
  private readonly buttons = make("div", "actions");
  private form: HTMLFormElement | null = null;
  private shown = "";

  constructor(
    readonly id: string,
    private readonly actions: Actions,
  ) {
    this.node.tabIndex = -1;
    this.node.append(this.said, this.buttons);
    this.node.addEventListener("focusin", () => actions.pick(id));
    this.node.addEventListener("click", () => actions.pick(id));
  }

  /** Shows the thread as it is now; a form that is open stays as it is. */
  show(thread: Thread, reader: Reader): void {
    const now = JSON.stringify([thread, reader]);
    if (now === this.shown) return;
    this.shown = now;
    this.node.ariaLabel = labelOf(thread);
    this.node.classList.toggle("resolved", thread.first.resolved);
    const comments = [thread.first, ...thread.answers];
    this.said.replaceChildren(quoteOf(thread.first), ...comments.map((comment) => this.comment(comment, reader)));
    this.buttons.replaceChildren(...(reader.mayComment ? this.threadButtons(thread) : []));
  }

  private comment(comment: Comment, reader: Reader): HTMLElement {
    const item = make("section", "comment");
    if (comment.deleted) {
      item.append(make("p", "quiet", "This comment was deleted."));
      return item;
    }
    const name = comment.author?.username ?? "Somebody";
    const time = make("time", "quiet", ago(comment.created_at));
    time.dateTime = comment.created_at;
    time.title = exactly(comment.created_at);
    item.append(
      make("header", "", make("bdi", "comment-author", name), " ", time),
      make("p", "comment-body", comment.body),
    );
    const buttons = this.commentButtons(comment, reader);
    if (buttons.length > 0) item.append(make("div", "comment-own", ...buttons));
    return item;
  }

  private commentButtons(comment: Comment, reader: Reader): HTMLElement[] {
    if (!reader.mayComment) return [];
    const isOwn = comment.author?.id === reader.id;
    const edit = button("Edit", () =>
      this.openForm("Change your comment", "Save", comment.body, (body) => this.actions.rewrite(comment.id, body)),
    );
    const remove = button("Delete", () => this.tried(this.actions.remove(comment.id)));
    return [...(isOwn ? [edit] : []), ...(isOwn || reader.mayManage ? [remove] : [])];
  }

  private threadButtons({ first }: Thread): HTMLElement[] {
    const answer = button("Reply", () =>
      this.openForm("Reply", "Reply", "", (body, key) => this.actions.answer(this.id, body, key)),
    );
    const settle = button(first.resolved ? "Reopen" : "Resolve", () =>
      this.tried(this.actions.settle(this.id, !first.resolved)),
    );
    return first.resolved ? [settle] : [answer, settle];
  }

  private openForm(
    label: string,
    button: string,
    body: string,
    send: (body: string, key: string) => Promise<void>,
  ): void {
    this.closeForm();
    this.form = commentForm({
      label,
      button,
      body,
      newKey: this.actions.newKey,
      send: async (written, key) => {
        await send(written, key);
        this.closeForm();
      },
      cancel: () => this.closeForm(),
    });
    this.buttons.hidden = true;
    this.node.append(this.form);
    this.form.querySelector("textarea")?.focus();
  }

  private closeForm(): void {
    this.form?.remove();
    this.form = null;
    this.buttons.hidden = false;
  }

  private tried(action: Promise<void>): void {
    action.catch((error: Error) => {
      const problem = make("p", "comment-problem", `Not done: ${error.message}`);
      problem.role = "alert";
      this.node.append(problem);
      setTimeout(() => problem.remove(), 8_000);
    });
  }
}

function labelOf({ first, answers }: Thread): string {
  const name = first.author?.username ?? "Somebody";
  const more = answers.length === 0 ? "" : `, ${answers.length} ${answers.length === 1 ? "reply" : "replies"}`;
  return `Comment by ${name}${more}${first.resolved ? ", resolved" : ""}`;
}

function quoteOf({ quote }: Comment): HTMLElement {
  return make("blockquote", "comment-quote", quote === "" ? "(nowhere in the text)" : quote);
}

function button(label: string, action: () => void): HTMLButtonElement {
  const made = make("button", "button plain small", label);
  made.type = "button";
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    action();
  });
  return made;
}
