package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Change;
import io.sonidb.Payload;
import io.sonidb.flac.FlacHead;
import io.sonidb.flac.FlacKernels;
import io.sonidb.flac.Frames;
import io.sonidb.flac.StreamInfo;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// However a stream's bytes come, the same changes are made of it, and the same is said when it is
/// damaged: many records are read at a time, one by one, or as they come in pieces.
class AudioSourceTest {
  private static final long SEED = Long.getLong("sonidb.seed", System.nanoTime());

  @BeforeAll
  static void usesSimdFromTheFirstFrameOn() {
    FlacKernels.useAtOnce();
  }

  @Test
  void readsTheSameHoweverItComes() {
    for (int round = 0; round < 4; round++) {
      SplittableRandom random = new SplittableRandom(SEED + round);
      Stream stream = new Stream(random, 40 + random.nextInt(200));
      Heard alone = stream.hear(0, random);
      assertThat(alone.end).isEqualTo("the end");
      assertThat(alone.changes).as("seed %d", SEED).hasSize(stream.records);
      assertThat(stream.hear(1 << 20, random)).as("seed %d", SEED).isEqualTo(alone);
      assertThat(stream.hear(1 + random.nextInt(9_000), random))
          .as("seed %d", SEED)
          .isEqualTo(alone);
    }
  }

  @Test
  void findsTheSameDamageHoweverItComes() {
    for (int round = 0; round < 24; round++) {
      SplittableRandom random = new SplittableRandom(SEED + round);
      Stream stream = new Stream(random, 40);
      stream.damage(random);
      Heard alone = stream.hear(0, random);
      assertThat(alone.end).as("seed %d", SEED).isNotEqualTo("the end");
      assertThat(stream.hear(1 << 20, random)).as("seed %d", SEED).isEqualTo(alone);
      assertThat(stream.hear(1 + random.nextInt(9_000), random))
          .as("seed %d", SEED)
          .isEqualTo(alone);
    }
  }

  /// What was heard, and what was said last.
  private record Heard(List<String> changes, String end) {}

  /// Records of many kinds, most of them vectors of the same dimension, as a node sends them.
  private static final class Stream {
    private final int records;
    private final List<Integer> starts = new ArrayList<>();
    private byte[] bytes;

    Stream(SplittableRandom random, int records) {
      this.records = records;
      SoundFormat format = SoundFormat.FLOAT32;
      RecordEncoder encoder = new RecordEncoder(format);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(FlacHead.write(List.of(StreamInfo.open(format.audio()))));
      int dimension = 16 + random.nextInt(150);
      long sample = 0;
      for (int i = 0; i < records; i++) {
        SoundRecord record = record(random, i + 1, dimension);
        byte[] run = new byte[encoder.maxSize(record)];
        encoder.encode(record, run, 0);
        starts.add(all.size());
        int at = 0;
        for (int part = 0; part < encoder.parts(); part++) {
          byte[] renumbered = new byte[encoder.partLength(part) + Frames.MAX_RENUMBER_GROWTH];
          int length = Frames.renumber(run, at, encoder.partLength(part), sample, renumbered, 0);
          all.write(renumbered, 0, length);
          at += encoder.partLength(part);
          sample += encoder.partSamples(part);
        }
      }
      bytes = all.toByteArray();
    }

    private static SoundRecord record(SplittableRandom random, int sequence, int dimension) {
      VectorId id = VectorId.of(sequence);
      return switch (random.nextInt(24)) {
        case 0 -> SoundRecord.delete(sequence, id);
        case 1 -> SoundRecord.upsert(sequence, id, vector(random, dimension), cbor(200));
        case 2 -> SoundRecord.upsert(sequence, id, vector(random, dimension), cbor(30_000));
        case 3 -> SoundRecord.upsert(sequence, id, vector(random, 5_000));
        case 4 -> SoundRecord.changePayload(sequence, id, cbor(20));
        default -> SoundRecord.upsert(sequence, id, vector(random, dimension));
      };
    }

