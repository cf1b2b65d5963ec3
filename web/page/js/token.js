// Who asks: a token of the server, for this tab.
import { byId } from "./text.js";

const kPlace = "obscura-token";
/** What `obscura token create` prints. */
const kForm = /^obs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/;

export class TokenHolder {
  constructor() {
    this.token = this.#fromAddress() ?? sessionStorage.getItem(kPlace) ?? "";
    this.asking = null;
  }

  /** A link may bring it behind '#', which no server is told; it goes from the address at once. */
  #fromAddress() {
    const match = /^#token=([^&]*)$/.exec(location.hash);
    if (!match) return null;
    history.replaceState(null, "", location.pathname + location.search);
    let token = match[1];
    try {
      token = decodeURIComponent(token);
    } catch {
      return null;
    }
    if (!kForm.test(token)) return null;
    sessionStorage.setItem(kPlace, token);
    return token;
  }

  /** Asks for one; true where there is another one then. One dialog at a time. */
  ask(reason = "") {
    this.asking ??= this.#ask(reason).finally(() => (this.asking = null));
    return this.asking;
  }

  #ask(reason) {
    const dialog = byId("token-dialog"),
      input = byId("token-input"),
      error = byId("token-error");
    error.textContent = reason;
    error.hidden = reason === "";
    input.value = "";
    return new Promise((resolve) => {
      const submit = (event) => {
        if (event.submitter?.value === "cancel" || kForm.test(input.value.trim())) return;
        event.preventDefault();
        error.textContent =
          "That is no token: it is obs_, 16 digits, another _ and 43 characters, all of it on one line.";
        error.hidden = false;
        input.focus();
      };
      dialog.addEventListener("submit", submit);
      dialog.addEventListener(
        "close",
        () => {
          dialog.removeEventListener("submit", submit);
          const taken = dialog.returnValue === "take" ? input.value.trim() : "";
          input.value = "";
          if (taken !== "") {
            this.token = taken;
            sessionStorage.setItem(kPlace, taken);
          }
          resolve(taken !== "");
        },
        { once: true },
      );
      dialog.returnValue = "";
      dialog.showModal();
    });
  }
}
