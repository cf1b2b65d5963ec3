// Keys in IndexedDB. Records of queries and the count of decryptions are rows of their own, written in transactions as
// they are made, so that several tabs with the same keys do not lose each other's.
import { ObscuraError } from './errors.js';
import { bytesOf } from './bytes.js';
import { archiveOf, filesOf, readCount, writeCount } from './key_files.js';

const kVersion = 1;
const kName = /^[^\p{C}]{1,100}$/u;
const kSealedKind = 27;

const isSealed = (secret) => secret[10] + 256 * secret[11] === kSealedKind;

/** A request of IndexedDB, or a transaction, as a promise. */
function done(request) {
  return new Promise((resolve, reject) => {
    const fail = () => {
      const error = request.error;
      const full = error?.name === 'QuotaExceededError';
      reject(error instanceof ObscuraError ? error : new ObscuraError('storage', full ? 'the browser has no room left for keys: free some' : `the browser cannot keep keys: ${error?.message ?? 'no reason given'}`));
    };
    request.onsuccess = () => resolve(request.result);
    request.oncomplete = () => resolve(undefined);
    request.onerror = request.onabort = fail;
  });
}

function checkName(name) {
  if (typeof name !== 'string' || !kName.test(name)) {
    throw new ObscuraError('usage', `'${String(name).slice(0, 120)}' is no name for keys: expected 1 to 100 printable characters`);
  }
}

const missing = (name) => new ObscuraError('storage', `there are no keys named '${name}' in this browser: they were deleted, or made in another one`);

export class KeyStore {
  #obscura;
  #database;
  #factory;
  #name;

  constructor(obscura, options = {}) {
    this.#obscura = obscura;
    this.#name = options.database ?? 'obscura-keys';
    this.#factory = options.indexedDB ?? globalThis.indexedDB;
    if (!this.#factory) throw new ObscuraError('storage', 'this browser keeps no data for pages (no IndexedDB): keys cannot be kept');
  }

  async #open() {
    if (this.#database) return this.#database;
    const request = this.#factory.open(this.#name, kVersion);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('keys', { keyPath: 'name' });
      request.result.createObjectStore('records', { keyPath: ['name', 'query'] });
    };
    const database = await done(request);
    database.onversionchange = () => this.close();
    this.#database = database;
    return database;
  }

  close() {
    this.#database?.close();
    this.#database = undefined;
  }

