// The package: archives, workers, types, and a service that lies.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import { client, drawn, packageFolder, picturesOf, temporaryFolder } from './support.mjs';

const { load, startWorker, Remote, RemoteError, ObscuraError } = client;
const inside = (name) => import(pathToFileURL(path.join(packageFolder, name)).href);
const folder = temporaryFolder();
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('package.json names what is there, and runs nothing', () => {
  const facts = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  assert.match(facts.version, /^\d+\.\d+\.\d+$/);
  assert.notEqual(facts.version, '0.0.0');
  assert.equal(facts.scripts, undefined);
  assert.equal(facts.dependencies, undefined);
  for (const name of [facts.main, facts.types, facts.exports['./obscura.wasm'], 'LICENSE', 'LICENSE.libsodium', 'README.md']) {
    assert.ok(fs.existsSync(path.join(packageFolder, name)), name);
  }
});

test('the types name every export, and every call of an owner', async () => {
  const types = fs.readFileSync(path.join(packageFolder, 'obscura-client.d.ts'), 'utf8');
  for (const name of Object.keys(client)) assert.match(types, new RegExp(`export (class|function) ${name}\\b`), name);
  const { Owner, Obscura } = await inside('engine.js');
  const { Fetcher } = await inside('fetcher.js');
  for (const [name, of] of [['Owner', Owner], ['Obscura', Obscura], ['Fetcher', Fetcher], ['KeyStore', client.KeyStore], ['Remote', Remote]]) {
    const body = new RegExp(`export (?:interface|class) ${name}( extends \\w+)? \\{([^}]|\\{[^}]*\\})*\\n\\}`).exec(types)?.[0] ?? '';
    for (const method of Object.getOwnPropertyNames(of.prototype)) {
      if (method !== 'constructor') assert.match(body, new RegExp(`\\n  ${method}\\(`), `${name}.${method}`);
    }
  }
});

test('a worker answers as the thread does, and its end is told', async () => {
  const net = drawn(1, 'packed', path.join(folder, 'worker'));
  const obscura = await startWorker();
  const owner = await obscura.createOwner(net.spec);
  const heard = [];
  const keys = await owner.evaluationKeys((done, total) => heard.push([done, total]));
  assert.deepEqual(heard.at(-1), [keys.length, keys.length]);
  const here = (await load()).openOwner(await owner.files());
  assert.equal(here.id(), await owner.id());
  assert.deepEqual(here.network(), await owner.network());
  await assert.rejects(owner.encrypt({ width: 1 }), (error) => error instanceof ObscuraError && error.kind === 'usage');
  await owner.free();
  await assert.rejects(owner.network(), /was freed/);
  const waiting = obscura.createOwner(net.spec);
  obscura.terminate();
  await assert.rejects(waiting, (error) => error.kind === 'cancelled');
  await assert.rejects(obscura.version(), (error) => error.kind === 'cancelled');
});

test('archives are tar\'s, both ways', async () => {
  const { archiveOf, filesOf } = await inside('key_files.js');
  const id = 'ab'.repeat(16);
  const files = { 'secret.key': Uint8Array.of(1, 2, 3), 'client.spec': new Uint8Array(513).fill(4), 'client.tag': Uint8Array.of(5),
                  decryptions: Uint8Array.of(6), queries: { [id]: Uint8Array.of(7) } };
  const archive = archiveOf(files, 'mine');
  assert.deepEqual(filesOf(archive), files);
  fs.writeFileSync(path.join(folder, 'keys.tar'), archive);
  execFileSync('tar', ['-xf', path.join(folder, 'keys.tar'), '-C', folder]);
  assert.equal(fs.statSync(path.join(folder, 'mine', 'secret.key')).mode & 0o777, 0o600);
  assert.deepEqual(new Uint8Array(fs.readFileSync(path.join(folder, 'mine', 'queries', id))), files.queries[id]);
  execFileSync('tar', ['-cf', path.join(folder, 'again.tar'), '-C', path.join(folder, 'mine'), '.']);
  const again = filesOf(new Uint8Array(fs.readFileSync(path.join(folder, 'again.tar'))));
  assert.deepEqual(again, files);
  for (let cut = 0; cut < archive.length - 1024; cut += 100) {
    assert.throws(() => filesOf(archive.subarray(0, cut)), (error) => error instanceof ObscuraError, `${cut}`);
  }
  const altered = archive.slice();
  altered[3] ^= 1;
  assert.throws(() => filesOf(altered), /is damaged|holds 0 files/);
});

