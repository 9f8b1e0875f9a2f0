package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Frames made by hand, each wrong in one place, and some at the edge of what is right.
class FrameDecoderTest {

  private static final AudioFormat MONO_8 = new AudioFormat(8000, 1, 8);

  @Test
  void refusesReservedAndForbiddenHeaderCodes() {
    refuses(header(0x3ffd, 0, 6, 4, 0, 1, 0), "no frame sync code at byte 0");
    refuses(header(0x3ffe, 1, 6, 4, 0, 1, 0), "reserved bit of the frame header is set at byte 1");
    refuses(header(0x3ffe, 0, 0, 4, 0, 1, 0), "block size code 0 is reserved at byte 2");
    refuses(header(0x3ffe, 0, 6, 15, 0, 1, 0), "sample rate code 15 is forbidden at byte 2");
    for (int assignment = 11; assignment < 16; assignment++) {
      refuses(header(0x3ffe, 0, 6, 4, assignment, 1, 0), "channel assignment above 10 is reserved");
    }
    refuses(header(0x3ffe, 0, 6, 4, 0, 3, 0), "bit depth code 3 is reserved at byte 3");
    refuses(header(0x3ffe, 0, 6, 4, 0, 1, 1), "reserved bit of the frame header is set at byte 3");
  }

  @Test
  void refusesBlocksOf65536Samples() {
    TestBits bits = new TestBits().put(0x3ffe, 14).put(0, 2).put(0x74, 8).put(0x02, 8).put(0, 8);
    refuses(bits.put(0xffff, 16).crc8().put(0, 80).toByteArray(), "block size 65536 is forbidden");
  }

  @Test
  void refusesBrokenCodedNumbers() {
    // Continuation without a beginning, no beginning at all, a beginning without continuation.
    refuses(withNumber(0x80L, 8, 0), "coded number begins with a byte that cannot begin one");
    refuses(withNumber(0xffL, 8, 0), "coded number begins with a byte that cannot begin one");
    refuses(withNumber(0xc07fL, 16, 0), "coded number is broken off at byte 5");
    refuses(withNumber(0xe080c0L, 24, 0), "coded number is broken off at byte 6");
    refuses(withNumber(0xfe8280_80808080L, 56, 0), "frame number has more than 31 bits");
  }

  @Test
  void readsTheLargestNumbers() throws MalformedFlacException {
    FrameDecoder decoder = new FrameDecoder();
    byte[] frame = withNumber(0xfebfbf_bfbfbfbfL, 56, 1);
    decoder.decode(frame, 0, frame.length);
    assertThat(decoder.number()).isEqualTo((1L << 36) - 1);
    frame = withNumber(0xfdbfbf_bfbfbfL, 48, 0);
    decoder.decode(frame, 0, frame.length);
    assertThat(decoder.number()).isEqualTo((1L << 31) - 1);
  }

  @Test
  void refusesWrongChecksums() {
    byte[] frame = mono(16).put(0, 8).put(5, 8).crc16().toByteArray();
    frame[6] ^= 1;
    refuses(frame, "CRC-8 of the frame header does not match at byte 6");
    frame[6] ^= 1;
    frame[8] ^= 1;
    refuses(frame, "CRC-16 of the frame does not match at byte 9");
  }

  @Test
  void refusesReservedSubframeTypes() {
    refuses(mono(16).put(0x80, 8), "first bit of a subframe is set");
    for (int type = 2; type < 8; type++) {
      refuses(mono(16).put(type, 7).put(0, 1), "subframe type " + type + " is reserved");
    }
    for (int type = 13; type < 32; type++) {
      refuses(mono(16).put(type, 7).put(0, 1), "subframe type " + type + " is reserved");
    }
  }

  @Test
  void refusesWastedBitsThatLeaveNothing() throws MalformedFlacException {
    refuses(mono(16).put(1, 7).put(1, 1).unary(7), "8 wasted bits leave nothing of 8");
    refuses(mono(16).put(1, 7).put(1, 1).unary(100), "the number of wasted bits has 100 zeros");
    assertThat(decode(mono(1).put(1, 7).put(1, 1).unary(6).put(1, 1))).containsExactly(-128);
  }

  @Test
  void refusesPredictorsThatAreLongerThanTheBlock() {
    refuses(mono(3).put(11, 7).put(0, 1), "a predictor of order 3 needs more than a block of 3");
    refuses(mono(16).put(32 + 15, 7).put(0, 1), "a predictor of order 16 needs more than a block");
    // Partition order 2 makes partitions of four samples, and four come before the residual.
    refuses(
        mono(16).put(12, 7).put(0, 1).put(0, 32).put(0, 2).put(2, 4),
        "partitions of 4 samples are too short for a predictor of order 4");
    refuses(
        mono(18).put(8, 7).put(0, 1).put(0, 2).put(2, 4),
        "partition order 2 does not divide a block of 18 samples");
  }

