// Obscura in this thread: the module's calls as objects.
import { ObscuraError } from './errors.js';
import { Reader, Writer, bytesOf, describe, fromHex, hex, utf8 } from './bytes.js';
import { Call, Module, compileModule } from './module.js';
import { Fetcher, readCard } from './fetcher.js';

const kIdBytes = 16;
const kSealedKind = 27;  // of the files of docs/wire-format.md, at byte 10

export function isSealedKey(bytes) {
  return bytes.length > 12 && bytes[10] + 256 * bytes[11] === kSealedKind;
}

function passphraseBytes(passphrase) {
  if (passphrase === undefined || passphrase === null) return new Uint8Array(0);
  if (typeof passphrase !== 'string') throw new ObscuraError('usage', `the passphrase is ${describe(passphrase)}, expected a string`);
  if (passphrase === '') throw new ObscuraError('usage', 'the passphrase is empty: leave it out for none');
  return utf8(passphrase);
}

function inRange(value, otherwise, least, most, what) {
  const number = value ?? otherwise;
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new ObscuraError('usage', `${what} is ${number}, expected a whole number from ${least} to ${most}`);
  }
  return number;
}

/** Argon2id takes much memory, and a module never gives any back: so it has one of its own for that moment. */
function inAnother(module, number, input) {
  return module.another().call(number, 0, input);
}

function sealed(module, secret, options) {
  const passphrase = passphraseBytes(options.passphrase);
  const memory = inRange(options.memoryMiB, 256, 8, 1024, 'memoryMiB'), passes = inRange(options.passes, 3, 1, 10, 'passes');
  try {
    return inAnother(module, Call.sealKey, new Writer().bytes(passphrase).u32(1024 * memory).u32(passes).bytes(secret));
  } finally {
    passphrase.fill(0);
    secret.fill(0);
  }
}

function opened(module, secret, passphrase) {
  if (!isSealedKey(secret)) return secret.slice();
  const given = passphraseBytes(passphrase);
  if (given.length === 0) throw new ObscuraError('mismatch', 'secret.key is sealed with a passphrase, and none was given');
  try {
    return inAnother(module, Call.unsealKey, new Writer().bytes(given).bytes(secret));
  } finally {
    given.fill(0);
  }
}

export class Obscura {
  #module;

  constructor(module) {
    this.#module = module;
  }

