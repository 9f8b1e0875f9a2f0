// SoniDB for JavaScript: listens to a node's live stream of vectors, and sends vectors as sound.
//
// One module without dependencies, for browsers and for Node.js 18 or newer. FLAC is decoded by the
// decoder below or, if that is wanted, by WebCodecs, where there is an AudioDecoder. Either way each
// frame's CRCs, its place in the stream and each record's hash are checked. The layout of a record is
// told in docs/FORMAT.md, FLAC's in RFC 9639.

export class SoniDbError extends Error {
  get name() { return this.constructor.name; }
}

/** Bytes are not what their sender made. */
export class DamageError extends SoniDbError {}

/** A record of a kind or representation that only a newer version knows. */
export class UnsupportedRecordError extends SoniDbError {}

/** The node does not answer, or the connection broke. */
export class UnreachableError extends SoniDbError {}

/** The node refused the request. 404: no such collection; 410: read the collection anew. */
export class RefusedError extends SoniDbError {
  constructor(status, message) {
    super(`${status}: ${message}`);
    this.status = status;
  }
}

/** What has come ends in the middle of something; with more it may be whole. */
const TRUNCATED = Symbol('truncated');

const MAX_FRAME_BYTES = 1 << 17;
const MAX_HEAD_BYTES = 1 << 24;
const MAX_DIMENSION = 16384;
const MAX_PAYLOAD_BYTES = 1 << 20;
const MAX_PART_SAMPLES = 4608;
const MIN_BLOCK_SAMPLES = 16;
const MAX_PARTS = 512;
const MARKER = 1 << 22;
const FIRST_PART = 1 << 21;
const LAST_PART = 1 << 20;
const FIRST_MILLIS = 1577836800000;
/** Frames have so many numbers; those of HLS begin again at 0 after fewer. */
const NUMBERS = 2 ** 36;
const HLS_NUMBERS = 2 ** 31;
/** Zero bytes that are kept behind what has come, so that reading ahead finds something. */
const SPARE = 16;

// --- Checksums ----------------------------------------------------------------------------------

const CRC8 = new Uint8Array(256);
const CRC16 = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  let eight = i;
  let sixteen = i << 8;
  for (let bit = 0; bit < 8; bit++) {
    eight = eight << 1 ^ (eight & 0x80 ? 0x07 : 0);
    sixteen = sixteen << 1 ^ (sixteen & 0x8000 ? 0x8005 : 0);
  }
  CRC8[i] = eight;
  CRC16[i] = sixteen;
}

function crc8(bytes, from, to) {
  let crc = 0;
  for (let i = from; i < to; i++) crc = CRC8[crc ^ bytes[i]];
  return crc;
}

function crc16(bytes, from, to) {
  let crc = 0;
  for (let i = from; i < to; i++) crc = (crc << 8 ^ CRC16[crc >>> 8 ^ bytes[i]]) & 0xFFFF;
  return crc;
}

// XXH64. Numbers of 64 bits are two of 32: a product of these is put together from 16-bit halves,
// because a BigInt would take ten times as long. `low` and `high` are the result of the last step.
let low = 0;
let high = 0;

function multiply(aLow, aHigh, bLow, bHigh) {
  const a0 = aLow & 0xFFFF;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xFFFF;
  const b1 = bLow >>> 16;
  const p00 = Math.imul(a0, b0) >>> 0;
  const p01 = Math.imul(a0, b1) >>> 0;
  const p10 = Math.imul(a1, b0) >>> 0;
  const middle = (p00 >>> 16) + (p01 & 0xFFFF) + (p10 & 0xFFFF);
  low = middle << 16 | p00 & 0xFFFF;
  high = Math.imul(a1, b1) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16)
    + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow) | 0;
}

function add(aLow, aHigh, bLow, bHigh) {
  low = aLow + bLow | 0;
  high = aHigh + bHigh + ((low >>> 0) < (aLow >>> 0) ? 1 : 0) | 0;
}

function rotate(aLow, aHigh, bits) {
  if (bits >= 32) {
    rotate(aHigh, aLow, bits - 32);
  } else if (bits > 0) {
    low = aLow << bits | aHigh >>> 32 - bits;
    high = aHigh << bits | aLow >>> 32 - bits;
  } else {
    low = aLow;
    high = aHigh;
  }
}

const P1L = 0x85EBCA87 | 0, P1H = 0x9E3779B1 | 0, P2L = 0x27D4EB4F | 0, P2H = 0xC2B2AE3D | 0;
const P3L = 0x9E3779F9 | 0, P3H = 0x165667B1 | 0, P4L = 0xC2B2AE63 | 0, P4H = 0x85EBCA77 | 0;
const P5L = 0x165667C5 | 0, P5H = 0x27D4EB2F | 0;
const lanes = new Int32Array(8);

