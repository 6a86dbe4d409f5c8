/** The dialog that shows what bringing a version back would change, and does it. */
import { randomUuid } from "../browser";
import type { Archive } from "./archive";
import { find } from "./dom";
import { amounts, type Span } from "./ink";
import { Paper } from "./paper";
import type { Server } from "./server";
import { whatRestoringDoes } from "./words";

export class Restoring {
  private readonly dialog = find<HTMLDialogElement>("restoring") as HTMLDialogElement;
  private readonly paper = new Paper(this.part("pre"));
  private readonly confirm = this.part<HTMLButtonElement>("[value=restore]");
  private version = 0;
  private base = 0; // the head whose text the reader was shown as what would change
  private key = "";
  private loading = new AbortController();

  constructor(
    private readonly archive: Archive,
    private readonly server: Server,
    private readonly restored: (version: number, head: number) => void,
  ) {
    this.confirm.addEventListener("click", () => void this.restore());
    this.part("[value=cancel]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.loading.abort());
  }

  /** Opens with the changes from the text of now to that of the version. */
  async open(version: number): Promise<void> {
    this.version = version;
    this.key = randomUuid();
    this.loading = new AbortController();
    this.part("#restoring-title").textContent = `Restore version ${version}?`;
    this.say("Looking at what would change…");
    this.tellTrouble("");
    this.paper.show([]);
    this.confirm.disabled = true;
    this.dialog.showModal();
    try {
      await this.archive.look();
      this.base = this.archive.head;
      this.show(await this.archive.restoring(version, this.loading.signal));
    } catch (error) {
      if (this.loading.signal.aborted) return;
      this.say("");
      this.tellTrouble(`What would change can’t be shown: ${(error as Error).message} Nothing was restored.`);
    }
  }

  private show(spans: readonly Span[]): void {
    const changed = amounts(spans);
    this.say(whatRestoringDoes(changed));
    this.confirm.disabled = changed.inserted === 0 && changed.deleted === 0;
    this.paper.show(this.confirm.disabled ? [] : excerpt(spans));
    if (!this.confirm.disabled) this.confirm.focus();
  }

  /** With one key for all tries: what was restored by a try without an answer is not restored again. */
  private async restore(): Promise<void> {
    this.confirm.disabled = true;
    this.tellTrouble("");
    try {
      const headers = { "Idempotency-Key": this.key, "If-Match": `"${this.base}"` };
      const shown = await this.server.post<{ version: number }>("restore", { version: this.version }, headers);
      this.dialog.close();
      this.restored(this.version, shown?.version ?? this.archive.head);
    } catch (error) {
      this.confirm.disabled = false;
      this.tellTrouble(`${(error as Error).message} Nothing is known to be restored yet; you can try again.`);
    }
  }

  private say(words: string): void {
    this.part("#restoring-says").textContent = words;
  }

  private tellTrouble(words: string): void {
    const note = this.part("#restoring-note");
    note.dataset.tone = "danger";
    note.textContent = words;
    note.hidden = words === "";
  }

  private part<T extends HTMLElement>(selector: string): T {
    return this.dialog.querySelector(selector) as T;
  }
}

const AROUND = 80; // units of unchanged text shown at each side of a change

/** The changes with some text around them; what lies between is told by how much it is. */
export function excerpt(spans: readonly Span[]): Span[] {
  return spans.flatMap((span, index): Span[] => {
    if (span.kind !== "same" || span.text.length <= 3 * AROUND) return [span];
    const head = index === 0 ? "" : span.text.slice(0, wholeUnits(span.text, AROUND));
    const tail = index === spans.length - 1 ? "" : span.text.slice(wholeUnits(span.text, span.text.length - AROUND));
    return [{ kind: "same", text: [head, "⋯", tail].filter((part) => part !== "").join("\n") }];
  });
}

function wholeUnits(text: string, unit: number): number {
  const code = text.charCodeAt(unit);
  return code >= 0xdc00 && code < 0xe000 ? unit + 1 : unit;
}
