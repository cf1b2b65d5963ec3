// One test of the page by its name, or `--list`: exits with 77 and a reason where something is missing that it needs.
import fs from "node:fs";
import path from "node:path";

const [name] = process.argv.slice(2);
const { tests } = await import("./page_tests.mjs");
if (name === "--list") {
  console.log(Object.keys(tests).join("\n"));
  process.exit(0);
}

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}
const { OBSCURA_SITE: site, OBSCURA_CHROMIUM: chromium, OBSCURA_NODE_MODULES: modules } = process.env;
if (!fs.existsSync(path.join(site, "index.html"))) skip(`there is no page in ${site}: ./dev web makes it`);
if (!fs.existsSync(chromium)) skip(`there is no browser at ${chromium}: ./dev test-web installs it`);
if (!fs.existsSync(path.join(modules, "playwright-core")))
  skip(`playwright-core is not in ${modules}: ./dev test-web installs it`);

if (!(name in tests)) throw new Error(`no test '${name}'; --list has them`);
const { Workplace } = await import("./support.mjs");
const place = new Workplace();
let failed = false;
try {
  await tests[name](place);
  console.log(`${name}: well`);
} catch (error) {
  failed = true;
  console.error(`${name}: ${error.stack ?? error}`);
  for (const file of ["server.out", "log"]) {
    if (fs.existsSync(place.path(file)))
      console.error(`--- ${file}\n${fs.readFileSync(place.path(file), "utf8").slice(-3000)}`);
  }
} finally {
  await place.end();
}
process.exit(failed ? 1 : 0);
