// The owner's client of a service (docs/service.md). Nothing that it says is believed further than it can be checked.
import { ObscuraError, RemoteError } from './errors.js';
import { bytesOf, utf8 } from './bytes.js';
import { load } from './engine.js';
import { Fields, isHash, readGallery, readKeyStatus, readListedModel, readModel, readServer } from './facts.js';
import { Http, jsonOf } from './http.js';
import { uploadKeys } from './upload.js';
import { searchBlind } from './search.js';

const kMostSpec = 64 * 2 ** 20, kMostAnswer = 2 ** 30, kMostCard = 256 * 2 ** 20, kMostHint = 2 ** 30;
const kOctets = { 'Content-Type': 'application/octet-stream' };

function path(kind, name) {
  if (typeof name !== 'string' || name === '') throw new ObscuraError('usage', 'a name is empty: the lists of the server say which there are');
  return `/v2/${kind}/${encodeURIComponent(name)}`;
}

/** The Open Inference Protocol's binary form: a JSON head, the length of the one element, and the element. */
function inferBody(query) {
  const head = utf8(JSON.stringify({
    inputs: [{ name: 'query', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: query.length + 4 } }],
    outputs: [{ name: 'answer', parameters: { binary_data: true } }],
  }));
  const body = new Uint8Array(head.length + 4 + query.length);
  body.set(head);
  new DataView(body.buffer).setUint32(head.length, query.length, true);
  body.set(query, head.length + 4);
  return { body, headLength: head.length };
}

function inferAnswer({ body, headers }, what) {
  const refuse = (problem) => {
    throw new RemoteError('unexpected', `${what} ${problem}: the server speaks another protocol, or none`, 200);
  };
  const text = headers.get('inference-header-content-length') ?? '';
  const head = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(head <= body.length)) refuse('has no Inference-Header-Content-Length that can be');
  if (head === 0) return body;
  let at = head;
  for (const output of new Fields(jsonOf(body.subarray(0, head)), what).objects('outputs')) {
    const size = output.object('parameters').count('binary_data_size');
    if (output.text('name') !== 'answer') {
      at += size;
      continue;
    }
    if (output.text('datatype') !== 'BYTES' || JSON.stringify(output.value('shape')) !== '[1]') refuse("has an output 'answer' that is not BYTES [1]");
    if (size < 4 || size > body.length - at) refuse('is shorter than its JSON says');
    const length = new DataView(body.buffer, body.byteOffset + at).getUint32(0, true);
    if (length !== size - 4) refuse("has an output 'answer' that is not one element");
    return body.slice(at + 4, at + size);
  }
  return refuse("has no output 'answer'");
}

export class Remote {
  #http;
  #options;
  #obscura;
  #specs = new Map();

  constructor(url, options = {}) {
    this.#options = { pieceBytes: 2 ** 20, retries: 5, timeoutMs: 60_000, fetch: globalThis.fetch?.bind(globalThis), ...options };
    this.#http = new Http(url, this.#options);
    this.#obscura = options.obscura;
  }

