package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.management.ThreadMXBean;
import io.sonidb.flac.kernel.Kernels;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Encoder and decoder in steady state allocate nothing.
class AllocationTest {

  private static final int FRAMES = 10_000;

  /// Of all frames together. The compiler removes the objects of vectors only once it has compiled
  /// their loops, which the warm-up forces.
  private static final long MOST_BYTES = FRAMES;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private interface Work {
    void run() throws MalformedFlacException;
  }

  @Test
  void codesFloatLikeFramesWithoutAllocation() throws MalformedFlacException {
    neverAllocates(
        SubframeSearch.NOISE,
        new AudioFormat(48_000, 2, 24),
        FRAMES,
        Pcm.Kind.NOISE,
        Pcm.Kind.CONTROL_WORD);
  }

  @Test
  void codesByteLikeFramesWithoutAllocation() throws MalformedFlacException {
    neverAllocates(
        SubframeSearch.NOISE, new AudioFormat(48_000, 1, 8), FRAMES, Pcm.Kind.QUIET_NOISE);
  }

  @Test
  void codesSoundWithoutAllocation() throws MalformedFlacException {
    neverAllocates(
        SubframeSearch.MUSIC,
        new AudioFormat(44_100, 2, 16),
        FRAMES / 20,
        Pcm.Kind.CHORD,
        Pcm.Kind.SINE);
  }

  private static void neverAllocates(
      SubframeSearch search, AudioFormat format, int frames, Pcm.Kind... kinds)
      throws MalformedFlacException {
    assumeThat(THREADS.isThreadAllocatedMemorySupported()).isTrue();
    int[][] pcm = new int[kinds.length][];
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] =
          Pcm.channel(new SplittableRandom(7), kinds[channel], format.bitsPerSample(), 768);
    }
    FrameEncoder encoder = new FrameEncoder(format, search, Kernels.BEST);
    FrameDecoder decoder = new FrameDecoder(StreamInfo.open(format), Kernels.BEST);
    byte[] frame = new byte[encoder.maxFrameSize(768)];
    Work both =
        () -> {
          int length = encoder.encode(pcm, 768, 12_345, frame, 0);
          decoder.decode(frame, 0, length);
        };
    assertThat(leastAllocated(both, frames)).isLessThan(MOST_BYTES);
  }

  /// Bytes, the least of some runs: the first ones are not compiled yet.
  private static long leastAllocated(Work work, int frames) throws MalformedFlacException {
    long least = Long.MAX_VALUE;
    for (int run = 0; run < 20 && least >= MOST_BYTES; run++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < frames; i++) {
        work.run();
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}
