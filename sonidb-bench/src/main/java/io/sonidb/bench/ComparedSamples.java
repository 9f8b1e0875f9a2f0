package io.sonidb.bench;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.flac.SubframeSearch;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Samples that codecs are compared on, the same in every run.
///
/// Vectors repeat after 1.6 MB, which fit in a second-level cache, as in a database they come right
/// from there; sound after 10 MB.
final class ComparedSamples {

  private static final int DIMENSION = 768;

  /// The kinds there are.
  enum Kind {
    /// Records of 768-d float32 vectors: 24-bit noise beside small numbers.
    FLOAT32,
    /// 768 Gaussian numbers of 8 bits, sigma 20.
    INT8,
    /// Notes with harmonics that fade, and some noise; 16-bit stereo.
    MUSIC;

    ComparedSamples make() throws MalformedFlacException {
      return switch (this) {
        case FLOAT32 -> floats();
        case INT8 -> bytes();
        case MUSIC -> music();
      };
    }
  }

  private final String name;
  private final AudioFormat format;
  private final SubframeSearch search;
  private final int[][][] blocks;
  private final int repeats;

  private ComparedSamples(
      String name, AudioFormat format, SubframeSearch search, int[][][] blocks, int repeats) {
    this.name = name;
    this.format = format;
    this.search = search;
    this.blocks = blocks;
    this.repeats = repeats;
  }

  String name() {
    return name;
  }

  AudioFormat format() {
    return format;
  }

  /// How the encoder looks for subframes of this kind.
  SubframeSearch search() {
    return search;
  }

  /// `[block][channel][sample]`, all blocks of one size.
  int[][][] blocks() {
    return blocks;
  }

  /// How often all of them are coded in a round.
  int repeats() {
    return repeats;
  }

  int blockSize() {
    return blocks[0][0].length;
  }

  long frames() {
    return (long) blocks.length * repeats;
  }

  private static ComparedSamples floats() throws MalformedFlacException {
    SoundFormat format = SoundFormat.FLOAT32;
    RecordEncoder records = new RecordEncoder(format);
    FrameDecoder decoder = new FrameDecoder();
    UnitVectors vectors = new UnitVectors(DIMENSION);
    int[][][] blocks = new int[256][format.channels()][];
    for (int i = 0; i < blocks.length; i++) {
      SoundRecord record =
          SoundRecord.upsert(3_000_000 + i, VectorId.of(2_500_000 + i), Vector.of(vectors.next()));
      byte[] bytes = new byte[records.maxSize(record)];
      int size = records.encode(record, bytes, 0);
      if (decoder.decode(bytes, 0, size) != size) {
        throw new IllegalStateException("the record is more than one frame");
      }
      for (int channel = 0; channel < format.channels(); channel++) {
        blocks[i][channel] = Arrays.copyOf(decoder.samples(channel), decoder.blockSize());
      }
      if (blocks[i][0].length != blocks[0][0].length) {
        throw new IllegalStateException("the records differ in length");
      }
    }
    return new ComparedSamples(
        "768-d float32, 24-bit stereo", format.audio(), SubframeSearch.NOISE, blocks, 62);
  }

  private static ComparedSamples bytes() {
    SplittableRandom random = new SplittableRandom(8);
    int[][][] blocks = new int[512][1][DIMENSION];
    for (int[][] block : blocks) {
      Arrays.setAll(block[0], i -> Math.clamp(Math.round(20 * random.nextGaussian()), -128, 127));
    }
    return new ComparedSamples(
        "768-d int8, 8-bit mono", new AudioFormat(48_000, 1, 8), SubframeSearch.NOISE, blocks, 126);
  }

  private static ComparedSamples music() {
    int rate = 44_100;
    int size = 4096;
    int length = 30 * rate / size * size;
    SplittableRandom random = new SplittableRandom(16);
    double[][] mix = new double[2][length];
    for (int note = 0; note < 200; note++) {
      addNote(mix, rate, random);
    }
    double squares = 0;
    for (double[] channel : mix) {
      for (double sample : channel) {
        squares += sample * sample;
      }
    }
    double scale = 6000 / Math.sqrt(squares / (2 * length));
    int[][][] blocks = new int[length / size][2][size];
    for (int i = 0; i < length; i++) {
      for (int channel = 0; channel < 2; channel++) {
        long sample = Math.round(mix[channel][i] * scale + 20 * random.nextGaussian());
        blocks[i / size][channel][i % size] = Math.clamp(sample, -32768, 32767);
      }
    }
    return new ComparedSamples(
        "music-like, 16-bit stereo",
        new AudioFormat(rate, 2, 16),
        SubframeSearch.MUSIC,
        blocks,
        10);
  }

  private static void addNote(double[][] mix, int rate, SplittableRandom random) {
    double hertz = 55 * Math.pow(2, random.nextInt(48) / 12.0);
    double decaySeconds = random.nextDouble(0.2, 2);
    double left = random.nextDouble(0.2, 0.8);
    double phase = random.nextDouble(2 * Math.PI);
    int start = random.nextInt(mix[0].length);
    int end = (int) Math.min(mix[0].length, start + 5 * decaySeconds * rate);
    for (int i = start; i < end; i++) {
      double seconds = (i - start) / (double) rate;
      double sum = 0;
      for (int harmonic = 1; harmonic < 12; harmonic++) {
        // A string's overtones lie a little too high.
        double radians = 2 * Math.PI * hertz * harmonic * (1 + 1e-4 * harmonic * harmonic);
        sum += Math.sin(radians * seconds + phase * harmonic) / Math.pow(harmonic, 1.3);
      }
      sum *= Math.exp(-seconds / decaySeconds) * (1 - Math.exp(-seconds / 0.005));
      mix[0][i] += left * sum;
      mix[1][i] += (1 - left) * sum;
    }
  }
}
