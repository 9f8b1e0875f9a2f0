// All collections: how large they are, what happens in them, and how to make and drop them.

import { button, bytes, colours, confirmed, count, dialog, empty, failed, field, fill, h, loading, note, number, rate, select } from './dom.js';
import { ask, events, path } from './api.js';
import { sized } from './sound.js';

const SECONDS = 60;

export async function show(content, { signal, again }) {
  const { collections } = await ask('GET', '/collections', undefined, signal);
  const infos = await Promise.all(collections.map(async ({ name }) => {
    try {
      return { name, info: await ask('GET', path(name), undefined, signal) };
    } catch (error) {
      if (signal.aborted) throw error;
      return { name, error };
    }
  }));
  const make = async () => {
    if (await dialog('New collection', (close) => form(close))) again();
  };
  const head = h('div', { class: 'head' }, h('h1', { tabindex: -1 }, 'Collections'), button('New collection', make, { class: 'main' }));
  if (infos.length === 0) {
    content.append(head, empty('No collections yet', 'A collection holds vectors of one dimension. Each vector becomes a sound.', button('New collection', make, { class: 'main' })));
    return;
  }
  const live = h('div', { class: 'tiles' });
  const rows = infos.map((each) => row(each, again));
  content.append(head, live,
    h('section', { class: 'panel', 'aria-label': 'Collections' },
      h('div', { class: 'scroll' }, h('table', { class: 'cards' },
        h('thead', {}, h('tr', {}, ['Name', 'Vectors', 'Shape', 'Size of raw', 'On disk', 'Last minute', 'Writes/s', 'Queries/s', 'State', ''].map((text) =>
          h('th', { scope: 'col', class: /Vectors|disk|Writes|Queries/.test(text) ? 'number' : null }, text || h('span', { class: 'unseen' }, 'Actions'))))),
        h('tbody', {}, rows.map(({ element }) => element))))),
    h('section', { class: 'panel', 'aria-labelledby': 'segments-head' }, h('h2', { id: 'segments-head' }, 'Segments'),
      infos.filter(({ info }) => info).map(({ name, info }) => segments(name, info, signal))));
  tiles(live, infos, 0, 0);
  follow(live, infos, rows, signal);
}

function tiles(live, infos, inserts, queries) {
  const known = infos.filter(({ info }) => info).map(({ info }) => info);
  const vectors = known.reduce((sum, info) => sum + info.points_count, 0);
  const disk = known.reduce((sum, info) => sum + info.sonidb.disk_bytes, 0);
  const raw = known.reduce((sum, info) => sum + info.sonidb.records * rawBytes(info), 0);
  const stored = known.reduce((sum, info) => sum + info.sonidb.records * info.sonidb.bytes_per_vector, 0);
  fill(live, [['Vectors', count(vectors)], ['On disk', bytes(disk)], ['Of raw float size', raw ? `${Math.round(100 * stored / raw)} %` : '–'],
    ['Writes', rate(inserts), 'a second'], ['Queries', rate(queries), 'a second']].map(([label, value, unit]) =>
    h('div', { class: 'tile' }, h('span', {}, label), h('strong', {}, value), unit && h('small', {}, unit))));
}

const rawBytes = (info) => info.config.params.vectors.size * (info.sonidb.element === 'float64' ? 8 : 4);

