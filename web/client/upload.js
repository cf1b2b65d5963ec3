// Evaluation keys, piece by piece, from where an earlier upload was cut.
import { RemoteError } from './errors.js';
import { Fields, readKeyStatus } from './facts.js';
import { jsonOf, pause } from './http.js';

const kLeastPiece = 2 ** 16;
const kMostConflicts = 8;
/** So long keys may be all there and not ready: another client's last piece, which is being checked. */
const kLongestCheckMs = 60_000, kLongestPauseMs = 1_000;

export async function uploadKeys({ http, keys, hash, status, pieceBytes, options }) {
  let piece = Math.max(Math.min(pieceBytes, 4 * 2 ** 20), 1), conflicts = 0;
  const tell = (done) => options.progress?.('keys sent', done, keys.length);
  const put = async (from) => {
    const to = Math.min(from + piece, keys.length);
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Range': `bytes ${from}-${to - 1}/${keys.length}` };
    const request = { path: `/v2/obscura/keys/${hash}`, method: 'PUT', headers, body: keys.subarray(from, to) };
    const { body } = await http.ask(request, options);
    const now = readKeyStatus(new Fields(jsonOf(body), 'what the server answers to keys'));
    if (now.hash !== hash) throw new RemoteError('unexpected', 'the server answers for other keys than were sent', 200);
    if (now.state !== 'ready' && now.bytes <= from) throw new RemoteError('unexpected', `${http.address} takes pieces of keys, and does not keep them`, 200);
    return now;
  };
  /** It is where it says, or, where it does not say, where its status does. */
  const afterConflict = (error) => {
    if (++conflicts > kMostConflicts) throw error;
    const bytes = Number(error.details.bytes);
    return Number.isSafeInteger(bytes) && bytes >= 0 && bytes < keys.length ? { hash, state: 'partial', bytes, total: keys.length } : status();
  };
  const afterCheck = async () => {
    const end = Date.now() + kLongestCheckMs;
    for (let wait = 100; Date.now() < end; wait = Math.min(2 * wait, kLongestPauseMs)) {
      await pause(wait, options.signal);
      const next = await status();
      if (next.state === 'ready' || next.bytes < keys.length) return next;
    }
    throw new RemoteError('unexpected', `${http.address} has all of the keys, and says that it has not`, 200);
  };
  let now = await status();
  while (now.state !== 'ready') {
    tell(Math.min(now.bytes, keys.length));
    if (now.bytes >= keys.length) {
      now = await afterCheck();
      continue;
    }
    try {
      now = await put(now.bytes);
    } catch (error) {
      if (error.status === 409) {
        now = await afterConflict(error);
      } else if (error.status === 413 && piece > kLeastPiece) {
        piece = Math.max(Math.floor(piece / 4), kLeastPiece);  // a proxy refuses large ones
      } else {
        throw error;
      }
    }
  }
  tell(keys.length);
  return now;
}
