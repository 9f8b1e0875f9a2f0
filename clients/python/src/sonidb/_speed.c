/*
 * The quick way for what nearly every record of a stream is: an upsert of a float32 vector in one
 * frame. It reads and checks all that the Python code checks (CRC-8, CRC-16, numbers of frames,
 * headers, XXH64) and stops in front of everything that it does not know and everything that is
 * wrong, so that the Python code reads it and says what it is. Python does without this module.
 *
 * Every read of the bytes is bounded by their end; memory grows with what has come, not with what
 * is announced.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SAMPLES 4608
#define MAX_FRAME_BYTES (1 << 17)
#define NEAR 64
#define MANTISSA_AND_SIGN 0x807FFFFFu

static uint8_t crc8_table[256];
static uint16_t crc16_table[8][256];

/* In the place of exponents: there is none, or the next one that is listed. */
#define NONE INT32_MIN
#define FAR (INT32_MIN + 1)

/* Exponents by rank, in their place. By how and reference. */
static int32_t *exponents[32][256];

static void make_tables(void) {
  for (int byte = 0; byte < 256; byte++) {
    int eight = byte, sixteen = byte << 8;
    for (int bit = 0; bit < 8; bit++) {
      eight = (eight << 1 ^ (eight & 0x80 ? 0x07 : 0)) & 0xFF;
      sixteen = (sixteen << 1 ^ (sixteen & 0x8000 ? 0x8005 : 0)) & 0xFFFF;
    }
    crc8_table[byte] = (uint8_t)eight;
    crc16_table[0][byte] = (uint16_t)sixteen;
  }
  for (int row = 1; row < 8; row++) {
    for (int byte = 0; byte < 256; byte++) {
      uint16_t before = crc16_table[row - 1][byte];
      crc16_table[row][byte] = (uint16_t)(before << 8 ^ crc16_table[0][before >> 8]);
    }
  }
}

static unsigned crc16(const uint8_t *in, size_t size) {
  unsigned crc = 0;
  size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    const uint8_t *p = in + at;
    crc = crc16_table[7][p[0] ^ crc >> 8] ^ crc16_table[6][p[1] ^ (crc & 0xFF)] ^ crc16_table[5][p[2]]
        ^ crc16_table[4][p[3]] ^ crc16_table[3][p[4]] ^ crc16_table[2][p[5]] ^ crc16_table[1][p[6]]
        ^ crc16_table[0][p[7]];
  }
  for (; at < size; at++) {
    crc = (crc << 8 & 0xFF00) ^ crc16_table[0][crc >> 8 ^ in[at]];
  }
  return crc;
}

static uint64_t big_endian(const uint8_t *in, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; i++) {
    value = value << 8 | in[i];
  }
  return value;
}

/* Eight bytes, the first one lowest, as this machine has them. */
static uint64_t word_of(const uint8_t *in) {
  uint64_t word;
  memcpy(&word, in, 8);
  return word;
}

/* The same, the first one on top. */
static uint64_t swapped_word_of(const uint8_t *in) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_bswap64(word_of(in));
#else
  return big_endian(in, 8);
#endif
}

/* --- XXH64 ------------------------------------------------------------------------------------- */

#define P1 0x9E3779B185EBCA87u
#define P2 0xC2B2AE3D27D4EB4Fu
#define P3 0x165667B19E3779F9u
#define P4 0x85EBCA77C2B2AE63u
#define P5 0x27D4EB2F165667C5u

static uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static uint64_t mix(uint64_t lane, uint64_t word) { return rotate(lane + word * P2, 31) * P1; }

