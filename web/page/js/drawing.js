// A place to draw, by mouse, finger, pen or keyboard: light strokes on a dark ground, as networks for digits want them.
import { make } from "./text.js";
import { fromRgba } from "./pixels.js";

const kSide = 280,
  kStroke = 22,
  kStep = 10;

export class Drawing {
  /** `changed` is called after every stroke and step; `help` is the id of what explains the keys. */
  constructor(changed, help) {
    this.changed = changed;
    this.canvas = make("canvas.drawing", {
      width: kSide,
      height: kSide,
      tabindex: 0,
      role: "application",
      "aria-describedby": help,
      "aria-label": "A place to draw a digit",
    });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.pen = make("span.pen", { "aria-hidden": "true", hidden: true });
    this.frame = make("div.drawing-frame", {}, this.canvas, this.pen);
    this.at = { x: kSide / 2, y: kSide / 4 };
    this.down = false;
    this.drawn = false;
    this.clear(false);
    this.#listen();
  }

  clear(tell = true) {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, kSide, kSide);
    this.drawn = false;
    this.#penUp();
    if (tell) this.changed();
  }

  pixels() {
    return fromRgba(kSide, kSide, this.context.getImageData(0, 0, kSide, kSide).data);
  }

  #stroke(from, to) {
    const c = this.context;
    c.strokeStyle = "#fff";
    c.lineWidth = kStroke;
    c.lineCap = c.lineJoin = "round";
    c.beginPath();
    c.moveTo(from.x, from.y);
    // A point is a line, too, to be seen.
    c.lineTo(to.x + 0.01, to.y);
    c.stroke();
    this.drawn = true;
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * kSide, y: ((event.clientY - box.top) / box.height) * kSide };
  }

  #listen() {
    let last = null;
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.pen.hidden = true;
      last = this.#place(event);
      this.#stroke(last, last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (last === null) return;
      // All that the pointer did since the last frame, not just where it is.
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length > 0 ? events : [event]) {
        const next = this.#place(one);
        this.#stroke(last, next);
        last = next;
      }
    });
    const end = () => {
      if (last === null) return;
      last = null;
      this.changed();
    };
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, end);
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#penUp());
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      this.down = !this.down;
      if (this.down) this.#stroke(this.at, this.at);
    } else if (event.key in steps) {
      const [x, y] = steps[event.key],
        inside = (v) => Math.min(Math.max(v, kStroke / 2), kSide - kStroke / 2);
      const next = { x: inside(this.at.x + x * kStep), y: inside(this.at.y + y * kStep) };
      if (this.down) this.#stroke(this.at, next);
      this.at = next;
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    this.#showPen();
    if (this.down || event.key === " ") this.changed();
  }

  #showPen() {
    this.pen.hidden = false;
    this.pen.classList.toggle("down", this.down);
    this.pen.style.left = `${(this.at.x / kSide) * 100}%`;
    this.pen.style.top = `${(this.at.y / kSide) * 100}%`;
  }

  #penUp() {
    this.down = false;
    if (this.pen) this.pen.hidden = true;
  }
}
