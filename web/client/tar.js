// Tar archives (POSIX ustar) of small files: how a folder of keys travels as one file that every system opens.
import { ObscuraError } from './errors.js';
import { textOf, utf8 } from './bytes.js';

const kBlock = 512;
const kMost = 2 ** 31;

function header(name, size, isFolder) {
  const block = new Uint8Array(kBlock);
  const put = (at, text) => block.set(utf8(text), at);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(0, name);
  put(100, octal(isFolder ? 0o700 : 0o600, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(Math.floor(Date.now() / 1000), 11));
  put(148, '        ');
  put(156, isFolder ? '5' : '0');
  put(257, 'ustar\x0000');
  put(148, `${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** entries: [name, bytes] each; a name that ends in / is a folder. */
export function writeTar(entries) {
  const parts = [];
  for (const [name, bytes] of entries) {
    if (utf8(name).length > 99) throw new ObscuraError('usage', `the name ${name} is too long for an archive`);
    parts.push(header(name, bytes.length, name.endsWith('/')), bytes, new Uint8Array((kBlock - (bytes.length % kBlock)) % kBlock));
  }
  parts.push(new Uint8Array(2 * kBlock));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const fail = (problem) => {
  throw new ObscuraError('format', `the file ${problem}: expected a tar archive of a folder of keys`);
};

function field(block, at, size) {
  const end = block.subarray(at, at + size).indexOf(0);
  return textOf(block.subarray(at, at + (end < 0 ? size : end)));
}

function octalField(block, at, size) {
  const text = field(block, at, size).trim();
  if (!/^[0-7]{1,11}$/.test(text)) fail('holds a number that is none');
  return parseInt(text, 8);
}

function checkSum(block) {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== octalField(block, 148, 8)) fail('is damaged, or is no archive');
}

/** Regular files of an archive by name; folders are left out, links and devices refused. */
export function readTar(bytes) {
  const files = new Map();
  if (bytes.length > kMost) fail('is too large');
  for (let at = 0; at + kBlock <= bytes.length; ) {
    const block = bytes.subarray(at, at + kBlock);
    if (block.every((byte) => byte === 0)) return files;
    checkSum(block);
    const prefix = field(block, 257, 5) === 'ustar' ? field(block, 345, 155) : '';
    const name = (prefix ? `${prefix}/` : '') + field(block, 0, 100), size = octalField(block, 124, 12), type = field(block, 156, 1);
    at += kBlock;
    if (size > bytes.length - at) fail('is truncated');
    if (type === '0' || type === '') {
      if (files.has(name)) fail(`holds ${name.slice(0, 80)} twice`);
      files.set(name, bytes.slice(at, at + size));
    } else if (type !== '5' && type !== 'x' && type !== 'g') {
      fail(`holds ${name.slice(0, 80)}, which is no file`);
    }
    at += Math.ceil(size / kBlock) * kBlock;
  }
  return fail('is truncated');
}
