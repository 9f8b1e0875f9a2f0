package io.sonidb.bench;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FlacReader;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.flac.StreamInfo;
import io.sonidb.flac.SubframeSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Codes the sound of FLAC files anew, in blocks of 4,096 samples, and prints how large the frames
/// are beside those that `flac -8 --lax` makes of the same blocks, and the CPU time of both.
///
/// Every frame is decoded again and compared. The times are those of the thread that encodes, in
/// the fastest pass over the file within two seconds, and of the whole `flac` process, which also
/// reads a file and writes one. Files are left out whose samples this encoder does not take.
final class SoundSizes {
  private static final int BLOCK_SIZE = 4096;
  private static final long MOST_NANOS = 2_000_000_000L;

  private SoundSizes() {}

  /// Prints the table.
  ///
  /// @param args FLAC files
  public static void main(String... args) throws IOException, InterruptedException {
    System.out.printf(
        "| file | format | SoniDB, bytes | flac -8 | ratio | SoniDB, ms | flac -8 |%n");
    System.out.printf("|---|---|--:|--:|--:|--:|--:|%n");
    double[] sums = new double[4];
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      for (String arg : args) {
        compare(Path.of(arg), folder.path(), sums);
      }
    }
    row("all", "", sums);
  }

  private static void compare(Path file, Path folder, double[] sums)
      throws IOException, InterruptedException {
    String name = String.valueOf(file.getFileName()).replace(".flac", "");
    List<int[][]> blocks = new ArrayList<>();
    AudioFormat format = read(file, blocks);
    int bits = format.bitsPerSample();
    if (bits > FrameEncoder.MAX_BITS_PER_SAMPLE || bits % Byte.SIZE != 0) {
      System.out.printf("| %s | %s | not taken | | | | |%n", name, format);
      return;
    }
    FrameEncoder encoder = new FrameEncoder(format, SubframeSearch.MUSIC);
    byte[] out = new byte[encoder.maxFrameSize(BLOCK_SIZE)];
    long size = verify(encoder, out, blocks);
    double ours = leastMillis(encoder, out, blocks);
    Path pcm = folder.resolve("whole.pcm");
    FlacFile.writePcm(pcm, format, blocks, 1);
    Path coded = folder.resolve("coded.flac");
    double theirs = 1e3 * CpuTime.ofProcess(flac(format, pcm, coded));
    double[] numbers = {size, FlacFile.sizeOfFrames(coded), ours, theirs};
    row(name, format.toString(), numbers);
    Arrays.setAll(sums, i -> sums[i] + numbers[i]);
  }

  private static void row(String name, String format, double[] numbers) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %,.0f | %,.0f | %.4f | %,.0f | %,.0f |%n",
        name,
        format,
        numbers[0],
        numbers[1],
        numbers[0] / numbers[1],
        numbers[2],
        numbers[3]);
  }

  private static AudioFormat read(Path file, List<int[][]> blocks) throws IOException {
    try (FlacReader reader = FlacReader.open(Files.newInputStream(file))) {
      AudioFormat format = reader.head().streamInfo().format();
      int[][] block = new int[format.channels()][BLOCK_SIZE];
      int filled = 0;
      while (reader.next()) {
        for (int i = 0; i < reader.blockSize(); i++) {
          for (int channel = 0; channel < block.length; channel++) {
            block[channel][filled] = reader.samples(channel)[i];
          }
          if (++filled == BLOCK_SIZE) {
            blocks.add(block);
            block = new int[format.channels()][BLOCK_SIZE];
            filled = 0;
          }
        }
      }
      if (filled > 0) {
        int length = filled;
        int[][] last = block;
        blocks.add(
            Arrays.stream(last)
                .map(samples -> Arrays.copyOf(samples, length))
                .toArray(int[][]::new));
      }
      return format;
    }
  }

  private static double leastMillis(FrameEncoder encoder, byte[] out, List<int[][]> blocks) {
    long least = Long.MAX_VALUE;
    long end = CpuTime.ofThread() + MOST_NANOS;
    while (CpuTime.ofThread() < end) {
      long start = CpuTime.ofThread();
      for (int i = 0; i < blocks.size(); i++) {
        encoder.encodeFixed(blocks.get(i), blocks.get(i)[0].length, i, out, 0);
      }
      least = Math.min(least, CpuTime.ofThread() - start);
    }
    return least * 1e-6;
  }

  /// @return bytes of all frames
  private static long verify(FrameEncoder encoder, byte[] out, List<int[][]> blocks)
      throws MalformedFlacException {
    FrameDecoder decoder = new FrameDecoder(StreamInfo.open(encoder.format()));
    long sum = 0;
    for (int i = 0; i < blocks.size(); i++) {
      int[][] block = blocks.get(i);
      int length = block[0].length;
      int size = encoder.encodeFixed(block, length, i, out, 0);
      decoder.decode(out, 0, size);
      for (int channel = 0; channel < block.length; channel++) {
        if (!Arrays.equals(block[channel], 0, length, decoder.samples(channel), 0, length)) {
          throw new IllegalStateException("frame " + i + " is not what was encoded");
        }
      }
      sum += size;
    }
    return sum;
  }

  private static List<String> flac(AudioFormat format, Path pcm, Path coded) {
    return List.of(
        "flac",
        "-s",
        "-f",
        "-8",
        "--lax",
        "--no-md5-sum",
        "--no-padding",
        "--no-seektable",
        "-b",
        Integer.toString(BLOCK_SIZE),
        "--force-raw-format",
        "--endian=little",
        "--sign=signed",
        "--channels=" + format.channels(),
        "--bps=" + format.bitsPerSample(),
        "--sample-rate=" + format.sampleRateHz(),
        "-o",
        coded.toString(),
        pcm.toString());
  }
}
