package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.Frames;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What records cost, in bytes, at the numbers that a database of some size has.
class RecordSizeTest {
  private static final long SEQUENCE = 1 << 24;
  private static final long SAMPLE = 1 << 25;
  private static final long EIGHT_BYTE_ID = 0x7000_0000_0000_0000L;

  private final RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);

  private static int size(RecordEncoder encoder, SoundRecord record) {
    byte[] run = Records.encode(encoder, record);
    int size = 0;
    int at = 0;
    long sample = SAMPLE;
    for (int part = 0; part < encoder.parts(); part++) {
      int length = encoder.partLength(part);
      byte[] renumbered = new byte[length + Frames.MAX_RENUMBER_GROWTH];
      size += Frames.renumber(run, at, length, sample, renumbered, 0);
      at += length;
      sample += encoder.partSamples(part);
    }
    return size;
  }

  private static double mean(SoundFormat format, List<Vector> vectors, byte[] payload) {
    RecordEncoder encoder = new RecordEncoder(format);
    long total = 0;
    for (int i = 0; i < vectors.size(); i++) {
      VectorId id = VectorId.of(EIGHT_BYTE_ID + i);
      total += size(encoder, SoundRecord.upsert(SEQUENCE + i, id, vectors.get(i), payload));
    }
    return (double) total / vectors.size();
  }

  @ParameterizedTest
  @CsvSource({
    "nomic_768, 2610",
    "notion_hf_768, 2625",
    "pbmc_pca_50, 218",
    "emoji2vec_300, 1020",
    "notion_512, 1765",
    "oai3small_1536, 2700",
    "oai3large_1024, 1825",
    "oai3large_256, 505",
    "ngt_sift5k, 160",
    "fmnist1k, 540",
    "w2v_google_300, 735"
  })
  void ofRealVectorsStaysBelow(String name, double bytes) {
    assertThat(mean(SoundFormat.FLOAT32, TestVectors.real(name), new byte[0])).isLessThan(bytes);
  }

  @Test
  void ofRealDoublesStaysBelow() {
    List<Vector> vectors = TestVectors.real("scanpy_f64_200");
    assertThat(mean(SoundFormat.FLOAT64, vectors, new byte[0])).isLessThan(1455);
  }

  @Test
  void ofDoublesThatWereFloatsIsThatOfTheFloats() {
    List<Vector> floats = TestVectors.real("nomic_768");
    List<Vector> doubles =
        floats.stream()
            .map(vector ->
                IntStream.range(0, vector.dimension()).mapToDouble(vector::doubleAt).toArray())
            .map(Vector::sharing)
            .toList();
    double asFloats = mean(SoundFormat.FLOAT32, floats, new byte[0]);
    assertThat(mean(SoundFormat.FLOAT64, doubles, new byte[0])).isLessThan(asFloats + 10);
  }

  /// Checks what every record of real vectors has beyond its vector (24 bits a component, and in
  /// the marker channel the Rice codes of the ranks) and the nine bytes of its id.
  private void assertOverheadBelow(double bytes, UnaryOperator<SoundRecord> fields) {
    ExponentChoice choice = new ExponentChoice(ElementType.FLOAT32);
    for (Vector vector : TestVectors.real("nomic_768")) {
      SoundRecord record = SoundRecord.upsert(SEQUENCE, VectorId.of(EIGHT_BYTE_ID), vector);
      choice.choose(vector.floats(), new int[vector.dimension()]);
      long codes = 0;
      for (float component : vector.floats()) {
        int rank = choice.rankOf()[Float.floatToRawIntBits(component) >>> 23 & 0xFF];
        codes += (rank >> choice.riceParameter()) + 1 + choice.riceParameter();
      }
      double own = 3 * 768 + codes / 8.0 + 9;
      assertThat(size(encoder, fields.apply(record)) - own).isLessThan(bytes);
    }
  }

  /// 38.7 on average.
  @Test
  void hasLessThanFortyBytesOfOverhead() {
    assertOverheadBelow(40, record -> record);
  }

  /// 45.2 on average. The six bytes of the field are two samples of header, which cost two bits
  /// each in the marker channel too.
  @Test
  void hasLessThanFortySixBytesOfOverheadWithTheTimeOfInsertion() {
    assertOverheadBelow(46, record -> record.withInsertedAtMillis(1_700_000_000_000L));
  }

  @Test
  void ofATombstoneIsFortySixBytes() {
    SoundRecord record = SoundRecord.delete(SEQUENCE, VectorId.of(EIGHT_BYTE_ID));
    assertThat(size(encoder, record)).isLessThanOrEqualTo(46);
  }

  @ParameterizedTest
  @CsvSource({"60, 2680", "400, 3045", "20000, 22670"})
  void ofAPayloadIsLittleMoreThanItsBytes(int payload, double bytes) {
    Seeded.run(
        1,
        random -> {
          List<Vector> vectors = TestVectors.real("nomic_768");
          byte[] noise = TestVectors.bytes(random, payload);
          assertThat(mean(SoundFormat.FLOAT32, vectors, noise)).isLessThan(bytes);
        });
  }

  /// A byte more of payload never costs less than nothing, nor more than a frame: so the place of
  /// the payload changes where both places cost about the same.
  @Test
  void growsSteadilyWithThePayload() {
    Seeded.run(
        1,
        random -> {
          Vector vector = TestVectors.usual(random, ElementType.FLOAT32, 768);
          byte[] noise = TestVectors.bytes(random, 600);
          int previous = 0;
          for (int size = 0; size <= noise.length; size++) {
            byte[] payload = Arrays.copyOf(noise, size);
            int now = size(encoder, SoundRecord.upsert(SEQUENCE, VectorId.of(1), vector, payload));
            if (size > 0) {
              assertThat(now - previous).as("payload of %d bytes", size).isBetween(-12, 12);
            }
            previous = now;
          }
        });
  }

  @Test
  void needsNoMemoryForARecord() throws Exception {
    RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    SoundRecord record =
        SoundRecord.upsert(1, VectorId.of(1), Vector.of(new float[768]))
            .withInsertedAtMillis(1_700_000_000_000L)
            .withExpiresAtMillis(1_800_000_000_000L)
            .withAcknowledgedSequence(0);
    byte[] out = new byte[encoder.maxSize(record)];
    long allocated = 0;
    for (int round = 0; round < 3; round++) {
      // The last round counts: by then all buffers have grown and reflection has settled.
      allocated =
          Allocation.during(() -> {
            for (int i = 0; i < 2000; i++) {
              decoder.read(out, 0, encoder.encode(record, out, 0));
              if (decoder.insertedAtMillis() > decoder.expiresAtMillis()
                  || decoder.acknowledgedSequence() != 0
                  || decoder.vectorSequence() != -1
                  || decoder.isExpired()) {
                throw new AssertionError("fields are lost: " + decoder.record());
              }
            }
          });
    }
    assertThat(allocated).isLessThan(2000);
  }
}