  /** What `body` does with the stores is done as a whole or not at all. It must not wait for anything but them. */
  async #change(body) {
    const transaction = (await this.#open()).transaction(['keys', 'records'], 'readwrite', { durability: 'strict' });
    const finished = done(transaction);
    finished.catch(() => {});
    let result;
    try {
      result = await body(transaction.objectStore('keys'), transaction.objectStore('records'));
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // it has ended by itself, with the same error
      }
      throw error;
    }
    await finished;
    return result;
  }

  #range(name) {
    return (globalThis.IDBKeyRange ?? this.#factory.IDBKeyRange).bound([name, ''], [name, '\uffff']);
  }

  async #row(name) {
    checkName(name);
    const row = await done((await this.#open()).transaction('keys').objectStore('keys').get(name));
    if (!row) throw missing(name);
    return row;
  }

  async #records(name) {
    const rows = await done((await this.#open()).transaction('records').objectStore('records').getAll(this.#range(name)));
    return Object.fromEntries(rows.map((row) => [row.query, row.record]));
  }

  async #facts(row) {
    const records = (await this.#open()).transaction('records').objectStore('records');
    return {
      name: row.name, network: row.network, id: row.id, clientSpec: row.clientSpec, sealed: isSealed(row.files['secret.key']),
      created: row.created, records: await done(records.count(this.#range(row.name))),
    };
  }

  async list() {
    const rows = await done((await this.#open()).transaction('keys').objectStore('keys').getAll());
    return Promise.all(rows.map((row) => this.#facts(row)));
  }

  async #put(name, files, facts, options) {
    checkName(name);
    const { queries, decryptions, ...kept } = files;
    const count = readCount(decryptions);
    const row = {
      name, files: kept, network: facts.network, id: facts.id, clientSpec: options.clientSpec ?? '', created: Date.now(),
      count: count?.id === facts.id ? count.count : 0, complete: count?.id === facts.id ? count.complete : false,
    };
    await this.#change(async (keys, records) => {
      if (options.replace) {
        keys.put(row);
      } else {
        if ((await done(keys.getKey(name))) !== undefined) {
          throw new ObscuraError('storage', `there are keys named '${name}' already, and answers to what they encrypted need them: take another name, or replace them`);
        }
        keys.add(row);
      }
      records.delete(this.#range(name));
      for (const [query, record] of Object.entries(queries)) records.put({ name, query, record });
    });
    return row;
  }

  async save(name, owner, options = {}) {
    const { passphrase, memoryMiB, passes } = options;
    const files = await owner.files(passphrase === undefined ? {} : { passphrase, memoryMiB, passes });
    const facts = { network: (await owner.network()).name, id: await owner.id() };
    await this.#put(name, files, facts, options);
    return storedOwner(this.#calls(), name, owner);
  }

  async #files(name) {
    const row = await this.#row(name);
    const count = writeCount({ id: row.id, count: row.count, complete: row.complete });
    return { ...row.files, decryptions: count, queries: await this.#records(name) };
  }

  async open(name, passphrase) {
    const owner = await this.#obscura.openOwner(await this.#files(name), passphrase);
    return storedOwner(this.#calls(), name, owner);
  }

  async changePassphrase(name, now, next, options = {}) {
    const row = await this.#row(name);
    const before = row.files['secret.key'];
    const secret = await this.#obscura.changePassphrase(before, now, next, options);
    const again = await this.#obscura.openOwner({ ...(await this.#files(name)), 'secret.key': secret }, next);
    await again.free();
    await this.#change(async (keys) => {
      const current = await done(keys.get(name));
      if (!current || current.id !== row.id) throw missing(name);
      keys.put({ ...current, files: { ...current.files, 'secret.key': secret } });
    });
  }

  async export(name) {
    const folder = (name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'keys').slice(0, 40);
    return new Blob([archiveOf(await this.#files(name), folder)], { type: 'application/x-tar' });
  }

  /** Nothing is kept that does not open. A sealed key stays sealed, and without its passphrase is looked at as far as
   * that goes: the rest is checked when it is opened. */
  async import(name, file, options = {}) {
    const archive = file instanceof Uint8Array ? bytesOf(file, 'the file') : new Uint8Array(await file.arrayBuffer());
    const files = filesOf(archive);
    for (const needed of ['client.spec', 'client.tag']) {
      if (!files[needed]) throw new ObscuraError('format', `the archive has no ${needed} beside its secret.key: expected a whole folder of keys`);
    }
    const facts = await this.#obscura.describeKeys(files);
    if (!isSealed(files['secret.key']) || options.passphrase !== undefined) {
      await (await this.#obscura.openOwner(files, options.passphrase)).free();
    }
    return this.#facts(await this.#put(name, files, facts, options));
  }

  async remove(name) {
    checkName(name);
    await this.#change((keys, records) => {
      keys.delete(name);
      records.delete(this.#range(name));
    });
  }

  /** What a stored owner asks of the store. */
  #calls() {
    const own = async (keys, name, id) => {
      const row = await done(keys.get(name));
      if (!row || row.id !== id) throw missing(name);
      return row;
    };
    return {
      remember: (name, id, query, record) =>
        this.#change(async (keys, records) => {
          await own(keys, name, id);
          records.put({ name, query, record });
        }),
      recall: async (name, query) => {
        const row = await done((await this.#open()).transaction('records').objectStore('records').get([name, query]));
        return row?.record;
      },
      count: (name, id, more) =>
        this.#change(async (keys) => {
          const row = await own(keys, name, id);
          row.count += more;
          keys.put(row);
          return row.count;
        }),
      counted: async (name) => (await this.#row(name)).count,
      keepKeys: (name, id, evaluation) =>
        this.#change(async (keys) => {
          const row = await own(keys, name, id);
          keys.put({ ...row, files: { ...row.files, 'evaluation.key': evaluation } });
        }),
      files: (name) => this.#files(name),
    };
  }
}

/** An owner whose queries are recorded before they are given out, and whose decryptions are counted before they are
 * shown: one answer after the other, so that each is counted once. */
function storedOwner(store, name, owner) {
  const id = Promise.resolve(owner.id());
  id.catch(() => {});
  let counted, turn = Promise.resolve(), kept = false;
  const recorded = async (query) => {
    const queryId = await owner.queryOf(query);
    await store.remember(name, await id, queryId, await owner.record(queryId));
    return query;
  };
  const readCounted = async (answer, options) => {
    const record = await store.recall(name, await owner.queryOf(answer));
    if (record) await owner.remember(record);
    counted ??= await owner.decryptions();
    try {
      return await owner.read(answer, options);
    } finally {
      const now = await owner.decryptions(), more = now - counted;
      counted = now;
      if (more > 0) await store.count(name, await id, more);
    }
  };
  return {
    name,
    network: async () => owner.network(),
    id: async () => owner.id(),
    queryOf: async (message) => owner.queryOf(message),
    record: async (query) => owner.record(query),
    remember: async (record) => owner.remember(record),
    free: async () => owner.free(),
    encrypt: async (pictures) => recorded(await owner.encrypt(pictures)),
    encryptValues: async (images) => recorded(await owner.encryptValues(images)),
    decryptions: () => store.counted(name),
    files: async (options = {}) => {
      const files = await owner.files(options);
      const { decryptions, queries } = await store.files(name);
      return { ...files, decryptions, queries };
    },
    evaluationKeys: async (progress) => {
      const keys = await owner.evaluationKeys(progress);
      if (!kept) await store.keepKeys(name, await id, keys).catch(() => {});  // they can be made again
      kept = true;
      return keys;
    },
    read: (answer, options) => {
      const mine = turn.then(() => readCounted(answer, options));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}
