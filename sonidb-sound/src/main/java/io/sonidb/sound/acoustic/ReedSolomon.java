package io.sonidb.sound.acoustic;

import java.util.Arrays;

/// Reed-Solomon codes over GF(256), shortened to any size, with errors and erasures.
///
/// The field is built on x^8 + x^4 + x^3 + x^2 + 1; the generator's roots are the powers 0 to
/// parity - 1 of the element 2. The first byte of a word is its highest coefficient. With p bytes
/// of parity, e wrong bytes of which f are known to be (erasures) are corrected when 2 (e - f) + f
/// <= p.
///
/// Decoding is Berlekamp and Massey's algorithm begun with the erasures' locator, Chien's search
/// and Forney's formula (Blahut, *Algebraic Codes for Data Transmission*, 2003, sections 7.2 to
/// 7.5). Not thread-safe.
final class ReedSolomon {
  static final int MAX_WORD_BYTES = 255;

  private static final int POLYNOMIAL = 0x11D;
  private static final int[] EXP = new int[2 * MAX_WORD_BYTES];
  private static final int[] LOG = new int[MAX_WORD_BYTES + 1];

  static {
    int element = 1;
    for (int power = 0; power < MAX_WORD_BYTES; power++) {
      EXP[power] = element;
      EXP[power + MAX_WORD_BYTES] = element;
      LOG[element] = power;
      element <<= 1;
      element ^= element > 0xFF ? POLYNOMIAL : 0;
    }
  }

  private final int parity;

  /// Coefficients of the generator, the one of x^0 first, without the leading 1.
  private final int[] generator;

  private final int[] syndromes;
  private int[] locator;
  private int[] previous;
  private int[] next;
  private final int[] evaluator;
  private final int[] errorAt;

  ReedSolomon(int parity) {
    this.parity = parity;
    generator = new int[parity];
    generator[0] = 1;
    for (int root = 0; root < parity; root++) {
      // Times x + 2^root; while the degree is below `parity`, the leading 1 lies at `root`.
      for (int i = root; i >= 0; i--) {
        int here = i == root ? EXP[root] : multiply(generator[i], EXP[root]);
        generator[i] = here ^ (i > 0 ? generator[i - 1] : 0);
      }
      if (root + 1 < parity) {
        generator[root + 1] = 1;
      }
    }
    syndromes = new int[parity];
    locator = new int[parity + 1];
    previous = new int[parity + 1];
    next = new int[parity + 1];
    evaluator = new int[parity];
    errorAt = new int[parity];
  }

  private static int multiply(int a, int b) {
    return a == 0 || b == 0 ? 0 : EXP[LOG[a] + LOG[b]];
  }

  private static int divide(int a, int b) {
    return a == 0 ? 0 : EXP[LOG[a] + MAX_WORD_BYTES - LOG[b]];
  }

  /// Writes the parity of the first `size` bytes of `word` behind them.
  void encode(byte[] word, int size) {
    int[] remainder = new int[parity];
    for (int i = 0; i < size; i++) {
      int lead = (word[i] & 0xFF) ^ remainder[parity - 1];
      for (int j = parity - 1; j > 0; j--) {
        remainder[j] = remainder[j - 1] ^ multiply(lead, generator[j]);
      }
      remainder[0] = multiply(lead, generator[0]);
    }
    for (int j = 0; j < parity; j++) {
      word[size + j] = (byte) remainder[parity - 1 - j];
    }
  }

  /// Corrects a word in place, parity included.
  ///
  /// @param size how many bytes the word has with its parity, at most [#MAX_WORD_BYTES]
  /// @param erasures where bytes are not to be trusted: the first `erased` of it, all different
  /// @return how many bytes were wrong, or -1 when there are too many; then the word is as it was
  int decode(byte[] word, int size, int[] erasures, int erased) {
    if (erased > parity) {
      return -1;
    }
    if (!computeSyndromes(word, size)) {
      return 0;
    }
    int degree = findLocator(size, erasures, erased);
    int found = degree < 0 ? -1 : findErrors(size, degree);
    if (found < 0) {
      return -1;
    }
    computeEvaluator();
    byte[] before = Arrays.copyOf(word, size);
    int wrong = 0;
    for (int i = 0; i < found; i++) {
      int value = errorValue(size - 1 - errorAt[i]);
      word[errorAt[i]] ^= (byte) value;
      wrong += value == 0 ? 0 : 1;
    }
    if (computeSyndromes(word, size)) {
      System.arraycopy(before, 0, word, 0, size);
      return -1;
    }
    return wrong;
  }

