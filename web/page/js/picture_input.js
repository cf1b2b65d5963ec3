// A picture of the person's: drawn, dropped, chosen, pasted or photographed, and shown as the network sees it.
import { Drawing } from "./drawing.js";
import { centred, conformed, decoded, inverted, isEven, isForDigits, looksInverted } from "./pixels.js";
import { showPixels } from "./noise.js";
import { make } from "./text.js";

/** Networks of larger or coloured pictures are not for drawings. */
const kMostDrawn = 64;
const kSamples = ["0-0", "1-0", "2-0", "3-0", "4-0", "5-0", "6-0", "7-0", "8-0", "9-0"];
let count = 0;

export class PictureInput {
  /** `changed` is called with the picture as the network sees it, or null. */
  constructor(changed) {
    this.changed = changed;
    this.network = null;
    this.mode = "file";
    this.read = null; // { pixels, notes, name } of a file
    this.pixels = null;
    this.id = `picture-${++count}`;
    this.drawing = new Drawing(() => this.#update(), `${this.id}-help`);
    this.element = this.#build();
  }

  /** What is asked for from now on: NetworkFacts. */
  use(network) {
    this.network = network;
    const drawable = network.channels === 1 && Math.max(network.width, network.height) <= kMostDrawn;
    this.modes.hidden = !drawable;
    this.samples.hidden = !isForDigits(network);
    this.centre.parentElement.hidden = !isForDigits(network);
    if (!drawable || this.read) this.#choose("file");
    else this.#choose(this.mode === "file" && !this.read ? "draw" : this.mode);
  }

  #build() {
    const radio = (value, text) =>
      make(
        "label.choice",
        {},
        make("input", {
          type: "radio",
          name: `${this.id}-mode`,
          value,
          onchange: () => this.#choose(value),
        }),
        make("span", {}, text),
      );
    this.modes = make(
      "div.choices",
      { role: "radiogroup", "aria-label": "Where the picture comes from" },
      radio("draw", "Draw"),
      radio("file", "Picture"),
    );
    this.element = make(
      "div.picture-input",
      {},
      this.modes,
      this.#drawPart(),
      this.#filePart(),
      this.#sampleButtons(),
      this.#settings(),
      this.#preview(),
    );
    this.#takeDrops();
    return this.element;
  }

  #drawPart() {
    this.centre = make("input", { type: "checkbox", checked: true, onchange: () => this.#update() });
    return (this.drawPart = make(
      "div.draw-part",
      {},
      this.drawing.frame,
      make(
        "p.hint",
        { id: `${this.id}-help` },
        "By keyboard: arrows move the pen, space puts it down and lifts it, Delete clears.",
      ),
      make(
        "div.row",
        {},
        make(
          "label.check",
          {},
          this.centre,
          make("span", {}, "Centre it, as the digits are that the network learnt from"),
        ),
        make("button.quiet", { type: "button", onclick: () => this.drawing.clear() }, "Clear"),
      ),
    ));
  }

  #filePart() {
    const picker = (what, more) =>
      make("input.file", {
        type: "file",
        id: `${this.id}-${what}`,
        accept: "image/*",
        ...more,
        onchange: (event) => event.target.files[0] && this.take(event.target.files[0]),
      });
    this.file = picker("file", {});
    this.camera = picker("camera", { capture: "environment" });
    this.dropText = make("span", {}, "Choose a picture, drop one here, or paste one");
    this.filePart = make(
      "div.file-part",
      {},
      this.file,
      make("label.drop", { for: this.file.id }, this.dropText, make("span.hint", {}, "It stays in this browser.")),
      // Where there is no camera to hand, this would be the same once more.
      make("div.camera", {}, this.camera, make("label.button.quiet", { for: this.camera.id }, "Take a photo")),
    );
    return this.filePart;
  }

