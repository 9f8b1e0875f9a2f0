package io.sonidb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.sound.Listener;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A collection as one stream: what is in it, where it ends, what damage does.
class AudioStreamTest {
  private static final int COUNT = 60;
  private static final int DIMENSION = 40;

  @TempDir Path folder;
  private SoniDb db;
  private Collection songs;

  @BeforeEach
  void fill() {
    Random random = new Random(5);
    db = SoniDb.open(folder);
    songs =
        db.create(
            "songs",
            CollectionSpec.dimension(DIMENSION).metric(Metric.DOT).durability(Durability.OS));
    for (int i = 1; i <= COUNT; i++) {
      float[] vector = new float[DIMENSION];
      for (int k = 0; k < DIMENSION; k++) {
        vector[k] = (float) random.nextGaussian();
      }
      StringBuilder text = new StringBuilder();
      for (int k = 0; i == 20 && k < 30_000; k++) { // a record of several frames
        text.append((char) ('a' + random.nextInt(26)));
      }
      songs.upsert(String.valueOf(i), vector, Payload.ofJson("{\"t\":\"" + text + "\"}"));
    }
  }

  @AfterEach
  void close() {
    db.close();
  }

  private static byte[] read(AudioStream audio, int bufferBytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(audio.head());
    byte[] buffer = new byte[bufferBytes];
    for (int count = audio.fill(buffer, 0, bufferBytes);
        count > 0;
        count = audio.fill(buffer, 0, bufferBytes)) {
      out.write(buffer, 0, count);
    }
    out.writeBytes(audio.tail());
    return out.toByteArray();
  }

  private static List<SoundRecord> heard(byte[] audio) throws IOException {
    List<SoundRecord> records = new ArrayList<>();
    AtomicLong next = new AtomicLong();
    Listener.listen(
        new ByteArrayInputStream(audio),
        (record, sample) -> {
          assertThat(sample).isGreaterThanOrEqualTo(next.getAndSet(sample + 1));
          records.add(record);
        });
    return records;
  }

