package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.TestVectors.Bits;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Vectors sounded by frequency and by pulse.
class VoiceTest {
  static List<SoundFormat> formats() {
    return List.of(
        new SoundFormat(ElementType.FLOAT32, Sonification.FREQUENCY),
        new SoundFormat(ElementType.FLOAT64, Sonification.FREQUENCY),
        new SoundFormat(ElementType.FLOAT32, Sonification.PULSE),
        new SoundFormat(ElementType.FLOAT64, Sonification.PULSE));
  }

  static List<Arguments> largestVectors() {
    return formats().stream()
        .flatMap(format ->
            List.of(0L, -1L, 0x7FF0_0000_0000_0000L, 0x1234_5678_9ABC_DEF0L).stream()
                .map(bits -> Arguments.of(format, bits)))
        .toList();
  }

  private static SoundRecord read(SoundFormat format, byte[] bytes) throws Exception {
    RecordDecoder decoder = new RecordDecoder(format);
    assertThat(decoder.read(bytes, 0, bytes.length)).isEqualTo(bytes.length);
    return decoder.record();
  }

  private static void assertComesBack(SoundFormat format, SoundRecord record) throws Exception {
    RecordEncoder encoder = new RecordEncoder(format);
    byte[] bytes = Records.encode(encoder, record);
    assertThat(bytes.length).isLessThanOrEqualTo(encoder.maxSize(record));
    assertThat(bytes.length).isLessThan(1 << 21);
    // A collection may hold records of every sonification; the decoder is not told which.
    assertThat(read(SoundFormat.of(format.element()), bytes)).isEqualTo(record);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void bringsBackVectorsOfAnyBits(SoundFormat format) {
    Seeded.run(
        20,
        random -> {
          for (int i = 0; i < 10; i++) {
            assertComesBack(format, Records.any(random, format.element()));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("formats")
  void bringsBackVectorsOfEveryDimensionUpToThreeBlocks(SoundFormat format) {
    Seeded.run(
        1,
        random -> {
          for (int dimension = 1; dimension <= 400; dimension++) {
            Bits bits = Bits.values()[dimension % Bits.values().length];
            Vector vector = TestVectors.hostile(random, format.element(), dimension, bits);
            assertComesBack(format, SoundRecord.upsert(1, VectorId.of(2), vector));
          }
        });
  }

  private static Vector filled(SoundFormat format, int dimension, long bits) {
    if (format.element() == ElementType.FLOAT32) {
      float[] floats = new float[dimension];
      Arrays.fill(floats, Float.intBitsToFloat((int) bits));
      return Vector.sharing(floats);
    }
    double[] doubles = new double[dimension];
    Arrays.fill(doubles, Double.longBitsToDouble(bits));
    return Vector.sharing(doubles);
  }

  @ParameterizedTest
  @MethodSource("largestVectors")
  void bringsBackTheLargestVectorWithTheLargestPayload(SoundFormat format, long bits)
      throws Exception {
    byte[] payload = new byte[SoundRecord.MAX_PAYLOAD_BYTES];
    Arrays.fill(payload, (byte) 0xA5);
    Vector vector = filled(format, Vector.MAX_DIMENSION, bits);
    assertComesBack(
        format, SoundRecord.upsert(1, VectorId.parse("x".repeat(512)), vector, payload));
    assertComesBack(format, SoundRecord.upsert(1, VectorId.parse("x".repeat(512)), vector));
    assertComesBack(format, SoundRecord.upsert(1, VectorId.of(1), vector, new byte[300]));
  }

  /// Few bytes that are not 0 make few lines, whose rounding errors are alike.
  @ParameterizedTest
  @MethodSource("formats")
  void bringsBackVectorsOfOneByte(SoundFormat format) throws Exception {
    for (int place = 0; place < format.element().bits(); place++) {
      for (int dimension : new int[] {1, 3, 128, 300}) {
        Vector vector = filled(format, dimension, 0);
        if (format.element() == ElementType.FLOAT32) {
          vector.floats()[dimension / 2] = Float.intBitsToFloat(1 << place);
        } else {
          vector.doubles()[dimension / 2] = Double.longBitsToDouble(1L << place);
        }
        assertComesBack(format, SoundRecord.upsert(1, VectorId.of(2), vector));
      }
    }
  }

  @Test
  void encodesAndDecodesTheCosineTransform() {
    Seeded.run(
        3,
        random -> {
          for (int size = Cosines.MIN_SIZE; size <= Cosines.MAX_SIZE; size *= 2) {
            double[] samples = random.doubles(size, -1000, 1000).toArray();
            double[] block = samples.clone();
            Cosines.of(size).analyse(block, new double[size]);
            for (int line = 0; line < size; line++) {
              assertThat(Math.abs(block[line] - line(samples, line))).isLessThan(1e-8);
            }
            Cosines.of(size).synthesise(block, new double[size]);
            for (int i = 0; i < size; i++) {
              assertThat(Math.abs(block[i] - samples[i])).isLessThan(1e-8);
            }
          }
        });
  }

  private static double line(double[] samples, int line) {
    double sum = 0;
    for (int i = 0; i < samples.length; i++) {
      sum += samples[i] * Math.cos((2 * i + 1) * line * Math.PI / (2 * samples.length));
    }
    return sum * Math.sqrt((line == 0 ? 1.0 : 2.0) / samples.length);
  }

  @ParameterizedTest
  @CsvSource({
    "FREQUENCY, nomic_768, 1.27",
    "FREQUENCY, notion_hf_768, 1.27",
    "FREQUENCY, emoji2vec_300, 1.30",
    "FREQUENCY, scanpy_f64_200, 1.31",
    "FREQUENCY, fmnist1k, 1.35",
    "PULSE, nomic_768, 1.21",
    "PULSE, notion_hf_768, 1.21",
    "PULSE, emoji2vec_300, 1.25",
    "PULSE, scanpy_f64_200, 1.35",
    "PULSE, fmnist1k, 1.35"
  })
  void ofRealVectorsTakeLittleMoreThanRaw(Sonification sonification, String set, double most)
      throws Exception {
    List<Vector> vectors = TestVectors.real(set);
    SoundFormat format = new SoundFormat(vectors.getFirst().elementType(), sonification);
    RecordEncoder encoder = new RecordEncoder(format);
    long raw = 0;
    long size = 0;
    for (int i = 0; i < vectors.size(); i++) {
      SoundRecord record =
          SoundRecord.upsert(3_000_000 + i, VectorId.of(3_000_000 + i), vectors.get(i));
      byte[] bytes = Records.encode(encoder, record);
      assertThat(read(format, bytes)).isEqualTo(record);
      raw += (long) vectors.get(i).dimension() * format.element().bits() / 8;
      size += bytes.length;
    }
    assertThat((double) size / raw).isLessThan(most);
  }
}
