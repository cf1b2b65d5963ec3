// The owner's half of private fetching.
import { ObscuraError } from './errors.js';
import { Reader, Writer, bytesOf, hex } from './bytes.js';
import { Call } from './module.js';

export function readCard(r) {
  return {
    id: hex(r.raw(16)),
    version: r.u64(),
    places: r.u32(),
    images: r.u32(),
    dimension: r.u32(),
    hintBytes: r.f64(),
    fetchBytes: r.f64(),
    classes: Array.from({ length: r.u32() }, () => r.text()),
    source: r.text(),
  };
}

function readFound(r) {
  const place = r.u32(), name = r.text(), label = r.u32() | 0, className = r.text();
  const width = r.u32(), height = r.u32(), channels = r.u32();
  return { place, name, label, className, thumbnail: { width, height, channels, values: r.bytes() } };
}

export class Fetcher {
  #module;
  #object;

  constructor(module, object) {
    this.#module = module;
    this.#object = object;
  }

  #call(number, input) {
    return new Reader(this.#module.call(number, this.#object, input));
  }

  card() {
    return readCard(this.#call(Call.galleryFacts));
  }

  setHint(hint) {
    this.#call(Call.setHint, new Writer().raw(bytesOf(hint, 'the hint')));
  }

  nearest(prediction, top) {
    if (!Number.isInteger(top) || top < 1 || top > 1000) throw new ObscuraError('usage', `top is ${top}, expected 1 to 1000`);
    const logits = Float64Array.from(prediction.logits);
    const input = new Writer().u32(top).u32(logits.length).raw(new Uint8Array(logits.buffer));
    const r = this.#call(Call.nearest, input);
    return Array.from({ length: r.u32() }, () => ({ place: r.u32(), distance: r.f64() }));
  }

  ask(places) {
    const input = new Writer().u32(places.length);
    for (const place of places) {
      if (!Number.isInteger(place) || place < 0 || place >= 2 ** 32) throw new ObscuraError('usage', `place ${place} is none`);
      input.u32(place);
    }
    return this.#module.call(Call.ask, this.#object, input);
  }

  read(reply) {
    const r = this.#call(Call.readFetched, new Writer().raw(bytesOf(reply, 'the reply')));
    return Array.from({ length: r.u32() }, () => readFound(r));
  }

  free() {
    this.#module.call(Call.free, this.#object);
  }
}
