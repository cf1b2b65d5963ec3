// A picture to a class: encrypt here, compute there, decrypt here, with every step timed.
import { rememberSent } from "./owners.js";

/**
 * Gives { predictions, query, answer }, or null where the person does not want keys to be made. Throws what goes wrong; a
 * server that does not know the keys (any more) gets them. `tell`: { say, note, progress }.
 */
export async function classify({ server, owners, obscura, model, pixels, journey, tell, signal }) {
  const found = await owners.forModel(model, { journey, ...tell });
  if (found === null) return null;
  const { owner, made } = found;
  signal.throwIfAborted();
  if (made) await sendKeys({ server, obscura, owner, made, journey, tell, signal });
  tell.say("Encrypting");
  const query = await journey.timed(
    "picture encrypted",
    "here",
    () => owner.encrypt(pixels),
    (bytes) => bytes.length,
  );
  signal.throwIfAborted();
  tell.say("The server computes on what it cannot read");
  let answer = await infer(server, model, query, signal);
  if (answer === null) {
    tell.note("The server did not have your keys (any more): they were sent again.");
    await sendKeys({ server, obscura, owner, journey, tell, signal });
    tell.say("The server computes on what it cannot read");
    answer = await infer(server, model, query, signal);
    if (answer === null)
      throw new Error("The server took your keys and says at once that it does not know them: ask who runs it.");
  }
  const { up, server: computed, down } = answer.parts;
  journey.add("query sent", "up", up, query.length);
  journey.add("network run", "server", computed);
  journey.add("answer sent", "down", down, answer.bytes.length);
  tell.say("Decrypting");
  const predictions = await journey.timed("answer decrypted", "here", () => owner.read(answer.bytes));
  return { predictions, query, answer: answer.bytes };
}

/** Null where the server does not know the keys. */
async function infer(server, model, query, signal) {
  try {
    const bytes = await server.ask((remote) => remote.infer(model.name, query, { signal }));
    return { bytes, parts: server.partsOfLast() };
  } catch (error) {
    if (error.code !== "keys_unknown") throw error;
    return null;
  }
}

/** Where the server has them, or a part, only the rest goes. */
async function sendKeys({ server, obscura, owner, made, journey, tell, signal }) {
  tell.say("Sending keys, which decrypt nothing");
  const keys = made ?? (await owner.evaluationKeys((done, total) => tell.progress("Making keys", done, total)));
  const begun = performance.now();
  const status = await server.ask((remote) =>
    remote.sendKeys(keys, {
      signal,
      progress: (what, done, total) => tell.progress("Sending keys", done, total),
    }),
  );
  journey.add("keys sent, once", "up", performance.now() - begun, keys.length);
  rememberSent(await owner.id(), status?.hash ?? (await obscura.hash(keys)));
}
