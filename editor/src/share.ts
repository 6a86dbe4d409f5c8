/** On the page of sharing: a new link’s address is copied, and stays on the page until that is left. */
import { copyText } from "./clipboard";
import { find } from "./dom";

const address = find<HTMLInputElement>("new-link");
const copy = find<HTMLButtonElement>("copy-link");
const said = find("copied");

address?.addEventListener("focus", () => address.select());
copy?.addEventListener("click", async () => {
  address?.select();
  await copyText(address?.value ?? "");
  if (said !== null) said.textContent = "Copied.";
});
if (copy !== null) copy.hidden = false;

// The page with the address answers a form: reloading it must show the links, not make another one.
if (address !== null) history.replaceState(null, "", location.href);
