/** The messages on the socket, as docs/protocol.md names them. What is read is checked as far as we rely on it. */
import type { Comment } from "./comments/threads";
import { parse } from "./ot";
import type { Entry, Submission } from "./session";

export type Role = "owner" | "editor" | "commenter" | "viewer";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

export interface Limits {
  readonly text: number;
  readonly inserted: number;
  readonly components: number;
  readonly frame: number;
}

export const DEFAULT_LIMITS: Limits = { text: 1_000_000, inserted: 250_000, components: 1_000, frame: 1_048_576 };

/** Positions in the server's text at `version`; a selection of null says that the client has left. */
export interface Presence {
  readonly client_id: string;
  readonly user: User;
  readonly version: number;
  readonly selection: readonly (readonly [number, number])[] | null;
}

export interface Joined {
  readonly type: "joined";
  readonly version: number;
  readonly head: number;
  readonly log?: string;
  readonly content?: string;
  readonly operations?: readonly Entry[];
  readonly sha256?: string;
  readonly role: Role;
  readonly user?: User;
  readonly presence?: readonly Presence[];
  readonly limits?: Partial<Limits>;
}

export type ServerMessage =
  | Joined
  | { readonly type: "operations"; readonly operations: readonly Entry[] }
  | ({ readonly type: "presence" } & Presence)
  | { readonly type: "checksum"; readonly version: number; readonly sha256: string }
  | { readonly type: "error"; readonly code: string; readonly detail: string; readonly seq?: number | null }
  | { readonly type: "role"; readonly role: Role }
  | { readonly type: "document"; readonly title?: string }
  | { readonly type: "comment"; readonly comment?: Comment }
  | { readonly type: "pong" };

export type ClientMessage =
  | { readonly type: "join"; readonly client_id: string; readonly since?: number; readonly log?: string }
  | ({ readonly type: "submit" } & Submission)
  | { readonly type: "presence"; readonly base_version: number; readonly selection: readonly [number, number][] }
  | { readonly type: "ping" }
  | { readonly type: "authenticate"; readonly token: string };

export const SUBPROTOCOL = "collabdocs.v1";

export const CloseCode = {
  badMessage: 4400,
  tokenExpired: 4401,
  notAllowed: 4403,
  noDocument: 4404,
  tooSlow: 4408,
  joinedElsewhere: 4409,
  tooLarge: 4413,
  tooFast: 4429,
  frameTooLarge: 1009,
  restarting: 1012,
  outdated: 4426, // this release's subprotocol is not spoken any more
  anotherUser: 4499, // never on the wire: the browser has been given to somebody else
} as const;

export function mayEdit(role: Role): boolean {
  return role === "owner" || role === "editor";
}

export function mayComment(role: Role): boolean {
  return mayEdit(role) || role === "commenter";
}

/** The message of a frame; null for one that a newer server may send and we do not know. */
export function parseMessage(frame: unknown): ServerMessage | null {
  const message: unknown = typeof frame === "string" ? JSON.parse(frame) : null;
  if (typeof message !== "object" || message === null || !("type" in message)) return null;
  const operations = "operations" in message ? { operations: parseEntries(message.operations) } : {};
  return KNOWN.has(message.type) ? ({ ...message, ...operations } as ServerMessage) : null;
}

const KNOWN = new Set<unknown>([
  ...["joined", "operations", "presence", "checksum", "error"],
  ...["role", "document", "comment", "pong"],
]);

function parseEntries(value: unknown): Entry[] {
  if (!Array.isArray(value)) throw new TypeError("operations is a list of entries");
  return value.map((entry) => ({ ...entry, operation: parse(entry.operation) }));
}