  /// Values of the word at the generator's roots; returns whether any is not 0.
  private boolean computeSyndromes(byte[] word, int size) {
    int any = 0;
    for (int root = 0; root < parity; root++) {
      int sum = 0;
      for (int i = 0; i < size; i++) {
        sum = (sum == 0 ? 0 : EXP[LOG[sum] + root]) ^ (word[i] & 0xFF);
      }
      syndromes[root] = sum;
      any |= sum;
    }
    return any != 0;
  }

  /// The polynomial whose roots are the inverses of the errors' locations; returns its degree, or
  /// -1.
  private int findLocator(int size, int[] erasures, int erased) {
    Arrays.fill(locator, 0);
    locator[0] = 1;
    for (int e = 0; e < erased; e++) {
      int location = EXP[size - 1 - erasures[e]];
      for (int i = e + 1; i > 0; i--) {
        locator[i] ^= multiply(locator[i - 1], location);
      }
    }
    System.arraycopy(locator, 0, previous, 0, parity + 1);
    int length = erased;
    for (int step = erased; step < parity; step++) {
      int discrepancy = 0;
      for (int i = 0; i <= step; i++) {
        discrepancy ^= multiply(locator[i], syndromes[step - i]);
      }
      // previous times x
      System.arraycopy(previous, 0, previous, 1, parity);
      previous[0] = 0;
      if (discrepancy == 0) {
        continue;
      }
      for (int i = 0; i <= parity; i++) {
        next[i] = locator[i] ^ multiply(discrepancy, previous[i]);
      }
      if (2 * length <= step + erased) {
        length = step + 1 + erased - length;
        for (int i = 0; i <= parity; i++) {
          previous[i] = divide(locator[i], discrepancy);
        }
      }
      int[] old = locator;
      locator = next;
      next = old;
    }
    int degree = parity;
    while (locator[degree] == 0) {
      degree--;
    }
    // Errors and erasures that parity suffices for: 2 (degree - erased) + erased.
    return degree >= erased && 2 * degree - erased <= parity ? degree : -1;
  }

  /// Tries all places of the word; returns how many errors there are, or -1 when the locator has
  /// roots elsewhere.
  private int findErrors(int size, int degree) {
    int found = 0;
    for (int at = 0; at < size && found < degree; at++) {
      int inverse = (MAX_WORD_BYTES - (size - 1 - at)) % MAX_WORD_BYTES;
      if (evaluate(locator, degree, inverse) == 0) {
        errorAt[found++] = at;
      }
    }
    return found == degree ? found : -1;
  }

  /// The polynomial's value at the element 2^power.
  private static int evaluate(int[] polynomial, int degree, int power) {
    int sum = 0;
    for (int i = degree; i >= 0; i--) {
      sum = (sum == 0 ? 0 : EXP[LOG[sum] + power]) ^ polynomial[i];
    }
    return sum;
  }

  /// Syndromes times locator, up to x^(parity - 1).
  private void computeEvaluator() {
    for (int i = 0; i < parity; i++) {
      int sum = 0;
      for (int j = 0; j <= i; j++) {
        sum ^= multiply(locator[j], syndromes[i - j]);
      }
      evaluator[i] = sum;
    }
  }

  /// Forney's formula at the location 2^power: location * evaluator / derivative of the locator.
  private int errorValue(int power) {
    int inverse = (MAX_WORD_BYTES - power) % MAX_WORD_BYTES;
    int numerator = evaluate(evaluator, parity - 1, inverse);
    int derivative = 0;
    for (int i = 1; i <= parity; i += 2) {
      // The derivative of a x^i is a x^(i - 1) for odd i, else 0.
      derivative ^= multiply(locator[i], EXP[inverse * (i - 1) % MAX_WORD_BYTES]);
    }
    return derivative == 0 ? 0 : multiply(EXP[power], divide(numerator, derivative));
  }
}
