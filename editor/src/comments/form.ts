/** The form that a comment is written in. What was written stays in it until the server has taken it. */
import { make } from "../dom";

export interface Purpose {
  readonly label: string; // of the field
  readonly button: string;
  readonly body?: string; // what stands in it at first
  /** The same words sent again, under the same key, are one comment. */
  send(body: string, key: string): Promise<void>;
  readonly newKey: () => string;
  readonly cancel: () => void;
}

const MAX_BODY = 10_000; // characters; the server counts code points, so never more than it takes

export function commentForm({ label, button, body = "", send, newKey, cancel }: Purpose): HTMLFormElement {
  const form = make("form", "comment-form");
  const field = make("textarea");
  Object.assign(field, {
    value: body,
    rows: 3,
    maxLength: MAX_BODY,
    required: true,
    ariaLabel: label,
    placeholder: label,
  });
  const problem = make("p", "comment-problem");
  problem.role = "alert";
  const sendButton = make("button", "button primary", button);
  const cancelButton = make("button", "button plain", "Cancel");
  cancelButton.type = "button";
  cancelButton.addEventListener("click", cancel);
  form.append(field, problem, make("div", "actions", sendButton, cancelButton));

  let key = newKey();
  let tried = "";
  const submit = async () => {
    if (field.value.trim() === "" || sendButton.disabled) return;
    if (tried !== "" && tried !== field.value) key = newKey();
    tried = field.value;
    sendButton.disabled = true;
    problem.textContent = "";
    try {
      await send(field.value, key);
    } catch (error) {
      problem.textContent = `Not sent: ${error instanceof Error ? error.message : "try again"}`;
    }
    sendButton.disabled = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") cancel();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
  });
  return form;
}

/** Whether something is written in a form that was not sent. */
export function hasDraft(parent: HTMLElement): boolean {
  return [...parent.querySelectorAll<HTMLTextAreaElement>(".comment-form textarea")].some(
    (field) => field.value.trim() !== field.defaultValue.trim(),
  );
}