function row({ name, info, error }, again) {
  const href = `#/c/${encodeURIComponent(name)}`;
  const link = h('a', { href }, name);
  if (error) return { element: h('tr', {}, h('td', { 'data-label': 'Name' }, link), h('td', { colspan: 9, class: 'bad' }, error.message)) };
  const share = info.sonidb.bytes_per_vector / rawBytes(info);
  const fillBar = h('i');
  fillBar.style.width = `${Math.min(100, 100 * share)}%`;
  const spark = h('canvas', { class: 'spark', role: 'img', 'aria-label': `Writes to ${name} a second in the last minute` });
  const inserts = h('span', {}, '0');
  const queries = h('span', {}, '0');
  const points = h('span', {}, count(info.points_count));
  const drop = async () => {
    if (!await confirmed(`Drop ${name}?`, `All ${count(info.points_count)} vectors and their files go. This cannot be undone.`, 'Drop', name)) return;
    try {
      await ask('DELETE', path(name));
      note(`${name} is dropped.`);
      again();
    } catch (e) {
      note(e.message, 'bad');
    }
  };
  return {
    name, spark, inserts, queries, points,
    element: h('tr', {},
      h('td', { 'data-label': 'Name' }, h('strong', {}, link)),
      h('td', { class: 'number', 'data-label': 'Vectors' }, points),
      h('td', { class: 'fits', 'data-label': 'Shape' }, h('span', {}, `${info.config.params.vectors.size} × ${info.sonidb.element}, ${info.config.params.vectors.distance.toLowerCase()}`)),
      h('td', { 'data-label': 'Size of raw' }, info.sonidb.records > 0
        ? h('span', { class: 'row', title: `${number(info.sonidb.bytes_per_vector)} bytes a record, ${rawBytes(info)} raw` }, h('span', { class: 'meter', 'aria-hidden': 'true' }, fillBar), `${Math.round(100 * share)} %`)
        : h('span', { class: 'muted' }, '–')),
      h('td', { class: 'number', 'data-label': 'On disk' }, bytes(info.sonidb.disk_bytes)),
      h('td', { 'data-label': 'Last minute' }, spark),
      h('td', { class: 'number', 'data-label': 'Writes a second' }, inserts),
      h('td', { class: 'number', 'data-label': 'Queries a second' }, queries),
      h('td', { 'data-label': 'State' }, state(info)),
      h('td', {}, h('div', { class: 'acts' }, button('Drop', drop, { class: 'quiet danger', 'aria-label': `Drop ${name}` })))),
  };
}

/** Beside the state of the index, that of a copy of another node's collection, where the node tells it. */
function state(info) {
  const index = info.status === 'green' ? h('span', { class: 'tag good' }, 'ready') : h('span', { class: 'tag warn', title: 'The search index is behind; what it lacks is compared one by one.' }, 'indexing');
  const { replica, lag_writes: writes, lag_seconds: seconds } = info.sonidb;
  if (!replica) return index;
  const lag = [writes > 0 && `${count(writes)} writes`, seconds > 0 && `${number(seconds, 3)} s`].filter(Boolean).join(', ');
  return h('span', { class: 'row' }, index, h('span', { class: 'tag', title: 'A copy of another node’s collection, to be read only.' }, lag ? `copy, ${lag} behind` : 'copy'));
}

async function follow(live, infos, rows, signal) {
  const seen = new Map();
  let told = false;
  try {
    for await (const { time, collections } of events('/activity', signal)) {
      if (!told && collections.some(({ name }) => !infos.some((each) => each.name === name))) {
        told = true;
        note('There is a new collection; open this page again to see it.');
      }
      let inserts = 0;
      let queries = 0;
      for (const now of collections) {
        const each = rows.find((one) => one.name === now.name && one.spark);
        if (!each) continue;
        const before = seen.get(now.name);
        const history = before?.history ?? Array(SECONDS).fill(0);
        if (before) {
          const seconds = Math.max(0.1, time - before.time);
          const writes = Math.max(0, now.last_sequence - before.last_sequence) / seconds;
          const asked = Math.max(0, now.queries - before.queries) / seconds;
          history.push(writes);
          history.shift();
          inserts += writes;
          queries += asked;
          each.inserts.textContent = rate(writes);
          each.queries.textContent = rate(asked);
          each.points.textContent = count(now.points);
        }
        seen.set(now.name, { ...now, time, history });
        sparkline(each.spark, history);
      }
      tiles(live, infos, inserts, queries);
    }
  } catch (e) {
    if (!signal.aborted) note(`Live figures: ${e.message}`, 'bad');
  }
}

function sparkline(canvas, history) {
  if (!canvas.isConnected) return;
  const { pen, width, height } = sized(canvas);
  const most = Math.max(1, ...history);
  const { accent, line } = colours();
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = line;
  pen.fillRect(0, height - 1, width, 1);
  pen.fillStyle = accent;
  const step = width / history.length;
  history.forEach((value, i) => {
    const size = value / most * (height - 2);
    if (value > 0) pen.fillRect(i * step, height - 1 - size, Math.max(1, step - 1), size);
  });
}

