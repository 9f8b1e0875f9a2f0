package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FramesTest {

  private static final AudioFormat FORMAT = new AudioFormat(48_000, 2, 24);

  @Test
  void refusesToRenumberWhatIsNoFrame() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Frames.renumber(new byte[100], 3, 90, 0, new byte[200], 0))
        .withMessageContaining("no frame of 90 bytes at offset 3: no frame sync code");
    byte[] frame = frame(16, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Frames.renumber(frame, 0, 8, 0, new byte[200], 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Frames.renumber(frame, 0, frame.length, 1L << 36, new byte[200], 0))
        .withMessageContaining("0 to 2^36 - 1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Frames.renumber(frame, 0, frame.length, 1 << 30, new byte[frame.length], 0))
        .withMessageContaining("needs " + (frame.length + 5) + " bytes");
  }

  @Test
  void keepsDamageVisible() {
    Seeds.repeat(
        500,
        random -> {
          int size = 1 + random.nextInt(300);
          byte[] frame = frame(size, random.nextInt(1 << 20));
          assertThat(Frames.isWhole(frame, 0, frame.length, size)).isTrue();
          assertThat(Frames.isWhole(frame, 0, frame.length, size + 1)).isFalse();
          assertThat(Frames.isWhole(frame, 0, frame.length - 1, size)).isFalse();
          // The header's last byte is its CRC-8; what follows may be damaged and still be
          // renumbered.
          int bit = 8 * 12 + random.nextInt(8 * (frame.length - 12));
          frame[bit / 8] ^= (byte) (128 >> bit % 8);
          assertThat(Frames.isWhole(frame, 0, frame.length, size)).isFalse();
          byte[] out = new byte[frame.length + Frames.MAX_RENUMBER_GROWTH];
          int length = Frames.renumber(frame, 0, frame.length, random.nextLong() >>> 28, out, 0);
          assertThat(Frames.crc16(out, 0, length)).isNotZero();
        });
  }

  @Test
  void writesWhatTheEncoderWritesUnderThatNumber() {
    Seeds.repeat(
        500,
        random -> {
          int size = 1 + random.nextInt(400);
          int[][] pcm = Pcm.of(random, FORMAT, size);
          FrameEncoder encoder = new FrameEncoder(FORMAT, SubframeSearch.NOISE);
          byte[] first = new byte[encoder.maxFrameSize(size)];
          byte[] second = new byte[encoder.maxFrameSize(size)];
          boolean variable = random.nextBoolean();
          int bits = variable ? 36 : 31;
          long from = random.nextLong() >>> (64 - bits) >>> random.nextInt(bits);
          long to = random.nextLong() >>> (64 - bits) >>> random.nextInt(bits);
          int length =
              variable
                  ? encoder.encode(pcm, size, from, first, 0)
                  : encoder.encodeFixed(pcm, size, from, first, 0);
          int expected =
              variable
                  ? encoder.encode(pcm, size, to, second, 0)
                  : encoder.encodeFixed(pcm, size, to, second, 0);
          byte[] out = new byte[expected + 5];
          assertThat(Frames.renumber(first, 0, length, to, out, 5)).isEqualTo(expected);
          assertThat(Arrays.copyOfRange(out, 5, out.length))
              .isEqualTo(Arrays.copyOf(second, expected));
          assertThat(expected - length).isLessThanOrEqualTo(Frames.MAX_RENUMBER_GROWTH);
        });
  }

  @Test
  void renumbersFramesOfEveryFeature() {
    Seeds.repeat(
        500,
        random -> {
          FrameGenerator.Frame frame = new FrameGenerator(random).frame();
          long number = random.nextLong() >>> (frame.variable ? 28 : 33);
          byte[] out = new byte[frame.bytes.length + Frames.MAX_RENUMBER_GROWTH];
          int length = Frames.renumber(frame.bytes, 0, frame.bytes.length, number, out, 0);
          FrameDecoder decoder = new FrameDecoder(StreamInfo.open(frame.format));
          assertThat(decoder.decode(out, 0, length)).isEqualTo(length);
          assertThat(decoder.number()).isEqualTo(number);
          assertThat(Pcm.of(decoder)).isDeepEqualTo(frame.pcm);
        });
  }

  @Test
  void findsHeadersAtAnyOffset() {
    byte[] frame = frame(64, 123_456);
    byte[] bytes = new byte[500];
    // Sync codes that begin nothing.
    Arrays.fill(bytes, 0, 200, (byte) 0xff);
    System.arraycopy(frame, 0, bytes, 200, frame.length);
    assertThat(Frames.findHeader(bytes, 0, bytes.length)).isEqualTo(200);
    assertThat(Frames.findHeader(bytes, 200, bytes.length)).isEqualTo(200);
    assertThat(Frames.findHeader(bytes, 201, bytes.length)).isEqualTo(-1);
    // The header has 4 bytes, 4 of number, 1 of block size and its CRC-8.
    assertThat(Frames.findHeader(bytes, 0, 210)).isEqualTo(200);
    assertThat(Frames.findHeader(bytes, 0, 209)).isEqualTo(-1);
    assertThat(Frames.findHeader(bytes, 0, 0)).isEqualTo(-1);
    assertThatThrownBy(() -> Frames.findHeader(bytes, 0, 501))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Frames.crc16(bytes, 400, 101))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void findsFramesInARowByTheirNumbers() {
    Seeds.repeat(
        200,
        random -> {
          byte[] bytes = new byte[1 << 16];
          int from = random.nextInt(20);
          int at = from;
          long number = random.nextLong() >>> (28 + random.nextInt(36));
          int frames = 1 + random.nextInt(6);
          int[] expected = new int[frames];
          for (int i = 0; i < frames; i++) {
            int size = 16 + random.nextInt(300);
            FrameEncoder encoder = new FrameEncoder(FORMAT, SubframeSearch.NOISE);
            expected[i] = at;
            at += encoder.encode(pcm(random, size), size, number, bytes, at);
            number = number + size & (1L << 36) - 1;
          }
          int[] starts = new int[1 + random.nextInt(8)];
          int[] wanted = Arrays.copyOf(expected, Math.min(frames, starts.length));
          int count = Frames.findRow(bytes, from, at, starts);
          assertThat(Arrays.copyOf(starts, count)).isEqualTo(wanted);
          // A frame of another number is none of the row, nor is one that lies in another's bytes.
          byte[] stranger = frame(16, number + 1);
          System.arraycopy(stranger, 0, bytes, at, stranger.length);
          assertThat(Frames.findRow(bytes, from, at + stranger.length, starts)).isEqualTo(count);
          assertThat(Frames.findRow(bytes, from + 1, at, starts)).isZero();
          assertThat(Frames.findRow(bytes, from, from + 5, starts)).isZero();
        });
  }

  /// Noise, or steps that are coded in few bytes.
  private static int[][] pcm(RandomGenerator random, int size) {
    return random.nextBoolean()
        ? Pcm.of(random, FORMAT, size)
        : new int[][] {new int[size], random.ints(size, -2, 3).toArray()};
  }

  private static byte[] frame(int size, long number) {
    FrameEncoder encoder = new FrameEncoder(FORMAT, SubframeSearch.NOISE);
    byte[] out = new byte[encoder.maxFrameSize(size)];
    int[][] pcm = {new int[size], new int[size]};
    Arrays.setAll(pcm[0], i -> i * 12_345);
    return Arrays.copyOf(out, encoder.encode(pcm, size, number, out, 0));
  }
}
