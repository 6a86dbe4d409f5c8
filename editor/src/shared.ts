/**
 * On the page that a share link opens: the secret stands behind the `#`, where no browser sends it. It goes from the
 * address, which others may see and histories keep, into this tab's own storage, so that a log-in on the way does not
 * lose it; and into the form, which alone sends it.
 */
import { element } from "./dom";

const KEY = "collabdocs:shared";

function takeFromAddress(): void {
  const secret = location.hash.slice(1);
  if (secret === "") return;
  remember(secret);
  history.replaceState(null, "", location.pathname);
  show(secret);
}

function remember(secret: string): void {
  try {
    sessionStorage.setItem(KEY, secret);
  } catch {
    // A browser that forbids it has the secret in the form all the same.
  }
}

function remembered(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function show(secret: string): void {
  element<HTMLInputElement>("secret").value = secret;
  element("come-in").hidden = secret === "";
  element("no-secret").hidden = secret !== "";
}

show(remembered());
takeFromAddress();
window.addEventListener("hashchange", takeFromAddress);