    private static Vector vector(SplittableRandom random, int dimension) {
      boolean isAny = random.nextInt(10) == 0;
      float[] components = new float[dimension];
      for (int i = 0; i < dimension; i++) {
        components[i] =
            isAny ? Float.intBitsToFloat(random.nextInt()) : (float) (random.nextDouble() - 0.5);
      }
      return Vector.sharing(components);
    }

    /// An object whose value is a text of a size.
    private static byte[] cbor(int size) {
      return Payload.ofMap(Map.of("text", "x".repeat(size))).cbor();
    }

    /// Flips a bit, cuts something out or off, or puts something in; behind the head.
    void damage(SplittableRandom random) {
      int head = starts.getFirst();
      int from = head + random.nextInt(bytes.length - head);
      ByteArrayOutputStream damaged = new ByteArrayOutputStream();
      damaged.write(bytes, 0, from);
      int start = starts.get(1 + random.nextInt(starts.size() - 2));
      switch (random.nextInt(4)) {
        case 0 -> {
          damaged.write(bytes[from] ^ 1 << random.nextInt(8));
          damaged.write(bytes, from + 1, bytes.length - from - 1);
        }
        case 1 -> damaged.write(bytes, head, bytes.length - head); // what was there before
        case 2 -> {
          // A whole record is missing.
          damaged.reset();
          int end = starts.get(starts.indexOf(start) + 1);
          damaged.write(bytes, 0, start);
          damaged.write(bytes, end, bytes.length - end);
        }
        default -> {
          // Cut off in the middle of a frame, never at its end.
          damaged.reset();
          damaged.write(bytes, 0, start + 3);
        }
      }
      bytes = damaged.toByteArray();
    }

    /// @param most bytes that come at a time; 0: none beyond the end of a record
    Heard hear(int most, SplittableRandom random) {
      List<String> changes = new ArrayList<>();
      try (AudioSource source =
          new AudioSource(
              new Pieces(most, random),
              ElementType.FLOAT32,
              1,
              said -> new UnexpectedAnswerException(URI.create("http://node"), said))) {
        Optional<Change> change = source.next();
        while (change.isPresent()) {
          changes.add(text(change.get()));
          change = source.next();
        }
        return new Heard(changes, "the end");
      } catch (IOException | UnexpectedAnswerException e) {
        // Where in the buffer it was depends on how it came.
        return new Heard(changes, (e.getClass() + " " + e.getMessage()).replaceAll("[0-9]+", "n"));
      }
    }

    private static String text(Change change) {
      return change instanceof Change.Upserted upserted
          ? upserted.point().id()
              + Arrays.toString(bits(upserted.point().vector().floats()))
              + Arrays.hashCode(upserted.point().payload().cbor())
          : change.toString();
    }

    private static int[] bits(float[] components) {
      int[] bits = new int[components.length];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = Float.floatToRawIntBits(components[i]);
      }
      return bits;
    }

    private final class Pieces extends InputStream {
      private final int most;
      private final SplittableRandom random;
      private int at;

      Pieces(int most, SplittableRandom random) {
        this.most = most;
        this.random = random;
      }

      @Override
      public int available() {
        return most > 0 && random.nextBoolean() ? bytes.length - at : 0;
      }

      @Override
      public int read() {
        throw new UnsupportedOperationException();
      }

      @Override
      public int read(byte[] into, int offset, int length) {
        if (at == bytes.length) {
          return -1;
        }
        int end = bytes.length;
        if (most == 0) {
          end = starts.stream().filter(start -> start > at).findFirst().orElse(end);
        } else {
          end = Math.min(end, at + most);
        }
        int count = Math.min(length, Math.min(end, bytes.length) - at);
        System.arraycopy(bytes, at, into, offset, count);
        at += count;
        return count;
      }
    }
  }
}
