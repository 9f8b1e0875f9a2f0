package io.sonidb.sound.acoustic;

import java.util.Arrays;

/// Receives one record, symbol by symbol, from behind its preamble.
///
/// Where symbols begin is followed while they come: in the window around the border between two
/// symbols the old tone and the new one are equally strong in each group where they differ; when
/// the old one is stronger, the border is later than thought. So a clock that runs fast or slow by
/// a thousandth does no harm.
///
/// What it holds grows with what has come, up to a record's 75,000 bytes, whatever a header says.
final class Reception {
  private static final double BLOCK_SAMPLES = ToneBank.BLOCK_SAMPLES;
  private static final double HALF_WINDOW_SAMPLES = AcousticFormat.PERIOD_SAMPLES / 2.0;

  /// How much of what a border tells is believed at once.
  private static final float TIMING_GAIN = 0.15f;

  /// A symbol of less than this share of the preamble's energy is silence.
  private static final float SILENCE = 0.02f;

  private static final int[] HEADER_GIVEN_UP = {0, 5, 9};

  private final ToneBank tones;
  private final long firstBlock;
  private final float loudness;
  private double nextBlock;
  private byte[] code = new byte[AcousticFormat.HEADER_CODE_BYTES];
  private float[] certainty = new float[AcousticFormat.HEADER_CODE_BYTES];
  private int received;
  private int wanted = AcousticFormat.HEADER_CODE_BYTES;
  private boolean headerRead;
  private int version;
  private int element;
  private int messageBytes;
  private int crc;
  private final int[] toneOf = new int[AcousticFormat.GROUPS];
  private final int[] toneBefore = new int[AcousticFormat.GROUPS];
  private boolean first = true;

  /// What has become of it.
  enum State {
    /// More symbols are needed.
    RUNNING,
    /// The header is not one.
    NO_HEADER,
    /// Of a newer version.
    UNSUPPORTED,
    /// All symbols have come.
    COMPLETE
  }

  /// @param block where the first symbol behind the preamble begins
  Reception(ToneBank tones, long block) {
    this.tones = tones;
    nextBlock = block;
    int preamble = AcousticFormat.PREAMBLE.length * ToneBank.SYMBOL_BLOCKS;
    firstBlock = Math.max(0, block - preamble);
    loudness = tones.total(Math.max(0, block - ToneBank.SYMBOL_BLOCKS));
  }

  /// Where the preamble begins.
  long firstBlock() {
    return firstBlock;
  }

  /// Where the next symbol begins: behind the last one when the reception is complete.
  long endBlock() {
    return Math.round(nextBlock);
  }

  int element() {
    return element;
  }

  /// Takes the symbols that have come.
  State advance() {
    while (received < wanted && Math.round(nextBlock) <= tones.newestSymbol()) {
      takeSymbol(Math.round(nextBlock));
      if (!headerRead && received >= AcousticFormat.HEADER_CODE_BYTES) {
        State state = readHeader();
        if (state != State.RUNNING) {
          return state;
        }
      }
    }
    return received < wanted ? State.RUNNING : State.COMPLETE;
  }

  private void takeSymbol(long block) {
    float[] symbol = tones.symbol(block);
    boolean silent = tones.total(block) < SILENCE * loudness;
    ensureRoom(received + AcousticFormat.SYMBOL_BYTES);
    for (int i = 0; i < AcousticFormat.SYMBOL_BYTES; i++) {
      float low = choose(symbol, 2 * i);
      float high = choose(symbol, 2 * i + 1);
      int value = toneOf[2 * i] | toneOf[2 * i + 1] << 4;
      code[received] = (byte) (value ^ AcousticFormat.whitening(received));
      certainty[received++] = silent ? -1 : Math.min(low, high);
    }
    if (!silent) {
      followBorder(block);
    }
    nextBlock += ToneBank.SYMBOL_BLOCKS;
    System.arraycopy(toneOf, 0, toneBefore, 0, toneOf.length);
    first = false;
  }

