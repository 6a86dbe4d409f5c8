/** What every page's script needs of the document around it. Text goes in as text only. */

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...inside);
  return made;
}

export function find<T extends HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

/** What the page must have. */
export function element<T extends HTMLElement>(id: string): T {
  const found = find<T>(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}

export function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}