  @Test
  void refusesForbiddenPredictorCodes() {
    refuses(
        mono(16).put(32, 7).put(0, 1).put(0, 8).put(15, 4).put(0, 5),
        "coefficient precision code 15 is forbidden");
    refuses(
        mono(16).put(32, 7).put(0, 1).put(0, 8).put(3, 4).put(-1, 5),
        "prediction shift -1 is negative");
    refuses(mono(16).put(8, 7).put(0, 1).put(2, 2), "residual coding method 2 is reserved");
    refuses(mono(16).put(8, 7).put(0, 1).put(3, 2), "residual coding method 3 is reserved");
  }

  @Test
  void refusesSamplesThatLeaveTheBitDepth() throws MalformedFlacException {
    TestBits good = mono(16).put(9, 7).put(0, 1).put(100, 8).put(0, 2).put(0, 4).put(3, 4);
    TestBits bad = mono(16).put(9, 7).put(0, 1).put(100, 8).put(0, 2).put(0, 4).put(3, 4);
    good.rice(27, 3);
    bad.rice(28, 3);
    for (int i = 0; i < 14; i++) {
      good.rice(0, 3);
      bad.rice(0, 3);
    }
    assertThat(decode(good)).startsWith(100, 127).endsWith(127);
    refuses(bad, "a predicted sample does not fit in 8 bits");
  }

  @Test
  void refusesStereoThatLeavesTheBitDepth() {
    // Left is -128 and the difference 1, so right would be -129.
    TestBits bits = new TestBits().put(0x3ffe, 14).put(0, 2).put(0x64, 8).put(0x82, 8).put(0, 8);
    bits.put(15, 8).crc8().put(0, 8).put(-128, 8).put(0, 8).put(1, 9);
    refuses(bits, "a sample restored from the side channel does not fit in 8 bits");
  }

  @Test
  void boundsResidualsTo32Bits() throws MalformedFlacException {
    // A block of one sample in 32 bits; the residual is the sample.
    for (int parameter : new int[] {24, 25, 26, 27, 29, 30}) {
      long most = (1L << 31) - 1;
      assertThat(decode(deep(1).put(1, 2).put(0, 4).put(parameter, 5).rice(most, parameter)))
          .containsExactly(Integer.MAX_VALUE);
      assertThat(decode(deep(1).put(1, 2).put(0, 4).put(parameter, 5).rice(-most, parameter)))
          .containsExactly(-Integer.MAX_VALUE);
      refuses(
          deep(1).put(1, 2).put(0, 4).put(parameter, 5).rice(-most - 1, parameter),
          "residual -2147483648 is forbidden");
      refuses(
          deep(1).put(1, 2).put(0, 4).put(parameter, 5).rice(2 * most, parameter),
          "a Rice code has " + ((4 * most) >> parameter) + " zeros");
    }
  }

  @Test
  void readsLongRunsOfZerosAndEndsThemWithTheInput() throws MalformedFlacException {
    for (int zeros : new int[] {10, 30, 56, 57, 58, 63, 64, 65, 100, 1000}) {
      int value = (zeros & 1) == 0 ? zeros / 2 : -(zeros + 1) / 2;
      TestBits bits = deep(3).put(0, 2).put(0, 4).put(0, 4).rice(1, 0).rice(value, 0).rice(-1, 0);
      assertThat(decode(bits)).containsExactly(1, value, -1);
    }
    byte[] endless = Arrays.copyOf(deep(3).put(0, 10).align().toByteArray(), 100_000);
    MalformedFlacException fault =
        catchThrowableOfType(
            MalformedFlacException.class,
            () -> new FrameDecoder().decode(endless, 0, endless.length));
    assertThat(fault.truncated()).isTrue();
    assertThat(fault.offset()).isEqualTo(100_000);
  }

  @Test
  void refusesPaddingThatIsNotZero() {
    TestBits bits = mono(16).put(1, 7).put(1, 1).unary(0);
    for (int i = 0; i < 16; i++) {
      bits.put(0, 7);
    }
    refuses(bits.put(1, 1), "padding in front of the frame footer is not zero");
  }

  @Test
  void refusesHeadersThatNeedStreamInfoWhenThereIsNone() throws MalformedFlacException {
    byte[] noDepth = header(0x3ffe, 0, 6, 4, 0, 0, 0);
    byte[] noRate = header(0x3ffe, 0, 6, 0, 0, 1, 0);
    refuses(noDepth, "frame header leaves bit depth to STREAMINFO, and none is given");
    refuses(noRate, "frame header leaves sample rate to STREAMINFO, and none is given");
    for (byte[] frame : new byte[][] {noDepth, noRate}) {
      FrameDecoder decoder = new FrameDecoder(StreamInfo.open(MONO_8));
      assertThat(decoder.decode(frame, 0, frame.length)).isEqualTo(frame.length);
      assertThat(decoder.format()).isEqualTo(MONO_8);
    }
  }

