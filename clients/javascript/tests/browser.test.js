import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasBrowser, inBrowser } from './browser.js';
import { bits, kinds } from './kinds.js';
import { Node, SEED, random } from './node.js';

describe('in Chromium', { skip: hasBrowser ? false : 'needs chromium', timeout: 60_000 }, () => {
  const node = new Node();
  before(() => node.start());
  after(() => node.end());

  test('gives every representation to the bit, by WebCodecs and by itself', async () => {
    const all = Object.entries(kinds(random()));
    for (const [name, [vectors, options]] of all) await node.fill(name, vectors, options);
    const heard = await inBrowser(node, `
      const heard = {};
      for (const name of ${JSON.stringify(all.map(([name]) => name))}) {
        for (const decoder of ['webcodecs', 'own']) {
          const response = await fetch('/collections/' + name + '/audio');
          const reader = new sonidb.RecordReader({ firstSample: 0, decoder });
          const found = [];
          const body = response.body.getReader();
          for (let piece; !(piece = await body.read()).done;) {
            for (const { id, vector } of await reader.feed(piece.value)) {
              found.push([id, Array.from(new Uint8Array(vector.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')]);
            }
          }
          reader.finish();
          heard[name + ' ' + decoder] = { native: reader.isNative, found };
          reader.close();
        }
      }
      return heard;`);
    for (const [name, [vectors]] of all) {
      for (const decoder of ['webcodecs', 'own']) {
        const { native, found } = heard[`${name} ${decoder}`];
        assert.equal(native, decoder === 'webcodecs');
        assert.deepEqual(found.map(([id]) => id), vectors.map((_, i) => i));
        found.forEach(([, text], i) => assert.equal(text, bits(vectors[i]).toString('hex'), `${name} ${i} ${decoder} SONIDB_SEED=${SEED}`));
      }
    }
  });

  test('hears what is written, and many vectors at once', async () => {
    const next = random();
    const vectors = Array.from({ length: 1500 }, () => Float32Array.from({ length: 64 }, () => next() - 0.5));
    await node.fill('live', vectors);
    const heard = await inBrowser(node, `
      let sum = 0, count = 0, late;
      for await (const { id, vector, payload } of sonidb.listen('/collections/live')) {
        if (++count <= 1500) sum += vector.reduce((a, b) => a + b) * (id + 1);
        if (count === 1500) {
          await fetch('/collections/live/points?wait=true', { method: 'PUT', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ points: [{ id: 'late', vector: Array(64).fill(2), payload: { a: 1 } }] }) });
        }
        if (count === 1501) {
          late = { id, first: vector[0], payload };
          break;
        }
      }
      return { sum, late };`);
    assert.equal(heard.sum, vectors.reduce((sum, vector, i) => sum + vector.reduce((a, b) => a + b) * (i + 1), 0));
    assert.deepEqual(heard.late, { id: 'late', first: 2, payload: { a: 1 } });
  });
});
