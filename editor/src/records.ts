/**
 * What lies on the shelf, and under which keys. Every record of every release has a `user`; of the rest, what this release
 * can't read may be anything.
 */
import { type Operation, parse } from "./ot";
import type { Pending } from "./session";

export type Kind = "pending" | "leftover";

/** Work that is not acknowledged. */
export interface RecordOnShelf {
  readonly format: 1;
  readonly log: string;
  readonly user: string;
  readonly pending: Pending;
  readonly at: number; // ms; earlier releases look at it
}

/** A record of this user's, of whatever release. */
export interface Ours {
  readonly user: string;
  readonly pending?: unknown;
}

// -- keys -----------------------------------------------------------------------------------------------------------------

/** What every key begins with. */
export const EVERYTHING = "collabdocs:";

export function prefixOf(kind: Kind, documentId: string): string {
  return `${EVERYTHING}${kind}:${documentId}:`;
}

export function placeOf(key: string): { kind: string; documentId: string } {
  const [, kind = "", documentId = ""] = key.split(":");
  return { kind, documentId };
}

// -- records --------------------------------------------------------------------------------------------------------------

export function isOf(user: string, record: unknown): record is Ours {
  return (record as Ours | null)?.user === user;
}

/** The record, if this release can read it; its operations are checked like those on the wire. */
export function readable(found: unknown): RecordOnShelf | null {
  const record = found as RecordOnShelf | undefined;
  try {
    if (record?.format !== 1 || !Number.isSafeInteger(record.pending.version)) return null;
    const { inFlight, buffer } = record.pending;
    const checked = inFlight === null ? null : { ...inFlight, operation: parse(inFlight.operation) };
    return { ...record, pending: { ...record.pending, inFlight: checked, buffer: parse(buffer) } };
  } catch {
    return null;
  }
}

/** All text in a record of whatever shape. */
export function wordsIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value).map(wordsIn).filter(Boolean).join("\n");
}

export function seqIn({ inFlight }: Pending): number | null {
  return inFlight?.seq ?? null;
}

export function sizeOf({ inFlight, buffer }: Pending): number {
  const size = (operation: Operation) =>
    operation.reduce<number>((sum, part) => sum + (typeof part === "string" ? part.length : 8), 0);
  return size(inFlight?.operation ?? []) + size(buffer);
}
