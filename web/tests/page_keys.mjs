// Keys: kept, lost, changed, under a passphrase, taken elsewhere.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import {
  answer,
  ask,
  assert,
  assertEqual,
  choose,
  ended,
  here,
  notes,
  obscura,
  panel,
  preview,
  sample,
  steps,
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

async function asked(page, digit = "3") {
  await choose(page, sample(`${digit}-0`));
  await preview(page);
  await ask(page);
  assertEqual(await answer(page).innerText(), digit, "the answer");
  return steps(page);
}

async function tab(page, name) {
  await page.locator(`#tab-${name}`).click();
}

async function rows(page) {
  await tab(page, "keys");
  const list = page.locator("#panel-keys .keys li");
  await list.first().waitFor();
  return list;
}

/** A reload keeps keys; keys that the server lost are sent again; keys that this browser lost are made again. */
export async function kept_and_lost(place) {
  const { server, browser, page } = await begun(place);
  browser.allowed.push(/status of 424/);
  assert((await asked(page)).includes("keys made"), "no keys are made at first");
  await page.reload();
  await page.locator("canvas.drawing").first().waitFor();
  const again = await asked(page, "7");
  assert(
    !again.includes("keys made") && !again.some((step) => step.startsWith("keys sent")),
    `after a reload: ${again}`,
  );
  server.remote("keys", "delete", "all");
  const sent = await asked(page, "5");
  assert(
    !sent.includes("keys made") && sent.some((step) => step.startsWith("keys sent")),
    `after the server lost them: ${sent}`,
  );
  assert((await notes(page)).includes("did not have your keys"), "of keys that are sent again nothing is said");
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.deleteDatabase("obscura-keys");
        request.onsuccess = request.onblocked = resolve;
      }),
  );
  await page.reload();
  await page.locator("canvas.drawing").first().waitFor();
  assert((await asked(page, "2")).includes("keys made"), "after the browser lost them");
  browser.check();
}

/** Keys that are deleted while a page is open are not used on. */
export async function deleted(place) {
  const { browser, page } = await begun(place);
  await asked(page);
  const list = await rows(page);
  assertEqual(await list.count(), 1, "keys");
  await list.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("#confirm-dialog").getByRole("button", { name: "Cancel" }).click();
  assertEqual(await list.count(), 1, "keys after no");
  await list.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("#confirm-yes").click();
  await page.getByText("There are none yet").waitFor();
  await tab(page, "classify");
  assert((await asked(page, "4")).includes("keys made"), "deleted keys are used");
  browser.check();
}

/** Two tabs that ask at once make one set of keys, and both get their answers. */
export async function two_tabs(place) {
  const { server, browser, page } = await begun(place);
  // The one that waited may ask before the other has sent the keys.
  browser.allowed.push(/status of 424/);
  const other = await browser.page(server.link);
  await other.locator("canvas.drawing").first().waitFor();
  await Promise.all([choose(page, sample("3-0")), choose(other, sample("8-0"))]);
  await Promise.all([preview(page), preview(other)]);
  await Promise.all([ask(page), ask(other)]);
  assertEqual([await answer(page).innerText(), await answer(other).innerText()], ["3", "8"], "the answers");
  const made = [await steps(page), await steps(other)].filter((done) => done.includes("keys made"));
  assertEqual(made.length, 1, "sets of keys");
  assertEqual(await (await rows(page)).count(), 1, "keys that are kept");
  browser.check();
}

async function givePassphrase(page, first, again) {
  const dialog = page.locator("#passphrase-dialog");
  await dialog.waitFor();
  await dialog.locator("#passphrase-input").fill(first);
  if (again !== undefined) await dialog.locator("#passphrase-again").fill(again);
  await dialog.getByRole("button", { name: "Go on" }).click();
}

/** Set, wrong, right, changed. */
export async function under_a_passphrase(place) {
  const { browser, page } = await begun(place);
  await asked(page);
  const list = await rows(page);
  await list.getByRole("button", { name: "Set a passphrase" }).click();
  await givePassphrase(page, "short", "short");
  assert((await page.locator("#passphrase-error").innerText()).includes("8 characters"), "a short one is taken");
  await givePassphrase(page, "long enough", "another one");
  assert((await page.locator("#passphrase-error").innerText()).includes("not the same"), "two are taken for one");
  await givePassphrase(page, "long enough", "long enough");
  await list.getByText("under a passphrase").waitFor();
  await page.reload();
  await page.locator("canvas.drawing").first().waitFor();
  await choose(page, sample("6-0"));
  await preview(page);
  await panel(page).getByRole("button", { name: "Encrypt and ask" }).click();
  await givePassphrase(page, "wrong passphrase");
  await page.waitForFunction(() =>
    document.querySelector("#passphrase-error").textContent.includes("not the passphrase"),
  );
  await givePassphrase(page, "long enough");
  await ended(page);
  assertEqual(await answer(page).innerText(), "6", "the answer with the right one");
  assert(!(await steps(page)).includes("keys made"), "new keys were made");
  assert(!(await page.content()).includes("long enough"), "the passphrase stands in the page");
  browser.check();
}

