// One vector: its sound in three ways, its values, where it lies; beside another one.

import { button, bytes, clock, colours, count, empty, failed, field, fill, h, loading, note, number, onTheme, payload, short } from './dom.js';
import { apiKey, ask, idOf, open, path, save, stringify } from './api.js';
import { RATE, drawSpectrogram, drawWave, play, sized, soundOf } from './sound.js';

const SONIFICATIONS = ['amplitude', 'frequency', 'pulse'];
const REPEAT_SECONDS = 3;

export async function show(content, { parts: [name, id], signal }) {
  const [info, point, place] = await Promise.all([
    ask('GET', path(name), undefined, signal),
    ask('GET', `${path(name, 'points', encodeURIComponent(id))}?with_version=true`, undefined, signal),
    ask('GET', path(name, 'points', encodeURIComponent(id), 'place'), undefined, signal),
  ]);
  const vector = numbers(point.vector);
  const state = { name, id, info, signal, vector, sonification: info.sonidb.sonification, other: undefined };
  content.append(
    h('div', { class: 'head' }, h('div', {}, h('h1', { tabindex: -1 }, short(id, 60)), h('p', { class: 'muted' }, `A vector of ${name}`))),
    sound(state),
    h('div', { class: 'columns' },
      h('section', { class: 'panel', 'aria-labelledby': 'values-head' }, h('h2', { id: 'values-head' }, 'Values'), values(state), figures(vector)),
      h('div', { class: 'stack' },
        h('section', { class: 'panel', 'aria-labelledby': 'place-head' }, h('h2', { id: 'place-head' }, 'Place'), where(name, point, place)),
        h('section', { class: 'panel', 'aria-labelledby': 'payload-head' }, h('h2', { id: 'payload-head' }, 'Payload'),
          Object.keys(point.payload ?? {}).length > 0 ? h('pre', { tabindex: 0, 'aria-label': 'Payload' }, stringify(point.payload, 2)) : h('p', { class: 'muted' }, 'None.')))),
    h('section', { class: 'panel', 'aria-labelledby': 'near-head' }, h('h2', { id: 'near-head' }, 'Nearest'), nearest(state)));
}

/** Components that are no JSON numbers come as words. */
const numbers = (vector) => vector.map((value) => typeof value === 'string' ? Number(value) : value);

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

function where(name, point, place) {
  const file = place.sealed ? h('a', { href: path(name, 'segments', encodeURIComponent(place.file)), download: place.file }, place.file) : place.file;
  if (place.sealed && apiKey()) { // a link sends no key
    file.addEventListener('click', async (e) => {
      e.preventDefault();
      try {
        save([await (await open('GET', file.getAttribute('href'))).blob()], place.file, 'audio/flac');
      } catch (error) {
        note(error.message, 'bad');
      }
    });
  }
  return h('dl', {}, [
    ['File', h('span', { class: 'mono' }, file, ' ', h('span', { class: `tag ${place.sealed ? 'good' : ''}` }, place.sealed ? 'sealed' : 'open'))],
    ['Time', `${clock(place.time)} for ${number(1000 * place.samples / place.sample_rate)} ms`],
    ['Bytes', `${count(place.length)} at ${count(place.offset)}`],
    ['Hash', h('span', { class: 'mono' }, place.hash)],
    ['Write', `number ${place.sequence}${point.version !== place.sequence ? `, payload changed by number ${point.version}` : ''}`],
    point.inserted_at && ['Inserted', new Date(point.inserted_at).toLocaleString()],
    point.expires_at && ['Expires', new Date(point.expires_at).toLocaleString()],
  ].filter(Boolean).map(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]));
}

function figures(vector) {
  const finite = vector.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
  return h('p', { class: 'muted small' }, [
    `${count(vector.length)} components`, `least ${number(Math.min(...finite))}`, `most ${number(Math.max(...finite))}`, `mean ${number(mean)}`,
    `length ${number(Math.sqrt(dot(finite, finite)))}`, finite.length < vector.length && `${vector.length - finite.length} not finite`,
  ].filter(Boolean).join(' · '));
}

// Sound -----------------------------------------------------------------------------------------

