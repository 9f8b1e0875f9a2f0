package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.flac.kernel.BigEndian;
import io.sonidb.flac.kernel.Kernels;
import io.sonidb.flac.kernel.Rice;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Whatever a batch holds, each frame comes out as from [FrameDecoder].
class FrameBatchDecoderTest {

  private static final Kernels[] KERNELS = {Kernels.SCALAR, Kernels.BEST};

  @Test
  void refusesToShowAFrameThatIsMalformed() {
    Batch batch = new Batch();
    batch.add(new byte[20]);
    FrameBatchDecoder decoder = batch.decode(Kernels.BEST);
    assertThat(decoder.problem(0)).isPresent();
    assertThatThrownBy(() -> decoder.frame(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> decoder.size(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> decoder.problem(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void leavesOthersAloneWhenOneIsDamaged() {
    Seeds.repeat(
        200,
        random -> {
          Batch batch = alike(random, 32, 8, 20);
          int damaged = random.nextInt(32);
          int at = batch.offset(damaged) + random.nextInt(batch.size(damaged));
          batch.flip(at, 1 << random.nextInt(8));
          batch.verify();
          for (Kernels kernels : KERNELS) {
            FrameBatchDecoder decoder = batch.decode(kernels);
            for (int i = 0; i < 32; i++) {
              assertThat(decoder.problem(i).isPresent()).isEqualTo(i == damaged);
            }
          }
        });
  }

  @Test
  void noticesThatAFrameIsCutOff() {
    Seeds.repeat(
        200,
        random -> {
          Batch batch = alike(random, 16, 8, 20);
          int cut = random.nextInt(16);
          batch.cut(cut, random.nextInt(batch.size(cut)));
          batch.verify();
        });
  }

  @Test
  void readsFramesThatAreAlike() {
    Seeds.repeat(
        200,
        random -> {
          int depth = random.nextInt(8, 25);
          double sigma = Math.pow(2, random.nextDouble(0, depth - 3));
          alike(random, random.nextInt(1, 50), depth, sigma).verify();
        });
  }

  @Test
  void readsFramesOfWhichSomeHaveLongCodes() {
    Seeds.repeat(
        100,
        random -> {
          Batch batch = new Batch();
          for (int i = 0; i < 16; i++) {
            int[][] pcm = gaussian(random, 1, 400, 16, 20);
            if (random.nextInt(4) == 0) {
              pcm[0][random.nextInt(400)] = random.nextInt(-1500, 1500);
            }
            batch.add(new AudioFormat(48_000, 1, 16), pcm);
          }
          batch.verify();
        });
  }

  @Test
  void readsFramesWhoseParametersDiffer() {
    Seeds.repeat(
        100,
        random -> {
          Batch batch = new Batch();
          for (int i = 0; i < 34; i++) {
            double sigma = Math.pow(2, random.nextDouble(4, 11));
            batch.add(new AudioFormat(48_000, 1, 16), gaussian(random, 1, 500, 16, sigma));
          }
          batch.verify();
        });
  }

  @Test
  void readsSmallCodesWithLongOnesAmongThem() {
    Seeds.repeat(
        200,
        random -> {
          Batch batch = new Batch();
          for (int i = 0; i < 19; i++) {
            int[][] pcm = gaussian(random, 2, 600, 24, random.nextDouble(0.3, 6));
            for (int n = random.nextInt(20); n > 0; n--) {
              pcm[random.nextInt(2)][random.nextInt(600)] = random.nextInt(-90, 90);
            }
            batch.add(new AudioFormat(48_000, 2, 24), pcm);
          }
          batch.verify();
        });
  }

  @Test
  void leavesSamplesOfFramesAsVectorsMakeThem() {
    Seeds.repeat(
        100,
        random -> {
          Batch batch = new Batch();
          int size = random.nextInt(20, 900);
          for (int i = 0; i < 33; i++) {
            int[][] pcm = gaussian(random, 2, size, 24, 2);
            Arrays.setAll(pcm[0], n -> random.nextInt() >> 8);
            pcm[1][0] = 1 << 22 | size - 1;
            for (int n = random.nextInt(5); n > 0; n--) {
              pcm[1][1 + random.nextInt(size - 1)] = random.nextInt(-70, 70);
            }
            if (random.nextInt(60) == 0) {
              pcm[1][1 + random.nextInt(size - 1)] = random.nextInt(-400, 400);
            }
            batch.add(new AudioFormat(48_000, 2, 24), pcm);
          }
          batch.verify();
          if (Kernels.BEST.lanes() > 0) {
            FrameBatchDecoder decoder = batch.decode(Kernels.BEST);
            assertThat(decoder.frame(0).plainSamples(0)).isEqualTo(-1);
            assertThat(decoder.frame(0).isFolded(1)).isFalse();
          }
        });
  }

  @Test
  void readsFramesOfWhichSomeAreLonger() {
    Seeds.repeat(
        60,
        random -> {
          Batch batch = new Batch();
          int size = random.nextInt(1, 900);
          int more = random.nextInt(1, 2 * size + 2);
          double sigma = Math.pow(2, random.nextDouble(-1, 8));
          for (int i = 0; i < 33; i++) {
            int[][] pcm = gaussian(random, 2, size + random.nextInt(more), 24, sigma);
            if (random.nextInt(20) == 0) {
              pcm[1][pcm[1].length - 1] = random.nextInt(-90, 90) * (1 + (int) sigma);
            }
            batch.add(new AudioFormat(48_000, 2, 24), pcm);
          }
          batch.verify();
        });
  }

  @Test
  void readsFewerFramesThanThereAreLanes() {
    Seeds.repeat(
        60,
        random -> {
          int depth = random.nextInt(8, 25);
          alike(random, random.nextInt(7, 16), depth, random.nextDouble(0.5, 20)).verify();
        });
  }

  @Test
  void readsFramesOfAllKinds() {
    Seeds.explore(
        50,
        random -> {
          FrameGenerator generator = new FrameGenerator(random);
          Batch batch = new Batch();
          for (int i = 0; i < 40; i++) {
            batch.add(generator.frame().bytes);
          }
          batch.verify();
        });
  }

  private static Batch alike(RandomGenerator random, int count, int depth, double sigma) {
    int size = random.nextInt(1, 1000);
    int channels = random.nextInt(1, 3);
    Batch batch = new Batch();
    for (int i = 0; i < count; i++) {
      batch.add(
          new AudioFormat(48_000, channels, depth == 8 ? 8 : depth <= 16 ? 16 : 24),
          gaussian(random, channels, size, depth, sigma));
    }
    return batch;
  }

  private static int[][] gaussian(
      RandomGenerator random, int channels, int size, int depth, double sigma) {
    int max = (1 << (depth - 1)) - 1;
    int[][] pcm = new int[channels][size];
    for (int[] channel : pcm) {
      Arrays.setAll(
          channel, i -> Math.clamp(Math.round(sigma * random.nextGaussian()), -max - 1, max));
    }
    return pcm;
  }

  /// Frames one behind the other.
  private static final class Batch {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int[] offsets = {};
    private int[] limits = {};
    private int flipped;
    private int mask;

    void add(AudioFormat format, int[][] pcm) {
      FrameEncoder encoder = new FrameEncoder(format, SubframeSearch.NOISE);
      byte[] out = new byte[encoder.maxFrameSize(pcm[0].length)];
      add(Arrays.copyOf(out, encoder.encode(pcm, pcm[0].length, 7, out, 0)));
    }

    void add(byte[] frame) {
      offsets = Arrays.copyOf(offsets, offsets.length + 1);
      limits = Arrays.copyOf(limits, limits.length + 1);
      offsets[offsets.length - 1] = bytes.size();
      bytes.writeBytes(frame);
      limits[limits.length - 1] = bytes.size();
    }

    int offset(int index) {
      return offsets[index];
    }

    int size(int index) {
      return limits[index] - offsets[index];
    }

    void flip(int at, int bits) {
      flipped = at;
      mask = bits;
    }

    void cut(int index, int size) {
      limits[index] = offsets[index] + size;
    }

    private byte[] content() {
      byte[] content = bytes.toByteArray();
      content[flipped] ^= (byte) mask;
      return content;
    }

    FrameBatchDecoder decode(Kernels kernels) {
      FrameBatchDecoder decoder = new FrameBatchDecoder(kernels);
      decoder.decode(content(), offsets, limits, offsets.length);
      return decoder;
    }

    void verify() {
      byte[] content = content();
      for (Kernels kernels : KERNELS) {
        verify(content, new FrameBatchDecoder(kernels));
        verify(content, new FrameBatchDecoder(kernels).leaveSamples());
      }
    }

    private void verify(byte[] content, FrameBatchDecoder decoder) {
      // Twice, so that nothing may be left over from the first time.
      decoder.decode(content, offsets, limits, offsets.length);
      int wellFormed = decoder.decode(content, offsets, limits, offsets.length);
      int expected = 0;
      for (int i = 0; i < offsets.length; i++) {
        expected += verify(content, decoder, i) ? 1 : 0;
      }
      assertThat(wellFormed).isEqualTo(expected);
    }

    /// @return whether the frame is well-formed
    private boolean verify(byte[] content, FrameBatchDecoder decoder, int index) {
      FrameDecoder single = new FrameDecoder();
      try {
        int size = single.decode(content, offsets[index], limits[index]);
        assertThat(decoder.problem(index)).isEmpty();
        assertThat(decoder.size(index)).isEqualTo(size);
      } catch (MalformedFlacException e) {
        assertThat(decoder.problem(index)).isPresent();
        MalformedFlacException problem = decoder.problem(index).get();
        assertThat(problem).hasMessage(e.getMessage());
        assertThat(problem.truncated()).isEqualTo(e.truncated());
        return false;
      }
      FrameDecoder frame = decoder.frame(index);
      assertThat(frame.number()).isEqualTo(single.number());
      assertThat(frame.format()).isEqualTo(single.format());
      for (int channel = 0; channel < frame.format().channels(); channel++) {
        verifyLeft(content, frame, channel, single.samples(channel), single.blockSize());
      }
      assertThat(Pcm.of(frame)).isEqualTo(Pcm.of(single));
      return true;
    }

    private static void verifyLeft(
        byte[] content, FrameDecoder frame, int channel, int[] samples, int size) {
      int at = frame.plainSamples(channel);
      boolean isFolded = frame.isFolded(channel);
      if (isFolded) {
        assertThat(frame.firstSample(channel)).isEqualTo(samples[0]);
      }
      for (int i = 0; i < size; i++) {
        if (at >= 0) {
          assertThat(BigEndian.readTriple(content, at + 3 * i) << 8 >> 8).isEqualTo(samples[i]);
        }
        if (isFolded && i > 0) {
          assertThat(Rice.unfold(frame.foldedSamples()[i] & 0xff)).isEqualTo(samples[i]);
        }
      }
    }
  }
}