// A service that says what it is told to.
let server, url, answers;
before(async () => {
  server = http.createServer((request, response) => {
    const answer = answers(request);
    response.writeHead(answer.status ?? 200, answer.headers ?? { 'Content-Type': 'application/json' });
    response.end(answer.body ?? JSON.stringify(answer.json));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const model = (more = {}) => ({ name: 'm', versions: ['1'], properties: { network: 'n', client_spec: '0'.repeat(64), ...more } });

test('what a server says is checked field by field', async () => {
  const remote = new Remote(url, { obscura: await load(), retries: 0 });
  const rejected = async (says, call, pattern) => {
    answers = () => says;
    await assert.rejects(call(), (error) => error instanceof RemoteError && pattern.test(error.message) && !error.message.includes('\n'), pattern.source);
  };
  const ask = () => remote.model('m');
  await rejected({ body: 'no JSON' }, ask, /no JSON object/);
  await rejected({ json: [] }, ask, /no JSON object/);
  await rejected({ json: {} }, ask, /'properties'/);
  await rejected({ json: model({ client_spec: 'x' }) }, ask, /no BLAKE2b-256/);
  await rejected({ json: model({ network: 7 }) }, ask, /'network'/);
  await rejected({ json: { ...model(), name: 'another' } }, ask, /another model/);
  await rejected({ status: 302, headers: { Location: 'http://127.0.0.1:1/' }, body: '' }, ask, /cannot be reached/);
  await rejected({ status: 503, json: { error: 'line\none', code: 'overloaded' } }, ask, /says: line\?one/);
  await rejected({ body: new Uint8Array(5 * 2 ** 20) }, ask, /more than the/);
  await rejected({ json: model() }, () => remote.clientSpec({ name: 'm', clientSpec: '1'.repeat(64) }), /is not the one of its hash/);
  await rejected({ body: 'x', headers: {} }, () => remote.infer('m', Uint8Array.of(1)), /Inference-Header-Content-Length/);
  await rejected({ body: '{}', headers: { 'Inference-Header-Content-Length': '2' } }, () => remote.infer('m', Uint8Array.of(1)), /outputs/);
  answers = () => ({ json: { ...model(), properties: { ...model().properties, network: 'a\u202eb' } } });
  assert.equal((await remote.model('m')).network, 'a?b', 'nothing turns the text around');
});

test('keys go in pieces, from where they were left', async () => {
  const obscura = await load();
  const keys = new Uint8Array(300_000).map((_, i) => i * 7);
  const hash = obscura.hash(keys);
  const have = Buffer.alloc(keys.length);
  let got = 100_000, pieces = 0, refuse = true;
  have.set(keys.subarray(0, got));
  const status = () => ({ json: { hash, state: got === keys.length ? 'ready' : 'partial', bytes: got, total: keys.length } });
  answers = (request) => {
    if (request.method !== 'PUT') return status();
    const [, from, to] = /^bytes (\d+)-(\d+)\/300000$/.exec(request.headers['content-range']).map(Number);
    if (refuse) {
      refuse = false;
      return { status: 409, json: { error: 'elsewhere', code: 'conflict', bytes: (got = 150_000) } };
    }
    assert.equal(from, got);
    got = to + 1;
    ++pieces;
    return status();
  };
  const heard = [];
  const remote = new Remote(url, { obscura, pieceBytes: 65_536 });
  const done = await remote.sendKeys(keys, { progress: (what, now, total) => heard.push([what, now, total]) });
  assert.equal(done.state, 'ready');
  assert.equal(pieces, 3);
  assert.deepEqual(heard[0], ['keys sent', 100_000, 300_000]);
  assert.deepEqual(heard.at(-1), ['keys sent', 300_000, 300_000]);
});

test('a server that has no room is asked again, one that says no is not', async () => {
  const remote = new Remote(url, { obscura: await load() });
  let asked = 0;
  answers = () => (++asked < 3 ? { status: 503, json: { error: 'busy', code: 'overloaded' } } : { json: { name: 's', version: '1', extensions: [] } });
  assert.equal((await remote.server()).name, 's');
  assert.equal(asked, 3);
  asked = 0;
  answers = () => (++asked, { status: 401, json: { error: 'who?', code: 'unauthenticated' } });
  await assert.rejects(remote.server(), (error) => error.code === 'unauthenticated' && error.status === 401);
  assert.equal(asked, 1);
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(remote.server({ signal: stop.signal }), (error) => error.kind === 'cancelled');
});

test('tokens go to nobody who listens', () => {
  assert.throws(() => new Remote('http://example.com', { token: 'secret' }), /in the clear/);
  assert.throws(() => new Remote('ftp://example.com'), /no address/);
  assert.throws(() => new Remote('https://user:word@example.com'), /has a user/);
  assert.throws(() => new Remote('https://example.com', { token: 'two\nlines' }), /the token is none/);
  assert.ok(new Remote('https://example.com', { token: 'secret' }));
});
