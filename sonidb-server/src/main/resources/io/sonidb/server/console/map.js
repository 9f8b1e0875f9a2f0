// A map: the plane in which the vectors differ most, as the node finds it. Each point is a disc of a few pixels, written
// straight into the picture: 50,000 of them take a few milliseconds, with no graphics card and no library.

import { button, colours, count, empty, failed, field, fill, h, note, number, onTheme, progressBar, say, select, short } from './dom.js';
import { ask, path, query, work } from './api.js';
import { heat, play, soundOf } from './sound.js';

const MOST_SCALE = 1.5;
const CELLS = 128; // of the grid by which the point under the pointer is found, along each axis
const HEARD_AFTER = 120; // milliseconds on a point
const KINDS = ['#2f7fc1', '#e07b39', '#3a9e5f', '#c94f6d', '#8a63c4', '#b39a25', '#2aa5a5', '#d45fb0', '#7c8894'];

export async function show(content, { parts: [name], signal }) {
  const sample = await ask('POST', path(name, 'points', 'scroll'), { limit: 50, with_payload: true, with_vector: false }, signal);
  const fields = [...new Set(sample.points.flatMap(({ payload }) => Object.entries(payload ?? {}).filter(([, value]) => value !== null && (typeof value !== 'object' || Array.isArray(value))).map(([key]) => key)))].sort();
  // Kinds tell more at first sight than names or numbers do: the field with the fewest values, but more than one.
  const kinds = (key) => new Set(sample.points.map(({ payload }) => String(payload?.[key]))).size;
  const first = fields.filter((key) => kinds(key) > 1).sort((a, b) => kinds(a) - kinds(b))[0] ?? '';
  const limit = select([['1000', '1,000'], ['10000', '10,000'], ['50000', '50,000']], '10000');
  const colour = select([['', 'one colour'], ...fields], first);
  const hear = h('input', { type: 'checkbox' });
  const place = h('div', {});
  const told = h('p', { class: 'muted', 'aria-live': 'polite' });
  let view;
  let turn = new AbortController();
  signal.addEventListener('abort', () => turn.abort());

  const load = async () => {
    turn.abort();
    turn = new AbortController();
    const mine = turn.signal;
    const bar = progressBar('Projecting');
    bar.set(0, 0, 'Beginning …');
    fill(place, h('div', { class: 'empty' }, h('strong', {}, 'The node is looking for the plane'), bar.element, h('div', { class: 'row center' }, button('Cancel', () => {
      turn.abort();
      fill(place, empty('Cancelled', 'No map was made.', button('Make it', load)));
    }))));
    told.textContent = '';
    try {
      const found = await work('GET', `${path(name, 'projection')}${query({ limit: limit.value, field: colour.value })}`, undefined,
        (done, total, unit) => bar.set(done, total, total > 0 ? `${count(done)} of ${count(total)} ${unit}` : undefined), mine);
      if (found.ids.length === 0) {
        fill(place, empty('Nothing to show', 'There are no vectors yet.'));
        return;
      }
      view = picture(name, found, colour.value, hear, signal);
      fill(place, view);
      told.textContent = `${count(found.ids.length)} of ${count(found.total)} vectors; the plane holds ${Math.round(100 * (found.explained[0] + found.explained[1]))} % of the variance.${found.left_out > 0 ? ` ${count(found.left_out)} were left out: damaged, or not finite.` : ''}`;
      say(told.textContent);
    } catch (e) {
      if (!mine.aborted) fill(place, failed(e, load));
    }
  };
  limit.addEventListener('change', load);
  colour.addEventListener('change', load);
  content.append(
    h('div', { class: 'head' }, h('div', {}, h('h1', { tabindex: -1 }, 'Map'), told)),
    h('section', { class: 'panel stack', 'aria-label': 'Map' },
      h('div', { class: 'row bottom' }, field('Points', limit), field('Colour by', colour), h('label', { class: 'check' }, hear, 'Hear the point under the pointer')),
      place));
  load();
}

/** Colours of points by a field: kinds, or a scale of numbers. */
function colouring(values) {
  if (!values) return { of: () => 0, palette: [KINDS[0]], legend: [] };
  const known = values.filter((value) => value !== null);
  if (known.length > 0 && known.every((value) => typeof value === 'number') && new Set(known).size > KINDS.length) {
    const least = known.reduce((a, b) => Math.min(a, b));
    const most = known.reduce((a, b) => Math.max(a, b));
    const palette = Array.from({ length: 16 }, (_, i) => hex(heat[48 + i * 12]));
    return { of: (i) => values[i] === null ? -1 : Math.min(15, Math.floor((values[i] - least) / (most - least || 1) * 16)), palette,
      legend: [[palette[0], number(least)], [palette[8], number((least + most) / 2)], [palette[15], number(most)]] };
  }
  const counts = new Map();
  known.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
  const order = [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value);
  const place = new Map(order.map((value, i) => [value, Math.min(i, KINDS.length - 1)]));
  const legend = order.slice(0, order.length > KINDS.length ? KINDS.length - 1 : KINDS.length).map((value, i) => [KINDS[i], `${short(String(value), 24)} (${count(counts.get(value))})`]);
  if (order.length > KINDS.length) legend.push([KINDS.at(-1), `${count(order.length - KINDS.length + 1)} others`]);
  return { of: (i) => values[i] === null ? -1 : place.get(values[i]), palette: KINDS, legend };
}

