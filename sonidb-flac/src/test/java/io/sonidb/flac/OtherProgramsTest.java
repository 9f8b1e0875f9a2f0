package io.sonidb.flac;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whether flac, ffmpeg and sox read what this encoder writes, to the bit.
class OtherProgramsTest {

  private static final VorbisComment TAGS =
      new VorbisComment("SoniDB", List.of(Map.entry("TITLE", "vector 1"), Map.entry("ID", "ü")));

  @TempDir Path folder;

  /// A file and the samples in it, all channels interleaved and shifted to the top of 32 bits.
  private static final class Written {
    private final Path file;
    private final int[] samples;

    Written(Path file, int[] samples) {
      this.file = file;
      this.samples = samples;
    }
  }

  @Test
  void flacFindsNothingToComplainOf() throws Exception {
    Tool.assume("flac");
    List<Path> files = new ArrayList<>();
    for (int bits = 4; bits <= 24; bits++) {
      // Depths that are not whole bytes cannot be compared as raw samples, but have their MD5
      // checked.
      files.add(write(new AudioFormat(48_000, 1 + bits % 8, bits), bits % 2 == 0).file);
    }
    List<Object> arguments = new ArrayList<>(List.of("--test", "--silent", "--warnings-as-errors"));
    arguments.addAll(files);
    assertThat(Tool.run("flac", arguments.toArray())).isEqualTo(new Tool.Result(0, ""));
  }

  @Test
  void flacDecodesToTheBit() throws Exception {
    Tool.assume("flac");
    for (AudioFormat format : formats(8, 16, 24)) {
      for (boolean variable : new boolean[] {false, true}) {
        Written written = write(format, variable);
        Path raw = folder.resolve("raw");
        assertThat(
                Tool.run(
                    "flac",
                    "--decode",
                    "--silent",
                    "--force",
                    "--force-raw-format",
                    "--endian=little",
                    "--sign=signed",
                    "-o",
                    raw,
                    written.file))
            .isEqualTo(new Tool.Result(0, ""));
        byte[] bytes = Files.readAllBytes(raw);
        int width = format.bitsPerSample() / 8;
        int[] samples = new int[bytes.length / width];
        for (int i = 0; i < bytes.length; i++) {
          samples[i / width] |= (bytes[i] & 0xff) << (32 - 8 * width + 8 * (i % width));
        }
        assertSame(samples, written, format);
      }
    }
  }

  @Test
  void ffmpegDecodesToTheBit() throws Exception {
    Tool.assume("ffmpeg");
    for (AudioFormat format : formats(8, 12, 16, 20, 24)) {
      for (boolean variable : new boolean[] {false, true}) {
        Written written = write(format, variable);
        Path raw = folder.resolve("raw");
        assertThat(
                Tool.run("ffmpeg", "-v", "warning", "-y", "-i", written.file, "-f", "s32le", raw))
            .isEqualTo(new Tool.Result(0, ""));
        assertSame(ints(raw), written, format);
      }
    }
  }

  @Test
  void soxDecodesToTheBit() throws Exception {
    Tool.assume("sox");
    for (AudioFormat format : formats(8, 16, 24)) {
      for (boolean variable : new boolean[] {false, true}) {
        Written written = write(format, variable);
        Path raw = folder.resolve("raw");
        assertThat(
                Tool.run(
                    "sox", "-D", written.file, "-t", "raw", "-e", "signed", "-b", 32, "-L", raw))
            .isEqualTo(new Tool.Result(0, ""));
        assertSame(ints(raw), written, format);
      }
    }
  }

