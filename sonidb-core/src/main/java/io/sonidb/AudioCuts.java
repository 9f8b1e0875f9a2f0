package io.sonidb;

import io.sonidb.index.RecordTable;
import io.sonidb.store.LogView;
import io.sonidb.store.Segment;
import io.sonidb.store.SegmentLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Cuts a collection's sound into stretches, and finds the records of one.
final class AudioCuts {
  private static final String ENDING = ".flac";

  private AudioCuts() {}

  /// All records in order.
  ///
  /// @param most samples of a stretch, except where a single record has more
  static List<AudioCut> all(LogView view, long most) {
    List<AudioCut> cuts = new ArrayList<>();
    for (int i = 0; i < view.segments().size(); i++) {
      RecordTable table = view.segments().get(i).table();
      String name = name(view.segments().get(i));
      int count = view.count(i);
      int first = 0;
      long samples = 0;
      for (int ordinal = 0; ordinal < count; ordinal++) {
        int more = Math.max(0, table.samples(ordinal));
        if (samples > 0 && samples + more > most) {
          cuts.add(new AudioCut(name, first, ordinal, samples));
          first = ordinal;
          samples = 0;
        }
        samples += more;
      }
      if (count > first) {
        cuts.add(new AudioCut(name, first, count, samples));
      }
    }
    return cuts;
  }

  private static String name(Segment segment) {
    return segment.file().endsWith(ENDING)
        ? segment.file().substring(0, segment.file().length() - ENDING.length())
        : segment.file();
  }

  /// A stretch by its records.
  static Optional<AudioCut> find(LogView view, String segment, int first, int end) {
    int index = index(view, segment);
    if (index < 0 || first < 0 || first >= end || end > view.count(index)) {
      return Optional.empty();
    }
    RecordTable table = view.segments().get(index).table();
    long samples = 0;
    for (int ordinal = first; ordinal < end; ordinal++) {
      samples += Math.max(0, table.samples(ordinal));
    }
    return Optional.of(new AudioCut(segment, first, end, samples));
  }

  private static int index(LogView view, String segment) {
    for (int i = 0; i < view.segments().size(); i++) {
      if (name(view.segments().get(i)).equals(segment)) {
        return i;
      }
    }
    return -1;
  }

  /// The records of a stretch that was found in the view.
  static List<RecordSound> records(Engine engine, LogView view, AudioCut cut) {
    Segment segment = view.segments().get(index(view, cut.segment()));
    List<RecordSound> records = new ArrayList<>(cut.end() - cut.first());
    for (int ordinal = cut.first(); ordinal < cut.end(); ordinal++) {
      int length = Math.clamp(segment.table().length(ordinal), 0, SegmentLog.MAX_RECORD_BYTES);
      byte[] bytes = new byte[length];
      segment.copy(segment.table().offset(ordinal), length, bytes, 0);
      records.add(RecordSound.of(engine, segment, ordinal, bytes, length));
    }
    return records;
  }
}
