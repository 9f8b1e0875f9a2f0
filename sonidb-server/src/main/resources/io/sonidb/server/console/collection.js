// One collection: its points, page by page; searching; import and export.

import { button, bytes, confirmed, count, dialog, empty, failed, field, fill, h, loading, note, number, payload, progressBar, say, select, short } from './dom.js';
import { ask, idOf, open, parse, path, pieces, save, stringify, upload } from './api.js';
import { filterBuilder } from './filter.js';
import { readNpy, readNumbers } from './npy.js';

const PAGE = 20;
const EXPORT_PAGE = 500;
const MOST_EXPORTED = 2 ** 30; // bytes; more is for the command line

export async function show(content, { parts: [name], signal }) {
  const info = await ask('GET', path(name), undefined, signal);
  const own = info.sonidb;
  const state = { name, info, signal, filter: undefined, from: [undefined], next: undefined, fields: [] };
  const first = await page(state, undefined);
  state.fields = fieldsOf(first.points);
  const { size, distance } = info.config.params.vectors;

  const points = h('div', {});
  state.points = points;
  const filtered = h('span', { class: 'muted small' });
  state.filtered = filtered;
  content.append(
    h('div', { class: 'head' },
      h('div', {}, h('h1', { tabindex: -1 }, name),
        h('p', { class: 'muted' }, `${count(info.points_count)} vectors · ${size} × ${own.element} · ${distance.toLowerCase()} · ${own.sonification}${own.quantize === 'none' ? '' : ` · ${own.quantize} bits`} · ${bytes(own.disk_bytes)}`)),
      h('div', { class: 'row' }, button('Import', () => importDialog(state)), button('Export', () => exportDialog(state)))),
    h('div', { class: 'columns side' },
      h('section', { class: 'panel', 'aria-labelledby': 'points-head' },
        h('div', { class: 'row apart' }, h('h2', { id: 'points-head' }, 'Points'), filtered), points),
      h('div', { class: 'stack' },
        h('section', { class: 'panel', 'aria-labelledby': 'search-head' }, h('h2', { id: 'search-head' }, 'Search'), searchForm(state)),
        h('section', { class: 'panel', 'aria-labelledby': 'filter-head' }, h('h2', { id: 'filter-head' }, 'Filter'),
          filterBuilder(state.fields, (filter) => {
            state.filter = filter;
            state.from = [undefined];
            reload(state);
          })))));
  table(state, first);
}

const href = (name, id) => `#/c/${encodeURIComponent(name)}/v/${encodeURIComponent(id)}`;

function fieldsOf(points) {
  return [...new Set(points.flatMap(({ payload }) => Object.keys(payload ?? {})))].sort();
}

function page({ name, filter, signal }, offset) {
  return ask('POST', path(name, 'points', 'scroll'), { limit: PAGE, with_payload: true, with_vector: false, ...(offset !== undefined && { offset }), ...(filter && { filter }) }, signal);
}

let asked = 0;

async function reload(state) {
  const mine = ++asked;
  try {
    const found = await page(state, state.from.at(-1));
    if (state.filter) {
      const { count: matching } = await ask('POST', path(state.name, 'points', 'count'), { filter: state.filter, exact: true }, state.signal);
      if (mine === asked) state.filtered.textContent = `${count(matching)} match`;
    } else if (mine === asked) state.filtered.textContent = '';
    if (mine !== asked) return;
    table(state, found);
    say(`${found.points.length} points`);
  } catch (e) {
    if (!state.signal.aborted && mine === asked) fill(state.points, failed(e, () => reload(state)));
  }
}

