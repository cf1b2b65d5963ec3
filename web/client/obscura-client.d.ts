// The owner's side of Obscura in a browser or in Node: keys, queries and answers by WebAssembly. The secret key never
// leaves it. Every failure of Obscura's own is an ObscuraError; nothing half done is kept.

/** A picture as canvases and decoders give it: rows from top to bottom, samples interleaved, 8 bits each. */
export interface Pixels {
  width: number;
  height: number;
  /** 1 grey, 3 red, green, blue */
  channels: 1 | 3;
  values: Uint8Array | Uint8ClampedArray;
}

/** What a network takes and tells, as its client spec says. Names come from whoever made it: show them as text only. */
export interface NetworkFacts {
  name: string;
  width: number;
  height: number;
  channels: 1 | 3;
  /** how pixels become numbers, for people */
  preprocessing: string;
  /** names, numbers where the network states none */
  classes: string[];
  /** at most */
  imagesPerQuery: number;
  /** standard deviation that encryption adds to a logit, predicted */
  logitError: number;
  /** ring degree, bits of the ciphertext modulus (special primes included), bits of security */
  ringDegree: number;
  modulusBits: number;
  securityBits: number;
}

/** What the network says of one picture. */
export interface Prediction {
  /** with noise added and rounded to what is honestly there */
  logits: Float64Array;
  probabilities: Float64Array;
  /** of the most probable class */
  index: number;
  label: string;
  confidence: number;
  /** why the class may be wrong; empty: nothing speaks against it */
  doubt: string;
}

/**
 * kind: "format" (bytes that are no such file), "mismatch" (a file of other keys, another query or program; a wrong
 * passphrase), "unsupported", "parameter", "usage", "memory", "random" (no source of randomness), "storage" (IndexedDB),
 * "remote" (the service: see RemoteError), "cancelled", "internal".
 */
export class ObscuraError extends Error {
  readonly kind: string;
}

/** Files of a folder of keys, byte for byte those that `obscura keygen` and `obscura encrypt` write. */
export interface OwnerFiles {
  /** sealed where a passphrase was given: whoever has it otherwise reads every image */
  "secret.key": Uint8Array;
  "client.spec": Uint8Array;
  /** ties the client spec to the key: without it the files do not open */
  "client.tag": Uint8Array;
  /** how many ciphertexts were decrypted so far */
  decryptions: Uint8Array;
  /** for the server; left out of files() where they were not made yet */
  "evaluation.key"?: Uint8Array;
  /** records of queries by their id, 32 hex digits: the folder `queries` */
  queries: Record<string, Uint8Array>;
}

export interface FilesOptions {
  /** of 8 to 1,024 bytes of UTF-8: seals secret.key with Argon2id and XChaCha20-Poly1305 */
  passphrase?: string;
  /** Argon2id's memory in MiB, 8 to 1,024 (256, as the native program) */
  memoryMiB?: number;
  /** Argon2id's passes, 1 to 10 (3, as the native program) */
  passes?: number;
}

export interface LoadOptions {
  /** the module, or where it is; obscura.wasm beside this package's modules otherwise */
  wasm?: URL | string | BufferSource | WebAssembly.Module;
}

/** In this thread: for Node and for workers. In a page startWorker() keeps the page alive. */
export function load(options?: LoadOptions): Promise<Obscura>;

export interface Obscura {
  version(): { version: string; simd: boolean; wasmBytes: number };
  /** BLAKE2b-256, 64 hex digits: how the service names files */
  hash(bytes: Uint8Array): string;
  /** With a fresh secret key, for the program whose client.spec this is. */
  createOwner(clientSpec: Uint8Array): Owner;
  /** With keys that files() or the native program made. */
  openOwner(files: OwnerFiles, passphrase?: string): Owner;
  /** The owner's half of private fetching from a gallery, from its card as the service gives it. */
  createFetcher(card: Uint8Array): Fetcher;
  /** Another passphrase for the bytes of a secret.key; none for `next`: not sealed any more. */
  changePassphrase(secret: Uint8Array, now: string | undefined, next: string | undefined, options?: FilesOptions): Uint8Array;
  /** Whose keys files are, as far as that can be told without a passphrase. */
  describeKeys(files: OwnerFiles): { network: string; id: string };
  /** Of a card, without its hint. */
  galleryFacts(card: Uint8Array): GalleryCard;
  /** Bytes of WebAssembly memory that are in use by objects and in all. */
  memory(): { bytes: number };
}

export interface ReadOptions {
  /** the logits of so many pictures in all may be shown to others than the owner (0: none); "unsupported" where the program was not compiled for that */
  share?: number;
}

