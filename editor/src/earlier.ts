/**
 * Earlier releases kept what was unacknowledged in localStorage, in the same records under the same keys. Once nobody has
 * them, they are brought over to the shelf.
 */
import type { Disk } from "./browser";
import type { Shelf } from "./shelf";

/** Brings over what lies under the prefix and may be taken; tells which keys these were. */
export async function bringOver(
  disk: Disk,
  prefix: string,
  shelf: Shelf,
  mayTake: (key: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const brought = new Set<string>();
  for (const [key, record] of lyingOn(disk, prefix)) {
    if (!(await mayTake(key))) continue;
    await shelf.write(new Map([[key, record]]), true);
    disk.removeItem(key);
    brought.add(key);
  }
  return brought;
}

/** What lies under the prefix. */
export function lyingOn(disk: Disk, prefix: string): Map<string, unknown> {
  const keys = keysOf(disk).filter((key) => key.startsWith(prefix));
  const records = keys.map((key): [string, unknown] => [key, parsed(disk.getItem(key))]);
  return new Map(records.filter(([, record]) => record !== null));
}

function keysOf(disk: Disk): string[] {
  return Array.from({ length: disk.length }, (_, index) => disk.key(index) ?? "");
}

function parsed(value: string | null): unknown {
  try {
    return JSON.parse(value ?? "null");
  } catch {
    return null;
  }
}
