// How the page looks and what it allows: on a phone, in the dark, and what may be loaded.
import http from "node:http";
import {
  answer,
  ask,
  assert,
  assertEqual,
  choose,
  panel,
  preview,
  sample,
  TestBrowser,
  TestServer,
} from "./support.mjs";

/** Behind a proxy that has it under a path. */
export async function under_a_path(place) {
  const server = await new TestServer(place).start();
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith("/clinic/")) return response.writeHead(404).end();
    const on = http.request(
      {
        port: server.port,
        host: "127.0.0.1",
        method: request.method,
        path: request.url.slice("/clinic".length),
        headers: request.headers,
      },
      (answered) => {
        response.writeHead(answered.statusCode, answered.headers);
        answered.pipe(response);
      },
    );
    on.on("error", () => response.destroy());
    request.pipe(on);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  place.ends.push(() => (proxy.closeAllConnections(), new Promise((resolve) => proxy.close(resolve))));
  const origin = `http://127.0.0.1:${proxy.address().port}`;
  const browser = await TestBrowser.start(place, { origin });
  const page = await browser.page(`${origin}/clinic/#token=${server.token}`);
  await page.getByRole("button", { name: "Sample: a drawn 7" }).click();
  await preview(page);
  await ask(page);
  assertEqual(await answer(page).innerText(), "7", "the answer");
  browser.check();
}

/** 360 pixels wide: nothing to scroll sideways, and everything large enough for a finger. */
export async function phone(place) {
  const server = await new TestServer(place).start();
  const browser = await TestBrowser.start(place, server, {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await browser.page(server.link);
  await page.locator("canvas.drawing").first().waitFor();
  const fits = async (what) => {
    const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth));
    assert(width <= 360, `${what}: ${width} pixels wide`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, select, input[type=checkbox], label.drop")]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.getBoundingClientRect(), one.textContent.slice(0, 20) || one.className])
        .filter(([box]) => box.width > 0 && (box.width < 18 || box.height < 18))
        .map(([, name]) => name),
    );
    assertEqual(small, [], `${what}: too small for a finger`);
  };
  await fits("drawing");
  await choose(page, sample("3-0"));
  await preview(page);
  await ask(page);
  assertEqual(await answer(page).innerText(), "3", "the answer");
  await fits("an answer");
  // The page scrolls there smoothly.
  const inSight = () =>
    answer(page).evaluate((one) => {
      const box = one.getBoundingClientRect();
      return box.top >= 0 && box.bottom <= innerHeight;
    });
  for (let tries = 0; tries < 50 && !(await inSight()); ++tries) await page.waitForTimeout(100);
  assert(await inSight(), "the answer is out of sight");
  for (const name of ["search", "keys"]) {
    await page.locator(`#tab-${name}`).click();
    await fits(name);
  }
  browser.check();
}

/** Text stands out from its ground by 4.5 to 1 at least (WCAG 2.2, AA), in the light and in the dark. */
export async function contrast(place) {
  const server = await new TestServer(place).start();
  for (const colorScheme of ["light", "dark"]) {
    const browser = await TestBrowser.start(place, server, { colorScheme, reducedMotion: "reduce" });
    const page = await browser.page(server.link);
    await page.locator("canvas.drawing").first().waitFor();
    await choose(page, sample("3-0"));
    await preview(page);
    await ask(page);
    await page.waitForTimeout(300);
    for (const name of ["classify", "keys"]) {
      await page.locator(`#tab-${name}`).click();
      assertEqual(await page.evaluate(poorContrast), [], `${colorScheme}, ${name}: text that does not stand out`);
    }
    browser.check();
  }
}

/** In the page: texts whose contrast is below 4.5 (3 where they are large). */
function poorContrast() {
  const numbers = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.a > 0.99) return color;
    }
    return numbers(getComputedStyle(document.documentElement).backgroundColor);
  };
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const poor = [],
    walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (
      node.data.trim() === "" ||
      !element.checkVisibility() ||
      ["SCRIPT", "OPTION", "NOSCRIPT"].includes(element.tagName)
    )
      continue;
    if (element.closest(":disabled, .skip")) continue;
    const style = getComputedStyle(element),
      [a, b] = [light(numbers(style.color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large =
      parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)} "${node.data.trim().slice(0, 40)}"`);
  }
  return poor;
}

/** The page's own rules hold: nothing that stands in it or comes from elsewhere is run, and frames stay empty. */
export async function rules(place) {
  const server = await new TestServer(place).start();
  const browser = await TestBrowser.start(place, server);
  browser.allowed.push(/violation of|violates the following|Refused to|net::ERR|requests? to http|Framing|blocked/i);
  const page = await browser.page(server.link);
  await page.locator("canvas.drawing").first().waitFor();
  assertEqual(await page.evaluate(() => [crossOriginIsolated, isSecureContext]), [true, true], "isolated, secure");
  assertEqual(
    await page.evaluate(
      () => document.querySelectorAll("script:not([src]), style, [style]:not(.bar, .fill, .pen), [onclick]").length,
    ),
    0,
    "things that stand in the page itself",
  );
  const tried = await page.evaluate(async () => {
    const results = {};
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    results.inline = window.ran === true;
    // Not in this call, in which the rules are lifted for whoever drives the browser.
    results.eval = await new Promise((resolve) =>
      setTimeout(() => {
        try {
          resolve(Function("return true")());
        } catch {
          resolve(false);
        }
      }),
    );
    results.elsewhere = await fetch("https://elsewhere.example/").then(
      () => true,
      () => false,
    );
    const element = document.createElement("div");
    element.setAttribute("style", "color: red");
    results.style = element.style.color === "red";
    return results;
  });
  assertEqual(tried, { inline: false, eval: false, elsewhere: false, style: false }, "what the rules let through");
  assertEqual(
    await page.evaluate(async () => {
      const frame = document.createElement("iframe");
      frame.src = location.origin;
      document.body.append(frame);
      await new Promise((resolve) => ((frame.onload = resolve), setTimeout(resolve, 2000)));
      try {
        return (
          frame.contentDocument?.querySelector("#app") === undefined ||
          frame.contentDocument?.querySelector("#app") === null
        );
      } catch {
        return true;
      }
    }),
    true,
    "the page is not shown in a frame",
  );
  assertEqual(await panel(page).count(), 1, "panels");
}
