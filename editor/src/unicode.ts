/**
 * Code points and UTF-16 units.
 *
 * The protocol counts code points, JavaScript's strings count UTF-16 units; they differ only after an astral character
 * (an emoji, say), which is one code point in two units. All counting of strings happens here; `rope.ts` builds on it
 * for the editor's own text. Strings are taken to be well formed: `repair` is the door that makes them so.
 */

const ASTRAL = /[\ud800-\udbff]/;
const UNWANTED = /\r\n?|\0|\p{Surrogate}/gu; // with the u flag a whole pair is no surrogate, only a torn half is

/** How many astral characters the text holds: its length in units minus its length in code points. */
export function astralCount(text: string): number {
  if (!ASTRAL.test(text)) return 0;
  let count = 0;
  for (let unit = 0; unit < text.length; unit++) if (isHigh(text.charCodeAt(unit))) count++;
  return count;
}

export function codePointLength(text: string): number {
  return text.length - astralCount(text);
}

/** The unit at which the text's `codePoints`-th code point begins. */
export function unitOffset(text: string, codePoints: number): number {
  let unit = 0;
  for (let left = codePoints; left > 0; left--) unit += isHigh(text.charCodeAt(unit)) ? 2 : 1;
  return unit;
}

/** `text.slice` in code points. */
export function sliceCodePoints(text: string, from: number, to: number): string {
  if (astralCount(text) === 0) return text.slice(from, to);
  const start = unitOffset(text, from);
  return text.slice(start, start + unitOffset(text.slice(start), to - from));
}

export function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

export function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Whether text holds what the protocol refuses: CR, NUL, half a surrogate pair. */
export function isClean(text: string): boolean {
  return text.search(UNWANTED) < 0;
}

/** The text as it may be sent: every line end LF, no NUL, U+FFFD where half a surrogate pair stood. */
export function repair(text: string): string {
  return text.replace(UNWANTED, (found) => (found === "\0" ? "" : found.startsWith("\r") ? "\n" : "\ufffd"));
}