  private static List<Long> numbers(List<SoundRecord> records) {
    return records.stream().map(SoundRecord::sequence).toList();
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 1000, 65_536})
  void givesWholeRecordsAndSaysWhichComesNext(int roomBytes) throws IOException {
    try (AudioStream audio = songs.audio(1, false, StreamOptions.ALL)) {
      byte[] room = new byte[roomBytes];
      byte[] head = audio.head();
      long from = 1;
      for (ByteBuffer records = audio.records(room);
          records.hasRemaining();
          records = audio.records(room)) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head);
        byte[] piece = new byte[records.remaining()];
        records.duplicate().get(piece);
        out.writeBytes(piece);
        List<Long> heard = new ArrayList<>();
        Listener.listen(
            new ByteArrayInputStream(out.toByteArray()),
            (record, _) -> heard.add(record.sequence()));
        assertThat(heard).isEqualTo(range(from, audio.nextSequence() - 1));
        assertThat(records.remaining() <= roomBytes || heard.size() == 1).isTrue();
        from = audio.nextSequence();
      }
      assertThat(from).isEqualTo(COUNT + 1);
      assertThat(audio.isOver()).isTrue();
    }
  }

  @Test
  void leavesADamagedRecordOutAndCountsIt() throws IOException {
    songs.buildIndex();
    SegmentFile file = songs.segmentFiles().getFirst();
    long middle = file.bytes() - 1500; // in one of the last records
    db.close();
    Path path;
    try (Stream<Path> files = Files.walk(folder)) {
      path = files.filter(each -> each.endsWith(file.file())).findFirst().orElseThrow();
    }
    try (FileChannel bytes =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      bytes.read(one, middle);
      bytes.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 4)}), middle);
    }
    db = SoniDb.open(folder);
    try (AudioStream audio = db.collection("songs").audio(1, false, StreamOptions.ALL)) {
      List<Long> numbers = numbers(heard(read(audio, 1 << 16)));
      assertThat(numbers).hasSize(COUNT - 1).doesNotHaveDuplicates().isSorted();
      assertThat(audio.damaged()).isOne();
      assertThat(audio.isOver()).isTrue();
      assertThat(audio.nextSequence()).isEqualTo(COUNT + 1);
    }
  }

  @Test
  void refusesShardsThatCannotBe() {
    assertThatThrownBy(() -> StreamOptions.ALL.shard(2, 2)).hasMessageContaining("was 2");
    assertThatThrownBy(() -> StreamOptions.ALL.shard(0, 5000)).hasMessageContaining("were 5000");
    assertThatThrownBy(() -> songs.audio(-1, true, StreamOptions.ALL))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource(StreamOptions.Container.class)
  void givesTheSameInPiecesOfAnySize(StreamOptions.Container container) throws IOException {
    StreamOptions options = StreamOptions.ALL.container(container);
    for (int size : new int[] {1, 333, 1 << 16}) {
      try (AudioStream audio = songs.audio(1, false, options)) {
        assertThat(numbers(heard(read(audio, size)))).isEqualTo(range(1, COUNT));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 100, 1_000, 100_000})
  void endsBeforeItHasTooManySamplesAndGoesOnFromThere(long samples) throws IOException {
    List<Long> numbers = new ArrayList<>();
    try (AudioStream audio =
        new AudioStream(songs::engine, 1, StreamOptions.ALL, true, Long.MAX_VALUE, samples)) {
      byte[] bytes = read(audio, 1 << 16);
      assertThat(audio.isOver()).isEqualTo(samples < 100_000);
      if (audio.nextSequence() > 1) {
        numbers.addAll(numbers(heard(bytes)));
      }
      assertThat(numbers).isEqualTo(range(1, audio.nextSequence() - 1));
      try (AudioStream rest = songs.audio(audio.nextSequence(), false, StreamOptions.ALL)) {
        byte[] more = read(rest, 1 << 16);
        if (audio.nextSequence() <= COUNT) {
          numbers.addAll(numbers(heard(more)));
        }
      }
    }
    assertThat(numbers).isEqualTo(range(1, COUNT));
  }

  @Test
  void wakesWhoWaitsWhenSomethingIsWrittenOrItIsClosedOrAllIsRebuilt() throws Exception {
    try (AudioStream audio = songs.audio(COUNT + 1, true, StreamOptions.ALL)) {
      byte[] buffer = new byte[1 << 12];
      assertThat(audio.fill(buffer, 0, buffer.length)).isZero();
      Thread writer = Thread.ofVirtual().start(() -> songs.delete("3"));
      int count = 0;
      while (count == 0) {
        audio.await(Duration.ofMinutes(5));
        count = audio.fill(buffer, 0, buffer.length);
      }
      writer.join();
      assertThat(audio.nextSequence()).isEqualTo(COUNT + 2);
      songs.buildIndex(new IndexOptions(true, false), Progress.NONE);
      songs.delete("4");
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.writeBytes(audio.head());
      bytes.write(buffer, 0, count);
      count = audio.fill(buffer, 0, buffer.length);
      bytes.write(buffer, 0, count);
      List<SoundRecord> records = heard(bytes.toByteArray());
      assertThat(records).extracting(SoundRecord::kind).containsOnly(RecordKind.DELETE);
      assertThat(numbers(records)).isEqualTo(range(COUNT + 1, COUNT + 2));
    }
    AudioStream closed = songs.audio(COUNT + 3, true, StreamOptions.ALL);
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              try {
                while (!closed.isOver()) {
                  closed.await(Duration.ofMinutes(5));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    closed.close();
    assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
    try (AudioStream audio = songs.audio(1, true, StreamOptions.ALL);
        Subscription changes = songs.subscribe(songs.lastSequence() + 1)) {
      Thread closer = Thread.ofVirtual().start(db::close);
      while (!changes.isOver()) {
        assertThat(changes.next(Duration.ofSeconds(30))).isEmpty();
      }
      closer.join();
      assertThat(audio.isOver()).isTrue();
    }
  }
}
