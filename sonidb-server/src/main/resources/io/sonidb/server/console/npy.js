// Rows of an array of NumPy (format 1 to 3), for searching by a file.

const TYPES = {
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '>f4': [4, (view, at) => view.getFloat32(at, false)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
  '>f8': [8, (view, at) => view.getFloat64(at, false)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '<i2': [2, (view, at) => view.getInt16(at, true)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '|u1': [1, (view, at) => view.getUint8(at)],
};

/** `{rows, dimension, row(i)}` of a file's bytes. Throws an Error that says what is wrong. */
export function readNpy(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY' || bytes[0] !== 0x93) throw new Error('This is no .npy file.');
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : bytes.length < 12 ? Infinity : view.getUint32(8, true);
  if (start + length > bytes.length) throw new Error('This .npy file ends within its head.');
  const head = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr':\s*'([^']+)'/.exec(head)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(head)?.[1].split(',').map((part) => part.trim()).filter(Boolean).map(Number);
  if (!TYPES[type]) throw new Error(`Arrays of ${type ?? 'this kind'} cannot be searched by; float32, float64 and whole numbers can.`);
  if (/'fortran_order':\s*True/.test(head)) throw new Error('Arrays in Fortran order cannot be read here; save it in C order.');
  if (!shape || shape.length < 1 || shape.length > 2 || shape.some((size) => !Number.isSafeInteger(size) || size < 1)) throw new Error('An array of one vector, or of rows, is needed.');
  const [rows, dimension] = shape.length === 1 ? [1, shape[0]] : shape;
  const [size, get] = TYPES[type];
  const data = start + length;
  if (data + rows * dimension * size > bytes.length) throw new Error('This .npy file ends within its numbers.');
  return { rows, dimension, row: (i) => Array.from({ length: dimension }, (_, j) => get(view, data + (i * dimension + j) * size)) };
}

/** Numbers as they are typed or pasted: with commas, spaces or lines between them, in brackets or not. */
export function readNumbers(text) {
  const parts = text.replace(/[[\](){};,]/g, ' ').split(/\s+/).filter(Boolean);
  const wrong = parts.find((part) => !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(part));
  if (wrong !== undefined) throw new Error(`“${wrong.slice(0, 40)}” is no number.`);
  return parts.map(Number);
}
