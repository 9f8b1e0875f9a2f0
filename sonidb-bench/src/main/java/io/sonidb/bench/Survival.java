package io.sonidb.bench;

import io.sonidb.flac.FrameDecoder;
import io.sonidb.sound.Ear;
import io.sonidb.sound.Listener;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import io.sonidb.sound.acoustic.AcousticListener;
import io.sonidb.sound.acoustic.AcousticSound;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/// What the sounds of vectors survive: codecs, resampling, gain, noise; and how fast tones are made
/// and heard. Needs ffmpeg.
///
/// Usage: `Survival channels VECTORS`, `Survival noise SEEDS` or `Survival speed`.
final class Survival {
  private static final int DIMENSION = 384;
  private static final int RATE_HZ = 48_000;

  /// A sound as it is stored or sent.
  private static final class Sound {
    private final float[][] channels;
    private final int bits;

    private Sound(float[][] channels, int bits) {
      this.channels = channels;
      this.bits = bits;
    }
  }

  /// What a sound goes through, as ffmpeg is told.
  ///
  /// @param encode options behind the input
  /// @param extension of the file between
  /// @param decode options when that is read again
  private record Channel(String name, String encode, String extension, String decode) {}

  private static final List<Channel> CHANNELS =
      List.of(
          new Channel("WAV, FLAC", "-c:a flac", "flac", ""),
          new Channel("ALAC", "-c:a alac", "m4a", ""),
          new Channel(
              "500 ms of silence before and after",
              "-af adelay=500:all=1,apad=pad_dur=0.5 -c:a flac",
              "flac",
              ""),
          new Channel("16 bits", "-c:a pcm_s16le", "wav", ""),
          new Channel("gain 0.5", "-af volume=0.5 -c:a flac", "flac", ""),
          new Channel("gain 0.05", "-af volume=0.05 -c:a flac", "flac", ""),
          new Channel("44.1 kHz and back", "-ar 44100 -c:a flac", "flac", "-ar 48000"),
          new Channel("16 kHz and back", "-ar 16000 -c:a flac", "flac", "-ar 48000"),
          new Channel("MP3 64k", "-c:a libmp3lame -b:a 64k", "mp3", ""),
          new Channel("MP3 128k", "-c:a libmp3lame -b:a 128k", "mp3", ""),
          new Channel("AAC 64k", "-c:a aac -b:a 64k", "m4a", ""),
          new Channel("Opus 16k", "-c:a libopus -b:a 16k", "opus", ""),
          new Channel("Opus 64k", "-c:a libopus -b:a 64k", "opus", ""));