function sound(state) {
  const mine = track(state, state.id, 'this one');
  const body = h('div', { class: 'stack' });
  const choice = h('div', { class: 'choice', role: 'group', 'aria-label': 'Sonification' }, SONIFICATIONS.map((each) =>
    button(each, (e) => {
      state.sonification = each;
      [...e.currentTarget.parentNode.children].forEach((one) => one.setAttribute('aria-pressed', String(one === e.currentTarget)));
      mine.load();
      state.otherTrack?.load();
    }, { 'aria-pressed': String(each === state.sonification), title: each === state.info.sonidb.sonification ? 'As it is stored' : 'Made for you' })));
  const other = h('input', { autocomplete: 'off', spellcheck: 'false' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const compare = async (e) => {
    e.preventDefault();
    problem.textContent = '';
    const id = other.value.trim();
    if (!id) return;
    try {
      const point = await ask('GET', path(state.name, 'points', encodeURIComponent(idOf(id))), undefined, state.signal);
      state.other = { id, vector: numbers(point.vector) };
      state.otherTrack = track(state, id, 'the other one');
      fill(body, h('div', { class: 'columns' }, mine.element, state.otherTrack.element), likeness(state.vector, state.other.vector));
      end.hidden = false;
      state.otherTrack.load();
      mine.redraw();
      state.drawValues();
    } catch (error) {
      problem.textContent = error.status === 404 ? `There is no ${id} in ${state.name}.` : error.message;
    }
  };
  state.compare = (id) => {
    other.value = id;
    other.form.requestSubmit();
    other.scrollIntoView({ block: 'center' });
  };
  const alone = () => {
    state.other = state.otherTrack = undefined;
    fill(body, mine.element);
    end.hidden = true;
    mine.redraw();
    state.drawValues?.();
  };
  const end = button('Compare no more', alone);
  alone();
  mine.load();
  onTheme(state.signal, () => {
    mine.redraw();
    state.otherTrack?.redraw();
  });
  addEventListener('resize', () => {
    mine.redraw();
    state.otherTrack?.redraw();
  }, { signal: state.signal });
  return h('section', { class: 'panel stack', 'aria-labelledby': 'sound-head' },
    h('div', { class: 'row apart' }, h('h2', { id: 'sound-head' }, 'Sound'), choice),
    body,
    h('form', { onsubmit: compare }, h('div', { class: 'row bottom' }, field('Compare with', other), h('button', { type: 'submit' }, 'Compare'), end), problem));
}

function likeness(a, b) {
  if (a.length !== b.length) return null;
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const distance = Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
  return h('div', { class: 'tiles' }, [['Cosine', cosine], ['Dot product', dot(a, b)], ['Euclidean distance', distance]].map(([label, value]) =>
    h('div', { class: 'tile' }, h('span', {}, label), h('strong', {}, number(value, 5)))));
}

/** One sound: drawn, and played. */
function track(state, id, which) {
  const wave = h('canvas', { class: 'wave', role: 'img', 'aria-label': `Waveform of ${which}` });
  const picture = h('canvas', { class: 'spectrogram', role: 'img', 'aria-label': `Spectrogram of ${which}, 0 to 24 kHz` });
  const told = h('figcaption', { 'aria-live': 'polite' });
  const body = h('div', { class: 'stack' });
  let loaded;
  let stop;
  let turn = 0;
  const player = (text, repeat) => button(text, () => {
    stop?.();
    stop = play(loaded.channels, { repeat });
  });
  const element = h('figure', {}, h('h3', {}, short(id, 40)), body, told);
  const redraw = () => requestAnimationFrame(() => {
    if (!loaded || !wave.isConnected) return;
    drawWave(wave, loaded.channels[0], colours().accent);
    drawSpectrogram(picture, loaded.channels[0]);
  });
  const load = async () => {
    const mine = ++turn;
    stop?.();
    fill(body, loading('Making the sound'));
    try {
      const found = await soundOf(state.name, id, state.sonification, state.signal);
      if (mine !== turn) return;
      loaded = { ...found, sonification: state.sonification };
      const name = `${id}-${state.sonification}.flac`;
      fill(body, wave, picture, h('div', { class: 'row' }, player('Play', 0), player(`Repeat ${REPEAT_SECONDS} s`, REPEAT_SECONDS),
        button('Save as FLAC', async () => {
          try {
            save([await (await open('GET', `${path(state.name, 'points', encodeURIComponent(id), 'audio')}?sonification=${loaded.sonification}`)).blob()], name, 'audio/flac');
          } catch (e) {
            note(e.message, 'bad');
          }
        })));
      const samples = loaded.channels[0].length;
      told.textContent = `${loaded.sonification}: ${number(1000 * samples / RATE)} ms, ${loaded.channels.length} channels, ${bytes(loaded.bytes)}. Drawn is the first one, 0 to 24 kHz.`;
      redraw();
    } catch (e) {
      if (!state.signal.aborted && mine === turn) fill(body, failed(e, load));
    }
  };
  state.signal.addEventListener('abort', () => stop?.());
  return { element, load, redraw };
}

// Values ----------------------------------------------------------------------------------------

function values(state) {
  const canvas = h('canvas', { class: 'values', role: 'img', 'aria-label': 'The components, one after the other' });
  const told = h('figcaption', {}, 'Point at the plot to read a component.');
  const draw = () => requestAnimationFrame(() => canvas.isConnected && plot(canvas, [state.vector, state.other?.vector].filter(Boolean)));
  state.drawValues = draw;
  canvas.addEventListener('pointermove', (e) => {
    const at = Math.max(0, Math.min(state.vector.length - 1, Math.floor(e.offsetX / canvas.clientWidth * state.vector.length)));
    told.textContent = `Component ${at}: ${state.vector[at]}${state.other ? `, the other one ${state.other.vector[at]}` : ''}`;
  });
  draw();
  onTheme(state.signal, draw);
  addEventListener('resize', draw, { signal: state.signal });
  return h('figure', {}, canvas, told);
}

function plot(canvas, vectors) {
  const { pen, width, height, scale } = sized(canvas);
  const { accent, second, muted, line } = colours();
  const most = Math.max(1e-30, ...vectors.flat().filter(Number.isFinite).map(Math.abs));
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = line;
  pen.fillRect(0, Math.round(height / 2), width, 1);
  const inner = height / 2 - 14 * scale;
  vectors.forEach((vector, turn) => {
    pen.fillStyle = turn === 0 ? accent : second;
    const step = width / vector.length;
    const bar = Math.max(1, step * (vectors.length > 1 ? 0.5 : 0.9));
    vector.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const size = value / most * inner;
      pen.fillRect(i * step + turn * step / 2, height / 2 - Math.max(size, 0), bar, Math.max(1, Math.abs(size)));
    });
  });
  pen.fillStyle = muted;
  pen.font = `${11 * scale}px system-ui`;
  pen.fillText(number(most, 3), 6 * scale, 14 * scale);
  pen.fillText(number(-most, 3), 6 * scale, height - 6 * scale);
}

