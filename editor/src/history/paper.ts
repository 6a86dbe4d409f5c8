/**
 * The sheet: all of the text is there at once, to be read, searched and copied; ink comes to what is near the eye.
 *
 * A text may have as many authors' passages as it has letters. So it lies in stretches of a few thousand letters: a
 * stretch gets its spans when it comes near the window, and where there are very many of them, loses them far from it.
 */
import { type Piece, type Span, type Stretch, stretches } from "./ink";
import { inkOf } from "./words";

const AT_ONCE = 12; // stretches painted without waiting to be seen
const MOST_PAINTED = 8_000; // spans; a page with many more is slow
const NEAR = "800px";

export class Paper {
  private spans: readonly Span[] = [];
  private places: Place[] = [];
  private placeOf = new Map<Element, Place>();
  private inked = 0; // spans on the page
  private observer: IntersectionObserver | null = null;

  constructor(private readonly sheet: HTMLElement) {
    window.addEventListener("beforeprint", () => this.paintAll());
    sheet.addEventListener("copy", copyWithoutDeleted);
  }

  show(spans: readonly Span[]): void {
    this.observer?.disconnect();
    this.observer = new IntersectionObserver((seen) => this.see(seen), { rootMargin: NEAR });
    this.spans = spans;
    this.inked = 0;
    this.places = [];
    const blocks = this.blocks(stretches(spans));
    this.placeOf = new Map(this.places.map((place) => [place.element, place]));
    for (const place of this.places.slice(0, AT_ONCE)) this.paint(place);
    this.sheet.replaceChildren(...blocks);
    for (const { element } of this.places) this.observer.observe(element);
  }

  /** The span that an element shows. */
  spanOf(target: EventTarget | null): { span: Span; element: HTMLElement } | null {
    const element = target instanceof Element ? target.closest<HTMLElement>("[data-of]") : null;
    const span = element === null || !this.sheet.contains(element) ? undefined : this.spans[Number(element.dataset.of)];
    return element === null || span === undefined ? null : { span, element };
  }

  /** The numbers of the spans that are of interest. */
  numbers(isWanted: (span: Span) => boolean): number[] {
    return this.spans.flatMap((span, number) => (isWanted(span) ? [number] : []));
  }

  /** Brings a span before the eye and marks it; the span. */
  reveal(number: number): Span | null {
    for (const marked of this.sheet.querySelectorAll(".here")) marked.classList.remove("here");
    const place = this.places.find(({ stretch }) => stretch.pieces.some(({ of }) => of === number));
    if (place === undefined) return null;
    this.paint(place);
    const parts = this.sheet.querySelectorAll(`[data-of="${number}"]`);
    for (const part of parts) part.classList.add("here");
    parts[0]?.scrollIntoView({ block: "center" });
    return this.spans[number] ?? null;
  }

  /** Where a span stands that was just revealed. */
  marked(span: Span): { span: Span; element: HTMLElement } | null {
    const element = this.sheet.querySelector<HTMLElement>(".here");
    return element === null ? null : { span, element };
  }

  private blocks(found: readonly Stretch[]): HTMLElement[] {
    const blocks: HTMLElement[] = [];
    let block = document.createElement("div");
    for (const stretch of found) {
      const element = document.createElement("span");
      element.textContent = stretch.pieces.map(({ text }) => text).join("");
      this.places.push({ stretch, element, isPainted: false });
      block.append(element);
      if (!stretch.endsLine) continue;
      blocks.push(block);
      block = document.createElement("div");
    }
    return block.hasChildNodes() ? [...blocks, block] : blocks;
  }

  private see(seen: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      const place = this.placeOf.get(target);
      if (place === undefined) continue;
      if (isIntersecting) this.paint(place);
      else if (this.inked > MOST_PAINTED) this.wipe(place);
    }
  }

  private paint(place: Place): void {
    const { stretch, element } = place;
    if (place.isPainted) return;
    place.isPainted = true;
    this.inked += stretch.pieces.length;
    if (stretch.pieces.some(isInked)) element.replaceChildren(...stretch.pieces.map(painted));
  }

  /** Back to plain text, unless the reader has selected some of it. */
  private wipe(place: Place): void {
    const { stretch, element } = place;
    if (!place.isPainted || getSelection()?.containsNode(element, true)) return;
    place.isPainted = false;
    this.inked -= stretch.pieces.length;
    element.replaceChildren(element.textContent ?? "");
  }

  private paintAll(): void {
    for (const place of this.places) this.paint(place);
  }
}

interface Place {
  readonly stretch: Stretch;
  readonly element: HTMLElement;
  isPainted: boolean;
}

function isInked({ kind, passage }: Span): boolean {
  return kind !== "same" || passage !== undefined;
}

/** A piece as it stands on the sheet. */
export function painted(piece: Piece): Node {
  if (!isInked(piece)) return document.createTextNode(piece.text);
  const element = document.createElement(piece.kind === "insert" ? "ins" : piece.kind === "delete" ? "del" : "span");
  if (piece.kind === "same") element.className = "by";
  if (piece.passage !== undefined) element.classList.add(inkOf(piece.passage.author));
  element.dataset.of = `${piece.of}`;
  element.textContent = piece.text;
  return element;
}

/** What is copied is the version's text: no deleted words, no line ends that the page's blocks would add. */
function copyWithoutDeleted(event: ClipboardEvent): void {
  const selection = getSelection();
  if (selection === null || selection.rangeCount === 0 || event.clipboardData === null) return;
  const copied = selection.getRangeAt(0).cloneContents();
  for (const deleted of copied.querySelectorAll("del")) deleted.remove();
  event.clipboardData.setData("text/plain", copied.textContent ?? "");
  event.preventDefault();
}
