package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.SubframeSearch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionalFieldsTest {
  private static final byte SEQUENCE = 5;
  private static final long LAST_MILLIS = SoundRecord.FIRST_MILLIS + (1L << 56) - 1;

  private final RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);

  /// The frame of a delete or payload record about id 1 whose optional fields are any bytes.
  private static byte[] frame(RecordKind kind, byte[] fields) {
    byte[] header = new byte[5 + fields.length + RecordFormat.HASH_BYTES];
    header[0] = (byte) (kind.code() << RecordFormat.KIND_AT | RecordFormat.OPTIONAL_FIELDS);
    header[1] = SEQUENCE;
    int head = 2 + VectorId.of(1).encode(header, 2);
    System.arraycopy(fields, 0, header, head, fields.length);
    head += fields.length;
    long ofHead = XxHash64.of(header, 0, head, 0);
    long hash = XxHash64.of(header, 0, 0, XxHash64.of(header, 0, 0, ofHead));
    IdFormat.writeBigEndian(hash, RecordFormat.HASH_BYTES, header, head);
    return frame(Arrays.copyOf(header, head + RecordFormat.HASH_BYTES));
  }

  private static byte[] frame(byte[] header) {
    int[][] pcm = new int[2][64];
    int used = DataBits.write(header, 0, header.length, pcm, 0, 24);
    pcm[1][0] = RecordFormat.MARKER | RecordFormat.FIRST_PART | RecordFormat.LAST_PART | used - 1;
    int block = Math.max(used, RecordFormat.MIN_BLOCK_SAMPLES);
    FrameEncoder frames = new FrameEncoder(SoundFormat.FLOAT32.audio(), SubframeSearch.NOISE);
    byte[] out = new byte[frames.maxFrameSize(block)];
    return Arrays.copyOf(out, frames.encode(pcm, block, 0, out, 0));
  }

  private SoundRecord read(byte[] frame) throws IOException {
    decoder.read(frame, 0, frame.length);
    return decoder.record();
  }

  private SoundRecord readBack(SoundRecord record) throws IOException {
    return read(Records.encode(new RecordEncoder(SoundFormat.FLOAT32), record));
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, 00, spelled wrong",
    "DELETE, 0101, spelled wrong",
    "DELETE, 8901 00, spelled wrong",
    "DELETE, 9101 0901, spelled wrong",
    "DELETE, 8901 0902, spelled wrong",
    "DELETE, b101 b1 02 3101, spelled wrong",
    "DELETE, 0900, spelled wrong",
    "DELETE, 0a0001, spelled wrong",
    "DELETE, 310 0, spelled wrong",
    "DELETE, 1906, acknowledged lag 6 is more than the sequence number",
    "DELETE, 2101, optional field of tag 4 does not belong",
    "PAYLOAD, 20, vector lag 0 is not 1",
    "PAYLOAD, 2106, vector lag 6 is not 1",
    "PAYLOAD, 27 ffffffffffffff, vector lag 72057594037927935 is not 1",
    "PAYLOAD, 28, optional field of tag 5 does not belong",
    "DELETE, 2901, 'optional field \"expired\" is 1, not 0'",
  })
  void refusesFieldsThatAreSpelledWrongOrDoNotBelong(RecordKind kind, String hex, String message) {
    byte[] frame = frame(kind, HexFormat.of().parseHex(hex.replace(" ", "")));
    assertThatThrownBy(() -> read(frame))
        .isInstanceOf(MalformedRecordException.class)
        .hasMessageContaining(message)
        .hasMessageEndingWith("in the frame at byte 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "8d", "8f0102", "0d01020304", "8901b70102"})
  void refusesFieldsThatTheFrameCutsOff(String hex) {
    byte[] fields = HexFormat.of().parseHex(hex);
    byte[] header = new byte[4 + fields.length];
    header[0] = (byte) (RecordKind.DELETE.code() << RecordFormat.KIND_AT | 4);
    header[1] = SEQUENCE;
    VectorId.of(1).encode(header, 2);
    System.arraycopy(fields, 0, header, 4, fields.length);
    // As narrow as a whole sample allows, so that no zero bits of a last sample follow.
    int width = 8;
    int[][] pcm = new int[2][64];
    int used = DataBits.write(header, 0, header.length, pcm, 0, width);
    int control =
        RecordFormat.MARKER
            | RecordFormat.FIRST_PART
            | RecordFormat.LAST_PART
            | (24 - width) << RecordFormat.SHIFT_AT
            | used - 1;
    assertThat(new RecordAssembler(SoundFormat.FLOAT32).add(pcm, control))
        .isEqualTo(Fault.HEADER_CUT);
  }

  @Test
  void refusesTimesThatNoRecordHolds() {
    SoundRecord record = SoundRecord.delete(SEQUENCE, VectorId.of(1));
    for (long millis : new long[] {Long.MIN_VALUE, -1, 0, SoundRecord.FIRST_MILLIS - 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> record.withInsertedAtMillis(millis))
          .withMessageContaining("inserted at")
          .withMessageContaining("2020-01-01T00:00:00Z")
          .withMessageEndingWith("was " + millis);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> record.withExpiresAtMillis(millis))
          .withMessageContaining("expires at")
          .withMessageEndingWith("was " + millis);
    }
    for (long millis : new long[] {LAST_MILLIS + 1, Long.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> record.withExpiresAtMillis(millis))
          .withMessageEndingWith("was " + millis);
    }
  }

  @Test
  void refusesSequenceNumbersThatAreNotEarlier() {
    VectorId id = VectorId.of(1);
    SoundRecord record = SoundRecord.changePayload(SEQUENCE, id, new byte[0]);
    for (long number : new long[] {-1, SEQUENCE, Long.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> record.withVectorSequence(number))
          .withMessage("vector's sequence number must be 0 to 4, was " + number);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SoundRecord.changePayload(0, id, new byte[0]).withVectorSequence(0))
        .withMessageContaining("less than the record's, 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> record.withAcknowledgedSequence(SEQUENCE + 1))
        .withMessageEndingWith("must be 0 to 5, was 6");
    SoundRecord late = SoundRecord.changePayload(Long.MAX_VALUE, id, new byte[0]);
    assertThatIllegalArgumentException().isThrownBy(() -> late.withVectorSequence(0));
    assertThatIllegalArgumentException().isThrownBy(() -> late.withAcknowledgedSequence(0));
  }

  @Test
  void refusesFieldsOfAnotherKindOfRecord() {
    VectorId id = VectorId.of(1);
    List<SoundRecord> all =
        List.of(
            SoundRecord.upsert(SEQUENCE, id, Vector.of(1f)),
            SoundRecord.delete(SEQUENCE, id),
            SoundRecord.changePayload(SEQUENCE, id, new byte[0]),
            SoundRecord.skip(SEQUENCE, 1));
    for (SoundRecord record : all) {
      if (record.kind() != RecordKind.PAYLOAD) {
        assertThatIllegalStateException()
            .isThrownBy(() -> record.withVectorSequence(1))
            .withMessageContaining("this is " + record.kind());
      }
      if (record.kind() != RecordKind.DELETE) {
        assertThatIllegalStateException()
            .isThrownBy(record::withExpired)
            .withMessageContaining("this is " + record.kind());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackEveryCombinationOfFieldsAndKinds(RecordKind kind) throws Exception {
    long[] times = {0, 1, 255, 256, 122_163_200_000L, (1L << 40) - 1, 1L << 40, (1L << 56) - 1};
    for (long sequence : new long[] {1, 1000, 1L << 40, Long.MAX_VALUE}) {
      for (int chosen = 0; chosen < 32; chosen++) {
        for (int i = 0; i < times.length; i++) {
          long inserted = SoundRecord.FIRST_MILLIS + times[i];
          long expires = SoundRecord.FIRST_MILLIS + times[times.length - 1 - i];
          long earlier = sequence - Math.min(sequence, Math.max(1, times[i]));
          assertComesBack(with(plain(kind, sequence), chosen, inserted, expires, earlier));
        }
      }
    }
  }

  private static SoundRecord plain(RecordKind kind, long sequence) {
    VectorId id = VectorId.of(42);
    return switch (kind) {
      case UPSERT -> SoundRecord.upsert(sequence, id, Vector.of(1f, 2f), new byte[] {1});
      case DELETE -> SoundRecord.delete(sequence, id);
      case PAYLOAD -> SoundRecord.changePayload(sequence, id, new byte[] {1});
      case SKIP -> SoundRecord.skip(sequence, 3);
    };
  }

  /// Adds the fields that the bits of `chosen` stand for, as far as the kind has them.
  private static SoundRecord with(
      SoundRecord plain, int chosen, long inserted, long expires, long earlier) {
    SoundRecord record = plain;
    record = (chosen & 1) != 0 ? record.withInsertedAtMillis(inserted) : record;
    record = (chosen & 2) != 0 ? record.withExpiresAtMillis(expires) : record;
    record = (chosen & 4) != 0 ? record.withAcknowledgedSequence(earlier) : record;
    if (plain.kind() == RecordKind.PAYLOAD) {
      record = (chosen & 8) != 0 ? record.withVectorSequence(earlier) : record;
    } else if (plain.kind() == RecordKind.DELETE) {
      record = (chosen & 8) != 0 ? record.withExpired() : record;
    }
    return record.withBatchContinues((chosen & 16) != 0);
  }

  private void assertComesBack(SoundRecord record) throws IOException {
    SoundRecord read = readBack(record);
    assertThat(read).isEqualTo(record).hasToString(record.toString());
    assertThat(decoder.hash()).isEqualTo(record.hash());
    assertThat(decoder.insertedAtMillis()).isEqualTo(record.insertedAtMillis().orElse(-1));
    assertThat(decoder.expiresAtMillis()).isEqualTo(record.expiresAtMillis().orElse(-1));
    assertThat(decoder.acknowledgedSequence()).isEqualTo(record.acknowledgedSequence().orElse(-1));
    assertThat(decoder.vectorSequence()).isEqualTo(record.vectorSequence().orElse(-1));
    assertThat(decoder.isExpired()).isEqualTo(record.isExpired());
  }

  @Test
  void forgetsTheFieldsOfTheRecordBefore() throws Exception {
    readBack(
        SoundRecord.delete(SEQUENCE, VectorId.of(1))
            .withInsertedAtMillis(LAST_MILLIS)
            .withAcknowledgedSequence(1)
            .withExpired());
    SoundRecord bare = SoundRecord.delete(SEQUENCE, VectorId.of(1));
    assertThat(readBack(bare)).isEqualTo(bare);
    assertThat(decoder.insertedAtMillis()).isEqualTo(-1);
    assertThat(decoder.acknowledgedSequence()).isEqualTo(-1);
    assertThat(decoder.isExpired()).isFalse();
  }

  @Test
  void keepsFieldsOfANewerVersion() throws Exception {
    // Tag 6 with value 0, tag 9 with 0102, tag 15 with the largest value.
    String unknown = "b0 ca0102 7fffffffffffffff";
    byte[] fields = HexFormat.of().parseHex(("89 4d " + unknown).replace(" ", ""));
    SoundRecord read = read(frame(RecordKind.DELETE, fields));
    assertThat(read.insertedAtMillis()).hasValue(SoundRecord.FIRST_MILLIS + 0x4D);
    assertThat(read.optionalFields().unknownSize()).isEqualTo(12);
    assertThat(read.toString()).contains("12 bytes of unknown fields");
    assertThat(read).isNotEqualTo(SoundRecord.delete(SEQUENCE, VectorId.of(1)));
    assertComesBack(read);
    assertComesBack(read.withExpired().withAcknowledgedSequence(2));
    byte[] out = new byte[fields.length];
    assertThat(read.optionalFields().write(out, 0)).isEqualTo(fields.length);
    assertThat(out).isEqualTo(fields);
  }

  @Test
  void hasRoomForAllFieldsThatCanBeSpelled() throws Exception {
    byte[] fields = new byte[11 * 8];
    int at = 0;
    for (int tag : new int[] {1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14}) {
      fields[at] = (byte) (0x80 | tag << 3 | 7);
      Arrays.fill(fields, at + 1, at + 8, (byte) 0xFF);
      at += 8;
    }
    fields[at - 8] &= 0x7F;
    SoundRecord read = read(frame(RecordKind.DELETE, fields));
    assertThat(read.expiresAtMillis()).hasValue(LAST_MILLIS);
    assertComesBack(read.withExpired());
  }

  @Test
  void readsOrRefusesAnyBytes() {
    List<SoundRecord> accepted = new ArrayList<>();
    Seeded.run(
        3000,
        random -> {
          byte[] fields = TestVectors.bytes(random, 1 + random.nextInt(60));
          RecordKind kind = random.nextBoolean() ? RecordKind.DELETE : RecordKind.PAYLOAD;
          // A field that ends all, often, so that some are whole.
          fields[0] &= (byte) (random.nextBoolean() ? 0x7F : 0xFF);
          int size = random.nextBoolean() ? fields.length : 1 + (fields[0] & 7);
          byte[] frame = frame(kind, Arrays.copyOf(fields, size));
          try {
            accepted.add(read(frame));
          } catch (MalformedRecordException e) {
            assertThat(e).hasMessageContaining("at byte 0");
            return;
          }
          assertComesBack(accepted.getLast());
        });
    if (Long.getLong("sonidb.seed") == null) {
      assertThat(accepted).hasSizeBetween(100, 2900);
    }
  }

  @Test
  void areSomeOfWhatMakesRecordsEqual() {
    SoundRecord delete = SoundRecord.delete(SEQUENCE, VectorId.of(1));
    SoundRecord change = SoundRecord.changePayload(SEQUENCE, VectorId.of(1), new byte[] {1});
    assertThat(delete.withExpired())
        .isEqualTo(delete.withExpired())
        .hasSameHashCodeAs(delete.withExpired())
        .doesNotHaveSameHashCodeAs(delete)
        .isNotEqualTo(delete);
    assertThat(change.withVectorSequence(3))
        .isEqualTo(change.withVectorSequence(3))
        .isNotEqualTo(change.withVectorSequence(2))
        .isNotEqualTo(change);
    assertThat(delete.withExpired().withInsertedAtMillis(1_700_000_000_000L))
        .hasToString("delete 1 (sequence number 5, inserted at 2023-11-14T22:13:20Z, expired)");
    assertThat(change.withVectorSequence(3).toString()).contains("vector of 3");
  }
}
