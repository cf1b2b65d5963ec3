// A picture to a class: encrypt here, compute there, decrypt here, with every step timed.
import { kSentAgain, sendKeys } from "./sending.js";

/**
 * Gives { predictions, query, answer }, or null where the person does not want keys to be made. Throws what goes wrong; a
 * server that does not know the keys (any more) gets them. `tell`: { say, note, progress }.
 */
export async function classify({ server, owners, model, pixels, journey, tell, signal }) {
  const found = await owners.forModel(model, { journey, ...tell });
  if (found === null) return null;
  const { owner, made } = found;
  signal.throwIfAborted();
  if (made) await sendKeys({ server, owner, made, journey, tell, signal });
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
    if (await sendKeys({ server, owner, journey, tell, signal })) tell.note(kSentAgain);
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
