/** One comment of a thread, as it is shown. Names and words go in as text only. */
import { make } from "../dom";
import { ago, exactly } from "../times";
import type { Comment } from "./threads";

export function nameOf({ author }: Comment): string {
  return author?.username ?? "Somebody";
}

export function saidBy(comment: Comment, buttons: readonly HTMLElement[]): HTMLElement {
  if (comment.deleted) return make("section", "comment", make("p", "quiet", "This comment was deleted."));
  const time = make("time", "quiet", ago(comment.created_at));
  time.dateTime = comment.created_at;
  time.title = exactly(comment.created_at);
  const item = make(
    "section",
    "comment",
    make("header", "", make("bdi", "comment-author", nameOf(comment)), " ", time),
    make("p", "comment-body", comment.body),
  );
  if (buttons.length > 0) item.append(make("div", "comment-own", ...buttons));
  return item;
}

/** How long ago all that is said in there was said, as of now. */
export function tellTimes(parent: HTMLElement): void {
  for (const time of parent.querySelectorAll("time")) {
    const now = ago(time.dateTime);
    if (time.textContent !== now) time.textContent = now;
  }
}
