// Pictures made to fit, without a browser: known answers, and what must hold of every picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pixels from "../page/js/pixels.js";
import { bytesText, nameText, percentText, timeText } from "../page/js/text.js";
import { explained } from "../page/js/explained.js";

const grey = (width, height, values) => ({ width, height, channels: 1, values: Uint8Array.from(values) });
const digits = {
  width: 28,
  height: 28,
  channels: 1,
  preprocessing: "28x28 grey, mean 0.1307, std 0.3081",
  classes: [..."0123456789"],
};

/** xorshift: the same numbers every time. */
function random(seed) {
  let state = seed;
  return (below) => {
    ((state ^= state << 13), (state ^= state >>> 17), (state ^= state << 5));
    return (state >>> 0) % below;
  };
}
function anyPicture(next, channels = next(2) === 0 ? 1 : 3) {
  const width = 1 + next(70),
    height = 1 + next(70);
  return { width, height, channels, values: Uint8Array.from({ length: width * height * channels }, () => next(256)) };
}

test("RGBA with equal channels is grey, any other is colour", () => {
  assert.deepEqual(pixels.fromRgba(2, 1, [7, 7, 7, 255, 9, 9, 9, 255]), grey(2, 1, [7, 9]));
  assert.deepEqual(pixels.fromRgba(1, 1, [1, 2, 3, 255]), {
    width: 1,
    height: 1,
    channels: 3,
    values: Uint8Array.of(1, 2, 3),
  });
  const next = random(3);
  for (let i = 0; i < 50; ++i) {
    const picture = anyPicture(next);
    assert.deepEqual(pixels.fromRgba(picture.width, picture.height, pixels.toRgba(picture)), picture);
  }
});

test("luma is BT.601, as OpenCV rounds it", () => {
  const of = (...rgb) => pixels.toGrey({ width: 1, height: 1, channels: 3, values: Uint8Array.from(rgb) }).values[0];
  assert.deepEqual(
    [of(255, 0, 0), of(0, 255, 0), of(0, 0, 255), of(255, 255, 255), of(0, 0, 0)],
    [76, 150, 29, 255, 0],
  );
  for (let v = 0; v < 256; ++v) assert.equal(of(v, v, v), v);
});

test("shrinking averages areas, also of parts of pixels", () => {
  assert.deepEqual([...pixels.resized(grey(4, 2, [0, 100, 10, 30, 100, 200, 20, 40]), 1, 2).values], [100, 25]);
  assert.deepEqual([...pixels.resized(grey(3, 1, [0, 90, 240]), 1, 2).values], [30, 190]);
  assert.deepEqual([...pixels.resized(grey(5, 1, [10, 20, 30, 40, 50]), 1, 1).values], [30]);
});

test("growing interpolates by cubics, and no sample leaves 0 to 255", () => {
  // By hand: the weights a quarter beside a sample are -27/256, 225/256, 67/256 and -9/256, with the edge repeated.
  assert.deepEqual([...pixels.resized(grey(2, 1, [0, 128]), 1, 4).values], [0, 29, 99, 142]);
  const out = pixels.resized(grey(2, 2, [0, 255, 255, 0]), 16, 16).values;
  assert.ok(out.every((value) => value >= 0 && value <= 255));
  assert.equal(out[0] < 10 && out[15] > 245, true);
});

test("an even picture stays even at any size and fit", () => {
  const next = random(11);
  for (let i = 0; i < 200; ++i) {
    const value = next(256),
      picture = anyPicture(next, 1);
    picture.values.fill(value);
    const out = pixels.resized(picture, 1 + next(60), 1 + next(60));
    assert.ok(
      out.values.every((v) => v === value),
      `${picture.width}x${picture.height} to ${out.width}x${out.height}`,
    );
  }
});

test("any picture is made to fit, and every change is said", () => {
  const next = random(7);
  for (let i = 0; i < 300; ++i) {
    const picture = anyPicture(next),
      fit = ["stretch", "crop", "letterbox"][next(3)];
    const network = { width: 1 + next(40), height: 1 + next(40), channels: next(2) === 0 ? 1 : 3 };
    const before = picture.values.slice();
    const { pixels: made, notes, squashed } = pixels.conformed(picture, network, fit);
    assert.deepEqual([made.width, made.height, made.channels], [network.width, network.height, network.channels]);
    assert.equal(made.values.length, network.width * network.height * network.channels);
    assert.deepEqual(picture.values, before, "what was given stays as it is");
    const same = picture.width === network.width && picture.height === network.height;
    assert.equal(notes.length, (same ? 0 : 1) + (picture.channels === network.channels ? 0 : 1), notes.join());
    assert.equal(
      squashed,
      notes.some((note) => note.includes("changes its proportions")),
    );
    if (squashed) assert.equal(fit, "stretch");
  }
});

