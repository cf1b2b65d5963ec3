// The files of a folder of keys, to and from one archive.
import { ObscuraError } from './errors.js';
import { textOf, utf8 } from './bytes.js';
import { readTar, writeTar } from './tar.js';

const kNames = ['secret.key', 'client.spec', 'client.tag', 'decryptions', 'evaluation.key'];
const kRecordName = /^[0-9a-f]{32}$/;

export function archiveOf(files, folder) {
  const entries = [[`${folder}/`, new Uint8Array(0)]];
  for (const name of kNames) {
    if (files[name]) entries.push([`${folder}/${name}`, files[name]]);
  }
  entries.push([`${folder}/queries/`, new Uint8Array(0)]);
  for (const [id, record] of Object.entries(files.queries)) entries.push([`${folder}/queries/${id}`, record]);
  return writeTar(entries);
}

/** What stands in the one folder that holds a secret.key. */
export function filesOf(archive) {
  const all = readTar(archive);
  const secrets = [...all.keys()].filter((name) => name.replace(/^\.\//, '').split('/').at(-1) === 'secret.key');
  if (secrets.length !== 1) {
    throw new ObscuraError('format', `the archive holds ${secrets.length} files secret.key, expected one: a folder of keys`);
  }
  const folder = secrets[0].slice(0, -'secret.key'.length);
  const files = { queries: {} };
  for (const [name, bytes] of all) {
    if (!name.startsWith(folder)) continue;
    const rest = name.slice(folder.length);
    if (kNames.includes(rest)) files[rest] = bytes;
    const record = rest.startsWith('queries/') ? rest.slice('queries/'.length) : '';
    if (kRecordName.test(record)) files.queries[record] = bytes;
  }
  return files;
}

/** The file `decryptions`: the key's id, a number, and " at least" where there may have been more. */
export function readCount(bytes) {
  const match = bytes ? /^([0-9a-f]{32}) (\d{1,15})( at least)?\n$/.exec(textOf(bytes)) : null;
  return match ? { id: match[1], count: Number(match[2]), complete: match[3] === undefined } : undefined;
}

export function writeCount({ id, count, complete }) {
  return utf8(`${id} ${count}${complete ? '' : ' at least'}\n`);
}