  private Survival() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    switch (arguments[0]) {
      case "channels" -> channels(Integer.parseInt(arguments[1]));
      case "noise" -> noise(Integer.parseInt(arguments[1]));
      case "speed" -> speed();
      default -> throw new IllegalArgumentException("channels, noise or speed: " + arguments[0]);
    }
  }

  private static SoundRecord record(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) (random.nextGaussian() / Math.sqrt(DIMENSION));
    }
    return SoundRecord.upsert(seed, VectorId.of(seed), Vector.of(vector))
        .withInsertedAtMillis(1_700_000_000_000L + seed);
  }

  // --- channels

  private static void channels(int vectors) throws IOException, InterruptedException {
    System.out.println("| | amplitude | frequency | pulse | tones |\n|---|---|---|---|---|");
    Path folder = Files.createTempDirectory("survival");
    for (Channel channel : CHANNELS) {
      StringBuilder line = new StringBuilder("| " + channel.name);
      for (Sonification sonification : Sonification.values()) {
        line.append(" | ")
            .append(through(folder, channel, sonified(vectors, sonification), vectors));
      }
      System.out.println(line + " | " + through(folder, channel, tones(vectors), vectors) + " |");
    }
    StringBuilder line = new StringBuilder("| white noise, 20 dB below");
    for (Sonification sonification : Sonification.values()) {
      line.append(" | ").append(count(wav(noisy(sonified(vectors, sonification), 20, 1)), vectors));
    }
    System.out.println(line + " | " + count(wav(noisy(tones(vectors), 20, 1)), vectors) + " |");
    System.out.println("of " + vectors + " vectors each, bit for bit");
  }

  private static Sound sonified(int vectors, Sonification sonification) throws IOException {
    SoundFormat format = new SoundFormat(SoundFormat.FLOAT32.element(), sonification);
    RecordEncoder encoder = new RecordEncoder(format);
    FrameDecoder decoder = new FrameDecoder();
    List<float[][]> blocks = new ArrayList<>();
    int samples = 0;
    for (int vector = 0; vector < vectors; vector++) {
      SoundRecord record = record(vector);
      byte[] frames = new byte[encoder.maxSize(record)];
      encoder.encode(record, frames, 0);
      int at = 0;
      for (int part = 0; part < encoder.parts(); part++) {
        decoder.decode(frames, at, at + encoder.partLength(part));
        float[][] block = new float[format.channels()][decoder.blockSize()];
        for (int channel = 0; channel < block.length; channel++) {
          for (int i = 0; i < decoder.blockSize(); i++) {
            block[channel][i] = decoder.samples(channel)[i] / (float) (1 << 23);
          }
        }
        blocks.add(block);
        samples += decoder.blockSize();
        at += encoder.partLength(part);
      }
    }
    float[][] all = new float[format.channels()][samples];
    int at = 0;
    for (float[][] block : blocks) {
      for (int channel = 0; channel < all.length; channel++) {
        System.arraycopy(block[channel], 0, all[channel], at, block[channel].length);
      }
      at += block[0].length;
    }
    return new Sound(all, 24);
  }

  private static Sound tones(int vectors) {
    float[] all = new float[0];
    for (int vector = 0; vector < vectors; vector++) {
      float[] one = tones(record(vector));
      int at = all.length;
      all = Arrays.copyOf(all, at + one.length);
      System.arraycopy(one, 0, all, at, one.length);
    }
    return new Sound(new float[][] {all}, 16);
  }

  private static float[] tones(SoundRecord record) {
    AcousticSound sound = AcousticSound.of(record);
    int[] pcm = new int[Math.toIntExact(sound.samples())];
    sound.read(pcm, 0, pcm.length);
    float[] samples = new float[pcm.length];
    for (int i = 0; i < pcm.length; i++) {
      samples[i] = pcm[i] / (float) (1 << 15);
    }
    return samples;
  }

  private static Sound noisy(Sound sound, double snrDecibels, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[][] noisy = new float[sound.channels.length][];
    for (int channel = 0; channel < noisy.length; channel++) {
      noisy[channel] = sound.channels[channel].clone();
      double power = 0;
      for (float sample : noisy[channel]) {
        power += sample * sample;
      }
      double deviation = Math.sqrt(power / noisy[channel].length * Math.pow(10, -snrDecibels / 10));
      for (int i = 0; i < noisy[channel].length; i++) {
        noisy[channel][i] += (float) (deviation * random.nextGaussian());
      }
    }
    return new Sound(noisy, sound.bits);
  }

  private static byte[] wav(Sound sound) {
    int channels = sound.channels.length;
    int samples = sound.channels[0].length;
    int bytes = sound.bits / 8;
    int size = samples * channels * bytes;
    ByteBuffer wav = ByteBuffer.allocate(44 + size).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + size);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16).putShort((short) 1);
    wav.putShort((short) channels).putInt(RATE_HZ).putInt(RATE_HZ * channels * bytes);
    wav.putShort((short) (channels * bytes)).putShort((short) sound.bits);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(size);
    int most = (1 << sound.bits - 1) - 1;
    for (int i = 0; i < samples; i++) {
      for (float[] channel : sound.channels) {
        int sample = (int) Math.clamp(Math.rint(channel[i] * (most + 1.0)), -most - 1, most);
        for (int b = 0; b < bytes; b++) {
          wav.put((byte) (sample >> 8 * b));
        }
      }
    }
    return wav.array();
  }

  private static String through(Path folder, Channel channel, Sound sound, int vectors)
      throws IOException, InterruptedException {
    Path in = Files.write(folder.resolve("in.wav"), wav(sound));
    Path coded = folder.resolve("coded." + channel.extension);
    Path out = folder.resolve("out.wav");
    ffmpeg("-i " + in + " " + channel.encode + " " + coded);
    ffmpeg("-i " + coded + " " + channel.decode + " -c:a pcm_s32le " + out);
    return count(Files.readAllBytes(out), vectors);
  }

  private static void ffmpeg(String arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ffmpeg", "-y", "-v", "error", "-nostdin"));
    command.addAll(List.of(arguments.strip().split(" +")));
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
  }

  /// How many of the vectors are heard, none of them wrong.
  private static String count(byte[] wav, int vectors) {
    Set<SoundRecord> heard = new HashSet<>();
    try (InputStream in = new BufferedInputStream(new ByteArrayInputStream(wav))) {
      Ear.Maker tones = rate -> new AcousticListener(rate, (record, _) -> heard.add(record));
      Listener.listen(in, (record, _) -> heard.add(record), tones);
    } catch (IOException e) {
      return "0 (" + e.getMessage() + ")";
    }
    for (SoundRecord record : heard) {
      if (record.sequence() >= vectors || !record.equals(record(record.sequence()))) {
        throw new IllegalStateException("heard a wrong record: " + record);
      }
    }
    return Integer.toString(heard.size());
  }

  // --- noise

  private static void noise(int seeds) {
    double[] decibels = {20, 0, -8, -10, -11, -12, -13, -14, -15};
    for (double snr : decibels) {
      int heard = 0;
      for (int seed = 0; seed < seeds; seed++) {
        SoundRecord record = record(1000 + seed);
        Sound sound = noisy(new Sound(new float[][] {tones(record)}, 16), snr, seed);
        List<SoundRecord> found = hear(sound.channels[0]);
        if (found.stream().anyMatch(any -> !any.equals(record))) {
          throw new IllegalStateException("heard a wrong record: " + found);
        }
        heard += found.size();
      }
      System.out.printf(Locale.ROOT, "%5.0f dB: %d of %d%n", snr, heard, seeds);
    }
  }

  private static List<SoundRecord> hear(float[] pcm) {
    List<SoundRecord> heard = new ArrayList<>();
    AcousticListener listener = new AcousticListener(RATE_HZ, (record, _) -> heard.add(record));
    for (int at = 0; at < pcm.length; at += 4096) {
      listener.accept(pcm, at, Math.min(4096, pcm.length - at));
    }
    listener.finish();
    return heard;
  }

  // --- speed

  private static void speed() {
    double seconds = AcousticSound.of(record(1)).seconds();
    System.out.printf(Locale.ROOT, "a %d-d vector sounds for %.2f s%n", DIMENSION, seconds);
    for (int round = 0; round < 12; round++) {
      long start = System.nanoTime();
      float[] pcm = tones(record(round));
      long made = System.nanoTime();
      int heard = hear(pcm).size();
      long end = System.nanoTime();
      System.out.printf(
          Locale.ROOT,
          "round %d: made %.0f, heard %.0f seconds of sound a second, %d record%n",
          round,
          seconds * 1e9 / (made - start),
          seconds * 1e9 / (end - made),
          heard);
    }
    ByteArrayOutputStream sizes = new ByteArrayOutputStream();
    sizes.writeBytes(wav(new Sound(new float[][] {tones(record(1))}, 16)));
    System.out.println("as WAV " + sizes.size() + " bytes");
  }
}
