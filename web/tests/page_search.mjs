// Finding pictures: what is like one's own, without the server knowing.
import path from "node:path";
import {
  assert,
  assertEqual,
  ask,
  choose,
  here,
  obscura,
  panel,
  preview,
  sample,
  steps,
  TestBrowser,
  TestServer,
} from "./support.mjs";

export async function finds(place) {
  const gallery = path.join(here.served, "gallery");
  const server = await new TestServer(place, { galleries: [gallery] }).start();
  const browser = await TestBrowser.start(place, server);
  browser.allowed.push(/status of 424/);
  const page = await browser.page(server.link);
  await page.locator("canvas.drawing").first().waitFor();
  await page.locator("#tab-search").click();
  for (const digit of ["4", "8"]) {
    await choose(page, sample(`${digit}-0`));
    await preview(page);
    const said = await ask(page, "Encrypt and search");
    assert(said.startsWith("Found in"), `it says '${said}'`);
    const names = await panel(page).locator(".found li").allInnerTexts();
    assertEqual(names.length, 5, "pictures found");
    const plain = JSON.parse(
      obscura(
        "search",
        sample(`${digit}-0`),
        "--gallery",
        gallery,
        "--network",
        path.join(here.source, "models/tenseal-mnist.onnx"),
        "--mode",
        "plain",
        "--json",
      ),
    );
    const expected = plain.results.map((hit) => hit.name);
    names.forEach((text, i) =>
      assert(
        text.includes(expected[i]),
        `place ${i + 1}: ${text}, where the program finds ${expected[i]} in the clear`,
      ),
    );
  }
  const done = await steps(page);
  for (const step of ["query sent", "scores computed", "private fetch asked", "pictures fetched"])
    assert(done.includes(step), `${step} is not among ${done}`);
  browser.check();
}