static uint64_t xxh64(const uint8_t *in, size_t size, uint64_t seed) {
  const uint8_t *end = in + size;
  uint64_t h;
  if (size >= 32) {
    uint64_t a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1;
    for (; end - in >= 32; in += 32) {
      a = mix(a, word_of(in));
      b = mix(b, word_of(in + 8));
      c = mix(c, word_of(in + 16));
      d = mix(d, word_of(in + 24));
    }
    h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    h = (h ^ mix(0, a)) * P1 + P4;
    h = (h ^ mix(0, b)) * P1 + P4;
    h = (h ^ mix(0, c)) * P1 + P4;
    h = (h ^ mix(0, d)) * P1 + P4;
  } else {
    h = seed + P5;
  }
  h += size;
  for (; end - in >= 8; in += 8) {
    h = rotate(h ^ mix(0, word_of(in)), 27) * P1 + P4;
  }
  if (end - in >= 4) {
    uint32_t half;
    memcpy(&half, in, 4);
    h = rotate(h ^ half * P1, 23) * P2 + P3;
    in += 4;
  }
  for (; in < end; in++) {
    h = rotate(h ^ *in * P5, 11) * P1;
  }
  h = (h ^ h >> 33) * P2;
  h = (h ^ h >> 29) * P3;
  return h ^ h >> 32;
}

/* --- Frames ------------------------------------------------------------------------------------ */

/* What reading something ended with. */
enum outcome {
  READ,
  CUT_OFF, /* what has come is right and ends too early */
  OTHER    /* wrong, or not known here */
};

struct header {
  int block_size;
  int size;
  uint64_t number;
};

