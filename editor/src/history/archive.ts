/**
 * What was, asked from the server only as far as it is looked at, and a little of it kept.
 *
 * Versions never change, so what was read of one stays right. Revisions are numbered from the oldest, 1, 2, 3, …: only
 * the last one grows. The one that a version is in is found by halving, a page at a time; the log is never loaded.
 */
import { apply, invert, type Operation, PlainText } from "../ot";
import { type Author, authored, changes, newText, passages, type Run, type Span } from "./ink";
import { type Server, Trouble } from "./server";

export interface Version {
  readonly version: number;
  readonly content: string;
  readonly created_at: string;
  readonly author: Author;
}

export interface Revision {
  readonly number: number;
  readonly from_version: number;
  readonly to_version: number;
  readonly author: Author;
  readonly started_at: string;
  readonly ended_at: string;
  readonly inserted: number;
  readonly deleted: number;
}

export interface NamedVersion {
  readonly version: number;
  readonly name: string;
}

interface Page<T> {
  readonly count: number;
  readonly results: readonly T[];
}

export const PER_PAGE = 20;
const MOST_NAMES = 200;
const MOST_REVISIONS = 2_000;
const TEXTS = 8;

export class Archive {
  private readonly texts = new Recent<Version>(TEXTS);
  private readonly operations = new Recent<Operation>(TEXTS);
  private readonly writers = new Recent<readonly Run[]>(2);
  private readonly revisions = new Map<number, Revision>();
  private count: number | null = null;

  constructor(
    private readonly server: Pick<Server, "get" | "post">,
    public head: number,
  ) {}

  // -- one version ---------------------------------------------------------------------------------------------------

  version(version: number, signal?: AbortSignal): Promise<Version> {
    return this.texts.get(`${version}`, () => this.server.get(`versions/${version}`, signal));
  }

  /** What changed from one version to a later one, each insertion with who wrote it. */
  async changes(since: number, version: number, signal?: AbortSignal): Promise<Span[]> {
    const [old, shown, operation, revision] = await Promise.all([
      this.version(since, signal),
      this.version(version, signal),
      this.operation(since, version, signal),
      this.revisionOf(version, signal),
    ]);
    const spans = changes(old.content, operation);
    if (newText(spans) !== shown.content) throw new Trouble("The changes do not fit the text.");
    if (revision !== null && since >= revision.from_version - 1) {
      const { author, started_at: first } = revision;
      const passage = { length: shown.content.length, author, first, last: shown.created_at };
      return spans.map((span) => (span.kind === "insert" ? { ...span, passage } : span));
    }
    return authored(spans, passages(await this.runs(version, signal)), "insert");
  }

  /** Who wrote the text at a version. */
  async authors(version: number, signal?: AbortSignal): Promise<Span[]> {
    const [{ content }, runs] = await Promise.all([this.version(version, signal), this.runs(version, signal)]);
    return authored(content === "" ? [] : [{ kind: "same", text: content }], passages(runs), "same");
  }

  /** What bringing a version back would do to the text as it is at the head. */
  async restoring(version: number, signal?: AbortSignal): Promise<Span[]> {
    const [then, operation] = await Promise.all([
      this.version(version, signal),
      this.operation(version, this.head, signal),
    ]);
    return changes(apply(then.content, operation), invert(operation, new PlainText(then.content)));
  }

  private async operation(since: number, version: number, signal?: AbortSignal): Promise<Operation> {
    return this.operations.get(`${since}-${version}`, async () => {
      const found = await this.server.get<{ operation: Operation }>(`diff?from=${since}&to=${version}`, signal);
      return found.operation;
    });
  }

  private async runs(version: number, signal?: AbortSignal): Promise<readonly Run[]> {
    return this.writers.get(`${version}`, async () => {
      const found = await this.server.get<{ runs: Run[] }>(`blame?version=${version}`, signal);
      return found.runs;
    });
  }

