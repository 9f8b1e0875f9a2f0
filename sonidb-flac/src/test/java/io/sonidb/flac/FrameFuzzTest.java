package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Bytes of an attacker, with the checksums switched off, so that they reach the code behind them.
/// With `JAZZER_FUZZ=1` Jazzer looks for new ones; otherwise those that it has found and kept run
/// again.
class FrameFuzzTest {

  private static final StreamInfo[] INFOS = {
    StreamInfo.open(new AudioFormat(48_000, 2, 24)),
    StreamInfo.open(new AudioFormat(48_000, 2, 32)),
    StreamInfo.open(new AudioFormat(0, 1, 4)),
    StreamInfo.open(new AudioFormat(1, 8, 17)),
  };

  @FuzzTest(maxDuration = "2m")
  void decodesOrRefusesAnyFrame(byte[] bytes) {
    FrameDecoder free = new FrameDecoder(false, INFOS[0], false);
    decode(free, bytes);
    for (StreamInfo info : INFOS) {
      decode(new FrameDecoder(true, info, false), bytes);
    }
  }

  @FuzzTest(maxDuration = "2m")
  void readsOrRefusesAnyStream(byte[] bytes) {
    try (FlacReader reader = FlacReader.open(new ByteArrayInputStream(bytes))) {
      while (reader.next()) {
        assertThat(reader.blockSize()).isPositive();
      }
      reader.verifyMd5();
    } catch (MalformedFlacException e) {
      assertThat(e.offset()).isBetween(0L, (long) bytes.length);
    } catch (UnsupportedFlacException e) {
      assertThat(e.offset()).isBetween(0L, (long) bytes.length);
    } catch (IOException e) {
      throw new AssertionError("no input or output can fail here", e);
    }
  }

  /// What Jazzer would do, for builds that do not run it: valid frames, changed in a few places.
  @Test
  void decodesOrRefusesFramesThatWereChanged() {
    Seeds.repeat(3000, FrameFuzzTest::decodeChanged);
  }

  @Test
  @Tag("slow")
  void decodesOrRefusesManyMoreFramesThatWereChanged() {
    Seeds.explore(100_000, FrameFuzzTest::decodeChanged);
  }

  private static void decodeChanged(RandomGenerator random) {
    FrameGenerator.Frame frame = new FrameGenerator(random).frame();
    byte[] bytes = frame.bytes.clone();
    for (int i = random.nextInt(8); i >= 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? bytes.length : Math.min(bytes.length, 40));
      bytes[at] =
          switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> (byte) (bytes[at] ^ 1 << random.nextInt(8));
            default -> (byte) random.nextInt();
          };
    }
    decode(new FrameDecoder(true, StreamInfo.open(frame.format), false), bytes);
    decode(new FrameDecoder(false, StreamInfo.open(frame.format), false), bytes);
  }

  private static void decode(FrameDecoder decoder, byte[] bytes) {
    try {
      int length = decoder.decode(bytes, 0, bytes.length);
      assertThat(length).isBetween(1, bytes.length);
      int depth = decoder.format().bitsPerSample();
      assertThat(decoder.blockSize()).isBetween(1, 65_535);
      for (int channel = 0; channel < decoder.format().channels(); channel++) {
        int union = 0;
        for (int i = 0; i < decoder.blockSize(); i++) {
          int sample = decoder.samples(channel)[i];
          union |= sample ^ sample >> 31;
        }
        assertThat(union >>> (depth - 1)).as("bits outside %s", decoder.format()).isZero();
      }
    } catch (MalformedFlacException e) {
      assertThat(e.offset()).isBetween(0L, (long) bytes.length);
    }
  }
}
