/** People and amounts in words. */
import type { Author } from "./ink";

export function nameOf(author: Author): string {
  return author?.username ?? "Somebody";
}

const inks = new Map<string, number>();

/** The inks that the server gave to the people of this document, so that no two of them are alike. */
export function useInks(given: Readonly<Record<string, number>>): void {
  for (const [id, ink] of Object.entries(given)) inks.set(id, ink);
}

/** The class of an author's ink: the given one, or one of twelve by id, as the server chooses a person's colour. */
export function inkOf(author: Author): string {
  if (author === null || !/^[0-9a-f-]{36}$/i.test(author.id)) return "author-none";
  return `author-${inks.get(author.id) ?? BigInt(`0x${author.id.replaceAll("-", "")}`) % 12n}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function whatRestoringDoes({ inserted, deleted }: { inserted: number; deleted: number }): string {
  if (inserted === 0 && deleted === 0) return "The text is the same now: nothing would change.";
  const back = inserted > 0 ? [counted(inserted, "character comes back", "characters come back")] : [];
  const gone = deleted > 0 ? [counted(deleted, "character goes", "characters go")] : [];
  return `${[...back, ...gone].join(" and ")}, as marked below. Nothing is lost: the text of now stays in the history.`;
}
