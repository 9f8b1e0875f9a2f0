package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlacWriterTest {

  private static final AudioFormat FORMAT = new AudioFormat(44_100, 2, 12);
  private static final VorbisComment TAGS =
      new VorbisComment("SoniDB", List.of(Map.entry("TITLE", "test")));

  @TempDir Path folder;

  @Test
  void refusesBlockSizesOutsideTheRange() {
    for (int size : new int[] {-1, 1, 15, 65_536}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              FlacWriter.create(
                  OutputStream.nullOutputStream(), FORMAT, SubframeSearch.NOISE, size, List.of()))
          .withMessageContaining("was " + size);
    }
  }

  @Test
  void refusesFramesBehindAShortOne() throws IOException {
    try (FlacWriter writer = stream(OutputStream.nullOutputStream(), FlacWriter.VARIABLE)) {
      writer.write(new int[2][16], 16);
      writer.write(new int[2][15], 15);
      assertThatIllegalStateException()
          .isThrownBy(() -> writer.write(new int[2][16], 16))
          .withMessageContaining("15 samples");
      assertThat(writer.samplesWritten()).isEqualTo(31);
    }
  }

  @Test
  void refusesToWriteOnceClosed() throws IOException {
    FlacWriter writer = stream(OutputStream.nullOutputStream(), 16);
    writer.close();
    writer.close();
    assertThatIllegalStateException().isThrownBy(() -> writer.write(new int[2][16], 16));
  }

  @Test
  void leavesTheHeadOpenWhenAWriteHasFailed() throws IOException {
    Path file = folder.resolve("full.flac");
    SeekableByteChannel channel = new FullChannel(channel(file), 60_000);
    FlacWriter writer = FlacWriter.create(channel, FORMAT, SubframeSearch.NOISE, 4096, List.of());
    RandomGenerator random = new SplittableRandom(3);
    int[][] pcm = {
      Pcm.channel(random, Pcm.Kind.NOISE, 12, 100_000),
      Pcm.channel(random, Pcm.Kind.NOISE, 12, 100_000)
    };
    assertThatIOException().isThrownBy(() -> writer.write(pcm, 100_000)).withMessage("full");
    writer.close();
    byte[] bytes = Files.readAllBytes(file);
    StreamInfo info = FlacHead.read(bytes, 0, bytes.length).streamInfo();
    assertThat(info.totalSamples()).isZero();
    assertThat(info.md5()).isEqualTo(Md5.UNKNOWN);
  }

  @Test
  void completesStreamInfoOfFiles() {
    Seeds.repeat(
        40,
        random -> {
          boolean variable = random.nextBoolean();
          int blockSize = variable ? FlacWriter.VARIABLE : 16 + random.nextInt(500);
          Path file = folder.resolve("file.flac");
          Files.deleteIfExists(file);
          int[][] pcm = Pcm.of(random, FORMAT, 1 + random.nextInt(3000));
          int count = pcm[0].length;
          int[] sizes = write(channel(file), blockSize, pcm, random);

          try (FlacReader reader = FlacReader.open(Files.newInputStream(file))) {
            assertRestores(reader, pcm);
            StreamInfo info = reader.head().streamInfo();
            assertThat(info.totalSamples()).isEqualTo(count);
            assertThat(info.md5().isKnown()).isTrue();
            reader.verifyMd5();
            assertThat(reader.head().vorbisComment()).hasValue(TAGS);
            assertThat(info.maxFrameSize()).isGreaterThanOrEqualTo(info.minFrameSize());
            if (variable) {
              assertThat(info.minBlockSize()).isLessThan(info.maxBlockSize());
              int largest = Arrays.stream(sizes).max().orElseThrow();
              assertThat(info.maxBlockSize()).isGreaterThanOrEqualTo(largest);
            } else {
              assertThat(info.minBlockSize()).isEqualTo(blockSize);
              assertThat(info.maxBlockSize()).isEqualTo(blockSize);
            }
          }
        });
  }

  @Test
  void writesStreamsThatKnowNothingOfTheirEnd() {
    Seeds.repeat(
        40,
        random -> {
          int blockSize = random.nextBoolean() ? FlacWriter.VARIABLE : 16 + random.nextInt(500);
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          int[][] pcm = Pcm.of(random, FORMAT, 1 + random.nextInt(3000));
          try (FlacWriter writer = stream(bytes, blockSize)) {
            feed(writer, blockSize, pcm, random);
          }
          FlacReader reader = FlacReader.open(new ByteArrayInputStream(bytes.toByteArray()));
          assertRestores(reader, pcm);
          assertThat(reader.head().streamInfo().totalSamples()).isZero();
          assertThat(reader.head().streamInfo().md5()).isEqualTo(Md5.UNKNOWN);
        });
  }

  @Test
  void writesBehindWhatTheFileHolds() throws IOException {
    Path file = folder.resolve("behind.flac");
    Files.write(file, new byte[] {1, 2, 3});
    try (FlacWriter writer =
        FlacWriter.create(
            Files.newByteChannel(file, StandardOpenOption.WRITE).position(3),
            FORMAT,
            SubframeSearch.NOISE,
            16,
            List.of())) {
      writer.write(new int[2][20], 20);
    }
    byte[] bytes = Files.readAllBytes(file);
    assertThat(bytes).startsWith(1, 2, 3);
    assertThat(FlacHead.read(bytes, 3, bytes.length).streamInfo().totalSamples()).isEqualTo(20);
  }

  private static int[] write(
      SeekableByteChannel channel, int blockSize, int[][] pcm, RandomGenerator random)
      throws IOException {
    try (FlacWriter writer =
        FlacWriter.create(channel, FORMAT, SubframeSearch.NOISE, blockSize, List.of(TAGS))) {
      return feed(writer, blockSize, pcm, random);
    }
  }

  private static FlacWriter stream(OutputStream out, int blockSize) throws IOException {
    return FlacWriter.create(out, FORMAT, SubframeSearch.NOISE, blockSize, List.of(TAGS));
  }

  /// Writes all samples in pieces of random sizes, and tells these.
  private static int[] feed(FlacWriter writer, int blockSize, int[][] pcm, RandomGenerator random)
      throws IOException {
    int count = pcm[0].length;
    int[] sizes = {};
    for (int from = 0; from < count; ) {
      int rest = count - from;
      int size = Math.min(rest, 16 + random.nextInt(700));
      // Only the last frame may have fewer than 16 samples.
      size = blockSize == FlacWriter.VARIABLE && rest - size > 0 && rest < 32 ? rest : size;
      int start = from;
      int end = from + size;
      writer.write(
          Arrays.stream(pcm)
              .map(channel -> Arrays.copyOfRange(channel, start, end))
              .toArray(int[][]::new),
          size);
      sizes = Arrays.copyOf(sizes, sizes.length + 1);
      sizes[sizes.length - 1] = size;
      from = end;
    }
    return sizes;
  }

  private static void assertRestores(FlacReader reader, int[][] pcm) throws IOException {
    int at = 0;
    while (reader.next()) {
      for (int channel = 0; channel < pcm.length; channel++) {
        int end = at + reader.blockSize();
        assertThat(Arrays.equals(pcm[channel], at, end, reader.samples(channel), 0, end - at))
            .isTrue();
      }
      at += reader.blockSize();
    }
    assertThat(at).isEqualTo(pcm[0].length);
    assertThat(reader.totalSamplesMatch()).isTrue();
  }

  private static SeekableByteChannel channel(Path file) throws IOException {
    return Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /// A channel to a disk that has no room behind so many bytes.
  private static final class FullChannel implements SeekableByteChannel {

    private final SeekableByteChannel channel;
    private final long room;

    FullChannel(SeekableByteChannel channel, long room) {
      this.channel = channel;
      this.room = room;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (channel.position() + bytes.remaining() > room) {
        throw new IOException("full");
      }
      return channel.write(bytes);
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public long position() throws IOException {
      return channel.position();
    }

    @Override
    public SeekableByteChannel position(long position) throws IOException {
      channel.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      channel.truncate(size);
      return this;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