  #sampleButtons() {
    const buttons = kSamples.map((name) =>
      make(
        "button.sample",
        {
          type: "button",
          "aria-label": `Sample: a drawn ${name[0]}`,
          onclick: () => this.#takeSample(name),
        },
        make("img", { src: `samples/${name}.png`, alt: "", width: 28, height: 28, loading: "lazy" }),
      ),
    );
    return (this.samples = make(
      "div.samples",
      { role: "group", "aria-label": "Samples", hidden: true },
      make("span.hint", {}, "Or a sample:"),
      ...buttons,
    ));
  }

  #settings() {
    const option = (value, text) => make("option", { value }, text);
    this.fit = make(
      "select",
      { id: `${this.id}-fit`, onchange: () => this.#update() },
      option("stretch", "stretch it"),
      option("crop", "crop its middle"),
      option("letterbox", "black bars"),
    );
    this.invert = make("input", { type: "checkbox", onchange: () => this.#update() });
    return (this.settings = make(
      "div.settings",
      {},
      make("label", { for: this.fit.id }, "Other proportions:"),
      this.fit,
      make("label.check", {}, this.invert, make("span", {}, "Light and dark turned around")),
    ));
  }

  #preview() {
    this.canvas = make("canvas.pixels", {
      role: "img",
      "aria-label": "The picture as the network sees it",
      width: 28,
      height: 28,
    });
    this.caption = make("p.hint", {}, "");
    this.notes = make("ul.notes", { "aria-live": "polite" });
    return (this.preview = make(
      "div.preview",
      { hidden: true },
      this.canvas,
      make("div", {}, make("p", {}, make("b", {}, "As the network sees it")), this.caption, this.notes),
    ));
  }

  #choose(mode) {
    this.mode = mode;
    for (const input of this.modes.querySelectorAll("input")) input.checked = input.value === mode;
    this.drawPart.hidden = mode !== "draw";
    this.filePart.hidden = mode !== "file";
    this.settings.hidden = mode !== "file" || !this.read;
    this.#update();
  }

  #takeDrops() {
    const over = (on) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.element.classList.toggle("over", on);
    };
    this.element.addEventListener("dragenter", over(true));
    this.element.addEventListener("dragover", over(true));
    this.element.addEventListener("dragleave", (event) => {
      if (!this.element.contains(event.relatedTarget)) this.element.classList.remove("over");
    });
    this.element.addEventListener("drop", (event) => {
      over(false)(event);
      const files = event.dataTransfer?.files ?? [];
      if (files.length > 0) this.take(files[0], files.length);
    });
  }

  /** A file; of several the first is taken, and that is said. */
  async take(file, files = 1) {
    this.file.value = this.camera.value = "";
    try {
      const { pixels, notes } = await decoded(file);
      const others = files > 1 ? [`${files} files were dropped: the first is taken`] : [];
      this.#read({ pixels, notes: [...others, ...notes], name: file.name || "pasted picture" });
    } catch (error) {
      this.#read(null, error.message);
    }
  }

  async #takeSample(name) {
    const answer = await fetch(`samples/${name}.png`).catch(() => null);
    if (!answer?.ok) return this.#read(null, "The sample did not come: the server does not answer.");
    await this.take(new File([await answer.blob()], `sample ${name}.png`));
  }

  #read(read, error = "") {
    this.read = read;
    this.dropText.textContent = read
      ? `${read.name}: choose or drop another one`
      : "Choose a picture, drop one here, or paste one";
    this.invert.checked = false;
    this.#choose("file");
    if (error !== "") this.#fail(error);
  }

  #fail(text) {
    this.preview.hidden = false;
    this.canvas.hidden = true;
    this.caption.textContent = "";
    this.notes.replaceChildren(make("li.warning", {}, text));
  }

  /** The picture is made anew from what was drawn or read. */
  #update() {
    if (!this.network) return;
    const made = this.mode === "draw" ? this.#drawn() : this.#fitted();
    this.pixels = made?.pixels ?? null;
    this.preview.hidden = made === null;
    this.canvas.hidden = made === null;
    if (made) {
      showPixels(this.canvas, made.pixels);
      const { width, height, channels } = this.network;
      this.caption.textContent = `${width}x${height}, ${channels === 1 ? "grey" : "colour"}`;
      this.notes.replaceChildren(
        ...made.notes.map((text) => make("li", {}, text)),
        ...made.warnings.map((text) => make("li.warning", {}, text)),
      );
    }
    this.changed(this.pixels);
  }

  #drawn() {
    if (!this.drawing.drawn) return null;
    const drawing = this.drawing.pixels(),
      centre = this.centre.checked && isForDigits(this.network);
    const pixels = centre ? centred(drawing, this.network) : conformed(drawing, this.network, "stretch").pixels;
    return { pixels, notes: centre ? ["centred, and made 20 pixels large"] : [], warnings: [] };
  }

  #fitted() {
    if (!this.read) return null;
    const { pixels, notes, squashed } = conformed(
      this.invert.checked ? inverted(this.read.pixels) : this.read.pixels,
      this.network,
      this.fit.value,
    );
    const all = [...this.read.notes, ...(this.invert.checked ? ["light and dark are turned around"] : []), ...notes];
    const warnings = [];
    if (squashed) warnings.push("Cropping or black bars keep its proportions.");
    if (isEven(pixels)) {
      warnings.push("It is one even area: there is nothing in it to tell apart.");
    } else if (!this.invert.checked && looksInverted(pixels, this.network)) {
      warnings.push(
        "Dark strokes on a bright ground, while this network seems to expect light ones on a dark ground: turn light and dark around?",
      );
    }
    return { pixels, notes: all, warnings };
  }
}
