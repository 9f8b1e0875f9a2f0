import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasBrowser, inBrowser } from './browser.js';
import { bits } from './kinds.js';
import { Node, SEED, proxy, random, sonidb } from './node.js';

const { RefusedError, UnreachableError, listenHls } = sonidb;
const seeded = `SONIDB_SEED=${SEED}`;

const HLS_JS = 'hls.js@1.7.4';
const home = fileURLToPath(new URL('../target/hls', import.meta.url));

/** hls.js, installed by npm into `target`, once; undefined if that cannot be. */
function hlsJs() {
  const script = join(home, 'node_modules/hls.js/dist/hls.min.js');
  if (!existsSync(script)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{"private": true}');
    spawnSync('npm', ['install', '--no-audit', '--no-fund', HLS_JS], { cwd: home, timeout: 120_000 });
  }
  return existsSync(script) ? readFileSync(script) : undefined;
}

function vectorsOf(count, dimension, next = random()) {
  return Array.from({ length: count }, () => Float32Array.from({ length: dimension }, () => next() - 0.5));
}

function pointsOf(vectors, first) {
  return vectors.map((vector, i) => ({ id: first + i, vector: Array.from(vector), payload: { n: first + i } }));
}

async function write(node, name, vectors, first) {
  await node.ask('PUT', `/collections/${name}/points?wait=true`, { points: pointsOf(vectors, first) });
}

/** Takes records until there are so many vectors; each must be as it was written, and come once and in order. */
async function take(records, vectors, signal) {
  let expected = 0;
  for await (const { id, seq, vector } of records) {
    assert.equal(id, expected, seeded);
    assert.equal(seq, expected + 1, seeded);
    assert.deepEqual(bits(vector), bits(vectors[expected]), `${id} ${seeded}`);
    if (++expected === vectors.length) {
      signal?.abort();
      return;
    }
  }
  assert.fail(`it ended after ${expected}`);
}

