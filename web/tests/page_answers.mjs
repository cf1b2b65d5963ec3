// Pictures that are drawn, dropped and chosen, and the answers to them.
import fs from "node:fs";
import {
  answer,
  ask,
  assert,
  assertEqual,
  choose,
  draw,
  notes,
  panel,
  preview,
  previewPng,
  programSays,
  sample,
  shares,
  steps,
  TestBrowser,
  TestServer,
} from "./support.mjs";

async function begun(place, options = {}) {
  const server = await new TestServer(place, options).start();
  const browser = await TestBrowser.start(place, server, options.browser);
  const page = await browser.page(server.link);
  await page.locator("canvas.drawing").first().waitFor();
  return { server, browser, page };
}

/** Drawn digits are what they are, and what the program says to the very picture that was encrypted. */
export async function draws(place) {
  const { server, browser, page } = await begun(place);
  const digits = {
    1: [
      [
        [0.5, 0.15],
        [0.5, 0.85],
      ],
    ],
    7: [
      [
        [0.3, 0.2],
        [0.7, 0.2],
        [0.45, 0.85],
      ],
    ],
    0: [
      [
        [0.5, 0.15],
        [0.3, 0.3],
        [0.28, 0.6],
        [0.45, 0.85],
        [0.65, 0.8],
        [0.75, 0.5],
        [0.65, 0.2],
        [0.5, 0.15],
      ],
    ],
  };
  let first = true;
  for (const [digit, strokes] of Object.entries(digits)) {
    await panel(page).getByRole("button", { name: "Clear" }).click();
    await draw(page, ...strokes);
    assert((await ask(page)).startsWith("Answered in"), "there is no answer");
    assertEqual(await answer(page).innerText(), digit, "the answer");
    assert(programSays(place, await previewPng(page), digit), `the program says otherwise than ${digit} in the clear`);
    const done = await steps(page);
    assertEqual(done.includes("keys made"), first, "whether keys were made");
    assertEqual(
      done.slice(-5),
      ["picture encrypted", "query sent", "network run", "answer sent", "answer decrypted"],
      "the steps",
    );
    first = false;
  }
  const log = server.log();
  assert(!log.includes(server.token), "the token is in the server's log");
  assert(!page.url().includes("token"), "the token is in the address");
  browser.check();
}

function sameShares(found, native, within) {
  const top = native.images[0].top;
  assertEqual(top.length, 10, "classes of the program");
  for (const { label: name, confidence } of top) {
    assert(
      Math.abs(found[name] - confidence) < within,
      `class ${name}: ${found[name]} here, ${confidence} by the program`,
    );
  }
}

function enlarged(page, name) {
  return page.evaluate(async (sampled) => {
    const picture = await createImageBitmap(await (await fetch(`samples/${sampled}.png`)).blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: 101, height: 97 });
    const c = canvas.getContext("2d");
    c.drawImage(picture, 0, 0, 101, 97);
    return canvas.toDataURL("image/png");
  }, name);
}

/** A file that is dropped, one that is chosen, a sample; with what the program's own client says to the same file. */
export async function drops(place) {
  const { server, browser, page } = await begun(place);
  const bytes = fs.readFileSync(sample("5-1")).toString("base64");
  const transfer = await page.evaluateHandle((base64) => {
    const data = new DataTransfer();
    data.items.add(
      new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "five.png", { type: "image/png" }),
    );
    return data;
  }, bytes);
  await panel(page).locator(".picture-input").dispatchEvent("drop", { dataTransfer: transfer });
  await preview(page);
  assert((await panel(page).locator(".drop").innerText()).includes("five.png"), "the file is not named");
  await ask(page);
  assertEqual(await answer(page).innerText(), "5", "the answer to what was dropped");
  const native = JSON.parse(
    server.remote("classify", sample("5-1"), "--keys", place.path("keys"), "--top", "10", "--json"),
  );
  const found = await shares(page);
  sameShares(found, native, 0.001);
  // Of another size: resized here, and by the program, which averages and interpolates with OpenCV.
  const large = place.path("large.png");
  fs.writeFileSync(large, Buffer.from((await enlarged(page, "6-0")).split(",")[1], "base64"));
  await choose(page, large);
  await page.waitForFunction(() => document.querySelector("#panel-classify .drop").textContent.includes("large.png"));
  assert(
    (await panel(page).locator(".preview .notes").innerText()).includes("resized from 101x97 to 28x28"),
    "of its size nothing is said",
  );
  await ask(page);
  sameShares(
    await shares(page),
    JSON.parse(server.remote("classify", large, "--keys", place.path("keys"), "--top", "10", "--json")),
    0.01,
  );
  await choose(page, sample("8-0"));
  await panel(page).getByText("the answer to the picture before").waitFor();
  await ask(page);
  assertEqual(await answer(page).innerText(), "8", "the answer to what was chosen");
  assert(
    !(await panel(page).getByText("the answer to the picture before").isVisible()),
    "the answer is said to be an earlier picture's",
  );
  await panel(page).getByRole("button", { name: "Sample: a drawn 2" }).click();
  await page.waitForFunction(() =>
    document.querySelector("#panel-classify .drop").textContent.includes("sample 2-0.png"),
  );
  await ask(page);
  assertEqual(await answer(page).innerText(), "2", "the answer to a sample");
  browser.check();
}