// Neighbours ------------------------------------------------------------------------------------

function nearest(state) {
  const place = h('div', {}, loading('Searching'));
  const load = async () => {
    try {
      const { points } = await ask('POST', path(state.name, 'points', 'query'), { query: idOf(state.id), limit: 6, with_payload: true }, state.signal);
      fill(place, points.length === 0 ? empty('It is alone', 'There is no other vector in this collection.')
        : h('div', { class: 'scroll' }, h('table', { class: 'cards' },
          h('thead', {}, h('tr', {}, ['Id', 'Score', 'Payload', ''].map((text) => h('th', { scope: 'col', class: text === 'Score' ? 'number' : null }, text || h('span', { class: 'unseen' }, 'Actions'))))),
          h('tbody', {}, points.map(({ id, score, payload: about }) => h('tr', {},
            h('td', { class: 'id', 'data-label': 'Id' }, h('a', { href: `#/c/${encodeURIComponent(state.name)}/v/${encodeURIComponent(id)}` }, short(String(id), 40))),
            h('td', { class: 'number', 'data-label': 'Score' }, number(score, 5)),
            h('td', { class: 'wide', 'data-label': 'Payload' }, payload(about)),
            h('td', {}, h('div', { class: 'acts' }, button('Compare', () => state.compare(String(id)), { class: 'quiet', 'aria-label': `Compare with ${id}` })))))))));
    } catch (e) {
      if (!state.signal.aborted) fill(place, failed(e, load));
    }
  };
  load();
  return place;
}