function word(bytes, at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/** Multiplies by the second prime, rotates by 31, multiplies by the first: one round of a lane. */
function scramble(aLow, aHigh) {
  multiply(aLow, aHigh, P2L, P2H);
  rotate(low, high, 31);
  multiply(low, high, P1L, P1H);
}

/** Leaves the XXH64 of bytes `from` to `to - 1` in `low` and `high`. */
function xxh64(bytes, from, to, seedLow, seedHigh) {
  const size = to - from;
  let at = from;
  let hLow;
  let hHigh;
  if (size >= 32) {
    add(seedLow, seedHigh, P1L, P1H);
    add(low, high, P2L, P2H);
    lanes[0] = low; lanes[1] = high;
    add(seedLow, seedHigh, P2L, P2H);
    lanes[2] = low; lanes[3] = high;
    lanes[4] = seedLow; lanes[5] = seedHigh;
    add(seedLow, seedHigh, ~P1L, ~P1H);
    add(low, high, 1, 0);
    lanes[6] = low; lanes[7] = high;
    for (; at + 32 <= to; at += 32) {
      for (let lane = 0; lane < 8; lane += 2) {
        const place = at + 4 * lane;
        multiply(word(bytes, place), word(bytes, place + 4), P2L, P2H);
        const sum = lanes[lane] + low | 0;
        const over = lanes[lane + 1] + high + ((sum >>> 0) < (low >>> 0) ? 1 : 0) | 0;
        multiply(sum << 31 | over >>> 1, over << 31 | sum >>> 1, P1L, P1H);
        lanes[lane] = low;
        lanes[lane + 1] = high;
      }
    }
    hLow = 0;
    hHigh = 0;
    for (let lane = 0; lane < 4; lane++) {
      rotate(lanes[2 * lane], lanes[2 * lane + 1], [1, 7, 12, 18][lane]);
      add(low, high, hLow, hHigh);
      hLow = low; hHigh = high;
    }
    for (let lane = 0; lane < 4; lane++) {
      scramble(lanes[2 * lane], lanes[2 * lane + 1]);
      multiply(hLow ^ low, hHigh ^ high, P1L, P1H);
      add(low, high, P4L, P4H);
      hLow = low; hHigh = high;
    }
  } else {
    add(seedLow, seedHigh, P5L, P5H);
    hLow = low; hHigh = high;
  }
  add(hLow, hHigh, size, 0);
  hLow = low; hHigh = high;
  for (; at + 8 <= to; at += 8) {
    scramble(word(bytes, at), word(bytes, at + 4));
    rotate(hLow ^ low, hHigh ^ high, 27);
    multiply(low, high, P1L, P1H);
    add(low, high, P4L, P4H);
    hLow = low; hHigh = high;
  }
  if (at + 4 <= to) {
    multiply(word(bytes, at), 0, P1L, P1H);
    rotate(hLow ^ low, hHigh ^ high, 23);
    multiply(low, high, P2L, P2H);
    add(low, high, P3L, P3H);
    hLow = low; hHigh = high;
    at += 4;
  }
  for (; at < to; at++) {
    multiply(bytes[at], 0, P5L, P5H);
    rotate(hLow ^ low, hHigh ^ high, 11);
    multiply(low, high, P1L, P1H);
    hLow = low; hHigh = high;
  }
  hLow ^= hHigh >>> 1;
  multiply(hLow, hHigh, P2L, P2H);
  hLow = low; hHigh = high;
  // By 29: both halves move.
  hLow ^= hLow >>> 29 | hHigh << 3;
  hHigh ^= hHigh >>> 29;
  multiply(hLow, hHigh, P3L, P3H);
  low ^= high;
}

// --- FLAC frames ----------------------------------------------------------------------------------

const BLOCK_SIZES = [0, 192, 576, 1152, 2304, 4608, -1, -2, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

/** Reads `fLaC` and the metadata; returns what is of use, or TRUNCATED. */
function readHead(bytes, at, end) {
  for (let i = 0; i < 4 && at + i < end; i++) {
    if (bytes[at + i] !== 'fLaC'.charCodeAt(i)) throw new DamageError('what came is no FLAC stream');
  }
  let next = at + 4;
  let info;
  for (let last = false; !last;) {
    if (next + 4 > end) return TRUNCATED;
    last = bytes[next] >= 0x80;
    const kind = bytes[next] & 0x7F;
    const size = bytes[next + 1] << 16 | bytes[next + 2] << 8 | bytes[next + 3];
    next += 4;
    if (next - at + size > MAX_HEAD_BYTES) throw new DamageError(`metadata of more than ${MAX_HEAD_BYTES} bytes`);
    if (next + size > end) return TRUNCATED;
    if ((kind === 0) !== (info === undefined) || kind === 0 && size !== 34) {
      throw new DamageError('STREAMINFO must be the first metadata block, and the only one');
    }
    if (kind === 0) {
      info = {
        sampleRate: bytes[next + 10] << 12 | bytes[next + 11] << 4 | bytes[next + 12] >> 4,
        channels: (bytes[next + 12] >> 1 & 7) + 1,
        bits: ((bytes[next + 12] & 1) << 4 | bytes[next + 13] >> 4) + 1,
        // A decoder needs no more than this: the marker, and STREAMINFO as the only block.
        description: Uint8Array.of(...bytes.subarray(at, at + 4), 0x80, 0, 0, 34, ...bytes.subarray(next, next + 34)),
      };
    }
    next += size;
  }
  return { ...info, size: next - at };
}

/** Reads a frame's header: block size, number of the first sample, bytes; or TRUNCATED. */
function readHeader(bytes, at, end, channels) {
  if (end - at < 2) return TRUNCATED;
  if (bytes[at] !== 0xFF || bytes[at + 1] !== 0xF9) {
    throw new DamageError(`no frame of a record begins with ${hex(bytes.subarray(at, at + 2))}`);
  }
  if (end - at < 5) return TRUNCATED;
  const second = bytes[at + 2];
  const lead = bytes[at + 4];
  if (second >> 4 === 0 || (second & 15) !== 10 || bytes[at + 3] !== (channels - 1 << 4 | 12)) {
    throw new DamageError('a frame is not of 24 bits, 48 kHz and independent channels');
  }
  const more = lead < 0x80 ? 0 : Math.clz32(~(lead << 24)) - 1;
  if (lead >= 0x80 && (more < 1 || more > 6)) throw new DamageError(`coded number begins with ${hex([lead])}`);
  let blockSize = BLOCK_SIZES[second >> 4];
  const size = 5 + more + (blockSize < 0 ? -blockSize : 0) + 1;
  if (end - at < size) return TRUNCATED;
  let number = lead & (more ? 0x7F >> more + 1 : 0x7F);
  for (let i = 0; i < more; i++) {
    const byte = bytes[at + 5 + i];
    if ((byte & 0xC0) !== 0x80) throw new DamageError(`coded number goes on with ${hex([byte])}`);
    number = number * 64 + (byte & 0x3F);
  }
  const told = at + 5 + more;
  if (blockSize === -1) blockSize = bytes[told] + 1;
  else if (blockSize === -2) blockSize = (bytes[told] << 8 | bytes[told + 1]) + 1;
  if (crc8(bytes, at, at + size) !== 0) throw new DamageError('CRC-8 of a frame header is wrong');
  return { blockSize, number, size };
}

/** Reads frames by itself. The bytes must have SPARE more behind their end. */
class FrameDecoder {
  #bytes;
  #at = 0;
  #end = 0;

  constructor(channels) {
    this.samples = Array.from({ length: channels }, () => new Int32Array(MAX_PART_SAMPLES));
  }

  /** Reads the frame whose header has been read; returns its size, or TRUNCATED. */
  decode(bytes, at, end, header) {
    if (header.blockSize > MAX_PART_SAMPLES) throw new DamageError(`a frame of ${header.blockSize} samples is no part of a record`);
    const limit = Math.min(end, at + MAX_FRAME_BYTES);
    this.#bytes = bytes;
    this.#at = 8 * (at + header.size);
    this.#end = 8 * limit;
    for (const samples of this.samples) {
      if (!this.#subframe(samples, header.blockSize)) return this.#cut(at, end);
    }
    const filling = -this.#at & 7;
    if (filling && this.#take(filling)) throw new DamageError('a frame is not filled with zero bits');
    const size = (this.#at >> 3) + 2 - at;
    if (at + size > limit) return this.#cut(at, end);
    if (crc16(bytes, at, at + size) !== 0) throw new DamageError('CRC-16 of a frame is wrong');
    return size;
  }

  #cut(at, end) {
    if (end - at >= MAX_FRAME_BYTES) throw new DamageError(`no frame ends within ${MAX_FRAME_BYTES} bytes`);
    return TRUNCATED;
  }

  /** The next 32 bits. */
  #window() {
    const bytes = this.#bytes;
    const at = this.#at >> 3;
    const shift = this.#at & 7;
    const first = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    return shift ? first << shift | bytes[at + 4] >>> 8 - shift : first;
  }

  /** Up to 31 bits, unsigned. */
  #take(count) {
    const value = count ? this.#window() >>> 32 - count : 0;
    this.#at += count;
    return value;
  }

  #signed(count) {
    const value = count ? this.#window() >> 32 - count : 0;
    this.#at += count;
    return value;
  }

  /** Zeros up to the next one, or -1 when there is none. */
  #unary() {
    let count = 0;
    while (this.#at < this.#end) {
      const zeros = Math.clz32(this.#window());
      if (zeros < 32) {
        this.#at += zeros + 1;
        return count + zeros;
      }
      this.#at += 32;
      count += 32;
    }
    return -1;
  }

  #subframe(out, count) {
    const head = this.#take(8);
    if (head >= 0x80) throw new DamageError('a subframe begins with a one');
    const wasted = head & 1 ? this.#unary() + 1 : 0;
    if (this.#at > this.#end || head & 1 && wasted === 0) return false;
    const width = 24 - wasted;
    if (width < 1) throw new DamageError(`a subframe wastes ${wasted} bits`);
    const kind = head >> 1;
    if (kind === 0) {
      out.fill(this.#signed(width), 0, count);
    } else if (kind === 1) {
      if (this.#at + count * width > this.#end) return false;
      this.#plain(out, 0, count, width);
    } else if (kind >= 8 && kind <= 12) {
      if (!this.#fixed(out, count, width, kind - 8)) return false;
    } else if (kind >= 32) {
      if (!this.#predicted(out, count, width, kind - 31)) return false;
    } else {
      throw new DamageError(`a subframe has the reserved type ${kind}`);
    }
    if (this.#at > this.#end) return false;
    if (kind > 1) {
      const most = 1 << width - 1;
      for (let i = 0; i < count; i++) {
        if (out[i] < -most || out[i] >= most) throw new DamageError(`a sample has more than ${width} bits`);
      }
    }
    if (wasted) for (let i = 0; i < count; i++) out[i] <<= wasted;
    return true;
  }

  #plain(out, from, to, width) {
    if (width === 24 && (this.#at & 7) === 0) {
      const bytes = this.#bytes;
      let at = this.#at >> 3;
      for (let i = from; i < to; i++, at += 3) out[i] = bytes[at] << 24 >> 8 | bytes[at + 1] << 8 | bytes[at + 2];
      this.#at = 8 * at;
    } else {
      for (let i = from; i < to; i++) out[i] = this.#signed(width);
    }
  }

  #fixed(out, count, width, order) {
    if (order > count) throw new DamageError(`predictor of order ${order} in a block of ${count}`);
    for (let i = 0; i < order; i++) out[i] = this.#signed(width);
    if (!this.#residual(out, count, order)) return false;
    for (let i = order; i < count; i++) {
      const guess = order === 0 ? 0
        : order === 1 ? out[i - 1]
        : order === 2 ? 2 * out[i - 1] - out[i - 2]
        : order === 3 ? 3 * (out[i - 1] - out[i - 2]) + out[i - 3]
        : 4 * (out[i - 1] + out[i - 3]) - 6 * out[i - 2] - out[i - 4];
      out[i] = this.#within(guess + out[i]);
    }
    return true;
  }

  #within(sample) {
    if (sample < -0x800000 || sample > 0x7FFFFF) throw new DamageError('a sample has more than 24 bits');
    return sample;
  }

  #predicted(out, count, width, order) {
    if (order > count) throw new DamageError(`predictor of order ${order} in a block of ${count}`);
    for (let i = 0; i < order; i++) out[i] = this.#signed(width);
    const precision = this.#take(4) + 1;
    const shift = this.#signed(5);
    if (precision === 16 || shift < 0) throw new DamageError('predictor of a reserved precision or negative shift');
    const weights = [];
    for (let i = 0; i < order; i++) weights.push(this.#signed(precision));
    if (!this.#residual(out, count, order)) return false;
    if (weights.some((weight) => weight !== 0)) {
      // Sums stay below 2^44, so doubles hold them.
      const divisor = 2 ** shift;
      for (let i = order; i < count; i++) {
        let sum = 0;
        for (let j = 0; j < order; j++) sum += weights[j] * out[i - 1 - j];
        out[i] = this.#within(Math.floor(sum / divisor) + out[i]);
      }
    }
    return true;
  }

  #residual(out, count, order) {
    const method = this.#take(2);
    const partitions = 1 << this.#take(4);
    if (this.#at > this.#end) return false;
    if (method > 1) throw new DamageError(`residual of the reserved coding method ${method}`);
    if (count % partitions || count / partitions < order) throw new DamageError(`${partitions} partitions do not fit a block of ${count}`);
    for (let partition = 0; partition < partitions; partition++) {
      const from = partition === 0 ? order : partition * count / partitions;
      const to = (partition + 1) * count / partitions;
      const parameter = this.#take(4 + method);
      if (parameter === (method ? 31 : 15)) {
        const width = this.#take(5);
        if (this.#at + (to - from) * width > this.#end) return false;
        if (width === 0) out.fill(0, from, to);
        else this.#plain(out, from, to, width);
      } else if (!this.#rice(out, from, to, parameter)) {
        return false;
      }
    }
    return true;
  }

  #rice(out, from, to, parameter) {
    const bytes = this.#bytes;
    const end = this.#end;
    let bit = this.#at;
    for (let i = from; i < to; i++) {
      const at = bit >> 3;
      const shift = bit & 7;
      const first = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
      const window = shift ? first << shift | bytes[at + 4] >>> 8 - shift : first;
      const zeros = Math.clz32(window);
      let code;
      if (zeros + 1 + parameter <= 32) {
        bit += zeros + 1 + parameter;
        code = parameter ? zeros << parameter | window << zeros + 1 >>> 32 - parameter : zeros;
      } else {
        this.#at = bit;
        const many = this.#unary();
        if (many < 0) return false;
        if (many * 2 ** parameter >= 2 ** 31) throw new DamageError('a residual has more than 31 bits');
        code = many << parameter | this.#take(parameter);
        bit = this.#at;
      }
      if (bit > end) return false;
      out[i] = code >>> 1 ^ -(code & 1);
    }
    this.#at = bit;
    return true;
  }
}

// --- Payloads: the part of CBOR (RFC 8949) that JSON values need ------------------------------------

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const toUtf8 = new TextEncoder();

class CborReader {
  #bytes;
  #view;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  static decode(bytes) {
    const reader = new CborReader(bytes);
    let value;
    try {
      value = reader.#value(0);
    } catch (e) {
      if (e instanceof DamageError) throw e;
      throw new DamageError(`payload is not CBOR: ${e.message}`);
    }
    if (reader.#at !== bytes.length) throw new DamageError(`payload goes on behind its value, at byte ${reader.#at}`);
    return value;
  }

  #number(size) {
    const at = this.#at;
    this.#at += size;
    if (size === 8) {
      const big = this.#view.getBigUint64(at);
      return big <= Number.MAX_SAFE_INTEGER ? Number(big) : big;
    }
    return size === 1 ? this.#view.getUint8(at) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #value(depth) {
    if (depth > 128) throw new DamageError('payload is nested more than 128 deep');
    const first = this.#number(1);
    const major = first >> 5;
    const code = first & 31;
    if (major === 7) return this.#simple(code);
    const endless = code === 31 && major >= 2 && major <= 5;
    if (code >= 28 && !endless) throw new DamageError(`payload has the malformed byte ${hex([first])}`);
    const number = code < 24 || endless ? code : this.#number(1 << code - 24);
    switch (major) {
      case 0: return number;
      case 1: return typeof number === 'bigint' || number === Number.MAX_SAFE_INTEGER ? -1n - BigInt(number) : -1 - number;
      case 2: case 3: return endless ? this.#pieces(major, depth) : this.#string(major, number);
      case 6: return this.#value(depth + 1);
      default: return this.#items(major, endless ? Infinity : number, depth);
    }
  }

  #string(major, size) {
    if (size > this.#bytes.length - this.#at) throw new DamageError(`payload is cut: it announces a string of ${size} bytes`);
    const raw = this.#bytes.subarray(this.#at, this.#at += Number(size));
    return major === 2 ? raw.slice() : utf8.decode(raw);
  }

  #pieces(major, depth) {
    const pieces = [];
    while (this.#view.getUint8(this.#at) !== 0xFF) {
      const next = this.#view.getUint8(this.#at);
      if (next >> 5 !== major || (next & 31) === 31) throw new DamageError('payload has a string made of other things');
      pieces.push(this.#value(depth + 1));
    }
    this.#at++;
    return major === 3 ? pieces.join('') : Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  }

  #items(major, count, depth) {
    // Each item has a byte at least, so a count beyond that is a lie.
    if (count !== Infinity && count > this.#bytes.length - this.#at) throw new DamageError(`payload is cut: it announces ${count} items`);
    const items = major === 4 ? [] : {};
    for (let i = 0; i < count; i++) {
      if (count === Infinity && this.#view.getUint8(this.#at) === 0xFF) {
        this.#at++;
        break;
      }
      if (major === 4) {
        items.push(this.#value(depth + 1));
        continue;
      }
      const key = this.#value(depth + 1);
      if (typeof key !== 'string') throw new DamageError('payload has a key that is no string');
      // Not by assignment: a key may be "__proto__".
      Object.defineProperty(items, key, { value: this.#value(depth + 1), enumerable: true, configurable: true, writable: true });
    }
    return items;
  }

  #simple(code) {
    const at = this.#at;
    switch (code) {
      case 20: case 21: return code === 21;
      case 22: case 23: return null;
      case 25: {
        const half = this.#number(2);
        const exponent = half >> 10 & 31;
        const part = half & 1023;
        const size = exponent === 31 ? (part ? NaN : Infinity) : exponent ? 2 ** (exponent - 25) * (1024 + part) : 2 ** -24 * part;
        return half & 0x8000 ? -size : size;
      }
      case 26: this.#at += 4; return this.#view.getFloat32(at);
      case 27: this.#at += 8; return this.#view.getFloat64(at);
      default: throw new DamageError(`payload has the simple value ${code}`);
    }
  }
}

function encodeCbor(value, out = [], depth = 0) {
  if (depth > 128) throw new RangeError('a payload is nested 128 deep at most');
  const head = (major, number) => {
    const big = BigInt(number);
    if (big < 24n) out.push(major << 5 | Number(big));
    else {
      const code = big < 1n << 8n ? 0 : big < 1n << 16n ? 1 : big < 1n << 32n ? 2 : 3;
      out.push(major << 5 | 24 + code);
      for (let i = (1 << code) - 1; i >= 0; i--) out.push(Number(big >> BigInt(8 * i) & 255n));
    }
  };
  if (value === null || value === undefined) out.push(0xF6);
  else if (typeof value === 'boolean') out.push(value ? 0xF5 : 0xF4);
  else if (typeof value === 'bigint' || Number.isSafeInteger(value) && !Object.is(value, -0)) {
    const big = BigInt(value);
    if (big < -(1n << 64n) || big >= 1n << 64n) throw new RangeError(`a whole number in a payload must have 64 bits, was ${value}`);
    if (big >= 0n) head(0, big);
    else head(1, -1n - big);
  } else if (typeof value === 'number') {
    const bytes = new Uint8Array(9);
    bytes[0] = 0xFB;
    new DataView(bytes.buffer).setFloat64(1, value);
    out.push(...bytes);
  } else if (typeof value === 'string') {
    const bytes = toUtf8.encode(value);
    head(3, bytes.length);
    for (const byte of bytes) out.push(byte);
  } else if (Array.isArray(value)) {
    head(4, value.length);
    for (const item of value) encodeCbor(item, out, depth + 1);
  } else if (typeof value === 'object') {
    const entries = Object.entries(value);
    head(5, entries.length);
    for (const [key, item] of entries) {
      encodeCbor(key, out, depth + 1);
      encodeCbor(item, out, depth + 1);
    }
  } else {
    throw new TypeError(`a payload holds what JSON can say, not a ${typeof value}`);
  }
  return out;
}

// --- Records --------------------------------------------------------------------------------------

const KINDS = [undefined, 'upsert', 'delete', 'payload', 'skip'];
const FLOAT = 0, FLOAT_SHORT = 1, GRID = 2, INTEGER = 3, SPARSE = 4, NARROW = 5, FREQUENCY = 6, PULSE = 7;
const FAR_RANK = 12;
const ORDERS = [
  [-1, 0, -2, -3, -4, 1, -5, -6, -7, -8, -9, -10, -11, -12, -13, 2],
  [0, -1, -2, 1, -3, -4, -5, -6, -7, -8, -9, 2, -10, -11, -12, -13],
  [0, -1, 1, -2, -3, -4, -5, -6, 2, -7, -8, -9, -10, -11, -12, -13],
  [0, 1, -1, -2, -3, -4, 2, -5, -6, -7, -8, -9, -10, -11, -12, -13],
];

function offsetsOf(order, most) {
  const offsets = [...ORDERS[order]];
  const listed = new Set(offsets);
  for (let distance = 0; distance <= most; distance++) {
    if (!listed.has(-distance)) offsets.push(-distance);
    if (distance && !listed.has(distance)) offsets.push(distance);
  }
  return offsets;
}

const exponentTables = new Map();

/** Exponent fields by rank; -1 where there is none, -2 where the far ones come in. */
function exponentsOf(how, reference, single) {
  const key = how << 12 | reference << 1 | (single ? 1 : 0);
  let table = exponentTables.get(key);
  if (!table) {
    const most = single ? 255 : 2047;
    const listed = offsetsOf(how >> 3 & 3, most).map((offset) => reference + offset);
    const zeroRank = (how >> 1 & 3) - 1;
    if (zeroRank >= 0) listed.splice(zeroRank, 0, 0);
    table = Int16Array.from(listed, (exponent) => exponent >= 0 && exponent <= most ? exponent : -1);
    if (how & 1) table[FAR_RANK] = -2;
    if (exponentTables.size >= 256) exponentTables.clear();
    exponentTables.set(key, table);
  }
  return table;
}

/** Bytes of a header, with a place that moves on. What goes beyond them is damage. */
class HeaderReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  byte() {
    if (this.at >= this.bytes.length) throw new DamageError(`header goes on beyond the part's ${this.bytes.length} bytes`);
    return this.bytes[this.at++];
  }

  take(size) {
    if (this.at + size > this.bytes.length) throw new DamageError(`header goes on beyond the part's ${this.bytes.length} bytes`);
    return this.bytes.subarray(this.at, this.at += size);
  }

  /** A number of up to 53 bits of LEB128. */
  leb() {
    let value = 0;
    for (let i = 0; i < 9; i++) {
      const byte = this.byte();
      value += (byte & 0x7F) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw new DamageError('a number of the header is longer than need be');
        if (value > Number.MAX_SAFE_INTEGER) throw new UnsupportedRecordError('a number of the header has more than 53 bits');
        return value;
      }
    }
    throw new DamageError('a number of the header has more than nine bytes');
  }

  unsigned(size) {
    let value = 0;
    for (const byte of this.take(size)) value = value * 256 + byte;
    return value;
  }
}

function isNumber(text) {
  return /^(0|[1-9][0-9]{0,19})$/.test(text) && BigInt(text) < 1n << 64n;
}

function uuidOf(text) {
  const digits = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text.replace(/^urn:uuid:/i, '');
  return /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(digits)
    ? digits.replaceAll('-', '').toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    : undefined;
}

function readId(header) {
  const tag = header.leb();
  if (tag > 521) throw new DamageError(`id has the tag ${tag}`);
  if (tag < 9) {
    let value = 0n;
    const bytes = header.take(tag);
    if (tag && bytes[0] === 0) throw new DamageError('id is a number with a leading zero byte');
    for (const byte of bytes) value = value << 8n | BigInt(byte);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }
  if (tag === 9) return uuidOf(hex(header.take(16)));
  let name;
  try {
    name = utf8.decode(header.take(tag - 9));
  } catch (e) {
    throw e instanceof DamageError ? e : new DamageError('id is no UTF-8');
  }
  if (isNumber(name) || uuidOf(name)) throw new DamageError(`id '${name}' is spelled as a name and is none`);
  return name;
}

/** A list of places, ascending below `limit`; `marks` gets their marks, if they have any. */
function readPlaces(header, count, limit, parameter, marks) {
  const places = [];
  const { bytes } = header;
  const end = 8 * bytes.length;
  const bit = (at) => bytes[at >> 3] >> 7 - (at & 7) & 1;
  let at = 8 * header.at;
  let place = -1;
  for (let i = 0; i < count; i++) {
    let gap = 0;
    while (at < end && !bit(at)) {
      gap++;
      at++;
    }
    if (gap > limit >> parameter || at + 1 + parameter + (marks ? 1 : 0) > end) throw new DamageError('places of components are spelled wrong');
    at++;
    for (let j = 0; j < parameter; j++) gap = gap << 1 | bit(at++);
    place += 1 + gap;
    if (place >= limit) throw new DamageError(`place ${place} is not below ${limit}`);
    places.push(place);
    if (marks) marks.push(bit(at++));
  }
  for (; at & 7; at++) if (bit(at)) throw new DamageError('a list of places is not filled with zero bits');
  header.at = at >> 3;
  return places;
}

function readScale(header, size) {
  const bytes = new Uint8Array(8);
  bytes.set(header.take(2 * (size + 1)));
  const scale = new DataView(bytes.buffer).getFloat64(0);
  if (!(scale > 0 && scale < Infinity)) throw new DamageError(`vector has the scale ${scale}`);
  return scale;
}

/** Reads how a vector is represented. */
function readShape(header, single) {
  const newer = (what) => new UnsupportedRecordError(`vector representation ${hex([what])}: of a newer version`);
  let first = header.byte();
  const shape = { representation: first >> 5, parameter: first & 31, narrow: -1, far: [], scale: 1 };
  if (shape.representation >= FREQUENCY) return shape;
  if (!single && shape.representation === NARROW) {
    shape.narrow = first >> 3 & 3;
    if (first & 7 || shape.narrow > 2) throw newer(first);
    single = true;
    first = header.byte();
  }
  if (first >> 5 === SPARSE) {
    shape.background = first & 16 ? header.take(single ? 4 : 8) : new Uint8Array(8);
    shape.dimension = header.leb();
    const others = header.leb();
    if (shape.dimension < 1 || shape.dimension > MAX_DIMENSION || others > shape.dimension) {
      throw new DamageError(`${others} others of ${shape.dimension} components`);
    }
    shape.places = readPlaces(header, others, shape.dimension, first & 15);
    shape.representation = SPARSE;
    if (others === 0) return shape;
    first = header.byte();
  }
  shape.representation = first >> 5;
  if (shape.representation === FLOAT || shape.representation === FLOAT_SHORT && !single || shape.representation === GRID && single) {
    const size = single ? 1 : 2;
    const most = single ? 255 : 2047;
    shape.how = first;
    shape.reference = header.unsigned(size);
    for (let count = first & 1 ? header.byte() : 0; count > 0; count--) shape.far.push(header.unsigned(size));
    if (Math.max(shape.reference, ...shape.far) > most) throw new DamageError('an exponent of the header is out of range');
    if (shape.representation === GRID) {
      const more = header.byte();
      if (more & 0x80 || !(more & 4) && more >> 3) throw newer(more);
      shape.scale = readScale(header, more & 3);
      if (more & 4) {
        const count = header.leb();
        if (count < 1 || count > MAX_DIMENSION) throw new DamageError(`grid has ${count} corrections`);
        shape.marks = [];
        shape.corrections = readPlaces(header, count, MAX_DIMENSION, more >> 3 & 15, shape.marks);
      }
    }
  } else if (shape.representation === INTEGER) {
    const kind = first >> 2 & 3;
    if (kind === 3 || kind !== 1 && first & 3) throw newer(first);
    shape.unfolded = Boolean(first & 16);
    if (kind === 1) shape.scale = readScale(header, first & 3);
    if (kind === 2) {
      shape.decimals = header.byte();
      if (shape.decimals < 1 || shape.decimals > 22) throw new DamageError(`integers of ${shape.decimals} decimals`);
    }
  } else {
    throw newer(first);
  }
  return shape;
}

const POWERS = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

/** The nearest whole number of what is not negative; of two the even one. */
function rint(value) {
  return value < 2 ** 52 ? value + 2 ** 52 - 2 ** 52 : value;
}

const one = new Float32Array(1);
const bitsOfOne = new Int32Array(one.buffer);

/** The float16 that is nearest to a float32 number of 0 or more. */
function toHalf(size) {
  if (!(size < 65520)) return Infinity;
  one[0] = size;
  const unit = 2 ** (Math.max(-14, (bitsOfOne[0] >>> 23) - 127) - 10);
  return unit * rint(size / unit);
}

/** A float32 number as it is printed with the fewest decimals that lead back to it. */
function printed(number, half) {
  const size = Math.abs(number);
  if (!Number.isFinite(size) || half && toHalf(size) !== size) return number;
  for (const power of POWERS) {
    const candidate = rint(size * power) / power;
    const back = Math.fround(candidate);
    if ((half ? toHalf(back) : back) === size) return number < 0 || Object.is(number, -0) ? -candidate : candidate;
  }
  return number;
}

/** The lines of a block of 4 to 512 samples, a power of two, after Lee 1984. In place. */
function analyse(block, scratch, size) {
  let from = block;
  let into = scratch;
  const swap = () => { [from, into] = [into, from]; };
  for (let length = size; length > 1; length >>= 1) {
    const half = length / 2;
    for (let start = 0; start < size; start += length) {
      for (let i = 0; i < half; i++) {
        const near = from[start + i];
        const far = from[start + length - 1 - i];
        into[start + i] = near + far;
        into[start + half + i] = (near - far) * (0.5 / Math.cos((2 * i + 1) * Math.PI / (2 * length)));
      }
    }
    swap();
  }
  for (let length = 2; length <= size; length <<= 1) {
    const half = length / 2;
    for (let start = 0; start < size; start += length) {
      const middle = start + half;
      for (let i = 0; i < half - 1; i++) {
        into[start + 2 * i] = from[start + i];
        into[start + 2 * i + 1] = from[middle + i] + from[middle + i + 1];
      }
      into[start + length - 2] = from[middle - 1];
      into[start + length - 1] = from[start + length - 1];
    }
    swap();
  }
  block[0] *= Math.SQRT1_2;
  const scale = Math.sqrt(2 / size);
  for (let i = 0; i < size; i++) block[i] *= scale;
}

function hearTones(samples, from, to, shift, spacing) {
  if ((to - from) % 4 || spacing === 0) throw new DamageError('no component of the vector sounds like these samples');
  const words = new Int32Array((to - from) / 4);
  const block = new Float64Array(512);
  const scratch = new Float64Array(512);
  for (let done = 0; done < words.length;) {
    const count = Math.min(128, 1 << 31 - Math.clz32(words.length - done));
    for (let i = 0; i < 4 * count; i++) block[i] = samples[from + 4 * done + i] >> shift;
    analyse(block, scratch, 4 * count);
    for (let j = 0; j < 4; j++) {
      for (let i = 0; i < count; i++) {
        const line = Math.round(block[j * count + i] / spacing);
        if (line < -128 || line > 127) throw new DamageError('a tone of the vector is too loud');
        words[done + i] |= (line & 0xFF) << 24 - 8 * j;
      }
    }
    done += count;
  }
  return words;
}

function hearPulses(samples, from, to, parameter) {
  let end = to;
  while (end > from && samples[end - 1] < 0) end--;
  const words = [];
  let digits = 0;
  let pulses = 0;
  for (let at = from; at < end;) {
    const isLow = pulses % 2 === 0;
    let length = 0;
    while (at < end && samples[at] < 0 === isLow && length < 5) {
      length++;
      at++;
    }
    if (length < 1 || length > 4) throw new DamageError('no component of the vector sounds like these pulses');
    digits = digits << 2 | length - 1;
    if (++pulses % 16 === 0) words.push(digits ^ parameter << 26);
  }
  if (pulses % 16) throw new DamageError('the pulses of the vector end in a component');
  return Int32Array.from(words);
}

/** Whether a frame is nothing but time that passes; it may lie between records, and between the parts of one. */
function isSilent(channels, blockSize) {
  return channels.every((row) => row.subarray(0, blockSize).every((sample) => sample === 0));
}

/** Puts records together from parts, one after the other, and checks all of it. */
class Assembler {
  #single;
  #record;
  #parts = 0;
  #joins;

  /** @param {boolean} joins whether it may begin in the middle of a record, which is left out */
  constructor(channels, joins) {
    this.#single = channels === 2;
    this.#joins = joins;
  }

  get isBetween() { return this.#record === undefined; }

  /** Adds a part: a row of samples for each channel. Returns the record that it ends, if it does. */
  add(channels, blockSize) {
    const control = channels.at(-1)[0];
    const used = (control & 0x7FFF) + 1;
    const shift = control >> 15 & 31;
    if (control === 0 && isSilent(channels, blockSize)) return undefined;
    if (this.#joins && control >> 22 === 1) {
      if (!(control & FIRST_PART)) return undefined;
      this.#joins = false;
    }
    if (control >> 22 !== 1 || used > MAX_PART_SAMPLES || shift > 23) throw new DamageError('a part begins with no control word');
    if (blockSize !== Math.max(used, MIN_BLOCK_SAMPLES)) throw new DamageError(`frame of ${blockSize} samples does not fit its control word`);
    if (Boolean(control & FIRST_PART) !== this.isBetween) throw new DamageError('a record is cut off, or begins with a later part');
    const width = (24 - shift) * (channels.length - 1);
    if (this.isBetween) this.#first(channels, width, used, shift);
    else this.#later(channels, width, used, shift);
    this.#parts++;
    if (!(control & LAST_PART)) return undefined;
    const record = this.#finish();
    this.#record = undefined;
    return record;
  }

  /** The first bytes of the string in the upper bits of the data channels, as many as are wanted. */
  #headerBytes(channels, width, used, wanted) {
    const bytes = new Uint8Array(Math.min(used * width >> 3, wanted));
    const [first, second] = channels;
    if (width === 24 && this.#single) {
      for (let i = 0, sample = 0; i < bytes.length; sample++) {
        bytes[i++] = first[sample] >> 16;
        if (i < bytes.length) bytes[i++] = first[sample] >> 8;
        if (i < bytes.length) bytes[i++] = first[sample];
      }
      return bytes;
    }
    let bit = 0;
    for (let sample = 0; bit < 8 * bytes.length; sample++) {
      for (let i = 0; i < width && bit < 8 * bytes.length; i++, bit++) {
        const value = i < 24 ? first[sample] >> 23 - i & 1 : second[sample] >> 47 - i & 1;
        bytes[bit >> 3] |= value << 7 - (bit & 7);
      }
    }
    return bytes;
  }

  #first(channels, width, used, shift) {
    // Most headers are short; one that is not is read again, whole.
    let header = new HeaderReader(this.#headerBytes(channels, width, used, 96));
    try {
      this.#readFirst(header);
    } catch (e) {
      if (!(e instanceof DamageError) || header.bytes.length === used * width >> 3) throw this.#forget(e);
      header = new HeaderReader(this.#headerBytes(channels, width, used, Infinity));
      try {
        this.#readFirst(header);
      } catch (again) {
        throw this.#forget(again);
      }
    }
    const record = this.#record;
    const start = Math.ceil(8 * header.at / width);
    try {
      if ((record.shape === undefined || record.shape.representation === SPARSE) && start !== used) {
        throw new DamageError(`header ends before the part's sample ${used}`);
      }
      if (record.shape && record.shape.representation !== SPARSE) this.#values(channels, width, start, used, shift);
    } catch (e) {
      throw this.#forget(e);
    }
  }

  #forget(error) {
    this.#record = undefined;
    return error;
  }

  #readFirst(header) {
    const first = header.byte();
    const code = first >> 4;
    if (code === 0 || code === 8) throw new DamageError(`record kind ${code}, which no record has`);
    if (code > 4) throw new UnsupportedRecordError(`record kind ${code}: of a newer version`);
    const kind = KINDS[code];
    const place = first & 3;
    if (place === 3 || place && code !== 1 && code !== 3) throw new DamageError(`first byte ${hex([first])} has flags that exclude each other`);
    const record = { kind, seq: header.leb(), fields: new Map(), payloadSize: 0, apart: place === 2, pieces: [], count: 0, farUsed: 0 };
    if (code === 4) {
      record.skipCount = header.leb();
      if (record.skipCount < 1 || record.skipCount >= 2 ** 31) throw new DamageError(`skip count ${record.skipCount} is not 1 to 2^31 - 1`);
    } else {
      record.id = readId(header);
    }
    for (let more = Boolean(first & 4), before = 0; more;) {
      const field = header.byte();
      const tag = field >> 3 & 15;
      const value = header.take(field & 7);
      if (tag <= before || value.length && value[0] === 0) throw new DamageError('optional fields are spelled wrong');
      record.fields.set(tag, value.reduce((sum, byte) => sum * 256 + byte, 0));
      more = field >= 0x80;
      before = tag;
    }
    if (place) {
      record.payloadSize = header.leb();
      if (record.payloadSize < 1 || record.payloadSize > MAX_PAYLOAD_BYTES) throw new DamageError(`payload size ${record.payloadSize} is not 1 to ${MAX_PAYLOAD_BYTES}`);
    }
    // Where the payload is does not count.
    const hashed = header.bytes.slice(0, header.at);
    hashed[0] = first & ~3 | (place ? 1 : 0);
    xxh64(hashed, 0, hashed.length, 0, 0);
    record.headHash = [low, high];
    const hash = header.take(8);
    record.hash = [hash[4] << 24 | hash[5] << 16 | hash[6] << 8 | hash[7], hash[0] << 24 | hash[1] << 16 | hash[2] << 8 | hash[3]];
    record.payload = place === 1 ? header.take(record.payloadSize).slice() : new Uint8Array(0);
    if (code === 1) record.shape = readShape(header, this.#single);
    this.#record = record;
    this.#parts = 0;
  }

  #later(channels, width, used, shift) {
    const record = this.#record;
    try {
      const capacity = used * width >> 3;
      if (capacity < 1 || this.#parts === MAX_PARTS) throw new DamageError(`part ${this.#parts} of a record is empty or too many`);
      const [what] = this.#headerBytes(channels, width, used, 1);
      if (what === 0x80) {
        if (!record.shape || record.apart && record.payload.length || record.shape.representation === SPARSE) throw new DamageError('vector goes on where there is none to go on');
        this.#values(channels, width, Math.ceil(8 / width), used, shift);
      } else if (what === 0x81) {
        const count = Math.min(record.payloadSize - record.payload.length, capacity - 1);
        if (count < 1) throw new DamageError('payload goes on where there is none to go on');
        const joined = new Uint8Array(record.payload.length + count);
        joined.set(record.payload);
        joined.set(this.#headerBytes(channels, width, used, 1 + count).subarray(1), record.payload.length);
        record.payload = joined;
      } else {
        throw new DamageError(`later part begins with byte ${hex([what])}, neither 80 nor 81`);
      }
    } catch (e) {
      throw this.#forget(e);
    }
  }

  get #isNarrow() { return this.#record.shape.narrow >= 0; }

  /** Words of 32 bits: one a component, or two, the lower one first. */
  #values(channels, width, start, used, shift) {
    const record = this.#record;
    const { shape } = record;
    if (start > used) throw new DamageError('header goes on beyond its part');
    const marker = channels.at(-1);
    let piece;
    if (shape.representation >= FREQUENCY) {
      const heard = channels.slice(0, -1).map((samples) => shape.representation === FREQUENCY
        ? hearTones(samples, start, used, shift, shape.parameter)
        : hearPulses(samples, start, used, shape.parameter));
      if (this.#single) {
        [piece] = heard;
      } else {
        if (heard[0].length !== heard[1].length) throw new DamageError('data channels have different numbers of components');
        piece = new Int32Array(2 * heard[0].length);
        heard[0].forEach((upper, i) => { piece[2 * i] = heard[1][i]; piece[2 * i + 1] = upper; });
      }
    } else {
      if (record.count + used - start > (shape.places ? shape.places.length : MAX_DIMENSION)) throw new DamageError(`vector has ${record.count + used - start} components`);
      piece = shape.representation === INTEGER
        ? this.#integers(channels, width, start, used)
        : this.#floats(channels, marker, start, used);
    }
    record.count += this.#single || this.#isNarrow ? piece.length : piece.length / 2;
    if (record.count > MAX_DIMENSION) throw new DamageError(`vector has ${record.count} components`);
    record.pieces.push(piece);
  }

  #integers(channels, width, start, used) {
    const { shape } = this.#record;
    const [first, second] = channels;
    const marker = channels.at(-1);
    const singles = this.#single || this.#isNarrow;
    const values = singles ? new Float32Array(used - start) : new Float64Array(used - start);
    for (let i = start; i < used; i++) {
      if (marker[i] !== 0) throw new DamageError('marker channel is not 0 where numbers are');
      let number = this.#single ? first[i] >> 24 - width : Math.floor((first[i] * 2 ** 24 + (second[i] & 0xFFFFFF)) / 2 ** (48 - width));
      if (shape.unfolded) number = number >= 0 ? 2 * number : -2 * number - 1;
      values[i - start] = shape.decimals ? number / POWERS[shape.decimals] : number * shape.scale;
    }
    return new Int32Array(values.buffer);
  }

  #floats(channels, marker, start, used) {
    const record = this.#record;
    const { shape } = record;
    const singles = this.#single || this.#isNarrow;
    const table = exponentsOf(shape.how, shape.reference, singles);
    const lowBits = singles || shape.representation === FLOAT_SHORT ? 0 : 5;
    const words = new Int32Array((used - start) * (singles ? 1 : 2));
    const [data, second] = channels;
    for (let i = start, at = 0; i < used; i++) {
      const code = marker[i] << 1 ^ marker[i] >> 31;
      const rank = code >>> lowBits;
      let exponent = rank < table.length ? table[rank] : -1;
      if (exponent === -2) exponent = record.farUsed < shape.far.length ? shape.far[record.farUsed++] : -1;
      if (exponent < 0) throw new DamageError(`marker channel holds ${marker[i]}, no exponent's rank`);
      if (singles) {
        words[at++] = data[i] & 0x807FFFFF | exponent << 23;
      } else {
        const lower = second[i] & 0xFFFFFF;
        words[at++] = data[i] << 29 | lower << 5 | code & (1 << lowBits) - 1;
        words[at++] = data[i] & 0x80000000 | exponent << 20 | data[i] >> 3 & 0xFFFFF;
      }
    }
    return words;
  }

  #vector() {
    const record = this.#record;
    const { shape } = record;
    if (record.farUsed < shape.far.length) throw new DamageError(`vector does not have the ${shape.far.length} far exponents listed`);
    if (shape.places ? record.count !== shape.places.length : record.count === 0) throw new DamageError(`vector has ${record.count} components`);
    const singles = this.#single || this.#isNarrow;
    let words = record.pieces.length === 1 ? record.pieces[0] : join(record.pieces);
    if (shape.representation === GRID) {
      const floats = new Float32Array(words.buffer);
      for (let i = 0; i < floats.length; i++) floats[i] = floats[i] * shape.scale;
      shape.corrections?.forEach((place, i) => {
        if (place >= words.length) throw new DamageError('a correction is of no component');
        words[place] += shape.marks[i] ? -1 : 1;
      });
    }
    if (shape.places) {
      const size = singles ? 1 : 2;
      const whole = new Int32Array(shape.dimension * size);
      const view = new DataView(shape.background.buffer, shape.background.byteOffset, shape.background.byteLength);
      const background = singles ? [view.getInt32(0)] : [view.getInt32(4), view.getInt32(0)];
      for (let i = 0; i < whole.length; i++) whole[i] = background[i % size];
      shape.places.forEach((place, i) => { for (let j = 0; j < size; j++) whole[size * place + j] = words[size * i + j]; });
      words = whole;
    }
    if (shape.narrow >= 0) {
      const floats = new Float32Array(words.buffer);
      const doubles = new Float64Array(floats.length);
      for (let i = 0; i < floats.length; i++) doubles[i] = shape.narrow ? printed(floats[i], shape.narrow === 2) : floats[i];
      words = new Int32Array(doubles.buffer);
    }
    return words;
  }

  #finish() {
    const record = this.#record;
    try {
      if (record.payload.length < record.payloadSize) throw new DamageError(`record ends before byte ${record.payloadSize} of its payload`);
      const words = record.shape ? this.#vector() : new Int32Array(0);
      xxh64(record.payload, 0, record.payload.length, ...record.headHash);
      xxh64(new Uint8Array(words.buffer), 0, words.byteLength, low, high);
      if ((low | 0) !== record.hash[0] || (high | 0) !== record.hash[1]) throw new DamageError(`hash of record ${record.seq} is wrong`);
      const result = { kind: record.kind, id: record.id ?? null, seq: record.seq, payload: null, vector: null };
      if (record.payload.length) result.payload = CborReader.decode(record.payload);
      // Views of whole numbers, so that no NaN is quietened.
      if (record.shape) result.vector = this.#single ? new Float32Array(words.buffer) : new Float64Array(words.buffer);
      if (record.fields.has(1)) result.insertedAt = FIRST_MILLIS + record.fields.get(1);
      if (record.fields.has(2)) result.expiresAt = FIRST_MILLIS + record.fields.get(2);
      if (record.fields.has(5)) result.expired = true;
      if (record.skipCount) result.skipCount = record.skipCount;
      return result;
    } catch (e) {
      throw this.#forget(e);
    }
  }
}

function join(pieces) {
  const joined = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// --- The stream -----------------------------------------------------------------------------------

/** The samples of 24 bits, which lie in the upper ones of 32, a row for each channel. */
function samplesOf(audio) {
  const { numberOfFrames: count, numberOfChannels: channels } = audio;
  const rows = Array.from({ length: channels }, () => new Int32Array(count));
  if (audio.format === 's32') {
    // As they lie, side by side: one copy takes half the time of one for each channel.
    const all = new Int32Array(count * channels);
    audio.copyTo(all, { planeIndex: 0, format: 's32' });
    for (let channel = 0; channel < channels; channel++) {
      const row = rows[channel];
      for (let i = 0, at = channel; i < count; i++, at += channels) row[i] = all[at] >> 8;
    }
  } else {
    rows.forEach((row, planeIndex) => {
      audio.copyTo(row, { planeIndex, format: 's32-planar' });
      for (let i = 0; i < count; i++) row[i] >>= 8;
    });
  }
  return rows;
}

/** Samples by WebCodecs: one frame in, one row of samples for each channel out, in the same order. */
class NativeDecoder {
  #decoder;
  #waiting = [];
  #error;

  static async open(head) {
    const config = { codec: 'flac', sampleRate: head.sampleRate, numberOfChannels: head.channels, description: head.description };
    const supported = await globalThis.AudioDecoder.isConfigSupported(config).then((told) => told.supported, () => false);
    return supported ? new NativeDecoder(config) : undefined;
  }

  constructor(config) {
    this.#decoder = new globalThis.AudioDecoder({
      // By order, not by timestamp: those that come out count samples.
      output: (audio) => {
        const rows = samplesOf(audio);
        audio.close();
        this.#waiting.shift()?.resolve(rows);
      },
      error: (e) => {
        this.#error = new DamageError(`the browser's decoder: ${e.message}`);
        for (const one of this.#waiting.splice(0)) one.reject(this.#error);
      },
    });
    this.#decoder.configure(config);
  }

  /** Decodes one frame: whole, since of several in a chunk all but the first would be lost. */
  decode(frame) {
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#decoder.decode(new globalThis.EncodedAudioChunk({ type: 'key', timestamp: 0, data: frame }));
    });
  }

  close() {
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }
}

