// A node with collections as people have them: songs with clusters, payloads, changes and a damaged file.

import { Node, random } from '../../javascript/tests/node.js';

export { Node };

const GENRES = ['jazz', 'rock', 'folk', 'techno', 'classical', 'soul'];
const WORDS = ['Blue', 'Night', 'Silver', 'River', 'Glass', 'Paper', 'Winter', 'Hollow', 'Amber', 'Distant', 'Small', 'Golden'];
const NOUNS = ['Lanterns', 'Harbour', 'Letters', 'Machines', 'Gardens', 'Mirrors', 'Sparrows', 'Engines', 'Tides', 'Rooms'];
const NAMES = ['The Quiet Ones', 'Maria Lindqvist', 'Oak & Wire', 'Northern Line', 'Café Zenith', 'Tomás Rey', 'Kōji Abe', 'Low Tide Trio'];

/** Normally distributed numbers (Box and Muller 1958). */
function normal(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Unit vectors around a centre for each genre, as embedding models make them. */
export function songs(count, dimension, seed) {
  const next = random(seed);
  const centres = GENRES.map(() => Array.from({ length: dimension }, () => normal(next)));
  const pick = (list) => list[Math.floor(next() * list.length)];
  return Array.from({ length: count }, (_, i) => {
    const genre = Math.floor(next() ** 1.5 * GENRES.length);
    const vector = centres[genre].map((value) => value + 1.1 * normal(next));
    const length = Math.hypot(...vector);
    return {
      id: i,
      vector: vector.map((value) => Math.fround(value / length)),
      payload: { title: `${pick(WORDS)} ${pick(NOUNS)}`, artist: pick(NAMES), genre: GENRES[genre], year: 1960 + Math.floor(next() * 66), bpm: Math.round((70 + 100 * next()) * 10) / 10 },
    };
  });
}

export async function insert(node, name, points, piece = 500) {
  for (let at = 0; at < points.length; at += piece) {
    await node.ask('PUT', `/collections/${name}/points?wait=true`, { points: points.slice(at, at + piece) });
  }
}

export async function create(node, name, size, distance, sonidb = {}) {
  await node.ask('PUT', `/collections/${name}`, { vectors: { size, distance }, sonidb });
}

/** An array of float32 as NumPy saves it. */
export function npy(rows) {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0].length}), }`.padEnd(117) + '\n';
  const bytes = Buffer.alloc(10 + head.length + 4 * rows.length * rows[0].length);
  bytes.write('\x93NUMPY\x01\x00', 'latin1');
  bytes.writeUInt16LE(head.length, 8);
  bytes.write(head, 10, 'latin1');
  rows.flat().forEach((value, i) => bytes.writeFloatLE(value, 10 + head.length + 4 * i));
  return bytes;
}
