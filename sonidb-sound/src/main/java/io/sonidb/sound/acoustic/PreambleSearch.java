package io.sonidb.sound.acoustic;

/// Finds preambles. At each block it compares the last eight symbols with the preamble's.
///
/// Of each symbol count the share of its energy that lies in the six tones wanted, and the share in
/// the three groups that must be empty. What is in those is noise, which tells how much of the
/// former is noise as well. Loudness does not matter. Whatever else an acoustic record holds puts
/// half of its energy into the groups that must be empty, and music into the wrong tones.
///
/// A preamble is seen at several blocks around the right one; the middle of those is taken.
final class PreambleSearch {
  private static final int[][] PREAMBLE = AcousticFormat.PREAMBLE;
  private static final int KEPT = 64;

  /// What is in the tones wanted and what is above the noise should be the same energy: neither may
  /// be less than this share of the other.
  private static final float LEAST_MATCH = 0.62f;

  /// The least share of all energy that must be in the tones wanted: white noise 12 dB stronger
  /// than the tones leaves a quarter.
  private static final float LEAST_SHARE = 0.2f;

  /// What one tone can count for at most: one loud tone alone is no preamble.
  private static final float MOST_OF_A_TONE = 0.25f;

  /// Symbols that may be drowned. In each other one the tones wanted must stand out.
  private static final int MAX_DROWNED = 1;

  private static final float LEAST_OF_A_SYMBOL = 0.1f;

  /// Blocks whose share is this near to the best one's are about as good.
  private static final float PLATEAU = 0.93f;

  private final ToneBank tones;
  private final float[] shares = new float[KEPT];
  private long best = -1;
  private long last = -1;

  PreambleSearch(ToneBank tones) {
    this.tones = tones;
  }

  /// Looks at the newest block.
  ///
  /// @return where the symbol behind a preamble begins, once a symbol's length behind it; else -1
  long next() {
    long block = tones.newestSymbol();
    if (block < (PREAMBLE.length - 1L) * ToneBank.SYMBOL_BLOCKS) {
      return -1;
    }
    float share = share(block);
    shares[(int) (block % KEPT)] = share;
    if (share > 0 && (best < 0 || share > shareAt(best))) {
      // Not an echo of one that was found.
      best = last < 0 || block - last > 2 * ToneBank.SYMBOL_BLOCKS ? block : -1;
    }
    if (best < 0 || block - best < ToneBank.SYMBOL_BLOCKS) {
      return -1;
    }
    long middle = middle();
    last = best;
    best = -1;
    return middle + ToneBank.SYMBOL_BLOCKS;
  }

  private float shareAt(long block) {
    return shares[(int) (block % KEPT)];
  }

  /// How much of the energy is in the preamble's tones when its last symbol begins at `block`; 0
  /// when that is no preamble.
  private float share(long block) {
    float match = 0;
    float signal = 0;
    int drowned = 0;
    for (int i = 0; i < PREAMBLE.length; i++) {
      long at = block - (long) (PREAMBLE.length - 1 - i) * ToneBank.SYMBOL_BLOCKS;
      float total = tones.total(at);
      if (total <= 0) {
        return 0;
      }
      float[] groups = tones.groups(at);
      int empty = 1 - i % 2;
      // Groups with an even number are empty in odd symbols, and the other way round.
      float noise = groups[empty] + groups[empty + 2] + groups[empty + 4];
      float wanted = 0;
      float[] symbol = tones.symbol(at);
      for (int tone : PREAMBLE[i]) {
        wanted += Math.min(symbol[tone], MOST_OF_A_TONE * total);
      }
      float noisePerTone = noise / (AcousticFormat.TONES / 2);
      float matched = (wanted - PREAMBLE[i].length * noisePerTone) / total;
      drowned += matched < LEAST_OF_A_SYMBOL ? 1 : 0;
      if (drowned > MAX_DROWNED) {
        return 0;
      }
      match += matched;
      signal += Math.max(0, 1 - AcousticFormat.TONES * noisePerTone / total);
    }
    boolean found =
        match >= LEAST_SHARE * PREAMBLE.length
            && match >= LEAST_MATCH * signal
            && signal >= LEAST_MATCH * match;
    return found ? match / PREAMBLE.length : 0;
  }

  private long middle() {
    float least = PLATEAU * shareAt(best);
    long first = best;
    long end = best;
    while (best - first < ToneBank.SYMBOL_BLOCKS && shareAt(first - 1) >= least && first > 1) {
      first--;
    }
    while (end - best < ToneBank.SYMBOL_BLOCKS - 1 && shareAt(end + 1) >= least) {
      end++;
    }
    return (first + end) / 2;
  }
}
