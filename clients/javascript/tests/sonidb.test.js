import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bits, kinds } from './kinds.js';
import { Node, SEED, proxy, random, sonidb } from './node.js';

const { DamageError, FlacEncoder, RecordReader, RefusedError, UnreachableError, listen, send } = sonidb;

const seeded = `SONIDB_SEED=${SEED}`;

function encoded(count, dimension = 20) {
  const next = random();
  const encoder = new FlacEncoder(dimension);
  const vectors = Array.from({ length: count }, () => Float32Array.from({ length: dimension }, () => next() - 0.5));
  const frames = vectors.map((vector, i) => encoder.upsert(i, vector, { n: i }));
  return { head: encoder.head(), frames, vectors };
}

async function read(bytes, step = bytes.length) {
  const reader = new RecordReader({ firstSample: 0 });
  const records = [];
  for (let at = 0; at < bytes.length; at += step) {
    records.push(...await reader.feed(bytes.subarray(at, at + step)));
  }
  reader.finish();
  return records;
}

/** Reading must end in a DamageError, and what came before it must be right. */
async function assertDamage(bytes, vectors, what) {
  const reader = new RecordReader({ firstSample: 0 });
  await assert.rejects(async () => {
    for (const record of await reader.feed(bytes)) assert.deepEqual(bits(record.vector), bits(vectors[record.id]), `${what} ${seeded}`);
    reader.finish();
  }, (e) => e instanceof DamageError || e.name === 'UnsupportedRecordError', `${what} ${seeded}`);
}

describe('records', () => {
  test('refuses what is no FLAC, and what is no point', async () => {
    await assert.rejects(read(Buffer.from('<html>')), DamageError);
    await assert.rejects(read(Buffer.from(encoded(1).head).fill(0xFF, 4, 8)), DamageError);
    const encoder = new FlacEncoder(2);
    for (const [id, vector, payload] of [[-1, [1, 2]], [2 ** 53, [1, 2]], [1n << 64n, [1, 2]], ['', [1, 2]], ['x'.repeat(513), [1, 2]],
      [1, [1]], [1, [1, 2], 'text'], [1, [1, 2], { a: () => 1 }], [1, [1, 2], { a: 'x'.repeat(1 << 20) }]]) {
      assert.throws(() => encoder.upsert(id, vector, payload), (e) => e instanceof RangeError || e instanceof TypeError);
    }
    for (const [dimension, element] of [[0], [16385], [2, 'int8']]) assert.throws(() => new FlacEncoder(dimension, element), RangeError);
  });

  test('notices every flipped bit, every cut and a missing frame', async () => {
    const { head, frames, vectors } = encoded(3);
    const whole = Buffer.concat([head, ...frames]);
    for (let bit = 8 * head.length; bit < 8 * whole.length; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] ^= 0x80 >> (bit & 7);
      await assertDamage(damaged, vectors, `bit ${bit}`);
    }
    const ends = new Set(frames.map((_, i) => head.length + frames.slice(0, i).reduce((sum, frame) => sum + frame.length, 0)));
    for (let end = 0; end < whole.length; end++) if (!ends.has(end)) await assertDamage(whole.subarray(0, end), vectors, `cut at ${end}`);
    await assertDamage(Buffer.concat([head, frames[0], frames[2]]), vectors, 'a missing frame');
    await assertDamage(Buffer.concat([head, frames[1]]), vectors, 'a missing first frame');
  });

  test('reads no more than a frame may have', async () => {
    const { head, frames } = encoded(1);
    for (const rest of [Buffer.alloc(1 << 18), Buffer.alloc(1 << 18, 0xFF), Buffer.concat([frames[0].subarray(0, 9), Buffer.from([0x10, 0x40]), Buffer.alloc(1 << 18)])]) {
      await assert.rejects(read(Buffer.concat([head, rest])), DamageError);
    }
  });

  test('gives every bit, id and payload back, in pieces of any size', async () => {
    const next = random();
    const ids = [0, 2n ** 64n - 1n, '123e4567-e89b-12d3-a456-426614174000', 'a name', 'x'.repeat(512)];
    const payloads = [null, { a: [1, -2, 1.5, null, true, 'é'], __proto__x: {} }, { t: 'x'.repeat(5000) }, { t: 'y'.repeat(900_000) }, { d: { e: [] } }];
    for (const element of ['float32', 'float64']) {
      for (const dimension of [1, 384, 4601, 16384]) {
        const encoder = new FlacEncoder(dimension, element);
        const vectors = ids.map(() => {
          const words = Int32Array.from({ length: dimension * (element === 'float32' ? 1 : 2) }, () => next() * 2 ** 32);
          return element === 'float32' ? new Float32Array(words.buffer) : new Float64Array(words.buffer);
        });
        const pieces = vectors.map((vector, i) => encoder.upsert(ids[i], vector, payloads[i]));
        const records = await read(Buffer.concat([encoder.head(), ...pieces]), 70_001);
        records.forEach((record, i) => {
          assert.equal(record.id, ids[i]);
          assert.equal(record.seq, i + 1);
          assert.deepEqual(record.payload, payloads[i]);
          assert.ok(bits(record.vector).equals(bits(vectors[i])), `${element} ${dimension} ${i} ${seeded}`);
        });
        assert.equal(records.length, ids.length);
      }
    }
    const { head, frames, vectors } = encoded(5);
    assert.equal((await read(Buffer.concat([head, ...frames]), 1)).length, vectors.length);
  });
});