  @Test
  void refusesFramesThatContradictStreamInfo() {
    byte[] frame = mono(16).put(0, 8).put(5, 8).crc16().toByteArray();
    contradicts(frame, StreamInfo.open(new AudioFormat(8000, 1, 16)), "frame of 1 x 8 bit at 8000");
    contradicts(frame, StreamInfo.open(new AudioFormat(8000, 2, 8)), "STREAMINFO says 2 x 8 bit");
    contradicts(frame, StreamInfo.open(new AudioFormat(8001, 1, 8)), "8001 Hz");
    byte[] longer = mono(18).put(0, 8).put(5, 8).crc16().toByteArray();
    contradicts(
        longer,
        info(16, 17, 0, 0),
        "block of 18 samples in a stream whose STREAMINFO says at most 17");
    contradicts(frame, info(16, 16, 12, 20), "frame of 11 bytes");
    contradicts(frame, info(16, 16, 5, 10), "frame of 11 bytes");
  }

  @Test
  void refusesRangesOutsideTheArray() {
    FrameDecoder decoder = new FrameDecoder();
    assertThatThrownBy(() -> decoder.decode(new byte[10], -1, 10))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoder.decode(new byte[10], 0, 11))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoder.decode(new byte[10], 8, 7))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoder.samples(8)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void tellsTheOffsetOfAWindowInItsStream() {
    MalformedFlacException fault = new MalformedFlacException("wrong", 7).shiftedBy(1000);
    assertThat(fault).hasMessage("wrong at byte 1007");
    assertThat(fault.offset()).isEqualTo(1007);
    assertThat(fault.reason()).isEqualTo("wrong");
  }

  private static StreamInfo info(int minBlock, int maxBlock, int minFrame, int maxFrame) {
    return new StreamInfo(minBlock, maxBlock, minFrame, maxFrame, MONO_8, 0, Md5.UNKNOWN);
  }

  private static void contradicts(byte[] frame, StreamInfo info, String message) {
    assertThatThrownBy(() -> new FrameDecoder(info).decode(frame, 0, frame.length))
        .isInstanceOf(MalformedFlacException.class)
        .hasMessageContaining(message);
  }

  /// A whole frame of 16 samples that are all zero, with these header codes.
  private static byte[] header(
      int sync, int reserved, int size, int rate, int assignment, int depth, int reserved2) {
    TestBits bits = new TestBits().put(sync, 14).put(reserved, 1).put(0, 1).put(size, 4);
    bits.put(rate, 4).put(assignment, 4).put(depth, 3).put(reserved2, 1).put(0, 8).put(15, 8);
    return bits.crc8().put(0, 16).crc16().toByteArray();
  }

  /// A whole frame of 16 samples with this coded number, however long.
  private static byte[] withNumber(long number, int bits, int variable) {
    TestBits frame = new TestBits().put(0x3ffe, 14).put(0, 1).put(variable, 1).put(0x64, 8);
    return frame.put(0x02, 8).put(number, bits).put(15, 8).crc8().put(0, 16).crc16().toByteArray();
  }

  /// The header of a frame of one channel with 8 bits at 8 kHz.
  private static TestBits mono(int size) {
    return new TestBits()
        .put(0x3ffe, 14)
        .put(0, 2)
        .put(0x64, 8)
        .put(0x02, 8)
        .put(0, 8)
        .put(size - 1, 8)
        .crc8();
  }

  /// The header of a frame of one channel with 32 bits at 8 kHz, and of its fixed subframe of order
  /// 0.
  private static TestBits deep(int size) {
    return new TestBits()
        .put(0x3ffe, 14)
        .put(0, 2)
        .put(0x64, 8)
        .put(0x0e, 8)
        .put(0, 8)
        .put(size - 1, 8)
        .crc8()
        .put(8 << 1, 8);
  }

  private static int[] decode(TestBits bits) throws MalformedFlacException {
    byte[] frame = bits.crc16().toByteArray();
    FrameDecoder decoder = new FrameDecoder();
    assertThat(decoder.decode(frame, 0, frame.length)).isEqualTo(frame.length);
    return Arrays.copyOf(decoder.samples(0), decoder.blockSize());
  }

  private static void refuses(TestBits bits, String message) {
    // As many bytes follow as any code could want, so that only the fault can be the reason.
    byte[] frame = bits.align().toByteArray();
    refuses(Arrays.copyOf(frame, frame.length + 200), message);
  }

  private static void refuses(byte[] frame, String message) {
    MalformedFlacException fault =
        catchThrowableOfType(
            MalformedFlacException.class, () -> new FrameDecoder().decode(frame, 0, frame.length));
    assertThat(fault).as(message).hasMessageContaining(message).hasMessageContaining(" at byte ");
    assertThat(fault.truncated()).isFalse();
  }
}
