/** The server over HTTP: a token for the socket, the text of a version, the title. */
import type { Comment } from "./comments/threads";
import type { Token } from "./connection";

export class Refusal extends Error {
  /** `detail` is what the server says for people, if it does. */
  constructor(
    readonly status: number,
    detail = "",
  ) {
    super(detail || `The server answered ${status}.`);
  }

  /** Whether asking again may help. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

/** What this page would say of itself if it were loaded now. */
export interface PageNow {
  readonly csrfToken: string;
  readonly protocol: string;
  readonly user: string;
}

/** What is said of the text. A new comment sent again under the same key is the same comment. */
export interface CommentsApi {
  list(): Promise<Comment[]>;
  add(comment: NewComment, key: string): Promise<Comment>;
  change(id: string, changes: { body?: string; resolved?: boolean }): Promise<Comment>;
  remove(id: string): Promise<void>;
}

interface NewComment {
  readonly body: string;
  readonly range?: readonly [number, number];
  readonly version?: number;
  readonly parent?: string;
}

export class Api {
  constructor(
    private readonly documentId: string,
    private csrfToken: string,
    private readonly accessToken: () => Promise<string>,
  ) {}

  /** A short token for this browser's session; who has signed in again meanwhile has another CSRF token, too. */
  async fetchToken(): Promise<Token> {
    try {
      return await this.askForToken();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 403)) throw error;
      const page = await this.pageNow();
      if (page === null) throw error;
      this.csrfToken = page.csrfToken;
      return this.askForToken();
    }
  }

  private async askForToken(): Promise<Token> {
    return ask("/session/token", {
      method: "POST",
      headers: { "X-CSRFToken": this.csrfToken },
      credentials: "same-origin",
    });
  }

  /** Looks at this page again; null if it is not to be had, for whatever reason. */
  async pageNow(): Promise<PageNow | null> {
    const response = await fetch(location.pathname, { signal: AbortSignal.timeout(15_000) }).catch(() => null);
    if (response === null || !response.ok || response.redirected) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const { protocol = "", user = "" } = page.getElementById("editor")?.dataset ?? {};
    const csrfToken = page.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    return { csrfToken, protocol, user };
  }

  async textAt(version: number): Promise<string> {
    return (await this.document(`/versions/${version}`)).content;
  }

  /** Gives the document another title; answers with the one it has then. */
  async rename(title: string): Promise<string> {
    return (await this.document("", { method: "PATCH", body: JSON.stringify({ title }) })).title;
  }

  readonly comments: CommentsApi = {
    list: () => this.document("/comments"),
    add: (comment, key) => this.document("/comments", sent("POST", comment, { "Idempotency-Key": key })),
    change: (id, changes) => this.document(`/comments/${id}`, sent("PATCH", changes)),
    remove: (id) => this.document(`/comments/${id}`, { method: "DELETE" }),
  };

  private async document(path: string, init: RequestInit = {}) {
    const token = { Authorization: `Bearer ${await this.accessToken()}` };
    const headers = { ...init.headers, ...token, "Content-Type": "application/json" };
    return ask(`/api/documents/${this.documentId}${path}`, { ...init, headers });
  }
}

function sent(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(body), headers };
}

async function ask(url: string, init: RequestInit) {
  const headers = { Accept: "application/json", ...init.headers };
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Refusal(response.status, await detailOf(response));
  return response.status === 204 ? undefined : response.json();
}

async function detailOf(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => null);
  const detail = typeof problem === "object" && problem !== null && "detail" in problem ? problem.detail : "";
  return typeof detail === "string" ? detail : "";
}
