// Keys of this browser: what there is, under a passphrase or not; taken elsewhere, brought here, deleted.
import { confirmed, passphrase } from "./dialogs.js";
import { explained } from "./explained.js";
import { rememberSent, sentKeys } from "./sending.js";
import { inArchive, rememberSpec, serverSpecHash } from "./spec_hash.js";
import { countText, dateText, make, nameText } from "./text.js";

const kMostArchive = 2 ** 30;

export class KeysView {
  constructor({ obscura, store, owners, server }) {
    Object.assign(this, { obscura, store, owners, server });
    this.element = this.#build();
  }

  #build() {
    this.list = make("ul.keys");
    this.none = make("p.hint", {}, "There are none yet. They are made when you ask for the first time.");
    this.said = make("p.status", { role: "status" });
    this.banner = make("div.banner.bad", { role: "alert", hidden: true });
    this.file = make("input.file", {
      type: "file",
      id: "keys-file",
      accept: ".tar,application/x-tar",
      onchange: () => this.#import(),
    });
    this.sealNew = make("input", { type: "checkbox", onchange: () => this.#sealNew() });
    return make(
      "div",
      {},
      make(
        "section.card",
        {},
        make("h3", {}, "Keys in this browser"),
        make(
          "p",
          {},
          "A secret key encrypts your pictures and reads their answers. It never leaves this browser, unless you export it. To lose it " +
            "loses no picture: new keys are made, and sent, when you ask again. Answers on their way to old ones cannot be read any more.",
        ),
        this.none,
        this.list,
        make(
          "label.check",
          {},
          this.sealNew,
          make("span", {}, "Keep keys that are made from now on under a passphrase"),
        ),
        make(
          "div.row",
          {},
          this.file,
          make("label.button.quiet", { for: "keys-file" }, "Import keys\u2026"),
          make("span.hint", {}, "A file that was exported here, or a tar archive of a folder of obscura keygen"),
        ),
        this.said,
        this.banner,
      ),
    );
  }

  async show() {
    const all = await this.store.list();
    this.none.hidden = all.length > 0;
    const sent = sentKeys();
    this.list.replaceChildren(...all.map((keys) => this.#row(keys, sent[keys.id])));
  }

  #row(keys, hash) {
    const button = (text, work) =>
      make("button.quiet", { type: "button", onclick: () => this.#do(() => work(keys, hash)) }, text);
    return make(
      "li",
      {},
      make(
        "div",
        {},
        make(
          "p",
          {},
          make("b", {}, nameText(keys.name)),
          make(`span.tag${keys.sealed ? ".good" : ""}`, {}, keys.sealed ? "under a passphrase" : "no passphrase"),
        ),
        make(
          "p.hint",
          {},
          `for ${nameText(keys.network) || "a network"}, made ${dateText(keys.created)}; key ${keys.id.slice(0, 16)}; ` +
            `${countText(keys.records, "query", "queries")} on record` +
            (hash ? "; its evaluation half was sent to this server" : ""),
        ),
      ),
      make(
        "div.buttons",
        {},
        button("Export", (k) => this.#export(k)),
        button(keys.sealed ? "Change passphrase" : "Set a passphrase", (k) => this.#seal(k)),
        hash ? button("Delete at the server", (k, h) => this.#forgetThere(k, h)) : null,
        button("Delete", (k) => this.#remove(k)),
      ),
    );
  }

  /** Whatever a button does: its failure is said, and the list is shown anew. */
  async #do(work) {
    this.banner.hidden = true;
    this.said.textContent = "";
    try {
      this.said.textContent = (await work()) ?? "";
    } catch (error) {
      const { title, text } = explained(error);
      this.banner.replaceChildren(make("b", {}, title), " ", text);
      this.banner.hidden = false;
    }
    await this.show();
  }

  async #export(keys) {
    const warn = keys.sealed
      ? "Its secret key stays under its passphrase."
      : "ITS SECRET KEY IS NOT UNDER A PASSPHRASE: whoever gets the file reads what was encrypted with it. Set a passphrase first to change that.";
    if (
      !(await confirmed(
        `Export ${keys.name}?`,
        `A file with all of these keys, for another browser or for the program obscura. ${warn}`,
        "Export",
      ))
    )
      return "";
    const url = URL.createObjectURL(await this.store.export(keys.name));
    const link = make("a", { href: url, download: `${keys.name}.keys.tar` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return `${keys.name} was exported. In a folder of its own, obscura decrypt --keys reads it.`;
  }

  async #seal(keys) {
    let now;
    for (let error = ""; ;) {
      if (keys.sealed) {
        now = await passphrase({ title: "The passphrase as it is", text: `Of ${keys.name}.`, error });
        if (now === null) return "";
      }
      const next = await passphrase({
        title: "A new passphrase",
        text: `The secret key of ${keys.name} is sealed with it.`,
        fresh: true,
        hint: "Nobody can bring it back. Whoever forgets it needs new keys.",
      });
      if (next === null) return "";
      try {
        this.said.textContent = "Sealing";
        await this.store.changePassphrase(keys.name, now, next);
        await this.owners.forget(keys.name);
        return `${keys.name} is under the new passphrase.`;
      } catch (failure) {
        if (failure.kind !== "mismatch" || !keys.sealed) throw failure;
        error = "That is not the passphrase of these keys.";
      }
    }
  }

  async #remove(keys) {
    const text =
      "They cannot be brought back unless they were exported. Answers to queries that are on their way cannot be read then. " +
      "The server keeps its half, which decrypts nothing, until it expires there.";
    if (!(await confirmed(`Delete ${keys.name}?`, text, "Delete"))) return "";
    await this.owners.forget(keys.name);
    await this.store.remove(keys.name);
    rememberSent(keys.id, "");
    return `${keys.name} is deleted.`;
  }

  async #forgetThere(keys, hash) {
    const text = "The server forgets the evaluation half. When you ask again it is sent again.";
    if (!(await confirmed(`Delete ${keys.name} at the server?`, text, "Delete there"))) return "";
    await this.server.ask((remote) => remote.deleteKeys(hash));
    rememberSent(keys.id, "");
    return `The server has forgotten ${keys.name}.`;
  }

  async #sealNew() {
    this.owners.passphrase = "";
    if (!this.sealNew.checked) return;
    const given = await passphrase({
      title: "A passphrase for new keys",
      text: "Keys that are made in this tab from now on are sealed with it.",
      fresh: true,
      hint: "Nobody can bring it back. Whoever forgets it needs new keys.",
    });
    this.sealNew.checked = given !== null;
    this.owners.passphrase = given ?? "";
  }

  #import() {
    const file = this.file.files[0];
    if (file) this.#do(() => this.#imported(file).finally(() => (this.file.value = "")));
  }

  async #imported(file) {
    if (file.size > kMostArchive) throw new Error(`${nameText(file.name)} is larger than any file of keys.`);
    const name = file.name.replace(/(\.keys)?\.tar$/, "").slice(0, 80) || "imported";
    if ((await this.store.list()).some((keys) => keys.name === name)) {
      throw new Error(`There are keys called ${name} already: delete them first, or give the file another name.`);
    }
    const archive = new Uint8Array(await file.arrayBuffer());
    let keys = null;
    for (let given, error = ""; keys === null;) {
      try {
        keys = await this.store.import(name, archive, { passphrase: given });
      } catch (failure) {
        if (failure.kind !== "mismatch" || !failure.message.includes("passphrase")) throw failure;
        if (given !== undefined) error = "That is not the passphrase of these keys.";
        given = await passphrase({
          title: "These keys are under a passphrase",
          text: `To see that ${name} is whole, it is opened once. It is kept under its passphrase.`,
          error,
        });
        if (given === null) return "";
      }
    }
    const spec = inArchive(archive, "client.spec");
    if (spec) rememberSpec(keys.id, await serverSpecHash(this.obscura, spec));
    return `${keys.name} is here, for ${nameText(keys.network)}.`;
  }
}
