// Vectors as they are written: heard, checked, drawn, and scored by a linear model.

import { button, colours, count, empty, field, fill, h, note, number, onTheme, rate, say, select, short } from './dom.js';
import { apiKey, ask, open, path } from './api.js';
import { heat, sized, transform } from './sound.js';

const BINS = 128;
const HISTORY = 2048; // columns that are kept
const FLOOR = 36; // decibels below the loudest
const WINDOW_MILLIS = 1000;
const MOST_COLUMNS = 400; // that wait to be drawn: of more, the newest
const SHOWN = 8; // scores
const TRANSPORTS = [['http', 'HTTP'], ['hls', 'LL-HLS'], ['webrtc', 'WebRTC']];

export async function show(content, { parts: [name], signal }) {
  const info = await ask('GET', path(name), undefined, signal);
  const dimension = info.config.params.vectors.size;
  const transport = h('div', { class: 'choice', role: 'group', 'aria-label': 'Transport' });
  const why = h('p', { class: 'muted small' });
  const from = select([['new', 'from now on'], ['all', 'from the beginning']]);
  const model = h('textarea', { rows: 6, spellcheck: 'false', placeholder: '{"weights": [[…], […]], "bias": [0, 0], "labels": ["a", "b"], "activation": "softmax"}' });
  const modelTold = h('p', { class: 'problem', role: 'alert' });
  const canvas = h('canvas', { class: 'live', role: 'img', 'aria-label': 'Spectrogram of the vectors as they arrive, the newest at the right' });
  const tiles = h('div', { class: 'tiles' });
  const scores = h('div', {});
  const state = { name, signal, way: 'http', running: undefined, columns: [], arrivals: [], latencies: [], verified: 0, other: 0, lost: 0, bytes: 0, model: undefined, recent: [], tally: new Map() };

  const start = button('Listen', () => state.running ? stop() : begin(), { class: 'main' });
  const stop = () => {
    state.running?.abort();
    state.running = undefined;
    start.textContent = 'Listen';
    start.classList.add('main');
    say('Stopped.');
  };
  const begin = async () => {
    const mine = new AbortController();
    state.running = mine;
    signal.addEventListener('abort', () => mine.abort());
    Object.assign(state, { begun: Date.now(), columns: [], arrivals: [], latencies: [], verified: 0, other: 0, lost: 0, recent: [], tally: new Map(), last: undefined });
    start.textContent = 'Stop';
    start.classList.remove('main');
    say('Listening.');
    try {
      const last = (await ask('GET', path(name), undefined, mine.signal)).sonidb.last_sequence;
      for await (const record of await records(state.way, name, from.value === 'new' ? last + 1 : 1, mine.signal)) take(state, record);
      if (!mine.signal.aborted) note('The stream has ended.');
    } catch (e) {
      if (!mine.signal.aborted) note(e.message, 'bad');
    }
    if (state.running === mine) stop();
  };

  const ways = await available(name, signal);
  const tell = () => {
    why.textContent = TRANSPORTS.filter(([way]) => ways[way]).map(([way, text]) => `${text}: ${ways[way]}`).join(' ');
    why.hidden = !why.textContent;
    for (const [i, [way]] of TRANSPORTS.entries()) {
      transport.children[i].disabled = Boolean(ways[way]);
      transport.children[i].title = ways[way] ?? '';
      transport.children[i].setAttribute('aria-pressed', String(way === state.way));
    }
  };
  const choose = async (way) => {
    if (way === 'webrtc') ways.webrtc = await refusal(name, signal);
    if (!ways[way]) state.way = way;
    tell();
    if (ways[way]) say(`${way}: ${ways[way]}`);
    else if (state.running) {
      stop();
      begin();
    }
  };
  fill(transport, TRANSPORTS.map(([way, text]) => button(text, () => choose(way))));
  tell();

  model.addEventListener('change', () => {
    modelTold.textContent = '';
    state.model = undefined;
    state.recent = [];
    state.tally = new Map();
    if (!model.value.trim()) return showScores(state, scores);
    try {
      state.model = readModel(model.value, dimension);
    } catch (e) {
      modelTold.textContent = e instanceof SyntaxError ? `This is no JSON: ${e.message}` : e.message;
    }
    showScores(state, scores);
  });

  content.append(
    h('div', { class: 'head' }, h('div', {}, h('h1', { tabindex: -1 }, 'Listen'), h('p', { class: 'muted' }, `Every write to ${name} as it happens: each record's checksums and hash are checked here, in this page.`)),
      start),
    h('section', { class: 'panel stack', 'aria-label': 'Stream' },
      h('div', { class: 'row bottom' }, h('div', { class: 'field' }, h('span', {}, 'Transport'), transport), field('Records', from)),
      why, tiles, h('figure', {}, canvas, h('figcaption', {}, 'A column is a vector: how much of each frequency is in its components, low below.'))),
    h('div', { class: 'columns' },
      h('section', { class: 'panel stack', 'aria-labelledby': 'model-head' }, h('h2', { id: 'model-head' }, 'Linear model'),
        field('As JSON', model, `weights: a row of ${dimension} numbers, or several; bias, labels, and activation (none, sigmoid, softmax) as you like.`), modelTold),
      h('section', { class: 'panel', 'aria-labelledby': 'scores-head' }, h('h2', { id: 'scores-head' }, 'Scores'), scores)));

  showScores(state, scores);
  showTiles(state, tiles);
  draw(state, canvas, tiles, scores);
}

