// Exchanges with the service: bounded, asked again where that does no harm, and never followed elsewhere.
import { ObscuraError, RemoteError } from './errors.js';
import { Fields, printable } from './facts.js';

const kCodes = {
  400: 'bad_request', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 405: 'unsupported', 408: 'timed_out',
  409: 'conflict', 413: 'too_large', 415: 'unsupported', 424: 'keys_unknown', 429: 'overloaded', 500: 'internal',
  501: 'unsupported', 502: 'unreachable', 503: 'overloaded', 504: 'unreachable', 507: 'out_of_room',
};
const kMostJson = 4 * 2 ** 20;
const kMostErrorBytes = 2 ** 16;
const kBackOffMs = 100, kLongestBackOffMs = 5_000, kLongestWaitMs = 30_000;

/** An address without a path, to which calls are added. A token goes to nobody who listens on the way. */
export function addressOf(url, token) {
  const given = url === '' ? globalThis.location?.origin : url;
  let parsed;
  try {
    parsed = new URL(given);
  } catch {
    throw new ObscuraError('usage', `'${printable(url)}' is no address of a server: expected https://host:port`);
  }
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(parsed.hostname);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') throw new ObscuraError('usage', `'${printable(url)}' is no address of a server: expected https://host:port`);
  if (parsed.username || parsed.password || parsed.search || parsed.hash) throw new ObscuraError('usage', `the address ${parsed.origin} has a user, a question or a fragment: expected https://host:port`);
  if (token && parsed.protocol === 'http:' && !isLocal) {
    throw new ObscuraError('usage', `a token would go to ${parsed.origin} in the clear, where others can read it: use https`);
  }
  return parsed.origin + parsed.pathname.replace(/\/+$/, '');
}

function checkToken(token) {
  if (token !== undefined && (typeof token !== 'string' || !/^[\x21-\x7e]{1,4096}$/.test(token))) {
    throw new ObscuraError('usage', 'the token is none: expected the line that `obscura token create` prints');
  }
}

const cancelled = () => new ObscuraError('cancelled', 'the call was called off');

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The body, of so many bytes at most; `hear` is told how far it is. */
async function bodyOf(response, most, what, hear) {
  const announced = Number(response.headers.get('content-length') ?? 0);
  const tooLarge = () => new RemoteError('too_large', `${what} has more than the ${most} bytes that it may have`, response.status);
  if (announced > most) throw tooLarge();
  const pieces = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = reader ? await reader.read() : { done: true };
    if (done) break;
    size += value.length;
    if (size > most) {
      await reader.cancel().catch(() => {});
      throw tooLarge();
    }
    pieces.push(value);
    hear?.(size, announced);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function jsonOf(bytes) {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response, body, url) {
  const object = jsonOf(body);
  const said = (name) => (typeof object?.[name] === 'string' ? printable(object[name]) : '');
  const code = said('code') || (kCodes[response.status] ?? 'unexpected');
  const sentence = said('error') ? `says: ${said('error')}` : `answers with status ${response.status}`;
  const details = {};
  for (const [name, value] of Object.entries(object ?? {}).slice(0, 16)) {
    if (name === 'error' || name === 'code') continue;
    if (typeof value === 'string') details[printable(name, 64)] = printable(value);
    if (Number.isSafeInteger(value)) details[printable(name, 64)] = value;
  }
  const after = response.headers.get('retry-after');
  return new RemoteError(code, `the server ${url} ${sentence}`, response.status, details, /^\d{1,6}$/.test(after ?? '') ? 1000 * Number(after) : undefined);
}

export class Http {
  #address;
  #options;

  constructor(url, options) {
    checkToken(options.token);
    this.#options = options;
    this.#address = addressOf(url, options.token);
  }

  get address() {
    return this.#address;
  }

  /** One exchange. `request`: path, method, headers, body, most, what, cache, hear. */
  async once(request, { signal } = {}) {
    if (signal?.aborted) throw cancelled();
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    const both = AbortSignal.any ? AbortSignal.any([limit, ...(signal ? [signal] : [])]) : (signal ?? limit);
    const what = request.what ?? `what ${this.#address}${request.path} answers`;
    try {
      const response = await this.#options.fetch(this.#address + request.path, {
        method: request.method ?? 'GET',
        headers: { ...(this.#options.token ? { Authorization: `Bearer ${this.#options.token}` } : {}), ...request.headers },
        body: request.body, signal: both, redirect: 'error', credentials: 'omit', cache: request.cache ?? 'no-store', referrerPolicy: 'no-referrer',
      });
      if (!response.ok) throw errorOf(response, await bodyOf(response, kMostErrorBytes, what), this.#address);
      return { body: await bodyOf(response, request.most ?? kMostJson, what, request.hear), headers: response.headers, status: response.status };
    } catch (error) {
      if (error instanceof ObscuraError) throw error;
      if (signal?.aborted) throw cancelled();
      if (limit.aborted) throw new RemoteError('unreachable', `the server ${this.#address} did not answer within ${Math.round(this.#options.timeoutMs / 1000)} s`);
      throw new RemoteError('unreachable', `the server ${this.#address} cannot be reached: is it running, and is this machine connected?`);
    }
  }

  /** The same, a few times where the server is not reached or has no room. `request` may be a function that makes it. */
  async ask(request, options = {}) {
    for (let tried = 0; ; ++tried) {
      try {
        return await this.once(typeof request === 'function' ? request() : request, options);
      } catch (error) {
        await this.#again(error, tried, options.signal);
      }
    }
  }

  /** Waits if it is worth asking again, and throws the error otherwise. */
  async #again(error, tried, signal) {
    const passes = error instanceof RemoteError && (error.code === 'unreachable' || error.status === 503 || error.status === 429);
    const back = Math.min(kBackOffMs * 2 ** tried, kLongestBackOffMs) * (1 + Math.random() / 2);
    const wait = Math.max(back, error.retryAfterMs ?? 0);
    if (!passes || tried >= this.#options.retries || wait > kLongestWaitMs) throw error;
    await pause(wait, signal);
  }

  async json(path, options) {
    const { body } = await this.ask({ path }, options);
    const what = `what ${this.#address}${path} answers`;
    return new Fields(jsonOf(body), what);
  }
}

export { jsonOf, pause };
