package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.Frames;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Segments made record by record, and damaged in ways that are hard to tell from one another.
class RecoveryTest {
  private static final int DIMENSION = 60;
  private static final CollectionHeader HEADER =
      new CollectionHeader(
          "songs", new UUID(1, 2), DIMENSION, SoundFormat.FLOAT32, "dot", Quantisation.NONE);

  private final Random random = new Random(1);
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private final RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
  private final List<Integer> offsets = new ArrayList<>();
  private long sample;

  RecoveryTest() {
    file.writeBytes(new byte[SegmentFormat.HEAD_SIZE]);
  }

  private Vector vector() {
    float[] values = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Vector.sharing(values);
  }

  /// The frames of a record, numbered from `firstSample` on.
  private byte[] frames(SoundRecord record, long firstSample) {
    byte[] fresh = new byte[encoder.maxSize(record)];
    encoder.encode(record, fresh, 0);
    byte[] placed = new byte[fresh.length + Frames.MAX_RENUMBER_GROWTH * encoder.parts()];
    int from = 0;
    int to = 0;
    long number = firstSample;
    for (int part = 0; part < encoder.parts(); part++) {
      to += Frames.renumber(fresh, from, encoder.partLength(part), number, placed, to);
      from += encoder.partLength(part);
      number += encoder.partSamples(part);
    }
    return Arrays.copyOf(placed, to);
  }

  private void append(SoundRecord record) {
    offsets.add(file.size());
    file.writeBytes(frames(record, sample));
    sample += encoder.samples();
  }

  private SoundRecord upsert(long sequence) {
    return SoundRecord.upsert(sequence, VectorId.of(sequence), vector());
  }

  private static Recovery.Result scan(byte[] bytes, long committedBytes) throws Exception {
    return scan(bytes, Recovery.Bounds.open(0, committedBytes, Recovery.MAX_SEQUENCE));
  }

  private static Recovery.Result scan(byte[] bytes, Recovery.Bounds bounds) throws Exception {
    return Recovery.scan(MemorySegment.ofArray(bytes), "segments/1.flac", HEADER, bounds);
  }

  private static List<Long> sequences(Recovery.Result result) {
    List<Long> sequences = new ArrayList<>();
    for (int i = 0; i < result.table().count(); i++) {
      sequences.add(result.table().sequence(i));
    }
    return sequences;
  }

  @Test
  void cutsAGroupOfWhichOnlyTheRestOfTheFirstSectorIsLost() throws Exception {
    append(upsert(1));
    append(upsert(2));
    while (offsets.getLast() % 512 == 0 || offsets.size() < 3) {
      append(upsert(offsets.size() + 1).withBatchContinues(true));
    }
    int start = offsets.getLast();
    for (int i = 0; i < 20; i++) {
      append(upsert(offsets.size() + 1).withBatchContinues(i < 19));
    }
    byte[] bytes = file.toByteArray();
    Arrays.fill(bytes, start, start / 512 * 512 + 512, (byte) 0);
    Recovery.Result result = scan(bytes, 0);
    assertThat(sequences(result)).containsExactly(1L, 2L);
    assertThat(result.damage()).isEmpty();
    assertThat(result.end()).isEqualTo(offsets.get(2).longValue());
  }

  @Test
  void losesOnlyTheRecordWithAFlippedBitWhenTheProcessWasKilled() throws Exception {
    for (int i = 1; i <= 30; i++) {
      append(upsert(i));
    }
    for (int bit = 0; bit < 8 * 200; bit += 7) {
      byte[] bytes = file.toByteArray();
      bytes[offsets.get(10) + bit / 8] ^= (byte) (1 << bit % 8);
      Recovery.Result result = scan(bytes, 0);
      assertThat(result.table().count()).isEqualTo(29);
      assertThat(result.damage()).hasSize(1);
      assertThat(result.damage().getFirst().offset()).isEqualTo(offsets.get(10).longValue());
      assertThat(result.end()).isEqualTo(bytes.length);
    }
  }