  version() {
    const r = new Reader(this.#module.call(Call.version));
    const version = r.text(), isa = r.text();
    return { version, simd: isa !== 'scalar', wasmBytes: this.#module.bytes };
  }

  hash(bytes) {
    return hex(this.#module.call(Call.hash, 0, new Writer().raw(bytesOf(bytes, 'what is hashed'))));
  }

  memory() {
    return { bytes: this.#module.memoryBytes };
  }

  createOwner(clientSpec) {
    const input = new Writer().bytes(bytesOf(clientSpec, 'the client spec'));
    return new Owner(this.#module, new Reader(this.#module.call(Call.createOwner, 0, input)).u32());
  }

  openOwner(files, passphrase) {
    const file = (name, needed = true) => {
      const bytes = files?.[name];
      if (bytes !== undefined) return bytesOf(bytes, name);
      if (!needed) return new Uint8Array(0);
      throw new ObscuraError('usage', `${name} is missing: an owner is opened with secret.key, client.spec and client.tag`);
    };
    const secret = opened(this.#module, file('secret.key'), passphrase);
    let owner;
    try {
      const input = new Writer().bytes(secret).bytes(file('client.spec')).bytes(file('client.tag'))
        .bytes(file('decryptions', false)).bytes(new Uint8Array(0));
      owner = new Owner(this.#module, new Reader(this.#module.call(Call.openOwner, 0, input)).u32(), file('evaluation.key', false));
    } finally {
      secret.fill(0);
    }
    try {
      for (const record of Object.values(files.queries ?? {})) owner.remember(record);
    } catch (error) {
      owner.free();
      throw error;
    }
    return owner;
  }

  createFetcher(card) {
    const input = new Writer().raw(bytesOf(card, 'the card'));
    return new Fetcher(this.#module, new Reader(this.#module.call(Call.createFetcher, 0, input)).u32());
  }

  galleryFacts(card) {
    return readCard(new Reader(this.#module.call(Call.galleryFacts, 0, new Writer().raw(bytesOf(card, 'the card')))));
  }

  /** Whose keys files are, without opening them: { network, id }. */
  describeKeys(files) {
    const input = new Writer().bytes(bytesOf(files['secret.key'], 'secret.key')).bytes(bytesOf(files['client.spec'], 'client.spec'));
    const r = new Reader(this.#module.call(Call.describeKeys, 0, input));
    return { network: r.text(), id: hex(r.raw(kIdBytes)) };
  }

  /** Of a secret.key file: sealed with a passphrase, or as it is. */
  changePassphrase(secret, now, next, options = {}) {
    const plain = opened(this.#module, bytesOf(secret, 'secret.key'), now);
    if (next === undefined) return plain;
    return sealed(this.#module, plain, { ...options, passphrase: next });
  }
}

export class Owner {
  #module;
  #object;
  #keys;
  #id;

  constructor(module, object, keys) {
    this.#module = module;
    this.#object = object;
    if (keys?.length > 0) this.#keys = keys.slice();
  }

  #call(number, input, progress) {
    return this.#module.call(number, this.#object, input, progress);
  }

  network() {
    const r = new Reader(this.#call(Call.network));
    const name = r.text(), width = r.u32(), height = r.u32(), channels = r.u32(), preprocessing = r.text();
    const classes = Array.from({ length: r.u32() }, () => r.text());
    const imagesPerQuery = r.u32(), logitError = r.f64();
    const ringDegree = r.u32(), modulusBits = r.f64(), securityBits = r.u32();
    this.#id = hex(r.raw(kIdBytes));
    return { name, width, height, channels, preprocessing, classes, imagesPerQuery, logitError, ringDegree, modulusBits, securityBits };
  }

  id() {
    this.network();  // which fails where this was freed
    return this.#id;
  }

  /** The array is the owner's own: copy what is to be changed. */
  evaluationKeys(progress) {
    if (this.#keys === undefined) {
      this.#keys = this.#call(Call.evaluationKeys, undefined, progress);
    } else {
      this.id();
    }
    return this.#keys;
  }

  encrypt(pictures) {
    const list = Array.isArray(pictures) ? pictures : [pictures];
    const input = new Writer().u32(list.length);
    for (const picture of list) {
      const side = (name) => inRange(picture?.[name], undefined, 1, 65535, `${name} of a picture`);
      input.u32(side('width')).u32(side('height')).u32(side('channels')).bytes(bytesOf(picture.values, 'values of a picture'));
    }
    return this.#call(Call.encrypt, input);
  }

  encryptValues(images) {
    const input = new Writer().u32(images.length);
    for (const image of images) {
      if (!(image instanceof Float32Array)) throw new ObscuraError('usage', `an image is ${describe(image)}, expected a Float32Array`);
      input.floats(image);
    }
    return this.#call(Call.encryptValues, input);
  }

  read(answer, options = {}) {
    const share = inRange(options.share, 0, 0, 2 ** 31, 'share');
    const r = new Reader(this.#call(Call.read, new Writer().u32(share).bytes(bytesOf(answer, 'the answer'))));
    return Array.from({ length: r.u32() }, () => ({
      logits: r.numbers(),
      probabilities: r.numbers(),
      index: r.u32(),
      label: r.text(),
      confidence: r.f64(),
      doubt: r.text(),
    }));
  }

  decryptions() {
    return new Reader(this.#call(Call.decryptions)).f64();
  }

  files(options = {}) {
    const unsealed = new Writer().bytes(new Uint8Array(0)).u32(0).u32(0);
    const bytes = this.#call(Call.files, unsealed);
    const r = new Reader(bytes);
    let secret = r.bytes();
    const files = { 'client.spec': r.bytes(), 'client.tag': r.bytes(), decryptions: r.bytes(), queries: this.#records() };
    bytes.fill(0);
    if (options.passphrase !== undefined) secret = sealed(this.#module, secret, options);
    if (this.#keys !== undefined) files['evaluation.key'] = this.#keys.slice();
    return { 'secret.key': secret, ...files };
  }

  #records() {
    const r = new Reader(this.#call(Call.records));
    const queries = {};
    while (r.left > 0) {
      const id = hex(r.raw(kIdBytes));
      queries[id] = this.record(id);
    }
    return queries;
  }

  queryOf(message) {
    return hex(this.#call(Call.queryOf, new Writer().bytes(bytesOf(message, 'the message'))));
  }

  record(queryId) {
    return this.#call(Call.record, new Writer().raw(fromHex(queryId, kIdBytes, 'the id of a query')));
  }

  remember(record) {
    this.#call(Call.remember, new Writer().bytes(bytesOf(record, 'the record')));
  }

  free() {
    this.#module.call(Call.free, this.#object);
    this.#keys = undefined;
  }
}

export async function load(options = {}) {
  return new Obscura(new Module(await compileModule(options.wasm), options.isa));
}


