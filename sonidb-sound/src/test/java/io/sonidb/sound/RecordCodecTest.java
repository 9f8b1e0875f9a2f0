package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.TestVectors.Bits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordCodecTest {
  private static final int[] DIMENSIONS = {
    1, 2, 3, 7, 8, 15, 16, 17, 50, 768, 4597, 4598, 4599, 4607, 4608, 4609, 16383, 16384
  };

  private final RecordEncoder encoder32 = new RecordEncoder(SoundFormat.FLOAT32);
  private final RecordEncoder encoder64 = new RecordEncoder(SoundFormat.FLOAT64);
  private final RecordDecoder decoder32 = new RecordDecoder(SoundFormat.FLOAT32);
  private final RecordDecoder decoder64 = new RecordDecoder(SoundFormat.FLOAT64);

  private void assertComesBack(SoundRecord record, ElementType element) throws Exception {
    boolean single = element == ElementType.FLOAT32;
    RecordEncoder encoder = single ? encoder32 : encoder64;
    RecordDecoder decoder = single ? decoder32 : decoder64;
    int bound = encoder.maxSize(record);
    byte[] out = new byte[bound + 7];
    int size = encoder.encode(record, out, 7);
    assertThat(size).isLessThanOrEqualTo(bound);
    assertThat(decoder.read(out, 7, 7 + size)).isEqualTo(size);
    SoundRecord read = decoder.record();
    assertThat(read).isEqualTo(record);
    assertThat(decoder.hash()).isEqualTo(encoder.hash()).isEqualTo(record.hash());
    assertThat(decoder.samples()).isEqualTo(encoder.samples());
    assertThat(decoder.parts()).isEqualTo(encoder.parts());
    for (int part = 0; part < encoder.parts(); part++) {
      assertThat(decoder.partLength(part)).isEqualTo(encoder.partLength(part));
      assertThat(decoder.partSamples(part))
          .isEqualTo(encoder.partSamples(part))
          .isBetween(16, 4608);
    }
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackEveryBitOfEveryDimension(ElementType element) {
    Seeded.run(
        1,
        random -> {
          for (int dimension : DIMENSIONS) {
            for (Bits bits : Bits.values()) {
              Vector vector = TestVectors.hostile(random, element, dimension, bits);
              assertComesBack(SoundRecord.upsert(dimension, VectorId.of(7), vector), element);
            }
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackEveryExponentAlone(ElementType element) throws Exception {
    boolean single = element == ElementType.FLOAT32;
    for (int exponent = 0; exponent < (single ? 256 : 2048); exponent++) {
      for (int dimension : new int[] {1, 3, 40}) {
        float[] floats = new float[dimension];
        double[] doubles = new double[dimension];
        Arrays.fill(floats, Float.intBitsToFloat(exponent << 23 | 0x2AAAAA | dimension << 31));
        Arrays.fill(doubles, Double.longBitsToDouble((long) exponent << 52 | 0xA_AAAA_5555_1111L));
        Vector vector = single ? Vector.sharing(floats) : Vector.sharing(doubles);
        assertComesBack(SoundRecord.upsert(exponent, VectorId.of(exponent), vector), element);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackAllExponentsTogether(ElementType element) throws Exception {
    float[] floats = new float[512];
    double[] doubles = new double[4096];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(i << 23 | i);
    }
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = Double.longBitsToDouble((long) i << 52 | i);
    }
    Vector vector =
        element == ElementType.FLOAT32 ? Vector.sharing(floats) : Vector.sharing(doubles);
    assertComesBack(SoundRecord.upsert(1, VectorId.of(1), vector), element);
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackAFewExponentsFarFromTheRest(ElementType element) {
    Seeded.run(
        1,
        random -> {
          for (int far : new int[] {1, 2, 254, 255, 256, 300}) {
            double[] values = new double[1000];
            float[] floats = new float[1000];
            for (int i = 0; i < values.length; i++) {
              values[i] = random.nextGaussian() * (i < far ? 1e-30 : 1);
              floats[i] = (float) values[i];
            }
            Vector vector =
                element == ElementType.FLOAT32 ? Vector.sharing(floats) : Vector.sharing(values);
            assertComesBack(SoundRecord.upsert(1, VectorId.of(1), vector), element);
          }
        });
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackNanPayloadsInfinitiesAndSignedZeros(ElementType element) throws Exception {
    Vector vector =
        element == ElementType.FLOAT32
            ? Vector.of(
                0f,
                -0f,
                Float.intBitsToFloat(0x7F800001),
                Float.intBitsToFloat(0xFFBFFFFF),
                Float.intBitsToFloat(0x7FC12345),
                Float.POSITIVE_INFINITY,
                Float.NEGATIVE_INFINITY,
                Float.MIN_VALUE,
                Float.MAX_VALUE)
            : Vector.of(
                0d,
                -0d,
                Double.longBitsToDouble(0x7FF0000000000001L),
                Double.longBitsToDouble(0xFFF7FFFFFFFFFFFFL),
                Double.longBitsToDouble(0x7FF8123456789ABCL),
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                Double.MIN_VALUE,
                Double.MAX_VALUE);
    assertComesBack(SoundRecord.upsert(1, VectorId.of(1), vector), element);
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackPayloadsOfEverySize(ElementType element) {
    int[] sizes = {
      1,
      2,
      127,
      128,
      200,
      250,
      254,
      300,
      400,
      4095,
      4096,
      4097,
      13_780,
      13_822,
      13_823,
      13_824,
      13_825,
      27_600,
      27_646,
      27_647,
      27_648,
      27_649,
      27_700,
      100_000,
      (1 << 20) - 1,
      1 << 20
    };
    Seeded.run(
        1,
        random -> {
          for (int size : sizes) {
            byte[] payload = TestVectors.bytes(random, size);
            VectorId id = VectorIdTest.any(random);
            Vector vector = TestVectors.usual(random, element, 1 + random.nextInt(300));
            assertComesBack(SoundRecord.upsert(size, id, vector, payload), element);
            assertComesBack(SoundRecord.changePayload(size, id, payload), element);
          }
          Vector largest = TestVectors.usual(random, element, Vector.MAX_DIMENSION);
          byte[] payload = TestVectors.bytes(random, SoundRecord.MAX_PAYLOAD_BYTES);
          VectorId id = VectorId.parse("x".repeat(512));
          assertComesBack(SoundRecord.upsert(Long.MAX_VALUE, id, largest, payload), element);
        });
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackRecordsOfEveryKindWithEveryOption(ElementType element) {
    Seeded.run(400, random -> assertComesBack(Records.any(random, element), element));
  }

  @Test
  void tellsAboutARecordWithoutMakingIt() throws Exception {
    VectorId id = VectorId.of(new UUID(5, -5));
    SoundRecord record =
        SoundRecord.upsert(99, id, Vector.of(1f, Float.NaN), new byte[] {1, 2, 3})
            .withAcknowledgedSequence(90)
            .withBatchContinues(true);
    byte[] bytes = Records.encode(encoder32, record);
    decoder32.read(bytes, 0, bytes.length);
    assertThat(decoder32.kind()).isEqualTo(RecordKind.UPSERT);
    assertThat(decoder32.sequence()).isEqualTo(99);
    assertThat(decoder32.id()).isEqualTo(id);
    assertThat(decoder32.isAbout(id)).isTrue();
    assertThat(decoder32.isAbout(VectorId.of(5))).isFalse();
    assertThat(decoder32.idFingerprint()).isEqualTo(id.fingerprint());
    assertThat(decoder32.acknowledgedSequence()).isEqualTo(90);
    assertThat(decoder32.expiresAtMillis()).isEqualTo(-1);
    assertThat(decoder32.batchContinues()).isTrue();
    assertThat(decoder32.payloadSize()).isEqualTo(3);
    assertThat(decoder32.payload()).containsExactly(1, 2, 3);
    float[] vector = new float[decoder32.dimension()];
    decoder32.copyVector(vector);
    assertThat(Vector.sharing(vector)).isEqualTo(record.vector());
    assertThatIllegalStateException().isThrownBy(() -> decoder32.copyVector(new double[2]));
  }

  @Test
  void tellsNothingBeforeARecordAndAfterABrokenOne() throws Exception {
    assertThatIllegalStateException().isThrownBy(decoder32::kind);
    byte[] bytes = Records.encode(encoder32, SoundRecord.delete(1, VectorId.of(1)));
    decoder32.read(bytes, 0, bytes.length);
    bytes[bytes.length - 1]++;
    assertThat(catchThrowable(() -> decoder32.read(bytes, 0, bytes.length)))
        .isInstanceOf(MalformedFlacException.class);
    assertThatIllegalStateException().isThrownBy(decoder32::record);
  }

  @Test
  void tellsThatASkipRecordHasNoId() throws Exception {
    byte[] bytes = Records.encode(encoder32, SoundRecord.skip(8, 3));
    decoder32.read(bytes, 0, bytes.length);
    assertThat(decoder32.skipCount()).isEqualTo(3);
    assertThatIllegalStateException().isThrownBy(decoder32::id);
    assertThatIllegalStateException().isThrownBy(decoder32::idFingerprint);
    assertThatIllegalStateException().isThrownBy(() -> decoder32.isAbout(VectorId.of(0)));
  }

  @Test
  void refusesVectorsOfTheOtherElementType() {
    SoundRecord record = SoundRecord.upsert(1, VectorId.of(1), Vector.of(1d));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder32.encode(record, new byte[1000], 0))
        .withMessageContaining("float64");
  }

  @Test
  void letsEveryFrameBeHeard() throws Exception {
    SoundRecord record =
        SoundRecord.upsert(1, VectorId.of(1), TestVectors.roots(6000), new byte[9000]);
    byte[] bytes = Records.encode(encoder32, record);
    List<Integer> sizes = new ArrayList<>();
    List<Integer> blocks = new ArrayList<>();
    decoder32.read(
        bytes,
        0,
        bytes.length,
        (frame, size) -> {
          sizes.add(size);
          blocks.add(frame.blockSize());
        });
    assertThat(sizes).hasSize(3);
    assertThat(sizes.stream().mapToInt(i -> i).sum()).isEqualTo(bytes.length);
    assertThat(blocks.stream().mapToInt(i -> i).sum()).isEqualTo((int) decoder32.samples());
  }
}
