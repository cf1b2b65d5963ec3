// Pictures as numbers, and made to fit what a network takes: the same steps, and the same sentences, as the program's
// (docs/pictures.md). Pixels are { width, height, channels: 1 | 3, values: Uint8Array }, samples interleaved.

/** Of a file: what is larger is refused before it is decoded. */
export const kMaxFileBytes = 64 * 1024 * 1024;
export const kMaxSide = 16384;
export const kMaxPixels = 1 << 26;

export const emptyPixels = (width, height, channels) => ({
  width,
  height,
  channels,
  values: new Uint8Array(width * height * channels),
});

/** Of a canvas's RGBA: grey where no pixel has a colour. */
export function fromRgba(width, height, rgba) {
  let grey = true;
  for (let i = 0; grey && i < rgba.length; i += 4) grey = rgba[i] === rgba[i + 1] && rgba[i] === rgba[i + 2];
  const out = emptyPixels(width, height, grey ? 1 : 3);
  for (let i = 0, o = 0; i < rgba.length; i += 4) {
    out.values[o++] = rgba[i];
    if (grey) continue;
    out.values[o++] = rgba[i + 1];
    out.values[o++] = rgba[i + 2];
  }
  return out;
}

/** For a canvas. */
export function toRgba(pixels) {
  const out = new Uint8ClampedArray(pixels.width * pixels.height * 4);
  const { channels, values } = pixels;
  for (let i = 0, o = 0; o < out.length; i += channels, o += 4) {
    out[o] = values[i];
    out[o + 1] = values[i + (channels === 3 ? 1 : 0)];
    out[o + 2] = values[i + channels - 1];
    out[o + 3] = 255;
  }
  return out;
}

/** ITU-R BT.601 luma in fixed point, as OpenCV rounds it. */
export function toGrey(pixels) {
  if (pixels.channels === 1) return pixels;
  const out = emptyPixels(pixels.width, pixels.height, 1);
  const v = pixels.values;
  for (let o = 0, i = 0; o < out.values.length; ++o, i += 3) {
    out.values[o] = (9798 * v[i] + 19235 * v[i + 1] + 3735 * v[i + 2] + 16384) >> 15;
  }
  return out;
}

export function toColour(pixels) {
  if (pixels.channels === 3) return pixels;
  const out = emptyPixels(pixels.width, pixels.height, 3);
  for (let i = 0; i < out.values.length; ++i) out.values[i] = pixels.values[Math.trunc(i / 3)];
  return out;
}

export function inverted(pixels) {
  return { ...pixels, values: pixels.values.map((value) => 255 - value) };
}

/** Which samples make which of the result: result i is the sum over k of weight[k] * sample[from[k]], k from begin[i] on. */
class Weights {
  constructor(rows) {
    const all = rows.flat();
    this.begin = Int32Array.from([0, ...rows.map((row) => row.length)]);
    for (let i = 1; i < this.begin.length; ++i) this.begin[i] += this.begin[i - 1];
    this.from = Int32Array.from(all, ([from]) => from);
    this.weight = Float64Array.from(all, ([, weight]) => weight);
  }
}

function shrinkWeights(from, to) {
  const scale = from / to,
    rows = [];
  for (let i = 0; i < to; ++i) {
    const begin = i * scale,
      end = Math.min((i + 1) * scale, from),
      row = [];
    for (let k = Math.floor(begin); k < end - 1e-9; ++k) {
      row.push([k, (Math.min(end, k + 1) - Math.max(begin, k)) / (end - begin)]);
    }
    rows.push(row);
  }
  return new Weights(rows);
}

/** Cubic convolution with a = -0.75. */
function growWeights(from, to) {
  const a = -0.75,
    scale = from / to,
    rows = [];
  const near = (x) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  for (let i = 0; i < to; ++i) {
    const centre = (i + 0.5) * scale - 0.5,
      first = Math.floor(centre),
      t = centre - first;
    const row = [far(t + 1), near(t), near(1 - t), far(2 - t)];
    rows.push(row.map((weight, k) => [Math.min(Math.max(first - 1 + k, 0), from - 1), weight]));
  }
  return new Weights(rows);
}

