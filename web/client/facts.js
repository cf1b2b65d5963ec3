// What a server says of itself, field by field: what is missing, of another type, or cannot be, is refused.
import { RemoteError } from './errors.js';

const kHash = /^[0-9a-f]{64}$/;
const kMostText = 256;
const kMostList = 10_000;

/** Characters that cannot be shown, or that change how others are, as question marks. */
export function printable(text, most = kMostText) {
  return String(text).slice(0, most).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

export const isHash = (text) => kHash.test(text);

export class Fields {
  #object;
  #what;

  constructor(object, what) {
    if (typeof object !== 'object' || object === null || Array.isArray(object)) {
      throw new RemoteError('unexpected', `${what} is no JSON object`, 200);
    }
    this.#object = object;
    this.#what = what;
  }

  fail(problem) {
    throw new RemoteError('unexpected', `${this.#what} ${problem}`, 200);
  }

  #find(name, otherwise) {
    const value = Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
    if (value !== undefined && value !== null) return value;
    if (otherwise === undefined) this.fail(`has no '${name}'`);
    return otherwise;
  }

  text(name, otherwise) {
    const value = this.#find(name, otherwise);
    if (typeof value !== 'string' || value.length > kMostText) this.fail(`has a '${name}' that is no short text`);
    return printable(value);
  }
  count(name, otherwise) {
    const value = this.#find(name, otherwise);
    if (!Number.isSafeInteger(value) || value < 0) this.fail(`has a '${name}' that is no count`);
    return value;
  }
  hash(name) {
    const value = this.text(name);
    return isHash(value) ? value : this.fail(`has a '${name}' that is no BLAKE2b-256`);
  }
  #list(name, otherwise) {
    const value = this.#find(name, otherwise);
    if (!Array.isArray(value) || value.length > kMostList) this.fail(`has a '${name}' that is no list`);
    return value;
  }
  texts(name) {
    return this.#list(name, []).map((text) => (typeof text === 'string' ? printable(text) : this.fail(`has a '${name}' that is no list of texts`)));
  }
  object(name) {
    return new Fields(this.#find(name), `${this.#what}, in '${name}',`);
  }
  objects(name) {
    return this.#list(name).map((one) => new Fields(one, `${this.#what}, in '${name}',`));
  }
  value(name) {
    return this.#find(name, null);
  }
}

function nameOf(fields) {
  return fields.text('name') || fields.fail("has a 'name' that is empty");
}

function modelOf(fields, version) {
  const properties = fields.object('properties');
  return {
    name: nameOf(fields),
    version,
    network: properties.text('network'),
    clientSpec: properties.hash('client_spec'),
    imagesPerQuery: properties.count('images_per_query', 1),
    evaluationKeyBytes: properties.count('key_bytes', 0),
    gallery: properties.text('gallery', ''),
  };
}

export const readServer = (fields) => ({ name: nameOf(fields), version: fields.text('version', ''), extensions: fields.texts('extensions') });
export const readListedModel = (fields) => modelOf(fields, fields.text('version', ''));
export const readModel = (fields) => modelOf(fields, fields.texts('versions').at(-1) ?? '');

export function readKeyStatus(fields) {
  const state = fields.text('state');
  if (!['absent', 'partial', 'ready'].includes(state)) fields.fail("has a 'state' that there is not");
  return { hash: fields.hash('hash'), state, bytes: fields.count('bytes', 0), total: fields.count('total', 0) };
}

export function readGallery(fields) {
  const id = fields.text('id');
  if (!/^[0-9a-f]{32}$/.test(id)) fields.fail("has an 'id' that is not 32 hex digits");
  return {
    name: nameOf(fields), id, version: fields.count('version'), images: fields.count('images'), modes: fields.texts('modes'),
    blindModel: fields.text('blind_model', ''),
  };
}
