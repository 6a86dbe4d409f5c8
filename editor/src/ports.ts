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
  /** Shows that something was not saved and offers it for copying: the words, and the whole text as it was shown. */
  offer(reason: string, words: string, text?: string): void;
  joined(clientId: string, user: User | undefined, presence: readonly Presence[]): void;
  presence(presence: Presence): void;
  crossed(entries: readonly Entry[]): void;
  heard(message: ServerMessage): void; // titles and comments
  changed(): void; // the state line may read otherwise
}

/** Where what is unacknowledged lies until it is acknowledged. */
export interface Store {
  readonly kept: number; // how many unsaved edits not even a crash takes
  readonly isFailing: boolean;
  /** The submission in flight, as it lies there: nothing is sent before, or a reload would send something else. */
  readonly seqWritten: number | null;
  save(clientId: string, log: string, pending: Pending | null, strict: boolean): void;
  newClientId(): string;
}

/** What waits for the right to be sent: its words, and the whole text as it is shown. */
export interface Held {
  readonly words: string;
  readonly whole: () => string;
}

export interface Situation {
  readonly line: Line;
  readonly code: number;
  readonly isLive: boolean;
  readonly isExpected: boolean; // the server said that it would be back at once, and it is not long ago
  readonly unsaved: number;
  readonly kept: number;
  readonly isFailing: boolean; // to keep it in this browser
  readonly role: Role;
}

export type Wire = Pick<Connection, "send" | "reconnect" | "expectAnswer" | "stop">;

/** A clock, and a checksum where the browser can make one. */
export type Around<T> = Pick<World, "clock"> & { sha256?(text: T): Promise<string | null> };
