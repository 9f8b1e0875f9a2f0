package io.sonidb.sound.acoustic;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/// The tones of one record: 48 kHz, one channel, 16 bits. About 33 seconds for a float32 vector of
/// dimension 384. Read once, from front to end; not thread-safe.
///
/// ```java
/// AcousticSound sound = AcousticSound.of(record);
/// int[] pcm = new int[4096];
/// for (int count = sound.read(pcm, 0, pcm.length); count > 0; count = sound.read(pcm, 0, pcm.length)) {
///   // play or write `count` samples
/// }
/// ```
public final class AcousticSound {
  /// The rate of the samples.
  public static final int SAMPLE_RATE_HZ = AcousticFormat.SAMPLE_RATE_HZ;

  /// The bits of a sample.
  public static final int BITS_PER_SAMPLE = 16;

  /// The most bytes that a record may have in FLAC: a float32 vector of dimension 16,384 without a
  /// payload, in 27 minutes.
  public static final int MAX_RECORD_BYTES = AcousticFormat.MAX_MESSAGE_BYTES;

  private static final int[] SINE = new int[AcousticFormat.PERIOD_SAMPLES];
  private static final double[] RAMP = new double[AcousticFormat.RAMP_SAMPLES];

  static {
    for (int i = 0; i < SINE.length; i++) {
      double angle = 2 * Math.PI * i / SINE.length;
      SINE[i] = (int) Math.round(Math.sin(angle) * AcousticFormat.TONE_AMPLITUDE);
    }
    for (int i = 0; i < RAMP.length; i++) {
      RAMP[i] = Math.sin(Math.PI / 2 * (i + 0.5) / RAMP.length);
    }
  }

  /// Header and blocks as they are sent, filled to whole symbols.
  private final byte[] code;

  private final int[] symbol = new int[AcousticFormat.SYMBOL_SAMPLES];
  private long madeSymbol = -1;
  private long at;

  /// @param code header and blocks, before whitening
  private AcousticSound(byte[] code) {
    int symbols = AcousticFormat.symbols(code.length);
    this.code = Arrays.copyOf(code, symbols * AcousticFormat.SYMBOL_BYTES);
    for (int i = 0; i < this.code.length; i++) {
      this.code[i] ^= (byte) AcousticFormat.whitening(i);
    }
  }

  /// The tones of a record.
  ///
  /// @throws IllegalArgumentException when it has more than [#MAX_RECORD_BYTES] bytes
  public static AcousticSound of(SoundRecord record) {
    ElementType element =
        record.kind() == RecordKind.UPSERT ? record.vector().elementType() : ElementType.FLOAT32;
    RecordEncoder encoder = new RecordEncoder(SoundFormat.of(element));
    byte[] frames = new byte[encoder.maxSize(record)];
    int size = encoder.encode(record, frames, 0);
    if (size > MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "a record that becomes tones may have at most "
              + MAX_RECORD_BYTES
              + " bytes with its payload, this one has "
              + size);
    }
    return ofMessage(Arrays.copyOf(frames, size), element);
  }

  /// The tones of any message.
  static AcousticSound ofMessage(byte[] message, ElementType element) {
    byte[] code = header(message.length, AcousticFormat.crc(message, message.length), element);
    Blocks blocks = new Blocks(message.length);
    blocks.protect(message);
    int bytes = AcousticFormat.HEADER_CODE_BYTES + AcousticFormat.codeBytes(message.length);
    code = Arrays.copyOf(code, bytes);
    blocks.interleave(code, AcousticFormat.HEADER_CODE_BYTES);
    return new AcousticSound(code);
  }

  /// The tones of any bytes behind a preamble.
  static AcousticSound ofCode(byte[] code) {
    return new AcousticSound(code);
  }

  /// A header with its parity.
  static byte[] header(int messageBytes, int crc, ElementType element) {
    byte[] code = new byte[AcousticFormat.HEADER_CODE_BYTES];
    ByteBuffer header = ByteBuffer.wrap(code);
    header.put((byte) (AcousticFormat.VERSION << 4 | (element == ElementType.FLOAT64 ? 1 : 0)));
    header.putShort((short) messageBytes).putInt(crc);
    header.putShort((short) AcousticFormat.crc(code, header.position()));
    new ReedSolomon(AcousticFormat.HEADER_PARITY).encode(code, AcousticFormat.HEADER_BYTES);
    return code;
  }

  private int symbols() {
    return AcousticFormat.PREAMBLE.length + code.length / AcousticFormat.SYMBOL_BYTES;
  }

  /// How many samples it has, silence before and after included.
  public long samples() {
    return (long) symbols() * AcousticFormat.SYMBOL_SAMPLES + 2 * AcousticFormat.SILENCE_SAMPLES;
  }

  /// How long it sounds.
  public double seconds() {
    return (double) samples() / SAMPLE_RATE_HZ;
  }

  /// Takes the next samples.
  ///
  /// @param pcm takes them from `from` on, with their sign extended
  /// @param count how many at most
  /// @return how many there were: fewer than `count` only at the end, and 0 behind it
  public int read(int[] pcm, int from, int count) {
    Objects.checkFromIndexSize(from, count, pcm.length);
    int taken = 0;
    while (taken < count && at < samples()) {
      long inside = at - AcousticFormat.SILENCE_SAMPLES;
      long number = Math.floorDiv(inside, AcousticFormat.SYMBOL_SAMPLES);
      boolean silent = inside < 0 || number >= symbols();
      int start = (int) Math.floorMod(inside, (long) AcousticFormat.SYMBOL_SAMPLES);
      long left =
          silent ? (inside < 0 ? -inside : samples() - at) : AcousticFormat.SYMBOL_SAMPLES - start;
      int step = (int) Math.min(count - taken, left);
      if (silent) {
        Arrays.fill(pcm, from + taken, from + taken + step, 0);
      } else {
        make((int) number);
        System.arraycopy(symbol, start, pcm, from + taken, step);
      }
      taken += step;
      at += step;
    }
    return taken;
  }

  private void make(int number) {
    if (number == madeSymbol) {
      return;
    }
    madeSymbol = number;
    Arrays.fill(symbol, 0);
    if (number < AcousticFormat.PREAMBLE.length) {
      for (int tone : AcousticFormat.PREAMBLE[number]) {
        addTone(tone);
      }
    } else {
      int first = (number - AcousticFormat.PREAMBLE.length) * AcousticFormat.SYMBOL_BYTES;
      for (int group = 0; group < AcousticFormat.GROUPS; group++) {
        int nibble = code[first + group / 2] >> 4 * (group % 2) & 0xF;
        addTone(group * AcousticFormat.TONES_PER_GROUP + nibble);
      }
    }
    for (int i = 0; i < RAMP.length; i++) {
      int last = symbol.length - 1 - i;
      symbol[i] = (int) Math.round(symbol[i] * RAMP[i]);
      symbol[last] = (int) Math.round(symbol[last] * RAMP[i]);
    }
  }

  /// A symbol is a whole number of periods long, so a tone that goes on keeps its phase.
  private void addTone(int tone) {
    int waves = AcousticFormat.FIRST_TONE_WAVES + tone;
    // Phases that grow with the square of the number keep tones from peaking together (Newman).
    int phase = tone * tone * 5;
    for (int i = 0; i < symbol.length; i++) {
      symbol[i] += SINE[waves * i + phase & SINE.length - 1];
    }
  }
}