function segments(name, info, signal) {
  const place = h('div', {});
  const details = h('details', {}, h('summary', {}, `${name}: ${count(info.segments_count)} file${info.segments_count === 1 ? '' : 's'}, ${count(info.sonidb.sealed_segments)} sealed`), place);
  details.addEventListener('toggle', async () => {
    if (!details.open) return;
    fill(place, loading());
    try {
      fill(place, segmentTable(await ask('GET', path(name, 'segments'), undefined, signal)));
    } catch (e) {
      if (!signal.aborted) fill(place, failed(e));
    }
  });
  return details;
}

/** The files with their states; used by the page about integrity, too. */
export function segmentTable({ segments: files, verified }, more = () => null) {
  if (files.length === 0) return empty('No files yet', 'The first vector begins one.');
  const searches = { graph: ['good', 'graph'], codes: ['', 'codes'], scan: ['', 'compared'] };
  return h('div', { class: 'scroll' }, h('table', { class: 'cards' },
    h('thead', {}, h('tr', {}, ['File', 'Records', 'Size', 'Writes', 'Seal', 'Search', 'Integrity'].map((text) => h('th', { scope: 'col', class: /Records|Size/.test(text) ? 'number' : null }, text)))),
    h('tbody', {}, files.map((file) => h('tr', {},
      h('td', { class: 'id', 'data-label': 'File' }, file.sealed ? more(file) ?? file.file : file.file),
      h('td', { class: 'number', 'data-label': 'Records' }, count(file.records)),
      h('td', { class: 'number', 'data-label': 'Size' }, bytes(file.bytes)),
      h('td', { class: 'fits', 'data-label': 'Writes' }, file.records ? `${file.first_sequence} – ${file.last_sequence}` : '–'),
      h('td', { 'data-label': 'Seal' }, h('span', { class: `tag ${file.sealed ? 'good' : ''}`, title: file.sealed ? `SHA-256 ${file.sha256}` : null }, file.sealed ? 'sealed' : 'open')),
      h('td', { 'data-label': 'Search' }, h('span', { class: `tag ${(searches[file.search] ?? [''])[0]}` }, (searches[file.search] ?? ['', file.search])[1])),
      h('td', { 'data-label': 'Integrity' }, file.damaged === undefined ? h('span', { class: 'tag' }, 'not verified')
        : file.damaged > 0 ? h('span', { class: 'tag bad' }, `${count(file.damaged)} damaged`)
          : h('span', { class: 'tag good', title: `Verified ${new Date(verified.at).toLocaleString()}` }, 'sound')))))));
}

function form(close) {
  const name = h('input', { required: true, autocomplete: 'off', spellcheck: 'false' });
  const size = h('input', { type: 'number', min: 1, max: 16384, required: true, value: 384 });
  const distance = select(['Cosine', 'Dot', 'Euclid', 'Manhattan']);
  const element = select(['float32', 'float64']);
  const sonification = select(['amplitude', 'frequency', 'pulse']);
  const quantize = select([['none', 'none: exact'], ['8', '8 bits'], ['6', '6 bits'], ['5', '5 bits'], ['4', '4 bits']]);
  const problem = h('p', { class: 'problem', role: 'alert' });
  const submit = async (e) => {
    e.preventDefault();
    problem.textContent = '';
    try {
      await ask('PUT', path(name.value), {
        vectors: { size: Number(size.value), distance: distance.value },
        sonidb: { element: element.value, sonification: sonification.value, ...(quantize.value === 'none' ? {} : { quantize: Number(quantize.value) }) },
      });
      note(`${name.value} is there.`);
      close(true);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  return h('form', { onsubmit: submit },
    field('Name', name),
    h('div', { class: 'fields' }, field('Dimension', size, '1 to 16,384'), field('Distance', distance), field('Element', element),
      field('Sonification', sonification, 'How a vector sounds; it can be changed later.'), field('Quantise', quantize, 'Rounds for good.')),
    problem,
    h('div', { class: 'row end' }, button('Cancel', () => close(false)), h('button', { type: 'submit', class: 'main' }, 'Create')));
}