function table(state, { points, next_page_offset: next }) {
  state.next = next ?? undefined;
  if (points.length === 0) {
    fill(state.points, state.filter ? empty('Nothing matches', 'No point fulfils this filter.') : empty('No points yet', 'Drop a file of vectors on “Import”, or insert some by the API.', button('Import', () => importDialog(state))));
    return;
  }
  const turn = (go) => () => {
    go();
    reload(state);
  };
  fill(state.points,
    h('div', { class: 'scroll' }, h('table', { class: 'cards' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Id'), h('th', { scope: 'col' }, 'Payload'), h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'Actions')))),
      h('tbody', {}, points.map((point) => h('tr', {},
        h('td', { class: 'id', 'data-label': 'Id' }, h('a', { href: href(state.name, point.id), title: String(point.id) }, short(String(point.id), 24))),
        h('td', { class: 'wide', 'data-label': 'Payload' }, payload(point.payload)),
        h('td', {}, h('div', { class: 'acts' },
          button('Edit', () => edit(state, point), { class: 'quiet', 'aria-label': `Edit the payload of ${point.id}` }),
          button('Delete', () => remove(state, point), { class: 'quiet danger', 'aria-label': `Delete ${point.id}` })))))))),
    h('div', { class: 'row apart' },
      h('span', { class: 'muted small' }, `Page ${state.from.length}`),
      h('div', { class: 'row' },
        button('Previous', turn(() => state.from.pop()), { disabled: state.from.length < 2 }),
        button('Next', turn(() => state.from.push(state.next)), { disabled: state.next === undefined }))));
}

async function edit(state, point) {
  const done = await dialog(`Payload of ${short(String(point.id), 40)}`, (close) => {
    const text = h('textarea', { rows: 12, spellcheck: 'false' });
    text.value = stringify(point.payload ?? {}, 2);
    const problem = h('p', { class: 'problem', role: 'alert' });
    const submit = async (e) => {
      e.preventDefault();
      try {
        const changed = parse(text.value);
        if (changed === null || typeof changed !== 'object' || Array.isArray(changed)) throw new Error('A payload is an object: { "key": … }');
        await ask('PUT', `${path(state.name, 'points', 'payload')}?wait=true`, { payload: changed, points: [point.id] });
        close(true);
      } catch (error) {
        problem.textContent = error instanceof SyntaxError ? `This is no JSON: ${error.message}` : error.message;
      }
    };
    return h('form', { onsubmit: submit }, field('Payload as JSON', text), problem,
      h('div', { class: 'row end' }, button('Cancel', () => close(false)), h('button', { type: 'submit', class: 'main' }, 'Save')));
  });
  if (done) {
    note('The payload is saved.');
    reload(state);
  }
}

async function remove(state, point) {
  if (!await confirmed('Delete this point?', `${point.id} goes with its payload.`, 'Delete')) return;
  try {
    await ask('POST', `${path(state.name, 'points', 'delete')}?wait=true`, { points: [point.id] });
    note(`${short(String(point.id), 40)} is deleted.`);
    reload(state);
  } catch (e) {
    note(e.message, 'bad');
  }
}

// Searching -------------------------------------------------------------------------------------

function searchForm(state) {
  const dimension = state.info.config.params.vectors.size;
  const by = select([['id', 'a point'], ['vector', 'a vector']], 'id');
  const id = h('input', { autocomplete: 'off', spellcheck: 'false' });
  const vector = h('textarea', { rows: 4, spellcheck: 'false', placeholder: '0.12, -0.5, …' });
  const file = h('input', { type: 'file', accept: '.npy' });
  const row = h('input', { type: 'number', min: 0, value: 0 });
  const rowField = field('Row', row);
  const limit = h('input', { type: 'number', min: 1, max: 1000, value: 10 });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const hits = h('div', { 'aria-live': 'polite' });
  let rows;
  const drop = h('div', { class: 'drop' }, 'Drop a .npy file here, or choose one', file);
  file.setAttribute('aria-label', 'A .npy file with vectors');
  const idField = field('Id', id);
  const vectorField = field(`${dimension} numbers`, vector);
  rowField.hidden = true;

  const shape = () => {
    idField.hidden = by.value !== 'id';
    vectorField.hidden = drop.hidden = by.value === 'id';
    rowField.hidden = by.value === 'id' || !rows || rows.rows < 2;
  };
  const takeRow = () => {
    const at = Math.max(0, Math.min(rows.rows - 1, Number(row.value) || 0));
    row.value = at;
    vector.value = rows.row(at).join(', ');
  };
  const take = async (chosen) => {
    problem.textContent = '';
    try {
      const read = readNpy(await chosen.arrayBuffer());
      if (read.dimension !== dimension) throw new Error(`${chosen.name} has rows of ${read.dimension} numbers; this collection has vectors of ${dimension}.`);
      rows = read;
      row.max = read.rows - 1;
      takeRow();
      drop.firstChild.textContent = `${chosen.name}: ${count(read.rows)} rows. Drop another .npy file here, or choose one`;
    } catch (e) {
      rows = undefined;
      problem.textContent = e.message;
    }
    shape();
  };
  by.addEventListener('change', shape);
  row.addEventListener('change', takeRow);
  file.addEventListener('change', () => file.files[0] && take(file.files[0]));
  dropping(drop, take);
  shape();

  const wanted = () => {
    if (by.value === 'id') {
      if (!id.value.trim()) throw new Error('Say which point.');
      return idOf(id.value);
    }
    const numbers = readNumbers(vector.value);
    if (numbers.length !== dimension) throw new Error(`A vector has ${dimension} numbers here, this one has ${numbers.length}.`);
    return numbers;
  };
  const body = (params) => ({ query: wanted(), limit: Number(limit.value), with_payload: true, ...(state.filter && { filter: state.filter }), ...(params && { params }) });
  const search = async (checks) => {
    problem.textContent = '';
    let found;
    try {
      const quick = body();
      fill(hits, loading('Searching'));
      found = await timed(state, quick);
      const exact = checks ? await timed(state, body({ exact: true })) : undefined;
      fill(hits, checks && recall(found, exact), list(state, found));
    } catch (e) {
      fill(hits);
      if (!state.signal.aborted) problem.textContent = e.message;
    }
  };
  return h('form', { onsubmit: (e) => { e.preventDefault(); search(false); } },
    h('div', { class: 'fields' }, field('By', by), field('How many', limit)),
    idField, vectorField, drop, rowField, problem,
    h('div', { class: 'row' }, h('button', { type: 'submit', class: 'main' }, 'Search'), button('Check recall', () => search(true), { title: 'Compares with the exact answer' })),
    hits);
}

async function timed({ name, signal }, body) {
  const start = performance.now();
  const { points } = await ask('POST', path(name, 'points', 'query'), body, signal);
  return { points, millis: performance.now() - start };
}

function recall(found, exact) {
  const wanted = new Set(exact.points.map(({ id }) => String(id)));
  const hit = found.points.filter(({ id }) => wanted.has(String(id))).length;
  return h('p', { class: 'small' }, h('strong', {}, `Recall ${wanted.size ? Math.round(100 * hit / wanted.size) : 100} %`),
    ` – ${hit} of the ${wanted.size} nearest; ${number(found.millis, 3)} ms by the index, ${number(exact.millis, 3)} ms exactly.`);
}

function list({ name }, { points, millis }) {
  if (points.length === 0) return empty('Nothing found', 'No point fulfils the filter.');
  return [h('p', { class: 'muted small' }, `${points.length} in ${number(millis, 3)} ms`),
    h('div', { class: 'scroll' }, h('table', { class: 'cards' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Id'), h('th', { scope: 'col', class: 'number' }, 'Score'), h('th', { scope: 'col' }, 'Payload'))),
      h('tbody', {}, points.map((point) => h('tr', {},
        h('td', { class: 'id', 'data-label': 'Id' }, h('a', { href: href(name, point.id) }, short(String(point.id), 20))),
        h('td', { class: 'number', 'data-label': 'Score' }, number(point.score, 5)),
        h('td', { class: 'wide', 'data-label': 'Payload' }, payload(point.payload, 2)))))))];
}

function dropping(element, take) {
  const over = (is) => (e) => {
    e.preventDefault();
    element.classList.toggle('over', is);
  };
  element.addEventListener('dragover', over(true));
  element.addEventListener('dragleave', over(false));
  element.addEventListener('drop', (e) => {
    over(false)(e);
    if (e.dataTransfer.files[0]) take(e.dataTransfer.files[0]);
  });
}

// Import and export -----------------------------------------------------------------------------

/** By the ends of names: kinds of bodies. Sound goes to a route of its own, which tells what is damaged. */
const SOUNDS = { flac: 'audio/flac', ogg: 'audio/ogg', oga: 'audio/ogg', wav: 'audio/wav' };
const ROWS = ['npy', 'fvecs', 'bvecs', 'fbin', 'u8bin', 'i8bin', 'jsonl', 'csv'];

async function importDialog(state) {
  const ending = new AbortController();
  const done = await dialog(`Import into ${state.name}`, (close) => {
    const file = h('input', { type: 'file', 'aria-label': 'A file of vectors', accept: [...ROWS, ...Object.keys(SOUNDS)].map((end) => `.${end}`).join(',') });
    const drop = h('div', { class: 'drop' }, h('span', {}, 'Drop a file here, or choose one'), file);
    const firstId = h('input', { type: 'number', min: 0, value: 0 });
    const problem = h('p', { class: 'problem', role: 'alert' });
    const result = h('div', { 'aria-live': 'polite' });
    const bar = progressBar('Import');
    bar.element.hidden = true;
    let changed = false;
    const take = async (chosen) => {
      problem.textContent = '';
      fill(result);
      const end = chosen.name.split('.').at(-1).toLowerCase();
      const sound = SOUNDS[end];
      if (!sound && !ROWS.includes(end)) {
        problem.textContent = `${chosen.name}: files of vectors end in ${ROWS.join(', ')}, sound in ${Object.keys(SOUNDS).join(', ')}.`;
        return;
      }
      bar.element.hidden = false;
      file.disabled = true;
      try {
        const address = sound ? path(state.name, 'audio') : `${path(state.name, 'import')}?format=${end}&first_id=${Number(firstId.value) || 0}`;
        const told = (sent, total) => bar.set(sent, total, sent < total ? `${bytes(sent)} of ${bytes(total)}` : 'The node is writing …');
        const answer = await upload('POST', address, chosen, sound ?? 'application/octet-stream', told, ending.signal);
        changed = true;
        const inserted = answer.inserted ?? answer.vectors ?? 0;
        bar.set(1, 1, 'Done');
        fill(result, h('p', {}, h('strong', {}, `${count(inserted)} vectors are in.`), answer.damaged_count > 0 && h('span', { class: 'bad' }, ` ${count(answer.damaged_count)} damaged places were left out.`)));
        ended.textContent = 'Close';
      } catch (e) {
        bar.element.hidden = true;
        problem.textContent = e.message;
      }
      file.disabled = false;
    };
    file.addEventListener('change', () => file.files[0] && take(file.files[0]));
    dropping(drop, take);
    const ended = button('Cancel', () => close(changed));
    return h('form', { onsubmit: (e) => e.preventDefault() },
      h('p', { class: 'muted small' }, 'Rows (.npy, .fvecs, .bvecs, .fbin, .u8bin, .i8bin, .jsonl, .csv) or records as sound (.flac, .ogg, .wav).'),
      field('First id of rows without ids', firstId), drop, bar.element, result, problem,
      h('div', { class: 'row end' }, ended));
  });
  ending.abort();
  if (done) reload(state);
}

async function exportDialog(state) {
  const ending = new AbortController();
  await dialog(`Export ${state.name}`, (close) => {
    const kind = select([['flac', 'FLAC: all records, exact'], ['jsonl', 'JSON lines: ids, payloads, vectors'], ['ids', 'JSON lines: ids and payloads']]);
    const problem = h('p', { class: 'problem', role: 'alert' });
    const bar = progressBar('Export');
    bar.element.hidden = true;
    const start = h('button', { type: 'submit', class: 'main' }, 'Export');
    const submit = async (e) => {
      e.preventDefault();
      problem.textContent = '';
      bar.element.hidden = false;
      start.disabled = true;
      try {
        const told = (done, total, text) => bar.set(done, total, text);
        if (kind.value === 'flac') await exportSound(state, told, ending.signal);
        else await exportLines(state, kind.value === 'jsonl', told, ending.signal);
        bar.set(1, 1, 'Saved.');
      } catch (error) {
        bar.element.hidden = true;
        if (!ending.signal.aborted) problem.textContent = error.message;
      }
      start.disabled = false;
    };
    return h('form', { onsubmit: submit },
      field('As', kind, state.filter ? 'Only what the filter lets through.' : undefined), bar.element, problem,
      h('div', { class: 'row end' }, button('Close', () => close()), start));
  });
  ending.abort();
}

function checkSize(size) {
  if (size > MOST_EXPORTED) throw new Error(`This is more than ${bytes(MOST_EXPORTED)}: use “sonidb export”, which writes as it reads.`);
}

async function exportSound({ name, filter, info }, told, signal) {
  checkSize(info.sonidb.disk_bytes);
  const parts = [];
  let size = 0;
  for await (const piece of pieces(await open('GET', `${path(name, 'audio')}${filter ? `?filter=${encodeURIComponent(stringify(filter))}` : ''}`, { signal }))) {
    parts.push(piece);
    size += piece.length;
    told(size, filter ? 0 : info.sonidb.disk_bytes, bytes(size));
  }
  save(parts, `${name}.flac`, 'audio/flac');
}

async function exportLines({ name, filter, info }, withVector, told, signal) {
  const parts = [];
  let size = 0;
  let done = 0;
  let offset;
  do {
    const { points, next_page_offset: next } = await ask('POST', path(name, 'points', 'scroll'),
      { limit: EXPORT_PAGE, with_payload: true, with_vector: withVector, ...(offset !== undefined && { offset }), ...(filter && { filter }) }, signal);
    for (const { id, payload: about, vector, expires_at } of points) {
      const line = `${stringify({ id, payload: about, vector, expires_at })}\n`;
      parts.push(line);
      size += line.length;
    }
    checkSize(size);
    done += points.length;
    told(done, filter ? 0 : info.points_count, `${count(done)} points`);
    offset = next ?? undefined;
  } while (offset !== undefined);
  save(parts, `${name}.jsonl`, 'application/x-ndjson');
}
