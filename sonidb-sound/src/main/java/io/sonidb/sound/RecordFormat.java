package io.sonidb.sound;

/// Every bit of a record in PCM.
///
/// A record is a run of *parts*; a part is one FLAC frame of 16 to 4608 samples. The last channel
/// is the *marker channel*, the one or two before it are the *data channels*.
///
/// ```
///                 sample 0        header samples         vector samples        padding
/// data channels   header bits...  ...header bits | 0...  sign and mantissa     0 (to 16 samples)
/// marker channel  control word    0                      unfolded rank         0
/// ```
///
/// *Control word*, 24 bits, the marker channel's first sample in every part:
///
/// ```
/// 23..22  01: the marker. No other sample of this channel reaches 2^22
/// 21      first part of its record
/// 20      last part of its record
/// 19..15  shift: the low bits of each data channel that are 0 in the whole part
/// 14..0   samples in the part, less 1; a frame of fewer than 16 is padded to 16
/// ```
///
/// *Header*: a string of bytes, most significant bit first, in the upper `width` bits of each
/// sample's data word, filled with zero bits to a whole sample. The data word is the data channels
/// side by side (24 bits for float32, 48 for float64), and `width` its bits less `shift` for each
/// channel. Numbers are LEB128 ([Leb128]) unless they have a size, and big-endian where they have.
///
/// ```
/// first part                                                             bytes
///   kind << 4 | flags                                                    1
///       kind   1 upsert, 2 delete, 3 payload, 4 skip
///       flags  bit 0 payload in this header, bit 1 payload in parts of its own,
///              bit 2 optional fields, bit 3 the batch goes on
///   sequence number                                                      1..9
///   id, not in a skip record                                             1..514   IdFormat
///   count of sequence numbers, only in a skip record                     1..5
///   optional fields, if flag bit 2: one or more, each                    1 + n
///       1 byte: bit 7 another follows, bits 6..3 tag, bits 2..0 n, the
///       bytes of the value; then the value: unsigned, no leading zero byte.
///       Tags ascend from 1; unknown ones are skipped
///       tag 1  inserted at, milliseconds since 2020
///       tag 2  expires at, milliseconds since 2020
///       tag 3  acknowledged lag: sequence number less the last durable one
///       tag 4  vector lag, only in a payload record: sequence number less
///              that of the upsert record whose vector it is about, not 0
///       tag 5  expired, only in a delete record: 0; the vector's time was up
///   payload size, if flag bit 0 or 1                                     1..3
///   hash                                                                 8
///   payload, if flag bit 0
///   the vector, only in an upsert: representation in bits 7..5 of the
///   first byte, and what it needs
///     0, 1  float     order (4..3), zero rank (2..1), far (0)            1
///                     reference exponent                                 1, float64: 2
///                     far exponents, if far: count, then each            1 + n, float64: 1 + 2 n
///     2     grid      the same and more                                  GridFormat
///     3     integer                                                      IntegerFormat
///     4     sparse    and around one of the above                        SparseFormat
///     5     narrow    and around one of the above                        Decimals
///     6, 7  a Voice   parameter (4..0), and no more                      1
///   then the vector's samples
/// later parts
///   0x80  the vector goes on: its next samples follow                    1
///   0x81  payload bytes follow, to the end of the payload or the part    1
/// ```
///
/// *Vector samples*, as floats: one a component. The data word holds the sign and the top 23
/// (float64: 47) bits of the mantissa. The marker channel holds the rank of the exponent field, for
/// float64 times 32 plus the low 5 bits of the mantissa (representation 1: those bits are all 0 and
/// left out), unfolded: 0, 1, 2, 3, 4 stand for 0, -1, 1, -2, 2. [ExponentOrders] says how ranks
/// are given. The other representations say for themselves what their samples are; a writer takes
/// the smallest that it has proved to bring every bit back.
///
/// *Hash*: XXH64 of the vector's bits (little-endian components; none: no bytes), seeded with the
/// XXH64 of the payload, seeded with the XXH64 (seed 0) of the header's bytes before the hash, in
/// which flag bit 1 is cleared and flag bit 0 says whether there is a payload anywhere.
final class RecordFormat {
  /// The rate that is played; a sample a component, so a 768-d vector is 16 ms.
  static final int SAMPLE_RATE_HZ = 48_000;

