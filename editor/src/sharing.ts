/** Sharing in a dialog over the text: the server’s own page of it, whose forms are sent from here. */

import { offerNewLink } from "./copying";
import { element, make } from "./dom";

const NOT_SHOWN = "The server did not answer this. You may be offline, or signed out: try again, or reload the page.";

/** The link to the page opens the dialog instead, unless it is asked for a tab of its own. */
export function shareInPlace(): void {
  const link = element<HTMLAnchorElement>("to-share");
  const sharing = new Sharing(element<HTMLDialogElement>("share"), link.href);
  link.ariaHasPopup = "dialog";
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    sharing.open();
  });
}

class Sharing {
  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly url: string,
  ) {
    element("share-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside it
    dialog.addEventListener("submit", (event) => this.submit(event));
  }

  open(): void {
    element("sharing").replaceChildren();
    this.dialog.showModal();
    void this.ask();
  }

  /** Who leaves the document leaves this page, too: that form goes its own way. */
  private submit(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    if (form.closest("#share-leave") !== null) return;
    event.preventDefault();
    void this.ask({ method: "POST", body: new FormData(form) });
  }

  private async ask(how: RequestInit = {}): Promise<void> {
    if (this.dialog.ariaBusy === "true") return; // one form at a time, and none twice
    this.dialog.ariaBusy = "true";
    const page = await fetchPage(this.url, how).finally(() => {
      this.dialog.ariaBusy = "false";
    });
    const answer = page?.getElementById("sharing");
    if (page && answer) this.show(answer, page.querySelectorAll(".messages li"));
    else element("share-says").replaceChildren(make("li", "error", NOT_SHOWN));
  }

  private show(answer: HTMLElement, messages: Iterable<Element>): void {
    const focused = document.activeElement?.id ?? "";
    element("share-says").replaceChildren(...messages);
    element("sharing").replaceWith(answer);
    offerNewLink();
    const next = answer.querySelector<HTMLElement>("[autofocus]:not([popover] *)");
    (next ?? (focused ? document.getElementById(focused) : null) ?? element("share-title")).focus();
  }
}

/** A page of the server’s as a document of its own, in which no script runs; null if there is none to be had. */
async function fetchPage(url: string, how: RequestInit): Promise<Document | null> {
  try {
    const answer = await fetch(url, how);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}