/** Why a transport cannot be used; nothing if it can. */
async function available(name, signal) {
  const { paths } = JSON.parse(await (await open('GET', '/openapi.json', { signal })).text());
  const sonidb = await import('/sonidb.js');
  const has = (end) => Object.keys(paths).some((each) => each.endsWith(end));
  const reasons = { http: undefined, hls: undefined, webrtc: undefined };
  if (!has('/hls/live.m3u8') || !sonidb.listenHls) reasons.hls = 'this node has no HLS.';
  if (!has('/whep') || !sonidb.MessageReader) reasons.webrtc = 'this node has no WebRTC.';
  else if (!globalThis.RTCPeerConnection) reasons.webrtc = 'this browser has none.';
  return reasons;
}

/** Why a node that knows of WebRTC has none, if that is so: an offer is made, and taken back. */
async function refusal(name, signal) {
  const peer = new RTCPeerConnection();
  try {
    peer.createDataChannel('probe');
    await peer.setLocalDescription(await peer.createOffer());
    const answer = await open('POST', `${path(name, 'whep')}?follow=false`, { body: peer.localDescription.sdp, type: 'application/sdp', signal });
    open('DELETE', answer.headers.get('location'), { signal }).catch(() => {}); // else it ends by itself
    return undefined;
  } catch (e) {
    return e.status === 501 ? e.message : undefined; // anything else is told when it is listened to
  } finally {
    peer.close();
  }
}

async function records(way, name, from, signal) {
  const { listen, listenHls } = await import('/sonidb.js');
  const address = new URL(path(name), location.origin).href;
  const options = { from, signal, apiKey: apiKey() || undefined };
  return way === 'hls' ? listenHls(address, options) : listen(address, { ...options, transport: way });
}

function take(state, record) {
  const now = performance.now();
  if (state.last !== undefined && record.seq > state.last + 1) state.lost += record.seq - state.last - 1;
  state.last = record.seq + (record.skipCount ?? 1) - 1;
  if (record.kind !== 'upsert') {
    state.other++;
    return;
  }
  state.verified++;
  state.arrivals.push(now);
  if (record.insertedAt >= state.begun) state.latencies.push(Math.max(0, Date.now() - record.insertedAt));
  if (state.columns.length >= MOST_COLUMNS) state.columns.splice(0, MOST_COLUMNS / 2);
  state.columns.push(column(record.vector));
  if (state.model) {
    const scored = state.model(record.vector);
    state.recent.unshift({ id: record.id, ...scored });
    state.recent.length = Math.min(SHOWN, state.recent.length);
    state.tally.set(scored.label, (state.tally.get(scored.label) ?? 0) + 1);
    state.scored = true;
  }
}

/** How much of each frequency is in a vector, as shares from 0 to 1 of the loudest. */
function column(vector) {
  const size = 2 * BINS;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  // Longer vectors are folded: their transform at every n-th frequency.
  vector.forEach((value, i) => { re[i % size] += Number.isFinite(value) ? value : 0; });
  transform(re, im);
  const levels = Float32Array.from({ length: BINS }, (_, bin) => 10 * Math.log10(re[bin] ** 2 + im[bin] ** 2 + 1e-30));
  const loudest = levels.reduce((a, b) => Math.max(a, b));
  return levels.map((level) => Math.max(0, 1 - (loudest - level) / FLOOR));
}

function draw(state, canvas, tiles, scores) {
  let shown = 0;
  // Whatever is wide enough for any window, and is not lost when that changes.
  const history = h('canvas', { width: HISTORY, height: BINS });
  const ink = history.getContext('2d', { willReadFrequently: true });
  let stale = true;
  onTheme(state.signal, () => { stale = true; });
  const frame = (now) => {
    if (state.signal.aborted) return;
    requestAnimationFrame(frame);
    if (!canvas.isConnected) return;
    if (state.columns.length > 0) {
      const fresh = state.columns.splice(0);
      const wide = fresh.length > 4 ? 1 : 2;
      ink.globalCompositeOperation = 'copy';
      ink.drawImage(history, -fresh.length * wide, 0);
      const image = ink.createImageData(fresh.length * wide, BINS);
      const pixels = new Uint32Array(image.data.buffer);
      fresh.forEach((levels, i) => {
        for (let y = 0; y < BINS; y++) {
          pixels.fill(heat[Math.floor(levels[BINS - 1 - y] * 255)], y * image.width + i * wide, y * image.width + (i + 1) * wide);
        }
      });
      ink.putImageData(image, HISTORY - image.width, 0);
      stale = true;
    }
    if (stale || canvas.width !== canvas.clientWidth || canvas.height !== canvas.clientHeight) {
      const { pen, width, height } = sized(canvas, 1);
      pen.fillStyle = colours().raised;
      pen.fillRect(0, 0, width, height);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(history, Math.max(0, HISTORY - width), 0, Math.min(width, HISTORY), BINS, Math.max(0, width - HISTORY), 0, Math.min(width, HISTORY), height);
      stale = false;
    }
    if (now - shown > 250) {
      shown = now;
      showTiles(state, tiles);
      if (state.scored) showScores(state, scores);
      state.scored = false;
    }
  };
  requestAnimationFrame(frame);
}

