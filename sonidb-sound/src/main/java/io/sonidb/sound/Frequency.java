package io.sonidb.sound;

/// The sonification `frequency`: each byte of a vector is the amplitude of a tone.
///
/// A block of 128 words has 512 tones, the lines of a cosine transform of 512 samples. The lowest
/// quarter of the lines takes the highest bytes of the words, so there sign and exponent sound; the
/// next quarters take the bytes below. A byte is a signed number, so a byte of 0 is silence.
///
/// *Exactness.* A line is its byte times the *spacing*. Rounding the samples to whole numbers turns
/// each by about 0.29, and a reader takes the nearest multiple of the spacing. With a spacing of 3,
/// one line in 200,000 comes within a sixteenth of a spacing of being wrong. So the writer reads
/// what it has made, and takes the next larger spacing if any line is that close. The largest one
/// is always right: all rounding errors of a block together have at most the energy of 512 times a
/// quarter, so no line is off by more than 11.4, and a spacing of 31 leaves 13.5.
///
/// *Widths.* 512 lines of at most 128 * 31 add up to less than 2^17 in one sample; with a spacing
/// of 3 those of noise stay within 2^10.
final class Frequency implements Voice {
  /// Words in a block; those that are left at the end are blocks of smaller powers of two.
  static final int BLOCK_WORDS = 128;

  private static final int LINES_PER_WORD = 4;
  private static final int BLOCK_SAMPLES = BLOCK_WORDS * LINES_PER_WORD;

  /// Spacings that are tried one after the other. The last one is always right.
  private static final int[] SPACINGS = {3, 4, 6, 9, 14, 21, 31};

  /// By how much of a spacing a line may be off. A sixteenth is left for readers that compute less
  /// exactly than this one.
  private static final double TOLERANCE = 7.0 / 16;

  /// Samples keep at least so many bits, so that the header has room.
  private static final int FEWEST_BITS = 10;

  private static final int MOST_BITS = 18;

  private final double[] lines = new double[BLOCK_SAMPLES];
  private final double[] scratch = new double[BLOCK_SAMPLES];
  private int[][] tones = new int[0][0];
  private int dimension;
  private int spacing;
  private int shift;

  @Override
  public int representation() {
    return RecordFormat.FREQUENCY;
  }

  @Override
  public int parameter() {
    return spacing;
  }

  @Override
  public int shift() {
    return shift;
  }

  /// Header samples are louder than the vector's noise and cost up to half as much again in Rice
  /// codes; beyond this, a frame for itself costs less.
  @Override
  public int mostHeaderBits() {
    return 1000;
  }

  @Override
  public int fewestFitting() {
    return (RecordFormat.MAX_PART_SAMPLES - 1) / BLOCK_SAMPLES * BLOCK_WORDS;
  }

  @Override
  public int mostSamples() {
    return LINES_PER_WORD;
  }

  @Override
  public int fewestSamples() {
    return LINES_PER_WORD;
  }

  @Override
  public int mostBits() {
    return MOST_BITS;
  }

  @Override
  public void prepare(int[][] words, int count) {
    dimension = count;
    makeRoom(words.length, count * LINES_PER_WORD);
    int attempt = 0;
    while (!soundAll(words, SPACINGS[attempt])) {
      attempt++;
    }
    int peak = 0;
    for (int channel = 0; channel < words.length; channel++) {
      peak |= union(tones[channel], count * LINES_PER_WORD);
    }
    int bits = Integer.SIZE + 1 - Integer.numberOfLeadingZeros(peak);
    shift = RecordFormat.BITS_PER_SAMPLE - Math.max(bits, FEWEST_BITS);
  }

  private void makeRoom(int channels, int samples) {
    if (tones.length < channels || tones[0].length < samples) {
      tones = new int[channels][Math.max(samples, BLOCK_SAMPLES)];
    }
  }

  /// All magnitudes joined by "or".
  private static int union(int[] samples, int count) {
    int union = 0;
    for (int i = 0; i < count; i++) {
      union |= samples[i] ^ samples[i] >> Integer.SIZE - 1;
    }
    return union;
  }

  private boolean soundAll(int[][] words, int wanted) {
    spacing = wanted;
    for (int channel = 0; channel < words.length; channel++) {
      for (int at = 0; at < dimension; at += blockWords(dimension - at)) {
        if (!soundBlock(words[channel], at, blockWords(dimension - at), tones[channel])) {
          return false;
        }
      }
    }
    return true;
  }