  /// Chooses the strongest tone of a group; returns how certain that is, from 0 to 1.
  private float choose(float[] symbol, int group) {
    int from = group * AcousticFormat.TONES_PER_GROUP;
    float best = -1;
    float second = 0;
    for (int i = 0; i < AcousticFormat.TONES_PER_GROUP; i++) {
      float energy = symbol[from + i];
      if (energy > best) {
        second = Math.max(0, best);
        best = energy;
        toneOf[group] = i;
      } else {
        second = Math.max(second, energy);
      }
    }
    return best > 0 ? 1 - second / best : 0;
  }

  private void followBorder(long block) {
    if (first || block < 2) {
      return;
    }
    float[] around = tones.window(block - 2);
    float old = 0;
    float fresh = 0;
    for (int group = 0; group < AcousticFormat.GROUPS; group++) {
      if (toneOf[group] != toneBefore[group]) {
        int from = group * AcousticFormat.TONES_PER_GROUP;
        old += around[from + toneBefore[group]];
        fresh += around[from + toneOf[group]];
      }
    }
    if (old + fresh > 0) {
      // Of a border d samples late, the window holds (512 + d) of the old tone and (512 - d) of the
      // new one; energies are squares, so the difference is 2 d / 512 of the sum, for small d.
      double border =
          block + (old - fresh) / (old + fresh) * HALF_WINDOW_SAMPLES / 2 / BLOCK_SAMPLES;
      nextBlock += TIMING_GAIN * (border - nextBlock);
    }
  }

  private void ensureRoom(int bytes) {
    if (bytes > code.length) {
      int size = Math.min(2 * code.length, wanted + AcousticFormat.SYMBOL_BYTES);
      code = Arrays.copyOf(code, Math.max(bytes, size));
      certainty = Arrays.copyOf(certainty, code.length);
    }
  }

  private State readHeader() {
    byte[] header = Arrays.copyOf(code, AcousticFormat.HEADER_CODE_BYTES);
    ReedSolomon parity = new ReedSolomon(AcousticFormat.HEADER_PARITY);
    if (!Blocks.correct(parity, header, header.length, certainty, HEADER_GIVEN_UP)) {
      return State.NO_HEADER;
    }
    int check = (header[7] & 0xFF) << 8 | header[8] & 0xFF;
    if ((AcousticFormat.crc(header, 7) & 0xFFFF) != check) {
      return State.NO_HEADER;
    }
    version = header[0] >> 4 & 0xF;
    element = header[0] & 0xF;
    messageBytes = (header[1] & 0xFF) << 8 | header[2] & 0xFF;
    if (version != AcousticFormat.VERSION || element > 1) {
      return State.UNSUPPORTED;
    }
    if (messageBytes == 0) {
      return State.NO_HEADER;
    }
    crc =
        (header[3] & 0xFF) << 24
            | (header[4] & 0xFF) << 16
            | (header[5] & 0xFF) << 8
            | header[6] & 0xFF;
    headerRead = true;
    wanted += AcousticFormat.codeBytes(messageBytes);
    return State.RUNNING;
  }

  /// The message, from what was received before `block`; the rest counts as missing.
  ///
  /// @return an empty array when too much is wrong or missing
  byte[] message(long block) {
    int missing = wanted - receivedBefore(block);
    int blocks = AcousticFormat.blocks(messageBytes);
    if (!headerRead || missing > blocks * AcousticFormat.BLOCK_PARITY) {
      return new byte[0];
    }
    ensureRoom(wanted);
    Arrays.fill(certainty, wanted - Math.max(0, missing), wanted, -1);
    byte[] message =
        new Blocks(messageBytes).restore(code, certainty, AcousticFormat.HEADER_CODE_BYTES);
    return message.length > 0 && AcousticFormat.crc(message, message.length) == crc
        ? message
        : new byte[0];
  }

  private int receivedBefore(long block) {
    double late = (nextBlock - block) / ToneBank.SYMBOL_BLOCKS;
    int lateSymbols = late <= 0.1 ? 0 : (int) Math.ceil(late - 0.1);
    return Math.max(0, Math.min(received, wanted) - lateSymbols * AcousticFormat.SYMBOL_BYTES);
  }
}
