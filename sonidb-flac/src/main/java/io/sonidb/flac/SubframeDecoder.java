package io.sonidb.flac;

import java.util.Arrays;

/// Reads one channel of a frame, whatever its subframe type (RFC 9639, 9.2).
///
/// Samples that were predicted are checked against the bit depth: a stream whose residuals lead out
/// of it is refused, so a caller may rely on the range of what it gets.
final class SubframeDecoder {

  private static final int MAX_LPC_ORDER = 32;

  /// Of samples that can be left where they are.
  static final int PLAIN_BITS = 24;

  /// Numbers that were folded to a byte have no more, with their sign.
  private static final int MOST_FOLDED_BITS = 8;

  private final int[] coefficients = new int[MAX_LPC_ORDER];
  final Residual residual = new Residual();

  /// The header of the subframe at hand.
  private int type;

  private int wastedBits;

  /// Bits per sample without the wasted ones.
  private int bits;

  /// Of the predictor.
  int order;

  /// Whether plain samples of 24 bits that begin with a byte are left where they are.
  boolean leavesPlain;

  /// Where such samples of the subframe at hand lie; -1 if it has others.
  int plainAt;

  private int precision;
  private int shift;

  /// Reads a subframe.
  ///
  /// @param into receives `blockSize` samples
  /// @param depth bits per sample of this channel, 4 to 32
  void decode(BitReader in, int[] into, int blockSize, int depth) throws MalformedFlacException {
    if (start(in, into, blockSize, depth)) {
      residual.read(in, into, order, blockSize);
    }
    finish(in, into, blockSize);
  }

  /// Reads all that precedes the residual, or, where there is none, all.
  ///
  /// @return whether there is a residual, of [#order] samples less than the block; it comes next
  boolean start(BitReader in, int[] into, int blockSize, int depth) throws MalformedFlacException {
    readHeader(in, depth);
    bits = depth - wastedBits;
    plainAt = -1;
    if (type == 0) {
      Arrays.fill(into, 0, blockSize, (int) in.signed(bits));
      return false;
    }
    if (type == 1) {
      if (leavesPlain && bits == PLAIN_BITS && depth == PLAIN_BITS && (in.position & 7) == 0) {
        in.require((long) PLAIN_BITS * blockSize);
        plainAt = (int) (in.position >>> 3);
        in.position += (long) PLAIN_BITS * blockSize;
        return false;
      }
      in.samples(into, 0, blockSize, bits);
      return false;
    }
    order = predictorOrder(in, blockSize);
    in.samples(into, 0, order, bits);
    if (type >= 32) {
      precision = in.bits(4) + 1;
      shift = readCoefficients(in, order, precision);
    }
    return true;
  }

  /// Makes samples of the residual, if there was one, and restores wasted bits.
  void finish(BitReader in, int[] into, int blockSize) throws MalformedFlacException {
    if (type >= 32) {
      int productBits = bits + precision;
      checkDepth(
          in,
          Prediction.restoreLpc(into, coefficients, order, shift, productBits, blockSize),
          bits);
    } else if (type >= 8) {
      checkDepth(in, Prediction.restoreFixed(into, order, blockSize), bits);
    }
    if (wastedBits > 0) {
      for (int i = 0; i < blockSize; i++) {
        into[i] <<= wastedBits;
      }
    }
  }

  /// Whether the samples behind the first are the residuals, if these fit in a byte when folded.
  boolean predictsNothing() {
    return type == 32 && coefficients[0] == 0 && wastedBits == 0 && bits > MOST_FOLDED_BITS;
  }

  /// Reads the subframe of a side channel that has 33 bits.
  ///
  /// @param residuals is overwritten
  /// @param into receives `blockSize` samples
  void decodeWide(BitReader in, int[] residuals, long[] into, int blockSize)
      throws MalformedFlacException {
    readHeader(in, 33);
    bits = 33 - wastedBits;
    if (type == 0) {
      Arrays.fill(into, 0, blockSize, in.signed(bits));
    } else if (type == 1) {
      readWide(in, into, blockSize, bits);
    } else {
      order = predictorOrder(in, blockSize);
      readWide(in, into, order, bits);
      if (type < 32) {
        residual.read(in, residuals, order, blockSize);
        checkDepth(in, Prediction.restoreFixed(residuals, into, order, blockSize), bits);
      } else {
        shift = readCoefficients(in, order, in.bits(4) + 1);
        residual.read(in, residuals, order, blockSize);
        checkDepth(
            in,
            Prediction.restoreLpc(residuals, into, coefficients, order, shift, blockSize),
            bits);
      }
    }
    if (wastedBits > 0) {
      for (int i = 0; i < blockSize; i++) {
        into[i] <<= wastedBits;
      }
    }
  }

  private void readHeader(BitReader in, int depth) throws MalformedFlacException {
    int header = in.bits(8);
    if (header >= 128) {
      throw in.malformed("first bit of a subframe is set");
    }
    type = header >>> 1;
    wastedBits = (header & 1) == 0 ? 0 : in.unary(depth, "the number of wasted bits") + 1;
    if (wastedBits >= depth) {
      throw in.malformed(wastedBits + " wasted bits leave nothing of " + depth);
    }
  }

  private int predictorOrder(BitReader in, int blockSize) throws MalformedFlacException {
    int samples;
    if (type >= 32) {
      samples = type - 31;
    } else if (type >= 8 && type <= 12) {
      samples = type - 8;
    } else {
      throw in.malformed("subframe type " + type + " is reserved");
    }
    if (samples >= blockSize) {
      throw in.malformed(
          "a predictor of order "
              + samples
              + " needs more than a block of "
              + blockSize
              + " samples");
    }
    return samples;
  }

  /// @return the shift of the prediction, in bits
  private int readCoefficients(BitReader in, int count, int precision)
      throws MalformedFlacException {
    if (precision == 16) {
      throw in.malformed("coefficient precision code 15 is forbidden");
    }
    int distance = (int) in.signed(5);
    if (distance < 0) {
      throw in.malformed("prediction shift " + distance + " is negative");
    }
    in.samples(coefficients, 0, count, precision);
    return distance;
  }

  private static void readWide(BitReader in, long[] into, int count, int bits)
      throws MalformedFlacException {
    in.require((long) count * bits);
    for (int i = 0; i < count; i++) {
      into[i] = in.signed(bits);
    }
  }

  /// @param union of all samples, each joined with its sign by "exclusive or"
  private static void checkDepth(BitReader in, long union, int bits) throws MalformedFlacException {
    if (union >>> (bits - 1) != 0) {
      throw in.malformed("a predicted sample does not fit in " + bits + " bits");
    }
  }
}