export interface Owner {
  network(): NetworkFacts;
  /** of the key, 32 hex digits */
  id(): string;
  /** For the server: it computes with them and cannot decrypt. Made at the first call, in steps that progress hears of. */
  evaluationKeys(progress?: (done: number, total: number) => void): Uint8Array;
  /** A query: the file that goes to the server. */
  encrypt(pictures: Pixels | Pixels[]): Uint8Array;
  /** The same for values that are preprocessed already, channels x height x width each. */
  encryptValues(images: Float32Array[]): Uint8Array;
  /** One prediction a picture of the query that this answers. Every field is checked before anything is decrypted. */
  read(answer: Uint8Array, options?: ReadOptions): Prediction[];
  /** Ciphertexts that were decrypted with this key so far. */
  decryptions(): number;
  /** Everything as files. */
  files(options?: FilesOptions): OwnerFiles;
  /** Of a query or of an answer: the id of the query, 32 hex digits. */
  queryOf(message: Uint8Array): string;
  /** The record of a query that this owner made or was told of. */
  record(queryId: string): Uint8Array;
  /** A record that another object with this key made, so that its answer can be read here. */
  remember(record: Uint8Array): void;
  /** Wipes the secret; nothing else can be called afterwards. */
  free(): void;
}

/** What everybody may know of a gallery. */
export interface GalleryCard {
  id: string;
  version: number;
  /** places, of which some may be empty */
  places: number;
  images: number;
  dimension: number;
  /** bytes of the hint that private fetching needs once a version */
  hintBytes: number;
  /** bytes that one fetch of up to five records sends and gets */
  fetchBytes: number;
  classes: string[];
  source: string;
}

/** An image that was found. Names come from the gallery's owner: show them as text only. */
export interface Found {
  place: number;
  /** 1 - cosine of the vectors: 0 is the same */
  distance: number;
  name: string;
  /** of its class; -1: none */
  label: number;
  className: string;
  /** no larger than 32 a side */
  thumbnail: Pixels;
}

export interface Fetcher {
  card(): GalleryCard;
  /** The hint of the card's version. Checked; kept until free(). */
  setHint(hint: Uint8Array): void;
  /** What mode blind's answer says: scores of all places and the picture's vector. The nearest places, best first. */
  nearest(prediction: Prediction, top: number): { place: number; distance: number }[];
  /** A request for up to five places, of which a server learns nothing. */
  ask(places: number[]): Uint8Array;
  /** What was asked for last, in that order. */
  read(reply: Uint8Array): { place: number; name: string; label: number; className: string; thumbnail: Pixels }[];
  free(): void;
}

// --- In a page: everything long in a worker -----------------------------------------------------------------------

type Promised<T> = { [K in keyof T]: T[K] extends (...a: infer A) => infer R ? (...a: A) => Promise<R> : T[K] };

export interface AsyncOwner extends Promised<Owner> {}
export interface AsyncFetcher extends Promised<Fetcher> {}
export interface AsyncObscura {
  version(): Promise<{ version: string; simd: boolean; wasmBytes: number }>;
  hash(bytes: Uint8Array): Promise<string>;
  createOwner(clientSpec: Uint8Array): Promise<AsyncOwner>;
  openOwner(files: OwnerFiles, passphrase?: string): Promise<AsyncOwner>;
  changePassphrase(secret: Uint8Array, now: string | undefined, next: string | undefined, options?: FilesOptions): Promise<Uint8Array>;
  describeKeys(files: OwnerFiles): Promise<{ network: string; id: string }>;
  createFetcher(card: Uint8Array): Promise<AsyncFetcher>;
  galleryFacts(card: Uint8Array): Promise<GalleryCard>;
  memory(): Promise<{ bytes: number }>;
  /** Ends the worker: its secrets go with it, and calls that wait fail with kind "cancelled". */
  terminate(): void;
}

export interface WorkerOptions {
  /** obscura.wasm, where it is not beside the package's modules */
  wasm?: URL | string;
  /** worker.js, where it is not beside the package's modules */
  worker?: URL | string;
}
export function startWorker(options?: WorkerOptions): Promise<AsyncObscura>;

// --- Keys in IndexedDB ------------------------------------------------------------------------------------------

export interface StoredKeys {
  name: string;
  network: string;
  /** of the key, 32 hex digits */
  id: string;
  /** BLAKE2b-256 of client.spec as the server gives it: which program the keys are for; empty where it is not known */
  clientSpec: string;
  sealed: boolean;
  /** milliseconds since 1970 */
  created: number;
  records: number;
}

/** An owner whose records and count are kept in the store as they are made: two tabs do not lose each other's. */
export interface StoredOwner extends AsyncOwner {
  readonly name: string;
}

export interface SaveOptions extends FilesOptions {
  /** in the place of keys of that name; refused otherwise */
  replace?: boolean;
  /** BLAKE2b-256 of the client spec that the server gave */
  clientSpec?: string;
}

