// The tests' hands and eyes inside a page. Positions are code points.
(() => {
  const view = () => document.querySelector(".cm-content")?.cmTile?.root?.view;
  const units = (text, points) => [...text].slice(0, points).join("").length;
  const points = (text, units) => [...text.slice(0, units)].length;
  const states = [];
  const refused = [];

  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    refused.push(`${violatedDirective}: ${blockedURI}`),
  );
  document.addEventListener("DOMContentLoaded", () => {
    const line = document.getElementById("state");
    if (line === null) return;
    const note = () => line.textContent !== states.at(-1) && states.push(line.textContent);
    new MutationObserver(note).observe(line, { childList: true, characterData: true, subtree: true });
  });

  function send(kind, init, Kind) {
    view().focus();
    view().contentDOM.dispatchEvent(new Kind(kind, { bubbles: true, cancelable: true, ...init }));
  }

  const insert = (text) => document.execCommand("insertText", false, text);

  globalThis.hands = {
    states,
    refused,
    text: () => view()?.state.doc.toString() ?? null,
    state: () => document.getElementById("state").textContent,
    people: () => [...document.querySelectorAll("#people li")].map((item) => item.ariaLabel ?? item.textContent),

    select(from, to = from) {
      const { state } = view();
      const text = state.doc.toString();
      view().focus();
      view().dispatch({ selection: { anchor: units(text, from), head: units(text, to) } });
    },

    caret: () => points(view().state.doc.toString(), view().state.selection.main.head),

    /** Where the others' carets are, by name. */
    carets() {
      const text = view()?.state.doc.toString() ?? "";
      return [...document.querySelectorAll(".hand")].map((hand) => [
        hand.querySelector(".hand-name").textContent,
        points(text, view().posAtDOM(hand)),
      ]);
    },

    /** Types letter by letter, as the browser would for a fast writer, while the test goes on. */
    startTyping(text, pause) {
      hands.typing = (async () => {
        for (const letter of text) {
          insert(letter);
          if (pause === 0) await null; // CodeMirror hears of it
          else await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
        }
        hands.typing = null;
      })();
    },
    isTyping: () => hands.typing != null,

    /** Text as JSON, so that half a surrogate pair gets here whole. */
    input: (json) => insert(JSON.parse(json)),
    paste(json) {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", JSON.parse(json));
      send("paste", { clipboardData }, ClipboardEvent);
    },
    copyToClipboard: (json) => navigator.clipboard.writeText(JSON.parse(json)),

    isWiderThanScreen: () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  };
})();
