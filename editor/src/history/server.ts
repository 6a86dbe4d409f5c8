/** The server over HTTP, as the browser's session: answers, or what is wrong in words. */

const PATIENCE = 30_000; // ms

/** Something that the reader is told. */
export class Trouble extends Error {
  constructor(
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

export class Server {
  constructor(
    private readonly documentId: string,
    private readonly csrfToken: string,
  ) {}

  /** Throws Trouble; or whatever the signal was aborted with. */
  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.ask(path, {}, signal) as Promise<T>;
  }

  /** The answer, or null where there is none to give. */
  async post<T>(path: string, body: object, headers: Record<string, string> = {}): Promise<T | null> {
    const init = {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrfToken, ...headers },
    };
    return this.ask(path, init) as Promise<T | null>;
  }

  private async ask(path: string, init: RequestInit, signal?: AbortSignal): Promise<unknown> {
    const patience = AbortSignal.timeout(PATIENCE);
    const headers = { Accept: "application/json", ...init.headers };
    const either = signal === undefined ? patience : anyOf(signal, patience);
    try {
      const response = await fetch(`/api/documents/${this.documentId}/${path}`, { ...init, headers, signal: either });
      if (!response.ok) throw await refusal(response);
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof Trouble) throw error;
      throw new Trouble("The server can’t be reached.");
    }
  }
}

/** AbortSignal.any, which not every browser has. */
function anyOf(...signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { signal: controller.signal });
  }
  return controller.signal;
}

async function refusal(response: Response): Promise<Trouble> {
  if (response.status === 401) return new Trouble("You are signed out. Sign in again in another tab.", 401);
  const problem = await response.json().catch(() => null);
  const detail = problem?.errors?.[0]?.detail ?? problem?.detail;
  return new Trouble(typeof detail === "string" ? detail : `The server answered ${response.status}.`, response.status);
}
