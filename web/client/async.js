// Obscura in a worker: the same calls with promises, so that a page stays alive while keys are made.
import { ObscuraError, unpackError } from './errors.js';

/** A worker of browsers or of Node, with the same few members. */
async function openWorker(url) {
  if (typeof Worker === 'function') {
    const worker = new Worker(url, { type: 'module' });
    return {
      post: (message) => worker.postMessage(message),
      listen: (hear, fail) => {
        worker.onmessage = (event) => hear(event.data);
        worker.onerror = (event) => fail(event.message ?? 'it cannot be loaded');
      },
      end: () => worker.terminate(),
    };
  }
  const { Worker: NodeWorker } = await import('node:worker_threads');
  const worker = new NodeWorker(url);
  return {
    post: (message) => worker.postMessage(message),
    listen: (hear, fail) => {
      worker.on('message', hear);
      worker.on('error', (error) => fail(error.message));
      worker.unref();
    },
    end: () => worker.terminate(),
    busy: (is) => (is ? worker.ref() : worker.unref()),
  };
}

/** Calls that wait for answers, by number. */
class Line {
  #worker;
  #waiting = new Map();
  #last = 0;
  #ended;

  constructor(worker) {
    this.#worker = worker;
    worker.listen((message) => this.#hear(message), (why) => this.end('internal', `the worker failed: ${why}`));
  }

  call(object, method, args) {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#last;
    const functions = args.map((arg) => (typeof arg === 'function' ? arg : undefined));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, functions });
      this.#worker.busy?.(true);
      try {
        this.#worker.post({ id, object, method, args: args.map((arg) => (typeof arg === 'function' ? null : arg)), functions: functions.map(Boolean) });
      } catch (error) {
        this.#done(id);
        reject(new ObscuraError('usage', `${method} cannot be asked of the worker: ${error.message}`));
      }
    });
  }

  #done(id) {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.busy?.(false);
  }

  #hear({ id, heard, result, error }) {
    const call = this.#waiting.get(id);
    if (!call) return;
    if (heard) {
      call.functions[heard.at]?.(...heard.args);
      return;
    }
    this.#done(id);
    if (error) {
      call.reject(unpackError(error));
    } else {
      call.resolve(this.#taken(result));
    }
  }

  #taken(result) {
    return result && result.object !== undefined ? proxyOf(this, result.object, result.methods) : result?.value;
  }

  end(kind = 'cancelled', why = 'the worker was ended') {
    this.#ended ??= new ObscuraError(kind, why);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
    this.#worker.end();
  }
}

function proxyOf(line, object, methods) {
  const proxy = {};
  for (const method of methods) proxy[method] = (...args) => line.call(object, method, args);
  return proxy;
}

export async function startWorker(options = {}) {
  const url = new URL(options.worker ?? './worker.js', import.meta.url);
  const line = new Line(await openWorker(url));
  const wasm = options.wasm === undefined ? undefined : String(new URL(options.wasm, import.meta.url));
  const obscura = await line.call(0, 'load', [{ wasm, isa: options.isa }]).catch((error) => {
    line.end();
    throw error;
  });
  obscura.terminate = () => line.end();
  return obscura;
}