describe('with a node', () => {
  const node = new Node();
  before(() => node.start());
  after(() => node.end());

  async function hear(url, options) {
    const records = [];
    for await (const record of listen(url, options)) records.push(record);
    return records;
  }

  test('tells what is wrong', async () => {
    const url = await node.fill('short', [[1, 2, 3]]);
    await assert.rejects(hear(`${node.url}/collections/nowhere`), (e) => e instanceof RefusedError && e.status === 404);
    await assert.rejects(hear(url, { from: 1000 }), (e) => e instanceof RefusedError && e.status === 422);
    await assert.rejects(hear(node.url), TypeError);
    await assert.rejects(hear('http://127.0.0.1:1/collections/a', { patience: 300 }), UnreachableError);
    await assert.rejects(send(url, [{ id: 1, vector: [1, 2] }]), (e) => e instanceof RefusedError && e.status >= 400);
  });

  test('gives every representation to the bit', async () => {
    for (const [name, [vectors, options]] of Object.entries(kinds(random()))) {
      const records = await hear(await node.fill('kind', vectors, options), { follow: false });
      assert.deepEqual(records.map((record) => record.id), vectors.map((_, i) => i));
      records.forEach((record, i) => assert.ok(bits(record.vector).equals(bits(vectors[i])), `${name} ${i} ${seeded}`));
    }
  });

  test('hears what is written as it is written, and ends when it is told', async () => {
    const url = await node.fill('live', [[1, 2], [3, 4]]);
    const stop = new AbortController();
    const records = [];
    for await (const record of listen(url, { signal: stop.signal })) {
      records.push(record);
      if (records.length === 2) {
        await node.ask('PUT', '/collections/live/points?wait=true', { points: [{ id: 9, vector: [5, 6], payload: { text: 'x'.repeat(300_000) } }] });
        await node.ask('POST', '/collections/live/points/delete?wait=true', { points: [0] });
      }
      if (records.length === 4) stop.abort();
    }
    assert.deepEqual(records.map(({ kind, id, seq }) => [kind, id, seq]), [['upsert', 0, 1], ['upsert', 1, 2], ['upsert', 9, 3], ['delete', 0, 4]]);
    assert.equal(records[2].payload.text.length, 300_000);
  });

  test('shares records out and filters them', async () => {
    const url = await node.fill('shared', Array.from({ length: 60 }, (_, i) => [i, 1]));
    const parts = await Promise.all([0, 1, 2].map((i) => hear(url, { follow: false, shard: [i, 3] })));
    assert.deepEqual(parts.flat().map((record) => record.id).sort((a, b) => a - b), Array.from({ length: 60 }, (_, i) => i));
    const some = await hear(url, { follow: false, filter: { must: [{ key: 'n', range: { gte: 57 } }] } });
    assert.deepEqual(some.map((record) => record.id), [57, 58, 59]);
  });

  test('mends what is lost, cut or changed on the way', async (t) => {
    const next = random();
    const vectors = Array.from({ length: 600 }, () => Float32Array.from({ length: 64 }, () => next()));
    await node.fill('mended', vectors);
    const harms = {
      flip: (connection, data) => {
        if (connection > 2 || data.length < 2000) return data;
        const changed = Buffer.from(data);
        changed[1500 + Math.floor(next() * (data.length - 1500))] ^= 1 << Math.floor(8 * next());
        return changed;
      },
      cut: (connection, data) => connection > 3 || data.length < 3000 ? data : connection === 1 ? data.subarray(0, 1700) : null,
      eat: (connection, data) => connection > 2 || data.length < 9000 ? data : Buffer.concat([data.subarray(0, 4000), data.subarray(4001 + Math.floor(3000 * next()))]),
    };
    for (const [name, harm] of Object.entries(harms)) {
      const between = await proxy(node.port, harm);
      t.after(between.close);
      let count = 0;
      for await (const record of listen(`http://127.0.0.1:${between.port}/collections/mended`)) {
        assert.equal(record.id, count, `${name} ${seeded}`);
        assert.ok(bits(record.vector).equals(bits(vectors[count])), `${name} ${seeded}`);
        if (++count === vectors.length) break;
      }
      assert.ok(between.connections > 1, name);
    }
  });

  test('tells damage that does not go away', async (t) => {
    const next = random();
    await node.fill('hopeless', Array.from({ length: 10 }, () => Float32Array.from({ length: 64 }, next)));
    const between = await proxy(node.port, (_, data) => {
      const changed = Buffer.from(data);
      if (data.length > 150) changed.fill(0, data.length - 60, data.length - 40);
      return changed;
    });
    t.after(between.close);
    await assert.rejects(hear(`http://127.0.0.1:${between.port}/collections/hopeless`, { follow: false }), DamageError);
  });

  test('goes on when the node was restarted', async () => {
    const url = await node.fill('restarted', [[1, 2], [3, 4]]);
    const seqs = [];
    for await (const record of listen(url)) {
      seqs.push(record.seq);
      if (seqs.length === 2) {
        await node.stop();
        await node.start();
        await node.ask('PUT', '/collections/restarted/points?wait=true', { points: [{ id: 3, vector: [5, 6] }] });
      }
      if (seqs.length === 3) break;
    }
    assert.deepEqual(seqs, [1, 2, 3]);
  });

  test('sends points as sound', async () => {
    const url = await node.fill('sent', [new Float32Array(5)]);
    const next = random();
    const vectors = Array.from({ length: 300 }, () => new Float32Array(Int32Array.from({ length: 5 }, () => next() * 2 ** 32).buffer));
    const { inserted } = await send(url, vectors.map((vector, i) => ({ id: `p${i}`, vector, payload: { i } })));
    assert.equal(inserted, 300);
    const records = await hear(url, { from: 2, follow: false });
    assert.deepEqual(records.map((record) => record.payload), vectors.map((_, i) => ({ i })));
    records.forEach((record, i) => assert.ok(bits(record.vector).equals(bits(vectors[i])), `${i} ${seeded}`));
  });
});
