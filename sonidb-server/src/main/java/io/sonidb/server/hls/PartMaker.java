package io.sonidb.server.hls;

import io.sonidb.Collection;
import io.sonidb.RecordSound;
import io.sonidb.RescanRequiredException;
import io.sonidb.Subscription;
import io.sonidb.sound.FlacInMp4.Fragment;
import io.sonidb.sound.Silence;
import io.sonidb.sound.SoundFormat;
import java.util.Optional;

/// Makes the parts of a collection's live sound, one after the other: what was written, as long as
/// there is something, then silence.
///
/// A part ends at its time, to the sample. A frame that would lie across the end comes next, and
/// silence takes its place.
///
/// Time does not wait. When more than [#MOST_BEHIND_SAMPLES] have gathered, all but the newest of
/// it is left out. Not thread-safe.
final class PartMaker implements AutoCloseable {
  /// A second.
  static final long MOST_BEHIND_SAMPLES = Timeline.RATE;

  private static final int MIN_FRAME_SAMPLES = 16;
  private static final int EXPECTED_BYTES = 1 << 12;

  private final Subscription records;
  private final Silence silence;
  private Optional<RecordSound> record = Optional.empty(); // of which not all frames are placed
  private int frame;
  private Optional<Skipped> skipped = Optional.empty();

  /// What was left out, because there was no time for it.
  ///
  /// @param first sequence number
  /// @param last sequence number
  record Skipped(long first, long last) {}

  /// Begins behind what was written last.
  PartMaker(Collection collection) {
    this.records = collection.subscribe(collection.lastSequence() + 1);
    this.silence =
        new Silence(new SoundFormat(collection.spec().element(), collection.spec().sonification()));
  }

  /// Whether nothing will be written any more.
  boolean isOver() {
    return records.isOver();
  }

  /// What was left out ahead of the part that was made last.
  Optional<Skipped> skipped() {
    return skipped;
  }

  /// A part in which nothing is.
  byte[] silent(long number) {
    Fragment fragment = fragment(number);
    fill(fragment);
    return fragment.toBytes();
  }

  /// The next part.
  ///
  /// @param number of it
  byte[] make(long number) {
    skipped = Optional.empty();
    leaveOut();
    Fragment fragment = fragment(number);
    RecordList told = new RecordList();
    while (hasFrame() && fits(fragment)) {
      RecordSound now = record.orElseThrow();
      if (frame == 0) {
        told.add(now, fragment.samples());
      }
      int offset = 0;
      for (int i = 0; i < frame; i++) {
        offset += now.length(i);
      }
      fragment.add(now.bytes(), offset, now.length(frame), now.blockSize(frame));
      frame++;
    }
    fill(fragment);
    told.tell(fragment);
    return fragment.toBytes();
  }

  private static Fragment fragment(long number) {
    return new Fragment(
        (int) number, Timeline.RATE, number * Timeline.PART_SAMPLES, EXPECTED_BYTES);
  }

  private void leaveOut() {
    long next = records.nextSequence();
    if (records.firstWithin(MOST_BEHIND_SAMPLES) > next) {
      skip(next, records.firstWithin(Timeline.PART_SAMPLES));
    }
  }

  private void skip(long next, long to) {
    records.skipTo(to);
    skipped = Optional.of(new Skipped(skipped.map(Skipped::first).orElse(next), to - 1));
  }

  /// Whether there is a frame to place.
  private boolean hasFrame() {
    while (record.isEmpty() || frame == record.get().frames()) {
      frame = 0;
      long next = records.nextSequence();
      try {
        record = records.nextSound();
      } catch (RescanRequiredException e) {
        skip(next, e.horizon() + 1);
        continue;
      }
      if (record.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  private boolean fits(Fragment fragment) {
    long left = Timeline.PART_SAMPLES - fragment.samples() - record.orElseThrow().blockSize(frame);
    return left == 0 || left >= MIN_FRAME_SAMPLES;
  }

  private void fill(Fragment fragment) {
    silence.make(
        Timeline.PART_SAMPLES - fragment.samples(),
        (bytes, length, blockSize) -> fragment.add(bytes, 0, length, blockSize));
  }

  @Override
  public void close() {
    records.close();
  }
}
