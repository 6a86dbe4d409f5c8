/** Whose documents this browser keeps work of. It only looks: nothing is taken, altered or brought over. */
import type { Disk, Locks } from "./browser";
import { lyingOn } from "./earlier";
import { EVERYTHING, isAbandoned, isOf, placeOf } from "./records";
import type { Shelf } from "./shelf";

/** The documents of which work or words of this user lie here, and no living tab holds them. */
export async function documentsWithOrphans(
  shelf: Shelf,
  earlier: Disk,
  locks: Locks | null,
  user: string,
): Promise<readonly string[]> {
  const lying = new Map([...lyingOn(earlier, EVERYTHING), ...(await shelf.under(EVERYTHING))]);
  const held = await locks?.held(); // asked last: who keeps a record has had its lock since before
  const isHeld = (key: string, record: unknown) =>
    held?.has(key) ?? (placeOf(key).kind === "pending" && !isAbandoned(record));
  const orphans = [...lying].filter(([key, record]) => isOf(user, record) && !isHeld(key, record));
  return [...new Set(orphans.map(([key]) => placeOf(key).documentId))];
}
