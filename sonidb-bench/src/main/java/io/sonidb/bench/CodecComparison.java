package io.sonidb.bench;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FlacKernels;
import io.sonidb.flac.FrameBatchDecoder;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.FrameEncoder;
import io.sonidb.flac.MalformedFlacException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Times this codec and the programs `flac` and `ffmpeg` on the same samples in one run, and prints
/// Markdown tables.
///
/// All times are CPU time, user and system together: of the thread that codes, and of a whole
/// process, less that of the same process on a file of a single frame. The programs read a file and
/// write to `/dev/null`; this codec goes from array to array. MD5 is off, except when `ffmpeg`
/// encodes, which cannot do without. Rounds go through all of them in turns; a table shows the
/// least time of each and how much longer the median was. Samples repeat after some million bytes,
/// so that both sides find them in a cache.
///
/// The last column compares with the row on top, and says how often a program's time holds that of
/// SoniDB.
///
/// It needs `bash`, `flac` and `ffmpeg`. Each kind of samples has a JVM of its own, started with
/// the flags of this one: with `-Dsonidb.simd=off` the plain loops are measured.
final class CodecComparison {
  private static final int DEFAULT_ROUNDS = 7;
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  private interface Coding {
    void run() throws MalformedFlacException;
  }

  private interface Timing {
    double seconds() throws IOException, InterruptedException;
  }

  /// What is timed, and its times so far, in seconds.
  private record Candidate(String name, Timing timing, List<Double> times) {
    Candidate(String name, Timing timing) {
      this(name, timing, new ArrayList<>());
    }

    double least() {
      return times.stream().min(Double::compare).orElseThrow();
    }

    double median() {
      return times.stream().sorted().skip(times.size() / 2).findFirst().orElseThrow();
    }
  }

  private final ComparedSamples samples;
  private final Path folder;
  private final int rounds;

  private CodecComparison(ComparedSamples samples, Path folder, int rounds) {
    this.samples = samples;
    this.folder = folder;
    this.rounds = rounds;
  }