  async #engine() {
    this.#obscura ??= await load();
    return this.#obscura;
  }

  /** Tells who asked what travels, and how long it took. */
  async #watched(what, direction, content, body) {
    const start = performance.now();
    const result = await body();
    const bytes = direction === 'up' ? content : result.body ?? result;
    this.#options.travelled?.({ what, direction, bytes: bytes.length, milliseconds: performance.now() - start, content: bytes });
    return result;
  }

  async server(options) {
    return readServer(await this.#http.json('/v2', options));
  }

  async models(options) {
    return (await this.#http.json('/v2/models', options)).objects('models').map(readListedModel);
  }

  async model(name, options) {
    const model = readModel(await this.#http.json(path('models', name), options));
    if (model.name !== name) throw new RemoteError('unexpected', 'the server answers for another model than was asked for', 200);
    return model;
  }

  async clientSpec(model, options) {
    const { name, clientSpec: hash } = typeof model === 'string' ? await this.model(model, options) : model;
    if (!isHash(hash)) throw new ObscuraError('usage', `'${hash}' is no hash of a client spec`);
    if (this.#specs.has(hash)) return this.#specs.get(hash).slice();
    const { body } = await this.#watched('spec', 'down', null, () => this.#http.ask({ path: `/v2/obscura/specs/${hash}`, most: kMostSpec }, options));
    if ((await (await this.#engine()).hash(body)) !== hash) {
      throw new RemoteError('unexpected', `the client spec that ${this.#http.address} sends for model ${name} is not the one of its hash: it was changed on its way, or the server is not to be trusted`, 200);
    }
    this.#specs.set(hash, body);
    return body.slice();
  }

  async keyStatus(hash, options) {
    if (!isHash(hash)) throw new ObscuraError('usage', `'${String(hash).slice(0, 80)}' is no hash of keys: expected 64 hex digits`);
    const status = readKeyStatus(await this.#http.json(`/v2/obscura/keys/${hash}`, options));
    if (status.hash !== hash) throw new RemoteError('unexpected', 'the server answers for other keys than were asked for', 200);
    return status;
  }

  async sendKeys(evaluationKeys, options = {}) {
    const keys = bytesOf(evaluationKeys, 'evaluation keys');
    if (keys.length === 0) throw new ObscuraError('usage', 'there are no evaluation keys to send: they are empty');
    const hash = await (await this.#engine()).hash(keys);
    const status = () => this.keyStatus(hash, options);
    return this.#sent(keys, () => uploadKeys({ http: this.#http, keys, hash, status, pieceBytes: this.#options.pieceBytes, options }));
  }

  async #sent(keys, body) {
    const start = performance.now();
    const status = await body();
    this.#options.travelled?.({ what: 'keys', direction: 'up', bytes: keys.length, milliseconds: performance.now() - start });
    return status;
  }

  async deleteKeys(hash, options) {
    await this.keyStatus(hash, options);
    await this.#http.ask({ path: `/v2/obscura/keys/${hash}`, method: 'DELETE' }, options);
  }

  async infer(model, query, options = {}) {
    const bytes = bytesOf(query, 'the query');
    const { body, headLength } = inferBody(bytes);
    const request = {
      path: `${path('models', model)}/infer`, method: 'POST', body, most: kMostAnswer, what: `what model ${model} answers`,
      headers: { ...kOctets, 'Inference-Header-Content-Length': String(headLength) },
    };
    const start = performance.now();
    const answer = inferAnswer(await this.#http.ask(request, options), request.what);
    const milliseconds = performance.now() - start;
    this.#options.travelled?.({ what: 'query', direction: 'up', bytes: bytes.length, milliseconds, content: bytes });
    this.#options.travelled?.({ what: 'answer', direction: 'down', bytes: answer.length, milliseconds, content: answer });
    return answer;
  }

  /** infer(), and where the keys are not known, their sending first. */
  async #answer(owner, model, query, options) {
    try {
      return await this.infer(model, query, options);
    } catch (error) {
      if (!(error instanceof RemoteError) || error.code !== 'keys_unknown') throw error;
    }
    const keys = await owner.evaluationKeys((done, total) => options.progress?.('keys made', done, total));
    await this.sendKeys(keys, options);
    return this.infer(model, query, options);
  }

  async classify(owner, model, pictures, options = {}) {
    const query = await owner.encrypt(pictures);
    return owner.read(await this.#answer(owner, model, query, options));
  }

  async galleries(options) {
    return (await this.#http.json('/v2/obscura/galleries', options)).objects('galleries').map(readGallery);
  }

  async gallery(name, options) {
    return readGallery(await this.#http.json(path('obscura/galleries', name), options));
  }

  async card(gallery, options) {
    const request = { path: `${path('obscura/galleries', gallery)}/card`, most: kMostCard };
    return (await this.#watched('card', 'down', null, () => this.#http.ask(request, options))).body;
  }

  async hint(gallery, options = {}) {
    const request = {
      path: `${path('obscura/galleries', gallery.name)}/versions/${gallery.version}/hint`, most: kMostHint, cache: 'default',
      hear: (done, total) => options.progress?.('hint fetched', done, Math.max(done, total)),
    };
    return (await this.#watched('hint', 'down', null, () => this.#http.ask(request, options))).body;
  }

  async #fetch(gallery, asked, options) {
    const request = { path: `${path('obscura/galleries', gallery)}/fetch`, method: 'POST', body: asked, headers: kOctets, most: kMostAnswer };
    const start = performance.now();
    const { body } = await this.#http.ask(request, options);
    const milliseconds = performance.now() - start;
    this.#options.travelled?.({ what: 'fetch', direction: 'up', bytes: asked.length, milliseconds, content: asked });
    this.#options.travelled?.({ what: 'fetched', direction: 'down', bytes: body.length, milliseconds, content: body });
    return body;
  }

  async search(owner, gallery, picture, options = {}) {
    return searchBlind({
      gallery: await this.gallery(gallery, options),
      card: () => this.card(gallery, options),
      hint: (facts) => this.hint(facts, options),
      ask: async (model) => owner.read(await this.#answer(owner, model, await owner.encrypt(picture), options)),
      network: async () => owner.network(),
      fetch: (asked) => this.#fetch(gallery, asked, options),
      engine: await this.#engine(),
      top: options.top ?? 5,
    });
  }
}
