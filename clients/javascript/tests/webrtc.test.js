import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasBrowser, inBrowser } from './browser.js';
import { bits, kinds } from './kinds.js';
import { Node, SEED, random } from './node.js';

describe('by WebRTC, in Chromium', { skip: hasBrowser ? false : 'needs chromium', timeout: 180_000 }, () => {
  const node = new Node();
  let missing;

  before(async () => {
    await node.start();
    await node.fill('probe', [Float32Array.of(1)]);
    const body = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n'
      + 'a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n'
      + `a=fingerprint:sha-256 ${Array(32).fill('00').join(':')}\r\n`;
    const answer = await fetch(`${node.url}/collections/probe/whep`, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body });
    if (answer.status === 501) missing = (await answer.json()).status.error;
  });
  after(() => node.end());

  const begun = async () => {
    const text = await (await fetch(`${node.url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith('sonidb_http_requests_total{method="POST",route="/collections/{collection}/whep",status="201"}'));
    return line ? Number(line.split(' ').at(-1)) : 0;
  };

  test('gives every representation to the bit', async (t) => {
    if (missing) return t.skip(missing);
    const all = Object.entries(kinds(random()));
    for (const [name, [vectors, options]] of all) await node.fill(name, vectors, options);
    const earlier = await begun();
    const heard = await inBrowser(node, `
      const heard = {};
      for (const name of ${JSON.stringify(all.map(([name]) => name))}) {
        heard[name] = [];
        for await (const { id, vector } of sonidb.listen('/collections/' + name, { transport: 'webrtc', follow: false, decoder: 'own' })) {
          heard[name].push([id, Array.from(new Uint8Array(vector.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')]);
        }
      }
      return heard;`);
    assert.equal(await begun(), earlier + all.length);
    for (const [name, [vectors]] of all) {
      assert.deepEqual(heard[name].map(([id]) => id), vectors.map((_, i) => i));
      heard[name].forEach(([, text], i) => assert.equal(text, bits(vectors[i]).toString('hex'), `${name} ${i} SONIDB_SEED=${SEED}`));
    }
  });

  test('notices messages that get lost or are overtaken, and channels that break, and goes on', async (t) => {
    if (missing) return t.skip(missing);
    const next = random();
    const vectors = Array.from({ length: 2000 }, () => Float32Array.from({ length: 256 }, () => next() - 0.5));
    await node.fill('lossy', vectors);
    const earlier = await begun();
    const heard = await inBrowser(node, `
      // Something between channel and module that does harm, to one message of each connection.
      const create = RTCPeerConnection.prototype.createDataChannel;
      let connections = 0;
      RTCPeerConnection.prototype.createDataChannel = function (label, options) {
        const real = create.call(this, label, options);
        const harm = ['drop', 'swap', 'break', 'damage', 'double'][connections++];
        let count = 0;
        let kept;
        return {
          ordered: real.ordered,
          set binaryType(type) { real.binaryType = type; },
          set onclose(action) { real.onclose = action; },
          set onmessage(action) {
            real.onmessage = ({ data }) => {
              count++;
              if (count === 4 && harm === 'drop') return;
              if (count === 4 && harm === 'swap') { kept = data; return; }
              if (count === 4 && harm === 'break') return real.close();
              if (count === 4 && harm === 'damage') new Uint8Array(data)[1000] ^= 1;
              action({ data });
              if (count === 4 && harm === 'double') action({ data });
              if (kept) { action({ data: kept }); kept = undefined; }
            };
          },
        };
      };
      const heard = [];
      let sum = 0;
      for await (const { id, seq, vector } of sonidb.listen('/collections/lossy', { transport: 'webrtc', decoder: 'own' })) {
        heard.push(id, seq);
        sum += vector.reduce((a, b) => a + b) * (id + 1);
        if (seq === 2000) break;
      }
      return { heard, sum };`);
    assert.deepEqual(heard.heard, vectors.flatMap((_, i) => [i, i + 1]), `SONIDB_SEED=${SEED}`);
    assert.equal(heard.sum, vectors.reduce((sum, vector, i) => sum + vector.reduce((a, b) => a + b) * (i + 1), 0));
    assert.ok(await begun() >= earlier + 5);
  });

  test('takes payloads that do not fit into a message, and follows', async (t) => {
    if (missing) return t.skip(missing);
    const text = Array.from({ length: 400_000 }, (_, i) => String.fromCharCode(97 + (i * i) % 26)).join('');
    await node.fill('large', [Float32Array.of(1, 2)]);
    await node.ask('PUT', '/collections/large/points?wait=true', { points: [{ id: 'big', vector: [3, 4], payload: { text } }] });
    const heard = await inBrowser(node, `
      const heard = [];
      for await (const { id, vector, payload } of sonidb.listen('/collections/large', { transport: 'webrtc' })) {
        heard.push([id, Array.from(vector), payload?.text]);
        if (id === 'late') return heard;
        if (id === 'big') await fetch('/collections/large/points?wait=true', { method: 'PUT', headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ points: [{ id: 'late', vector: [5, 6], payload: {} }] }) });
      }`);
    assert.deepEqual(heard.map(([id, vector]) => [id, ...vector]), [[0, 1, 2], ['big', 3, 4], ['late', 5, 6]]);
    assert.equal(heard[1][2], text);
  });

  test('turns to HTTP where there is no way', async () => {
    await node.fill('plain', [Float32Array.of(1, 2)]);
    const heard = await inBrowser(node, `
      delete globalThis.RTCPeerConnection;
      const heard = [];
      for await (const { id } of sonidb.listen('/collections/plain', { transport: 'webrtc', follow: false })) heard.push(id);
      return heard;`);
    assert.deepEqual(heard, [0]);
  });
});