/** So many frames are with the browser's decoder at a time. */
const MOST_TOGETHER = 512;

/** Takes a FLAC stream's bytes in pieces of any size and gives its records, checked. */
export class RecordReader {
  #buffer = new Uint8Array(1 << 16);
  #at = 0;
  #end = 0;
  #head;
  #sample;
  #own;
  #assembler;
  #native;
  #wantsNative;
  #joins;
  #numbers;
  /** Why nothing more can be read, if that is so. */
  error;

  /**
   * @param {{firstSample?: number, decoder?: 'own' | 'webcodecs', joins?: boolean}} options number
   *   that the first frame must have; whether WebCodecs decode, where there are any; and whether the
   *   stream is of HLS, and may begin in the middle of a record
   */
  constructor({ firstSample, decoder = 'own', joins = false } = {}) {
    this.#sample = firstSample;
    this.#joins = joins;
    this.#numbers = joins ? HLS_NUMBERS : NUMBERS;
    this.#wantsNative = decoder === 'webcodecs' && typeof globalThis.AudioDecoder === 'function';
  }

  /** Whether WebCodecs decodes. */
  get isNative() { return this.#native !== undefined; }

  /**
   * Gives the records that these bytes complete. After damage come the records before it, and
   * `error` is set; the next call throws it.
   */
  async feed(bytes) {
    if (this.error) throw this.error;
    const records = [];
    try {
      this.#append(bytes);
      if (this.#head || await this.#begin()) {
        if (this.#native) await this.#readNative(records);
        else this.#readOwn(records);
      }
    } catch (e) {
      this.error = e;
      if (records.length === 0) throw e;
    }
    return records;
  }

  async #begin() {
    const head = readHead(this.#buffer, this.#at, this.#end);
    if (head === TRUNCATED) return false;
    if (head.channels !== 2 && head.channels !== 3 || head.bits !== 24) {
      throw new DamageError(`the stream has ${head.channels} channels of ${head.bits} bits; records have 2 or 3 of 24`);
    }
    this.#head = head;
    this.#at += head.size;
    this.#own = new FrameDecoder(head.channels);
    this.#assembler = new Assembler(head.channels, this.#joins);
    if (this.#wantsNative) this.#native = await NativeDecoder.open(head);
    return true;
  }

  #readOwn(records) {
    for (;;) {
      const header = this.#header();
      if (header === TRUNCATED) return;
      const size = this.#own.decode(this.#buffer, this.#at, this.#end, header);
      if (size === TRUNCATED) return;
      this.#pass(header, size);
      this.#assemble(this.#own.samples, header, records);
    }
  }

  async #readNative(records) {
    for (let more = true; more;) {
      const headers = [];
      const coming = [];
      let problem;
      try {
        while (more && coming.length < MOST_TOGETHER) {
          const header = this.#header();
          if (header === TRUNCATED) more = false;
          else more = this.#ask(header, headers, coming);
        }
      } catch (e) {
        problem = e; // told behind the records before it
      }
      const rows = await Promise.allSettled(coming);
      rows.forEach(({ value, reason }, i) => {
        if (reason) throw reason;
        if (value[0].length !== headers[i].blockSize) throw new DamageError(`the browser's decoder gave ${value[0].length} samples of ${headers[i].blockSize}`);
        this.#assemble(value, headers[i], records);
      });
      if (problem) throw problem;
    }
  }

  /** Has the frame at hand decoded; returns whether it is all there. */
  #ask(header, headers, coming) {
    let size = this.#sizeBySuccessor(header);
    if (size === undefined) {
      // Nothing follows that would tell where it ends: whoever reads it knows.
      size = this.#own.decode(this.#buffer, this.#at, this.#end, header);
      if (size === TRUNCATED) return false;
      coming.push(this.#own.samples.map((row) => row.slice(0, header.blockSize)));
    } else {
      coming.push(this.#native.decode(this.#buffer.subarray(this.#at, this.#at + size)));
    }
    headers.push(header);
    this.#pass(header, size);
    return true;
  }

  #assemble(samples, header, records) {
    const record = this.#assembler.add(samples, header.blockSize);
    if (record) records.push(record);
  }

  /** Ends the stream. Throws if that is in the middle of something. */
  finish() {
    if (this.error) throw this.error;
    if (!this.#head || this.#at < this.#end || !this.#assembler.isBetween) throw new DamageError('the stream ends in the middle of a record');
  }

  close() {
    this.#native?.close();
  }

  #append(bytes) {
    const kept = this.#end - this.#at;
    if (this.#end + bytes.length + SPARE > this.#buffer.length) {
      const room = kept + bytes.length + SPARE;
      const target = room > this.#buffer.length ? new Uint8Array(2 * room) : this.#buffer;
      target.set(this.#buffer.subarray(this.#at, this.#end));
      this.#buffer = target;
      this.#at = 0;
      this.#end = kept;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    this.#buffer.fill(0, this.#end, this.#end + SPARE);
  }

  #header() {
    const header = readHeader(this.#buffer, this.#at, this.#end, this.#head.channels);
    if (header !== TRUNCATED && this.#sample !== undefined && header.number !== this.#sample) {
      throw new DamageError(`a frame begins with sample ${header.number}, not ${this.#sample}: something before it got lost`);
    }
    return header;
  }

  #pass(header, size) {
    this.#at += size;
    this.#sample = (header.number + header.blockSize) % this.#numbers;
  }

  /** The size of the frame at hand, if the next one's header has come and its own CRC-16 agrees. */
  #sizeBySuccessor(header) {
    const bytes = this.#buffer;
    const wanted = (header.number + header.blockSize) % this.#numbers;
    const limit = Math.min(this.#end - 16, this.#at + MAX_FRAME_BYTES);
    for (let at = this.#at + header.size; ; at++) {
      at = bytes.indexOf(0xFF, at);
      if (at < 0 || at >= limit) return undefined;
      if (bytes[at + 1] !== 0xF9) continue;
      try {
        const next = readHeader(bytes, at, this.#end, this.#head.channels);
        if (next !== TRUNCATED && next.number === wanted && crc16(bytes, this.#at, at) === 0) return at - this.#at;
      } catch (e) {
        if (!(e instanceof DamageError)) throw e; // it was none: what looked like one lies in the frame
      }
    }
  }
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** So often the same damage may be met: what is damaged on the way comes right when it is asked for again. */
const SAME_DAMAGE = 3;

/**
 * Iterates the records of a collection, each once and in order: its history, then what is written.
 *
 * When the connection breaks, or something is damaged or missing, it asks again from the next
 * sequence number on, with growing pauses.
 *
 * @param {string} url of the collection, such as `http://127.0.0.1:7664/collections/songs`
 */
export async function* listen(url, options = {}) {
  const { from = 1, follow = true, shard, filter, apiKey, signal, patience = 60_000, decoder = 'own' } = options;
  let { transport = 'http' } = options;
  if (!['http', 'webrtc'].includes(transport)) throw new TypeError(`transport must be http or webrtc, was ${transport}`);
  const address = new URL(url, globalThis.location?.href);
  if (!/\/collections\/[^/]+(\/audio)?\/?$/.test(address.pathname)) {
    throw new TypeError(`the address of a collection is like http://127.0.0.1:7664/collections/songs, was ${url}`);
  }
  address.pathname = address.pathname.replace(/\/(audio\/?)?$/, '') + '/audio';
  if (shard) address.searchParams.set('shard', `${shard[0]}/${shard[1]}`);
  if (filter) address.searchParams.set('filter', JSON.stringify(filter));
  address.searchParams.set('follow', String(follow));
  let next = from;
  let failures = 0;
  let damages = 0;
  let good = Date.now();
  for (;;) {
    address.searchParams.set('from', String(next));
    try {
      const batches = transport === 'webrtc' ? receiveByWebRtc(address, next, options) : receive(address, apiKey, signal, decoder);
      for await (const records of batches) {
        good = Date.now();
        for (const record of records) {
          const behind = record.seq + Math.max(1, record.skipCount ?? 0);
          if (behind <= next) continue; // the node sent it before, too
          next = behind;
          failures = damages = 0;
          yield record;
        }
      }
      if (!follow || signal?.aborted) return;
    } catch (e) {
      if (signal?.aborted) return;
      if (transport === 'webrtc' && (e instanceof NoWebRtc || e instanceof RefusedError && e.status === 501)) {
        transport = 'http';
        continue;
      }
      const comesAgain = e instanceof UnreachableError || e instanceof RefusedError && (e.status === 429 || e.status === 503);
      const isDamage = e instanceof DamageError && ++damages < SAME_DAMAGE;
      if (!comesAgain && !isDamage || Date.now() - good > patience) throw e;
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++) * (0.5 + Math.random() / 2);
    await rest(pause, signal);
    if (signal?.aborted) return;
  }
}

// --- Low-latency HLS ------------------------------------------------------------------------------

/**
 * Iterates the records of a collection as `listen` does, but hears what is written from the parts
 * of the live playlist, which caches and content delivery networks can hand to any number of
 * listeners. What the playlist leaves out (time does not suffice for it, or the connection broke)
 * is asked for over HTTP.
 *
 * @param {string} url of the collection, such as `http://127.0.0.1:7664/collections/songs`
 */
export async function* listenHls(url, options = {}) {
  const { from = 1, apiKey, signal, patience = 60_000, decoder = 'own' } = options;
  const address = new URL(url, globalThis.location?.href);
  if (!/\/collections\/[^/]+(\/hls\/live\.m3u8)?\/?$/.test(address.pathname)) {
    throw new TypeError(`the address of a collection is like http://127.0.0.1:7664/collections/songs, was ${url}`);
  }
  address.pathname = address.pathname.replace(/\/(hls\/live\.m3u8\/?)?$/, '');
  const collection = String(address);
  address.pathname += '/hls/live.m3u8';
  let next = from;
  let failures = 0;
  let damages = 0;
  let good = Date.now();
  const isNew = (record) => {
    const behind = record.seq + Math.max(1, record.skipCount ?? 0);
    if (behind <= next) return false;
    next = behind;
    return true;
  };
  for (;;) {
    try {
      for await (const { isGap, records } of receiveParts(address, apiKey, signal, decoder)) {
        good = Date.now();
        failures = 0;
        for (const record of isGap ? [undefined] : records) {
          if (!record || record.seq > next) {
            for await (const missed of listen(collection, { from: next, follow: false, apiKey, signal, patience, decoder })) {
              if (isNew(missed)) yield missed;
            }
          }
          if (record && isNew(record)) {
            damages = 0;
            yield record;
          }
        }
        if (signal?.aborted) return;
      }
    } catch (e) {
      if (signal?.aborted) return;
      const comesAgain = e instanceof UnreachableError || e instanceof RefusedError && (e.status === 429 || e.status === 503);
      const isDamage = e instanceof DamageError && ++damages < SAME_DAMAGE;
      if (!comesAgain && !isDamage || Date.now() - good > patience) throw e;
    }
    await rest(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++) * (0.5 + Math.random() / 2), signal);
    if (signal?.aborted) return;
  }
}

/** What a live playlist says of its parts: `key` is the media sequence number and the index in it. */
function readPlaylist(text) {
  if (!text.startsWith('#EXTM3U')) throw new SoniDbError(`no playlist: ${text.slice(0, 100)}`);
  let segment = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0);
  let index = 0;
  const parts = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXT-X-PART:')) {
      parts.push({ key: `${segment}.${index++}`, uri: /URI="([^"]*)"/.exec(line)?.[1] });
    } else if (line && !line.startsWith('#')) {
      segment++;
      index = 0;
    }
  }
  return { parts, map: /#EXT-X-MAP:URI="([^"]*)"/.exec(text)?.[1], next: `_HLS_msn=${segment}&_HLS_part=${index}` };
}

/** The boxes of ISO/IEC 14496-12 in a range of bytes. */
function* boxesOf(bytes, from = 0, to = bytes.length) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = from; at < to;) {
    const size = to - at < 8 ? 0 : view.getUint32(at);
    if (size < 8 || size > to - at) throw new DamageError(`no box of MP4 at byte ${at}`);
    yield { name: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), from: at + 8, to: at + size };
    at += size;
  }
}

