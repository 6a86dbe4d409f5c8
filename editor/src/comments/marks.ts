/** Where threads stand in the shown text: marks that CodeMirror moves with every change. */
import { type ChangeSet, type EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

/** A stretch of the shown text, in the editor's positions; empty when its text is gone. */
export interface Mark {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly quote: string; // what stood there, to be known again when it comes back
}

export const DRAFT = "draft"; // the mark of the text that a new comment is about

interface Marks {
  readonly marks: readonly Mark[];
  readonly active: string | null;
}

export const putMarks = StateEffect.define<readonly Mark[]>(); // these, in place of those of the same ids
export const keepMarks = StateEffect.define<ReadonlySet<string>>(); // of these ids only
export const activate = StateEffect.define<string | null>();

const field = StateField.define<Marks>({
  create: () => ({ marks: [], active: null }),
  update(shown, { changes, docChanged, effects }) {
    let { marks, active } = shown;
    if (docChanged) marks = marks.map((mark) => moved(mark, changes));
    for (const effect of effects) {
      if (effect.is(putMarks)) marks = [...marks.filter(({ id }) => !holds(effect.value, id)), ...effect.value];
      if (effect.is(keepMarks)) marks = marks.filter(({ id }) => effect.value.has(id));
      if (effect.is(activate)) active = effect.value;
    }
    return marks === shown.marks && active === shown.active ? shown : { marks, active };
  },
  provide: (field) => EditorView.decorations.compute([field], (state) => decorations(state, state.field(field))),
});

/**
 * The server's rules (documents/ot/anchors.py): what is typed at either edge is outside. A mark that was emptied stands on
 * its quote when that comes back, which of a long stretch is the beginning only; what was cut over an edge of it stays
 * outside when it comes back.
 */
function moved(mark: Mark, changes: ChangeSet): Mark {
  const from = position(mark.from, changes, false);
  const to = mark.from === mark.to ? from : Math.max(from, position(mark.to, changes, true));
  return { ...mark, ...(from < to ? { from, to } : foundAgain(from, mark.quote, changes)) };
}

/** As operations move it: what is inserted stands before what is deleted at the same place. */
function position(place: number, changes: ChangeSet, before: boolean): number {
  let moved = place;
  changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    if (from < place || (from === place && !before)) moved += inserted.length;
    moved -= Math.max(0, Math.min(place, to) - from);
  });
  return moved;
}

function foundAgain(place: number, quote: string, changes: ChangeSet) {
  let found = { from: place, to: place };
  changes.iterChanges((_fromA, _toA, fromB, toB, inserted) => {
    const at = toB === place && quote !== "" ? inserted.toString().indexOf(quote) : -1;
    if (at >= 0) found = { from: fromB + at, to: fromB + at + quote.length };
  });
  return found;
}

function holds(marks: readonly Mark[], id: string): boolean {
  return marks.some((mark) => mark.id === id);
}

function decorations({ doc }: EditorState, { marks, active }: Marks): DecorationSet {
  const ranges = marks
    .map(({ id, from, to }) => ({ id, from: Math.min(from, doc.length), to: Math.min(to, doc.length) }))
    .filter(({ from, to }) => from < to)
    .map(({ id, from, to }) => {
      const name = id === active ? "commented active" : "commented";
      return Decoration.mark({ class: name, attributes: { "data-comment": id } }).range(from, to);
    });
  return Decoration.set(ranges, true);
}

export function marksIn(state: EditorState): readonly Mark[] {
  return state.field(field, false)?.marks ?? [];
}

/** `picked` is told of the thread whose text the reader clicks or puts the caret into; null for none. */
export function marksExtension(picked: (id: string | null) => void, placed: () => void): Extension {
  return [
    field,
    EditorView.updateListener.of(({ state, selectionSet, docChanged, geometryChanged, transactions }) => {
      const isMoved = transactions.some(({ effects }) => effects.some((e) => e.is(putMarks) || e.is(keepMarks)));
      if (docChanged || geometryChanged || isMoved) placed();
      if (selectionSet && !docChanged && state.selection.main.empty) picked(markAt(state, state.selection.main.head));
    }),
  ];
}

/** The thread whose text a position is in: the shortest, where several are. */
export function markAt(state: EditorState, position: number): string | null {
  const around = marksIn(state).filter(({ from, to }) => from <= position && position < to);
  return around.sort((one, other) => one.to - one.from - (other.to - other.from))[0]?.id ?? null;
}
