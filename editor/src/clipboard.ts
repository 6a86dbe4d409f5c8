/** Plain http has no clipboard API: there what is selected is copied. */
export async function copyText(words: string): Promise<void> {
  if (navigator.clipboard === undefined) document.execCommand("copy");
  else await navigator.clipboard.writeText(words);
}
