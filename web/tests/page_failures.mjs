// What goes wrong is said, with what to do; and done, it works.
import fs from "node:fs";
import {
  answer,
  ask,
  assert,
  assertEqual,
  banner,
  choose,
  panel,
  preview,
  sample,
  TestBrowser,
  TestServer,
} from "./support.mjs";

async function begun(place, options = {}) {
  const server = await new TestServer(place, options).start();
  const browser = await TestBrowser.start(place, server);
  const page = await browser.page(server.link);
  await page.locator("canvas.drawing").first().waitFor();
  return { server, browser, page };
}

/** What is no picture, empty, or too large is refused before anything is made of it. */
export async function wrong_files(place) {
  const { browser, page } = await begun(place);
  const large = place.path("large.png");
  fs.writeFileSync(large, "");
  fs.truncateSync(large, 65 * 1024 * 1024);
  const cases = [
    [
      { name: "text.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
      "is no picture that this browser can read",
    ],
    [{ name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) }, "is empty"],
    [
      { name: "half.png", mimeType: "image/png", buffer: fs.readFileSync(sample("3-0")).subarray(0, 60) },
      "is no picture",
    ],
    [large, "the most is 67 MB"],
  ];
  await choose(page, sample("4-0"));
  await preview(page);
  for (const [file, words] of cases) {
    await choose(page, file);
    await page.waitForFunction(
      (text) => document.querySelector("#panel-classify .preview .notes").textContent.includes(text),
      words,
    );
    assert(await panel(page).getByRole("button", { name: "Encrypt and ask" }).isDisabled(), "it can be asked about");
    assert(!(await panel(page).locator(".preview canvas").isVisible()), "the last picture is shown beside the failure");
  }
  await choose(page, sample("4-0"));
  await preview(page);
  await ask(page);
  assertEqual(await answer(page).innerText(), "4", "the answer after wrong files");
  browser.check();
}

/** The server goes and comes back, on the same port. */
export async function server_down(place) {
  const { server, browser, page } = await begun(place);
  browser.allowed.push(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await choose(page, sample("6-0"));
  await preview(page);
  await ask(page);
  await server.stop();
  await ask(page);
  assert((await banner(page)).includes("The server does not answer"), "nothing is said");
  assertEqual(await answer(page).innerText(), "\u2013", "an old answer stands beside the failure");
  await server.start();
  await ask(page);
  assertEqual(await answer(page).innerText(), "6", "the answer when it is back");
  browser.check();
}

/** A token that is none, one that is not taken, then the right one; and what a tenant may not. */
export async function tokens(place) {
  const server = await new TestServer(place).start();
  const browser = await TestBrowser.start(place, server);
  browser.allowed.push(/status of 401/);
  const page = await browser.page(server.origin);
  const dialog = page.locator("#token-dialog");
  await dialog.waitFor();
  const give = async (token) => {
    await dialog.locator("input").fill(token);
    await dialog.getByRole("button", { name: "Use it" }).click();
  };
  await give("secret");
  assert((await dialog.locator(".error").innerText()).includes("That is no token"), "what is no token is taken");
  await give(`obs_${"0".repeat(16)}_${"A".repeat(43)}`);
  await page.waitForFunction(() =>
    document.querySelector("#token-error").textContent.includes("does not take this token"),
  );
  await give(server.token);
  await page.locator("canvas.drawing").first().waitFor();
  assert(!(await page.content()).includes(server.token), "the token stands in the page");
  await page.reload();
  await page.locator("canvas.drawing").first().waitFor();
  assert(!(await dialog.isVisible()), "after a reload the token is asked for again");
  const kept = await page.evaluate(() => [Object.values({ ...localStorage }).join(" "), document.cookie]);
  assert(!kept.join(" ").includes(server.token), "the token outlives the tab");
  browser.check();
}

/** Not over plain http from elsewhere, and not where something is missing. */
export async function refuses(place) {
  const server = await new TestServer(place).start();
  const open = async (name, url, prepare, words) => {
    const browser = await TestBrowser.start(place, server, {
      args: ["--host-resolver-rules=MAP far.example 127.0.0.1"],
    });
    browser.origins.add(`http://far.example:${server.port}`);
    // Rules that a browser heeds on secure origins alone are said to be of no use.
    browser.allowed.push(/Cross-Origin-Opener-Policy header has been ignored/);
    const page = await browser.page();
    if (prepare) await page.addInitScript(prepare);
    await page.goto(url);
    const said = page.locator("#refusal:visible");
    await said.waitFor();
    assert((await said.innerText()).includes(words), `${name}: ${await said.innerText()}`);
    assert(await page.locator("#app").isHidden(), `${name}: the page goes on`);
    assertEqual((await said.innerText()).includes("Nothing was sent"), true, name);
    browser.check();
  };
  await open(
    "insecure",
    `http://far.example:${server.port}/#token=${server.token}`,
    null,
    "not opened over a secure connection",
  );
  await open("wasm", server.link, () => delete globalThis.WebAssembly, "does not run WebAssembly");
  await open(
    "storage",
    server.link,
    () => Object.defineProperty(globalThis, "indexedDB", { value: null }),
    "keeps nothing for this page",
  );
  await open(
    "full",
    server.link,
    () => {
      indexedDB.open = () => {
        const request = {};
        setTimeout(() => request.onerror?.(), 0);
        return request;
      };
    },
    "keeps nothing for this page",
  );
  await open(
    "canvas",
    server.link,
    () => {
      const real = CanvasRenderingContext2D.prototype.getImageData;
      CanvasRenderingContext2D.prototype.getImageData = function (...box) {
        const data = real.apply(this, box);
        data.data[0] ^= 1;
        return data;
      };
    },
    "alters what pages read",
  );
  assert(!server.log().includes('"call":"models"'), "the server was asked");
}

/** Answers that are altered on their way are not shown. */
export async function altered(place) {
  const { browser, page } = await begun(place);
  await choose(page, sample("3-0"));
  await preview(page);
  await ask(page);
  for (const alter of ["byte", "short", "other"]) {
    let before = null;
    await page.route("**/infer", async (route) => {
      const response = await route.fetch();
      let body = await response.body();
      if (alter === "byte") body[body.length >> 1] ^= 4;
      if (alter === "short") body = body.subarray(0, body.length - 40);
      if (alter === "other") body = Buffer.from("{}");
      before = body;
      await route.fulfill({
        response,
        body,
        headers: { ...response.headers(), "content-length": String(body.length) },
      });
    });
    await ask(page);
    assert(before !== null, "the answer was not seen");
    assert((await banner(page)).length > 20, `${alter}: nothing is said`);
    assertEqual(await answer(page).innerText(), "\u2013", `${alter}: an answer is shown`);
    await page.unroute("**/infer");
  }
  await ask(page);
  assertEqual(await answer(page).innerText(), "3", "the answer when nothing alters it");
  browser.check();
}
