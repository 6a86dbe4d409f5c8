/**
 * CodeMirror on one side, operations on the other. The only file (with `rope.ts`, its counting) that knows CodeMirror's
 * positions.
 *
 * What the user does leaves as operations; what others do comes in as transactions that undo does not know, so that
 * Ctrl-Z takes back own edits only. The door for input cleans what the protocol refuses and keeps to the text's limit.
 */
import { defaultKeymap, history, historyKeymap, indentWithTab, redo } from "@codemirror/commands";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, type StateEffect, Transaction } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { appearance, writing } from "./appearance";
import { inputDoor } from "./door";
import type { Operation } from "./ot";
import { changesFrom, lengthOf, operationFrom, type Rope, toCodePoint, toUnit } from "./rope";

/** What the page hears from the editor. */
export interface Listener {
  edited(operation: Operation): void;
  moved(): void; // the caret or selection, by the user or by an edit
  refused(reason: string): void; // input that did not fit
  settled(): void; // a composition (IME) has ended
}

const COMPOSITION_PATIENCE = 3000; // ms that others' edits wait for a composition; then CodeMirror copes

interface Settings {
  readonly text: Rope;
  readonly canEdit: boolean;
  readonly limit: () => number; // code points that the text may have
  readonly nonce: string; // lets CodeMirror's style tags through the Content-Security-Policy
  readonly extensions: Extension;
}

export class Editor {
  readonly view: EditorView;
  private readonly writable = new Compartment();
  private composingUntil = 0;

  constructor(
    parent: HTMLElement,
    private readonly settings: Settings,
    private readonly listener: Listener,
  ) {
    this.view = new EditorView({ parent, state: this.stateOf(settings.text, settings.canEdit) });
    this.view.contentDOM.addEventListener("compositionstart", () => {
      this.composingUntil = Date.now() + COMPOSITION_PATIENCE;
      setTimeout(() => this.listener.settled(), COMPOSITION_PATIENCE);
    });
    this.view.contentDOM.addEventListener("compositionend", () => {
      this.composingUntil = 0;
      setTimeout(() => this.listener.settled()); // CodeMirror reads the composed text first
    });
  }

  /** Whether a change from outside would disturb the input method now. */
  get isComposing(): boolean {
    return this.view.compositionStarted && Date.now() < this.composingUntil;
  }

  /** Shows a change that others made. */
  apply(operation: Operation): void {
    if (operation.length === 0) return;
    this.view.dispatch({ changes: changesFrom(operation, this.view.state.doc), annotations: FROM_OTHERS });
  }

  /** Shows another text altogether: the history of undo begins anew. */
  reset(text: Rope, canEdit: boolean): void {
    this.view.setState(this.stateOf(text, canEdit));
  }

  setCanEdit(canEdit: boolean): void {
    this.view.dispatch({ effects: this.writable.reconfigure(writing(canEdit)) });
  }

  /** The user's selections as [anchor, head] in code points of the shown text; none while the editor has no focus. */
  selections(): [number, number][] {
    if (!this.view.hasFocus) return [];
    const { doc, selection } = this.view.state;
    return selection.ranges.map(({ anchor, head }) => [toCodePoint(doc, anchor), toCodePoint(doc, head)]);
  }

  /** The editor's position of a code point of the shown text. */
  position(codePoint: number): number {
    const { doc } = this.view.state;
    return toUnit(doc, Math.max(0, Math.min(codePoint, lengthOf(doc))));
  }

  /** The code point of the shown text at an editor's position. */
  codePoint(position: number): number {
    return toCodePoint(this.view.state.doc, position);
  }

  dispatch(effects: StateEffect<unknown>): void {
    this.view.dispatch({ effects });
  }

  private stateOf(text: Rope, canEdit: boolean): EditorState {
    return EditorState.create({
      doc: text.text,
      extensions: [
        documentText(this.settings.limit, this.listener),
        this.writable.of(writing(canEdit)),
        appearance(this.settings.nonce),
        keymap.of([...KEYS, ...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        this.settings.extensions,
      ],
    });
  }
}

const KEYS = [
  indentWithTab, // Escape, then Tab leaves
  { key: "Mod-Shift-z", run: redo, preventDefault: true }, // CodeMirror has it on some systems only
];

const FROM_OTHERS = [Transaction.addToHistory.of(false), Transaction.remote.of(true)];

/** The parts that decide about the text; they need no page, so that they are tested without one. */
export function documentText(limit: () => number, listener: Listener): Extension {
  return [
    EditorState.lineSeparator.of("\n"),
    EditorState.allowMultipleSelections.of(true),
    history(),
    inputDoor(limit, (reason) => listener.refused(reason)),
    EditorView.updateListener.of(({ transactions, selectionSet, docChanged, focusChanged }) => {
      for (const operation of localOperations(transactions)) listener.edited(operation);
      if (selectionSet || docChanged || focusChanged) listener.moved();
    }),
  ];
}

/** What the user did in these transactions, as operations. */
export function localOperations(transactions: readonly Transaction[]): Operation[] {
  return transactions
    .filter((transaction) => transaction.docChanged && transaction.annotation(Transaction.remote) !== true)
    .map(({ changes, startState, newDoc }) => operationFrom(changes, startState.doc, newDoc))
    .filter((operation) => operation.length > 0);
}
