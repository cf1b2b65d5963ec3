// What everything here throws, as the native program says it: one line, and a kind to act on.

export class ObscuraError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = 'ObscuraError';
    this.kind = kind;
  }
}

export class RemoteError extends ObscuraError {
  constructor(code, message, status = 0, details = {}, retryAfterMs = undefined) {
    super('remote', message);
    this.name = 'RemoteError';
    this.code = code;
    this.status = status;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }
}

/** As the native side numbers them (wasm/calls.h). */
export const kinds = ['none', 'format', 'mismatch', 'unsupported', 'parameter', 'usage', 'memory', 'cancelled', 'internal'];

/** To and from plain objects, which is what crosses between threads. */
export const packError = (error) =>
  error instanceof RemoteError
    ? { name: 'RemoteError', code: error.code, message: error.message, status: error.status, details: error.details, retryAfterMs: error.retryAfterMs }
    : { name: 'ObscuraError', kind: error instanceof ObscuraError ? error.kind : 'internal', message: String(error?.message ?? error) };

export const unpackError = (packed) =>
  packed.name === 'RemoteError'
    ? new RemoteError(packed.code, packed.message, packed.status, packed.details, packed.retryAfterMs)
    : new ObscuraError(packed.kind, packed.message);
