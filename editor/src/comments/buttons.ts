/** The buttons of cards and forms. */
import { make } from "../dom";

export function button(label: string, action: (event: MouseEvent) => void, kind = "small"): HTMLButtonElement {
  const made = make("button", `button plain ${kind}`, label);
  made.type = "button";
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    action(event);
  });
  return made;
}

/**
 * A button whose first press asks, where there is something to lose, and whose second one acts. To go elsewhere, or
 * Escape, is a no; the second half of a double click, or of a key that is held, is no yes.
 */
export function askingButton(
  label: string,
  question: string,
  action: () => void,
  { kind = "small", isToBeAsked = (): boolean => true } = {},
): HTMLButtonElement {
  let isAsking = false;
  const asks = (now: boolean) => {
    isAsking = now;
    made.textContent = now ? question : label;
    made.classList.toggle("asking", now);
  };
  const pressed = ({ detail }: MouseEvent) => {
    if (isAsking && detail > 1) return;
    if (!isAsking && isToBeAsked()) return askAloud();
    asks(false);
    action();
  };
  const made = button(label, pressed, kind);
  const askAloud = () => {
    made.blur(); // a screen reader says what comes into focus, and Safari focuses no button that is clicked
    asks(true);
    made.focus();
  };
  made.addEventListener("blur", () => asks(false));
  made.addEventListener("keydown", (event) => {
    if (event.repeat) event.preventDefault();
    if (event.key !== "Escape" || !isAsking) return;
    event.stopPropagation();
    asks(false);
  });
  return made;
}
