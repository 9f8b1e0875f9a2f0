// Sound: decoded to the bit, drawn, and played at a bearable loudness.

import { open, path } from './api.js';

export const RATE = 48000;
const LOUDNESS = 0.25; // of full scale: most of it is noise
const FLOOR = -48; // decibels below the loudest, below which nothing is told apart

/** The sound of a vector; `{channels, bytes}`, samples from -1 to 1, exactly as they are stored. */
export async function soundOf(collection, id, sonification, signal) {
  const response = await open('GET', `${path(collection, 'points', encodeURIComponent(id), 'audio')}${sonification ? `?sonification=${sonification}` : ''}`, { signal });
  const file = await response.arrayBuffer();
  const size = file.byteLength;
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(file);
  return { channels: Array.from({ length: decoded.numberOfChannels }, (_, i) => decoded.getChannelData(i)), bytes: size };
}

/** What is heard when all channels are played: their sum, around 0. */
function mix(channels) {
  const mixed = new Float32Array(channels[0].length);
  for (const channel of channels) for (let i = 0; i < mixed.length; i++) mixed[i] += channel[i];
  const mean = mixed.reduce((sum, sample) => sum + sample, 0) / Math.max(1, mixed.length);
  let peak = 1e-6;
  for (let i = 0; i < mixed.length; i++) {
    mixed[i] -= mean;
    peak = Math.max(peak, Math.abs(mixed[i]));
  }
  return mixed.map((sample) => sample / peak * LOUDNESS);
}

let context;

/** Plays channels; `repeat` plays them over and over for so many seconds. Gives a function that ends it. */
export function play(channels, { repeat = 0, ended = () => {} } = {}) {
  context ??= new AudioContext({ sampleRate: RATE });
  context.resume();
  const mixed = mix(channels);
  const buffer = context.createBuffer(1, mixed.length, RATE);
  buffer.copyToChannel(mixed, 0);
  const source = new AudioBufferSourceNode(context, { buffer, loop: repeat > 0 });
  source.connect(context.destination);
  source.addEventListener('ended', ended);
  source.start();
  if (repeat > 0) source.stop(context.currentTime + repeat);
  return () => source.stop();
}

/** The fast Fourier transform, in place (Cooley and Tukey 1965); the length is a power of two. */
export function transform(re, im) {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const half = length >> 1;
    for (let k = 0; k < half; k++) {
      const cos = Math.cos(-2 * Math.PI * k / length);
      const sin = Math.sin(-2 * Math.PI * k / length);
      for (let low = k; low < size; low += length) {
        const high = low + half;
        const r = re[high] * cos - im[high] * sin;
        const i = re[high] * sin + im[high] * cos;
        re[high] = re[low] - r;
        im[high] = im[low] - i;
        re[low] += r;
        im[low] += i;
      }
    }
  }
}

/** How loud each frequency is, in decibels, under a Hann window; what lies outside is silence. */
function spectrum(samples, from, window) {
  const re = new Float64Array(window);
  const im = new Float64Array(window);
  for (let i = 0; i < window; i++) {
    const sample = samples[from + i];
    if (sample !== undefined) re[i] = sample * (0.5 - 0.5 * Math.cos(2 * Math.PI * (i + 0.5) / window));
  }
  transform(re, im);
  return Float32Array.from({ length: window / 2 }, (_, bin) => 10 * Math.log10(re[bin] * re[bin] + im[bin] * im[bin] + 1e-30));
}

// From dark blue over red to light yellow: each step is lighter than the one before.
const HEAT = [[8, 9, 30], [40, 17, 92], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164]];

/** The colour of a share from 0 to 1, as one number in the order of ImageData's bytes. */
export const heat = Uint32Array.from({ length: 256 }, (_, i) => {
  const place = i / 255 * (HEAT.length - 1);
  const at = Math.min(HEAT.length - 2, Math.floor(place));
  const [r, g, b] = HEAT[at].map((low, c) => Math.round(low + (HEAT[at + 1][c] - low) * (place - at)));
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
});

/** Makes a canvas as large as it is shown; gives its context and size in its own pixels. */
export function sized(canvas, mostScale = 2) {
  const scale = Math.min(mostScale, devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return { pen: canvas.getContext('2d'), width, height, scale };
}

export function drawWave(canvas, samples, colour) {
  const { pen, width, height } = sized(canvas);
  pen.clearRect(0, 0, width, height);
  if (samples.length < 2 * width) { // so few that each is seen
    pen.strokeStyle = colour;
    pen.beginPath();
    samples.forEach((sample, i) => pen.lineTo((i + 0.5) * width / samples.length, (1 - sample) / 2 * (height - 4) + 2));
    pen.stroke();
    return;
  }
  pen.fillStyle = colour;
  for (let x = 0; x < width; x++) {
    const from = Math.floor(x * samples.length / width);
    const to = Math.max(from + 1, Math.floor((x + 1) * samples.length / width));
    let low = 1;
    let high = -1;
    for (let i = from; i < to && i < samples.length; i++) {
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    const top = (1 - high) / 2 * (height - 4) + 2;
    pen.fillRect(x, top, 1, Math.max(1, (high - low) / 2 * (height - 4)));
  }
}

/** A window that shows a sound of so many samples well: short ones need to be seen in time. */
const windowFor = (samples) => samples < 3000 ? 128 : samples < 12_000 ? 256 : samples < 60_000 ? 512 : 1024;

export function drawSpectrogram(canvas, samples) {
  const { pen, width, height } = sized(canvas, 1);
  const columns = Math.min(width, 400);
  const window = windowFor(samples.length);
  const rows = [];
  let loudest = -300;
  for (let x = 0; x < columns; x++) {
    const row = spectrum(samples, Math.round((x + 0.5) * samples.length / columns) - window / 2, window);
    for (const level of row) loudest = Math.max(loudest, level);
    rows.push(row);
  }
  const image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let x = 0; x < width; x++) {
    const row = rows[Math.min(columns - 1, Math.floor(x * columns / width))];
    for (let y = 0; y < height; y++) {
      const bin = Math.min(row.length - 1, Math.floor((height - 1 - y) * row.length / height));
      const share = Math.max(0, 1 - (row[bin] - loudest) / FLOOR);
      pixels[y * width + x] = heat[Math.min(255, Math.floor(share * 255))];
    }
  }
  pen.putImageData(image, 0, 0);
}
