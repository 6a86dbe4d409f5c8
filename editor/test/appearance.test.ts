/** Colours must not cost the page its life: whatever somebody wrote, others can open it. */
import { ensureSyntaxTree } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { colouredMarkdown } from "../src/appearance";

const PATIENCE = 5_000; // ms; each of these took minutes, or for ever, before long paragraphs stayed plain

function tree(doc: string) {
  const state = EditorState.create({ doc, extensions: colouredMarkdown() });
  return ensureSyntaxTree(state, doc.length, PATIENCE)?.toString();
}

describe("Markdown's colours", () => {
  it("are there", () => {
    expect(tree("# A *b*\n\n- [c](d)")).toContain("Emphasis");
    expect(tree("- [c](d)")).toContain("Link");
  });

  it.each([
    ["a text in one paragraph that begins with a bracket", `[${"0123456789abcde\n".repeat(60_000)}`],
    ["links that never end", "[a](".repeat(250_000)],
    ["links that never end, with an angle", "[](<".repeat(250_000)],
    ["brackets that close nothing", "[a] ] ".repeat(160_000)],
  ])("take no time in %s", (_, text) => {
    const before = Date.now();
    tree(text);
    expect(Date.now() - before).toBeLessThan(PATIENCE);
  });
});
