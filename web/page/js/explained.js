// Failures as sentences for people: what was wrong, and what to do.

const kByCode = {
  unreachable: [
    "The server does not answer.",
    "It is stopped, or the network is away. Your picture and your keys are still here: ask again.",
  ],
  unexpected: [
    "What came back is no answer of this service.",
    "Something between may have replaced it. Nothing of it was used: ask again, or ask who runs the server.",
  ],
  unauthenticated: [
    "The server wants a token.",
    "Nothing was asked. Who runs it makes one; the button at the top takes it.",
  ],
  forbidden: [
    "This token does not allow that.",
    "Who runs the server can make one with the scopes infer, keys and search.",
  ],
  not_found: ["The server does not have that any more.", "Load this page again to see what it has."],
  conflict: ["Keys were sent from elsewhere at the same time.", "Ask again: what is there is gone on with."],
  too_large: ["The server does not take that much.", "Ask who runs it."],
  overloaded: ["The server has too much to do.", "Nothing is lost: ask again in a moment."],
  shutting_down: ["The server is being stopped.", "Ask again in a moment."],
  out_of_room: [
    "The server has no room for more keys of this tenant.",
    "Delete keys that are not used, under Keys, or ask who runs it.",
  ],
  timed_out: ["The server took too long.", "Ask again, or ask who runs it."],
};

const kByKind = {
  mismatch: [
    "The answer is none to this question.",
    "It is of other keys, another query or another network, or decrypts to noise. It is not shown, because it could be anything.",
  ],
  format: ["What came back is damaged.", "It is not shown. Ask again, or ask who runs the server."],
  memory: ["This browser has no memory left for that.", "Close other tabs, or use the program on a larger machine."],
  storage: [
    "This browser could not keep that.",
    "Its storage for this site is full or switched off. Nothing half done was kept.",
  ],
  random: ["This browser gives no random numbers.", "Without them nothing can be encrypted. Nothing was sent."],
};

const kGalleryChanged = [
  "The gallery has changed.",
  "Load this page again: it then asks, and makes keys, for the gallery as it is now.",
];

/** { title, text } of an ObscuraError, a RemoteError, or anything else that was thrown. */
export function explained(error) {
  const said = String(error?.message ?? error ?? "").trim();
  const changed = /another version of gallery|changes right now/.test(said);
  const [title, text] =
    (changed && kGalleryChanged) || (kByCode[error?.code] ?? kByKind[error?.kind] ?? ["That did not work.", ""]);
  const wait = error?.retryAfterMs > 0 ? ` (in ${Math.ceil(error.retryAfterMs / 1000)} s)` : "";
  const details = said === "" || error?.code === "unreachable" || error?.code === "unauthenticated" ? "" : ` [${said}]`;
  return { title, text: `${text}${wait}${details}`.trim() };
}