  // -- revisions -----------------------------------------------------------------------------------------------------

  /** The revision that a version is in; null for version 0, or one that the list does not reach yet. */
  async revisionOf(version: number, signal?: AbortSignal): Promise<Revision | null> {
    if (version === 0) return null;
    let low = 1;
    let high = await this.howMany(signal);
    for (let number = high; low <= high; number = (low + high) >> 1) {
      const known = this.known(version);
      if (known !== null) return known;
      const found = await this.numbered(number, signal);
      if (found === null) return null;
      if (version < found.from_version) high = number - 1;
      else if (version > found.to_version) low = number + 1;
      else return found;
    }
    return null;
  }

  /** A revision by its number; null where there is none. */
  async numbered(number: number, signal?: AbortSignal): Promise<Revision | null> {
    if (number < 1 || number > (await this.howMany(signal))) return null;
    if (!this.revisions.has(number)) await this.loadAround(number, signal);
    return this.revisions.get(number) ?? null;
  }

  /** The page of the list that holds a revision: newest first, with what is newer and what is older. */
  async page(number: number, signal?: AbortSignal): Promise<{ rows: Revision[]; newer: number; older: number }> {
    const count = await this.howMany(signal);
    const newest = count - Math.floor((count - number) / PER_PAGE) * PER_PAGE;
    const oldest = Math.max(1, newest - PER_PAGE + 1);
    const numbers = Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, index) => newest - index);
    if (numbers.some((each) => !this.revisions.has(each))) await this.load(count - newest, signal);
    const rows = numbers.flatMap((each) => this.revisions.get(each) ?? []);
    return { rows, newer: newest < count ? newest + 1 : 0, older: oldest > 1 ? oldest - 1 : 0 };
  }

  private async howMany(signal?: AbortSignal): Promise<number> {
    if (this.count === null) await this.load(0, signal);
    return this.count ?? 0;
  }

  private async loadAround(number: number, signal?: AbortSignal): Promise<void> {
    await this.load(Math.max(0, (this.count ?? 0) - number - PER_PAGE / 2), signal);
  }

  private async load(skip: number, signal?: AbortSignal): Promise<void> {
    const path = `revisions?skip=${skip}&limit=${PER_PAGE}`;
    const { count, results } = await this.server.get<Page<Omit<Revision, "number">>>(path, signal);
    if (this.revisions.size > MOST_REVISIONS) this.revisions.clear();
    this.count = count;
    results.forEach((revision, index) => {
      const number = count - skip - index;
      this.revisions.set(number, { ...revision, number });
    });
  }

  private known(version: number): Revision | null {
    for (const revision of this.revisions.values())
      if (revision.from_version <= version && version <= revision.to_version) return revision;
    return null;
  }

  // -- names and the head --------------------------------------------------------------------------------------------

  async names(): Promise<readonly NamedVersion[]> {
    return (await this.server.get<Page<NamedVersion>>(`versions?limit=${MOST_NAMES}`)).results;
  }

  /** Asks how far the log has come; whether it has moved. */
  async look(): Promise<boolean> {
    return this.moved((await this.server.get<Page<unknown>>("history?limit=1")).count);
  }

  /** The head is known to be there, at least; whether that is news. */
  moved(head: number): boolean {
    if (head <= this.head) return false;
    this.head = head;
    if (this.count !== null) this.revisions.delete(this.count); // it may have grown
    this.count = null;
    return true;
  }
}

/** The few things looked at last. What fails is not kept. */
export class Recent<T> {
  private readonly kept = new Map<string, T>();

  constructor(private readonly most: number) {}

  async get(key: string, load: () => Promise<T>): Promise<T> {
    const value = this.kept.has(key) ? (this.kept.get(key) as T) : await load();
    this.kept.delete(key);
    this.kept.set(key, value);
    for (const oldest of this.kept.keys()) if (this.kept.size > this.most) this.kept.delete(oldest);
    return value;
  }
}
