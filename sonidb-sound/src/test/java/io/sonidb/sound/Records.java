package io.sonidb.sound;

import io.sonidb.flac.Frames;
import io.sonidb.sound.TestVectors.Bits;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// Records to test with, and their sound.
final class Records {
  private Records() {}

  /// A record of any kind, with anything in it; small enough for many of them.
  static SoundRecord any(RandomGenerator random, ElementType element) {
    long sequence = random.nextLong() >>> 1 + random.nextInt(63);
    SoundRecord record =
        switch (random.nextInt(8)) {
          case 0 -> SoundRecord.delete(sequence, VectorIdTest.any(random));
          case 1 -> SoundRecord.skip(sequence, 1 + (random.nextInt() >>> 1 + random.nextInt(30)));
          case 2 -> SoundRecord.changePayload(sequence, VectorIdTest.any(random), payload(random));
          default ->
              SoundRecord.upsert(
                  sequence, VectorIdTest.any(random), vector(random, element), payload(random));
        };
    record = random.nextInt(3) == 0 ? record.withBatchContinues(true) : record;
    record = random.nextInt(3) == 0 ? record.withInsertedAtMillis(millis(random)) : record;
    record = random.nextInt(5) == 0 ? record.withExpiresAtMillis(millis(random)) : record;
    record =
        random.nextInt(3) == 0
            ? record.withAcknowledgedSequence(sequence - lag(random, sequence))
            : record;
    if (record.kind() == RecordKind.DELETE && random.nextBoolean()) {
      return record.withExpired();
    }
    return record.kind() == RecordKind.PAYLOAD && sequence > 0 && random.nextBoolean()
        ? record.withVectorSequence(sequence - Math.max(1, lag(random, sequence)))
        : record;
  }

  /// A time that takes 0 to 7 bytes in a record.
  private static long millis(RandomGenerator random) {
    return SoundRecord.FIRST_MILLIS + (random.nextLong() >>> 8 + random.nextInt(56));
  }

  private static long lag(RandomGenerator random, long sequence) {
    return Math.min(sequence, random.nextLong() >>> 8 + random.nextInt(56));
  }

  private static Vector vector(RandomGenerator random, ElementType element) {
    int dimension = random.nextInt(20) == 0 ? 4000 + random.nextInt(2000) : 1 + random.nextInt(200);
    Bits[] all = Bits.values();
    return TestVectors.hostile(random, element, dimension, all[random.nextInt(all.length)]);
  }

  private static byte[] payload(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> TestVectors.bytes(random, random.nextInt(30));
      case 1 -> TestVectors.bytes(random, random.nextInt(900));
      case 2 ->
          random.nextInt(8) == 0 ? TestVectors.bytes(random, random.nextInt(40_000)) : new byte[0];
      default -> new byte[0];
    };
  }

  /// All frames of a record.
  static byte[] encode(RecordEncoder encoder, SoundRecord record) {
    byte[] out = new byte[encoder.maxSize(record)];
    return Arrays.copyOf(out, encoder.encode(record, out, 0));
  }

  /// All frames of all records, numbered from 0, one behind the other.
  static byte[] encode(SoundFormat format, List<SoundRecord> records) {
    return encode(format, records, 0);
  }

  /// All frames of all records, numbered from `firstSample`, one behind the other.
  static byte[] encode(SoundFormat format, List<SoundRecord> records, long firstSample) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    writeTo(all, format, records, firstSample);
    return all.toByteArray();
  }

  /// Where each record's frames begin in [#encode], and behind the last, where all of them end.
  static int[] offsets(SoundFormat format, List<SoundRecord> records, long firstSample) {
    return writeTo(new ByteArrayOutputStream(), format, records, firstSample);
  }

  private static int[] writeTo(
      ByteArrayOutputStream all, SoundFormat format, List<SoundRecord> records, long firstSample) {
    RecordEncoder encoder = new RecordEncoder(format);
    int[] offsets = new int[records.size() + 1];
    long sample = firstSample;
    for (int i = 0; i < records.size(); i++) {
      byte[] run = encode(encoder, records.get(i));
      int at = 0;
      for (int part = 0; part < encoder.parts(); part++) {
        int length = encoder.partLength(part);
        byte[] renumbered = new byte[length + Frames.MAX_RENUMBER_GROWTH];
        all.write(renumbered, 0, Frames.renumber(run, at, length, sample, renumbered, 0));
        at += length;
        sample += encoder.partSamples(part);
      }
      offsets[i + 1] = all.size();
    }
    return offsets;
  }

  /// The PCM of records, one behind the other.
  static int[][] sound(SoundFormat format, List<SoundRecord> records) {
    Pcm pcm = new Pcm(format.channels());
    RecordSonifier sonifier = new RecordSonifier(format);
    for (SoundRecord record : records) {
      sonifier.prepare(record);
      for (int part = 0; part < sonifier.parts(); part++) {
        int block = sonifier.sound(part);
        pcm.add(sonifier.pcm(), 0, block);
      }
    }
    return pcm.channels();
  }

  /// Where each record begins in [#sound], and behind the last, where all of them end.
  static int[] starts(SoundFormat format, List<SoundRecord> records) {
    RecordSonifier sonifier = new RecordSonifier(format);
    int[] starts = new int[records.size() + 1];
    for (int i = 0; i < records.size(); i++) {
      sonifier.prepare(records.get(i));
      starts[i + 1] = starts[i];
      for (int part = 0; part < sonifier.parts(); part++) {
        starts[i + 1] += sonifier.sound(part);
      }
    }
    return starts;
  }

  /// What a receiver delivers of PCM that is given to it in pieces of any size.
  static List<SoundRecord> receive(SoundFormat format, int[][] pcm, RandomGenerator random) {
    List<SoundRecord> heard = new ArrayList<>();
    Receiver receiver = new Receiver(format, (record, _) -> heard.add(record));
    int at = 0;
    while (at < pcm[0].length) {
      int count = Math.min(pcm[0].length - at, 1 + random.nextInt(10_000));
      receiver.accept(pcm, at, count);
      at += count;
    }
    receiver.finish();
    return heard;
  }

  /// PCM that is put together piece by piece.
  static final class Pcm {
    private final int[][] channels;
    private int size;

    Pcm(int channels) {
      this.channels = new int[channels][1024];
    }

    Pcm add(int[][] pcm, int from, int count) {
      for (int c = 0; c < channels.length; c++) {
        if (size + count > channels[c].length) {
          channels[c] = Arrays.copyOf(channels[c], Math.max(size + count, 2 * channels[c].length));
        }
        System.arraycopy(pcm[c], from, channels[c], size, count);
      }
      size += count;
      return this;
    }

    Pcm add(int[][] pcm) {
      return add(pcm, 0, pcm[0].length);
    }

    int[][] channels() {
      int[][] copy = new int[channels.length][];
      for (int c = 0; c < channels.length; c++) {
        copy[c] = Arrays.copyOf(channels[c], size);
      }
      return copy;
    }
  }
}