  /// A payload of noise with `inner` in it, which FLAC stores as it is.
  private byte[] payloadWith(byte[] inner) {
    byte[] payload = new byte[3000 + inner.length];
    random.nextBytes(payload);
    System.arraycopy(inner, 0, payload, 1000, inner.length);
    return payload;
  }

  private byte[] forgery(int records, long sequence, long firstSample) {
    ByteArrayOutputStream forged = new ByteArrayOutputStream();
    long at = firstSample;
    for (int i = 0; i < records; i++) {
      forged.writeBytes(frames(SoundRecord.upsert(sequence + i, VectorId.of(666), vector()), at));
      at += encoder.samples();
    }
    return forged.toByteArray();
  }

  private static int indexOf(byte[] bytes, byte[] inner) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
        .indexOf(new String(inner, java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @CsvSource({
    // records, sequence number and time position against those of the record around them
    "1, 0, 0",
    "1, 0, 20",
    "1, 1, 20",
    "1, 1, 2000",
    "5, 1, 20",
    "5, 1, 1000",
    "1, 100, 20",
    "1, 4611686018427387000, 20",
    "9, 1000, 2000",
    "1, 1, 60000",
    "5, -3, 20"
  })
  void findsNoRecordThatIsForgedInsideADamagedOne(int records, long sequence, long after)
      throws Exception {
    for (boolean last : new boolean[] {false, true}) {
      RecoveryTest test = new RecoveryTest();
      for (int i = 1; i <= 10; i++) {
        test.append(test.upsert(i));
      }
      byte[] forged = test.forgery(records, 11 + sequence, test.sample + after);
      int start = test.file.size();
      test.append(SoundRecord.upsert(11, VectorId.of(11), test.vector(), test.payloadWith(forged)));
      for (int i = 12; i <= 14 && !last; i++) {
        test.append(test.upsert(i));
      }
      byte[] bytes = test.file.toByteArray();
      assertThat(indexOf(bytes, forged)).as("the forgery lies open in the file").isPositive();
      bytes[start + 20] ^= 4;
      Recovery.Result result =
          scan(bytes, Recovery.Bounds.open(0, Long.MAX_VALUE, last ? 11 : Recovery.MAX_SEQUENCE));
      List<Long> expected = new ArrayList<>(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L));
      if (!last) {
        expected.addAll(List.of(12L, 13L, 14L));
      }
      assertThat(sequences(result)).isEqualTo(expected);
      assertThat(result.damage()).hasSize(1);
    }
  }

  @Test
  void findsEveryWholeRecordBetweenManyDamagedOnes() throws Exception {
    for (int i = 1; i <= 200; i++) {
      append(upsert(i));
    }
    byte[] bytes = file.toByteArray();
    List<Long> expected = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      if (random.nextInt(3) == 0) {
        bytes[offsets.get(i) + random.nextInt(100)] ^= 1;
      } else {
        expected.add(i + 1L);
      }
    }
    assertThat(sequences(scan(bytes, Long.MAX_VALUE))).isEqualTo(expected);
  }

  @Test
  void doesNotWorkForEverOnAFileFullOfFrameHeaders() throws Exception {
    // Each one opens a frame of 4608 verbatim samples, so that every one of them is read to its
    // end.
    float[] long4608 = new float[5000];
    Arrays.fill(long4608, 1);
    byte[] frame = frames(SoundRecord.upsert(1, VectorId.of(1), Vector.sharing(long4608)), 0);
    int size = 10;
    while (Frames.findHeader(frame, 0, size) < 0) {
      size++;
    }
    byte[] bytes = new byte[SegmentFormat.HEAD_SIZE + (1 << 20)];
    Arrays.fill(bytes, (byte) 2); // of a verbatim subframe
    for (int at = SegmentFormat.HEAD_SIZE; at + 24 < bytes.length; at += 24) {
      System.arraycopy(frame, 0, bytes, at, size);
    }
    Recovery.Result result = scan(bytes, Long.MAX_VALUE);
    assertThat(result.table().count()).isZero();
    assertThat(result.damage()).hasSize(1);
  }
}
