import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SEED, random, sonidb } from './node.js';

const { MessageReader, DamageError } = sonidb;
const KINDS = { head: 0, records: 1, alive: 2, end: 3 };

/** CRC-32 bit by bit. */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xEDB88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function message(kind, from, next, piece = [], part = 0, parts = 1) {
  const bytes = new Uint8Array(28 + piece.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x534D);
  bytes[2] = 1;
  bytes[3] = KINDS[kind];
  view.setBigUint64(4, BigInt(from));
  view.setBigUint64(12, BigInt(next));
  view.setUint16(20, part);
  view.setUint16(22, parts);
  bytes.set(piece, 28);
  view.setUint32(24, crc32(bytes));
  return bytes;
}

/** A stream from record 7 on, one of its records in three parts, and its bytes in order. */
function stream() {
  return [
    message('head', 7, 7, [0, 1], 0, 2),
    message('head', 7, 7, [2], 1, 2),
    message('records', 7, 9, [3, 4]),
    message('records', 9, 10, [5, 6], 0, 3),
    message('records', 9, 10, [7, 8], 1, 3),
    message('records', 9, 10, [9], 2, 3),
    message('alive', 10, 12),
    message('records', 12, 13, [10]),
    message('end', 13, 13),
  ];
}

const bytesOf = (reader, messages) => messages.flatMap((each) => reader.take(each).flatMap((piece) => [...piece]));
const ALL = Array.from({ length: 11 }, (_, i) => i);

describe('messages of a data channel', () => {
  test('are refused when a bit is wrong, wherever it is', () => {
    const good = message('records', 7, 9, [3, 4]);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = good.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      assert.throws(() => new MessageReader(7).take(bad), sonidb.SoniDbError, `bit ${bit}`);
    }
    for (let size = 0; size < good.length; size++) assert.throws(() => new MessageReader(7).take(good.slice(0, size)), DamageError);
  });

  test('are refused when they contradict themselves', () => {
    assert.throws(() => new MessageReader(7).take(message('records', 9, 7)), DamageError);
    assert.throws(() => new MessageReader(7).take(message('records', 7, 9, [], 2, 2)), DamageError);
  });

  test('that are lost leave a gap that is noticed', () => {
    for (let lost = 0; lost < stream().length; lost++) {
      const reader = new MessageReader(7);
      const heard = bytesOf(reader, stream().filter((_, i) => i !== lost));
      assert.equal(reader.isOver, false);
      assert.equal(reader.hasGap, lost < stream().length - 1);
      assert.deepEqual(heard, ALL.slice(0, heard.length));
      assert.ok(reader.next <= 13);
    }
  });

  test('do not wait without end for one that is lost', () => {
    const reader = new MessageReader(1);
    reader.take(message('head', 1, 1, [0]));
    assert.throws(() => {
      for (let from = 2; from < 1000; from++) reader.take(message('records', from, from + 1, [0]));
    }, DamageError);
  });

  test('come right in any order, and doubled', () => {
    const next = random();
    for (let round = 0; round < 500; round++) {
      const messages = [...stream(), ...stream().filter(() => next() < 0.3)];
      for (let i = messages.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [messages[i], messages[j]] = [messages[j], messages[i]];
      }
      const reader = new MessageReader(7);
      assert.deepEqual(bytesOf(reader, messages), ALL, `SONIDB_SEED=${SEED} round ${round}`);
      assert.equal(reader.isOver, true);
      assert.equal(reader.next, 13);
    }
  });
});
