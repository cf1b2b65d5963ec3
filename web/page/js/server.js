// The server that this page came from, and how long everything took there and on the way.
import { Remote } from "../client/index.js";

/** What a server says of its own time (Server-Timing), in milliseconds; 0: nothing. */
export function serverTime(headers) {
  const said = /(?:^|,)\s*server;dur=(\d+(?:\.\d+)?)/.exec(headers.get("server-timing") ?? "");
  return said ? Number(said[1]) : 0;
}

export class Server {
  /** `holder`: of the token (token.js). `travelled` hears of every message. */
  constructor(obscura, holder) {
    this.obscura = obscura;
    this.holder = holder;
    this.listeners = new Set();
    /** Of the last exchange: when it was begun, when its head came, and the server's part of that. */
    this.last = { begun: 0, head: 0, server: 0 };
    this.#connect();
  }

  #connect() {
    this.token = this.holder.token;
    // With the path that a proxy may have put the page under.
    this.remote = new Remote(new URL("..", import.meta.url).href, {
      token: this.token || undefined,
      obscura: this.obscura,
      fetch: (url, options) => this.#fetch(url, options),
      travelled: (what) => this.listeners.forEach((listener) => listener(what)),
    });
  }

  async #fetch(url, options) {
    const begun = performance.now();
    const response = await fetch(url, options);
    this.last = { begun, head: performance.now(), server: serverTime(response.headers) };
    return response;
  }

  /** Hears what travels until the function that it gives back is called. */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * `call` of the remote. Where the token is not taken (or there is none), asks for another one and tries again, until
   * there is none to be had.
   */
  async ask(call) {
    for (;;) {
      if (this.token !== this.holder.token) this.#connect();
      const used = this.token;
      try {
        if (used === "") throw Object.assign(new Error("no token"), { code: "unauthenticated" });
        return await call(this.remote);
      } catch (error) {
        if (error.code !== "unauthenticated") throw error;
        const newer = this.holder.token !== used;
        const why =
          used === "" ? "" : "The server does not take this token: it is another server's, revoked, or expired.";
        if (!newer && !(await this.holder.ask(why))) throw error;
      }
    }
  }

  /** Up, server and down of an exchange that has just ended, in milliseconds. */
  partsOfLast() {
    const { begun, head, server } = this.last;
    return { up: Math.max(0, head - begun - server), server, down: performance.now() - head };
  }
}
