/**
 * Where the threads stand in the shown text.
 *
 * A range comes in the server's text at a version. It is moved to ours over the entries in between and put into the
 * editor, which moves it from there on; one that is ahead of us waits, and what can't be brought here is asked for anew.
 */
import type { Desk } from "./desk";
import { type Mark, marksIn, putMarks } from "./marks";
import type { Comment, Thread } from "./threads";

export class Places {
  private readonly waiting = new Map<string, Comment>(); // ranges of a text that we have not reached

  constructor(
    private readonly desk: Pick<Desk, "view" | "place" | "recent">,
    private readonly askAnew: () => void,
  ) {}

  /** Puts what stands in a text that we have into the editor. */
  bring(comments: readonly Comment[]): void {
    const version = this.desk.place.version();
    const firsts = comments.filter(({ parent }) => parent === null);
    for (const comment of firsts) {
      if (comment.version > version) this.waiting.set(comment.id, comment);
      else this.waiting.delete(comment.id);
    }
    const here = firsts.filter((comment) => comment.version <= version);
    const covered = here.filter((comment) => this.desk.recent.covers(comment.version, version));
    if (covered.length < here.length) this.askAnew();
    if (covered.length > 0) this.desk.view.dispatch({ effects: putMarks.of(covered.map((each) => this.mark(each))) });
  }

  /** Brings those that waited for a text that we have now; whether there were any. */
  catchUp(): boolean {
    const reached = [...this.waiting.values()].filter(({ version }) => version <= this.desk.place.version());
    if (reached.length > 0) this.bring(reached);
    return reached.length > 0;
  }

  /** The editor has another text, and no marks. */
  forget(): void {
    this.waiting.clear();
  }

  private mark({ id, range: [from, to], version, quote }: Comment): Mark {
    const { place, recent } = this.desk;
    const shown = (position: number, before: boolean) =>
      place.toEditor(place.toShown(recent.move(position, version, place.version(), before)));
    const start = shown(from, false);
    return { id, quote, from: start, to: from === to ? start : Math.max(start, shown(to, true)) };
  }

  /** By their places; those that have none yet at the end. */
  sorted(threads: Thread[]): Thread[] {
    const places = new Map(marksIn(this.desk.view.state).map(({ id, from }) => [id, from]));
    const placeOf = ({ first }: Thread) => places.get(first.id) ?? Number.MAX_SAFE_INTEGER;
    return threads.sort((one, other) => placeOf(one) - placeOf(other));
  }

  /** Tells, when the page is laid out, where each mark stands, in px from the page's top; null for one without. */
  measure(arrange: (top: (id: string) => number | null) => void): void {
    const marks = marksIn(this.desk.view.state);
    this.desk.view.requestMeasure({
      key: this,
      read: () => {
        const tops = new Map(marks.map(({ id, from }) => [id, this.topOf(from)]));
        return (id: string) => tops.get(id) ?? null;
      },
      write: (top) => arrange(top),
    });
  }

  private topOf(position: number): number {
    const { view } = this.desk;
    const block = view.lineBlockAt(Math.min(position, view.state.doc.length));
    return block.top + view.documentTop + window.scrollY;
  }
}
