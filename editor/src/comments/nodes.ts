/** Nodes that stay where they are while things around them change, so that the focus and what is written stay, too. */

/** These nodes in this order. The one that has the focus is never moved: it would lose it. */
export function put(parent: HTMLElement, nodes: readonly HTMLElement[]): void {
  for (const child of [...parent.children]) if (!nodes.includes(child as HTMLElement)) child.remove();
  if (nodes.every((node, index) => parent.children[index] === node)) return;
  const held = nodes.findIndex((node) => node.parentElement === parent && hasFocus(node));
  if (held < 0) return parent.replaceChildren(...nodes);
  nodes[held]?.before(...nodes.slice(0, held));
  nodes[held]?.after(...nodes.slice(held + 1));
}

export function hasFocus(node: Node): boolean {
  return node.contains(document.activeElement);
}

/** What had the focus is gone, and whoever goes by keyboard would begin at the top of the page. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** What was drawn, each part under its own name: drawn again only when something that it shows is another. */
export class Drawn {
  private readonly parts = new Map<string, { readonly shows: string; readonly node: HTMLElement }>();

  part(name: string, shows: unknown, draw: () => HTMLElement): HTMLElement {
    const now = JSON.stringify(shows);
    const known = this.parts.get(name);
    if (known?.shows === now) return known.node;
    const node = draw();
    this.parts.set(name, { shows: now, node });
    return node;
  }
}
