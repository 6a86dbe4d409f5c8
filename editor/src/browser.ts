/** What browsers give, or do not give, to a page: a disk, ids, checksums. */

export type Disk = Pick<globalThis.Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** crypto.randomUUID needs a secure page; this does not. */
export function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** localStorage; a browser that forbids it gets a disk that is always full, so that the writer is told. */
export function browserDisk(): Disk {
  try {
    return localStorage;
  } catch {
    const full = () => {
      throw new Error("There is no storage.");
    };
    return { length: 0, key: () => null, getItem: () => null, setItem: full, removeItem: () => {} };
  }
}

/** The text's checksum as the server makes it; null on a plain-http page, which has no crypto.subtle. */
export async function sha256(text: { toString(): string }): Promise<string | null> {
  if (crypto.subtle === undefined) return null;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text.toString()));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
