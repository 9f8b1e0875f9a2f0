package io.sonidb.sound;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.sound.TestVectors.Bits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
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
            Bits bits = List.of(Bits.values()).get(dimension % Bits.values().length);
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

  private static int[] sounded(Voice voice, int... words) {
    voice.prepare(new int[][] {words}, words.length);
    int[][] pcm = new int[2][words.length * voice.mostSamples() + Integer.SIZE];
    int samples = voice.sound(0, words.length, pcm, 0);
    int[] sounded = new int[samples];
    for (int i = 0; i < samples; i++) {
      sounded[i] = pcm[0][i] >> voice.shift();
    }
    return sounded;
  }

  /// Whoever must change this test changes the format.
  @Test
  void soundsTheExamplesOfTheDocumentation() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "FORMAT.md")).replaceAll("\\s+", " ");
    Voice frequency = new Frequency();
    int[] tones = sounded(frequency, 0x3f800000, 0xbf000000, 0x3e200000, 0x3dcccccd);
    assertThat(frequency.parameter()).isEqualTo(3);
    assertThat(page).contains(joined(tones));

    Voice pulse = new Pulse();
    int[] levels = sounded(pulse, 0x3f800000, 0xbf000000);
    assertThat(pulse.parameter()).isEqualTo(15);
    assertThat(levels[0]).isEqualTo(-1);
    int[] lengths = new int[32];
    int run = 0;
    for (int i = 0; i < levels.length; i++) {
      run += i > 0 && levels[i] != levels[i - 1] ? 1 : 0;
      lengths[run]++;
    }
    assertThat(page)
        .contains(
            joined(Arrays.copyOf(lengths, 16))
                + " and "
                + joined(Arrays.copyOfRange(lengths, 16, 32))
                + " samples long");
  }

  private static String joined(int[] numbers) {
    return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining(" "));
  }

  /// Each spacing but the first is needed for some vector, and the last for none of many.
  @Test
  void spreadsTheTonesAsFarAsTheyNeed() {
    int[] used = new int[32];
    Seeded.run(
        1,
        random -> {
          for (int i = 0; i < 4000; i++) {
            int[] words = new int[1 + random.nextInt(128)];
            int bits = random.nextInt(33);
            int dense = 1 + random.nextInt(8);
            for (int j = 0; j < words.length; j++) {
              words[j] = random.nextInt(dense) == 0 ? random.nextInt() >>> 1 >>> bits : 0;
            }
            Frequency frequency = new Frequency();
            int[] samples = sounded(frequency, words);
            int[] heard = new int[words.length];
            int spacing = frequency.parameter();
            assertThat(frequency.hear(samples, 0, samples.length, 0, spacing, heard, 0))
                .isEqualTo(words.length);
            assertThat(heard).isEqualTo(words);
            used[spacing]++;
          }
        });
    assertThat(used[3]).isPositive();
    assertThat(used[4] + used[6] + used[9] + used[14]).isPositive();
    assertThat(used[31]).isZero();
  }

  @Test
  void refusesSamplesThatNoWordsSoundLike() {
    Frequency frequency = new Frequency();
    int[] words = new int[1000];
    int[] loud = new int[512];
    Arrays.fill(loud, (1 << 23) - 1);
    assertThat(frequency.hear(loud, 0, 512, 0, 1, words, 0)).isEqualTo(-1);
    assertThat(frequency.hear(new int[512], 0, 512, 0, 0, words, 0)).isEqualTo(-1);
    assertThat(frequency.hear(new int[512], 0, 511, 0, 3, words, 0)).isEqualTo(-1);
    assertThat(frequency.hear(new int[512], 0, 512, 0, 3, words, 0)).isEqualTo(128);
    Pulse pulse = new Pulse();
    assertThat(pulse.hear(new int[64], 0, 64, 0, 0, words, 0)).isEqualTo(-1);
    int[] levels = sounded(pulse, 0x12345678, 0x9ABCDEF0);
    assertThat(pulse.hear(levels, 0, levels.length, 0, 0, words, 0)).isEqualTo(2);
    assertThat(pulse.hear(levels, 0, levels.length - 1, 0, 0, words, 0)).isNotEqualTo(3);
    assertThat(pulse.hear(levels, 1, levels.length, 0, 0, words, 0)).isNotEqualTo(3);
    levels[1] = -1 - levels[1];
    assertThat(pulse.hear(levels, 0, levels.length, 0, 0, words, 0)).isLessThan(3);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void areHeardInPcmWithPiecesCutDoubledAndSilenceBetween(SoundFormat format) {
    Seeded.run(
        2,
        random -> {
          List<SoundRecord> records = new ArrayList<>();
          for (int i = 0; i < 60; i++) {
            records.add(Records.any(random, format.element()));
          }
          int[] starts = Records.starts(format, records);
          int[][] pcm = Records.sound(format, records);
          assertThat(Records.receive(format, pcm, random)).isEqualTo(records);
          Records.Pcm damaged = new Records.Pcm(format.channels());
          List<SoundRecord> whole = new ArrayList<>();
          for (int i = 0; i < records.size(); i++) {
            int size = starts[i + 1] - starts[i];
            int cut = random.nextInt(size);
            switch (random.nextInt(5)) {
              case 0 -> damaged.add(pcm, starts[i], cut);
              case 1 -> damaged.add(pcm, starts[i] + cut + 1, size - cut - 1);
              case 2 -> {
                damaged.add(pcm, starts[i], size).add(pcm, starts[i], size);
                whole.add(records.get(i));
                whole.add(records.get(i));
              }
              case 3 -> {
                damaged.add(new int[format.channels()][random.nextInt(30_000)]);
                damaged.add(pcm, starts[i], size);
                whole.add(records.get(i));
              }
              default -> {
                damaged.add(pcm, starts[i], size);
                whole.add(records.get(i));
              }
            }
          }
          List<SoundRecord> heard = Records.receive(format, damaged.channels(), random);
          // What lost only the padding behind it is whole.
          assertThat(heard).containsAll(whole);
          assertThat(records).containsAll(heard);
        });
  }

  @ParameterizedTest
  @MethodSource("formats")
  void areNeverHeardWrong(SoundFormat format) {
    Seeded.run(
        2,
        random -> {
          List<SoundRecord> records = new ArrayList<>();
          for (int i = 0; i < 40; i++) {
            records.add(Records.any(random, format.element()));
          }
          int[][] pcm = Records.sound(format, records);
          for (int round = 0; round < 20; round++) {
            int channel = random.nextInt(pcm.length);
            int sample = random.nextInt(pcm[channel].length);
            pcm[channel][sample] = pcm[channel][sample] << 8 >> 8 ^ 1 << random.nextInt(23);
          }
          List<SoundRecord> heard = Records.receive(format, pcm, random);
          assertThat(records).containsAll(heard);
          assertThat(heard.size()).isBetween(20, 40);
        });
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