/** What the page exports is a folder of keys to the program, which encrypts and decrypts with it; and comes back. */
export async function exported(place) {
  const { browser, page } = await begun(place);
  await asked(page);
  const list = await rows(page);
  await list.getByRole("button", { name: "Export" }).click();
  assert(
    (await page.locator("#confirm-text").innerText()).includes("NOT UNDER A PASSPHRASE"),
    "of a key in the open nothing is said",
  );
  const coming = page.waitForEvent("download");
  await page.locator("#confirm-yes").click();
  const download = await coming;
  const file = place.path(download.suggestedFilename());
  await download.saveAs(file);
  const folder = place.path("folder");
  fs.mkdirSync(folder);
  execFileSync("tar", ["-xf", file, "-C", folder]);
  const found = execFileSync("find", [folder, "-name", "secret.key"], { encoding: "utf8" }).trim();
  const keys = path.dirname(found);
  for (const name of fs.readdirSync(keys))
    if (fs.statSync(path.join(keys, name)).isFile()) fs.chmodSync(path.join(keys, name), 0o600);
  const program = fs
    .readdirSync(path.join(here.served, "models"))
    .map((name) => path.join(here.served, "models", name, "server.program"))[0];
  assert(obscura("inspect", path.join(keys, "client.spec")).length > 0, "inspect says nothing");
  obscura("encrypt", "--keys", keys, sample("9-0"), "--out", place.path("query.ct"));
  assert(fs.existsSync(path.join(keys, "evaluation.key")), "there is no evaluation.key");
  obscura(
    "classify",
    "--program",
    program,
    "--eval-keys",
    path.join(keys, "evaluation.key"),
    place.path("query.ct"),
    "--out",
    place.path("answer.ct"),
  );
  const said = JSON.parse(obscura("decrypt", "--keys", keys, place.path("answer.ct"), "--json"));
  assertEqual(said.images[0].label, "9", "what the program reads");

  await list.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("#confirm-yes").click();
  await page.getByText("There are none yet").waitFor();
  await page.locator("#keys-file").setInputFiles(file);
  await list.first().waitFor();
  await page
    .locator("#keys-file")
    .setInputFiles({ name: "junk.tar", mimeType: "application/x-tar", buffer: Buffer.alloc(2048, 7) });
  await page.locator("#panel-keys .banner:visible").waitFor();
  assertEqual(await list.count(), 1, "keys after a file that has none");
  browser.check();
}

/** Keys that the program made, under a passphrase, are used by the page for the program that they were made for. */
export async function imported(place) {
  const { browser, page } = await begun(place);
  browser.allowed.push(/status of 424/);
  fs.writeFileSync(place.path("passphrase"), "of the program\n");
  obscura(
    "keygen",
    "--client",
    path.join(here.served, "models/mnist/client.spec"),
    "--out",
    place.path("clinic"),
    "--passphrase-file",
    place.path("passphrase"),
  );
  execFileSync("tar", ["-cf", place.path("clinic.tar"), "-C", place.folder, "clinic"]);
  await tab(page, "keys");
  await page.locator("#keys-file").setInputFiles(place.path("clinic.tar"));
  const list = await rows(page);
  await list.getByText("under a passphrase").waitFor();
  await tab(page, "classify");
  await choose(page, sample("2-0"));
  await preview(page);
  await panel(page).getByRole("button", { name: "Encrypt and ask" }).click();
  await givePassphrase(page, "of another");
  await page.waitForFunction(() =>
    document.querySelector("#passphrase-error").textContent.includes("not the passphrase"),
  );
  await givePassphrase(page, "of the program");
  await ended(page);
  assertEqual(await answer(page).innerText(), "2", "the answer");
  assert(!(await steps(page)).includes("keys made"), "other keys were made");
  browser.check();
}

/** The server's model is another one than yesterday: new keys, and it is said why. */
export async function model_changed(place) {
  const models = place.path("models");
  fs.mkdirSync(models);
  const put = (network) => {
    fs.rmSync(path.join(models, "mnist"), { recursive: true, force: true });
    obscura("compile", path.join(here.source, "models", network), "--out", path.join(models, "mnist"));
  };
  put("tenseal-mnist.onnx");
  const { server, browser, page } = await begun(place, { models });
  browser.allowed.push(/ERR_CONNECTION_REFUSED/);
  await asked(page);
  await server.stop();
  put("obscura-s-mnist.onnx");
  await server.start();
  await page.reload();
  await page.locator("canvas.drawing").first().waitFor();
  assert((await asked(page, "7")).includes("keys made"), "old keys are used for another model");
  assert((await notes(page)).includes("compiled it again"), "why there are new keys is not said");
  assertEqual(await panel(page).locator(".work .banner:visible").count(), 0, "banners: something else went wrong");
  const list = await rows(page);
  await list.nth(1).waitFor();
  assertEqual(await list.count(), 2, "keys: the earlier ones are still there");
  browser.check();
}
