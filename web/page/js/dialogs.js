// Questions that need an answer before something goes on.
import { byId } from "./text.js";

/** Shows a dialog; what its form was sent with, "" where it was closed otherwise. `check` may refuse, with a sentence. */
function shown(dialog, check = () => "", error = null) {
  return new Promise((resolve) => {
    const submit = (event) => {
      if (event.submitter?.value === "cancel") return;
      const refusal = check();
      if (refusal === "") return;
      event.preventDefault();
      error.textContent = refusal;
      error.hidden = false;
    };
    dialog.addEventListener("submit", submit);
    dialog.addEventListener(
      "close",
      () => {
        dialog.removeEventListener("submit", submit);
        resolve(dialog.returnValue === "cancel" ? "" : dialog.returnValue);
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  });
}

/** True where it was agreed to. */
export async function confirmed(title, text, yes) {
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  return (await shown(byId("confirm-dialog"))) === "yes";
}

const bytesOf = (text) => new TextEncoder().encode(text).length;

/** A passphrase, or null. `fresh`: a new one, typed twice. */
export async function passphrase({ title, text, error = "", fresh = false, hint = "" }) {
  byId("passphrase-title").textContent = title;
  byId("passphrase-text").textContent = text;
  byId("passphrase-hint").textContent = hint;
  const said = byId("passphrase-error"),
    input = byId("passphrase-input"),
    again = byId("passphrase-again");
  said.textContent = error;
  said.hidden = error === "";
  byId("passphrase-again-row").hidden = !fresh;
  input.value = again.value = "";
  const check = () => {
    if (bytesOf(input.value) < 8) return "A passphrase has 8 characters or more.";
    if (bytesOf(input.value) > 1024) return "A passphrase has 1,024 bytes at the most.";
    if (fresh && input.value !== again.value) return "The two are not the same.";
    return "";
  };
  const taken = (await shown(byId("passphrase-dialog"), check, said)) === "take" ? input.value : null;
  input.value = again.value = "";
  return taken;
}
