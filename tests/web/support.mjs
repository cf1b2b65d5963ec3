// What the browser's tests share: the built package, the native side, folders of their own.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** As tests/web/CMakeLists.txt sets them. */
export const packageFolder = process.env.OBSCURA_WEB_PACKAGE;
export const nativeProgram = process.env.OBSCURA_WEB_NATIVE;
export const kernelsFile = process.env.OBSCURA_WEB_KERNELS;
export const modelsFolder = process.env.OBSCURA_MODELS;

export const client = await import(pathToFileURL(path.join(packageFolder, 'index.js')).href);

export function temporaryFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'obscura-web-'));
}

/** A command of native_side.cpp; what it prints. Throws with its sentence. */
export function native(...args) {
  try {
    return execFileSync(nativeProgram, args.map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${args[0]}: ${error.stderr}`.trim());
  }
}

export const bytesOf = (...parts) => new Uint8Array(fs.readFileSync(path.join(...parts)));
export const doublesOf = (...parts) => {
  const bytes = bytesOf(...parts);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

/** A drawn network, its pictures, and what it says of them in the clear. */
export function drawn(seed, kind, folder) {
  native('draw', seed, kind, folder);
  return { folder, spec: bytesOf(folder, 'client.spec'), about: fs.readFileSync(path.join(folder, 'about'), 'utf8'),
           pictures: bytesOf(folder, 'pictures'), logits: doublesOf(folder, 'logits') };
}

export function picturesOf(net, facts) {
  const size = facts.width * facts.height * facts.channels;
  return Array.from({ length: net.pictures.length / size }, (_, i) => ({
    width: facts.width, height: facts.height, channels: facts.channels,
    values: net.pictures.slice(i * size, (i + 1) * size),
  }));
}

/** The folder of keys that the native side opens. */
export function writeKeys(folder, files) {
  fs.mkdirSync(path.join(folder, 'queries'), { recursive: true });
  for (const name of ['secret.key', 'client.spec', 'client.tag', 'decryptions']) {
    fs.writeFileSync(path.join(folder, name), files[name], { mode: 0o600 });
  }
  if (files['evaluation.key']) fs.writeFileSync(path.join(folder, 'evaluation.key'), files['evaluation.key']);
  for (const [id, record] of Object.entries(files.queries)) fs.writeFileSync(path.join(folder, 'queries', id), record);
}

export function readKeys(folder) {
  const files = { queries: {} };
  for (const name of ['secret.key', 'client.spec', 'client.tag', 'decryptions', 'evaluation.key']) {
    if (fs.existsSync(path.join(folder, name))) files[name] = bytesOf(folder, name);
  }
  const queries = path.join(folder, 'queries');
  if (fs.existsSync(queries)) for (const id of fs.readdirSync(queries)) files.queries[id] = bytesOf(queries, id);
  return files;
}
