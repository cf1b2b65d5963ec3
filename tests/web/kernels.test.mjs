// The kernels for WebAssembly give the words that the scalar ones give, bit for bit.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { kernelsFile } from './support.mjs';

function instance() {
  let exports;
  const zeros = (...places) => {
    for (const at of places) new DataView(exports.memory.buffer).setUint32(at, 0, true);
    return 0;
  };
  const imports = {
    env: { obscura_random: () => {}, obscura_progress: () => {}, emscripten_notify_memory_growth: () => {} },
    wasi_snapshot_preview1: { proc_exit: (code) => assert.fail(`ended itself (${code})`), environ_sizes_get: zeros, environ_get: () => 0 },
  };
  exports = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(kernelsFile)), imports).exports;
  exports._initialize?.();
  return exports;
}

const kernels = instance();
const names = ['forward', 'inverse', 'add', 'sub', 'negate', 'mul', 'mul_add', 'mul_scalar', 'sub_mul_scalar', 'add_scalar', 'round trip', 'not used'];

for (let logN = 7; logN <= 15; ++logN) {
  test(`transforms and products at N = 2^${logN}`, () => {
    let cases = 0;
    for (const bits of [14, 16, 20, 24, 30, 36, 40, 45, 47, 48, 49, 50]) {
      if (bits < logN + 6) continue;  // there are two such primes
      for (let seed = 1; seed <= (logN < 12 ? 8 : 2); ++seed, ++cases) {
        const found = kernels.kernels_differ(logN, bits, seed);
        assert.equal(found, 0, `${names.filter((_, i) => found & (1 << i))} differ for a prime of ${bits} bits, seed ${seed}`);
      }
    }
    assert.ok(cases >= 6);
  });
}

test('ChaCha20 in any number of blocks, and where its counter carries', () => {
  for (let blocks = 1; blocks <= 40; ++blocks) {
    for (const carry of [0, 1]) assert.equal(kernels.chacha_differs(blocks, 12345 + blocks, carry), 0, `${blocks} blocks`);
  }
  assert.equal(kernels.chacha_differs(1000, 7, 1), 0);
});

test('of a module only what it needs of its surroundings is asked for', () => {
  const module = new WebAssembly.Module(fs.readFileSync(`${process.env.OBSCURA_WEB_PACKAGE}/obscura.wasm`));
  assert.deepEqual(WebAssembly.Module.imports(module).map((one) => one.name).sort(),
    ['emscripten_notify_memory_growth', 'environ_get', 'environ_sizes_get', 'obscura_progress', 'obscura_random', 'proc_exit']);
});
