// Which program keys from elsewhere are for. A folder of keys has the program's client spec with the key's id in it; without
// that id it is the file that the server names by its hash (docs/wire-format.md).
const kPlace = "obscura-specs",
  kChecksum = 32,
  kKeyId = 16;

function bytesOfHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
}

/** As the server has it. */
export async function serverSpecHash(obscura, spec) {
  const file = spec.slice();
  const end = file.length - kChecksum;
  file.fill(0, Math.max(0, end - kKeyId), end);
  file.set(bytesOfHex(await obscura.hash(file.subarray(0, end))), end);
  return obscura.hash(file);
}

/** A file of a tar archive by the end of its name; nothing where it is not there. */
export function inArchive(archive, name) {
  const text = (at, length) => new TextDecoder().decode(archive.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.length;) {
    const size = parseInt(text(at + 124, 12).trim() || "0", 8);
    if (!(size >= 0) || at + 512 + size > archive.length) return undefined;
    if (text(at, 100).split("/").at(-1) === name) return archive.subarray(at + 512, at + 512 + size);
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return undefined;
}

/** { key id: hash of the spec } of keys that were imported. No secret. */
export function importedSpecs() {
  try {
    const known = JSON.parse(localStorage.getItem(kPlace) ?? "{}");
    return typeof known === "object" && known !== null ? known : {};
  } catch {
    return {};
  }
}

export function rememberSpec(id, hash) {
  localStorage.setItem(kPlace, JSON.stringify({ ...importedSpecs(), [id]: hash }));
}