/** Every row by itself. */
function acrossRows({ width, height, channels, values }, to, { begin, from, weight }) {
  const out = new Float64Array(height * to * channels);
  for (let y = 0, o = 0; y < height; ++y) {
    const row = y * width * channels;
    for (let x = 0; x < to; ++x) {
      for (let c = 0; c < channels; ++c, ++o) {
        let sum = 0;
        for (let k = begin[x]; k < begin[x + 1]; ++k) sum += weight[k] * values[row + from[k] * channels + c];
        out[o] = sum;
      }
    }
  }
  return out;
}

function resampled(pixels, height, width, weightsOf) {
  const line = width * pixels.channels;
  const rows = acrossRows(pixels, width, weightsOf(pixels.width, width));
  const { begin, from, weight } = weightsOf(pixels.height, height);
  const out = emptyPixels(width, height, pixels.channels);
  for (let y = 0; y < height; ++y) {
    for (let i = 0; i < line; ++i) {
      let sum = 0;
      for (let k = begin[y]; k < begin[y + 1]; ++k) sum += weight[k] * rows[from[k] * line + i];
      out.values[y * line + i] = Math.min(Math.max(Math.round(sum), 0), 255);
    }
  }
  return out;
}

/** Sides that shrink are averaged, sides that grow are interpolated. */
export function resized(pixels, height, width) {
  let out = pixels;
  const low = Math.min(height, out.height),
    narrow = Math.min(width, out.width);
  if (low !== out.height || narrow !== out.width) out = resampled(out, low, narrow, shrinkWeights);
  if (height !== out.height || width !== out.width) out = resampled(out, height, width, growWeights);
  return out;
}

export function cut(pixels, top, left, height, width) {
  const out = emptyPixels(width, height, pixels.channels),
    line = width * pixels.channels;
  for (let y = 0; y < height; ++y) {
    const from = ((top + y) * pixels.width + left) * pixels.channels;
    out.values.set(pixels.values.subarray(from, from + line), y * line);
  }
  return out;
}

function pasted(onto, pixels, top, left) {
  const line = pixels.width * pixels.channels;
  for (let y = 0; y < pixels.height; ++y) {
    onto.values.set(pixels.values.subarray(y * line, (y + 1) * line), ((top + y) * onto.width + left) * onto.channels);
  }
  return onto;
}

const half = (n) => Math.trunc(n / 2);
/** A side of `from` pixels, scaled as another one of `other` pixels is to `to`, at least 1. */
const scaled = (from, other, to) => Math.max(1, half((from * to * 2 + other) / other));

/** Whether one scale for both sides gives this size, to a pixel. */
function keepsShape(pixels, height, width) {
  const near = (a, b) => Math.abs(a - b) <= 1;
  return (
    near(scaled(pixels.height, pixels.width, width), height) &&
    near(scaled(pixels.width, pixels.height, height), width) &&
    Math.abs(Math.log((pixels.height * width) / (pixels.width * height))) < 0.05
  );
}

/**
 * Made what a network takes. `fit`: "stretch", "crop" or "letterbox". Gives { pixels, notes, squashed }: every change is
 * a sentence.
 */
export function conformed(picture, { width, height, channels }, fit) {
  let pixels = channels === 1 ? toGrey(picture) : toColour(picture);
  const notes = [];
  if (picture.channels !== channels) {
    notes.push(channels === 1 ? "converted from colour to grey" : "converted from grey to colour");
  }
  const had = `${pixels.width}x${pixels.height}`,
    wanted = `${width}x${height}`;
  if (had === wanted) return { pixels, notes, squashed: false };
  const keeps = keepsShape(pixels, height, width);
  if (keeps || fit === "stretch") {
    notes.push(`resized from ${had} to ${wanted}${keeps ? "" : ", which changes its proportions"}`);
    return { pixels: resized(pixels, height, width), notes, squashed: !keeps };
  }
  if (fit === "crop") {
    const tall = Math.min(pixels.height, scaled(height, width, pixels.width));
    const wide = Math.min(pixels.width, scaled(width, height, pixels.height));
    const part = cut(pixels, half(pixels.height - tall), half(pixels.width - wide), tall, wide);
    notes.push(`cropped from ${had} to the ${wide}x${tall} in its middle, resized to ${wanted}`);
    return { pixels: resized(part, height, width), notes, squashed: false };
  }
  const tall = Math.min(height, scaled(pixels.height, pixels.width, width));
  const wide = Math.min(width, scaled(pixels.width, pixels.height, height));
  notes.push(`resized from ${had} to ${wanted} between black bars`);
  pixels = pasted(
    emptyPixels(width, height, channels),
    resized(pixels, tall, wide),
    half(height - tall),
    half(width - wide),
  );
  return { pixels, notes, squashed: false };
}

