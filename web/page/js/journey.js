// What was done where, with how many bytes, in what time: a row a step.
import { bytesText, make, timeText } from "./text.js";

const kPlaces = {
  here: "in this browser",
  up: "to the server",
  server: "at the server, unread",
  down: "back",
};

export class Journey {
  constructor() {
    this.steps = [];
    this.body = make("tbody");
    this.total = make("p.quiet-text");
    this.element = make("section.card.journey", { "aria-label": "What travelled", hidden: true });
    const head = ["Step", "Where", "Bytes", "Time"].map((text, i) =>
      make(i > 1 ? "th.number" : "th", { scope: "col" }, text),
    );
    this.element.append(
      make("h3", {}, "What travelled"),
      make(
        "div.wide",
        {},
        make(
          "table.steps",
          {},
          make("thead", {}, make("tr", {}, ...head, make("th", { "aria-hidden": "true" }))),
          this.body,
        ),
      ),
      this.total,
    );
  }

  clear() {
    this.steps = [];
    this.#show();
  }

  /** `where`: of kPlaces; bytes may be missing. */
  add(name, where, milliseconds, bytes) {
    this.steps.push({ name, where, milliseconds, bytes });
    this.#show();
  }

  /** Does `work` and adds how long it took. */
  async timed(name, where, work, bytesOf = () => undefined) {
    const begun = performance.now(),
      result = await work();
    this.add(name, where, performance.now() - begun, bytesOf(result));
    return result;
  }

  milliseconds() {
    return this.steps.reduce((sum, step) => sum + step.milliseconds, 0);
  }

  #show() {
    this.element.hidden = this.steps.length === 0;
    const all = this.milliseconds();
    let before = 0;
    this.body.replaceChildren(
      ...this.steps.map((step) => {
        const bar = make("span.bar", {});
        bar.dataset.where = step.where;
        bar.style.marginLeft = `${(100 * before) / (all || 1)}%`;
        bar.style.width = `${Math.max(0.6, (100 * step.milliseconds) / (all || 1))}%`;
        before += step.milliseconds;
        return make(
          "tr",
          {},
          make("th", { scope: "row" }, step.name),
          make("td", {}, make(`span.where.${step.where}`, {}, kPlaces[step.where])),
          make("td.number", {}, step.bytes === undefined ? "" : bytesText(step.bytes)),
          make("td.number", {}, timeText(step.milliseconds)),
          make("td.track", { "aria-hidden": "true" }, bar),
        );
      }),
    );
    const sum = (where) =>
      this.steps.reduce((total, step) => total + (step.where === where ? (step.bytes ?? 0) : 0), 0);
    this.total.textContent = `${timeText(all)} in all; ${bytesText(sum("up"))} went to the server, ${bytesText(sum("down"))} came back.`;
  }
}
