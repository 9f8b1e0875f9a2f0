package io.sonidb.flac;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Makes valid frames and streams that use every feature of RFC 9639, whether sensible or not, and
/// knows what they decode to. It counts the features, so that a test can see that none was missed.
///
/// It shares no code with the encoder or decoder.
final class FrameGenerator {

  /// A frame and its content.
  static final class Frame {
    final byte[] bytes;
    final int[][] pcm;
    final AudioFormat format;
    final boolean variable;
    final long number;

    Frame(byte[] bytes, int[][] pcm, AudioFormat format, boolean variable, long number) {
      this.bytes = bytes;
      this.pcm = pcm;
      this.format = format;
      this.variable = variable;
      this.number = number;
    }

    int blockSize() {
      return pcm[0].length;
    }
  }

  /// A stream and its content.
  static final class Stream {
    final byte[] bytes;
    final List<Frame> frames;

    Stream(byte[] bytes, List<Frame> frames) {
      this.bytes = bytes;
      this.frames = frames;
    }
  }

  private static final int[] RATES = {
    0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000
  };
  private static final int[] ODD_RATES = {1, 12345, 39000, 65535, 255000, 655350, 767990, 1048575};
  private static final int[] DEPTH_CODES = {0, 8, 12, -1, 16, 20, 24, 32};
  private static final int[] BLOCK_SIZES = {
    1, 2, 16, 17, 192, 256, 257, 576, 768, 1152, 2304, 4096, 4608
  };

  private final RandomGenerator random;
  final Map<String, Integer> features = new TreeMap<>();

  FrameGenerator(RandomGenerator random) {
    this.random = random;
  }

  AudioFormat format() {
    int rate =
        random.nextBoolean()
            ? RATES[random.nextInt(RATES.length)]
            : ODD_RATES[random.nextInt(ODD_RATES.length)];
    int channels = random.nextBoolean() ? 2 : 1 + random.nextInt(8);
    int depth =
        random.nextBoolean()
            ? 4 + random.nextInt(29)
            : new int[] {8, 16, 24, 32}[random.nextInt(4)];
    return new AudioFormat(rate, channels, depth);
  }

  int blockSize(int min) {
    int size =
        switch (random.nextInt(6)) {
          case 0, 1 -> BLOCK_SIZES[random.nextInt(BLOCK_SIZES.length)];
          case 2 -> 16 << random.nextInt(8);
          default -> 1 + random.nextInt(600);
        };
    return Math.max(size, min);
  }

  Frame frame() {
    boolean variable = random.nextBoolean();
    long number = random.nextLong() >>> (variable ? 28 : 33) >>> random.nextInt(variable ? 36 : 31);
    return frame(format(), blockSize(1), variable, number);
  }

