// The client in Node against the native side: known answers, files that cross both ways, hostile bytes, memory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { bytesOf, client, doublesOf, drawn, native, picturesOf, readKeys, temporaryFolder, writeKeys } from './support.mjs';

const { load, ObscuraError } = client;
let obscura, folder;
const at = (...names) => path.join(folder, ...names);

before(async () => {
  obscura = await load();
  folder = temporaryFolder();
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const failing = (kind, pattern, body) =>
  assert.throws(body, (error) => {
    assert.ok(error instanceof ObscuraError, `${error}`);
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes('\n'));
    return true;
  });

/** Answers of the native server to queries made here. */
function answers(net, owner, queries) {
  const keys = at('evaluation.key');
  fs.writeFileSync(keys, owner.evaluationKeys());
  const pairs = queries.flatMap((query, i) => {
    fs.writeFileSync(at(`q${i}`), query);
    return [at(`q${i}`), at(`a${i}`)];
  });
  native('answer', net.folder, keys, ...pairs);
  return queries.map((_, i) => bytesOf(at(`a${i}`)));
}

test('hashes are BLAKE2b-256', () => {
  assert.equal(obscura.hash(new TextEncoder().encode('abc')), 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319');
  assert.equal(obscura.hash(new Uint8Array(0)), '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8');
});

test('the version is the package\'s, with vector kernels', async () => {
  const { version, simd } = obscura.version();
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.equal(simd, true);
  assert.equal((await load({ isa: 'scalar' })).version().simd, false);
  await assert.rejects(load({ isa: 'avx2' }).then((o) => o.version()), (error) => error.kind === 'parameter');
});

// Drawn networks of every layout: what is decrypted here is what the network says in the clear.
const kinds = ['packed', 'several', 'batched', 'chunks'];
const seeds = Number(process.env.OBSCURA_WEB_SEEDS ?? 2);
for (const kind of kinds) {
  for (let seed = 1; seed <= seeds; ++seed) {
    test(`a drawn network, ${kind} ${seed}`, () => {
      const net = drawn(seed, kind, at(`${kind}${seed}`));
      const owner = obscura.createOwner(net.spec);
      const facts = owner.network(), pictures = picturesOf(net, facts);
      const queries = facts.imagesPerQuery >= pictures.length ? [owner.encrypt(pictures)] : pictures.map((p) => owner.encrypt(p));
      const predictions = answers(net, owner, queries).flatMap((answer) => owner.read(answer));
      assert.equal(predictions.length, pictures.length);
      const said = predictions.flatMap((p) => [...p.logits]);
      assert.equal(said.length, net.logits.length);
      const scale = Math.max(...net.logits.map(Math.abs), 1e-6);
      said.forEach((v, i) => assert.ok(Math.abs(v - net.logits[i]) <= 0.05 * scale + 50 * facts.logitError, `${net.about}: ${v} for ${net.logits[i]}`));
      for (const p of predictions) {
        assert.equal(p.label, facts.classes[p.index]);
        assert.equal(p.confidence, Math.max(...p.probabilities));
      }
      assert.ok(owner.decryptions() >= queries.length);
      owner.free();
    });
  }
}

test('progress is told in bytes up to the last', () => {
  const net = drawn(1, 'packed', at('progress'));
  const owner = obscura.createOwner(net.spec);
  const heard = [];
  const keys = owner.evaluationKeys((done, total) => heard.push([done, total]));
  assert.ok(heard.length > 2);
  assert.deepEqual(heard.at(-1), [keys.length, keys.length]);
  for (let i = 1; i < heard.length; ++i) assert.ok(heard[i][0] >= heard[i - 1][0]);
  assert.equal(owner.evaluationKeys(), keys, 'made once');
  owner.free();
});

test('keys made here are a native folder, and a native answer is read there', () => {
  const net = drawn(2, 'packed', at('out'));
  const owner = obscura.createOwner(net.spec);
  const facts = owner.network(), picture = picturesOf(net, facts)[0];
  const query = owner.encrypt(picture);
  const [answer] = answers(net, owner, [query]);
  const files = owner.files();
  assert.deepEqual(Object.keys(files.queries), [owner.queryOf(query)]);
  assert.equal(owner.queryOf(answer), owner.queryOf(query));
  writeKeys(at('out-keys'), files);
  assert.equal(native('read', at('out-keys'), at('a0'), at('logits')).trim(), '1');
  const there = doublesOf(at('logits')), [here] = owner.read(answer);
  there.forEach((v, i) => assert.ok(Math.abs(v - here.logits[i]) <= 50 * facts.logitError));
  owner.free();
});

test('native keys, queries and records are read here, and written again byte for byte', () => {
  const net = drawn(3, 'packed', at('in'));
  native('keys', at('in', 'client.spec'), at('in-keys'));
  fs.writeFileSync(at('pictures'), net.pictures);
  native('encrypt', at('in-keys'), at('pictures'), 1, at('query'));
  native('answer', net.folder, at('in-keys', 'evaluation.key'), at('query'), at('answer'));
  const files = readKeys(at('in-keys'));
  const owner = obscura.openOwner(files);
  const [prediction] = owner.read(bytesOf(at('answer')));
  const n = prediction.logits.length;
  prediction.logits.forEach((v, i) => assert.ok(Math.abs(v - net.logits[i]) <= 0.05 * Math.max(...net.logits.slice(0, n).map(Math.abs)) + 50 * owner.network().logitError));
  const again = owner.files();
  for (const name of ['secret.key', 'client.spec', 'client.tag', 'evaluation.key']) {
    assert.deepEqual(again[name], files[name], name);
  }
  assert.deepEqual(again.queries, files.queries);
  assert.equal(Buffer.from(again.decryptions).toString(), Buffer.from(files.decryptions).toString().replace(/ 0\n/, ' 1\n'));
  owner.free();
});

test('a passphrase seals keys both ways', () => {
  const net = drawn(4, 'packed', at('sealed'));
  const owner = obscura.createOwner(net.spec);
  const memoryBefore = obscura.memory().bytes;
  const files = owner.files({ passphrase: 'fünf Wörter bei Nacht', memoryMiB: 8, passes: 1 });
  assert.equal(obscura.memory().bytes, memoryBefore, 'Argon2id has memory of its own');
  failing('mismatch', /is sealed with a passphrase, and none was given/, () => obscura.openOwner(files));
  failing('mismatch', /does not open with this passphrase/, () => obscura.openOwner(files, 'fünf Wörter bei Tage'));
  assert.equal(obscura.openOwner(files, 'fünf Wörter bei Nacht').id(), owner.id());
  const query = owner.encrypt(picturesOf(net, owner.network())[0]);
  answers(net, owner, [query]);
  writeKeys(at('sealed-keys'), { ...files, queries: owner.files().queries });
  native('read', at('sealed-keys'), at('a0'), at('logits'), 'fünf Wörter bei Nacht');
  assert.throws(() => native('read', at('sealed-keys'), at('a0'), at('logits'), 'another one'), /does not open/);
  // And what the native side sealed, at its own cost.
  native('keys', at('sealed', 'client.spec'), at('theirs'), 'correct horse');
  const theirs = obscura.openOwner(readKeys(at('theirs')), 'correct horse');
  assert.match(theirs.id(), /^[0-9a-f]{32}$/);
  failing('mismatch', /does not open/, () => obscura.openOwner(readKeys(at('theirs')), 'wrong horse'));
  failing('usage', /at least 8/, () => owner.files({ passphrase: 'short' }));
  failing('usage', /memoryMiB is 4096/, () => owner.files({ passphrase: 'long enough', memoryMiB: 4096 }));
});

test('what is wrong is said, and nothing is taken', () => {
  const net = drawn(5, 'packed', at('wrong'));
  const owner = obscura.createOwner(net.spec), other = obscura.createOwner(net.spec);
  const facts = owner.network(), picture = picturesOf(net, facts)[0];
  failing('format', /is not a file of Obscura/, () => obscura.createOwner(new Uint8Array(100).fill(7)));
  failing('usage', /expected a Uint8Array/, () => obscura.createOwner('client.spec'));
  failing('usage', /expected a Uint8Array/, () => obscura.createOwner(net.spec.buffer));
  failing('mismatch', /expected/, () => owner.encrypt({ ...picture, width: picture.width + 1, values: new Uint8Array((picture.width + 1) * picture.height * picture.channels) }));
  failing('format', /does not hold the samples/, () => owner.encrypt({ ...picture, values: picture.values.subarray(1) }));
  failing('mismatch', /a query holds 1 to/, () => owner.encrypt([]));
  failing('usage', /finite/, () => owner.encryptValues([new Float32Array(picture.values.length).fill(NaN)]));
  const [answer] = answers(net, owner, [owner.encrypt(picture)]);
  failing('mismatch', /no query .* was made by this owner/, () => other.read(answer));
  other.remember; // a record of another key
  failing('mismatch', /under another key/, () => other.remember(owner.record(owner.queryOf(answer))));
  failing('mismatch', /is missing|is not the tag/, () => obscura.openOwner({ ...owner.files(), 'client.tag': other.files()['client.tag'] }));
  failing('mismatch', /different keygen runs/, () => obscura.openOwner({ ...owner.files(), 'secret.key': other.files()['secret.key'] }));
  failing('mismatch', /belongs to keys that were made already/, () => obscura.createOwner(owner.files()['client.spec']));
  owner.free();
  failing('usage', /was freed/, () => owner.network());
  failing('usage', /was freed/, () => owner.evaluationKeys());
  owner.free();
  other.free();
});

test('bytes that were altered anywhere are refused, and the module lives on', () => {
  const net = drawn(6, 'packed', at('hostile'));
  const owner = obscura.createOwner(net.spec);
  const [answer] = answers(net, owner, [owner.encrypt(picturesOf(net, owner.network())[0])]);
  const files = owner.files();
  let state = 12345;
  const random = (n) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
  const mutated = (bytes) => {
    const copy = bytes.slice();
    const kind = random(4);
    if (kind === 0) return copy.subarray(0, random(copy.length));
    for (let i = 0; i <= random(3); ++i) copy[random(copy.length)] ^= 1 << random(8);
    if (kind === 1) copy.set([255, 255, 255, 255], random(copy.length - 4));
    return copy;
  };
  // With a checksum that is right again, readers see what nobody wrote.
  const resealed = (bytes) => {
    if (bytes.length < 84) return bytes;
    const copy = bytes.slice();
    copy.set(Buffer.from(obscura.hash(copy.subarray(0, copy.length - 32)), 'hex'), copy.length - 32);
    return copy;
  };
  const refused = (body) => {
    try {
      body();
      return false;
    } catch (error) {
      assert.ok(error instanceof ObscuraError, `${error.stack}`);
      assert.notEqual(error.kind, 'internal', error.message);
      return true;
    }
  };
  let counted = 0;
  for (let i = 0; i < 300; ++i) {
    const spec = resealed(mutated(net.spec));
    if (refused(() => obscura.createOwner(spec).free())) ++counted;
    const made = mutated(answer);
    assert.ok(refused(() => owner.read(made)), 'an altered answer');
    refused(() => owner.read(resealed(made)));
    assert.ok(refused(() => obscura.openOwner({ ...files, 'client.spec': spec })), 'another client spec');
    refused(() => obscura.openOwner({ ...files, 'secret.key': resealed(mutated(files['secret.key'])) }));
    refused(() => owner.remember(resealed(mutated(Object.values(files.queries)[0]))));
  }
  assert.ok(counted > 200, `${counted} of 300 altered client specs were refused`);
  assert.equal(owner.read(answer).length, 1, 'the honest answer is still read');
  owner.free();
});

test('memory stays where it is, and secrets go when they are freed', async () => {
  const fresh = await load();
  const net = drawn(7, 'packed', at('memory'));
  const round = () => {
    const owner = fresh.createOwner(net.spec);
    owner.evaluationKeys();
    owner.encrypt(picturesOf(net, owner.network())[0]);
    owner.files();
    owner.free();
  };
  for (let i = 0; i < 5; ++i) round();
  const { bytes } = fresh.memory();
  for (let i = 0; i < 25; ++i) round();
  assert.equal(fresh.memory().bytes, bytes);
});

test('keys and queries never repeat', () => {
  const net = drawn(8, 'packed', at('random'));
  const ids = new Set(), queries = new Set();
  for (let i = 0; i < 8; ++i) {
    const owner = obscura.createOwner(net.spec);
    ids.add(owner.id());
    const picture = picturesOf(net, owner.network())[0];
    for (let k = 0; k < 3; ++k) queries.add(obscura.hash(owner.encrypt(picture)));
    owner.free();
  }
  assert.equal(ids.size, 8);
  assert.equal(queries.size, 24);
});
