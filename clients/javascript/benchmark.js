// How many vectors a second a receiver takes: node benchmark.js URL-OF-A-COLLECTION [--browser]
//
// The collection is heard to its end three times with each decoder; the best of each is told.

import { hasBrowser, inBrowser } from './tests/browser.js';
import { sonidb } from './tests/node.js';

async function measure(sonidb, url, decoder) {
  let best = 0;
  let count = 0;
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    count = 0;
    for await (const record of sonidb.listen(url, { follow: false, decoder })) count += record.vector ? 1 : 0;
    best = Math.max(best, 1000 * count / (performance.now() - began));
  }
  return { decoder, vectors: count, perSecond: Math.round(best) };
}

const [url, where] = process.argv.slice(2);
if (!url) throw new Error('usage: node benchmark.js http://127.0.0.1:7664/collections/NAME [--browser]');
const { origin, pathname } = new URL(url);
if (where === '--browser') {
  if (!hasBrowser) throw new Error('there is no chromium');
  const script = `${measure}; return [await measure(sonidb, '${pathname}', 'auto'), await measure(sonidb, '${pathname}', 'own')];`;
  console.log(await inBrowser({ url: origin }, script));
} else {
  console.log(await measure(sonidb, url, 'own'));
}
