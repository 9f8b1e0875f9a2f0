package io.sonidb.sound.acoustic;

import java.util.zip.CRC32C;

/// Every tone of an acoustic record.
///
/// Sound is made of *symbols* of 3072 samples at 48 kHz (64 ms), each of six tones. Tone `t`, 0 to
/// 95, has the frequency 1875 Hz + t * 46.875 Hz, which is 1875 Hz to 6328 Hz; so a period of 1024
/// samples holds a whole number of waves of each. Tones form six *groups* of sixteen.
///
/// ```
/// silence     50 ms
/// preamble     8 symbols   two tones in every other group, see PREAMBLE
/// header       8 symbols   24 bytes: 9 of contents, 15 of Reed-Solomon parity
/// message      n symbols   blocks of up to 223 bytes, each with 32 of parity, interleaved
/// silence     50 ms
/// ```
///
/// Behind the preamble a symbol carries three bytes, one tone in each group: byte `i` of the three
/// chooses in group `2 i` by its low four bits, in group `2 i + 1` by its high four. All bytes,
/// parity included, are XORed with [#whitening] of their position first, so that no contents make a
/// tone that stands still.
///
/// A preamble cannot occur in what follows it, whatever the contents are: its symbols leave three
/// groups empty, and theirs leave none.
///
/// ```
/// header          bytes
///   version, 1    1       high four bits
///   element       1       low four bits: 0 float32, 1 float64
///   size          2       of the message, 1 to 65535
///   CRC-32C       4       of the message
///   check         2       CRC-32C of the seven bytes before, low 16 bits
/// message
///   the FLAC frames of the record, numbered from 0 (RecordEncoder)
/// ```
///
/// A message of `m` bytes is cut into `b` = m / 223, rounded up, blocks: the first `m mod b` have
/// one byte more than the others. Sent are the first bytes of all blocks, then the second ones, and
/// so on, so that a burst of noise hits each block a little. Zero bytes fill the last symbol.
final class AcousticFormat {
  static final int SAMPLE_RATE_HZ = 48_000;

  /// All tones fit a whole number of times.
  static final int PERIOD_SAMPLES = 1024;

  /// The first tone's waves in a period: 1875 Hz.
  static final int FIRST_TONE_WAVES = 40;

  static final int GROUPS = 6;
  static final int TONES_PER_GROUP = 16;
  static final int TONES = GROUPS * TONES_PER_GROUP;
  static final int SYMBOL_SAMPLES = 3 * PERIOD_SAMPLES;
  static final int SYMBOL_BYTES = GROUPS / 2;

  /// Six tones together stay below half of full scale, which is where control words of records in
  /// 24-bit PCM begin: nobody who listens for those is disturbed.
  static final int TONE_AMPLITUDE = 2700;

  /// Samples in which a symbol's tones swell and fade, against clicks.
  static final int RAMP_SAMPLES = 192;

  /// Devices and codecs may swallow the first moments.
  static final int SILENCE_SAMPLES = 2400;

  /// The tones of each symbol of the preamble: two in groups 0, 2 and 4, and in 1, 3 and 5, in
  /// turns.
  static final int[][] PREAMBLE = {
    {2, 11, 37, 46, 64, 72},
    {19, 28, 55, 63, 81, 89},
    {6, 15, 33, 42, 68, 77},
    {16, 24, 50, 59, 85, 94},
    {0, 9, 39, 44, 66, 79},
    {22, 30, 52, 58, 83, 91},
    {4, 13, 35, 40, 70, 75},
    {18, 26, 48, 61, 87, 95},
  };

  static final int VERSION = 1;
  static final int HEADER_BYTES = 9;
  static final int HEADER_PARITY = 15;
  static final int HEADER_CODE_BYTES = HEADER_BYTES + HEADER_PARITY;
  static final int BLOCK_BYTES = 223;
  static final int BLOCK_PARITY = 32;
  static final int MAX_MESSAGE_BYTES = 65_535;

  private AcousticFormat() {}

  /// How many blocks a message has.
  static int blocks(int messageBytes) {
    return (messageBytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
  }

  /// How many bytes of the message the block has.
  static int blockBytes(int messageBytes, int block) {
    int blocks = blocks(messageBytes);
    return messageBytes / blocks + (block < messageBytes % blocks ? 1 : 0);
  }

  /// How many bytes are sent for a message, without the header.
  static int codeBytes(int messageBytes) {
    return messageBytes + blocks(messageBytes) * BLOCK_PARITY;
  }

  /// How many symbols so many bytes need.
  static int symbols(int bytes) {
    return (bytes + SYMBOL_BYTES - 1) / SYMBOL_BYTES;
  }

  /// What the byte at `position`, counted from the header's first, is XORed with: eight bits of
  /// SplitMix64 (Steele, Lea and Flood 2014).
  static int whitening(int position) {
    long mixed = (position + 1) * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return (int) (mixed >>> 56);
  }

  static int crc(byte[] bytes, int size) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, size);
    return (int) crc.getValue();
  }
}