function showTiles(state, tiles) {
  const since = performance.now() - WINDOW_MILLIS;
  state.arrivals = state.arrivals.slice(-100_000).filter((time) => time > since);
  state.latencies = state.latencies.slice(-200);
  const sorted = [...state.latencies].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  fill(tiles, [
    ['Vectors a second', rate(state.arrivals.length * 1000 / WINDOW_MILLIS)],
    ['Latency, median', median === undefined ? '–' : count(median), median !== undefined && 'ms'],
    ['Verified', count(state.verified)], ['Other changes', count(state.other)], ['Missing', count(state.lost)],
  ].map(([label, value, unit]) => h('div', { class: 'tile' }, h('span', {}, label), h('strong', { class: label === 'Missing' && state.lost > 0 ? 'bad' : null }, value), unit && h('small', {}, unit))));
}

// The model -------------------------------------------------------------------------------------

/** Makes a function from a vector to `{label, score}`. Throws an Error that says what is wrong. */
function readModel(text, dimension) {
  const model = JSON.parse(text);
  if (model === null || typeof model !== 'object' || !Array.isArray(model.weights)) throw new Error('A model is an object with weights.');
  const rows = Array.isArray(model.weights[0]) ? model.weights : [model.weights];
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== dimension) throw new Error(`Row ${i} of weights has ${row?.length ?? 'no'} numbers; vectors have ${dimension}.`);
    if (row.some((value) => typeof value !== 'number')) throw new Error(`Row ${i} of weights has something that is no number.`);
  });
  const bias = [model.bias ?? rows.map(() => 0)].flat();
  if (bias.length !== rows.length || bias.some((value) => typeof value !== 'number')) throw new Error(`bias must be ${rows.length} number${rows.length > 1 ? 's' : ''}.`);
  const labels = model.labels ?? rows.map((_, i) => rows.length > 1 ? `class ${i}` : 'score');
  if (!Array.isArray(labels) || labels.length !== rows.length) throw new Error(`labels must be ${rows.length}.`);
  const activation = model.activation ?? (rows.length > 1 ? 'softmax' : 'none');
  if (!['none', 'sigmoid', 'softmax'].includes(activation)) throw new Error('activation must be none, sigmoid or softmax.');
  return (vector) => {
    let outputs = rows.map((row, i) => row.reduce((sum, weight, j) => sum + weight * vector[j], bias[i]));
    if (activation === 'sigmoid') outputs = outputs.map((value) => 1 / (1 + Math.exp(-value)));
    if (activation === 'softmax') {
      const most = Math.max(...outputs);
      const powers = outputs.map((value) => Math.exp(value - most));
      const sum = powers.reduce((a, b) => a + b);
      outputs = powers.map((value) => value / sum);
    }
    const best = outputs.indexOf(Math.max(...outputs));
    return { label: String(labels[Math.max(0, best)]), score: outputs[Math.max(0, best)] };
  };
}

function showScores(state, place) {
  if (!state.model) {
    fill(place, empty('No model', 'Paste one, and each vector is scored as it arrives.'));
    return;
  }
  if (state.recent.length === 0) {
    fill(place, empty('Nothing scored yet', state.running ? 'Waiting for vectors.' : 'Begin to listen.'));
    return;
  }
  const most = Math.max(...state.tally.values());
  fill(place,
    h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['Id', 'Label', 'Score'].map((text) => h('th', { scope: 'col', class: text === 'Score' ? 'number' : null }, text)))),
      h('tbody', {}, state.recent.map(({ id, label, score }) => h('tr', {},
        h('td', { class: 'id' }, h('a', { href: `#/c/${encodeURIComponent(state.name)}/v/${encodeURIComponent(id)}` }, short(String(id), 24))), h('td', {}, label), h('td', { class: 'number' }, number(score))))))),
    h('dl', {}, [...state.tally].sort((a, b) => b[1] - a[1]).slice(0, 10).map(([label, times]) => {
      const bar = h('i');
      bar.style.width = `${100 * times / most}%`;
      return [h('dt', {}, short(label, 30)), h('dd', { class: 'row' }, h('span', { class: 'meter', 'aria-hidden': 'true' }, bar), count(times))];
    })));
}
