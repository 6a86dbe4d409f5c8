/** A new link’s address, where the server has just shown one: it is copied, and stays until the page or dialog is left. */
import { copyText } from "./clipboard";
import { find } from "./dom";

/** Whether there is one. */
export function offerNewLink(): boolean {
  const address = find<HTMLInputElement>("new-link");
  const copy = find<HTMLButtonElement>("copy-link");
  const said = find("copied");
  if (address === null || copy === null) return false;
  address.addEventListener("focus", () => address.select());
  copy.addEventListener("click", async () => {
    address.select();
    await copyText(address.value);
    if (said !== null) said.textContent = "Copied.";
  });
  copy.hidden = false;
  return true;
}
