package io.sonidb.flac;

import io.sonidb.flac.kernel.Md5Lanes;
import java.lang.foreign.MemorySegment;

/// MD5 of several streams that are fed in turns, computed side by side.
///
/// Bytes gather until one stream has no room for more; then as many blocks of all streams are taken
/// as each has. The digests are right in whatever order the streams are fed; it is fast when they
/// are fed evenly.
final class Md5Group {
  private static final int LANE_BYTES = 1 << 15;

  /// A little more than a power of two: else all lanes would compete for the same cache lines.
  private static final int LANE_STRIDE = LANE_BYTES + Md5Lanes.BLOCK_BYTES;

  /// A sample of each of two channels, three bytes each.
  private static final int PAIR_BYTES = 6;

  private final Md5Lanes lanes = new Md5Lanes();
  private final int[] words = new int[Md5Lanes.LANES * LANE_STRIDE / Integer.BYTES];
  private final MemorySegment bytes = MemorySegment.ofArray(words);
  private final int[] offsets = new int[Md5Lanes.LANES];
  private final int[] pending = new int[Md5Lanes.LANES];
  private final long[] sizes = new long[Md5Lanes.LANES];
  private int open;

  /// @param streams up to [Md5Lanes#LANES]
  Md5Group(int streams) {
    open = (1 << streams) - 1;
    for (int lane = 0; lane < offsets.length; lane++) {
      offsets[lane] = lane * (LANE_STRIDE / Integer.BYTES);
    }
  }

  /// Takes the next bytes of one stream.
  void update(int lane, byte[] from, int size) {
    sizes[lane] += size;
    int done = 0;
    while (done < size) {
      if (pending[lane] == LANE_BYTES) {
        advance();
      }
      int step = Math.min(size - done, LANE_BYTES - pending[lane]);
      MemorySegment.copy(MemorySegment.ofArray(from), done, bytes, at(lane) + pending[lane], step);
      pending[lane] += step;
      done += step;
    }
  }

  /// Takes the next samples of one stream of two channels of 24 bits, which was fed with nothing
  /// else.
  void updatePairs(int lane, int[] first, int[] second, int count) {
    sizes[lane] += (long) PAIR_BYTES * count;
    int done = 0;
    while (done < count) {
      int room = (LANE_BYTES - pending[lane]) / PAIR_BYTES;
      if (room == 0) {
        advance();
        continue;
      }
      int step = Math.min(count - done, room);
      layOut(first, second, done, done + step, (int) (at(lane) + pending[lane]));
      pending[lane] += PAIR_BYTES * step;
      done += step;
    }
  }

  /// Lays out samples from a byte on that has an even place.
  private void layOut(int[] first, int[] second, int from, int to, int offset) {
    int at = offset >> 2;
    int i = from;
    if ((offset & 2) != 0) {
      words[at] = words[at] & 0xFFFF | first[i] << 16;
      words[at + 1] = first[i] >>> 16 & 0xFF | second[i] << 8;
      at += 2;
      i++;
    }
    int next = Md5Lanes.layOut(first, second, i, to, words, at);
    at += (next - i) / 2 * 3;
    for (i = next; i < to; i += 2) {
      words[at] = first[i] & 0xFFFFFF | second[i] << 24;
      words[at + 1] = second[i] >>> 8 & 0xFFFF;
      if (i + 1 < to) {
        words[at + 1] |= first[i + 1] << 16;
        words[at + 2] = first[i + 1] >>> 16 & 0xFF | second[i + 1] << 8;
      }
      at += 3;
    }
  }

  private static long at(int lane) {
    return (long) lane * LANE_STRIDE;
  }

  /// Ends one stream; nothing is added to it any more.
  Md5 digest(int lane) {
    long bits = sizes[lane] * Byte.SIZE;
    byte[] end = new byte[Md5Lanes.BLOCK_BYTES + Long.BYTES];
    end[0] = (byte) 0x80;
    int padding = Md5Lanes.BLOCK_BYTES - (int) ((sizes[lane] + Long.BYTES) % Md5Lanes.BLOCK_BYTES);
    for (int i = 0; i < Long.BYTES; i++) {
      end[padding + i] = (byte) (bits >>> Byte.SIZE * i);
    }
    update(lane, end, padding + Long.BYTES);
    open &= ~(1 << lane);
    while (pending[lane] > 0) {
      advance();
    }
    return new Md5(
        bigEndian(lanes.word(lane, 0), lanes.word(lane, 1)),
        bigEndian(lanes.word(lane, 2), lanes.word(lane, 3)));
  }

  private static long bigEndian(int first, int second) {
    return (long) Integer.reverseBytes(first) << 32 | Integer.reverseBytes(second) & 0xFFFFFFFFL;
  }

  /// Takes at least one block of every stream that has one.
  private void advance() {
    int blocks = leastBlocks(open);
    if (blocks == 0) { // some stream has nothing, so it sits out
      blocks = leastBlocks(0);
    }
    int idle = 0;
    for (int lane = 0; lane < pending.length; lane++) {
      idle |= pending[lane] / Md5Lanes.BLOCK_BYTES < blocks ? 1 << lane : 0;
    }
    lanes.update(words, offsets, blocks, idle);
    for (int lane = 0; lane < pending.length; lane++) {
      if ((idle >>> lane & 1) == 0) {
        int taken = blocks * Md5Lanes.BLOCK_BYTES;
        pending[lane] -= taken;
        MemorySegment.copy(bytes, at(lane) + taken, bytes, at(lane), pending[lane]);
      }
    }
  }

  /// The fewest whole blocks that any stream has, of those that have one or are in `counted`.
  private int leastBlocks(int counted) {
    int least = Integer.MAX_VALUE;
    for (int lane = 0; lane < pending.length; lane++) {
      int blocks = pending[lane] / Md5Lanes.BLOCK_BYTES;
      if (blocks > 0 || (counted >>> lane & 1) != 0) {
        least = Math.min(least, blocks);
      }
    }
    return least;
  }
}