  /// Prints the tables.
  ///
  /// @param args optionally the number of rounds, and the kind of samples
  public static void main(String... args)
      throws IOException, InterruptedException, MalformedFlacException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : DEFAULT_ROUNDS;
    if (args.length < 2) {
      System.out.printf("Kernels: %s. Rounds: %d.%n", FlacKernels.name(), rounds);
      for (ComparedSamples.Kind kind : ComparedSamples.Kind.values()) {
        inOwnJvm(Integer.toString(rounds), kind.name());
      }
      return;
    }
    ComparedSamples samples = ComparedSamples.Kind.valueOf(args[1]).make();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      new CodecComparison(samples, folder.path(), rounds).compare();
    }
  }

  private static void inOwnJvm(String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(CodecComparison.class.getName());
    command.addAll(List.of(args));
    int status = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (status != 0) {
      throw new IOException("the JVM for " + args[1] + " ended with status " + status);
    }
  }

  private void compare() throws IOException, InterruptedException, MalformedFlacException {
    Path whole = writePcm("whole.pcm", samples.repeats(), samples.blocks());
    Path single = writePcm("single.pcm", 1, new int[][][] {samples.blocks()[0]});
    System.out.printf(
        Locale.ROOT,
        "%n%s: %,d frames of %,d samples, %.1f MB%n",
        samples.name(),
        samples.frames(),
        samples.blockSize(),
        Files.size(whole) / 1e6);
    byte[][] frames = encodeAll();
    List<Path> files = new ArrayList<>();
    for (int level : new int[] {0, 5, 8}) {
      files.add(flacFile(whole, level));
    }
    Path singleFile = flacFile(single, 5);

    List<Candidate> encoders = encoders(whole, single);
    List<Candidate> decoders = decoders(frames, files, singleFile);
    for (int round = 0; round < rounds; round++) {
      for (List<Candidate> candidates : List.of(encoders, decoders)) {
        for (Candidate candidate : candidates) {
          candidate.times().add(candidate.timing().seconds());
        }
      }
    }
    print("encode", encoders);
    print("decode", decoders);
    printSizes(frames, files);
  }

  private List<Candidate> encoders(Path whole, Path single) {
    FrameEncoder encoder = new FrameEncoder(samples.format(), samples.search());
    byte[] out = new byte[encoder.maxFrameSize(samples.blockSize())];
    int[][][] blocks = samples.blocks();
    int size = samples.blockSize();
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(
        ours(
            "SoniDB",
            () -> {
              for (int i = 0; i < blocks.length; i++) {
                encoder.encodeFixed(blocks[i], size, i, out, 0);
              }
            }));
    for (int level : new int[] {0, 5, 8}) {
      candidates.add(
          program(
              "flac -" + level,
              flacEncode(level, whole, "/dev/null"),
              flacEncode(level, single, "/dev/null")));
    }
    // It has no encoder for 8 bits.
    if (samples.format().bitsPerSample() > 8) {
      candidates.add(program("ffmpeg, level 5", ffmpegEncode(whole), ffmpegEncode(single)));
    }
    return candidates;
  }

  private List<Candidate> decoders(byte[][] frames, List<Path> files, Path single)
      throws IOException {
    FrameDecoder decoder = new FrameDecoder();
    List<Candidate> candidates = new ArrayList<>();
    // Frames of this encoder where it is made for the samples, else those of flac.
    if (samples.search().maxFixedOrder() == 0) {
      candidates.add(
          ours(
              "SoniDB",
              () -> {
                for (byte[] frame : frames) {
                  decoder.decode(frame, 0, frame.length);
                }
              }));
      candidates.add(batchDecoder(frames));
    } else {
      for (Path file : List.of(files.get(1), files.get(2))) {
        byte[] bytes = Files.readAllBytes(file);
        int start = FlacFile.metadataSize(bytes);
        candidates.add(
            new Candidate(
                "SoniDB, file of " + file.getFileName(),
                warmed(
                    () -> {
                      for (int at = start; at < bytes.length; ) {
                        at += decoder.decode(bytes, at, bytes.length);
                      }
                    },
                    1)));
      }
    }
    Path five = files.get(1);
    candidates.add(program("flac -d", flacDecode(five), flacDecode(single)));
    candidates.add(program("flac -t", flacTest(five), flacTest(single)));
    candidates.add(program("ffmpeg", ffmpegDecode(five), ffmpegDecode(single)));
    return candidates;
  }

  private Candidate batchDecoder(byte[][] frames) {
    int count = 32;
    byte[][] batches = new byte[frames.length / count][];
    int[][] ends = new int[batches.length][count];
    int[][] offsets = new int[batches.length][count];
    for (int batch = 0; batch < batches.length; batch++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int i = 0; i < count; i++) {
        offsets[batch][i] = bytes.size();
        bytes.writeBytes(frames[batch * count + i]);
        ends[batch][i] = bytes.size();
      }
      batches[batch] = bytes.toByteArray();
    }
    FrameBatchDecoder decoder = new FrameBatchDecoder();
    return ours(
        "SoniDB, batches of " + count,
        () -> {
          for (int batch = 0; batch < batches.length; batch++) {
            decoder.decode(batches[batch], offsets[batch], ends[batch], count);
          }
        });
  }

  private byte[][] encodeAll() {
    FrameEncoder encoder = new FrameEncoder(samples.format(), samples.search());
    byte[] out = new byte[encoder.maxFrameSize(samples.blockSize())];
    byte[][] frames = new byte[samples.blocks().length][];
    for (int i = 0; i < frames.length; i++) {
      int length = encoder.encodeFixed(samples.blocks()[i], samples.blockSize(), i, out, 0);
      frames[i] = Arrays.copyOf(out, length);
    }
    return frames;
  }

  private Candidate ours(String name, Coding coding) {
    return new Candidate(name, warmed(coding, samples.repeats()));
  }

  /// Runs something until it is compiled; then each call times it `repeats` times.
  private static Timing warmed(Coding coding, int repeats) {
    try {
      long end = CpuTime.ofThread() + WARM_UP_NANOS;
      while (CpuTime.ofThread() < end) {
        coding.run();
      }
    } catch (MalformedFlacException e) {
      throw new IllegalStateException("a frame is malformed", e);
    }
    return () -> {
      long start = CpuTime.ofThread();
      for (int i = 0; i < repeats; i++) {
        coding.run();
      }
      return (CpuTime.ofThread() - start) * 1e-9;
    };
  }

  /// A program, less its start.
  private static Candidate program(String name, List<String> whole, List<String> single) {
    return new Candidate(
        name, () -> Math.max(1e-3, CpuTime.ofProcess(whole) - CpuTime.ofProcess(single)));
  }

  private void print(String direction, List<Candidate> candidates) {
    double ours = candidates.getFirst().least();
    System.out.printf(
        "%n| %s | us a frame | median | MB/s | SoniDB is faster by |%n|---|--:|--:|--:|--:|%n",
        direction);
    for (Candidate candidate : candidates) {
      double least = candidate.least();
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f | +%.0f %% | %,.0f | %s |%n",
          candidate.name(),
          least * 1e6 / samples.frames(),
          100 * (candidate.median() / least - 1),
          bytesOfPcm() / least / 1e6,
          candidate.name().startsWith("SoniDB")
              ? ""
              : String.format(Locale.ROOT, "%.1f", least / ours));
    }
  }

  private void printSizes(byte[][] frames, List<Path> files) throws IOException {
    double all = Arrays.stream(frames).mapToDouble(frame -> frame.length).sum() * samples.repeats();
    System.out.printf("%n| size | bytes a frame | of flac -8 |%n|---|--:|--:|%n");
    double best = FlacFile.sizeOfFrames(files.getLast());
    printSize("SoniDB", all, best);
    for (Path file : files) {
      printSize(String.valueOf(file.getFileName()), FlacFile.sizeOfFrames(file), best);
    }
  }

  private void printSize(String name, double size, double best) {
    System.out.printf(
        Locale.ROOT, "| %s | %,.1f | %.4f |%n", name, size / samples.frames(), size / best);
  }

  private double bytesOfPcm() {
    AudioFormat format = samples.format();
    return (double) samples.frames()
        * samples.blockSize()
        * format.channels()
        * format.bitsPerSample()
        / Byte.SIZE;
  }

  private Path writePcm(String name, int repeats, int[][][] blocks) throws IOException {
    Path file = folder.resolve(name);
    FlacFile.writePcm(file, samples.format(), List.of(blocks), repeats);
    return file;
  }

  private Path flacFile(Path pcm, int level) throws IOException, InterruptedException {
    String stem = pcm.getFileName().toString().replace(".pcm", "");
    Path file = folder.resolve("flac -" + level + (stem.equals("whole") ? "" : " " + stem));
    CpuTime.ofProcess(flacEncode(level, pcm, file.toString()));
    return file;
  }

  private List<String> flacEncode(int level, Path pcm, String out) {
    List<String> command = new ArrayList<>(List.of("flac", "-s", "-f", "-" + level, "--lax"));
    command.addAll(List.of("--no-md5-sum", "--no-padding", "--no-seektable"));
    command.addAll(List.of("-b", Integer.toString(samples.blockSize())));
    command.addAll(List.of("--force-raw-format", "--endian=little", "--sign=signed"));
    command.add("--channels=" + samples.format().channels());
    command.add("--bps=" + samples.format().bitsPerSample());
    command.add("--sample-rate=" + samples.format().sampleRateHz());
    command.addAll(out.equals("/dev/null") ? List.of("-c") : List.of("-o", out));
    command.add(pcm.toString());
    return command;
  }

  private static List<String> flacDecode(Path file) {
    return List.of(
        "flac",
        "-s",
        "-d",
        "-c",
        "--force-raw-format",
        "--endian=little",
        "--sign=signed",
        file.toString());
  }

  private static List<String> flacTest(Path file) {
    return List.of("flac", "-s", "-t", file.toString());
  }

  private List<String> ffmpegEncode(Path pcm) {
    AudioFormat format = samples.format();
    List<String> command = new ArrayList<>(ffmpeg());
    command.addAll(List.of("-f", "s" + format.bitsPerSample() + "le"));
    command.addAll(List.of("-ar", Integer.toString(format.sampleRateHz())));
    command.addAll(List.of("-ac", Integer.toString(format.channels()), "-i", pcm.toString()));
    command.addAll(List.of("-c:a", "flac", "-compression_level", "5"));
    command.addAll(List.of("-frame_size", Integer.toString(samples.blockSize())));
    command.addAll(List.of("-f", "flac", "-y", "/dev/null"));
    return command;
  }

  private static List<String> ffmpegDecode(Path file) {
    List<String> command = new ArrayList<>(ffmpeg());
    command.addAll(List.of("-f", "flac", "-i", file.toString(), "-f", "null", "-"));
    return command;
  }

  private static List<String> ffmpeg() {
    return List.of("ffmpeg", "-v", "error", "-nostdin", "-threads", "1");
  }
}
