// Vectors for every representation that the format has.

const TINY = new Float32Array(1);

function normal(next) {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** The number with fewest digits that leads back to a float32. */
function shortest(number) {
  TINY[0] = number;
  for (let digits = 1; ; digits++) {
    const text = Number(TINY[0].toPrecision(digits));
    if (Math.fround(text) === TINY[0]) return text;
  }
}

export function kinds(next) {
  const rows = (count, size, make, type = Float32Array) => Array.from({ length: count }, () => type.from({ length: size }, make));
  const noise = () => normal(next);
  // JSON, by which they get to the node, does not know -0.
  const whole = (number) => Math.round(number) + 0;
  const coarse = () => whole(normal(next) * 512) / 512;
  const sparse = (type) => rows(20, 150, () => next() < 0.06 ? noise() : 0, type).concat([new type(150).fill(0.5)]);
  const doubles = { element: 'float64' };
  return {
    floats: [rows(30, 70, noise)],
    wild: [rows(30, 60, () => noise() * 10 ** Math.round(60 * next() - 30))],
    integers: [rows(30, 64, () => whole(next() * 255 - 128))],
    decimals: [rows(30, 64, () => whole(noise() * 1000) / 1000)],
    grid: [rows(30, 64, coarse).map((row) => { const length = Math.hypot(...row); return row.map((x) => x / length); })],
    sparse: [sparse(Float32Array)],
    frequency: [rows(10, 70, noise), { sonification: 'frequency' }],
    pulse: [rows(10, 70, noise), { sonification: 'pulse' }],
    doubles: [rows(30, 70, noise, Float64Array), doubles],
    narrow: [rows(30, 70, () => Math.fround(noise()), Float64Array), doubles],
    printed: [rows(30, 70, () => shortest(noise()), Float64Array), doubles],
    sparse64: [sparse(Float64Array), doubles],
    integers64: [rows(30, 40, () => whole((next() - 0.5) * 2 ** 41), Float64Array), doubles],
    frequency64: [rows(10, 70, noise, Float64Array), { ...doubles, sonification: 'frequency' }],
    pulse64: [rows(10, 70, noise, Float64Array), { ...doubles, sonification: 'pulse' }],
    long: [rows(2, 6000, noise)],
  };
}

/** The bytes of an array of numbers. */
export function bits(vector) {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}
