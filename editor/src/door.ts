/**
 * The door for input: typing, paste, drop and IME pass here before they are text.
 *
 * CR becomes LF, NUL goes, half a surrogate pair becomes U+FFFD, and a change that begins or ends inside a pair is made
 * to take the whole pair; so neither the text nor the undo history ever holds half of one. What would make the text
 * longer than the server takes is refused here, in words, before anybody relies on it.
 */
import {
  ChangeSet,
  EditorState,
  type Extension,
  StateEffect,
  Transaction,
  type TransactionSpec,
} from "@codemirror/state";
import { type ChangedRange, lengthOf, textOf, wholeRanges } from "./rope";
import { isHigh, isLow, repair } from "./unicode";

export function inputDoor(limit: () => number, refused: (reason: string) => void): Extension {
  return EditorState.transactionFilter.of((transaction) => {
    if (!transaction.docChanged || transaction.annotation(Transaction.remote) === true) return transaction;
    if (!growsBeyond(limit(), transaction)) return cleaned(transaction);
    refused(`a document holds at most ${limit().toLocaleString("en")} characters and this would be more`);
    return [];
  });
}

function growsBeyond(limit: number, { startState, newDoc }: Transaction): boolean {
  return newDoc.length > limit && newDoc.length > startState.doc.length && lengthOf(newDoc) > limit;
}

function cleaned(transaction: Transaction): Transaction | TransactionSpec {
  const { startState, newDoc } = transaction;
  const ranges = wholeRanges(transaction.changes, startState.doc, newDoc).map((range) => {
    const found = newDoc.sliceString(range.fromB, range.toB);
    return { ...range, found, insert: mended(found, range) };
  });
  if (ranges.every(({ head, tail, found, insert }) => head === 0 && tail === 0 && found === insert)) return transaction;
  const mending = ChangeSet.of(
    ranges
      .filter(({ found, insert }) => found !== insert)
      .map(({ fromB, toB, insert }) => ({ from: fromB, to: toB, insert: textOf(insert) })),
    newDoc.length,
  );
  const userEvent = transaction.annotation(Transaction.userEvent);
  return {
    changes: ranges.map(({ fromA, toA, insert }) => ({ from: fromA, to: toA, insert: textOf(insert) })),
    selection: transaction.newSelection.map(mending, 1),
    effects: StateEffect.mapEffects(transaction.effects, mending),
    scrollIntoView: transaction.scrollIntoView,
    ...(userEvent === undefined ? {} : { annotations: Transaction.userEvent.of(userEvent) }),
  };
}

/** The new text of a widened range: a half that its other half has left goes with it, anything else torn is shown. */
function mended(found: string, { head, tail }: ChangedRange): string {
  const first = head === 1 && isHigh(found.charCodeAt(0)) && !isLow(found.charCodeAt(1)) ? 1 : 0;
  const end = found.length;
  const last = tail === 1 && isLow(found.charCodeAt(end - 1)) && !isHigh(found.charCodeAt(end - 2)) ? 1 : 0;
  return repair(found.slice(first, Math.max(first, end - last)));
}
