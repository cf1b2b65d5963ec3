// Little-endian bytes as base/bytes.h has them: what passes between JavaScript and the module.
import { ObscuraError } from './errors.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** The bytes of a Uint8Array, whatever made it: other arrays and buffers are refused, not reinterpreted. */
export function bytesOf(value, what) {
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw new ObscuraError('usage', `${what} is ${describe(value)}, expected a Uint8Array`);
}

export function describe(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object' || typeof value === 'function') return `a ${value.constructor?.name ?? 'object'}`;
  return `a ${typeof value}`;
}

export const utf8 = (text) => encoder.encode(text);
export const textOf = (bytes) => decoder.decode(bytes);

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

export function fromHex(text, bytes, what) {
  if (typeof text !== 'string' || text.length !== 2 * bytes || !/^[0-9a-f]*$/.test(text)) {
    throw new ObscuraError('usage', `${what} is '${String(text).slice(0, 80)}', expected ${2 * bytes} hex digits`);
  }
  return Uint8Array.from({ length: bytes }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Collects pieces and lays them out once, so that a secret among them is copied nowhere else. */
export class Writer {
  #pieces = [];
  #size = 0;

  get size() {
    return this.#size;
  }

  raw(bytes) {
    this.#pieces.push(bytes);
    this.#size += bytes.byteLength;
    return this;
  }
  u32(value) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return this.raw(bytes);
  }
  bytes(bytes) {
    return this.u32(bytes.byteLength).raw(bytes);
  }
  text(text) {
    return this.bytes(utf8(text));
  }
  floats(values) {
    this.u32(values.length);
    return this.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  writeTo(target) {
    let at = 0;
    for (const piece of this.#pieces) {
      target.set(piece, at);
      at += piece.byteLength;
    }
  }
}

export class Reader {
  #bytes;
  #view;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left() {
    return this.#bytes.byteLength - this.#at;
  }
  raw(size) {
    if (size > this.left) throw new ObscuraError('internal', 'the module gave fewer bytes than it said');
    const part = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return part;
  }
  u8() {
    return this.raw(1)[0];
  }
  u32() {
    this.raw(4);
    return this.#view.getUint32(this.#at - 4, true);
  }
  u64() {
    this.raw(8);
    return Number(this.#view.getBigUint64(this.#at - 8, true));
  }
  f64() {
    this.raw(8);
    return this.#view.getFloat64(this.#at - 8, true);
  }
  numbers() {
    const count = this.u32();
    return Float64Array.from({ length: count }, () => this.f64());
  }
  bytes() {
    return this.raw(this.u32()).slice();
  }
  text() {
    return textOf(this.raw(this.u32()));
  }
}
