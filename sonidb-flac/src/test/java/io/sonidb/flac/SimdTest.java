package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.flac.kernel.Kernels;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// The codec with the loops of this machine against the codec with plain ones.
class SimdTest {

  private static final SubframeSearch[] SEARCHES = {
    SubframeSearch.NOISE,
    SubframeSearch.MUSIC,
    SubframeSearch.EXHAUSTIVE,
    new SubframeSearch(2, 3, 0),
    new SubframeSearch(4, 15, 0, 32, true)
  };

  @Test
  void tellsWhichLoopsItRuns() {
    assertThat(FlacKernels.name()).isEqualTo(Kernels.BEST.name()).matches("scalar|simd\\d+");
  }

  @Test
  void writesAndReadsTheSameAsPlainLoops() {
    Seeds.repeat(300, SimdTest::compare);
    Seeds.explore(300, SimdTest::compare);
  }

  private static void compare(RandomGenerator random) throws MalformedFlacException {
    int depth = random.nextBoolean() ? 24 : random.nextInt(4, 25);
    AudioFormat format = new AudioFormat(48_000, random.nextInt(1, 4), depth);
    SubframeSearch search = SEARCHES[random.nextInt(SEARCHES.length)];
    int size = random.nextInt(1, random.nextBoolean() ? 100 : 3000);
    int[][] pcm = Pcm.of(random, format, size);
    byte[] plain = encode(new FrameEncoder(format, search, Kernels.SCALAR), pcm, size);
    byte[] simd = encode(new FrameEncoder(format, search, Kernels.BEST), pcm, size);
    assertThat(simd).isEqualTo(plain);
    for (Kernels kernels : new Kernels[] {Kernels.SCALAR, Kernels.BEST}) {
      FrameDecoder decoder = new FrameDecoder(StreamInfo.open(format), kernels);
      assertThat(decoder.decode(plain, 0, plain.length)).isEqualTo(plain.length);
      assertThat(Pcm.of(decoder)).isEqualTo(pcm);
    }
  }

  /// Encodes into the middle of an array, of which no other byte may change.
  private static byte[] encode(FrameEncoder encoder, int[][] pcm, int size) {
    int room = encoder.maxFrameSize(size);
    byte[] out = new byte[room + 200];
    Arrays.fill(out, (byte) 0x5a);
    int length = encoder.encode(pcm, size, 1234, out, 100);
    for (int i = 0; i < 100; i++) {
      assertThat(out[i]).isEqualTo((byte) 0x5a);
      assertThat(out[100 + room + i]).isEqualTo((byte) 0x5a);
    }
    return Arrays.copyOfRange(out, 100, 100 + length);
  }
}
