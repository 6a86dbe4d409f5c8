import type { EditorView } from "@codemirror/view";
import type { CommentsApi } from "../api";
import type { Clock } from "../connection";
import type { Place } from "../presence";
import type { Recent } from "../recent";

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
