package io.sonidb.sound.acoustic;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.ReceiverReport;
import java.util.Arrays;

/// Feeds the listener sounds of any kind. Replays the inputs that are kept in the resources; with
/// `JAZZER_FUZZ=1` it looks for new ones.
class AcousticFuzzTest {
  /// A second has 45 bytes; longer sounds teach nothing new.
  private static final int MAX_CODE_BYTES = 400;

  @FuzzTest(maxDuration = "2m")
  void hearsAnySamples(byte[] bytes) {
    float[] pcm = new float[bytes.length];
    for (int i = 0; i < pcm.length; i++) {
      pcm[i] = bytes[i] / 128f;
    }
    check(pcm, 48_000);
    check(pcm, 44_100);
  }

  /// A right preamble, a header that is right or not, and any bytes behind it.
  @FuzzTest(maxDuration = "2m")
  void hearsAnyTones(FuzzedDataProvider data) {
    float[] pcm = new float[0];
    for (int i = 0; i < 2; i++) {
      byte[] header =
          AcousticSound.header(
              data.consumeInt(0, 0xFFFF),
              data.consumeInt(),
              data.consumeBoolean() ? ElementType.FLOAT32 : ElementType.FLOAT64);
      byte[] rest = data.consumeBytes(data.consumeInt(0, MAX_CODE_BYTES));
      byte[] code = Arrays.copyOf(header, header.length + rest.length);
      System.arraycopy(rest, 0, code, header.length, rest.length);
      pcm = Sounds.join(pcm, Sounds.of(AcousticSound.ofCode(data.consumeBoolean() ? code : rest)));
    }
    check(pcm, 48_000);
  }

  /// Messages that arrive whole and hold anything.
  @FuzzTest(maxDuration = "2m")
  void readsAnyMessage(byte[] bytes) {
    if (bytes.length > 0 && bytes.length <= MAX_CODE_BYTES) {
      check(Sounds.of(AcousticSound.ofMessage(bytes, ElementType.FLOAT32)), 48_000);
    }
  }

  @FuzzTest(maxDuration = "2m")
  void correctsAnyWord(FuzzedDataProvider data) {
    int parity = data.consumeInt(1, 64);
    int erased = data.consumeInt(0, parity);
    byte[] word = Arrays.copyOf(data.consumeRemainingAsBytes(), 255);
    int[] erasures = new int[erased];
    for (int i = 0; i < erased; i++) {
      erasures[i] = i * 3;
    }
    ReedSolomon code = new ReedSolomon(parity);
    byte[] corrected = word.clone();
    if (code.decode(corrected, 255, erasures, erased) < 0) {
      if (!Arrays.equals(corrected, word)) {
        throw new AssertionError("a word that cannot be corrected was changed");
      }
    } else if (code.decode(corrected, 255, new int[0], 0) != 0) {
      throw new AssertionError("a corrected word is not right");
    }
  }

  private static void check(float[] pcm, int rateHz) {
    AcousticListener listener = new AcousticListener(rateHz, (record, _) -> record.hash());
    Sounds.hearAll(listener, pcm);
    ReceiverReport report = listener.report();
    if (report.samplesHeard() != pcm.length || report.samplesSkipped() > pcm.length) {
      throw new AssertionError(report + " of " + pcm.length + " samples");
    }
  }
}
