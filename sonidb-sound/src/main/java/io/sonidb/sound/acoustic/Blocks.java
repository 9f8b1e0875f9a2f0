package io.sonidb.sound.acoustic;

import java.util.Arrays;

/// A message in blocks with parity, as [AcousticFormat] lays them out.
final class Blocks {
  /// How many of the least certain bytes of a block are given up in turn, when it cannot be
  /// corrected otherwise (Forney's generalised minimum distance decoding, 1966). With 32 given up
  /// nothing would be left to find a mistake by.
  private static final int[] GIVEN_UP = {0, 8, 16, 24, 30};

  private final int messageBytes;
  private final byte[][] words;
  private final ReedSolomon code = new ReedSolomon(AcousticFormat.BLOCK_PARITY);

  Blocks(int messageBytes) {
    this.messageBytes = messageBytes;
    words = new byte[AcousticFormat.blocks(messageBytes)][];
    for (int block = 0; block < words.length; block++) {
      words[block] =
          new byte[AcousticFormat.blockBytes(messageBytes, block) + AcousticFormat.BLOCK_PARITY];
    }
  }

  /// Takes a message and gives each block its parity.
  void protect(byte[] message) {
    int at = 0;
    for (byte[] word : words) {
      int size = word.length - AcousticFormat.BLOCK_PARITY;
      System.arraycopy(message, at, word, 0, size);
      code.encode(word, size);
      at += size;
    }
  }

  /// Writes the blocks as they are sent.
  void interleave(byte[] out, int offset) {
    int at = offset;
    // The first block is as long as any.
    for (int i = 0; i < words[0].length; i++) {
      for (byte[] word : words) {
        if (i < word.length) {
          out[at++] = word[i];
        }
      }
    }
  }

  /// Reads and corrects what was received.
  ///
  /// @param in the bytes, from `offset` on
  /// @param certainty of each byte of `in`; negative where nothing was received
  /// @return the message, or an empty array when a block has too many wrong bytes
  byte[] restore(byte[] in, float[] certainty, int offset) {
    byte[] message = new byte[messageBytes];
    int from = 0;
    for (int block = 0; block < words.length; block++) {
      byte[] word = words[block];
      float[] certain = new float[word.length];
      int at = offset;
      for (int i = 0; i < word.length; i++) {
        // Before the last column all blocks take part; in it only those that are longer, the first.
        word[i] = in[at + block];
        certain[i] = certainty[at + block];
        at += words.length;
      }
      if (!correct(word, certain)) {
        return new byte[0];
      }
      int size = word.length - AcousticFormat.BLOCK_PARITY;
      System.arraycopy(word, 0, message, from, size);
      from += size;
    }
    return message;
  }

  private boolean correct(byte[] word, float[] certainty) {
    return correct(code, word, word.length, certainty, GIVEN_UP);
  }

  /// Corrects a word, giving up more and more of its least certain bytes.
  static boolean correct(
      ReedSolomon code, byte[] word, int size, float[] certainty, int[] givenUp) {
    int[] order = leastCertainFirst(certainty, size);
    int missing = 0;
    while (missing < size && certainty[order[missing]] < 0) {
      missing++;
    }
    int tried = -1;
    for (int count : givenUp) {
      int erased = Math.min(size, Math.max(missing, count));
      if (erased > tried && code.decode(word, size, order, erased) >= 0) {
        return true;
      }
      tried = Math.max(tried, erased);
    }
    return false;
  }

  private static int[] leastCertainFirst(float[] certainty, int size) {
    // A float's order is that of its bits when it is 0 or more; the place breaks ties.
    long[] keys = new long[size];
    for (int i = 0; i < size; i++) {
      float value = certainty[i] < 0 ? 0 : certainty[i] + Float.MIN_NORMAL;
      keys[i] = (long) Float.floatToIntBits(value) << 32 | i;
    }
    Arrays.sort(keys);
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = (int) keys[i];
    }
    return order;
  }
}
