// The row under a button that begins something long: what goes on, how far it is, and how to stop it.
import { make } from "./text.js";
import { explained } from "./explained.js";

export class Work {
  /** `text` stands on the button; `begin(tell, signal)` is what it does. */
  constructor(text, begin) {
    this.begin = begin;
    this.button = make("button.main", { type: "button", disabled: true, onclick: () => this.run() }, text);
    this.stop = make("button.quiet", { type: "button", hidden: true, onclick: () => this.abort?.abort() }, "Stop");
    this.bar = make("progress", { max: 1, hidden: true, "aria-label": "Progress" });
    this.words = make("p.status", { role: "status" });
    this.notes = make("ul.notes");
    this.banner = make("div.banner.bad", { role: "alert", hidden: true });
    this.element = make(
      "div.work",
      {},
      make("div.row", {}, this.button, this.stop),
      this.bar,
      this.words,
      this.notes,
      this.banner,
    );
    this.possible = false;
    this.abort = null;
  }

  /** Whether it can be begun. */
  enable(possible) {
    this.possible = possible;
    this.button.disabled = !possible || this.abort !== null;
  }

  async run() {
    if (this.abort || !this.possible) return;
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.button.disabled = true;
    this.stop.hidden = false;
    this.banner.hidden = true;
    this.notes.replaceChildren();
    const tell = {
      say: (text) => this.#say(text),
      note: (text) => this.notes.append(make("li", {}, text)),
      progress: (what, done, total) => this.#progress(what, done, total),
    };
    try {
      const end = await this.begin(tell, signal);
      this.#say(end ?? "");
    } catch (error) {
      this.#say("");
      if (signal.aborted || error.kind === "cancelled" || error.name === "AbortError") this.#say("Stopped.");
      else this.fail(error);
    } finally {
      this.abort = null;
      this.stop.hidden = true;
      this.bar.hidden = true;
      this.enable(this.possible);
    }
  }

  fail(error) {
    const { title, text } = explained(error);
    this.banner.replaceChildren(make("b", {}, title), " ", text);
    this.banner.hidden = false;
  }

  #say(text) {
    this.bar.hidden = true;
    this.words.textContent = text;
  }

  #progress(what, done, total) {
    this.bar.hidden = false;
    this.bar.value = total > 0 ? done / total : 0;
    this.words.textContent = `${what}: ${Math.floor((100 * done) / (total || 1))} %`;
  }
}
