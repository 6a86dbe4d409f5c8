/** The server over HTTP: a token for the socket, the text of a version, the title. */
import type { Token } from "./connection";

export class Refusal extends Error {
  constructor(readonly status: number) {
    super(`The server answered ${status}.`);
  }

  /** Whether asking again may help. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

export class Api {
  constructor(
    private readonly documentId: string,
    private readonly csrfToken: string,
    private readonly accessToken: () => Promise<string>,
  ) {}

  /** A short token for this browser's session. */
  async fetchToken(): Promise<Token> {
    return ask("/session/token", {
      method: "POST",
      headers: { "X-CSRFToken": this.csrfToken },
      credentials: "same-origin",
    });
  }

  async textAt(version: number): Promise<string> {
    return (await this.document(`/versions/${version}`)).content;
  }

  /** Gives the document another title; answers with the one it has then. */
  async rename(title: string): Promise<string> {
    return (await this.document("", { method: "PATCH", body: JSON.stringify({ title }) })).title;
  }

  private async document(path: string, init: RequestInit = {}) {
    const headers = { Authorization: `Bearer ${await this.accessToken()}`, "Content-Type": "application/json" };
    return ask(`/api/documents/${this.documentId}${path}`, { ...init, headers });
  }
}

async function ask(url: string, init: RequestInit) {
  const headers = { Accept: "application/json", ...init.headers };
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Refusal(response.status);
  return response.json();
}
