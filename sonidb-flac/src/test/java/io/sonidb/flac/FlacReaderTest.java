package io.sonidb.flac;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FlacReaderTest {

  private static final AudioFormat FORMAT = new AudioFormat(48_000, 2, 16);

  /// What a frame of a stream is like.
  private record Spec(boolean variable, long number, int size) {}

  @Test
  void refusesStreamsThatAreNotFlac() {
    assertThatThrownBy(() -> open(new byte[0]))
        .isInstanceOf(MalformedFlacException.class)
        .hasMessage("the metadata is cut off at byte 0");
    assertThatThrownBy(() -> open("RIFF....".getBytes(US_ASCII)))
        .isInstanceOf(MalformedFlacException.class)
        .hasMessageContaining("instead of \"fLaC\" at byte 0");
    byte[] frame = frame(new Spec(true, 0, 16));
    assertThatThrownBy(() -> open(frame))
        .isInstanceOf(UnsupportedFlacException.class)
        .hasMessage(
            "unsupported: a stream that begins with a frame instead of \"fLaC\" and STREAMINFO at"
                + " byte 0");
  }

  @Test
  void refusesATornLastFrame() throws IOException {
    byte[] stream = stream(16, 65_535, new Spec(true, 0, 100), new Spec(true, 100, 100));
    byte[] torn = Arrays.copyOf(stream, stream.length - 1);
    FlacReader reader = open(torn);
    assertThat(reader.next()).isTrue();
    assertThatThrownBy(reader::next)
        .isInstanceOfSatisfying(
            MalformedFlacException.class,
            fault -> {
              assertThat(fault.truncated()).isTrue();
              assertThat(fault.offset()).isEqualTo(torn.length);
            });
    assertThat(reader.samplesRead()).isEqualTo(100);
    assertThatIllegalStateException().isThrownBy(reader::md5);
  }

  @Test
  void refusesWhatFollowsTheLastFrame() throws IOException {
    byte[] stream = stream(16, 65_535, new Spec(true, 0, 100));
    FlacReader reader = open(Arrays.copyOf(stream, stream.length + 7));
    assertThat(reader.next()).isTrue();
    assertThatThrownBy(reader::next).hasMessage("no frame sync code at byte " + stream.length);
  }

  @Test
  void refusesNumbersThatDoNotFollow() throws IOException {
    refuses(
        stream(16, 65_535, new Spec(true, 0, 100), new Spec(true, 101, 100)),
        "frame has number 101 where 100 follows");
    refuses(
        stream(100, 100, new Spec(false, 7, 100), new Spec(false, 8, 100), new Spec(false, 10, 9)),
        "frame has number 10 where 9 follows");
    refuses(
        stream(16, 65_535, new Spec(true, 0, 100), new Spec(false, 100, 100)),
        "the blocking strategy changes");
  }

  @Test
  void refusesShortBlocksInTheMiddle() throws IOException {
    refuses(
        stream(16, 65_535, new Spec(true, 0, 15), new Spec(true, 15, 100)),
        "block of 15 samples, not the last, in a stream of at least 16");
    refuses(
        stream(16, 100, new Spec(false, 0, 100), new Spec(false, 1, 99), new Spec(false, 2, 100)),
        "block of 99 samples, not the last, in a stream of at least 100");
    refuses(
        stream(16, 200, new Spec(false, 0, 100), new Spec(false, 1, 101)),
        "block of 100 samples, not the last, in a stream of at least 100");
  }

  @Test
  void refusesFormatsThatChange() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(stream(16, 65_535, new Spec(true, 0, 100)));
    int offset = bytes.size();
    FrameEncoder mono = new FrameEncoder(new AudioFormat(48_000, 1, 16), SubframeSearch.NOISE);
    byte[] out = new byte[mono.maxFrameSize(100)];
    bytes.write(out, 0, mono.encode(new int[1][100], 100, 100, out, 0));
    FlacReader reader = open(bytes.toByteArray());
    assertThat(reader.next()).isTrue();
    assertThatThrownBy(reader::next)
        .isInstanceOf(UnsupportedFlacException.class)
        .hasMessageContaining("frame of 1 x 16 bit at 48000 Hz")
        .hasMessageEndingWith("at byte " + offset);
  }

  @Test
  void tellsWrongDigestsAndTotals() throws IOException {
    StreamInfo info = new StreamInfo(16, 65_535, 0, 0, FORMAT, 101, new Md5(1, 2));
    FlacReader reader = open(stream(info, new Spec(true, 0, 100)));
    assertThat(reader.next()).isTrue();
    assertThat(reader.next()).isFalse();
    assertThat(reader.next()).isFalse();
    assertThat(reader.blockSize()).isZero();
    assertThat(reader.totalSamplesMatch()).isFalse();
    assertThatThrownBy(reader::verifyMd5)
        .isInstanceOf(MalformedFlacException.class)
        .hasMessageContaining("STREAMINFO says 00000000000000010000000000000002");
  }

  /// Before there was a flag, streams of variable block size were told by their numbers.
  @Test
  void readsStreamsOfVariableBlockSizeWithoutTheFlag() throws IOException {
    FlacReader reader =
        open(
            stream(
                16,
                200,
                new Spec(false, 0, 100),
                new Spec(false, 100, 60),
                new Spec(false, 160, 200),
                new Spec(false, 360, 3)));
    assertThat(samples(reader)).isEqualTo(363);
  }

  @Test
  void joinsALiveStream() throws IOException {
    assertThat(
            samples(
                open(
                    stream(
                        16,
                        200,
                        new Spec(true, 1L << 33, 100),
                        new Spec(true, (1L << 33) + 100, 9)))))
        .isEqualTo(109);
    assertThat(samples(open(stream(100, 100, new Spec(false, 77, 100), new Spec(false, 78, 100)))))
        .isEqualTo(200);
  }

  @Test
  void skipsAnId3TagAndTellsOffsetsFromTheBeginning() throws IOException {
    byte[] stream = stream(16, 65_535, new Spec(true, 0, 100), new Spec(true, 100, 100));
    int tag = 10 + 300 * 128 + 5;
    byte[] tagged = new byte[tag + stream.length];
    // A length of four times seven bits.
    byte[] header = {'I', 'D', '3', 4, 0, 0, 0, 2, 44, 5};
    System.arraycopy(header, 0, tagged, 0, header.length);
    System.arraycopy(stream, 0, tagged, tag, stream.length);
    FlacReader reader = open(tagged);
    assertThat(reader.next()).isTrue();
    assertThat(reader.frameOffset()).isEqualTo(tag + reader.head().length());
    assertThat(reader.next()).isTrue();
    assertThat(reader.frameOffset() + reader.frameSize()).isEqualTo(tagged.length);
    assertThat(reader.next()).isFalse();

    assertThatThrownBy(() -> open(Arrays.copyOf(tagged, 5000)))
        .isInstanceOf(MalformedFlacException.class)
        .hasMessage("the ID3v2 tag is cut off at byte 5000");
    tagged[tag + 4] = 5;
    assertThatThrownBy(() -> open(tagged))
        .hasMessageContaining("first metadata block has type 5")
        .hasMessageEndingWith("at byte " + (tag + 4));
  }

  @Test
  void readsFramesAndMetadataThatAreLargerThanItsWindow() throws IOException {
    AudioFormat format = new AudioFormat(48_000, 8, 24);
    int[][] pcm = new int[8][];
    for (int channel = 0; channel < 8; channel++) {
      pcm[channel] = Pcm.channel(new SplittableRandom(channel), Pcm.Kind.NOISE, 24, 65_535);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (FlacWriter writer =
        FlacWriter.create(
            bytes,
            format,
            SubframeSearch.NOISE,
            FlacWriter.VARIABLE,
            List.of(new Padding(3_000_000)))) {
      writer.write(pcm, 65_535);
      writer.write(pcm, 16);
      writer.write(pcm, 65_535);
    }
    FlacReader reader = FlacReader.open(new Dribble(bytes.toByteArray(), 100_000));
    assertThat(reader.head().length()).isGreaterThan(3_000_000);
    for (int size : new int[] {65_535, 16, 65_535}) {
      assertThat(reader.next()).isTrue();
      assertThat(reader.blockSize()).isEqualTo(size);
      for (int channel = 0; channel < 8; channel++) {
        assertThat(Arrays.mismatch(pcm[channel], 0, size, reader.samples(channel), 0, size))
            .isEqualTo(-1);
      }
    }
    assertThat(reader.next()).isFalse();
  }

  @Test
  void givesEveryFrameAsSoonAsItIsThere() throws IOException {
    List<byte[]> packets = new ArrayList<>();
    packets.add(stream(16, 65_535));
    for (int i = 0; i < 200; i++) {
      byte[] frame = frame(new Spec(true, i * 1000L, 1000));
      packets.add(Arrays.copyOf(frame, 500));
      packets.add(Arrays.copyOfRange(frame, 500, frame.length));
    }
    Packets in = new Packets(packets);
    FlacReader reader = FlacReader.open(in);
    assertThat(in.reads).isEqualTo(1);
    for (int i = 0; i < 200; i++) {
      assertThat(reader.next()).isTrue();
      assertThat(in.reads).isEqualTo(3 + 2 * i);
    }
    assertThat(reader.next()).isFalse();
  }

  /// Gives one packet with each read.
  private static final class Packets extends InputStream {

    private final List<byte[]> packets;
    private int reads;

    Packets(List<byte[]> packets) {
      this.packets = packets;
    }

    @Override
    public int read() {
      throw new AssertionError("must not read single bytes");
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      if (reads == packets.size()) {
        return -1;
      }
      byte[] packet = packets.get(reads++);
      assertThat(length).isGreaterThanOrEqualTo(packet.length);
      System.arraycopy(packet, 0, into, offset, packet.length);
      return packet.length;
    }
  }

  @Test
  void readsStreamsThatComeByteByByte() throws IOException {
    byte[] stream = stream(16, 65_535, new Spec(true, 0, 100), new Spec(true, 100, 9));
    assertThat(samples(FlacReader.open(new Dribble(stream, 1)))).isEqualTo(109);
  }

  /// Gives no more than so many bytes at once.
  private static final class Dribble extends InputStream {

    private final ByteArrayInputStream in;
    private final int most;

    Dribble(byte[] bytes, int most) {
      in = new ByteArrayInputStream(bytes);
      this.most = most;
    }

    @Override
    public int read() {
      return in.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      return in.read(into, offset, Math.min(length, most));
    }
  }

  private static void refuses(byte[] stream, String message) throws IOException {
    FlacReader reader = open(stream);
    assertThatThrownBy(
            () -> {
              while (reader.next()) {
                assertThat(reader.blockSize()).isPositive();
              }
            })
        .isInstanceOf(MalformedFlacException.class)
        .hasMessageContaining(message);
  }

  private static long samples(FlacReader reader) throws IOException {
    while (reader.next()) {
      assertThat(reader.blockSize()).isPositive();
    }
    assertThat(reader.totalSamplesMatch()).isTrue();
    reader.verifyMd5();
    return reader.samplesRead();
  }

  private static FlacReader open(byte[] stream) throws IOException {
    return FlacReader.open(new ByteArrayInputStream(stream));
  }

  private static byte[] stream(int minBlockSize, int maxBlockSize, Spec... frames) {
    return stream(new StreamInfo(minBlockSize, maxBlockSize, 0, 0, FORMAT, 0, Md5.UNKNOWN), frames);
  }

  private static byte[] stream(StreamInfo info, Spec... frames) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(FlacHead.write(List.of(info)));
    for (Spec spec : frames) {
      bytes.writeBytes(frame(spec));
    }
    return bytes.toByteArray();
  }

  private static byte[] frame(Spec spec) {
    FrameEncoder encoder = new FrameEncoder(FORMAT, SubframeSearch.NOISE);
    byte[] out = new byte[encoder.maxFrameSize(spec.size)];
    int[][] pcm = new int[2][spec.size];
    Arrays.setAll(pcm[0], i -> i * 31 % 999);
    int length =
        spec.variable
            ? encoder.encode(pcm, spec.size, spec.number, out, 0)
            : encoder.encodeFixed(pcm, spec.size, spec.number, out, 0);
    return Arrays.copyOf(out, length);
  }
}
