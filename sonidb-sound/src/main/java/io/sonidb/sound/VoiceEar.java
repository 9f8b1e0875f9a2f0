package io.sonidb.sound;

/// Reads the components that a [Voice] has sounded, part by part.
final class VoiceEar {
  private final Frequency frequency = new Frequency();
  private final Pulse pulse = new Pulse();
  private final int[][] words;
  private Voice voice = pulse;
  private int parameter;

  VoiceEar(int dataChannels) {
    words = new int[dataChannels][0];
  }

  /// Whether a representation is a voice's.
  static boolean understands(int representation) {
    return representation == RecordFormat.FREQUENCY || representation == RecordFormat.PULSE;
  }

  /// Begins a vector.
  ///
  /// @param description the representation, which is understood, and the parameter
  void begin(int description) {
    boolean tones = description >>> RecordFormat.REPRESENTATION_AT == RecordFormat.FREQUENCY;
    voice = tones ? frequency : pulse;
    parameter = description & RecordFormat.VOICE_PARAMETER_MASK;
  }

  /// How the vector sounds.
  Sonification sonification() {
    return voice instanceof Frequency ? Sonification.FREQUENCY : Sonification.PULSE;
  }

  /// Reads the components of one part.
  ///
  /// @return how many there are; -1 when the samples are not those of components
  int hear(int[][] pcm, int from, int to, int shift) {
    int most = (to - from) / voice.fewestSamples();
    int count = -1;
    for (int channel = 0; channel < words.length; channel++) {
      if (words[channel].length < most) {
        words[channel] = new int[most];
      }
      int heard = voice.hear(pcm[channel], from, to, shift, parameter, words[channel], 0);
      if (heard < 0 || channel > 0 && heard != count) {
        return -1;
      }
      count = heard;
    }
    return count;
  }

  /// Copies the float32 components that were heard.
  void copy(int[] into, int at, int count) {
    System.arraycopy(words[0], 0, into, at, count);
  }

  /// Copies the float64 components that were heard.
  void copy(long[] into, int at, int count) {
    for (int i = 0; i < count; i++) {
      into[at + i] = (long) words[0][i] << 32 | words[1][i] & 0xFFFFFFFFL;
    }
  }
}
