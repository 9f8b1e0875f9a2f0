// How many vectors a second a receiver takes, and how soon after an insert it has the vector:
// node benchmark.js URL-OF-A-COLLECTION [--browser]
//
// The collection is heard to its end three times in each way; all three rates are told. Then points
// are inserted one by one (over HTTP, durable), and the time is taken from before the insert until the
// vector is decoded. In the browser, HTTP goes through the process that runs this; WebRTC does not.

import { hasBrowser, inBrowser } from './tests/browser.js';
import { sonidb } from './tests/node.js';

async function measure(sonidb, url, count, options) {
  const perSecond = [];
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    let heard = 0;
    for await (const record of sonidb.listen(url, { ...options, follow: false })) {
      if (record.vector && ++heard === count) break;
    }
    if (heard < count) throw new Error(`heard ${heard} of ${count}`);
    perSecond.push(Math.round(1000 * count / (performance.now() - began)));
  }
  return { ...options, perSecond };
}

async function delay(url, how, inserts, pauseMs, listen) {
  const about = async () => (await (await fetch(url)).json()).result;
  const { config, sonidb: { last_sequence: last } } = await about();
  const dimension = config.params.vectors.size;
  const sent = new Map();
  const tookMs = [];
  let begun;
  const ready = new Promise((resolve) => { begun = resolve; });
  const hearing = (async () => {
    for await (const record of listen(last)) {
      begun(); // it has the newest that was there before
      const at = sent.get(record.id);
      if (at !== undefined) tookMs.push(performance.now() - at);
      if (tookMs.length === inserts) return;
    }
  })();
  await ready;
  for (let i = 0; i < inserts; i++) {
    const id = `${how} ${last} ${i}`;
    const vector = Array.from({ length: dimension }, () => Math.fround(Math.random() * 2 - 1));
    const body = JSON.stringify({ points: [{ id, vector }] });
    sent.set(id, performance.now());
    const answer = await fetch(`${url}/points?wait=true`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
    if (!answer.ok) throw new Error(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
  }
  await hearing;
  tookMs.sort((a, b) => a - b);
  const at = (share) => Number(tookMs[Math.floor(share * (inserts - 1))].toFixed(1));
  return { how, inserts, medianMs: at(0.5), p99Ms: at(0.99) };
}

async function all(sonidb, url, isBrowser) {
  const about = (await (await fetch(url)).json()).result;
  const count = about.points_count;
  const told = [{ vectors: count, dimension: about.config.params.vectors.size }];
  const ways = isBrowser ? [{ decoder: 'webcodecs' }, { decoder: 'own' }, { transport: 'webrtc', decoder: 'own' }] : [{ decoder: 'own' }];
  for (const way of ways) told.push(await measure(sonidb, url, count, way));
  told.push(await delay(url, 'http', 300, 10, (from) => sonidb.listen(url, { from })));
  if (isBrowser) told.push(await delay(url, 'webrtc', 300, 10, (from) => sonidb.listen(url, { from, transport: 'webrtc' })));
  told.push(await delay(url, 'hls', 100, 100, (from) => sonidb.listenHls(url, { from })));
  return told;
}

const [url, where] = process.argv.slice(2);
if (!url) throw new Error('usage: node benchmark.js http://127.0.0.1:7664/collections/NAME [--browser]');
const { origin, pathname } = new URL(url);
if (where === '--browser') {
  if (!hasBrowser) throw new Error('there is no chromium');
  const script = `${measure} ${delay} ${all}; return await all(sonidb, location.origin + '${pathname}', true);`;
  console.log(await inBrowser({ url: origin }, script));
} else {
  console.log(await all(sonidb, url.replace(/\/$/, ''), false));
}
process.exit(0); // connections of receivers that were left are still open
