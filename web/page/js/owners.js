// Keys of this browser: one set for each program that a server runs, made when it is needed, kept in IndexedDB.
import { confirmed, passphrase } from "./dialogs.js";
import { alone } from "./sending.js";
import { importedSpecs } from "./spec_hash.js";
import { bytesText } from "./text.js";

/** More than that is asked for before it is made and sent. */
const kAskAbove = 64e6;

export const storedName = (model) => `${model.name}-${model.clientSpec.slice(0, 12)}`;

/** Of keys under storedName: the model that they were made for. */
const modelOf = (name) => name.replace(/-[0-9a-f]{12}$/, "");

export class Owners {
  constructor(obscura, store, server) {
    Object.assign(this, { obscura, store, server });
    this.open = new Map();
    /** Under which keys are kept that are made from now on; "": none. */
    this.passphrase = "";
  }

  async stored(model) {
    const imported = importedSpecs();
    return (await this.store.list()).find((keys) => (keys.clientSpec || imported[keys.id]) === model.clientSpec);
  }

  /** Keys for the same name of a model that is another one now. */
  async older(model) {
    return (await this.store.list()).filter(
      (keys) => keys.clientSpec && keys.clientSpec !== model.clientSpec && modelOf(keys.name) === model.name,
    );
  }

  /** Closes what is open, so that passphrases are asked for again. */
  async forget(name) {
    for (const [spec, owner] of this.open) {
      if (name !== undefined && owner.name !== name) continue;
      this.open.delete(spec);
      await owner.free().catch(() => {});
    }
  }

  /**
   * { owner, made }: the owner for a model, open, opened from the store, or new, and then its evaluation keys; null where
   * the person does not want to. `journey` is told
   * of keys that are made, `say` of what goes on, `note` of what is worth knowing later.
   */
  async forModel(model, { journey, say, note, progress }) {
    const known = this.open.get(model.clientSpec);
    if (known && (await this.stored(model))) return { owner: known };
    if (known) {
      this.open.delete(model.clientSpec);
      note("The keys of this model are gone from this browser: new ones are made.");
    }
    // Two tabs at once make one set.
    return alone(`obscura ${model.clientSpec}`, async () => {
      const there = await this.stored(model);
      const found = there ? await this.#opened(there, say) : await this.#made(model, { journey, say, note, progress });
      if (found) this.open.set(model.clientSpec, found.owner);
      return found;
    });
  }

  async #opened(keys, say) {
    say("Opening your keys");
    if (!keys.sealed) return { owner: await this.store.open(keys.name) };
    for (let error = ""; ;) {
      const given = await passphrase({
        title: "Your keys are under a passphrase",
        text: `To encrypt for ${keys.network || keys.name} and to read its answers, this page needs the secret key of ${keys.name}.`,
        hint: "It goes nowhere. Whoever forgets it cannot open these keys: delete them under Keys, and new ones are made.",
        error,
      });
      if (given === null) return null;
      try {
        say("Opening your keys");
        return { owner: await this.store.open(keys.name, given) };
      } catch (failure) {
        if (failure.kind !== "mismatch") throw failure;
        error = "That is not the passphrase of these keys.";
      }
    }
  }

  async #made(model, { journey, say, note, progress }) {
    const older = await this.older(model);
    const size = bytesText(model.evaluationKeyBytes);
    if (
      model.evaluationKeyBytes > kAskAbove &&
      !(await confirmed(
        `New keys of ${size}`,
        `Model ${model.name} needs keys of ${size}. They are made here, which may take a minute, and sent to the server once. ` +
          "They decrypt nothing.",
        "Make and send them",
      ))
    )
      return null;
    say(`Making keys for ${model.name}`);
    const spec = await this.server.ask((remote) => remote.clientSpec(model));
    const begun = performance.now();
    const owner = await this.obscura.createOwner(spec);
    const keys = await owner.evaluationKeys((done, total) => progress("Making keys", done, total));
    journey.add("keys made", "here", performance.now() - begun, keys.length);
    const saving = performance.now();
    const kept = await this.store.save(storedName(model), owner, {
      clientSpec: model.clientSpec,
      passphrase: this.passphrase === "" ? undefined : this.passphrase,
    });
    journey.add("keys kept", "here", performance.now() - saving);
    if (older.length > 0) {
      note(
        `Model ${model.name} is not the one that your earlier keys were made for: whoever runs the server compiled it again. ` +
          "New keys were made; the earlier ones are still under Keys.",
      );
    }
    return { owner: kept, made: keys };
  }
}
