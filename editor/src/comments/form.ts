/** The form that a comment is written in. What was written stays in it until the server has taken it, or it is thrown away. */
import { make } from "../dom";
import { askingButton } from "./buttons";
import { hasFocus } from "./nodes";

export interface Purpose {
  readonly label: string; // of the field
  readonly button: string;
  readonly body?: string; // what stands in it at first
  /** The same words sent again, under the same key, are one comment. */
  send(body: string, key: string): Promise<void>;
  readonly newKey: () => string;
  readonly close: () => void;
  readonly leave: () => void; // the focus goes elsewhere, the words stay
}

const MAX_BODY = 10_000; // characters; the server counts code points, so never more than it takes

export class CommentForm {
  readonly node = make("form", "comment-form");
  private readonly field = make("textarea");
  private readonly problem = make("p", "comment-problem");
  private readonly sendButton: HTMLButtonElement;
  private key: string;
  private tried = "";
  private isSending = false;
  private isOver = false;

  constructor(private readonly purpose: Purpose) {
    const { label, body = "", close, newKey } = purpose;
    this.key = newKey();
    Object.assign(this.field, { defaultValue: body, rows: 3, maxLength: MAX_BODY, required: true });
    Object.assign(this.field, { ariaLabel: label, placeholder: label });
    this.problem.role = "alert";
    this.sendButton = make("button", "button primary", purpose.button);
    const cancel = askingButton("Cancel", "Throw away?", close, { kind: "", isToBeAsked: () => this.hasWords });
    this.node.append(this.field, this.problem, make("div", "actions", this.sendButton, cancel));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.node.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Whether something is written in it that was not sent. */
  get hasWords(): boolean {
    return this.field.value.trim() !== this.field.defaultValue.trim();
  }

  get hasFocus(): boolean {
    return hasFocus(this.node);
  }

  focus(): void {
    this.field.focus();
  }

  /** There is nothing any more that these words could be sent to. */
  end(): void {
    this.isOver = true;
    this.showState();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.submit();
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (this.hasWords || this.isSending) this.purpose.leave();
    else this.purpose.close();
  }

  private async submit(): Promise<void> {
    const words = this.field.value;
    if (words.trim() === "" || this.isSending || this.isOver) return;
    if (this.tried !== "" && this.tried !== words) this.key = this.purpose.newKey();
    this.tried = words;
    this.isSending = true;
    this.problem.textContent = "";
    this.showState();
    try {
      await this.purpose.send(words, this.key);
    } catch (error) {
      this.problem.textContent = `Not sent: ${error instanceof Error ? error.message : "try again"}`;
    }
    this.isSending = false;
    this.showState();
  }

  /** Not `disabled`: that would take the focus from the button. */
  private showState(): void {
    this.sendButton.ariaDisabled = String(this.isSending || this.isOver);
  }
}
