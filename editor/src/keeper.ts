/**
 * Brings records to the shelf in the background: one write under way, and the newest of each key behind it, so that a
 * fast writer never waits for a slow disk. What could not be written is tried again, together with all that came since:
 * words for copying reach the shelf before, or with, the taking away of the record that they come from.
 */
import type { Shelf } from "./shelf";

interface Item {
  readonly record: unknown; // undefined: to be taken away
  readonly strict: boolean;
  readonly written: () => void;
}

const TRY_AGAIN = 5_000; // ms

export class Keeper {
  /** Whether the shelf could not be written to the last time. */
  hasFailed = false;
  private readonly unwritten = new Map<string, Item>();
  private underWay = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shelf: Shelf,
    private readonly changed: () => void,
  ) {}

  /** `pause`: how many ms it may wait for newer ones. */
  put(key: string, record: unknown, strict: boolean, pause = 0, written = () => {}): void {
    this.unwritten.set(key, { record, strict, written });
    if (pause > 0) this.timer ??= setTimeout(() => this.flush(), pause);
    else if (this.underWay === 0) this.flush();
  }

  /** Now, even while another write is under way: the page may be going. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.unwritten.size > 0) void this.write(new Map(this.unwritten));
  }

  private async write(batch: ReadonlyMap<string, Item>): Promise<void> {
    this.underWay += 1;
    try {
      const changes = new Map([...batch].map(([key, { record }]) => [key, record]));
      await this.shelf.write(
        changes,
        [...batch.values()].some(({ strict }) => strict),
      );
      this.hasFailed = false;
      for (const [key, item] of batch) this.isWritten(key, item);
    } catch {
      this.hasFailed = true;
      this.timer ??= setTimeout(() => this.flush(), TRY_AGAIN);
    }
    this.underWay -= 1;
    if (this.underWay === 0 && this.timer === undefined) this.flush();
    this.changed();
  }

  private isWritten(key: string, item: Item): void {
    if (this.unwritten.get(key) === item) this.unwritten.delete(key);
    item.written();
  }
}
