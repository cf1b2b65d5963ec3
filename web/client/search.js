// Mode blind: the server scores every place of a gallery on an encrypted picture; what is nearest is fetched privately.
import { ObscuraError, RemoteError } from './errors.js';

const kAtATime = 5;

export async function searchBlind({ gallery, card, hint, ask, network, fetch, engine, top }) {
  if (gallery.blindModel === '') {
    throw new ObscuraError('unsupported', `gallery ${gallery.name} of the server is not searched in mode blind`);
  }
  const fetcher = await engine.createFetcher(await card());
  try {
    const facts = await fetcher.card();
    if (facts.id !== gallery.id || facts.version !== gallery.version) {
      throw new RemoteError('conflict', `gallery ${gallery.name} of the server changes right now: ask again`);
    }
    if (!Number.isInteger(top) || top < 1 || top > Math.min(facts.images, 100)) {
      throw new ObscuraError('usage', `top is ${top}, expected 1 to ${Math.min(facts.images, 100)}: the gallery has ${facts.images} images`);
    }
    if ((await network()).name !== `gallery ${facts.id} version ${facts.version}`) {
      throw new ObscuraError('mismatch', `these keys were made for another version of gallery ${gallery.name}: make keys for the one that is there now`);
    }
    const [prediction] = await ask(gallery.blindModel);
    const nearest = await fetcher.nearest(prediction, top);
    await fetcher.setHint(await hint(gallery));
    const found = [];
    for (let first = 0; first < nearest.length; first += kAtATime) {
      const some = nearest.slice(first, first + kAtATime);
      const records = await fetcher.read(await fetch(await fetcher.ask(some.map((one) => one.place))));
      found.push(...records.map((record, i) => ({ ...record, distance: some[i].distance })));
    }
    return found;
  } finally {
    await fetcher.free();
  }
}