function joinBytes(pieces) {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** The head of a FLAC stream out of an initialisation section. */
function flacHead(bytes) {
  let [from, to] = [0, bytes.length];
  // Behind a box's own fields lie the boxes in it.
  for (const [name, skipped] of [['moov', 0], ['trak', 0], ['mdia', 0], ['minf', 0], ['stbl', 0], ['stsd', 8], ['fLaC', 28], ['dfLa', 4]]) {
    const box = [...boxesOf(bytes, from, to)].find((each) => each.name === name);
    if (!box) throw new DamageError(`an initialisation section without ${name}`);
    [from, to] = [box.from + skipped, box.to];
  }
  return joinBytes([toUtf8.encode('fLaC'), bytes.subarray(from, to)]);
}

/** What the parts of a live playlist hold; `isGap` says that something may be missing before it. */
async function* receiveParts(playlist, apiKey, signal, decoder) {
  const headers = keyOf(apiKey);
  const get = async (address) => {
    const response = await request(address, { headers, signal });
    const bytes = await response.arrayBuffer().catch((e) => { throw new UnreachableError(`the stream broke: ${e.message}`); });
    return new Uint8Array(bytes);
  };
  let reader;
  let map;
  let last;
  const address = new URL(playlist);
  try {
    for (;;) {
      const now = readPlaylist(utf8.decode(await get(address)));
      const at = now.parts.findIndex(({ key }) => key === last);
      if (at < 0 || map !== now.map) {
        // It begins, or the playlist has gone on without it.
        reader?.close();
        reader = new RecordReader({ decoder, joins: true });
        map = now.map;
        await reader.feed(flacHead(await get(new URL(map, playlist))));
        yield { isGap: true };
      }
      for (const { key, uri } of now.parts.slice(at + 1)) {
        let bytes;
        try {
          bytes = await get(new URL(uri, playlist));
        } catch (e) {
          if (e instanceof RefusedError && e.status === 404) break; // it took too long; the next playlist tells
          throw e;
        }
        const frames = joinBytes([...boxesOf(bytes)].filter(({ name }) => name === 'mdat').map(({ from, to }) => bytes.subarray(from, to)));
        const records = await reader.feed(frames);
        last = key;
        if (records.length) yield { records };
        if (reader.error) throw reader.error;
      }
      address.search = `${playlist.search ? `${playlist.search}&` : '?'}${now.next}`;
    }
  } finally {
    reader?.close();
  }
}

function rest(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** The records of one connection, as many at a time as there are. */
async function* receive(address, apiKey, signal, decoder) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const reader = new RecordReader({ firstSample: 0, decoder });
  try {
    const response = await request(address, { headers: { accept: 'audio/flac', ...keyOf(apiKey) }, signal: stop.signal });
    if (!response.headers.get('content-type')?.startsWith('audio/flac')) {
      throw new SoniDbError(`no node answers so: ${response.status}, ${response.headers.get('content-type')}`);
    }
    const body = response.body.getReader();
    for (;;) {
      const { done, value } = await body.read().catch((e) => { throw new UnreachableError(`the stream broke: ${e.message}`); });
      if (done) break;
      const records = await reader.feed(value);
      if (records.length) yield records;
      if (reader.error) throw reader.error;
    }
    reader.finish();
  } finally {
    reader.close();
    signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}

// --- WebRTC ---------------------------------------------------------------------------------------

const MESSAGE_HEAD_BYTES = 28;
const MESSAGE_KINDS = ['head', 'records', 'alive', 'end'];
/** Messages that may be ahead of one that is missing, and for how long. */
const MOST_AHEAD = 256;
const LONGEST_GAP_MS = 5_000;
/** What the page has not read by then it asks for again: a data channel cannot be held up by its reader. */
const MOST_UNREAD_BYTES = 64 << 20;
const GATHERING_MS = 2_000;
const CONNECTING_MS = 15_000;

const CRC32 = new Uint32Array(256).map((_, i) => {
  let rest = i;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? rest >>> 1 ^ 0xEDB88320 : rest >>> 1;
  return rest;
});

/** CRC-32 of a message whose own bytes in it count as zero. */
function messageCrc(bytes) {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = CRC32[(crc ^ (i >= 24 && i < 28 ? 0 : bytes[i])) & 255] ^ crc >>> 8;
  return ~crc >>> 0;
}

/** There is no way to the node by WebRTC. */
class NoWebRtc extends Error {}

/** Puts the messages of a data channel in order and notices what is missing or damaged. */
export class MessageReader {
  #next;
  #part = 0;
  #hasHead = false;
  #ahead = new Map();
  /** Whether the stream is over. */
  isOver = false;

  /** @param {number} from sequence number that was asked for */
  constructor(from) {
    this.#next = from;
  }

  /** The first sequence number that has not come. */
  get next() { return this.#next; }

  /** Whether a message is missing that others have overtaken. */
  get hasGap() { return this.#ahead.size > 0; }

  /**
   * Takes a message and gives the pieces of the FLAC stream that are in order now.
   *
   * @param {Uint8Array} bytes
   * @throws {DamageError}
   */
  take(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < MESSAGE_HEAD_BYTES || view.getUint16(0) !== 0x534D) throw new DamageError('a message is not of a node');
    if (bytes[2] !== 1 || bytes[3] >= MESSAGE_KINDS.length) throw new UnsupportedRecordError(`a message has version ${bytes[2]} and kind ${bytes[3]}`);
    if (view.getUint32(24) !== messageCrc(bytes)) throw new DamageError('CRC-32 of a message is wrong');
    const message = {
      kind: MESSAGE_KINDS[bytes[3]],
      from: Number(view.getBigUint64(4)),
      next: Number(view.getBigUint64(12)),
      part: view.getUint16(20),
      parts: view.getUint16(22),
      piece: bytes.subarray(MESSAGE_HEAD_BYTES),
    };
    if (message.part >= message.parts || message.next < message.from) throw new DamageError('a message contradicts itself');
    const pieces = [];
    for (let at = message; at; at = this.#successor()) {
      if (!this.#isDue(at)) {
        this.#keep(at);
        break;
      }
      this.#pass(at, pieces);
    }
    return pieces;
  }

  #isDue({ kind, from, part }) {
    return from === this.#next && part === this.#part && this.#hasHead === (kind !== 'head') && !this.isOver;
  }

  #pass({ kind, next, part, parts, piece }, pieces) {
    if (piece.length) pieces.push(piece);
    this.#part = part + 1 === parts ? 0 : part + 1;
    if (this.#part > 0) return;
    this.#next = next;
    if (kind === 'head') this.#hasHead = true;
    if (kind === 'end') this.isOver = true;
  }

  #keep(message) {
    const { kind, from, part } = message;
    const isOld = this.isOver || this.#hasHead && kind === 'head' || from < this.#next || from === this.#next && this.#hasHead && part < this.#part;
    if (isOld) return; // it came twice
    this.#ahead.set(`${kind === 'head'} ${from} ${part}`, message);
    if (this.#ahead.size > MOST_AHEAD) throw new DamageError(`the message from record ${this.#next} on got lost`);
  }

  #successor() {
    const key = `${!this.#hasHead} ${this.#next} ${this.#part}`;
    const message = this.#ahead.get(key);
    this.#ahead.delete(key);
    return message;
  }
}

/** What comes out of a channel, for one who waits for it. */
class Inbox {
  #messages = [];
  #bytes = 0;
  #error;
  #wake = () => {};

  put(message) {
    if (this.#error) return;
    this.#messages.push(message);
    this.#bytes += message.byteLength;
    if (this.#bytes > MOST_UNREAD_BYTES) this.end(new UnreachableError('the reader is too slow for the channel'));
    this.#wake();
  }

  /** Nothing comes any more. */
  end(error) {
    this.#error ??= error;
    this.#wake();
  }

  /** All messages that have come, at least one; undefined if there is none in time. */
  async take(milliseconds) {
    if (this.#messages.length === 0 && !this.#error) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = () => {};
    }
    const taken = this.#messages;
    if (taken.length === 0 && this.#error) throw this.#error;
    this.#messages = [];
    this.#bytes = 0;
    return taken.length ? taken : undefined;
  }
}

/** The records of one data channel, as many at a time as there are. */
async function* receiveByWebRtc(address, from, { apiKey, signal, decoder = 'own', iceServers = [], channel: channelOptions = {} }) {
  if (typeof globalThis.RTCPeerConnection !== 'function') throw new NoWebRtc('there is no RTCPeerConnection');
  const whep = new URL(address);
  whep.pathname = whep.pathname.replace(/audio$/, 'whep');
  const connection = new globalThis.RTCPeerConnection({ iceServers });
  const channel = connection.createDataChannel('sonidb', channelOptions);
  channel.binaryType = 'arraybuffer';
  const inbox = new Inbox();
  let viewer;
  const abort = () => inbox.end(new UnreachableError('aborted'));
  signal?.addEventListener('abort', abort);
  channel.onmessage = ({ data }) => inbox.put(data);
  channel.onclose = () => inbox.end(new UnreachableError('the channel was closed'));
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'failed') inbox.end(new UnreachableError('the connection broke'));
  };
  const reader = new RecordReader({ firstSample: 0, decoder });
  const messages = new MessageReader(from);
  try {
    await connection.setLocalDescription();
    await gathered(connection);
    const headers = { 'content-type': 'application/sdp', ...keyOf(apiKey) };
    const response = await request(whep, { method: 'POST', headers, body: connection.localDescription.sdp, signal });
    if (response.status !== 201) throw new SoniDbError(`no node answers so: ${response.status}`);
    viewer = response.headers.get('location');
    await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
    let heard = false;
    while (!messages.isOver) {
      const taken = await inbox.take(messages.hasGap ? LONGEST_GAP_MS : CONNECTING_MS).catch((e) => { throw heard ? e : new NoWebRtc(e.message); });
      if (!taken) {
        if (!heard) throw new NoWebRtc('the channel does not open');
        if (messages.hasGap) throw new DamageError(`the message from record ${messages.next} on got lost`);
        continue;
      }
      heard = true;
      for (const message of taken) {
        for (const piece of messages.take(new Uint8Array(message))) {
          const records = await reader.feed(piece);
          if (records.length) yield records;
          if (reader.error) throw reader.error;
        }
        // Where nothing can be overtaken, what is missing does not come.
        if (messages.hasGap && channel.ordered) throw new DamageError(`the message from record ${messages.next} on got lost`);
      }
    }
    reader.finish();
  } finally {
    reader.close();
    signal?.removeEventListener('abort', abort);
    connection.close();
    if (viewer && !messages.isOver) {
      fetch(new URL(viewer, whep), { method: 'DELETE', headers: keyOf(apiKey), keepalive: true }).catch(() => {});
    }
  }
}

/** Waits until the description has all candidates, or enough of them. */
function gathered(connection) {
  return new Promise((resolve) => {
    const look = () => {
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(resolve, GATHERING_MS);
    connection.onicegatheringstatechange = look;
    look();
  });
}

function keyOf(apiKey) {
  return apiKey ? { 'api-key': apiKey } : {};
}

async function request(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (e) {
    throw new UnreachableError(`${address.host}: ${e.cause?.message ?? e.message}`);
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => '');
  let message;
  try {
    message = JSON.parse(text).status.error;
  } catch {
    throw new SoniDbError(`${response.status} without a node's words: ${text.slice(0, 200)}`);
  }
  throw new RefusedError(response.status, message);
}

// --- Sending --------------------------------------------------------------------------------------

const MOST_INLINE = 4096;
const SEND_BYTES = 4 << 20;

function leb(value, out = []) {
  for (; value > 0x7F; value = Math.floor(value / 128)) out.push(value % 128 | 0x80);
  out.push(value);
  return out;
}

function encodeId(id) {
  if (typeof id === 'number' || typeof id === 'bigint' || typeof id === 'string' && isNumber(id)) {
    if (typeof id === 'number' && !Number.isSafeInteger(id)) throw new RangeError(`a number as an id must be whole and safe, was ${id}: larger ones are BigInts`);
    const big = BigInt(id);
    if (big < 0n || big >= 1n << 64n) throw new RangeError(`a number as an id must be 0 to 2^64 - 1, was ${id}`);
    const digits = big === 0n ? '' : big.toString(16);
    const bytes = (digits.length % 2 ? '0' + digits : digits).match(/../g) ?? [];
    return [bytes.length, ...bytes.map((byte) => parseInt(byte, 16))];
  }
  if (typeof id !== 'string') throw new TypeError(`an id is a number, a BigInt or a string, was a ${typeof id}`);
  const uuid = uuidOf(id);
  if (uuid) return [9, ...uuid.replaceAll('-', '').match(/../g).map((byte) => parseInt(byte, 16))];
  const name = toUtf8.encode(id);
  if (name.length < 1 || name.length > 512) throw new RangeError(`an id must have 1 to 512 bytes, was ${name.length}`);
  return leb(9 + name.length, []).concat(...name);
}

/** Makes one FLAC stream of records: `head()`, then what `upsert` and `delete` give, in order. */
export class FlacEncoder {
  #dimension;
  #single;
  #seq = 1;
  #sample = 0;

  constructor(dimension, element = 'float32') {
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION) throw new RangeError(`dimension must be 1 to ${MAX_DIMENSION}, was ${dimension}`);
    if (element !== 'float32' && element !== 'float64') throw new RangeError(`components are float32 or float64, not ${element}`);
    this.#dimension = dimension;
    this.#single = element === 'float32';
  }

  /** What the stream begins with. */
  head() {
    const bytes = new Uint8Array(42);
    const view = new DataView(bytes.buffer);
    bytes.set(toUtf8.encode('fLaC'));
    view.setUint32(4, 0x80000022);
    view.setUint16(8, MIN_BLOCK_SAMPLES);
    view.setUint16(10, MAX_PART_SAMPLES);
    view.setUint32(18, 48000 << 12 | (this.#single ? 1 : 2) << 9 | 23 << 4);
    return bytes;
  }

  /** The frames of a record that puts a vector, an array of numbers of any kind, under an id. */
  upsert(id, vector, payload = null) {
    if (vector.length !== this.#dimension) throw new RangeError(`vector must have ${this.#dimension} components, had ${vector.length}`);
    if (payload !== null && (typeof payload !== 'object' || Array.isArray(payload))) throw new TypeError('a payload is an object');
    const floats = this.#single ? Float32Array : Float64Array;
    // Copied as it lies if it is of that kind, so that no NaN is quietened.
    const components = vector instanceof floats ? vector.slice() : floats.from(vector);
    const words = new Int32Array(components.buffer);
    const raw = payload && Object.keys(payload).length ? Uint8Array.from(encodeCbor(payload)) : new Uint8Array(0);
    if (raw.length > MAX_PAYLOAD_BYTES) throw new RangeError(`a payload has at most ${MAX_PAYLOAD_BYTES} bytes, had ${raw.length}`);
    const apart = raw.length > MOST_INLINE;
    const hashed = [1 << 4 | (raw.length ? 1 : 0), ...leb(this.#seq++), ...encodeId(id)];
    if (raw.length) leb(raw.length, hashed);
    const header = [...hashed, ...this.#hash(hashed, raw, words)];
    header[0] = 1 << 4 | (apart ? 2 : raw.length ? 1 : 0);
    if (!apart) for (const byte of raw) header.push(byte);
    const { how, samples } = this.#amplitude(words);
    return this.#frames([...header, ...how], samples, apart ? raw : new Uint8Array(0));
  }

  /** The frames of a record that removes an id. */
  delete(id) {
    const hashed = [2 << 4, ...leb(this.#seq++), ...encodeId(id)];
    const nothing = Array.from({ length: this.#single ? 2 : 3 }, () => new Int32Array(0));
    return this.#frames([...hashed, ...this.#hash(hashed, new Uint8Array(0), new Int32Array(0))], nothing, new Uint8Array(0));
  }

  #hash(hashed, payload, words) {
    xxh64(hashed, 0, hashed.length, 0, 0);
    xxh64(payload, 0, payload.length, low, high);
    xxh64(new Uint8Array(words.buffer), 0, words.byteLength, low, high);
    return [high >>> 24, high >> 16 & 255, high >> 8 & 255, high & 255, low >>> 24, low >> 16 & 255, low >> 8 & 255, low & 255];
  }

  #amplitude(words) {
    const single = this.#single;
    const count = this.#dimension;
    const most = single ? 255 : 2047;
    const exponent = (i) => single ? words[i] >>> 23 & 255 : words[2 * i + 1] >>> 20 & 2047;
    const often = new Uint32Array(most + 1);
    for (let i = 0; i < count; i++) often[exponent(i)]++;
    const reference = often.indexOf(often.reduce((a, b) => Math.max(a, b)));
    const table = exponentsOf(2 << 3, reference, single);
    const ranks = new Uint16Array(most + 1);
    table.forEach((field, rank) => { if (field >= 0) ranks[field] = rank; });
    const samples = Array.from({ length: single ? 2 : 3 }, () => new Int32Array(count));
    for (let i = 0; i < count; i++) {
      let code = ranks[exponent(i)];
      if (single) {
        samples[0][i] = (words[i] & 0x80000000) >> 8 | words[i] & 0x7FFFFF;
      } else {
        const lower = words[2 * i];
        const upper = words[2 * i + 1];
        samples[0][i] = (upper & 0x80000000) >> 8 | (upper & 0xFFFFF) << 3 | lower >>> 29;
        samples[1][i] = lower << 3 >> 8;
        code = code << 5 | lower & 31;
      }
      samples.at(-1)[i] = code >>> 1 ^ -(code & 1);
    }
    return { how: single ? [2 << 3, reference] : [2 << 3, reference >> 8, reference & 255], samples };
  }

  #frames(header, samples, payload) {
    const width = this.#single ? 3 : 6;
    const parts = [];
    let at = 0;
    do {
      const start = parts.length ? [0x80] : header;
      const room = MAX_PART_SAMPLES - Math.ceil(start.length / width);
      parts.push([start, samples.map((row) => row.subarray(at, at + room))]);
      at += room;
    } while (at < samples[0].length);
    const most = MAX_PART_SAMPLES * width - 1;
    for (let i = 0; i < payload.length; i += most) {
      parts.push([[0x81, ...payload.subarray(i, i + most)], samples.map((row) => row.subarray(0, 0))]);
    }
    const frames = parts.map(([start, values], i) => {
      const control = MARKER | (i === 0 ? FIRST_PART : 0) | (i === parts.length - 1 ? LAST_PART : 0);
      return this.#frame(start, values, control);
    });
    const whole = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
    frames.reduce((place, frame) => { whole.set(frame, place); return place + frame.length; }, 0);
    return whole;
  }

  #frame(start, values, control) {
    const data = this.#single ? 1 : 2;
    const lead = Math.ceil(start.length / (3 * data));
    const used = lead + values[0].length;
    const blockSize = Math.max(used, MIN_BLOCK_SAMPLES);
    const head = [0xFF, 0xF9, 7 << 4 | 10, data << 4 | 12, ...coded(this.#sample), blockSize - 1 >> 8, blockSize - 1 & 255];
    head.push(crc8(head, 0, head.length));
    const frame = new Uint8Array(head.length + (data + 1) * (1 + 3 * blockSize) + 2);
    frame.set(head);
    let at = head.length;
    for (let channel = 0; channel <= data; channel++) {
      frame[at++] = 2; // verbatim
      for (let i = 0; i < lead; i++) {
        for (let byte = 0; channel < data && byte < 3; byte++) frame[at + 3 * i + byte] = start[3 * (data * i + channel) + byte] ?? 0;
      }
      const row = values[channel];
      for (let i = 0, to = at + 3 * lead; i < row.length; i++, to += 3) {
        frame[to] = row[i] >> 16;
        frame[to + 1] = row[i] >> 8;
        frame[to + 2] = row[i];
      }
      if (channel === data) {
        const first = control | used - 1;
        frame.set([first >> 16 & 255, first >> 8 & 255, first & 255], at);
      }
      at += 3 * blockSize;
    }
    const crc = crc16(frame, 0, at);
    frame[at] = crc >> 8;
    frame[at + 1] = crc & 255;
    this.#sample += blockSize;
    if (this.#sample >= 2 ** 35) throw new RangeError('a stream ends before its 2^35th sample: begin another one');
    return frame;
  }
}

/** A number as FLAC codes it, in the manner of UTF-8, up to 36 bits. */
function coded(number) {
  if (number < 0x80) return [number];
  let tail = 1;
  while (number >= 2 ** (6 * tail + 6 - tail)) tail++;
  const bytes = [0xFF << 7 - tail & 0xFF | Math.floor(number / 2 ** (6 * tail))];
  for (let i = tail - 1; i >= 0; i--) bytes.push(0x80 | Math.floor(number / 2 ** (6 * i)) & 0x3F);
  return bytes;
}

/**
 * Sends points, `{id, vector, payload}`, into a collection as sound.
 *
 * @returns how many vectors are in, and what of the points the node found damaged
 */
export async function send(url, points, { element = 'float32', apiKey, signal } = {}) {
  const address = new URL(url, globalThis.location?.href);
  address.pathname = address.pathname.replace(/\/(audio\/?)?$/, '') + '/audio';
  const total = { inserted: 0, damaged: [] };
  let encoder;
  let pieces = [];
  let size = 0;
  const flush = async () => {
    if (!size) return;
    const body = new Blob(pieces, { type: 'audio/flac' });
    const response = await request(address, { method: 'POST', body, headers: { 'content-type': 'audio/flac', ...keyOf(apiKey) }, signal });
    const { result } = await response.json();
    total.inserted += result.inserted;
    total.damaged.push(...result.damaged ?? []);
    encoder = undefined;
    pieces = [];
    size = 0;
  };
  for await (const { id, vector, payload } of points) {
    if (!encoder) {
      encoder = new FlacEncoder(vector.length, element);
      pieces.push(encoder.head());
    }
    const record = encoder.upsert(id, vector, payload ?? null);
    pieces.push(record);
    size += record.length;
    if (size >= SEND_BYTES) await flush();
  }
  await flush();
  return total;
}
