package io.sonidb.sound.acoustic;

import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// Acoustic sounds to test with, and what may happen to them.
final class Sounds {
  private Sounds() {}

  /// A record with an id, a vector like an embedding, a small payload and a time.
  static SoundRecord record(RandomGenerator random, int dimension) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) (random.nextGaussian() / Math.sqrt(dimension));
    }
    byte[] payload = new byte[random.nextInt(20)];
    random.nextBytes(payload);
    return SoundRecord.upsert(
            random.nextInt(1000), VectorId.of(random.nextLong()), Vector.of(vector), payload)
        .withInsertedAtMillis(1_700_000_000_000L);
  }

  static float[] of(SoundRecord record) {
    return of(AcousticSound.of(record));
  }

  /// All samples, read in pieces, full scale 1.
  static float[] of(AcousticSound sound) {
    int[] pcm = new int[(int) sound.samples()];
    int size = 0;
    int count;
    do {
      count = sound.read(pcm, size, Math.min(10_007, pcm.length - size));
      size += count;
    } while (count > 0);
    float[] all = new float[size];
    for (int i = 0; i < size; i++) {
      all[i] = pcm[i] / 32768f;
    }
    return all;
  }

  static float[] join(float[]... pieces) {
    float[] all = new float[Arrays.stream(pieces).mapToInt(piece -> piece.length).sum()];
    int at = 0;
    for (float[] piece : pieces) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    return all;
  }

  static float[] silence(int millis) {
    return new float[48 * millis];
  }

  static float[] scaled(float[] pcm, double gain) {
    float[] scaled = pcm.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) gain;
    }
    return scaled;
  }

  /// White noise over it, so many decibels below its power.
  static float[] noisy(RandomGenerator random, float[] pcm, double snrDecibels) {
    double power = 0;
    for (float sample : pcm) {
      power += sample * sample;
    }
    double deviation = Math.sqrt(power / pcm.length * Math.pow(10, -snrDecibels / 10));
    float[] noisy = pcm.clone();
    for (int i = 0; i < noisy.length; i++) {
      noisy[i] += (float) (deviation * random.nextGaussian());
    }
    return noisy;
  }

  /// As it sounds when the player's clock is off, or another rate is meant: `factor` times as many
  /// samples.
  static float[] stretched(float[] pcm, double factor) {
    float[] stretched = new float[(int) (pcm.length * factor)];
    for (int i = 0; i < stretched.length; i++) {
      double at = i / factor;
      int left = (int) at;
      float right = left + 1 < pcm.length ? pcm[left + 1] : 0;
      stretched[i] = (float) (pcm[left] + (right - pcm[left]) * (at - left));
    }
    return stretched;
  }

  static List<SoundRecord> hear(float[] pcm) {
    return hear(pcm, 48_000);
  }

  static List<SoundRecord> hear(float[] pcm, int rateHz) {
    List<SoundRecord> heard = new ArrayList<>();
    AcousticListener listener = new AcousticListener(rateHz, (record, _) -> heard.add(record));
    hearAll(listener, pcm);
    return heard;
  }

  static void hearAll(AcousticListener listener, float[] pcm) {
    for (int at = 0; at < pcm.length; at += 5003) {
      listener.accept(pcm, at, Math.min(5003, pcm.length - at));
    }
    listener.finish();
  }
}
