package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Rice;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FrameEncoderTest {

  private static final AudioFormat STEREO = new AudioFormat(48_000, 2, 24);

  @Test
  void refusesMoreBitsThanItCanCode() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FrameEncoder(new AudioFormat(48_000, 1, 25), SubframeSearch.NOISE))
        .withMessageContaining("4 to 24 bits per sample, not 25");
  }

  @Test
  void refusesSamplesThatDoNotFitAndNamesThem() {
    int[][] pcm = new int[2][100];
    pcm[1][42] = 1 << 23;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encode(STEREO, SubframeSearch.NOISE, pcm, 100))
        .withMessage("sample 8388608 at pcm[1][42] does not fit in 24 bits");
    pcm[1][42] = -(1 << 23) - 1;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encode(STEREO, SubframeSearch.NOISE, pcm, 100))
        .withMessage("sample -8388609 at pcm[1][42] does not fit in 24 bits");
    pcm[1][42] = 0;
    Arrays.fill(pcm[0], Integer.MIN_VALUE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encode(STEREO, SubframeSearch.NOISE, pcm, 100))
        .withMessage("sample -2147483648 at pcm[0][0] does not fit in 24 bits");
  }

  @Test
  void refusesOutputThatIsTooShortBeforeItWrites() {
    FrameEncoder encoder = new FrameEncoder(STEREO, SubframeSearch.NOISE);
    byte[] out = new byte[encoder.maxFrameSize(64) - 1];
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(new int[2][64], 64, 0, out, 0))
        .withMessageContaining("needs " + (out.length + 1) + " bytes");
    assertThat(out).containsOnly(0);
  }

  @Test
  void refusesNumbersAndSizesThatNoHeaderHolds() {
    FrameEncoder encoder = new FrameEncoder(STEREO, SubframeSearch.NOISE);
    byte[] out = new byte[1000];
    int[][] pcm = new int[2][16];
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(pcm, 16, 1L << 36, out, 0))
        .withMessageContaining("68719476736");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encodeFixed(pcm, 16, 1L << 31, out, 0))
        .withMessageContaining("2147483648");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(pcm, 16, -1, out, 0))
        .withMessageContaining("-1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.maxFrameSize(65_536))
        .withMessageContaining("1 to 65535, was 65536");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(pcm, 0, 0, out, 0))
        .withMessageContaining("was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(pcm, 17, 0, out, 0))
        .withMessageContaining("pcm[0] must have 17 samples, has 16");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoder.encode(new int[1][16], 16, 0, out, 0))
        .withMessageContaining("2 channels, has 1");
  }

  @Test
  void writesNothingOutsideItsRoom() {
    Seeds.repeat(
        300,
        random -> {
          AudioFormat format = format(random);
          int size = 1 + random.nextInt(100);
          FrameEncoder encoder = new FrameEncoder(format, search(random));
          int room = encoder.maxFrameSize(size);
          byte[] out = new byte[room + 40];
          Arrays.fill(out, (byte) 0x5a);
          int length = encoder.encode(Pcm.of(random, format, size), size, 0, out, 20);
          assertThat(length).isLessThanOrEqualTo(room);
          assertThat(Arrays.copyOf(out, 20)).containsOnly(0x5a);
          assertThat(Arrays.copyOfRange(out, 20 + room, out.length)).containsOnly(0x5a);
        });
  }

  @Test
  void restoresEverySampleOfAnyFormatAndSignal() {
    Seeds.repeat(3000, FrameEncoderTest::restores);
  }

  @Test
  @Tag("slow")
  void restoresManyMoreSamples() {
    Seeds.explore(50_000, FrameEncoderTest::restores);
  }

  private static void restores(RandomGenerator random) throws MalformedFlacException {
    AudioFormat format = format(random);
    int size =
        switch (random.nextInt(60)) {
          case 0 -> 1 + random.nextInt(65_535);
          case 1 -> 65_535;
          case 2, 3, 4 -> 192 << random.nextInt(3);
          case 5, 6, 7 -> 1 << random.nextInt(12);
          default -> 1 + random.nextInt(900);
        };
    boolean variable = random.nextBoolean();
    long number = random.nextLong() >>> (variable ? 28 : 33) >>> random.nextInt(31);
    int[][] pcm = Pcm.of(random, format, size);
    FrameEncoder encoder = new FrameEncoder(format, search(random));
    byte[] out = new byte[encoder.maxFrameSize(size) + 3];
    int length =
        variable
            ? encoder.encode(pcm, size, number, out, 3)
            : encoder.encodeFixed(pcm, size, number, out, 3);
    assertThat(length + Long.BYTES).isLessThanOrEqualTo(encoder.maxFrameSize(size));

    FrameDecoder decoder = new FrameDecoder(StreamInfo.open(format));
    assertThat(decoder.decode(out, 3, 3 + length)).isEqualTo(length);
    assertThat(decoder.format()).isEqualTo(format);
    assertThat(decoder.number()).isEqualTo(number);
    assertThat(decoder.variableBlockSize()).isEqualTo(variable);
    assertThat(Pcm.of(decoder)).isDeepEqualTo(pcm);
  }

  @Test
  void restoresEveryBlockSize() throws MalformedFlacException {
    AudioFormat format = new AudioFormat(8000, 1, 8);
    FrameEncoder encoder = new FrameEncoder(format, SubframeSearch.NOISE);
    FrameDecoder decoder = new FrameDecoder();
    int[][] pcm = {Pcm.channel(new SplittableRandom(1), Pcm.Kind.QUIET_NOISE, 8, 65_535)};
    byte[] out = new byte[encoder.maxFrameSize(65_535)];
    // All small ones, and every power of two and multiple of 576 with its neighbours among the
    // others.
    for (int size = 1; size <= 65_535; size += size < 1300 ? 1 : 64 + (size & 1)) {
      int length = encoder.encode(pcm, size, 0, out, 0);
      assertThat(decoder.decode(out, 0, length)).isEqualTo(length);
      assertThat(decoder.blockSize()).isEqualTo(size);
      assertThat(Arrays.mismatch(pcm[0], 0, size, decoder.samples(0), 0, size)).isEqualTo(-1);
    }
  }

  @Test
  void writesHeadersThatNeedNoStreamInfoWhereverTheyCan() throws MalformedFlacException {
    FrameDecoder decoder = new FrameDecoder();
    int[] rates = {
      1, 8000, 16000, 22050, 24000, 32000, 39000, 44100, 48000, 65535, 88200, 96000, 176400, 192000,
      255000, 655350
    };
    for (int depth : new int[] {8, 12, 16, 20, 24}) {
      for (int rate : rates) {
        AudioFormat format = new AudioFormat(rate, 1, depth);
        byte[] frame = encode(format, SubframeSearch.NOISE, new int[1][20], 20);
        decoder.decode(frame, 0, frame.length);
        assertThat(decoder.format()).isEqualTo(format);
      }
    }
  }

  @Test
  void codesSonifiedVectorsInNoMoreBitsThanTheyNeed() {
    RandomGenerator random = new SplittableRandom(7);
    int size = 782;
    int[][] pcm = new int[2][size];
    long[] codes = new long[4];
    for (int i = 0; i < size; i++) {
      pcm[0][i] = random.nextInt() >> 8;
      pcm[1][i] = i == 0 ? 1 << 22 : (int) (random.nextGaussian() * 2.5);
      for (int k = 0; k < codes.length; k++) {
        codes[k] += i == 0 ? 0 : (Rice.fold(pcm[1][i]) >>> k) + 1 + k;
      }
    }
    byte[] frame = encode(STEREO, SubframeSearch.NOISE, pcm, size);
    int header = 4 + 1 + 2 + 1;
    int noise = 8 + size * 24;
    // Subframe header, a raw sample, precision, shift, one coefficient, method, order, parameter,
    // codes.
    long small = 8 + 24 + 4 + 5 + 1 + 2 + 4 + 4 + Arrays.stream(codes).min().orElseThrow();
    assertThat((long) frame.length).isEqualTo(header + (noise + small + 7) / 8 + 2);
  }

  @Test
  void codesWastedBitsForNothing() {
    RandomGenerator random = new SplittableRandom(8);
    int[][] pcm = {new int[1000]};
    Arrays.setAll(pcm[0], i -> random.nextBoolean() ? 0 : -(1 << 23));
    byte[] frame = encode(new AudioFormat(48_000, 1, 24), SubframeSearch.NOISE, pcm, 1000);
    // 23 of 24 bits are wasted, so a sample takes one bit: 125 bytes, and 4 of subframe header.
    assertThat(frame).hasSize(8 + 4 + 125 + 2);
  }

  @Test
  void findsTheCheapestOfAllPartitionings() {
    Seeds.repeat(
        400,
        random -> {
          int size = 16 << random.nextInt(3);
          int from = random.nextInt(4);
          int scale = random.nextInt(22);
          int[] residuals = new int[size];
          for (int i = from; i < size; i++) {
            int local = random.nextInt(4) == 0 ? scale : scale / (1 + i / 16);
            residuals[i] = random.nextInt() >> (31 - local) >> random.nextInt(3);
          }
          long sum = 0;
          int union = 0;
          for (int i = from; i < size; i++) {
            sum += Rice.fold(residuals[i]);
            union |= Rice.fold(residuals[i]);
          }
          int maxOrder = random.nextInt(6);
          UnarySums unary = new UnarySums();
          if (random.nextBoolean()) {
            // The first residuals are counted last, after some sums are known.
            int ahead = random.nextInt(1, 10);
            long behind = 0;
            for (int i = from + ahead; i < size; i++) {
              behind += Rice.fold(residuals[i]);
            }
            unary.start(residuals, from + ahead, size, behind);
            unary.of(random.nextInt(31));
            unary.include(from);
          } else {
            unary.start(residuals, from, size, sum);
          }
          Partitioning partitioning = new Partitioning(new PartitionSums());
          assertThat(
                  partitioning.choose(residuals, from, size, maxOrder, sum, union, unary, 1 << 20))
              .isTrue();
          assertThat(partitioning.bits).isEqualTo(cheapest(residuals, from, size, maxOrder));
        });
  }

  @Test
  void writesResidualsOfThirtyTwoBits() {
    Seeds.repeat(
        200,
        random -> {
          int size = 512;
          int[] residuals = random.ints(size, -1000, 1000).toArray();
          for (int n = random.nextInt(1, 4); n > 0; n--) {
            residuals[random.nextInt(size)] = random.nextInt(-Integer.MAX_VALUE, Integer.MAX_VALUE);
          }
          long sum = Rice.sum(residuals, 0, size);
          int union = Arrays.stream(residuals).map(Rice::fold).reduce(0, (a, b) -> a | b);
          UnarySums unary = new UnarySums();
          unary.start(residuals, 0, size, sum);
          Partitioning partitioning = new Partitioning(new PartitionSums());
          int maxOrder = random.nextInt(7);
          assertThat(
                  partitioning.choose(residuals, 0, size, maxOrder, sum, union, unary, 33L * size))
              .isTrue();
          for (Kernels kernels : new Kernels[] {Kernels.SCALAR, Kernels.BEST}) {
            byte[] bytes = new byte[5 * size];
            BitWriter out = new BitWriter(kernels);
            out.start(bytes, 0, bytes.length);
            partitioning.write(out, new RiceWriter(), residuals, 0, size);
            assertThat(8L * out.position + out.pendingBits).isEqualTo(partitioning.bits);
            out.align();
            BitReader in = new BitReader(kernels);
            in.start(bytes, 0, out.position);
            int[] read = new int[size];
            new Residual().read(in, read, 0, size);
            assertThat(read).isEqualTo(residuals);
          }
        });
  }

  /// Tries everything.
  private static long cheapest(int[] residuals, int from, int size, int maxOrder) {
    long cheapest = Long.MAX_VALUE;
    for (int order = 0; order <= maxOrder; order++) {
      if (size % (1 << order) != 0 || size >> order <= from) {
        continue;
      }
      for (int parameterBits = 4; parameterBits <= 5; parameterBits++) {
        long bits = 2 + 4;
        for (int part = 0; part < 1 << order; part++) {
          int start = part == 0 ? from : part * (size >> order);
          int end = (part + 1) * (size >> order);
          long best = Long.MAX_VALUE;
          for (int k = 0; k < (1 << parameterBits) - 1; k++) {
            long length = 0;
            for (int i = start; i < end; i++) {
              length += (Rice.fold(residuals[i]) >>> k) + 1 + k;
            }
            best = Math.min(best, length);
          }
          int width = 0;
          for (int i = start; i < end; i++) {
            int folded = Rice.fold(residuals[i]);
            width = Math.max(width, 32 - Integer.numberOfLeadingZeros(folded));
          }
          bits += parameterBits + Math.min(best, 5 + (long) width * (end - start));
        }
        cheapest = Math.min(cheapest, bits);
      }
    }
    return cheapest;
  }

  @Test
  void predictsWhatFixedPredictorsCannot() {
    AudioFormat format = new AudioFormat(44_100, 1, 16);
    int[][] pcm = {Pcm.channel(new SplittableRandom(2), Pcm.Kind.CHORD, 16, 4096)};
    int fixed = encode(format, new SubframeSearch(4, 6, 0), pcm, 4096).length;
    int linear = encode(format, SubframeSearch.MUSIC, pcm, 4096).length;
    assertThat(linear).isLessThan(fixed * 2 / 3);
  }

  @Test
  void codesChannelsThatAreAlikeAsOneAndADifference() {
    AudioFormat format = new AudioFormat(44_100, 2, 16);
    int[] left = Pcm.channel(new SplittableRandom(3), Pcm.Kind.NOISE, 16, 4096);
    int[] right = Arrays.stream(left).map(sample -> Math.max(sample - 1, -32768)).toArray();
    byte[] alike = encode(format, SubframeSearch.MUSIC, new int[][] {left, right}, 4096);
    assertThat(alike.length).isLessThan(4096 * 17 / 8);
    byte[] opposite =
        encode(
            format,
            SubframeSearch.MUSIC,
            new int[][] {left, Arrays.stream(left).map(sample -> ~sample).toArray()},
            4096);
    // Both channels are one sample of the mean: always -1.
    assertThat(opposite.length).isLessThan(4096 * 18 / 8);
  }

  @Test
  void looksForNoPredictorsUnlessAsked() {
    int[][] pcm = {Pcm.channel(new SplittableRandom(2), Pcm.Kind.CHORD, 16, 4096)};
    byte[] frame = encode(new AudioFormat(44_100, 1, 16), SubframeSearch.NOISE, pcm, 4096);
    // Header of 6 bytes; then the type of the first subframe, of which 32 or more is linear.
    int type = frame[6] >> 1;
    assertThat(type).isLessThanOrEqualTo(32);
  }

  @Test
  void neverCodesMoreBitsWhenItSearchesHarder() {
    Seeds.repeat(
        150,
        random -> {
          AudioFormat format = format(random);
          int size = 16 + random.nextInt(600);
          int[][] pcm = Pcm.of(random, format, size);
          int little = encode(format, new SubframeSearch(0, 0, 0), pcm, size).length;
          int more = encode(format, SubframeSearch.NOISE, pcm, size).length;
          int most = encode(format, SubframeSearch.EXHAUSTIVE, pcm, size).length;
          int music = encode(format, SubframeSearch.MUSIC, pcm, size).length;
          assertThat(music).isLessThanOrEqualTo(little);
          assertThat(more).isLessThanOrEqualTo(little);
          assertThat(most).isLessThanOrEqualTo(more);
        });
  }

  private static AudioFormat format(RandomGenerator random) {
    int[] rates = {0, 8000, 44_100, 48_000, 96_000, 39_000, 12_345, 655_350, 767_990, 1_048_575};
    return new AudioFormat(
        rates[random.nextInt(rates.length)], 1 + random.nextInt(8), 4 + random.nextInt(21));
  }

  private static SubframeSearch search(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> SubframeSearch.NOISE;
      case 1 -> SubframeSearch.MUSIC;
      case 2 -> SubframeSearch.EXHAUSTIVE;
      default ->
          new SubframeSearch(
              random.nextInt(5),
              random.nextInt(16),
              random.nextInt(33),
              random.nextInt(33),
              random.nextBoolean());
    };
  }

  private static byte[] encode(
      AudioFormat format, SubframeSearch search, int[][] pcm, int blockSize) {
    FrameEncoder encoder = new FrameEncoder(format, search);
    byte[] out = new byte[encoder.maxFrameSize(blockSize)];
    return Arrays.copyOf(out, encoder.encode(pcm, blockSize, 0, out, 0));
  }
}
