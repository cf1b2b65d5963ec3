// Search: pictures of a gallery like one's own, found by a server that learns neither which nor what for.
import { Journey } from "./journey.js";
import { clearCanvas, showBytes, showPixels } from "./noise.js";
import { PictureInput } from "./picture_input.js";
import { areThere, kSentAgain, sendKeys } from "./sending.js";
import { bytesText, countText, make, nameText, showUnderneath, timeText } from "./text.js";
import { Work } from "./work.js";

/** Of exchanges that are a question and an answer: their three parts. */
const kQuestions = {
  query: ["query sent", "scores computed"],
  fetch: ["private fetch asked", "private fetch answered"],
};
const kAnswers = { answer: "scores, encrypted", fetched: "pictures fetched" };
const kOthers = {
  keys: "keys sent, once",
  card: "gallery's card",
  spec: "network's spec",
  hint: "hint, once a version",
};

export class SearchView {
  constructor({ server, owners, facts }) {
    Object.assign(this, { server, owners, facts });
    this.input = new PictureInput((pixels) => this.#changed(pixels));
    this.work = new Work("Encrypt and search", (tell, signal) => this.#search(tell, signal));
    this.journey = new Journey();
    this.galleries = [];
    this.models = [];
    this.element = this.#build();
  }

  #build() {
    this.select = make("select", { id: "gallery", onchange: () => this.#choose() });
    this.top = make("select", { id: "top" }, ...[5, 10, 20].map((n) => make("option", { value: n }, String(n))));
    this.about = make("p.hint", {});
    this.picker = make(
      "div.picker",
      {},
      make("label", { for: "gallery" }, "Gallery"),
      this.select,
      make("label", { for: "top" }, "Pictures"),
      this.top,
      this.about,
    );
    this.empty = make("p.hint", { hidden: true });
    this.noise = make("canvas.noise", {
      width: 96,
      height: 96,
      role: "img",
      "aria-label": "Your picture as the server saw it: noise",
    });
    this.noiseText = make("p.hint", {}, "Nothing yet.");
    this.found = make("ol.found", { "aria-label": "Pictures that were found" });
    this.verdict = make("p", { role: "status" }, "Nothing yet.");
    this.stale = make("p.warning", { hidden: true }, "This was found for the picture before.");
    this.cards = make(
      "div.cards",
      {},
      make(
        "section.card.here.asked",
        {},
        make("h3", {}, "Your picture"),
        make("p.hint", {}, "Stays in this browser"),
        this.input.element,
        this.work.element,
      ),
      make(
        "section.card.there",
        {},
        make("h3", {}, "What the server saw"),
        make("p.hint", {}, "Ciphertexts: to it they are noise"),
        make("div.noises", {}, this.noise, this.noiseText),
      ),
      (this.foundCard = make(
        "section.card.here",
        {},
        make("h3", {}, "What was found"),
        make("p.hint", {}, "Chosen and read in this browser alone"),
        this.verdict,
        this.stale,
        this.found,
      )),
      this.journey.element,
    );
    return make("div", {}, this.picker, this.empty, this.cards);
  }

  async show(galleries, models) {
    this.models = models;
    this.galleries = galleries.filter(
      (gallery) => gallery.blindModel !== "" && models.some((model) => model.name === gallery.blindModel),
    );
    const none = this.galleries.length === 0;
    this.picker.hidden = this.cards.hidden = none;
    this.empty.hidden = !none;
    this.empty.textContent =
      galleries.length === 0
        ? "This server has no gallery. Who runs it makes one by obscura index, and serves it by --gallery."
        : "This server's galleries are not made for searches from a browser: who runs it makes them so by obscura search compile.";
    this.select.replaceChildren(
      ...this.galleries.map((gallery) => make("option", { value: gallery.name }, nameText(gallery.name))),
    );
    this.select.disabled = this.galleries.length < 2;
    await this.#choose();
  }

  get gallery() {
    return this.galleries.find((gallery) => gallery.name === this.select.value);
  }

  get model() {
    return this.models.find((model) => model.name === this.gallery?.blindModel);
  }

  async #choose() {
    const gallery = this.gallery,
      model = this.model;
    if (!model) return this.work.enable(false);
    try {
      const network = await this.facts(model);
      if (this.gallery !== gallery) return;
      this.about.textContent =
        `${countText(gallery.images, "picture")}, version ${gallery.version}. Pictures of ` +
        `${network.width}x${network.height}, ${network.channels === 1 ? "grey" : "colour"}. Keys: ${bytesText(model.evaluationKeyBytes)}, sent once.`;
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
    this.stale.hidden = true;
    this.answered = undefined;
    clearCanvas(this.noise);
    this.noiseText.textContent = this.verdict.textContent = "Nothing yet.";
    this.found.replaceChildren();
    this.journey.clear();
  }

  async #search(tell, signal) {
    this.#forget();
    const gallery = this.gallery,
      model = this.model,
      pixels = this.input.pixels,
      begun = performance.now();
    const got = await this.owners.forModel(model, { journey: this.journey, ...tell });
    if (got === null) return "Stopped: without keys nothing is asked.";
    const { owner, made } = got;
    if (made || !(await areThere({ server: this.server, owner, signal }))) {
      const sent = await sendKeys({ server: this.server, owner, made, journey: this.journey, tell, signal });
      if (sent && !made) tell.note(kSentAgain);
    }
    tell.say("Asking for what is like it");
    const stop = this.server.listen((what) => this.#travelled(what, tell));
    const top = Math.min(Number(this.top.value), gallery.images);
    let found;
    try {
      found = await this.server.ask((remote) =>
        remote.search(owner, gallery.name, pixels, {
          top,
          signal,
          progress: (what, done, total) => tell.progress(what[0].toUpperCase() + what.slice(1), done, total),
        }),
      );
    } finally {
      stop();
    }
    this.#show(found, gallery);
    this.answered = pixels;
    this.#changed(this.input.pixels);
    showUnderneath(this.foundCard);
    this.journey.add(
      "the rest, encrypting, choosing",
      "here",
      Math.max(0, performance.now() - begun - this.journey.milliseconds()),
    );
    return `Found in ${timeText(performance.now() - begun)}.`;
  }

  #travelled({ what, direction, bytes, milliseconds, content }, tell) {
    if (what in kQuestions) {
      this.parts = this.server.partsOfLast();
      this.journey.add(kQuestions[what][0], "up", this.parts.up, bytes);
      this.journey.add(kQuestions[what][1], "server", this.parts.server);
    } else if (what in kAnswers) {
      this.journey.add(kAnswers[what], "down", this.parts.down, bytes);
    } else if (what in kOthers) {
      this.journey.add(kOthers[what], direction, milliseconds, bytes);
    }
    if (what === "keys") tell.note(kSentAgain);
    if (what === "query" && content) this.#showNoise(content);
  }

  #showNoise(query) {
    const seen = showBytes(this.noise, query, 96, 96);
    this.noiseText.textContent =
      `Your picture: ${seen.toLocaleString("en")} of ${query.length.toLocaleString("en")} bytes, a byte a pixel. ` +
      "It answered with scores of all pictures that it cannot read, and was asked for some pictures in a way that does not say which.";
  }

  #show(found, gallery) {
    this.verdict.textContent = `${countText(found.length, "picture")} of ${gallery.images.toLocaleString("en")}, nearest first. The server did not learn which.`;
    this.found.replaceChildren(
      ...found.map(({ thumbnail, name, className, distance }) => {
        const canvas = make("canvas.pixels", { role: "img", "aria-label": nameText(name || className || "a picture") });
        showPixels(canvas, thumbnail);
        return make(
          "li",
          {},
          canvas,
          make(
            "p",
            {},
            className ? make("b", {}, nameText(className, 24)) : null,
            make("span.hint", {}, nameText(name, 40)),
            make("span.hint", {}, `distance ${distance.toFixed(4)}`),
          ),
        );
      }),
    );
  }
}
