// Evaluation keys to the server: once, by one tab at a time, and what is known of them afterwards.

const kSent = "obscura-sent";

/** One tab at a time. A browser without locks (none that is current) has each tab for itself. */
export const alone = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());

/** What is known of evaluation keys that were sent: { key id: hash of their file }. No secret. */
export function sentKeys() {
  try {
    const known = JSON.parse(localStorage.getItem(kSent) ?? "{}");
    return typeof known === "object" && known !== null ? known : {};
  } catch {
    return {};
  }
}

/** `hash` "": they are not at the server any more. */
export function rememberSent(id, hash) {
  const known = sentKeys();
  if (hash === "") delete known[id];
  else known[id] = hash;
  localStorage.setItem(kSent, JSON.stringify(known));
}

/**
 * Where the server has them, or a part, only the rest goes; where another tab has just sent them, nothing. `made`: the
 * keys, where they are at hand. Gives whether anything was sent.
 */
export function sendKeys({ server, owner, made, journey, tell, signal }) {
  const send = async () => {
    tell.say("Sending keys, which decrypt nothing");
    const id = await owner.id(),
      known = sentKeys()[id];
    if (!made && known) {
      const { state } = await server.ask((remote) => remote.keyStatus(known, { signal }));
      if (state === "ready") return false;
    }
    const keys = made ?? (await owner.evaluationKeys((done, total) => tell.progress("Making keys", done, total)));
    const begun = performance.now();
    const progress = (what, done, total) => tell.progress("Sending keys", done, total);
    const { hash } = await server.ask((remote) => remote.sendKeys(keys, { signal, progress }));
    journey.add("keys sent, once", "up", performance.now() - begun, keys.length);
    rememberSent(id, hash);
    return true;
  };
  return owner.id().then((id) => alone(`obscura sending ${id}`, send));
}

/** Of keys that were sent before: whether the server has them still. */
export async function areThere({ server, owner, signal }) {
  const known = sentKeys()[await owner.id()];
  if (!known) return false;
  return (await server.ask((remote) => remote.keyStatus(known, { signal }))).state === "ready";
}

export const kSentAgain = "The server did not have your keys (any more): they were sent again.";
