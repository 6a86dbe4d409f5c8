/** The newest entries of the log that were crossed here, to move over them what was said of an earlier version. */
import { transformPosition } from "./ot";
import type { Entry } from "./session";

const REMEMBERED = 500; // entries

export class Recent {
  private entries: readonly Entry[] = [];

  take(entries: readonly Entry[]): void {
    const news = entries.filter(({ version }) => version > (this.entries.at(-1)?.version ?? 0));
    this.entries = [...this.entries, ...news].slice(-REMEMBERED);
  }

  /** Another history begins, or this one was loaded again. */
  forget(): void {
    this.entries = [];
  }

  /** Whether every entry after one version up to another is remembered. */
  covers(from: number, to: number): boolean {
    return from >= to || (from <= to && this.between(from, to).length === to - from);
  }

  /** Where a position at one version lies at another, as far as is remembered; `before` what is typed exactly there. */
  move(position: number, from: number, to: number, before = false): number {
    return this.between(from, to).reduce((at, { operation }) => transformPosition(at, operation, before), position);
  }

  private between(from: number, to: number): readonly Entry[] {
    return this.entries.filter(({ version }) => version > from && version <= to);
  }
}