  @Test
  void metaflacListsTheMetadata() throws Exception {
    Tool.assume("metaflac");
    Path file = write(new AudioFormat(48_000, 2, 24), true).file;
    Tool.Result list = Tool.run("metaflac", "--no-utf8-convert", "--list", file);
    assertThat(list.exitCode()).isZero();
    assertThat(list.output())
        .contains("sample_rate: 48000 Hz", "channels: 2", "bits-per-sample: 24")
        .contains("vendor string: SoniDB", "TITLE=vector 1", "ID=ü")
        .contains("type: 2 (APPLICATION)", "application ID: 536e4442")
        .contains("type: 3 (SEEKTABLE)", "seek points: 9", "point 0: sample_number=0")
        .contains("type: 1 (PADDING)", "length: 100");
  }

  @Test
  void readsWhatFlacWritesFromOurFiles() throws Exception {
    Tool.assume("flac");
    AudioFormat format = new AudioFormat(48_000, 2, 24);
    Written written = write(format, false);
    Path again = folder.resolve("again.flac");
    assertThat(
            Tool.run(
                "flac",
                "--silent",
                "--force",
                "-8",
                "--exhaustive-model-search",
                "-o",
                again,
                written.file))
        .isEqualTo(new Tool.Result(0, ""));
    int[] samples = new int[written.samples.length];
    int at = 0;
    try (FlacReader reader = FlacReader.open(Files.newInputStream(again))) {
      while (reader.next()) {
        for (int i = 0; i < reader.blockSize(); i++) {
          samples[at++] = reader.samples(0)[i] << 8;
          samples[at++] = reader.samples(1)[i] << 8;
        }
      }
      reader.verifyMd5();
    }
    assertSame(samples, written, format);
  }

  private static List<AudioFormat> formats(int... depths) {
    List<AudioFormat> formats = new ArrayList<>();
    for (int depth : depths) {
      formats.add(
          new AudioFormat(depth == 16 ? 44_100 : 48_000, depth == 12 ? 8 : depth / 8, depth));
    }
    return formats;
  }

  /// Writes frames of every kind of signal, of sizes 16 to 4608 and the last one of 1.
  private Written write(AudioFormat format, boolean variable) throws IOException {
    RandomGenerator random = new SplittableRandom(format.bitsPerSample());
    Path file = folder.resolve(format.bitsPerSample() + (variable ? "v" : "f") + ".flac");
    Files.deleteIfExists(file);
    List<int[][]> blocks = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      int size = i == 119 ? 1 : i < 4 ? 4608 : 16 + random.nextInt(800);
      blocks.add(Pcm.of(random, format, size));
    }
    List<MetadataBlock> others =
        List.of(
            new SeekTable(List.of(new SeekTable.SeekPoint(0, 0, variable ? 4608 : 600)), 8),
            new Application(0x536E4442, new byte[] {1, 2, 3, 4}),
            TAGS,
            new Padding(100));
    try (FlacWriter writer =
        FlacWriter.create(
            Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            format,
            variable ? SubframeSearch.NOISE : SubframeSearch.EXHAUSTIVE,
            variable ? FlacWriter.VARIABLE : 600,
            others)) {
      for (int[][] block : blocks) {
        writer.write(block, block[0].length);
      }
    }
    int total = blocks.stream().mapToInt(block -> block[0].length).sum();
    int[] samples = new int[total * format.channels()];
    int at = 0;
    for (int[][] block : blocks) {
      for (int i = 0; i < block[0].length; i++) {
        for (int[] channel : block) {
          samples[at++] = channel[i] << (32 - format.bitsPerSample());
        }
      }
    }
    return new Written(file, samples);
  }

  private static void assertSame(int[] samples, Written written, AudioFormat format) {
    assertThat(samples).as("%s", format).hasSameSizeAs(written.samples);
    assertThat(Arrays.mismatch(samples, written.samples)).as("%s", format).isEqualTo(-1);
  }

  private static int[] ints(Path raw) throws IOException {
    IntBuffer buffer =
        ByteBuffer.wrap(Files.readAllBytes(raw)).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    int[] ints = new int[buffer.remaining()];
    buffer.get(ints);
    return ints;
  }
}
