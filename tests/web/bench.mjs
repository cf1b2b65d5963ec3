// How much of the processor the client takes in Node, beside node-seal with the same parameters, in one run.
// usage: node bench.mjs PACKAGE CLIENT_SPEC [KERNELS.wasm] [FOLDER_WITH_node-seal]
// The parameters of node-seal are those of tenseal-mnist: N = 2^13, primes of 47, 40, 40, 40 and 47 bits, 15 keys.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packageFolder, specFile, kernelsFile, sealFolder] = process.argv.slice(2);
if (!specFile) {
  console.error('usage: node bench.mjs PACKAGE CLIENT_SPEC [KERNELS.wasm] [FOLDER_WITH_node-seal]');
  process.exit(2);
}
const { load } = await import(pathToFileURL(path.resolve(packageFolder, 'index.js')).href);
const kRuns = 15;

/** Milliseconds of the processor: what other programs take of it does not count. */
const timed = (body) => {
  const start = process.cpuUsage();
  const result = body();
  const { user, system } = process.cpuUsage(start);
  return [(user + system) / 1000, result];
};
const sorted = (times) => [...times].sort((a, b) => a - b);
const show = (what, times) => {
  const all = sorted(times);
  console.log(`${what.padEnd(44)} first ${times[0].toFixed(1).padStart(8)}  best ${all[0].toFixed(2).padStart(8)}  median ${all[all.length >> 1].toFixed(2).padStart(8)} ms`);
  return all[0];
};

console.log(`Node ${process.version}, ${os.cpus()[0].model}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}`);

async function ours() {
  const spec = new Uint8Array(fs.readFileSync(specFile));
  const start = performance.now();
  const obscura = await load();
  console.log(`obscura-client: load ${(performance.now() - start).toFixed(1)} ms, ${obscura.version().wasmBytes} bytes of wasm`);
  const create = [], keys = [], encrypt = [];
  let bytes = 0, query = 0;
  for (let run = 0; run < kRuns; ++run) {
    const [c, owner] = timed(() => obscura.createOwner(spec));
    const [k, made] = timed(() => owner.evaluationKeys());
    const facts = owner.network();
    const picture = { width: facts.width, height: facts.height, channels: facts.channels, values: new Uint8Array(facts.width * facts.height * facts.channels).fill(99) };
    for (let i = 0; i < 5; ++i) {
      const [e, sent] = timed(() => owner.encrypt(picture));
      encrypt.push(e);
      query = sent.length;
    }
    create.push(c), keys.push(k);
    bytes = made.length;
    owner.free();
  }
  show('obscura: context and secret key', create);
  const k = show(`obscura: evaluation keys, ${bytes} bytes`, keys);
  const e = show(`obscura: encode, encrypt, write, ${query} bytes`, encrypt);
  return { keys: k, encrypt: e };
}

async function seal() {
  const require = createRequire(path.resolve(sealFolder, 'x.js'));
  const start = performance.now();
  const library = await require('node-seal/throws_wasm_node_umd')();
  console.log(`node-seal ${require('node-seal/package.json').version}: load ${(performance.now() - start).toFixed(1)} ms`);
  const parms = library.EncryptionParameters(library.SchemeType.ckks);
  parms.setPolyModulusDegree(8192);
  parms.setCoeffModulus(library.CoeffModulus.Create(8192, Int32Array.from([47, 40, 40, 40, 47])));
  const [c, context] = timed(() => library.Context(parms, true, library.SecurityLevel.tc128));
  console.log(`node-seal: context ${c.toFixed(1)} ms`);
  const keys = [], encrypt = [];
  const encoder = library.CKKSEncoder(context);
  let bytes = 0, query = 0;
  const steps = Int32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 128, 256, 512]);
  for (let run = 0; run < 5; ++run) {
    const generator = library.KeyGenerator(context);
    const secret = generator.secretKey();
    const [k, made] = timed(() => [generator.createRelinKeysSerializable().save(), generator.createGaloisKeysSerializable(steps).save()]);
    bytes = made.reduce((sum, text) => sum + text.length * 3 / 4, 0);
    keys.push(k);
    const encryptor = library.Encryptor(context, library.KeyGenerator(context).createPublicKey(), secret);
    for (let i = 0; i < 5; ++i) {
      const [e, sent] = timed(() => encryptor.encryptSymmetricSerializable(encoder.encode(new Float64Array(4096).fill(0.5), 2 ** 40)).saveArray());
      encrypt.push(e);
      query = sent.length;
    }
  }
  const k = show(`node-seal: 15 keys and their text, ${bytes | 0} bytes`, keys);
  const e = show(`node-seal: encode, encrypt, write, ${query} bytes`, encrypt);
  return { keys: k, encrypt: e };
}

function transforms() {
  let x;
  const zeros = (...places) => (places.forEach((at) => new DataView(x.memory.buffer).setUint32(at, 0, true)), 0);
  x = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(kernelsFile)), {
    env: { obscura_random: () => {}, obscura_progress: () => {}, emscripten_notify_memory_growth: () => {} },
    wasi_snapshot_preview1: { proc_exit: () => {}, environ_sizes_get: zeros, environ_get: () => 0 },
  }).exports;
  x._initialize?.();
  for (const [name, simd, inverse] of [['vectors, forward', 1, 0], ['vectors, inverse', 1, 1], ['scalar, forward', 0, 0], ['scalar, inverse', 0, 1]]) {
    x.transform(13, 49, simd, inverse, 300);
    let best = Infinity;
    for (let run = 0; run < 20; ++run) best = Math.min(best, timed(() => x.transform(13, 49, simd, inverse, 50))[0] * 20);
    console.log(`NTT 2^13 in WebAssembly, ${name.padEnd(20)} ${best.toFixed(1).padStart(8)} us`);
  }
}

if (kernelsFile) transforms();
const mine = await ours();
if (sealFolder) {
  const theirs = await seal();
  console.log(`node-seal over obscura: keys ${(theirs.keys / mine.keys).toFixed(1)}, encryption ${(theirs.encrypt / mine.encrypt).toFixed(1)}`);
}