  /// How many words the next block has when so many are left.
  private static int blockWords(int left) {
    return Math.min(BLOCK_WORDS, Integer.highestOneBit(left));
  }

  /// Sounds one block; returns whether reading it gives the same words.
  private boolean soundBlock(int[] words, int from, int count, int[] into) {
    int size = count * LINES_PER_WORD;
    int at = from * LINES_PER_WORD;
    Cosines cosines = Cosines.of(size);
    for (int i = 0; i < count; i++) {
      int word = words[from + i];
      lines[i] = (word >> 24) * spacing;
      lines[count + i] = (word << 8 >> 24) * spacing;
      lines[2 * count + i] = (word << 16 >> 24) * spacing;
      lines[3 * count + i] = (word << 24 >> 24) * spacing;
    }
    cosines.synthesise(lines, scratch);
    for (int i = 0; i < size; i++) {
      lines[i] = round(lines[i]);
      into[at + i] = (int) lines[i];
    }
    cosines.analyse(lines, scratch);
    return isRead(words, from, count);
  }

  private boolean isRead(int[] words, int from, int count) {
    double tolerance = TOLERANCE * spacing;
    boolean good = true;
    for (int i = 0; i < count; i++) {
      int word = words[from + i];
      good &= Math.abs(lines[i] - (word >> 24) * spacing) <= tolerance;
      good &= Math.abs(lines[count + i] - (word << 8 >> 24) * spacing) <= tolerance;
      good &= Math.abs(lines[2 * count + i] - (word << 16 >> 24) * spacing) <= tolerance;
      good &= Math.abs(lines[3 * count + i] - (word << 24 >> 24) * spacing) <= tolerance;
    }
    return good;
  }

  /// The nearest whole number; a number that is added and taken away again leaves no other.
  private static double round(double value) {
    double large = 0x1.8p52;
    return value + large - large;
  }

  /// Parts hold whole blocks, so that a part can be read without the one before it.
  @Override
  public int fitting(int from, int room) {
    int words = room / LINES_PER_WORD;
    int left = dimension - from;
    return words >= left ? left : words / BLOCK_WORDS * BLOCK_WORDS;
  }

  @Override
  public int sound(int from, int count, int[][] pcm, int at) {
    int samples = count * LINES_PER_WORD;
    for (int channel = 0; channel < pcm.length - 1; channel++) {
      shift(tones[channel], from * LINES_PER_WORD, samples, shift, pcm[channel], at);
    }
    return samples;
  }

  private static void shift(int[] from, int first, int count, int shift, int[] into, int at) {
    for (int i = 0; i < count; i++) {
      into[at + i] = from[first + i] << shift;
    }
  }

  @Override
  public int hear(int[] samples, int from, int to, int shift, int parameter, int[] words, int at) {
    int count = (to - from) / LINES_PER_WORD;
    if (count * LINES_PER_WORD != to - from || parameter == 0) {
      return -1;
    }
    boolean good = true;
    int done = 0;
    while (done < count && good) {
      int block = blockWords(count - done);
      good =
          hearBlock(
              samples, from + done * LINES_PER_WORD, block, shift, parameter, words, at + done);
      done += block;
    }
    return good ? count : -1;
  }

  private boolean hearBlock(
      int[] samples, int from, int count, int shift, int parameter, int[] words, int at) {
    int size = count * LINES_PER_WORD;
    for (int i = 0; i < size; i++) {
      lines[i] = samples[from + i] >> shift;
    }
    Cosines.of(size).analyse(lines, scratch);
    double inverse = 1.0 / parameter;
    int outside = 0;
    for (int i = 0; i < count; i++) {
      int first = line(lines[i] * inverse);
      int second = line(lines[count + i] * inverse);
      int third = line(lines[2 * count + i] * inverse);
      int fourth = line(lines[3 * count + i] * inverse);
      outside |= first + 128 | second + 128 | third + 128 | fourth + 128;
      words[at + i] = first << 24 | (second & 0xFF) << 16 | (third & 0xFF) << 8 | fourth & 0xFF;
    }
    return (outside & -256) == 0;
  }

  private static int line(double value) {
    return (int) round(value);
  }
}