  Frame frame(AudioFormat format, int blockSize, boolean variable, long number) {
    int[][] pcm = new int[format.channels()][];
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = signal(blockSize, format.bitsPerSample());
    }
    if (pcm.length == 2 && random.nextInt(3) == 0) {
      // Alike, as the channels of music are.
      for (int i = 0; i < blockSize; i++) {
        pcm[1][i] = clamp(pcm[0][i] + (long) random.nextInt(-9, 10), format.bitsPerSample());
      }
    }
    int assignment = pcm.length == 2 ? new int[] {1, 8, 9, 10}[random.nextInt(4)] : pcm.length - 1;
    count("assignment " + assignment);
    count(variable ? "variable block size" : "fixed block size");
    TestBits bits = header(format, blockSize, variable, number, assignment);
    int depth = format.bitsPerSample();
    for (int channel = 0; channel < pcm.length; channel++) {
      boolean side = assignment >= 8 && channel == (assignment == 9 ? 0 : 1);
      long[] samples = new long[blockSize];
      for (int i = 0; i < blockSize; i++) {
        samples[i] =
            side
                ? (long) pcm[0][i] - pcm[1][i]
                : assignment == 10 ? ((long) pcm[0][i] + pcm[1][i]) >> 1 : pcm[channel][i];
      }
      if (side && depth == 32) {
        count("33 bits");
      }
      subframe(bits, samples, side ? depth + 1 : depth);
    }
    return new Frame(bits.crc16().toByteArray(), pcm, format, variable, number);
  }

  /// A whole stream with right STREAMINFO, MD5 included.
  Stream stream(int frameCount) {
    AudioFormat format = format();
    boolean variable = random.nextBoolean();
    int fixedSize = blockSize(16);
    List<Frame> frames = new ArrayList<>();
    long samples = 0;
    int min = 65535;
    int max = 16;
    for (int i = 0; i < frameCount; i++) {
      boolean last = i == frameCount - 1;
      int size =
          variable ? blockSize(last ? 1 : 16) : last ? 1 + random.nextInt(fixedSize) : fixedSize;
      frames.add(frame(format, size, variable, variable ? samples : i));
      samples += size;
      max = Math.max(max, size);
      min = last ? min : Math.min(min, size);
    }
    if (!variable) {
      min = fixedSize;
      max = fixedSize;
    } else if (min == max) {
      min = 16;
      max = Math.max(max, 17);
    }
    TestBits bits = new TestBits();
    bits.put(0x664c6143, 32).put(0x80, 8).put(34, 24);
    bits.put(min, 16).put(max, 16);
    bits.put(frames.stream().mapToInt(f -> f.bytes.length).min().orElseThrow(), 24);
    bits.put(frames.stream().mapToInt(f -> f.bytes.length).max().orElseThrow(), 24);
    bits.put(format.sampleRateHz(), 20).put(format.channels() - 1, 3);
    bits.put(format.bitsPerSample() - 1, 5).put(samples, 36);
    bits.append(md5(frames));
    frames.forEach(frame -> bits.append(frame.bytes));
    return new Stream(bits.toByteArray(), frames);
  }

  static byte[] md5(List<Frame> frames) {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      for (Frame frame : frames) {
        for (int i = 0; i < frame.blockSize(); i++) {
          for (int[] channel : frame.pcm) {
            for (int bit = 0; bit < frame.format.bitsPerSample(); bit += 8) {
              digest.update((byte) (channel[i] >> bit));
            }
          }
        }
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private TestBits header(
      AudioFormat format, int blockSize, boolean variable, long number, int assignment) {
    List<Integer> sizeCodes = new ArrayList<>();
    sizeCodes.add(7);
    if (blockSize <= 256) {
      sizeCodes.add(6);
    }
    for (int code = 1; code < 16; code++) {
      if (code != 6 && code != 7 && blockSize == sizeOf(code)) {
        sizeCodes.add(code);
      }
    }
    int sizeCode = pick(sizeCodes, "block size code ");
    int rate = format.sampleRateHz();
    List<Integer> rateCodes = new ArrayList<>();
    rateCodes.add(0);
    for (int code = 1; code < RATES.length; code++) {
      if (RATES[code] == rate) {
        rateCodes.add(code);
      }
    }
    if (rate % 1000 == 0 && rate <= 255_000) {
      rateCodes.add(12);
    }
    if (rate <= 65535) {
      rateCodes.add(13);
    }
    if (rate % 10 == 0 && rate <= 655_350) {
      rateCodes.add(14);
    }
    int rateCode = pick(rateCodes, "rate code ");
    List<Integer> depthCodes = new ArrayList<>();
    for (int code = 0; code < 8; code++) {
      if (code == 0 || DEPTH_CODES[code] == format.bitsPerSample()) {
        depthCodes.add(code);
      }
    }
    int depthCode = pick(depthCodes, "depth code ");
    TestBits bits = new TestBits();
    bits.put(0x3ffe, 14).put(0, 1).put(variable ? 1 : 0, 1).put(sizeCode, 4).put(rateCode, 4);
    bits.put(assignment, 4).put(depthCode, 3).put(0, 1).number(number);
    if (sizeCode == 6 || sizeCode == 7) {
      bits.put(blockSize - 1, sizeCode == 6 ? 8 : 16);
    }
    switch (rateCode) {
      case 12 -> bits.put(rate / 1000, 8);
      case 13 -> bits.put(rate, 16);
      case 14 -> bits.put(rate / 10, 16);
      default -> {
        // The code says it all.
      }
    }
    return bits.crc8();
  }

  private static int sizeOf(int code) {
    return code == 1 ? 192 : code < 6 ? 144 << code : 1 << code;
  }

  private void subframe(TestBits bits, long[] samples, int depth) {
    long union = 0;
    boolean constant = true;
    for (long sample : samples) {
      union |= sample;
      constant &= sample == samples[0];
    }
    int zeros = Math.min(Long.numberOfTrailingZeros(union), depth - 1);
    int wasted = random.nextInt(4) == 0 ? random.nextInt(zeros + 1) : zeros;
    int width = depth - wasted;
    long[] shifted = new long[samples.length];
    for (int i = 0; i < samples.length; i++) {
      shifted[i] = samples[i] >> wasted;
    }
    if (constant && random.nextBoolean()) {
      type(bits, 0, wasted).put(shifted[0], width);
      count("constant");
      return;
    }
    switch (random.nextInt(8)) {
      case 0 -> verbatim(bits, shifted, width, wasted);
      case 1, 2, 3 -> fixed(bits, shifted, width, wasted);
      default -> lpc(bits, shifted, width, wasted);
    }
  }

  private TestBits type(TestBits bits, int type, int wasted) {
    bits.put(type, 7).put(wasted == 0 ? 0 : 1, 1);
    if (wasted > 0) {
      bits.unary(wasted - 1);
      count("wasted bits");
    }
    return bits;
  }

  private void verbatim(TestBits bits, long[] samples, int width, int wasted) {
    type(bits, 1, wasted);
    for (long sample : samples) {
      bits.put(sample, width);
    }
    count("verbatim");
    if (width == 1) {
      count("verbatim with one bit");
    }
  }

  private void fixed(TestBits bits, long[] samples, int width, int wasted) {
    int order = random.nextInt(5);
    int[][] coefficients = {{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}};
    long[] residuals = residuals(samples, order, coefficients[order], 0);
    if (residuals.length == 0) {
      verbatim(bits, samples, width, wasted);
      return;
    }
    type(bits, 8 + order, wasted);
    for (int i = 0; i < order; i++) {
      bits.put(samples[i], width);
    }
    residual(bits, residuals, order, samples.length);
    count("fixed " + order);
  }

  private void lpc(TestBits bits, long[] samples, int width, int wasted) {
    int order = 1 + (random.nextBoolean() ? random.nextInt(4) : random.nextInt(32));
    int precision = 1 + random.nextInt(15);
    int shift = random.nextInt(16);
    int[] coefficients = new int[order];
    int style = random.nextInt(4);
    for (int i = 0; i < order; i++) {
      int any = random.nextInt() >> (32 - precision);
      coefficients[i] =
          switch (style) {
            case 0 -> 0;
            case 1 -> any;
            case 2 -> any >> random.nextInt(precision);
            // Nearly the fixed predictor of order 1.
            default -> i == 0 ? Math.min((1 << shift) + any % 7, (1 << (precision - 1)) - 1) : 0;
          };
      if (coefficients[i] < -(1 << (precision - 1))) {
        coefficients[i] = 0;
      }
    }
    long[] residuals = residuals(samples, order, coefficients, shift);
    if (residuals.length == 0) {
      verbatim(bits, samples, width, wasted);
      return;
    }
    type(bits, 31 + order, wasted);
    for (int i = 0; i < order; i++) {
      bits.put(samples[i], width);
    }
    bits.put(precision - 1, 4).put(shift, 5);
    for (int coefficient : coefficients) {
      bits.put(coefficient, precision);
    }
    residual(bits, residuals, order, samples.length);
    count("lpc " + order);
    count("lpc precision " + precision);
    count("lpc shift " + shift);
    if (style == 0) {
      count("lpc of zeros");
    }
  }

  /// What is left of samples `order` to the end after prediction; empty if the RFC does not allow
  /// it.
  private static long[] residuals(long[] samples, int order, int[] coefficients, int shift) {
    if (samples.length <= order) {
      return new long[0];
    }
    long[] residuals = new long[samples.length - order];
    for (int i = order; i < samples.length; i++) {
      long sum = 0;
      for (int j = 0; j < order; j++) {
        sum += coefficients[j] * samples[i - 1 - j];
      }
      long residual = samples[i] - (sum >> shift);
      if (Math.abs(residual) > Integer.MAX_VALUE) {
        return new long[0];
      }
      residuals[i - order] = residual;
    }
    return residuals;
  }

  private void residual(TestBits bits, long[] residuals, int order, int blockSize) {
    int most = 0;
    while (most < 15 && blockSize % (2 << most) == 0 && blockSize >> (most + 1) > order) {
      most++;
    }
    int partitionOrder = random.nextBoolean() ? random.nextInt(most + 1) : Math.min(most, 2);
    // A residual of 32 bits cannot be escaped, and takes parameters above 14.
    boolean large = false;
    for (long residual : residuals) {
      large |= Math.abs(residual) >= 1 << 26;
    }
    int method = large ? 1 : random.nextInt(2);
    bits.put(method, 2).put(partitionOrder, 4);
    count("method " + method);
    count("partition order " + partitionOrder);
    int start = 0;
    for (int part = 0; part < 1 << partitionOrder; part++) {
      int end = (blockSize >> partitionOrder) * (part + 1) - order;
      partition(bits, residuals, start, end, 4 + method);
      start = end;
    }
  }

  private void partition(TestBits bits, long[] residuals, int start, int end, int parameterBits) {
    int width = 0;
    long sum = 0;
    for (int i = start; i < end; i++) {
      long magnitude = residuals[i] ^ residuals[i] >> 63;
      width = Math.max(width, residuals[i] == 0 ? 0 : 65 - Long.numberOfLeadingZeros(magnitude));
      sum += 2 * magnitude + 1;
    }
    int max = (1 << parameterBits) - 2;
    if (width <= 31 && random.nextInt(5) == 0) {
      int any = Math.min(31, width + random.nextInt(3));
      bits.put(max + 1, parameterBits).put(any, 5);
      for (int i = start; i < end; i++) {
        bits.put(residuals[i], any);
      }
      count("escape " + any);
      return;
    }
    int parameter = 0;
    while (parameter < max && sum >> parameter > 40L * (end - start) + 200) {
      parameter++;
    }
    parameter = Math.min(max, parameter + random.nextInt(4));
    bits.put(parameter, parameterBits);
    for (int i = start; i < end; i++) {
      bits.rice(residuals[i], parameter);
    }
    count("parameter " + parameter);
  }

  private int[] signal(int size, int depth) {
    int[] samples = new int[size];
    int kind = random.nextInt(10);
    int lost = random.nextInt(depth);
    double frequency = random.nextDouble() * 0.3;
    long walk = 0;
    for (int i = 0; i < size; i++) {
      int noise = random.nextInt() >> (32 - depth);
      long sample =
          switch (kind) {
            case 0 -> 0;
            case 1 -> i == 0 ? noise : samples[0];
            case 2 -> noise;
            case 3 -> noise >> lost;
            case 4 -> noise >> lost << lost;
            case 5 -> (long) (Math.sin(i * frequency) * 0.9 * Math.pow(2, depth - 1));
            case 6 -> (i & 1) == 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
            case 7 -> random.nextInt(20) == 0 ? noise : 0;
            case 8 -> i < 2 ? noise : random.nextInt(-3, 4);
            default -> walk += random.nextInt(-9, 10);
          };
      samples[i] = clamp(sample, depth);
    }
    return samples;
  }

  private static int clamp(long sample, int depth) {
    long limit = 1L << (depth - 1);
    return (int) Math.max(-limit, Math.min(limit - 1, sample));
  }

  private int pick(List<Integer> codes, String what) {
    int code = codes.get(random.nextInt(codes.size()));
    count(what + code);
    return code;
  }

  private void count(String feature) {
    features.merge(feature, 1, Integer::sum);
  }
}
