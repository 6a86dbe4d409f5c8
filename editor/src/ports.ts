/** What the client needs of the world around it: the page, the store, the line. Tests bring their own. */
import type { Connection, Line, World } from "./connection";
import type { Operation } from "./ot";
import type { Presence, Role, ServerMessage, User } from "./protocol";
import type { Entry, Pending } from "./session";

/** The page, as far as the client needs it. */
export interface Page<T> {
  readonly isComposing: boolean;
  apply(change: Operation): void;
  reset(text: T, canEdit: boolean): void;
  setCanEdit(canEdit: boolean): void;
  textOf(content: string): T;
  /** Shows that something was not saved and offers the words, if there are any, for copying. */
  offer(reason: string, words: string): void;
  joined(clientId: string, user: User | undefined, presence: readonly Presence[]): void;
  presence(presence: Presence): void;
  crossed(entries: readonly Entry[]): void;
  heard(message: ServerMessage): void; // titles and comments
  changed(): void; // the state line may read otherwise
}

/** Where what is unacknowledged lies until it is acknowledged. */
export interface Store {
  save(clientId: string, log: string, pending: Pending | null): void;
  newClientId(): string;
}

export interface Situation {
  readonly line: Line;
  readonly code: number;
  readonly isLive: boolean;
  readonly unsaved: number;
  readonly role: Role;
}

export type Wire = Pick<Connection, "send" | "reconnect" | "expectAnswer">;

/** A clock, and a checksum where the browser can make one. */
export type Around<T> = Pick<World, "clock"> & { sha256?(text: T): Promise<string | null> };
