// One of the browser's tests, by Node's own runner; skipped with a reason where something is missing.
// usage: node run.mjs FILE
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const kSkipped = 77;
const skip = (why) => {
  console.log(`skipped: ${why}`);
  process.exit(kSkipped);
};
if (Number(process.versions.node.split('.')[0]) < 18) skip(`Node ${process.versions.node} has no test runner, expected 18`);
const built = path.join(process.env.OBSCURA_WEB_PACKAGE ?? '', 'obscura.wasm');
if (!fs.existsSync(built)) skip(`there is no ${built}: ./dev web makes it`);
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), process.argv[2]);
const { status } = spawnSync(process.execPath, ['--test', file], { stdio: 'inherit' });
process.exit(status ?? 1);