export class KeyStore {
  /** `database`: of IndexedDB ("obscura-keys"). */
  constructor(obscura: Obscura | AsyncObscura, options?: { database?: string; indexedDB?: IDBFactory });
  list(): Promise<StoredKeys[]>;
  /** Keeps an owner under a name, all or nothing, and gives back the one to use from then on. */
  save(name: string, owner: Owner | AsyncOwner, options?: SaveOptions): Promise<StoredOwner>;
  open(name: string, passphrase?: string): Promise<StoredOwner>;
  /** Another passphrase for keys that are there; none for `next`: not sealed any more. */
  changePassphrase(name: string, now: string | undefined, next: string | undefined, options?: FilesOptions): Promise<void>;
  /** All of it as one file, secret.key as it is kept (sealed or not): a tar archive of the native folder. */
  export(name: string): Promise<Blob>;
  /** A file that export() made, or a tar archive of a folder of `obscura keygen`. */
  import(name: string, file: Blob | Uint8Array, options?: { passphrase?: string; replace?: boolean; clientSpec?: string }): Promise<StoredKeys>;
  remove(name: string): Promise<void>;
  close(): void;
}

// --- The service ------------------------------------------------------------------------------------------------

/** What the service says (docs/service.md), or unreachable | unexpected. */
export class RemoteError extends ObscuraError {
  readonly code: string;
  /** of HTTP; 0 where no answer came */
  readonly status: number;
  readonly details: Record<string, string | number>;
  readonly retryAfterMs?: number;
}

export interface RemoteModel {
  name: string;
  version: string;
  network: string;
  /** BLAKE2b-256 of its client spec */
  clientSpec: string;
  imagesPerQuery: number;
  /** about so many are sent once */
  evaluationKeyBytes: number;
  /** the gallery whose scores it says; empty: it is a network */
  gallery: string;
}

export interface RemoteGallery {
  name: string;
  id: string;
  version: number;
  images: number;
  modes: string[];
  /** the model that mode blind asks; empty: none */
  blindModel: string;
}

export interface KeyStatus {
  hash: string;
  state: "absent" | "partial" | "ready";
  bytes: number;
  total: number;
}

/** What travelled in a call: bytes, and what the page may draw of them. */
export interface Travelled {
  what: "keys" | "query" | "answer" | "card" | "hint" | "fetch" | "fetched" | "spec" | "facts";
  direction: "up" | "down";
  bytes: number;
  milliseconds: number;
  /** the message itself, of queries, answers and fetches */
  content?: Uint8Array;
}

export interface RemoteOptions {
  token?: string;
  /** where hashes and fetchers are made; load() otherwise */
  obscura?: Obscura | AsyncObscura;
  /** of keys that are sent (1 MiB) */
  pieceBytes?: number;
  /** of a call, where the server is not reached or has no room (5) */
  retries?: number;
  /** of one exchange without an answer (60,000) */
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** hears of everything that travels */
  travelled?: (what: Travelled) => void;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** "keys made", "keys sent", "hint fetched" */
  progress?: (what: string, done: number, total: number) => void;
}

export interface SearchOptions extends CallOptions {
  /** 1 to 100 (5) */
  top?: number;
}

/** A server. Nothing that it says is believed: fields and sizes are checked, specs and hints by their hashes. */
export class Remote {
  /** "https://host:port", "http://" of this machine, or "" for where the page came from. */
  constructor(url: string, options?: RemoteOptions);
  server(options?: CallOptions): Promise<{ name: string; version: string; extensions: string[] }>;
  models(options?: CallOptions): Promise<RemoteModel[]>;
  gallery(name: string, options?: CallOptions): Promise<RemoteGallery>;
  model(name: string, options?: CallOptions): Promise<RemoteModel>;
  clientSpec(model: string | RemoteModel, options?: CallOptions): Promise<Uint8Array>;
  keyStatus(hash: string, options?: CallOptions): Promise<KeyStatus>;
  /** What the server does not have of them, in pieces, from where it was left. */
  sendKeys(evaluationKeys: Uint8Array, options?: CallOptions): Promise<KeyStatus>;
  deleteKeys(hash: string, options?: CallOptions): Promise<void>;
  /** A query in, its answer out; unknown keys are a RemoteError, code keys_unknown. */
  infer(model: string, query: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /** Encrypts here, lets the server compute, reads here; keys that it does not know are sent by themselves. */
  classify(owner: Owner | AsyncOwner, model: string, pictures: Pixels | Pixels[], options?: CallOptions): Promise<Prediction[]>;
  galleries(options?: CallOptions): Promise<RemoteGallery[]>;
  card(gallery: string, options?: CallOptions): Promise<Uint8Array>;
  hint(gallery: RemoteGallery, options?: CallOptions): Promise<Uint8Array>;
  /** Mode blind: `owner` is of the gallery's blindModel. What was found comes by private fetching. */
  search(owner: Owner | AsyncOwner, gallery: string, picture: Pixels, options?: SearchOptions): Promise<Found[]>;
}