test("sentences are the program's", () => {
  const wide = grey(120, 80, new Uint8Array(9600));
  const note = (fit) => pixels.conformed(wide, digits, fit).notes[0];
  assert.equal(note("stretch"), "resized from 120x80 to 28x28, which changes its proportions");
  assert.equal(note("crop"), "cropped from 120x80 to the 80x80 in its middle, resized to 28x28");
  assert.equal(note("letterbox"), "resized from 120x80 to 28x28 between black bars");
  assert.equal(
    pixels.conformed(grey(56, 56, new Uint8Array(3136)), digits, "crop").notes[0],
    "resized from 56x56 to 28x28",
  );
});

test("a drawing is centred by its mass, whatever its place and size", () => {
  for (const [x, y, side] of [
    [10, 20, 100],
    [150, 160, 60],
    [0, 0, 280],
    [279, 279, 1],
    [5, 200, 20],
  ]) {
    const drawing = grey(280, 280, new Uint8Array(280 * 280));
    for (let i = y; i < Math.min(y + side, 280); ++i)
      drawing.values.fill(255, i * 280 + x, i * 280 + Math.min(x + side, 280));
    const { values } = pixels.centred(drawing, digits);
    let mass = 0,
      across = 0,
      down = 0;
    values.forEach((value, i) => {
      mass += value;
      across += value * (i % 28);
      down += value * Math.trunc(i / 28);
    });
    assert.ok(
      Math.abs(across / mass - 13.5) <= 0.5 && Math.abs(down / mass - 13.5) <= 0.5,
      `${x}, ${y}: ${across / mass}, ${down / mass}`,
    );
    const rows = new Set([...values.keys()].filter((i) => values[i] > 0).map((i) => Math.trunc(i / 28)));
    assert.equal(rows.size, 20);
  }
  const empty = pixels.centred(grey(280, 280, new Uint8Array(280 * 280)), digits);
  assert.ok(empty.values.every((value) => value === 0));
});

test("dark ink on white paper is noticed, and nothing else", () => {
  const paper = grey(28, 28, new Uint8Array(784).fill(255));
  assert.equal(pixels.looksInverted(paper, digits), false, "even");
  paper.values.fill(0, 300, 320);
  assert.equal(pixels.looksInverted(paper, digits), true);
  assert.equal(pixels.looksInverted(pixels.inverted(paper), digits), false);
  assert.equal(
    pixels.looksInverted(paper, { ...digits, preprocessing: "28x28 grey, mean 0.5, std 0.5" }),
    false,
    "photos",
  );
  assert.equal(
    pixels.looksInverted(paper, { ...digits, preprocessing: "28x28 grey, pixels as 0..1" }),
    true,
    "digits by their classes",
  );
});

test("numbers are text for people", () => {
  assert.deepEqual([0, 999, 1000, 172338, 12.9e6, 99.96e6, 166.3e6, 1e9].map(bytesText), [
    "0 B",
    "999 B",
    "1.0 KB",
    "172 KB",
    "12.9 MB",
    "100 MB",
    "166 MB",
    "1.0 GB",
  ]);
  assert.deepEqual([0.04, 3.14, 9.96, 42.4, 999.6, 1234, 12345, 600000].map(timeText), [
    "0.0 ms",
    "3.1 ms",
    "10 ms",
    "42 ms",
    "1.00 s",
    "1.23 s",
    "12.3 s",
    "10 min",
  ]);
  assert.deepEqual([1, 0.99999, 0.997, 0.00001, 0].map(percentText), [
    "100.00 %",
    "> 99.99 %",
    "99.70 %",
    "< 0.01 %",
    "0.00 %",
  ]);
});

test("names of others are made harmless", () => {
  assert.equal(nameText("a\u202eb\u0000c\nd"), "a\u00b7b\u00b7c\u00b7d");
  assert.equal(nameText("x".repeat(100), 10), "xxxxxxxxx\u2026");
  assert.equal(nameText("\u{1F600}".repeat(3)), "\u{1F600}".repeat(3));
});

test("every failure has a sentence, and none shows 'undefined'", () => {
  const codes = [
    "unreachable",
    "unexpected",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "too_large",
    "overloaded",
    "shutting_down",
    "out_of_room",
    "timed_out",
    "internal",
    "bad_request",
  ];
  const all = [
    ...codes.map((code) => ({ code, kind: "remote", message: "said" })),
    new Error("oops"),
    "text",
    null,
    undefined,
    { kind: "mismatch" },
    { code: "overloaded", retryAfterMs: 1500 },
  ];
  for (const error of all) {
    const { title, text } = explained(error);
    assert.ok(title.length > 10 && !`${title}${text}`.includes("undefined"), JSON.stringify(error));
  }
  assert.ok(explained({ code: "overloaded", retryAfterMs: 1500 }).text.includes("2 s"));
});