static enum outcome read_header(const uint8_t *in, Py_ssize_t left, struct header *header) {
  static const int sizes[16] = {0,   192, 576,  1152, 2304, 4608, -1,    -2,
                                256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
  /* 48 kHz, two independent channels of 24 bits, variable block size. */
  if (left < 16 || in[0] != 0xFF || in[1] != 0xF9 || (in[2] & 15) != 10 || in[3] != 0x1C || in[2] >> 4 == 0) {
    return OTHER;
  }
  int ones = 0;
  while (ones < 8 && in[4] & 0x80 >> ones) {
    ones++;
  }
  if (ones == 1 || ones == 8) {
    return OTHER;
  }
  int more = ones ? ones - 1 : 0;
  uint64_t number = ones ? in[4] & 0x7F >> ones : in[4];
  for (int i = 0; i < more; i++) {
    if ((in[5 + i] & 0xC0) != 0x80) {
      return OTHER;
    }
    number = number << 6 | (in[5 + i] & 0x3F);
  }
  int at = 5 + more;
  int block_size = sizes[in[2] >> 4];
  if (block_size < 0) {
    int length = -block_size;
    block_size = (int)big_endian(in + at, length) + 1;
    at += length;
  }
  uint8_t crc = 0;
  for (int i = 0; i <= at; i++) {
    crc = crc8_table[crc ^ in[i]];
  }
  if (crc || block_size > MAX_SAMPLES) {
    return OTHER;
  }
  header->block_size = block_size;
  header->size = at + 1;
  header->number = number;
  return READ;
}

/* 57 bits or more from a bit on; zeros behind the end. */
static uint64_t word_at(const uint8_t *in, uint64_t end, uint64_t bit) {
  uint64_t at = bit >> 3;
  uint64_t word;
  if (at + 8 <= end) {
    word = swapped_word_of(in + at);
  } else {
    word = 0;
    for (int i = 0; i < 8; i++) {
      word = word << 8 | (at + i < end ? in[at + i] : 0);
    }
  }
  return word << (bit & 7);
}

/* Of a word that is not 0. */
static int leading_zeros(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_clzll(word);
#else
  int zeros = 0;
  for (; !(word >> 63); word <<= 1) {
    zeros++;
  }
  return zeros;
#endif
}

static int32_t sign_24(uint64_t value) { return (int32_t)(uint32_t)(value << 8) >> 8; }

/*
 * Reads a subframe that wastes no bits and predicts nothing, at `*bit`, of `in[0..end)`.
 */
static enum outcome read_subframe(const uint8_t *in, uint64_t end, uint64_t *bit, int32_t *samples, int count) {
  uint64_t at = *bit;
  if (at + 8 > 8 * end) {
    return CUT_OFF;
  }
  int kind = (int)(word_at(in, end, at) >> 56);
  at += 8;
  if (kind == 0) {
    if (at + 24 > 8 * end) {
      return CUT_OFF;
    }
    int32_t sample = sign_24(word_at(in, end, at) >> 40);
    for (int i = 0; i < count; i++) {
      samples[i] = sample;
    }
    *bit = at + 24;
    return READ;
  }
  if (kind == 2) {
    if (at + 24 * (uint64_t)count > 8 * end) {
      return CUT_OFF;
    }
    if (at & 7) {
      for (int i = 0; i < count; i++) {
        samples[i] = sign_24(word_at(in, end, at + 24 * (uint64_t)i) >> 40);
      }
    } else {
      const uint8_t *p = in + (at >> 3);
      for (int i = 0; i < count; i++, p += 3) {
        samples[i] = sign_24((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
      }
    }
    *bit = at + 24 * (uint64_t)count;
    return READ;
  }
  int first = 0;
  if (kind == 32 << 1) {
    /* Order 1: a sample, four bits of precision, five of shift, the weight, which must be 0. */
    if (at + 33 > 8 * end) {
      return CUT_OFF;
    }
    uint64_t word = word_at(in, end, at);
    samples[0] = sign_24(word >> 40);
    int precision = (int)(word >> 36 & 15) + 1;
    int shift = (int)(word >> 31 & 31);
    at += 33;
    if (precision == 16 || shift >= 16) {
      return OTHER;
    }
    if (at + precision > 8 * end) {
      return CUT_OFF;
    }
    if (word_at(in, end, at) >> (64 - precision)) {
      return OTHER;
    }
    at += precision;
    first = 1;
  } else if (kind != 8 << 1) {
    return OTHER;
  }
  if (at + 10 > 8 * end) {
    return CUT_OFF;
  }
  int coding = (int)(word_at(in, end, at) >> 54);
  int parameter = coding & 15;
  at += 10;
  if (coding >> 4 || parameter == 15) {
    return OTHER; /* several partitions, or none of codes */
  }
  uint64_t last = 8 * end;
  for (int i = first; i < count; i++) {
    uint64_t word = word_at(in, end, at);
    if (word >> 24 == 0) {
      /* Forty zeros, of which some may lie behind the end. */
      return at + 40 > last ? CUT_OFF : OTHER;
    }
    int zeros = leading_zeros(word);
    word <<= zeros + 1;
    uint64_t folded = (uint64_t)zeros << parameter | (parameter ? word >> (64 - parameter) : 0);
    at += (uint64_t)zeros + 1 + parameter;
    if (at > last) {
      return CUT_OFF;
    }
    if (folded >> 24) {
      return OTHER; /* more than 24 bits: no sample */
    }
    samples[i] = (int32_t)(folded >> 1) ^ -(int32_t)(folded & 1);
  }
  *bit = at;
  return READ;
}

struct frame {
  struct header header;
  int size;
  int32_t data[MAX_SAMPLES];
  int32_t marker[MAX_SAMPLES];
  uint8_t bytes[3 * MAX_SAMPLES];
};

/* Reads and checks the frame that begins at `in`. */
static enum outcome read_frame(const uint8_t *in, Py_ssize_t left, struct frame *frame) {
  enum outcome outcome = read_header(in, left, &frame->header);
  if (outcome != READ) {
    return outcome;
  }
  uint64_t end = (uint64_t)(left < MAX_FRAME_BYTES ? left : MAX_FRAME_BYTES);
  uint64_t bit = 8 * (uint64_t)frame->header.size;
  outcome = read_subframe(in, end, &bit, frame->data, frame->header.block_size);
  if (outcome == READ) {
    outcome = read_subframe(in, end, &bit, frame->marker, frame->header.block_size);
  }
  if (outcome != READ) {
    return outcome == CUT_OFF && left >= MAX_FRAME_BYTES ? OTHER : outcome;
  }
  int padding = (int)(-bit & 7);
  if (padding && word_at(in, end, bit) >> (64 - padding)) {
    return OTHER;
  }
  uint64_t size = ((bit + 7) >> 3) + 2;
  if (size > end) {
    return left >= MAX_FRAME_BYTES ? OTHER : CUT_OFF;
  }
  if (crc16(in, size)) {
    return OTHER;
  }
  frame->size = (int)size;
  return READ;
}

/* --- Records ----------------------------------------------------------------------------------- */

struct record {
  uint64_t sequence;
  uint64_t hash;
  int64_t inserted_at; /* milliseconds since 2020, or -1 */
  int64_t expires_at;
  uint64_t id;
  int id_size; /* of its encoding when it is not a number, else 0 */
  int id_at;   /* in the strings, as is the payload behind it */
  int payload_at;
  int payload_size;
  int dimension;
};

struct batch {
  struct record *records;
  size_t count, room;
  uint32_t *components;
  size_t used, most;
  uint8_t *strings;
  size_t strings_used, strings_most;
};

static int grow(void **array, size_t *room, size_t wanted, size_t each) {
  if (wanted <= *room) {
    return 1;
  }
  size_t more = wanted < 2 * *room ? 2 * *room : wanted;
  void *larger = realloc(*array, more * each);
  if (!larger) {
    return 0;
  }
  *array = larger;
  *room = more;
  return 1;
}

/* A LEB128 of up to 63 bits, as short as can be; returns where it ends, or -1. */
static int read_leb(const uint8_t *in, int at, int end, uint64_t *value) {
  *value = 0;
  for (int i = 0; i < 9 && at + i < end; i++) {
    uint8_t byte = in[at + i];
    *value |= (uint64_t)(byte & 0x7F) << 7 * i;
    if (byte < 0x80) {
      return byte || i == 0 ? at + i + 1 : -1;
    }
  }
  return -1;
}

static int keep(struct batch *batch, const uint8_t *bytes, int size) {
  size_t at = batch->strings_used;
  if (!grow((void **)&batch->strings, &batch->strings_most, at + size, 1)) {
    return -1;
  }
  memcpy(batch->strings + at, bytes, (size_t)size);
  batch->strings_used = at + (size_t)size;
  return (int)at;
}

/*
 * Reads the record in a frame. `*missing` is set to how and reference of exponents if that is what
 * is not known.
 */
static enum outcome read_record(struct frame *frame, struct batch *batch, int *missing) {
  int32_t control = frame->marker[0];
  int used = (control & 0x7FFF) + 1;
  /* A first part that is the last one as well, of samples that leave no bit out. */
  if (control >> 20 != 7 || (control >> 15 & 31) || used > MAX_SAMPLES
      || frame->header.block_size != (used < 16 ? 16 : used)) {
    return OTHER;
  }
  uint8_t *bytes = frame->bytes;
  int size = 3 * used;
  for (int i = 0; i < used; i++) {
    bytes[3 * i] = (uint8_t)(frame->data[i] >> 16);
    bytes[3 * i + 1] = (uint8_t)(frame->data[i] >> 8);
    bytes[3 * i + 2] = (uint8_t)frame->data[i];
  }
  if (bytes[0] >> 4 != 1 || bytes[0] & 2) {
    return OTHER; /* no upsert, or its payload lies apart */
  }
  int has_payload = bytes[0] & 1;
  struct record record = {0};
  uint64_t tag, payload_size = 0;
  int at = read_leb(bytes, 1, size, &record.sequence);
  if (at < 0) {
    return OTHER;
  }
  int id_from = at;
  at = read_leb(bytes, at, size, &tag);
  if (at < 0 || tag > 521) {
    return OTHER;
  }
  int id_size = tag < 9 ? (int)tag : tag == 9 ? 16 : (int)tag - 9;
  if (at + id_size + 12 > size) {
    return OTHER;
  }
  if (tag < 9) {
    if (tag && bytes[at] == 0) {
      return OTHER;
    }
    record.id = big_endian(bytes + at, id_size);
  }
  at += id_size;
  int id_to = at;
  record.inserted_at = record.expires_at = -1;
  if (bytes[0] & 4) {
    int before = 0, goes_on = 1;
    while (goes_on) {
      if (at >= size) {
        return OTHER;
      }
      int field = bytes[at] >> 3 & 15, length = bytes[at] & 7;
      if (field <= before || at + 1 + length > size || (length && bytes[at + 1] == 0)) {
        return OTHER;
      }
      uint64_t value = big_endian(bytes + at + 1, length);
      if ((field == 3 && value > record.sequence) || field == 4 || field == 5) {
        return OTHER;
      }
      if (field == 1) {
        record.inserted_at = (int64_t)value;
      } else if (field == 2) {
        record.expires_at = (int64_t)value;
      }
      goes_on = bytes[at] & 0x80;
      before = field;
      at += 1 + length;
    }
  }
  if (has_payload) {
    at = read_leb(bytes, at, size, &payload_size);
    if (at < 0 || payload_size < 1 || payload_size > (uint64_t)size) {
      return OTHER;
    }
  }
  int hash_at = at;
  if (at + 8 + (int)payload_size + 2 > size) {
    return OTHER;
  }
  record.hash = big_endian(bytes + at, 8);
  int payload_at = at + 8;
  at = payload_at + (int)payload_size;
  int how = bytes[at], reference = bytes[at + 1];
  if (how >> 5) {
    return OTHER; /* another representation */
  }
  at += 2;
  const uint8_t *far = NULL, *far_end = NULL;
  if (how & 1) {
    if (at + 1 > size || at + 1 + bytes[at] > size) {
      return OTHER;
    }
    far = bytes + at + 1;
    far_end = far + bytes[at];
    at = (int)(far_end - bytes);
  }
  const int32_t *table = exponents[how][reference];
  if (!table) {
    *missing = how << 8 | reference;
    return OTHER;
  }
  int start = (at + 2) / 3;
  int dimension = used - start;
  if (dimension < 1
      || !grow((void **)&batch->components, &batch->most, batch->used + (size_t)dimension, sizeof(uint32_t))) {
    return OTHER;
  }
  uint32_t *components = batch->components + batch->used;
  const int32_t *data = frame->data + start, *marker = frame->marker + start;
  int32_t wrong = 0;
  for (int i = 0; i < dimension; i++) {
    uint32_t rank = (uint32_t)marker[i] << 1 ^ (uint32_t)(marker[i] >> 31);
    int32_t exponent = table[rank < NEAR ? rank : 0];
    if (exponent == FAR && rank < NEAR && far < far_end) {
      exponent = *far++ << 23;
    }
    wrong |= rank < NEAR && exponent != FAR ? exponent & NONE : NONE;
    components[i] = ((uint32_t)data[i] & MANTISSA_AND_SIGN) | (uint32_t)exponent;
  }
  if (wrong || far < far_end) {
    return OTHER;
  }
  uint8_t first = bytes[0];
  bytes[0] = (uint8_t)((first & ~3) | has_payload);
  uint64_t hash = xxh64(bytes, (size_t)hash_at, 0);
  hash = xxh64(bytes + payload_at, (size_t)payload_size, hash);
  hash = xxh64((const uint8_t *)components, 4 * (size_t)dimension, hash);
  if (hash != record.hash || !grow((void **)&batch->records, &batch->room, batch->count + 1, sizeof(struct record))) {
    return OTHER;
  }
  if (tag >= 9) {
    record.id_size = id_to - id_from;
    record.id_at = keep(batch, bytes + id_from, record.id_size);
  }
  record.payload_size = (int)payload_size;
  record.payload_at = payload_size ? keep(batch, bytes + payload_at, record.payload_size) : 0;
  if (record.id_at < 0 || record.payload_at < 0) {
    return OTHER;
  }
  record.dimension = dimension;
  batch->used += (size_t)dimension;
  batch->records[batch->count++] = record;
  return READ;
}

/* --- What Python calls ------------------------------------------------------------------------- */

static PyObject *number_or_none(int64_t value) {
  if (value < 0) {
    Py_RETURN_NONE;
  }
  return PyLong_FromLongLong(value);
}

static PyObject *tuple_of(const struct batch *batch, const struct record *record) {
  PyObject *id = record->id_size
      ? PyBytes_FromStringAndSize((const char *)batch->strings + record->id_at, record->id_size)
      : PyLong_FromUnsignedLongLong(record->id);
  return Py_BuildValue(
      "(NKNy#KNN)", id, (unsigned long long)record->sequence, PyLong_FromLong(record->dimension),
      batch->strings ? (const char *)batch->strings + record->payload_at : "", (Py_ssize_t)record->payload_size,
      (unsigned long long)record->hash, number_or_none(record->inserted_at), number_or_none(record->expires_at));
}

PyDoc_STRVAR(
    read_doc,
    "read(data, at, sample, most, /)\n--\n\n"
    "Reads records from `data[at:]` until there is something else, of up to `most` bytes. `sample` is the\n"
    "number that the first frame must have, -1 if any.\n\n"
    "Returns (records, components, at, sample, is_cut_off, missing): records as tuples of id (bytes as in a header\n"
    "if it is no number), sequence number, dimension, payload, hash, milliseconds since 2020 of inserting\n"
    "and expiring or None; all their vectors in one string; where it ended, and the number that the next frame\n"
    "must have; whether the frame there is right as far as it has come; and the key of exponents to `learn`, or -1.");

static PyObject *read_records(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer data;
  Py_ssize_t at, most;
  long long sample;
  if (!PyArg_ParseTuple(args, "y*nLn", &data, &at, &sample, &most)) {
    return NULL;
  }
  struct batch batch = {0};
  struct frame *frame = malloc(sizeof(struct frame));
  PyObject *records = NULL, *result = NULL;
  enum outcome outcome = OTHER;
  int missing = -1;
  if (!frame) {
    PyErr_NoMemory();
    goto done;
  }
  Py_ssize_t first = at;
  Py_BEGIN_ALLOW_THREADS
  while (at >= 0 && at < data.len && at - first < most) {
    outcome = read_frame((const uint8_t *)data.buf + at, data.len - at, frame);
    if (outcome != READ) {
      break;
    }
    if (sample >= 0 && frame->header.number != (uint64_t)sample) {
      outcome = OTHER;
      break;
    }
    outcome = read_record(frame, &batch, &missing);
    if (outcome != READ) {
      break;
    }
    at += frame->size;
    sample = (long long)frame->header.number + frame->header.block_size;
  }
  Py_END_ALLOW_THREADS
  records = PyList_New((Py_ssize_t)batch.count);
  if (!records) {
    goto done;
  }
  for (size_t i = 0; i < batch.count; i++) {
    PyObject *tuple = tuple_of(&batch, &batch.records[i]);
    if (!tuple) {
      goto done;
    }
    PyList_SET_ITEM(records, (Py_ssize_t)i, tuple);
  }
  result = Py_BuildValue(
      "(Oy#nLOi)", records, batch.components ? (const char *)batch.components : "",
      (Py_ssize_t)(4 * batch.used), at, sample, outcome == CUT_OFF ? Py_True : Py_False, missing);
done:
  Py_XDECREF(records);
  free(frame);
  free(batch.records);
  free(batch.components);
  free(batch.strings);
  PyBuffer_Release(&data);
  return result;
}

PyDoc_STRVAR(
    learn_doc,
    "learn(key, exponents, /)\n--\n\n"
    "Takes the exponents of a key that `read` did not know: 64 int32 by rank, in their place in a float32;\n"
    "-2^31 where there is none, -2^31 + 1 for one that is listed.");

static PyObject *learn(PyObject *module, PyObject *args) {
  (void)module;
  int key;
  Py_buffer table;
  if (!PyArg_ParseTuple(args, "iy*", &key, &table)) {
    return NULL;
  }
  PyObject *result = NULL;
  if (key < 0 || key >= 32 << 8 || table.len != NEAR * (Py_ssize_t)sizeof(int32_t)) {
    PyErr_SetString(PyExc_ValueError, "not a table of exponents");
  } else {
    /* Other threads may be reading: a table is there as a whole, and stays as it is. */
    int32_t **place = &exponents[key >> 8][key & 0xFF];
    int32_t *copy = *place ? NULL : malloc(NEAR * sizeof(int32_t));
    if (copy) {
      memcpy(copy, table.buf, NEAR * sizeof(int32_t));
      *place = copy;
    }
    if (*place) {
      result = Py_NewRef(Py_None);
    } else {
      PyErr_NoMemory();
    }
  }
  PyBuffer_Release(&table);
  return result;
}

static PyMethodDef methods[] = {
    {"read", read_records, METH_VARARGS, read_doc},
    {"learn", learn, METH_VARARGS, learn_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "sonidb._speed",
    .m_doc = "Reads float32 records quickly; what it does not know it leaves to others.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__speed(void) {
  const union {
    uint32_t word;
    uint8_t first;
  } order = {1};
  if (!order.first) {
    PyErr_SetString(PyExc_ImportError, "not for big-endian machines");
    return NULL;
  }
  make_tables();
  return PyModule_Create(&definition);
}