/** What is done to a picture is said: size, proportions, colour, light and dark. */
export async function says_what_it_does(place) {
  const { browser, page } = await begun(place);
  const make = (body) =>
    page
      .evaluate(async (code) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 120, height: 80 });
        const c = canvas.getContext("2d");
        const draws = {
          red: () => {
            c.fillStyle = "#c22";
            c.fillRect(0, 0, 120, 80);
            c.fillStyle = "#2c2";
            c.fillRect(40, 20, 40, 40);
          },
          ink: () => {
            c.fillStyle = "#fff";
            c.fillRect(0, 0, 120, 80);
            c.fillStyle = "#000";
            c.fillRect(50, 10, 14, 60);
          },
          clear: () => {
            c.fillStyle = "#000";
            c.fillRect(50, 10, 14, 60);
          },
          even: () => {
            c.fillStyle = "#888";
            c.fillRect(0, 0, 120, 80);
          },
        };
        draws[code]();
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
        return Array.from(new Uint8Array(await blob.arrayBuffer()));
      }, body)
      .then((bytes) => ({ name: `${body}.png`, mimeType: "image/png", buffer: Buffer.from(bytes) }));
  const said = async (what) => {
    await choose(page, await make(what));
    await page.waitForFunction(
      (name) => document.querySelector("#panel-classify .drop").textContent.includes(name),
      `${what}.png`,
    );
    return panel(page).locator(".preview .notes").innerText();
  };
  const red = await said("red");
  assert(red.includes("converted from colour to grey"), `of colour is said: ${red}`);
  assert(red.includes("resized from 120x80 to 28x28, which changes its proportions"), `of size is said: ${red}`);
  await panel(page).getByLabel("Other proportions").selectOption("crop");
  assert(
    (await panel(page).locator(".preview .notes").innerText()).includes(
      "cropped from 120x80 to the 80x80 in its middle",
    ),
    "of cropping nothing is said",
  );
  await panel(page).getByLabel("Other proportions").selectOption("letterbox");
  assert(
    (await panel(page).locator(".preview .notes").innerText()).includes("between black bars"),
    "of bars nothing is said",
  );
  await panel(page).getByLabel("Other proportions").selectOption("stretch");
  assert((await said("ink")).includes("turn light and dark around"), "dark ink on white is taken without a word");
  await panel(page).getByLabel("Light and dark turned around").check();
  assert(
    (await panel(page).locator(".preview .notes").innerText()).includes("light and dark are turned around"),
    "of turning nothing is said",
  );
  assert((await said("clear")).includes("transparency is laid over white"), "of transparency nothing is said");
  assert((await said("even")).includes("one even area"), "an even area is taken without a word");
  browser.check();
}

/** By the keyboard alone: from the top of the page to an answer. */
export async function keyboard(place) {
  const { browser, page } = await begun(place);
  const focused = () =>
    page.evaluate(() => document.activeElement.className + " " + document.activeElement.textContent.slice(0, 40));
  const tabTo = async (wanted) => {
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press("Tab");
      if ((await focused()).includes(wanted)) return;
    }
    throw new Error(`the key Tab does not lead to '${wanted}'`);
  };
  await tabTo("Skip to the content");
  await tabTo("Classify");
  await page.keyboard.press("ArrowRight");
  assert(await page.locator("#panel-search").isVisible(), "arrows do not change tabs");
  await page.keyboard.press("ArrowLeft");
  await tabTo("drawing");
  await page.keyboard.press("Space");
  for (let i = 0; i < 15; ++i) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await tabTo("Encrypt and ask");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() =>
    document.querySelector("#panel-classify .work .status").textContent.startsWith("Answered"),
  );
  assertEqual(await answer(page).innerText(), "1", "the answer to a line");
  browser.check();
}

/** The first answer after the page was opened, keys and all, with every part: for people to read. */
export async function first_answer(place) {
  const { browser, server, page } = await begun(place);
  for (const name of ["opened for the first time", "opened again, keys made anew"]) {
    await page
      .evaluate(async () => {
        for (const { name } of await indexedDB.databases())
          await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
      })
      .catch(() => {});
    const begin = Date.now();
    const fresh = await browser.page(server.link);
    await fresh.getByRole("button", { name: "Sample: a drawn 3" }).click();
    await fresh.locator(".preview canvas:visible").waitFor();
    const ready = Date.now();
    await ask(fresh);
    const end = Date.now();
    assertEqual(await answer(fresh).innerText(), "3", "the answer");
    const rows = await fresh.locator(".steps tbody tr").allInnerTexts();
    console.log(
      `${name}: ${end - begin} ms: page ${ready - begin} ms, answer ${end - ready} ms\n  ${rows.map((row) => row.replace(/\s+/g, " ")).join("\n  ")}`,
    );
    await fresh.close();
  }
  browser.check();
}

export async function stops(place) {
  const { browser, page } = await begun(place);
  await page.getByRole("button", { name: "Sample: a drawn 3" }).click();
  await preview(page);
  browser.allowed.push(/status of 424/);
  // The keys do not get through until it was stopped.
  await page.route("**/v2/obscura/keys/**", () => {});
  await panel(page).getByRole("button", { name: "Encrypt and ask" }).click();
  await page.waitForFunction(() =>
    document.querySelector("#panel-classify .work .status").textContent.includes("ending keys"),
  );
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await page.waitForFunction(() => document.querySelector("#panel-classify .work .status").textContent === "Stopped.");
  await page.unroute("**/v2/obscura/keys/**");
  await ask(page);
  assertEqual(await answer(page).innerText(), "3", "the answer after another try");
  assert((await notes(page)).includes("did not have your keys"), "that keys are sent now is not said");
  browser.check();
}
