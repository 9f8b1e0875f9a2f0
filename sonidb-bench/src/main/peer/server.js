// LanceDB behind the four routes of Qdrant that HttpLoad uses, so that the same client measures both.
//
//   npm install && node server.js FOLDER PORT
//
// It appends each batch (HttpLoad sends no id twice), makes an index of ids and an HNSW graph over scalar-quantised
// vectors when it is asked for its status, and compares 40 candidates exactly for a query: enough for what is measured,
// and nothing more.
import { createServer } from 'node:http';
import * as lancedb from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, Int32, Schema } from 'apache-arrow';

const [folder, port] = process.argv.slice(2);
if (!folder || !port) {
  console.error('usage: node server.js FOLDER PORT');
  process.exit(2);
}
const database = await lancedb.connect(folder);
let table;
let isIndexed = false;

async function create(dimension) {
  const item = new Field('item', new Float32(), true);
  const schema = new Schema([
    new Field('id', new Int32(), false),
    new Field('vector', new FixedSizeList(dimension, item), false),
  ]);
  table = await database.createEmptyTable('points', schema, { mode: 'overwrite' });
  isIndexed = false;
  return true;
}

async function status() {
  if (!isIndexed) {
    await table.optimize();
    await table.createIndex('id', { config: lancedb.Index.btree() });
    await table.createIndex('vector', {
      config: lancedb.Index.hnswSq({ distanceType: 'cosine', numPartitions: 1, m: 16, efConstruction: 100 }),
      waitTimeoutSeconds: 1800,
    });
    isIndexed = true;
  }
  return { status: 'green' };
}

async function get(id) {
  const [row] = await table.query().where(`id = ${id}`).limit(1).toArray();
  // A float32 as a float64 prints up to 17 digits; 9 keep its bits and are what a client wants.
  return row && { id: row.id, payload: {}, vector: Array.from(row.vector, (x) => Number(x.toPrecision(9))) };
}

async function query({ query: vector, limit, params }) {
  let asked = table.search(vector).distanceType('cosine').select(['id', '_distance']).limit(limit);
  if (params?.exact) {
    asked = asked.bypassVectorIndex();
  } else {
    asked = asked.refineFactor(4);
    asked = params?.hnsw_ef ? asked.ef(params.hnsw_ef) : asked;
  }
  const rows = await asked.toArray();
  return { points: rows.map((row) => ({ id: row.id, version: 0, score: 1 - row._distance })) };
}

async function answer(method, path, body) {
  const id = /^\/points\/([0-9]+)$/.exec(path);
  if (method === 'GET' && path === '') {
    return status();
  } else if (method === 'PUT' && path === '') {
    return create(body.vectors.size);
  } else if (method === 'DELETE' && path === '') {
    return true; // made anew by the next PUT
  } else if (method === 'PUT' && path === '/points') {
    await table.add(body.points);
    return { operation_id: 0, status: 'completed' };
  } else if (method === 'GET' && id) {
    return get(id[1]);
  } else if (method === 'POST' && path === '/points/query') {
    return query(body);
  }
  return undefined;
}

createServer(async (request, response) => {
  const start = process.hrtime.bigint();
  const pieces = [];
  for await (const piece of request) {
    pieces.push(piece);
  }
  let code = 200;
  let envelope;
  try {
    const path = request.url.replace(/\?.*$/, '').replace(/^\/collections\/[^/]+/, '');
    const body = pieces.length > 0 ? JSON.parse(Buffer.concat(pieces)) : {};
    const result = await answer(request.method, path, body);
    code = result === undefined ? 404 : 200;
    envelope = { result: result ?? null, status: 'ok' };
  } catch (error) {
    code = 400;
    envelope = { status: { error: error.message } };
  }
  envelope.time = Number(process.hrtime.bigint() - start) / 1e9;
  const text = JSON.stringify(envelope);
  response.writeHead(code, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}).listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}`));
