// The WebAssembly module: loaded, given what it needs of a browser or of Node, and called.
import { ObscuraError, kinds } from './errors.js';
import { Writer } from './bytes.js';

/** As wasm/calls.h numbers them. */
export const Call = {
  version: 1, hash: 2, memory: 3, free: 4,
  createOwner: 10, openOwner: 11, network: 12, evaluationKeys: 13, encrypt: 14, encryptValues: 15, read: 16,
  decryptions: 17, files: 18, queryOf: 19, record: 20, records: 21, remember: 22,
  sealKey: 30, unsealKey: 31, describeKeys: 32,
  createFetcher: 40, galleryFacts: 41, setHint: 42, ask: 43, readFetched: 44, nearest: 45,
};

const kMostRandom = 65536;  // bytes of one call of getRandomValues

/** A module of one vector instruction: where it is not valid, none of ours is. */
const kSimdProbe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

function requireBrowser() {
  if (typeof WebAssembly !== 'object') {
    throw new ObscuraError('unsupported', 'this browser has no WebAssembly (or forbids it): a newer one is needed');
  }
  if (!WebAssembly.validate(kSimdProbe)) {
    throw new ObscuraError('unsupported', 'this browser has no vector instructions in WebAssembly: Chrome and Edge have them from version 91 on, Firefox from 89, Safari from 16.4');
  }
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    throw new ObscuraError('random', 'there is no crypto.getRandomValues here: no key can be made without randomness');
  }
}

async function fetched(url) {
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new ObscuraError('storage', `${url} cannot be loaded: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What load() was given, or obscura.wasm beside this file, as a compiled module and its size. */
export async function compileModule(wasm) {
  requireBrowser();
  if (wasm instanceof WebAssembly.Module) return { module: wasm, bytes: 0 };
  const given = wasm ?? new URL('./obscura.wasm', import.meta.url);
  const isPlace = typeof given === 'string' || given instanceof URL;
  const bytes = isPlace ? await fetched(new URL(given, import.meta.url)) : given;
  try {
    return { module: await WebAssembly.compile(bytes), bytes: bytes.byteLength };
  } catch (error) {
    throw new ObscuraError('format', `${isPlace ? given : 'the module'} is not the module of Obscura: ${error.message}`);
  }
}

/** The environment that the module sees: OBSCURA_ISA, for tests, and nothing else. */
function environment(memory, isa) {
  const line = isa === undefined ? null : new TextEncoder().encode(`OBSCURA_ISA=${isa}\0`);
  const put = (at, value) => new DataView(memory().buffer).setUint32(at, value, true);
  return {
    environ_sizes_get: (count, size) => {
      put(count, line ? 1 : 0);
      put(size, line ? line.length : 0);
      return 0;
    },
    environ_get: (list, to) => {
      if (line) {
        put(list, to);
        new Uint8Array(memory().buffer).set(line, to);
      }
      return 0;
    },
  };
}

export class Module {
  #exports;
  #module;
  #isa;
  #progress;
  #broken;
  bytes;

  constructor({ module, bytes }, isa) {
    this.#module = module;
    this.#isa = isa;
    this.bytes = bytes;
    this.#exports = this.#instantiate();
  }

  /** Another instance of the same module, with memory of its own that goes when it does. */
  another() {
    return new Module({ module: this.#module, bytes: this.bytes }, this.#isa);
  }

  #instantiate() {
    let exports;
    const memory = () => exports.memory;
    const random = (at, size) => {
      const bytes = new Uint8Array(memory().buffer, at, size);
      for (let from = 0; from < size; from += kMostRandom) {
        globalThis.crypto.getRandomValues(bytes.subarray(from, Math.min(from + kMostRandom, size)));
      }
    };
    const imports = {
      env: {
        obscura_random: random,
        obscura_progress: (done, total) => this.#progress?.(done, total),
        emscripten_notify_memory_growth: () => {},
      },
      wasi_snapshot_preview1: {
        ...environment(memory, this.#isa),
        proc_exit: (code) => {
          throw new ObscuraError('internal', `the module ended itself (${code})`);
        },
      },
    };
    exports = new WebAssembly.Instance(this.#module, imports).exports;
    exports._initialize?.();
    return exports;
  }

  get memoryBytes() {
    return this.#exports.memory.buffer.byteLength;
  }

  /** What the call leaves behind, as a copy. Throws ObscuraError. */
  call(number, object = 0, input = new Writer(), progress = undefined) {
    if (this.#broken) throw new ObscuraError('internal', `this module failed before and is not used any more: ${this.#broken}`);
    const x = this.#exports;
    this.#progress = progress;
    try {
      const at = x.ob_take(input.size);
      if (at === 0) throw new ObscuraError('memory', `there is no room for ${input.size} bytes more: close other pages`);
      let kind;
      try {
        input.writeTo(new Uint8Array(x.memory.buffer, at, input.size));
        kind = x.ob_call(number, object, at, input.size);
      } finally {
        x.ob_give(at);
      }
      return this.#taken(kind);
    } catch (error) {
      if (error instanceof ObscuraError && error.kind !== 'internal') throw error;
      if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof ObscuraError)) throw error;
      if (error instanceof WebAssembly.RuntimeError) this.#broken = error.message;
      throw error instanceof ObscuraError ? error : new ObscuraError('internal', `the module failed: ${error.message}`);
    } finally {
      this.#progress = undefined;
    }
  }

  #taken(kind) {
    const x = this.#exports;
    const bytes = new Uint8Array(x.memory.buffer, x.ob_result_data(), x.ob_result_size()).slice();
    x.ob_result_drop();
    if (kind === 0) return bytes;
    throw new ObscuraError(kinds[kind] ?? 'internal', new TextDecoder().decode(bytes));
  }
}
