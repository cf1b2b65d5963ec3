// The other end of async.js: objects by number, one call after the other.
import { ObscuraError, packError } from './errors.js';
import { load } from './engine.js';

const objects = new Map();
let last = 0;

/** What may be called from outside: an object's own methods, and nothing that it has inherited. */
function methodsOf(object) {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== 'constructor');
}

function kept(object) {
  objects.set(++last, object);
  return { object: last, methods: methodsOf(object) };
}

const makers = new Set(['createOwner', 'openOwner', 'createFetcher']);

async function answer({ id, object, method, args, functions }, post) {
  const filled = args.map((arg, at) => (functions[at] ? (...heard) => post({ id, heard: { at, args: heard } }) : (arg ?? undefined)));
  if (object === 0) return kept(await load(...filled));
  const target = objects.get(object);
  if (!target) throw new ObscuraError('usage', 'this was freed: nothing can be done with it any more');
  if (!methodsOf(target).includes(method)) throw new ObscuraError('usage', `there is no ${method} to call`);
  const result = target[method](...filled);
  if (method === 'free') objects.delete(object);
  return makers.has(method) ? kept(result) : { value: result };
}

function serve(post) {
  return async (message) => {
    try {
      post({ id: message.id, result: await answer(message, post) });
    } catch (error) {
      post({ id: message.id, error: packError(error) });
    }
  };
}

if (typeof self === 'object' && typeof self.postMessage === 'function') {
  const hear = serve((message) => self.postMessage(message));
  self.onmessage = (event) => hear(event.data);
} else {
  const { parentPort } = await import('node:worker_threads');
  parentPort.on('message', serve((message) => parentPort.postMessage(message)));
}
