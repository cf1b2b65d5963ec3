// The owner's side of Obscura for browsers and Node.
export { ObscuraError, RemoteError } from './errors.js';
export { load } from './engine.js';
export { startWorker } from './async.js';
export { KeyStore } from './key_store.js';
export { Remote } from './remote.js';