describe('low-latency HLS', { timeout: 120_000 }, () => {
  const node = new Node();
  before(() => node.start());
  after(() => node.end());

  test('says what is wrong', async () => {
    await assert.rejects(() => listenHls('http://127.0.0.1:1/songs').next(), TypeError);
    await assert.rejects(() => listenHls('http://127.0.0.1:1/collections/songs', { patience: 0 }).next(), UnreachableError);
    await assert.rejects(() => listenHls(`${node.url}/collections/nothing`).next(), (e) => e instanceof RefusedError && e.status === 404);
  });

  test('hears the history, what is written, and what the playlist has no time for', async () => {
    const vectors = vectorsOf(900, 64);
    const url = await node.fill('all', vectors.slice(0, 100));
    const stop = new AbortController();
    const taken = take(listenHls(url, { signal: stop.signal }), vectors, stop);
    for (let at = 100; at < 300; at += 10) {
      await write(node, 'all', vectors.slice(at, at + 10), at);
    }
    await write(node, 'all', vectors.slice(300), 300); // some 20 seconds of sound
    await taken;
  });

  test('goes on where it was when the connection breaks and the node is started again', async () => {
    const vectors = vectorsOf(120, 32);
    await node.fill('broken', vectors.slice(0, 10));
    const between = await proxy(node.port, (connection, data) => (connection % 7 === 6 ? null : data));
    const stop = new AbortController();
    try {
      const taken = take(listenHls(`http://127.0.0.1:${between.port}/collections/broken`, { signal: stop.signal }), vectors, stop);
      await write(node, 'broken', vectors.slice(10, 60), 10);
      await node.stop();
      await node.start();
      await write(node, 'broken', vectors.slice(60), 60);
      await taken;
    } finally {
      between.close();
    }
  });

  test('hears a payload that takes seconds', async () => {
    const name = 'large';
    const url = await node.fill(name, vectorsOf(1, 8));
    const stop = new AbortController();
    const text = 'x'.repeat(300_000);
    let heard;
    for await (const { id, payload } of listenHls(url, { signal: stop.signal })) {
      if (id === 0) await node.ask('PUT', `/collections/${name}/points?wait=true`, { points: [{ id: 1, vector: Array(8).fill(1), payload: { text } }] });
      else heard = payload.text, stop.abort();
    }
    assert.equal(heard, text);
  });

  test('is heard by WebCodecs in Chromium', { skip: hasBrowser ? false : 'needs chromium' }, async () => {
    const vectors = vectorsOf(60, 64);
    await node.fill('browser', vectors.slice(0, 20));
    const late = pointsOf(vectors.slice(20), 20);
    const heard = await inBrowser(node, `
      const found = [];
      for await (const { id, vector } of sonidb.listenHls('/collections/browser')) {
        found.push([id, Array.from(new Uint8Array(vector.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')]);
        if (found.length === 20) {
          await fetch('/collections/browser/points?wait=true', { method: 'PUT', headers: { 'content-type': 'application/json' },
            body: JSON.stringify(${JSON.stringify({ points: late })}) });
        }
        if (found.length === 60) break;
      }
      return found;`);
    assert.deepEqual(heard, vectors.map((vector, i) => [i, bits(vector).toString('hex')]), seeded);
  });

  for (const lowLatencyMode of [true, false]) {
    const library = hasBrowser ? hlsJs() : undefined;
    test(`is followed by hls.js, ${lowLatencyMode ? 'part by part' : 'segment by segment'}`, { skip: library ? false : 'needs chromium and hls.js' }, async () => {
      const name = `player-${lowLatencyMode}`;
      const vectors = vectorsOf(200, 64);
      await node.fill(name, vectors.slice(0, 1));
      const heard = await inBrowser(node, `
        await new Promise((resolve, reject) => {
          const script = document.createElement('script');
          Object.assign(script, { src: '/hls.js', onload: resolve, onerror: reject });
          document.head.append(script);
        });
        const pieces = [];
        const tags = [];
        const errors = [];
        // What a fragment holds is gone once it was handed on: copied as it comes.
        class Loader extends Hls.DefaultConfig.loader {
          load(context, config, callbacks) {
            super.load(context, config, { ...callbacks, onSuccess: (response, stats, about, details) => {
              pieces.push({ url: about.url, bytes: new Uint8Array(response.data.slice(0)) });
              callbacks.onSuccess(response, stats, about, details);
            } });
          }
        }
        const audio = document.createElement('audio');
        audio.muted = true;
        document.body.append(audio);
        const hls = new Hls({ fLoader: Loader, lowLatencyMode: ${lowLatencyMode} });
        hls.on(Hls.Events.ERROR, (_, { fatal, details, error }) => { if (fatal) errors.push(details + ' ' + error); });
        hls.on(Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) => samples.forEach(({ data }) => tags.push(new TextDecoder('latin1').decode(data))));
        hls.loadSource('/collections/${name}/hls/live-master.m3u8');
        hls.attachMedia(audio);
        await new Promise((resolve) => hls.on(Hls.Events.MANIFEST_PARSED, resolve));
        const codecs = hls.levels[0].codecSet;
        await audio.play().catch(() => {});
        const points = ${JSON.stringify(pointsOf(vectors, 0))};
        const put = async (from, to) => {
          const response = await fetch('/collections/${name}/points?wait=true', { method: 'PUT', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ points: points.slice(from, to) }) });
          if (!response.ok) throw new Error(await response.text());
        };
        const end = Date.now() + 40_000;
        let at = 1;
        let found = new Map();
        const boxes = (bytes) => {
          const all = [];
          for (let at = 0; at < bytes.length;) {
            const size = new DataView(bytes.buffer).getUint32(at);
            all.push([String.fromCharCode(...bytes.subarray(at + 4, at + 8)), bytes.subarray(at + 8, at + size)]);
            at += size;
          }
          return all;
        };
        const read = async () => {
          found = new Map();
          const head = await (await fetch('/collections/${name}/audio')).arrayBuffer();
          for (const { url, bytes } of pieces) {
            if (!url.includes('/live/')) continue;
            const reader = new sonidb.RecordReader({ joins: true });
            // The head of any stream of the collection; of its records nothing.
            await reader.feed(new Uint8Array(head).subarray(0, headSize(new Uint8Array(head))));
            for (const [name, body] of boxes(bytes)) if (name === 'mdat') for (const record of await reader.feed(body)) found.set(record.seq, record);
            if (reader.error) throw reader.error;
            reader.close();
          }
        };
        function headSize(bytes) {
          let at = 4;
          for (;;) {
            const isLast = bytes[at] & 0x80;
            at += 4 + (bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]);
            if (isLast) return at;
          }
        }
        while (found.size < 199 && Date.now() < end && !errors.length) {
          if (at < 200) {
            await put(at, at + 10);
            at = Math.min(200, at + 10);
          }
          await new Promise((resolve) => setTimeout(resolve, 250));
          if (at === 200) await read();
        }
        const parts = pieces.filter(({ url }) => /live\\/\\d+\\.\\d\\.m4s/.test(url)).length;
        const played = audio.currentTime;
        hls.destroy();
        return { codecs, errors, parts, tags: tags.length, first: tags[0], time: played, latency: hls.latency,
          found: [...found.values()].map(({ id, vector }) => [id, Array.from(new Uint8Array(vector.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')]) };`,
      { '/hls.js': library });
      assert.deepEqual(heard.errors, []);
      assert.match(heard.codecs, /^flac$/i);
      const wanted = vectors.map((vector, i) => [i, bits(vector).toString('hex')]).slice(1);
      assert.deepEqual(heard.found.sort(([a], [b]) => a - b), wanted, seeded);
      assert.ok(lowLatencyMode ? heard.parts > 5 : heard.parts === 0, `${heard.parts} parts`);
      assert.ok(heard.tags > 0, 'it found the messages');
      assert.match(heard.first, /^ID3.*PRIV.*io\.sonidb\.records\0\{"records":\[\{"sequence":/s);
    });
  }
});
