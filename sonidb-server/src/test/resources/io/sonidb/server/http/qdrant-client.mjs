// Qdrant's own client against a node: node qdrant-client.mjs URL. Says "done" when everything was as it should be.
import { strict as assert } from 'node:assert';
import { QdrantClient } from '@qdrant/js-client-rest';

const url = process.argv[2];
const client = new QdrantClient({ url, checkCompatibility: false });
const SONGS = 'songs';
const ids = (points) => points.map((point) => point.id);

/** The status and the message that a call is refused with. */
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    const found = error.status === undefined ? error : { status: error.status, message: JSON.stringify(error.data) };
    return found;
  }
  throw new Error('was not refused');
}

async function refused(status, text, call) {
  const found = await refusal(call);
  assert.equal(found.status, status, found.message);
  assert.match(found.message, text);
}

// --- The node ------------------------------------------------------------------------------------

const about = await client.versionInfo();
assert.match(about.title, /SoniDB/);
assert.match(about.version, /^\d+\.\d+/);

// --- Collections ---------------------------------------------------------------------------------

assert.deepEqual(await client.collectionExists(SONGS), { exists: false });
await refused(404, /Collection `songs` doesn't exist!/, () => client.getCollection(SONGS));
assert.equal(
  await client.createCollection(SONGS, {
    vectors: { size: 4, distance: 'Dot' },
    hnsw_config: { m: 8 },
    optimizers_config: { default_segment_number: 2 },
    replication_factor: 1,
    timeout: 10,
  }),
  true,
);
await refused(409, /already exists/, () => client.createCollection(SONGS, { vectors: { size: 4, distance: 'Dot' } }));
await refused(400, /named, sparse and multi-vectors/, () =>
  client.createCollection('named', { vectors: { image: { size: 4, distance: 'Dot' } } }),
);
await refused(400, /named, sparse and multi-vectors/, () =>
  client.createCollection('sparse', { vectors: { size: 4, distance: 'Dot' }, sparse_vectors: { text: {} } }),
);
assert.deepEqual(await client.collectionExists(SONGS), { exists: true });
assert.deepEqual(await client.getCollections(), { collections: [{ name: SONGS }] });
const described = await client.getCollection(SONGS);
assert.equal(described.status, 'green');
assert.deepEqual(described.config.params.vectors, { size: 4, distance: 'Dot' });
assert.equal(described.points_count, 0);
assert.equal(await client.updateCollection(SONGS, { optimizers_config: { indexing_threshold: 10 } }), true);

// --- Writing -------------------------------------------------------------------------------------

const uuid = '550e8400-e29b-41d4-a716-446655440000';
const upserted = await client.upsert(SONGS, {
  wait: true,
  ordering: 'strong',
  points: [
    { id: 1, vector: [0.05, 0.61, 0.76, 0.74], payload: { city: 'Berlin', n: 1, at: '2024-01-01T00:00:00Z' } },
    { id: 2, vector: [0.19, 0.81, 0.75, 0.11], payload: { city: ['Berlin', 'London'], n: 2 } },
    { id: 3, vector: [0.36, 0.55, 0.47, 0.94], payload: { city: ['Berlin', 'Moscow'], n: 3 } },
    { id: 4, vector: [0.18, 0.01, 0.85, 0.8], payload: { city: ['London', 'Moscow'], n: 4 } },
    { id: uuid, vector: [0.24, 0.18, 0.22, 0.44], payload: { n: 5, where: { lat: 52.5, lon: 13.4 } } },
    { id: 9007199254740991, vector: [0.35, 0.08, 0.11, 0.44] },
  ],
});
assert.equal(upserted.status, 'completed');
assert.equal((await client.upsert(SONGS, { wait: false, points: [{ id: 9, vector: [1, 1, 1, 1] }] })).status, 'acknowledged');
const columns = { ids: [10, 11], vectors: [[1, 0, 0, 0], [0, 1, 0, 0]], payloads: [{ n: 10 }, { n: 11 }] };
assert.equal((await client.upsert(SONGS, { batch: columns })).status, 'completed');
await refused(400, /expected dim: 4, got 2/, () => client.upsert(SONGS, { points: [{ id: 1, vector: [1, 2] }] }));
await refused(400, /named, sparse/, () => client.upsert(SONGS, { points: [{ id: 1, vector: { a: [1, 2, 3, 4] } }] }));
await refused(404, /none/, () => client.upsert('none', { points: [{ id: 1, vector: [1, 2] }] }));

// --- Reading -------------------------------------------------------------------------------------

const back = await client.retrieve(SONGS, { ids: [3, uuid, 99], with_vector: true });
assert.deepEqual(ids(back), [3, uuid]);
assert.deepEqual(back[0].vector, [0.36, 0.55, 0.47, 0.94]);
assert.deepEqual(back[0].payload.city, ['Berlin', 'Moscow']);
assert.deepEqual(await client.retrieve(SONGS, { ids: [3], with_payload: ['n'] }), [{ id: 3, payload: { n: 3 } }]);
assert.deepEqual(await client.count(SONGS), { count: 9 });
const berlin = { must: [{ key: 'city', match: { value: 'Berlin' } }] };
assert.deepEqual(await client.count(SONGS, { filter: berlin, exact: true }), { count: 3 });
const page = await client.scroll(SONGS, { limit: 2 });
assert.deepEqual(ids(page.points), [1, 2]);
assert.equal(page.next_page_offset, 3);
assert.deepEqual(ids((await client.scroll(SONGS, { limit: 2, offset: page.next_page_offset })).points), [3, 4]);
const ordered = await client.scroll(SONGS, { order_by: { key: 'n', direction: 'desc', start_from: 4 }, limit: 2 });
assert.deepEqual(ids(ordered.points), [4, 3]);
assert.equal(ordered.next_page_offset, null);

// --- Searching -----------------------------------------------------------------------------------

const nearest = await client.query(SONGS, { query: [0.2, 0.1, 0.9, 0.7], limit: 3, with_payload: true });
assert.deepEqual(ids(nearest.points), [9, 4, 1]);
assert.ok(Math.abs(nearest.points[1].score - 1.362) < 1e-5);
assert.equal(nearest.points[1].payload.n, 4);
assert.equal(typeof nearest.points[1].version, 'number');
const plain = await client.query(SONGS, { query: [0.2, 0.1, 0.9, 0.7], filter: berlin, params: { exact: true, hnsw_ef: 64 } });
assert.deepEqual(ids(plain.points), [1, 3, 2]);
assert.equal(plain.points[0].payload, undefined);
assert.deepEqual(ids((await client.query(SONGS, { query: 4, limit: 2, offset: 1 })).points), [1, 3]);
assert.deepEqual(ids((await client.query(SONGS, { query: [0, 1, 0, 0], score_threshold: 0.7 })).points), [9, 11, 2]);
const withVector = await client.query(SONGS, { query: { nearest: [1, 0, 0, 0] }, filter: { must: [{ has_id: [10] }] }, with_vector: true });
assert.deepEqual(withVector.points[0].vector, [1, 0, 0, 0]);
const liked = { recommend: { positive: [1, [0, 1, 0, 0]], negative: [10], strategy: 'average_vector' } };
assert.equal((await client.query(SONGS, { query: liked, limit: 2 })).points.length, 2);
assert.equal((await client.query(SONGS, { query: { recommend: { positive: [1], strategy: 'best_score' } } })).points.length, 8);
assert.deepEqual(ids((await client.query(SONGS, { query: { order_by: 'n' }, limit: 3 })).points), [1, 2, 3]);
assert.equal((await client.query(SONGS, { query: { sample: 'random' }, limit: 4 })).points.length, 4);
assert.deepEqual(ids((await client.query(SONGS, { limit: 2 })).points), [1, 2]);
const batch = await client.queryBatch(SONGS, { searches: [{ query: 1, limit: 1 }, { query: [1, 0, 0, 0], limit: 2, with_payload: true }] });
assert.deepEqual(batch.map((each) => each.points.length), [1, 2]);
const groups = await client.queryGroups(SONGS, { query: [0.2, 0.1, 0.9, 0.7], group_by: 'city', group_size: 2, limit: 3, with_payload: true });
assert.deepEqual(groups.groups.map((group) => group.id).sort(), ['Berlin', 'London', 'Moscow']);
await refused(404, /99/, () => client.query(SONGS, { query: 99 }));
await refused(400, /several stages/, () => client.query(SONGS, { prefetch: { query: 1, limit: 2 }, query: { fusion: 'rrf' } }));
await refused(400, /image/, () => client.query(SONGS, { query: 1, using: 'image' }));
await refused(422, /limit/, () => client.query(SONGS, { query: 1, limit: 0 }));

// Calls of older clients.
assert.deepEqual(ids(await client.search(SONGS, { vector: [0.2, 0.1, 0.9, 0.7], limit: 2 })), [9, 4]);
assert.equal((await client.searchBatch(SONGS, { searches: [{ vector: [1, 0, 0, 0], limit: 1 }] }))[0].length, 1);
assert.equal((await client.recommend(SONGS, { positive: [1], negative: [2], limit: 3 })).length, 3);
assert.equal((await client.recommendBatch(SONGS, { searches: [{ positive: [1], limit: 2 }] }))[0].length, 2);
assert.ok((await client.searchPointGroups(SONGS, { vector: [1, 0, 0, 0], group_by: 'n', group_size: 1, limit: 2 })).groups.length === 2);

// --- Every kind of condition ---------------------------------------------------------------------

async function matching(filter) {
  return ids((await client.scroll(SONGS, { filter, limit: 100, with_payload: false })).points);
}
const key = (name, condition) => ({ must: [{ key: name, ...condition }] });
assert.deepEqual(await matching(key('city', { match: { any: ['London', 'Paris'] } })), [2, 4]);
assert.deepEqual(await matching(key('city', { match: { except: ['Berlin'] } })), [2, 3, 4]);
assert.deepEqual(await matching(key('city', { match: { text: 'mosc' } })), []);
assert.deepEqual(await matching(key('n', { range: { gt: 2, lte: 4 } })), [3, 4]);
assert.deepEqual(await matching(key('at', { range: { gte: '2023-06-01T00:00:00Z' } })), [1]);
assert.deepEqual(await matching(key('city', { values_count: { gte: 2 } })), [2, 3, 4]);
assert.deepEqual(await matching(key('where', { geo_radius: { center: { lat: 52.5, lon: 13.4 }, radius: 1000 } })), [uuid]);
assert.deepEqual(
  await matching(key('where', { geo_bounding_box: { top_left: { lat: 53, lon: 13 }, bottom_right: { lat: 52, lon: 14 } } })),
  [uuid],
);
assert.deepEqual(await matching({ must: [{ is_empty: { key: 'n' } }], must_not: [{ has_id: [9] }] }), [9007199254740991]);
assert.deepEqual(await matching({ min_should: { conditions: [berlin.must[0], { key: 'n', range: { lt: 3 } }], min_count: 2 } }), [1, 2]);
assert.deepEqual(await matching({ should: [{ has_id: [1, uuid] }], must: { key: 'n', match: { value: 5 } } }), [uuid]);
await refused(400, /filter\.must\[0\]/, () => matching({ must: [{ key: 'n', mach: 1 }] }));

// --- Payloads, vectors, indexes ------------------------------------------------------------------

await client.createPayloadIndex(SONGS, { field_name: 'city', field_schema: 'keyword', wait: true });
await client.createPayloadIndex(SONGS, { field_name: 'n', field_schema: { type: 'integer', lookup: true, range: true }, wait: true });
assert.equal((await client.getCollection(SONGS)).payload_schema.city.data_type, 'keyword');
assert.deepEqual((await client.facet(SONGS, { key: 'city' })).hits[0], { value: 'Berlin', count: 3 });
assert.equal((await client.deletePayloadIndex(SONGS, 'n')).status, 'completed');
await client.setPayload(SONGS, { payload: { a: 1, b: { c: 2 } }, points: [10] });
await client.setPayload(SONGS, { payload: { d: 3 }, key: 'b', filter: { must: [{ has_id: [10] }] } });
assert.deepEqual((await client.retrieve(SONGS, { ids: [10] }))[0].payload, { n: 10, a: 1, b: { c: 2, d: 3 } });
await client.deletePayload(SONGS, { keys: ['a', 'b.c'], points: [10] });
assert.deepEqual((await client.retrieve(SONGS, { ids: [10] }))[0].payload, { n: 10, b: { d: 3 } });
await client.overwritePayload(SONGS, { payload: { only: true }, points: [10, 11] });
assert.deepEqual((await client.retrieve(SONGS, { ids: [11] }))[0].payload, { only: true });
await client.clearPayload(SONGS, { points: [11] });
assert.deepEqual((await client.retrieve(SONGS, { ids: [11] }))[0].payload, {});
await client.updateVectors(SONGS, { points: [{ id: 10, vector: [2, 0, 0, 0] }] });
assert.deepEqual((await client.retrieve(SONGS, { ids: [10], with_vector: true }))[0], { id: 10, payload: { only: true }, vector: [2, 0, 0, 0] });
await refused(400, /every point has one/, () => client.deleteVectors(SONGS, { points: [10], vector: [''] }));
const operations = await client.batchUpdate(SONGS, {
  operations: [
    { upsert: { points: [{ id: 20, vector: [1, 1, 0, 0] }] } },
    { set_payload: { payload: { x: 1 }, points: [20] } },
    { delete: { points: [11] } },
  ],
});
assert.deepEqual(operations.map((each) => each.status), ['completed', 'completed', 'completed']);
await client.delete(SONGS, { wait: true, points: [20, 99] });
await client.delete(SONGS, { wait: true, filter: { must: [{ key: 'only', match: { value: true } }] } });
assert.deepEqual(await client.count(SONGS), { count: 7 });

// --- Aliases -------------------------------------------------------------------------------------

await client.updateCollectionAliases({ actions: [{ create_alias: { collection_name: SONGS, alias_name: 'tunes' } }] });
assert.deepEqual(await client.count('tunes'), { count: 7 });
assert.deepEqual(await client.getAliases(), { aliases: [{ alias_name: 'tunes', collection_name: SONGS }] });
await client.updateCollectionAliases({ actions: [{ rename_alias: { old_alias_name: 'tunes', new_alias_name: 'airs' } }] });
assert.deepEqual(await client.getCollectionAliases(SONGS), { aliases: [{ alias_name: 'airs', collection_name: SONGS }] });
await client.updateCollectionAliases({ actions: [{ delete_alias: { alias_name: 'airs' } }] });
await refused(404, /airs/, () => client.count('airs'));

// --- Snapshots -----------------------------------------------------------------------------------

const made = await client.createSnapshot(SONGS);
assert.deepEqual(await client.listSnapshots(SONGS), [made]);
const file = await fetch(`${url}/collections/${SONGS}/snapshots/${made.name}`);
const bytes = await file.arrayBuffer();
assert.equal(bytes.byteLength, made.size);
await client.delete(SONGS, { wait: true, points: [1, 2, 3] });
const form = new FormData();
form.append('snapshot', new Blob([bytes]), made.name);
const uploaded = await fetch(`${url}/collections/${SONGS}/snapshots/upload?checksum=${made.checksum}`, { method: 'POST', body: form });
assert.equal((await uploaded.json()).result, true);
assert.deepEqual(await client.count(SONGS), { count: 7 });
assert.equal(await client.recoverSnapshot('copy', { location: `${url}/collections/${SONGS}/snapshots/${made.name}`, priority: 'snapshot' }), true);
assert.deepEqual(await client.count('copy'), { count: 7 });
assert.equal(await client.deleteSnapshot(SONGS, made.name), true);
assert.deepEqual(await client.listSnapshots(SONGS), []);
await refused(404, /Snapshot/, () => client.deleteSnapshot(SONGS, made.name));

// --- The end -------------------------------------------------------------------------------------

assert.equal(await client.deleteCollection(SONGS), true);
assert.equal(await client.deleteCollection(SONGS), false);
assert.deepEqual(await client.collectionExists(SONGS), { exists: false });
console.log('done');
