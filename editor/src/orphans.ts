/** Whose documents this browser keeps work of. It only looks: nothing is taken, altered or brought over. */
import type { Disk } from "./browser";
import { lyingOn } from "./earlier";
import type { Locks } from "./locks";
import { EVERYTHING, isOf, placeOf } from "./records";
import type { Shelf } from "./shelf";

/** The documents of which work or words of this user lie here, and no living tab holds them. */
export async function documentsWithOrphans(
  shelf: Shelf,
  earlier: Disk,
  locks: Locks,
  user: string,
): Promise<readonly string[]> {
  const lying = new Map([...lyingOn(earlier, EVERYTHING), ...(await shelf.under(EVERYTHING))]);
  const ours = [...lying].filter(([, record]) => isOf(user, record)).map(([key]) => key);
  const held = await locks.held(ours.filter((key) => placeOf(key).kind === "pending")); // last: who keeps it, has its lock
  return [...new Set(ours.filter((key) => !held.has(key)).map((key) => placeOf(key).documentId))];
}