  static final int BITS_PER_SAMPLE = 24;

  /// RFC 9639, section 7: the longest block of the streamable subset up to 48 kHz.
  static final int MAX_PART_SAMPLES = 4608;

  /// RFC 9639, section 8.2: no block but a stream's last may be shorter.
  static final int MIN_BLOCK_SAMPLES = 16;

  /// Every control word is at least this, every other sample of the marker channel is less.
  static final int MARKER = 1 << 22;

  static final int MARKER_AT = 22;

  static final int FIRST_PART = 1 << 21;
  static final int LAST_PART = 1 << 20;
  static final int SHIFT_AT = 15;
  static final int MAX_SHIFT = BITS_PER_SAMPLE - 1;
  static final int SAMPLES_MASK = 0x7FFF;

  static final int KIND_AT = 4;
  static final int PAYLOAD_INLINE = 1;
  static final int PAYLOAD_PARTS = 2;
  static final int OPTIONAL_FIELDS = 4;
  static final int BATCH_CONTINUES = 8;

  static final int INSERTED_AT = 1;
  static final int EXPIRES_AT = 2;
  static final int ACKNOWLEDGED_LAG = 3;
  static final int VECTOR_LAG = 4;
  static final int EXPIRED = 5;
  static final int LAST_KNOWN_FIELD = EXPIRED;

  /// In a field's first byte: another field follows.
  static final int FIELD_FOLLOWS = 0x80;

  static final int FIELD_TAG_AT = 3;
  static final int MAX_FIELD_TAG = 15;
  static final int MAX_FIELD_VALUE_BYTES = 7;
  static final long MAX_FIELD_VALUE = (1L << 8 * MAX_FIELD_VALUE_BYTES) - 1;

  /// No more can be spelled: tags ascend strictly.
  static final int MAX_OPTIONAL_BYTES = MAX_FIELD_TAG * (1 + MAX_FIELD_VALUE_BYTES);

  static final int HASH_BYTES = 8;

  /// The most bytes before the hash.
  static final int MAX_HEAD_BYTES =
      1 + Leb128.MAX_BYTES + VectorId.MAX_ENCODED_BYTES + MAX_OPTIONAL_BYTES + 3;

  /// The most bytes of a header without the payload: everything above, 255 far exponents, a scale,
  /// and two lists of places.
  static final int MAX_HEADER_BYTES =
      MAX_HEAD_BYTES
          + HASH_BYTES
          + 1
          + SparseFormat.MAX_BYTES
          + 1
          + 2
          + 1
          + 2 * 255
          + 1
          + Double.BYTES
          + 3
          + SparseFormat.MAX_PLACE_BYTES;

  /// The most parts that a reader goes along with. A vector of 16,384 components, all of it the
  /// longest pulses, and a payload of 1 MiB have 310.
  static final int MAX_PARTS = 512;

  static final int REPRESENTATION_AT = 5;
  static final int ORDER_AT = 3;
  static final int ZERO_RANK_AT = 1;
  static final int FAR = 1;
  static final int FLOAT = 0;
  static final int FLOAT_WITHOUT_LOW_BITS = 1;

  /// With the spacing of the lines, 1 to 31, in bits 4..0.
  static final int FREQUENCY = 6;

  /// With 0 in bits 4..0.
  static final int PULSE = 7;

  /// Of [#FREQUENCY] and [#PULSE], beside the representation.
  static final int VOICE_PARAMETER_MASK = 0x1F;

  /// See [GridFormat].
  static final int GRID = 2;

  /// See [IntegerFormat].
  static final int INTEGER = 3;

  /// See [SparseFormat].
  static final int SPARSE = 4;

  /// See [Decimals].
  static final int NARROW = 5;

  /// How many exponents can be told one by one.
  static final int MAX_FAR_EXPONENTS = 255;

  /// The rank that stands for all exponents told one by one.
  static final int FAR_RANK = 12;

  static final int VECTOR_GOES_ON = 0x80;
  static final int PAYLOAD_BYTES = 0x81;

  private RecordFormat() {}
}
