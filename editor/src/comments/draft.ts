/**
 * The comment that is being written: its form in the margin, its place in the text.
 *
 * It is sent when everything typed is saved: then the shown text is the server's at our version.
 */
import type { Desk } from "./desk";
import { CommentForm } from "./form";
import type { Margin } from "./margin";
import { activate, DRAFT, type Mark, marksIn, putMarks } from "./marks";
import { isFocusLost } from "./nodes";
import type { Comment } from "./threads";

const SAVED_WITHIN = 15_000; // ms that a new comment waits for what was typed before
const ANEW = "Select the place anew and choose “Comment on the selected text”: your words stay here.";

export class Draft {
  private waiting: (() => void)[] = []; // until all is saved

  constructor(
    private readonly desk: Desk,
    private readonly margin: Margin,
    private readonly ended: () => void,
    private readonly added: (comment: Comment) => void,
  ) {}

  /** Begins a comment on the selected text, or goes on with the one begun; false where there is neither. */
  begin(): boolean {
    const { from, to } = this.desk.view.state.selection.main;
    const open = this.margin.draft;
    if (open === null && from === to) return false;
    if (from < to && !(open?.hasWords && this.hasPlace)) this.put(from, to);
    this.margin.setDraft(open ?? this.form());
    return true;
  }

  /** All is saved. */
  saved(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  private get mark(): Mark | undefined {
    return marksIn(this.desk.view.state).find(({ id }) => id === DRAFT);
  }

  private get hasPlace(): boolean {
    return this.mark !== undefined && this.mark.from < this.mark.to;
  }

  private put(from: number, to: number): void {
    const { view } = this.desk;
    const mark = { id: DRAFT, from, to, quote: view.state.sliceDoc(from, to) };
    view.dispatch({ effects: [putMarks.of([mark]), activate.of(DRAFT)] });
  }

  private form(): CommentForm {
    return new CommentForm({
      label: "Your comment",
      button: "Comment",
      newKey: this.desk.newKey,
      send: (body, key) => this.send(body, key),
      close: () => this.end(),
      leave: () => this.desk.view.focus(),
    });
  }

  private async send(body: string, key: string): Promise<void> {
    await this.everythingSaved();
    const comment = await this.desk.api.add({ body, range: this.range(), version: this.desk.place.version() }, key);
    this.end();
    this.added(comment);
  }

  /** In code points. Throws where there is none: a comment on nothing would never find a place. */
  private range(): [number, number] {
    const { mark } = this;
    if (mark === undefined) throw new Error(`the text was loaded again. ${ANEW}`);
    if (mark.from === mark.to) throw new Error(`the text that it is about was deleted. ${ANEW}`);
    return [this.desk.toCodePoint(mark.from), this.desk.toCodePoint(mark.to)];
  }

  private end(): void {
    this.desk.view.dispatch({ effects: activate.of(null) });
    this.margin.setDraft(null);
    this.ended();
    if (isFocusLost()) this.desk.view.focus();
  }

  private everythingSaved(): Promise<void> {
    if (this.desk.isSaved()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      this.desk.clock.after(SAVED_WITHIN, () => reject(new Error("the text is not saved yet. Try again when it is.")));
    });
  }
}
