/**
 * What is said of the text, as far as this page knows: told one by one on the socket, or all of it over HTTP. Pure.
 *
 * The same may be told twice and out of order: of two words on one comment the one that changed later holds.
 */

export interface Comment {
  readonly id: string;
  readonly author: { readonly id: string; readonly username: string } | null;
  readonly body: string;
  readonly range: readonly [number, number]; // code points of the server's text at `version`
  readonly version: number;
  readonly quote: string;
  readonly resolved: boolean;
  readonly parent: string | null;
  readonly created_at: string;
  readonly changed_at: string;
  readonly deleted: boolean;
}

/** A first comment and its answers, the oldest first. */
export interface Thread {
  readonly first: Comment;
  readonly answers: readonly Comment[];
}

export class Threads {
  private readonly comments = new Map<string, Comment>();
  private heard = new Set<string>(); // since the last listing was asked for

  hear(comment: Comment): void {
    this.heard.add(comment.id);
    this.take(comment);
  }

  /** A listing is asked for: what is heard until it comes may be missing in it, and is there all the same. */
  asked(): void {
    this.heard = new Set();
  }

  /** Takes a listing: what is not in it is gone. */
  listed(comments: readonly Comment[]): void {
    const there = new Set([...comments.map(({ id }) => id), ...this.heard]);
    for (const id of this.comments.keys()) if (!there.has(id)) this.comments.delete(id);
    for (const comment of comments) this.take(comment);
  }

  /** Every thread that has anything to say, the oldest first. */
  all(): Thread[] {
    const sorted = [...this.comments.values()].sort(byAge);
    const answers = byParent(sorted);
    return sorted
      .filter(({ parent }) => parent === null)
      .map((first) => ({ first, answers: (answers.get(first.id) ?? []).filter(({ deleted }) => !deleted) }))
      .filter(({ first, answers }) => !first.deleted || answers.length > 0);
  }

  private take(comment: Comment): void {
    const known = this.comments.get(comment.id);
    if (known === undefined || Date.parse(known.changed_at) <= Date.parse(comment.changed_at)) {
      this.comments.set(comment.id, comment);
    }
  }
}

function byAge(one: Comment, other: Comment): number {
  return Date.parse(one.created_at) - Date.parse(other.created_at) || (one.id < other.id ? -1 : 1);
}

function byParent(comments: readonly Comment[]): Map<string, Comment[]> {
  const answers = new Map<string, Comment[]>();
  for (const comment of comments) {
    if (comment.parent !== null) answers.set(comment.parent, [...(answers.get(comment.parent) ?? []), comment]);
  }
  return answers;
}
