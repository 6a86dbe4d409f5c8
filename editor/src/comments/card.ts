/** One thread as a card in the margin. */
import { make } from "../dom";
import { askingButton, button } from "./buttons";
import { CommentForm, type Purpose } from "./form";
import { Drawn, hasFocus, isFocusLost, put } from "./nodes";
import { nameOf, saidBy } from "./said";
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
  formClosed(): void; // what stayed only for what was written in it can go
  resized(): void;
  readonly newKey: () => string;
}

export class Card {
  readonly node = make("article", "comment-card");
  top = 0; // px from the page's top, of the place beside which it stood last
  private readonly said = make("div", "comment-said");
  private readonly buttons = make("div", "actions");
  private readonly drawn = new Drawn();
  private form: CommentForm | null = null;

  constructor(
    readonly id: string,
    private readonly actions: Actions,
  ) {
    this.node.tabIndex = -1;
    this.node.append(this.said, this.buttons);
    this.node.addEventListener("focusin", () => actions.pick(id));
    this.node.addEventListener("click", () => actions.pick(id));
  }

  /** Whether something is written in it that was not sent. */
  get hasWords(): boolean {
    return this.form?.hasWords ?? false;
  }

  /** Shows the thread as it is now; a form that is open stays as it is, and so does the focus. */
  show(thread: Thread, reader: Reader): void {
    const { first, answers } = thread;
    const hadFocus = hasFocus(this.node);
    this.node.ariaLabel = labelOf(thread);
    this.node.classList.toggle("resolved", first.resolved);
    const quote = this.drawn.part("quote", first.quote, () => quoteOf(first));
    put(this.said, [quote, ...[first, ...answers].map((comment) => this.comment(comment, reader))]);
    put(this.buttons, reader.mayComment ? this.threadButtons(first) : []);
    if (hadFocus && isFocusLost()) this.node.focus();
  }

  /** The thread is gone, but not what is being written in it. */
  end(): void {
    const hadFocus = hasFocus(this.node);
    this.node.ariaLabel = "A thread that was deleted";
    put(this.said, [this.drawn.part("end", null, goneNote)]);
    put(this.buttons, []);
    this.form?.end();
    if (hadFocus && isFocusLost()) this.node.focus();
  }

  private comment(comment: Comment, reader: Reader): HTMLElement {
    const isOwn = comment.author?.id === reader.id;
    const rights = { edit: reader.mayComment && isOwn, remove: reader.mayComment && (isOwn || reader.mayManage) };
    const { id, body, deleted } = comment;
    return this.drawn.part(id, [nameOf(comment), body, deleted, rights], () => {
      const edit = button("Edit", () => this.edit(comment));
      const remove = askingButton("Delete", "Delete for good?", () => this.tried(this.actions.remove(id)));
      return saidBy(comment, [...(rights.edit ? [edit] : []), ...(rights.remove ? [remove] : [])]);
    });
  }

  private threadButtons({ resolved }: Comment): HTMLElement[] {
    const answer = this.drawn.part("answer", null, () => button("Reply", () => this.answer()));
    const settle = this.drawn.part("settle", resolved, () =>
      button(resolved ? "Reopen" : "Resolve", () => this.tried(this.actions.settle(this.id, !resolved))),
    );
    return resolved ? [settle] : [answer, settle];
  }

  private edit({ id, body }: Comment): void {
    const send = (written: string) => this.actions.rewrite(id, written);
    this.openForm({ label: "Change your comment", button: "Save", body, send });
  }

  private answer(): void {
    const send = (written: string, key: string) => this.actions.answer(this.id, written, key);
    this.openForm({ label: "Reply", button: "Reply", send });
  }

  /** Opens a form; if there is one with words in it, these come first. */
  private openForm(purpose: Pick<Purpose, "label" | "button" | "body" | "send">): void {
    if (!this.hasWords) {
      this.form?.node.remove();
      const form = this.formFor(purpose);
      this.form = form;
      this.buttons.hidden = true;
      this.node.append(form.node);
    }
    this.form?.focus();
  }

  private formFor(purpose: Pick<Purpose, "label" | "button" | "body" | "send">): CommentForm {
    const form: CommentForm = new CommentForm({
      ...purpose,
      newKey: this.actions.newKey,
      send: async (written, key) => {
        await purpose.send(written, key);
        if (this.form === form) this.closeForm();
      },
      close: () => this.closeForm(),
      leave: () => this.node.focus(),
    });
    return form;
  }

  private closeForm(): void {
    this.form?.node.remove();
    this.form = null;
    this.buttons.hidden = false;
    if (isFocusLost()) this.node.focus();
    this.actions.formClosed();
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
  const more = answers.length === 0 ? "" : `, ${answers.length} ${answers.length === 1 ? "reply" : "replies"}`;
  return `Comment by ${nameOf(first)}${more}${first.resolved ? ", resolved" : ""}`;
}

function quoteOf({ quote }: Comment): HTMLElement {
  return make("blockquote", "comment-quote", quote === "" ? "(nowhere in the text)" : quote);
}

function goneNote(): HTMLElement {
  const note = make("p", "comment-problem", "This thread was deleted. What you wrote is still here, to be copied.");
  note.role = "alert";
  return note;
}
