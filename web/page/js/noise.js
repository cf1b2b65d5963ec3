// Pictures on canvases, and messages as pictures: a byte a pixel, as it travelled.
import { toRgba } from "./pixels.js";

export function showPixels(canvas, pixels) {
  canvas.classList.remove("empty");
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d").putImageData(new ImageData(toRgba(pixels), pixels.width, pixels.height), 0, 0);
}

/** What stands before ciphertexts in a file: names and sizes, no noise. */
const kHead = 512;

/**
 * Bytes of a message, from behind its head, as a grey picture of `width` x `height`, or less high where it is shorter.
 * Gives how many bytes are shown.
 */
export function showBytes(canvas, bytes, width, height) {
  const begin = bytes.length > kHead + width * height ? kHead : 0;
  const rows = Math.max(1, Math.min(height, Math.trunc((bytes.length - begin) / width)));
  const shown = bytes.subarray(begin, begin + rows * width);
  const values = new Uint8Array(rows * width);
  values.set(shown);
  showPixels(canvas, { width, height: rows, channels: 1, values });
  return shown.length;
}

export function clearCanvas(canvas) {
  canvas.classList.add("empty");
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}
