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
  mayTake: (key: string, record: unknown) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const brought = new Set<string>();
  for (const key of keysOf(disk).filter((name) => name.startsWith(prefix))) {
    const record = parsed(disk.getItem(key));
    if (record === null || !(await mayTake(key, record))) continue;
    await shelf.write(new Map([[key, record]]), true);
    disk.removeItem(key);
    brought.add(key);
  }
  return brought;
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
