/** How the text looks and behaves on the page. Colours and faces come from the page's custom properties. */
import { html } from "@codemirror/lang-html";
import { markdown } from "@codemirror/lang-markdown";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, dropCursor, EditorView, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const quiet = { color: "var(--ink-2)" };
const mono = { fontFamily: "var(--font-mono)", fontSize: "0.9em" };

const markdownStyle = HighlightStyle.define([
  { tag: tags.heading1, fontSize: "1.5em", fontWeight: "650", lineHeight: "1.3" },
  { tag: tags.heading2, fontSize: "1.25em", fontWeight: "650", lineHeight: "1.4" },
  { tag: tags.heading, fontWeight: "650" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.monospace, ...mono },
  { tag: [tags.link, tags.url], color: "var(--accent)" },
  { tag: [tags.quote, tags.processingInstruction, tags.contentSeparator, tags.labelName], ...quiet },
]);

const LONGEST_COLOURED = 4_000; // units of one paragraph

/**
 * Markdown, for colours alone. Finding links in a paragraph can take the square of its length or worse ("[a](" a few
 * thousand times), and whoever opens such a text would sit before a frozen page: long paragraphs stay plain. Reference
 * definitions are not looked for at all: that costs the square of the text in any long one that begins with "[".
 */
export function colouredMarkdown(): Extension {
  const support = markdown({
    completeHTMLTags: false,
    htmlTagLanguage: html({ matchClosingTags: false, autoCloseTags: false }), // what is typed is what stands there
    extensions: [{ remove: ["LinkReference"] }],
  });
  const parser = support.language.parser as unknown as { parseInline(text: string, offset: number): unknown[] };
  const parseInline = parser.parseInline.bind(parser);
  parser.parseInline = (text, offset) => (text.length > LONGEST_COLOURED ? [] : parseInline(text, offset));
  return support;
}

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" }, // the caret shows the focus, the paper's edge too (editor.css)
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", overflow: "visible" },
  ".cm-content": { padding: "0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 14%, transparent)" },
  ".cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", borderColor: "var(--border)" },
});

/** Without `canEdit` the text can still be focused, selected and searched. */
export function writing(canEdit: boolean): Extension {
  return [
    EditorState.readOnly.of(!canEdit),
    EditorView.editable.of(canEdit),
    canEdit ? [] : EditorView.contentAttributes.of({ tabindex: "0" }),
  ];
}

export function appearance(nonce: string): Extension {
  return [
    nonce === "" ? [] : EditorView.cspNonce.of(nonce),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-label": "Document text",
      "aria-describedby": "editor-help",
      spellcheck: "true",
      autocapitalize: "sentences",
    }),
    placeholder("Write something…"),
    colouredMarkdown(),
    syntaxHighlighting(markdownStyle),
    search({ top: true }),
    highlightSelectionMatches(),
    drawSelection(),
    dropCursor(),
    theme,
  ];
}