const hex = (pixel) => `#${[pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255].map((part) => part.toString(16).padStart(2, '0')).join('')}`;

const pixelOf = (colour) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
};

function picture(name, { ids, x, y, values }, key, hear, signal) {
  const canvas = h('canvas', { tabindex: 0, role: 'img', 'aria-label': `Map of ${count(ids.length)} vectors. Arrows move it, plus and minus zoom, 0 shows all, Enter opens the vector in the middle.` });
  const tip = h('div', { class: 'tip', hidden: true });
  const { of, palette, legend } = colouring(values);
  const kinds = Int8Array.from(ids, (_, i) => of(i));
  const [left, right] = extent(x);
  const [low, high] = extent(y);
  const grid = gridOf(x, y, left, right, low, high);
  let pixels;
  let image;
  let scale;
  let centreX;
  let centreY;
  let zoom; // pixels of the canvas for one unit
  let wanted = false;
  let chosen = -1;

  const all = () => {
    centreX = (left + right) / 2;
    centreY = (low + high) / 2;
    zoom = 0.92 * Math.min(canvas.width / (right - left || 1), canvas.height / (high - low || 1));
  };

  const draw = () => {
    wanted = false;
    if (!canvas.isConnected) return;
    const begun = performance.now();
    scale = Math.min(MOST_SCALE, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(canvas.clientHeight * scale));
    const pen = canvas.getContext('2d');
    if (!image || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      image = pen.createImageData(width, height);
      pixels = new Uint32Array(image.data.buffer);
      all();
    }
    const theme = colours();
    pixels.fill(pixelOf(theme.surface));
    const inks = [...palette.map(pixelOf), pixelOf(KINDS.at(-1))];
    const radius = ids.length > 20_000 ? 1 : ids.length > 3000 ? 2 : 3;
    const disc = discOf(radius, width);
    for (let i = 0; i < ids.length; i++) {
      const px = Math.round((x[i] - centreX) * zoom + width / 2);
      const py = Math.round((centreY - y[i]) * zoom + height / 2);
      if (px < radius || py < radius || px >= width - radius || py >= height - radius) continue;
      const ink = inks[kinds[i] < 0 ? inks.length - 1 : kinds[i]];
      const at = py * width + px;
      for (let d = 0; d < disc.length; d++) pixels[at + disc[d]] = ink;
    }
    pen.putImageData(image, 0, 0);
    if (chosen >= 0) {
      pen.strokeStyle = theme.ink;
      pen.lineWidth = 2 * scale;
      pen.beginPath();
      pen.arc((x[chosen] - centreX) * zoom + width / 2, (centreY - y[chosen]) * zoom + height / 2, (radius + 4) * scale, 0, 2 * Math.PI);
      pen.stroke();
    }
    canvas.dataset.frames = String(Number(canvas.dataset.frames ?? 0) + 1);
    canvas.dataset.millis = String(performance.now() - begun);
  };

  const later = () => {
    if (!wanted) requestAnimationFrame(draw);
    wanted = true;
  };

  const toMap = (px, py) => [(px * scale - canvas.width / 2) / zoom + centreX, centreY - (py * scale - canvas.height / 2) / zoom];

  const zoomAt = (factor, px, py) => {
    const [mx, my] = toMap(px, py);
    const least = 0.2 * Math.min(canvas.width / (right - left || 1), canvas.height / (high - low || 1));
    zoom = Math.max(least, Math.min(least * 1e6, zoom * factor));
    centreX = mx - (px * scale - canvas.width / 2) / zoom;
    centreY = my + (py * scale - canvas.height / 2) / zoom;
    later();
  };

  const openPoint = (i) => { location.hash = `#/c/${encodeURIComponent(name)}/v/${encodeURIComponent(ids[i])}`; };

  // The pointer ---------------------------------------------------------------------------------

  const pointers = new Map();
  let moved = 0;
  let timer;
  const sounds = new Map();
  let stop;

  const choose = (i, px, py) => {
    tip.hidden = i < 0;
    if (i >= 0) {
      fill(tip, h('strong', {}, short(String(ids[i]), 40)), values && h('div', { class: 'muted' }, `${key}: ${values[i] ?? '–'}`));
      tip.style.left = `${Math.min(px + 14, canvas.clientWidth - 200)}px`;
      tip.style.top = `${Math.max(0, py - 44)}px`;
    }
    if (i === chosen) return;
    chosen = i;
    later();
    clearTimeout(timer);
    if (i >= 0 && hear.checked) timer = setTimeout(() => listenTo(i), HEARD_AFTER);
  };

  const listenTo = async (i) => {
    try {
      if (!sounds.has(i)) sounds.set(i, (await soundOf(name, ids[i], 'frequency', signal)).channels);
      if (i !== chosen) return;
      stop?.();
      stop = play(sounds.get(i), { repeat: 0.4 });
    } catch (e) {
      if (!signal.aborted) note(e.message, 'bad');
    }
  };

  canvas.addEventListener('pointerdown', (e) => {
    canvas.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    moved = 0;
  });
  canvas.addEventListener('pointermove', (e) => {
    const before = pointers.get(e.pointerId);
    if (!before) {
      const [mx, my] = toMap(e.offsetX, e.offsetY);
      choose(grid.nearest(mx, my, 8 * scale / zoom), e.offsetX, e.offsetY);
      return;
    }
    moved += Math.abs(e.offsetX - before[0]) + Math.abs(e.offsetY - before[1]);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== e.pointerId)[1];
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const is = Math.hypot(e.offsetX - other[0], e.offsetY - other[1]);
      if (was > 0) zoomAt(is / was, (e.offsetX + other[0]) / 2, (e.offsetY + other[1]) / 2);
    } else {
      centreX -= (e.offsetX - before[0]) * scale / zoom;
      centreY += (e.offsetY - before[1]) * scale / zoom;
      later();
    }
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
  });
  const lift = (e) => pointers.delete(e.pointerId);
  canvas.addEventListener('pointerup', (e) => {
    lift(e);
    if (moved > 4) return;
    const [mx, my] = toMap(e.offsetX, e.offsetY);
    const i = grid.nearest(mx, my, 10 * scale / zoom);
    if (i >= 0) openPoint(i);
  });
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener('pointerleave', () => choose(-1));
  canvas.addEventListener('wheel', (e) => {
    e.preventDefault();
    zoomAt(2 ** (-e.deltaY / 300), e.offsetX, e.offsetY);
  }, { passive: false });
  canvas.addEventListener('keydown', (e) => {
    const step = 40 * scale / zoom;
    const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const acts = {
      ArrowLeft: () => { centreX -= step; }, ArrowRight: () => { centreX += step; },
      ArrowUp: () => { centreY += step; }, ArrowDown: () => { centreY -= step; },
      '+': () => zoomAt(1.3, ...middle), '=': () => zoomAt(1.3, ...middle), '-': () => zoomAt(1 / 1.3, ...middle), 0: all,
      Enter: () => chosen >= 0 && openPoint(chosen),
    };
    if (!acts[e.key]) return;
    e.preventDefault();
    acts[e.key]();
    if (e.key === 'Enter') return;
    const i = grid.nearest(centreX, centreY, Infinity);
    choose(i, ...middle);
    say(`${ids[i]}${values ? `, ${key} ${values[i] ?? 'unknown'}` : ''}`);
    later();
  });
  onTheme(signal, later);
  addEventListener('resize', later, { signal });
  later();
  const middle = () => [canvas.clientWidth / 2, canvas.clientHeight / 2];
  return h('div', { class: 'stack' },
    h('div', { class: 'map' }, canvas, tip),
    h('div', { class: 'row apart' },
      h('div', { class: 'legend', 'aria-label': 'Legend', role: 'group' }, legend.map(([colour, text]) => {
        const dot = h('i', { 'aria-hidden': 'true' });
        dot.style.background = colour;
        return h('span', {}, dot, text);
      })),
      h('div', { class: 'row' }, button('Zoom in', () => zoomAt(1.5, ...middle())), button('Zoom out', () => zoomAt(1 / 1.5, ...middle())), button('Show all', () => { all(); later(); }))));
}

