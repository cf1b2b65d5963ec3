// Classify: a picture, what the server saw of it, and the answer that is read here.
import { classify } from "./asking.js";
import { Journey } from "./journey.js";
import { clearCanvas, showBytes } from "./noise.js";
import { PictureInput } from "./picture_input.js";
import { bytesText, countText, make, nameText, percentText, showUnderneath, timeText } from "./text.js";
import { Work } from "./work.js";

const kMostClasses = 10;

export class ClassifyView {
  constructor({ server, owners, facts }) {
    Object.assign(this, { server, owners, facts });
    this.input = new PictureInput((pixels) => this.#changed(pixels));
    this.work = new Work("Encrypt and ask", (tell, signal) => this.#ask(tell, signal));
    this.journey = new Journey();
    this.models = [];
    this.element = this.#build();
  }

  #build() {
    this.select = make("select", { id: "model", onchange: () => this.#choose() });
    this.about = make("p.hint", {});
    this.picker = make("div.picker", {}, make("label", { for: "model" }, "Network"), this.select, this.about);
    const card = (kind, title, words, ...inside) =>
      make(`section.card.${kind}`, {}, make("h3", {}, title), make("p.hint", {}, words), ...inside);
    this.empty = make(
      "p.hint",
      { hidden: true },
      "This server serves no network: its owner makes one by obscura compile.",
    );
    return make(
      "div",
      {},
      this.picker,
      this.empty,
      make(
        "div.cards",
        {},
        card("here.asked", "Your picture", "Stays in this browser", this.input.element, this.work.element),
        card("there", "What the server saw", "Ciphertexts: to it they are noise", this.#noise()),
        (this.answerCard = card("here", "The answer", "Read in this browser alone", this.#answer())),
        this.journey.element,
      ),
    );
  }

  #noise() {
    this.query = make("canvas.noise", {
      width: 96,
      height: 96,
      role: "img",
      "aria-label": "Your picture as the server saw it: noise",
    });
    this.queryText = make("p.hint", {}, "Nothing yet.");
    this.reply = make("canvas.noise.small", {
      width: 96,
      height: 24,
      role: "img",
      "aria-label": "Its answer as the server saw it: noise",
    });
    this.replyText = make("p.hint", {}, "");
    return make("div.noises", {}, this.query, this.queryText, this.reply, this.replyText);
  }

  #answer() {
    this.label = make("p.label", {}, "\u2013");
    this.confidence = make("p.confidence", {}, "No answer yet.");
    this.doubt = make("p.warning", { hidden: true });
    this.stale = make("p.warning", { hidden: true }, "This is the answer to the picture before.");
    this.bars = make("ol.bars");
    this.live = make("div", { role: "status", "aria-atomic": "true", id: "answer" }, this.label, this.confidence);
    return make("div.answer", {}, this.live, this.stale, this.doubt, this.bars);
  }

  /** The models of the server that are networks for pictures. */
  async show(models) {
    const before = this.select.value;
    this.models = models.filter((model) => model.gallery === "");
    this.empty.hidden = this.models.length > 0;
    this.picker.hidden = this.models.length === 0;
    this.select.replaceChildren(
      ...this.models.map((model) => make("option", { value: model.name }, nameText(model.name))),
    );
    if (this.models.some((model) => model.name === before)) this.select.value = before;
    this.select.disabled = this.models.length < 2;
    await this.#choose();
  }

  get model() {
    return this.models.find((model) => model.name === this.select.value);
  }

  async #choose() {
    const model = this.model;
    if (!model) return this.work.enable(false);
    try {
      const network = await this.facts(model);
      if (this.model !== model) return;
      this.network = network;
      this.about.textContent =
        `${nameText(network.name)}: ${network.width}x${network.height}, ` +
        `${network.channels === 1 ? "grey" : "colour"}, ${countText(network.classes.length, "class", "classes")}. ` +
        `Ring of degree ${network.ringDegree.toLocaleString("en")}, modulus of ${Math.round(network.modulusBits)} bits: ` +
        `${network.securityBits}-bit security. Keys: ${bytesText(model.evaluationKeyBytes)}, sent once.`;
      this.#forget();
      this.input.use(network);
    } catch (error) {
      this.work.fail(error);
    }
  }

  #changed(pixels) {
    this.stale.hidden = this.answered === undefined || this.answered === pixels;
    this.work.enable(pixels !== null && this.model !== undefined);
  }

  #forget() {
    for (const canvas of [this.query, this.reply]) clearCanvas(canvas);
    this.queryText.textContent = "Nothing yet.";
    this.replyText.textContent = "";
    this.label.textContent = "\u2013";
    this.confidence.textContent = "No answer yet.";
    this.doubt.hidden = this.stale.hidden = true;
    this.answered = undefined;
    this.bars.replaceChildren();
    this.journey.clear();
  }

  async #ask(tell, signal) {
    this.#forget();
    const pixels = this.input.pixels,
      begun = performance.now();
    const done = await classify({ ...this, model: this.model, pixels, tell, signal });
    if (done === null) return "Stopped: without keys nothing is asked.";
    this.#showNoise(done, pixels);
    this.#showAnswer(done.predictions[0]);
    this.answered = pixels;
    this.#changed(this.input.pixels);
    showUnderneath(this.answerCard);
    return `Answered in ${timeText(performance.now() - begun)}.`;
  }

  #showNoise({ query, answer }, pixels) {
    const width = Math.max(56, Math.min(128, pixels.width)),
      height = Math.max(56, Math.min(128, pixels.height));
    const seen = showBytes(this.query, query, width, height);
    this.queryText.textContent = `Your picture: ${seen.toLocaleString("en")} of ${query.length.toLocaleString("en")} bytes, a byte a pixel.`;
    showBytes(this.reply, answer, width, Math.max(1, Math.trunc(height / 4)));
    this.replyText.textContent = `Its answer: ${answer.length.toLocaleString("en")} bytes that it cannot read.`;
  }

  #showAnswer(prediction) {
    this.label.textContent = nameText(prediction.label);
    this.confidence.textContent = `${percentText(prediction.confidence)} sure`;
    this.doubt.hidden = prediction.doubt === "";
    this.doubt.textContent = prediction.doubt;
    const order = [...prediction.probabilities.keys()].sort(
      (a, b) => prediction.probabilities[b] - prediction.probabilities[a],
    );
    const best = order.slice(0, kMostClasses);
    if (order.length <= kMostClasses) best.sort((a, b) => a - b);
    this.bars.replaceChildren(
      ...best.map((i) => {
        const bar = make("span.fill");
        bar.style.width = `${100 * prediction.probabilities[i]}%`;
        return make(
          i === prediction.index ? "li.best" : "li",
          {},
          make("span.name", {}, nameText(this.network.classes[i] ?? String(i), 24)),
          make("span.rail", { "aria-hidden": "true" }, bar),
          make("span.share", {}, percentText(prediction.probabilities[i])),
        );
      }),
    );
  }
}
