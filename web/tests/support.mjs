// A server, a browser, and a page in it that nothing may go wrong on unseen: what tests of the page need.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Given by run.mjs. */
export const here = {
  obscura: process.env.OBSCURA,
  source: process.env.OBSCURA_SOURCE,
  site: process.env.OBSCURA_SITE,
  chromium: process.env.OBSCURA_CHROMIUM,
  modules: process.env.OBSCURA_NODE_MODULES,
  served: process.env.OBSCURA_SERVED,
};

export function assert(condition, words) {
  if (!condition) throw new Error(words);
}
export function assertEqual(found, expected, words) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  assert(a === b, `${words}: ${a}, where ${b} was expected`);
}

/** What the program prints; its standard error is part of the failure where it ends otherwise than by 0. */
export function obscura(...words) {
  return execFileSync(here.obscura, words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env },
  });
}

export const sample = (name) => path.join(here.source, "samples/digits", `${name}.png`);

export class Workplace {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "obscura-page-"));
    this.ends = [];
  }
  path(...parts) {
    return path.join(this.folder, ...parts);
  }
  async end() {
    for (const end of this.ends.reverse()) await end();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `obscura serve --web` on a free port, with a tenant of its own. */
export class TestServer {
  constructor(place, { models = path.join(here.served, "models"), galleries = [], listen = "127.0.0.1" } = {}) {
    Object.assign(this, { place, models, galleries, listen, port: 0 });
    this.state = place.path("state");
    this.token = obscura("token", "create", "--state", this.state, "--tenant", "page").trim();
    place.ends.push(() => this.stop());
  }

  async start() {
    const ready = this.place.path("ready");
    fs.rmSync(ready, { force: true });
    const words = [
      "serve",
      "--web",
      here.site,
      "--models",
      this.models,
      "--state",
      this.state,
      "--listen",
      `${this.listen}:${this.port}`,
      "--ready-file",
      ready,
      "--log",
      this.place.path("log"),
      ...this.galleries.flatMap((gallery) => ["--gallery", gallery]),
    ];
    const out = fs.openSync(this.place.path("server.out"), "a");
    this.process = spawn(here.obscura, words, { stdio: ["ignore", out, out] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    for (let i = 0; !fs.existsSync(ready); ++i) {
      assert(
        i < 600 && this.process.exitCode === null,
        `the server does not begin: ${fs.readFileSync(this.place.path("server.out"))}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.port = JSON.parse(fs.readFileSync(ready)).http;
    return this;
  }

  async stop() {
    if (!this.process) return;
    this.process.kill("SIGTERM");
    await this.ended;
    this.process = null;
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }
  /** As whoever runs it hands it on. */
  get link() {
    return `${this.origin}/#token=${this.token}`;
  }
  log() {
    return fs.readFileSync(this.place.path("log"), "utf8");
  }
  /** The program as another client of the same tenant. */
  remote(...words) {
    return obscura("remote", ...words, "--server", this.origin, "--token", this.token);
  }
}

/**
 * A browser whose pages may ask the server alone. `problems` is what went wrong unseen: requests elsewhere, violations of
 * the page's rules, errors in scripts, complaints on the console. `allowed`: patterns of complaints that a test makes on
 * purpose.
 */
export class TestBrowser {
  constructor(place) {
    this.place = place;
    this.problems = [];
    this.allowed = [];
  }

  static async start(place, server, { args = [], ...context } = {}) {
    const browser = new TestBrowser(place);
    const { chromium } = createRequire(path.join(here.modules, "x.js"))("playwright-core");
    browser.browser = await chromium.launch({
      executablePath: here.chromium,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        ...(args.length > 0 ? args : ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]),
      ],
    });
    place.ends.push(() => browser.browser.close());
    browser.context = await browser.browser.newContext({
      viewport: { width: 1280, height: 900 },
      acceptDownloads: true,
      ...context,
    });
    browser.origins = new Set([server.origin]);
    // Looked at as they go: to hold each back would take longer than what is tested.
    browser.context.on("request", (request) => {
      const url = new URL(request.url());
      if (!["data:", "blob:"].includes(url.protocol) && !browser.origins.has(url.origin))
        browser.problems.push(`a request to ${url.href}`);
    });
    return browser;
  }

  async page(url) {
    const page = await this.context.newPage();
    page.setDefaultTimeout(240_000);
    page.on("pageerror", (error) => this.problems.push(`an error: ${error.message}`));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.problems.push(`the console says: ${message.text()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`violation of ${event.effectiveDirective} by ${event.blockedURI}`),
      );
    });
    if (url) await page.goto(url);
    return page;
  }

  check() {
    const left = this.problems.filter((problem) => !this.allowed.some((pattern) => pattern.test(problem)));
    assertEqual(left, [], "what went wrong unseen");
  }
}

// --- What people do ---------------------------------------------------------------------------------------------------

export const panel = (page) => page.locator("[role=tabpanel]:visible");
export const answer = (page) => page.locator("#answer .label");

/** Strokes through points in units of the drawing's side. */
export async function draw(page, ...strokes) {
  const canvas = panel(page).locator("canvas.drawing");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  for (const stroke of strokes) {
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(stroke[0]));
    await page.mouse.down();
    for (const point of stroke.slice(1)) await page.mouse.move(...at(point), { steps: 5 });
    await page.mouse.up();
  }
}

/** Presses the button and waits until it has ended: what the row under it says then, or the banner. */
export async function ask(page, words = "Encrypt and ask") {
  await panel(page).getByRole("button", { name: words }).click();
  await ended(page);
  const failure = panel(page).locator(".work .banner:visible");
  return (await failure.count()) > 0 ? failure.innerText() : panel(page).locator(".work .status").innerText();
}

export async function ended(page) {
  await panel(page).getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });
}

export async function choose(page, ...files) {
  await panel(page).locator("input[type=file]").first().setInputFiles(files);
}

export async function preview(page) {
  await panel(page).locator(".preview canvas:visible").waitFor();
}

export const steps = (page) => panel(page).locator(".steps tbody th").allInnerTexts();
export const notes = (page) => panel(page).locator(".work .notes").innerText();
export const banner = (page) => panel(page).locator(".work .banner:visible").innerText();

/** The confidences that are shown, by class. */
export async function shares(page) {
  const rows = await panel(page).locator(".bars li").allInnerTexts();
  return Object.fromEntries(
    rows.map((row) => {
      const parts = row.trim().split(/\s+/);
      return [parts[0], Number(row.match(/([\d.]+) %/)[1]) / 100];
    }),
  );
}

/** What the network was asked about, as a PNG of the page's own. */
export async function previewPng(page) {
  const url = await panel(page)
    .locator(".preview canvas")
    .evaluate((canvas) => canvas.toDataURL("image/png"));
  return Buffer.from(url.split(",")[1], "base64");
}

/** The class that the network says in the clear and encrypted, by the program: whether it is `digit`. */
export function programSays(place, png, digit) {
  const folder = place.path("checked", "test", String(digit));
  fs.rmSync(place.path("checked"), { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "picture.png"), png);
  const json = JSON.parse(
    obscura(
      "evaluate",
      "--network",
      path.join(here.source, "models/tenseal-mnist.onnx"),
      "--dataset",
      place.path("checked"),
      "--json",
    ),
  );
  return json.plain_accuracy === 1 && json.encrypted_accuracy === 1;
}