function extent(values) {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

function discOf(radius, width) {
  const offsets = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      if (dx * dx + dy * dy <= radius * radius + 0.5) offsets.push(dy * width + dx);
    }
  }
  return Int32Array.from(offsets);
}

/** Finds the nearest point by cells. */
function gridOf(x, y, left, right, low, high) {
  const cellX = (right - left) / CELLS || 1;
  const cellY = (high - low) / CELLS || 1;
  const column = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor((value - left) / cellX)));
  const line = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor((value - low) / cellY)));
  const heads = new Int32Array(CELLS * CELLS).fill(-1);
  const next = new Int32Array(x.length).fill(-1);
  for (let i = 0; i < x.length; i++) {
    const cell = line(y[i]) * CELLS + column(x[i]);
    next[i] = heads[cell];
    heads[cell] = i;
  }
  return {
    nearest(px, py, within) {
      let best = -1;
      let least = within * within;
      const toX = column(px + Math.min(within, right - left));
      const toY = line(py + Math.min(within, high - low));
      for (let cy = line(py - Math.min(within, high - low)); cy <= toY; cy++) {
        for (let cx = column(px - Math.min(within, right - left)); cx <= toX; cx++) {
          for (let i = heads[cy * CELLS + cx]; i >= 0; i = next[i]) {
            const distance = (x[i] - px) ** 2 + (y[i] - py) ** 2;
            if (distance <= least) {
              least = distance;
              best = i;
            }
          }
        }
      }
      return best;
    },
  };
}