export function isEven(pixels) {
  return pixels.values.every((value) => value === pixels.values[0]);
}

/** Dark strokes on a bright ground, for a network that learnt from light ones on a dark ground (or seems to). */
export function looksInverted(pixels, network) {
  if (pixels.channels !== 1 || isEven(pixels) || pixels.values.every((value) => value >= 128)) return false;
  let sum = 0,
    count = 0;
  pixels.values.forEach((value, i) => {
    const x = i % pixels.width,
      y = Math.trunc(i / pixels.width);
    if (x !== 0 && y !== 0 && x !== pixels.width - 1 && y !== pixels.height - 1) return;
    sum += value;
    ++count;
  });
  if (sum / count <= 0.75 * 255) return false;
  const mean = Number(/\bmean (\d+(?:\.\d+)?)/.exec(network.preprocessing)?.[1] ?? 0);
  return mean > 0 ? mean < 0.35 : isForDigits(network);
}

export function isForDigits(network) {
  return (
    network.channels === 1 && network.classes.length === 10 && network.classes.every((name, i) => name === String(i))
  );
}

/**
 * A drawing as the usual digits are: its strokes in a box of 20 of 28 pixels, their centre of mass in the middle. An
 * empty one stays as it is.
 */
export function centred(drawing, { width, height }) {
  let top = drawing.height,
    bottom = -1,
    left = drawing.width,
    right = -1;
  drawing.values.forEach((value, i) => {
    if (value < 16) return;
    const x = i % drawing.width,
      y = Math.trunc(i / drawing.width);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    left = Math.min(left, x);
    right = Math.max(right, x);
  });
  if (bottom < 0) return resized(drawing, height, width);
  const part = cut(drawing, top, left, bottom - top + 1, right - left + 1);
  const scale = ((20 / 28) * Math.min(width, height)) / Math.max(part.width, part.height);
  const tall = Math.max(1, Math.round(part.height * scale)),
    wide = Math.max(1, Math.round(part.width * scale));
  const small = resized(part, tall, wide);
  let mass = 0,
    across = 0,
    down = 0;
  small.values.forEach((value, i) => {
    mass += value;
    across += value * (i % wide);
    down += value * Math.trunc(i / wide);
  });
  const place = (centre, room, size) => Math.min(Math.max(Math.round(room / 2 - 0.5 - centre / mass), 0), room - size);
  return pasted(emptyPixels(width, height, 1), small, place(down, height, tall), place(across, width, wide));
}

/** A file as pixels, with what was done to it. Throws an Error with a sentence for what is no picture. */
export async function decoded(file) {
  const name = file.name ? `\u201c${file.name}\u201d` : "This";
  if (file.size === 0) throw new Error(`${name} is empty.`);
  if (file.size > kMaxFileBytes) {
    throw new Error(
      `${name} has ${Math.round(file.size / 1e6)} MB; the most is ${Math.round(kMaxFileBytes / 1e6)} MB.`,
    );
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", imageOrientation: "from-image" });
  } catch {
    throw new Error(`${name} is no picture that this browser can read. PNG, JPEG, WebP, GIF and BMP are.`);
  }
  try {
    return pixelsOf(bitmap, name);
  } finally {
    bitmap.close();
  }
}

function pixelsOf(bitmap, name) {
  const { width, height } = bitmap;
  if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
    throw new Error(
      `${name} has ${width}x${height} pixels; the most is ${kMaxSide} a side and ${kMaxPixels >> 20} million in all.`,
    );
  }
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(`There is no memory left for ${name}.`);
  context.drawImage(bitmap, 0, 0);
  let data = context.getImageData(0, 0, width, height).data,
    transparent = false;
  for (let i = 3; !transparent && i < data.length; i += 4) transparent = data[i] !== 255;
  if (transparent) {
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    data = context.getImageData(0, 0, width, height).data;
  }
  return { pixels: fromRgba(width, height, data), notes: transparent ? ["transparency is laid over white"] : [] };
}
