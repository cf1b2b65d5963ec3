// The page once it may begin: who asks, and its three views.
import { KeyStore, startWorker } from "../client/index.js";
import { ClassifyView } from "./classify_view.js";
import { explained } from "./explained.js";
import { KeysView } from "./keys_view.js";
import { Owners } from "./owners.js";
import { SearchView } from "./search_view.js";
import { Server } from "./server.js";
import { byId, make, nameText } from "./text.js";
import { refuse } from "./refuse.js";
import { TokenHolder } from "./token.js";

const retryButton = (retry) => make("button.quiet", { type: "button", onclick: retry }, "Try again");

/** What a network takes, by its client spec; asked for once. */
function networkFacts(obscura, server) {
  const known = new Map();
  const read = async (model) => {
    const owner = await obscura.createOwner(await server.ask((remote) => remote.clientSpec(model)));
    try {
      return await owner.network();
    } finally {
      await owner.free();
    }
  };
  return (model) => {
    if (!known.has(model.clientSpec)) {
      known.set(
        model.clientSpec,
        read(model).catch((error) => {
          known.delete(model.clientSpec);
          throw error;
        }),
      );
    }
    return known.get(model.clientSpec);
  };
}

/** Tabs by click and by arrows, as authors of screen readers expect them. */
function tabs(shown) {
  const all = [...document.querySelectorAll("[role=tab]")];
  const select = (tab, focus) => {
    for (const one of all) {
      const is = one === tab;
      one.setAttribute("aria-selected", String(is));
      one.tabIndex = is ? 0 : -1;
      byId(one.getAttribute("aria-controls")).hidden = !is;
    }
    if (focus) tab.focus();
    shown(tab.id.replace("tab-", ""));
  };
  all.forEach((tab, i) => {
    tab.addEventListener("click", () => select(tab, false));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      select(all[(to + all.length) % all.length], true);
    });
  });
}

class Page {
  constructor(obscura, holder) {
    this.holder = holder;
    const server = new Server(obscura, holder),
      store = new KeyStore(obscura);
    const owners = new Owners(obscura, store, server),
      facts = networkFacts(obscura, server);
    Object.assign(this, { obscura, server });
    this.classify = new ClassifyView({ server, owners, facts });
    this.search = new SearchView({ server, owners, facts });
    this.keys = new KeysView({ obscura, store, owners, server });
    byId("panel-classify").append(this.classify.element);
    byId("panel-search").append(this.search.element);
    byId("panel-keys").append(this.keys.element);
    tabs((name) => name === "keys" && this.keys.show());
    document.addEventListener("paste", (event) => this.#paste(event));
    byId("token-button").addEventListener("click", async () => (await holder.ask()) && this.connect());
  }

  #paste(event) {
    const file = event.clipboardData?.files[0];
    const view = [this.classify, this.search].find((one) => !one.element.closest("[role=tabpanel]").hidden);
    if (file && view) view.input.take(file, event.clipboardData.files.length);
  }

  #state(text, good) {
    byId("server-state").textContent = text;
    byId("server-state").classList.toggle("good", good);
  }

  /** What the server has; again after another token. */
  async connect() {
    byId("refusal").hidden = true;
    this.#state("Connecting", false);
    try {
      const models = await this.server.ask((remote) => remote.models());
      await this.classify.show(models);
      await this.search.show(await this.#galleries(), models);
      await this.keys.show();
      byId("app").hidden = false;
      this.#state(`Connected to ${location.host}`, true);
    } catch (error) {
      this.#state("Not connected", false);
      refuse(
        explained(error),
        " ",
        retryButton(() => this.connect()),
      );
    }
  }

  /** A token may be for models alone. */
  async #galleries() {
    try {
      return await this.server.ask((remote) => remote.galleries());
    } catch (error) {
      if (error.code === "forbidden") return [];
      throw error;
    }
  }
}

export async function begin() {
  const holder = new TokenHolder();
  let obscura;
  try {
    obscura = await startWorker();
  } catch (error) {
    return refuse(
      { title: "The program that encrypts could not be loaded.", text: String(error?.message ?? error) },
      " ",
      retryButton(() => location.reload()),
    );
  }
  const { version, simd } = await obscura.version();
  byId("version").textContent = `Obscura ${nameText(version)}${simd ? "" : ", without SIMD"}`;
  await new Page(obscura, holder).connect();
}

// Leaving a page asks nobody else: a link may have brought a token while it is open already.
window.addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload());
