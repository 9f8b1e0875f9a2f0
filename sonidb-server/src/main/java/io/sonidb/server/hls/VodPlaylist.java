package io.sonidb.server.hls;

import io.sonidb.AudioCut;
import io.sonidb.Collection;
import io.sonidb.RecordSound;
import io.sonidb.sound.FlacInMp4.Fragment;
import io.sonidb.sound.Silence;
import io.sonidb.sound.SoundFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A whole collection as a playlist, and the media segments that it names, which are cut when
/// somebody asks for them.
///
/// The name of a media segment says all that it is made of: which collection and which file, from
/// which record to before which, and how many samples precede it in the playlist. So there are
/// never other bytes under the same name.
///
/// ```
/// 1f0c9a3b-0001-00000003_0-712_28799640.m4s
/// ```
public final class VodPlaylist {
  /// Samples of a media segment, unless there would be too many segments or a record has more.
  static final long CUT_SAMPLES = 6L * Timeline.RATE;

  /// Media segments, beyond which they become longer.
  static final int MANY_CUTS = 20_000;

  /// Samples of the longest segment that is made, unless it is a single record.
  private static final long MOST_SAMPLES = 96L * Timeline.RATE;

  private static final int MIN_FRAME_SAMPLES = 16;

  private static final Pattern NAME =
      Pattern.compile(
          "([0-9a-f]{8})-([0-9]{4,10}-[0-9]{8,10})_([0-9]{1,9})-([0-9]{1,9})_([0-9]{1,18})\\.m4s");

  private VodPlaylist() {}

  /// The playlist of all records that there are.
  ///
  /// @param map address of the initialisation section
  public static String text(Collection collection, String map) {
    long most = CUT_SAMPLES;
    List<AudioCut> cuts = collection.audioCuts(most);
    while (cuts.size() > MANY_CUTS && 2 * most <= MOST_SAMPLES) {
      most *= 2;
      cuts = collection.audioCuts(most);
    }
    long longest = cuts.stream().mapToLong(AudioCut::samples).max().orElse(0);
    StringBuilder out = new StringBuilder(256 + 80 * cuts.size());
    out.append("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:")
        .append(Math.max(1, Math.round((double) longest / Timeline.RATE)))
        .append("\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"")
        .append(map)
        .append("\"\n");
    long start = 0;
    for (AudioCut cut : cuts) {
      out.append(String.format(Locale.ROOT, "#EXTINF:%.6f,%n", seconds(cut)).replace("\r", ""))
          .append("vod/")
          .append(name(collection, cut, start))
          .append('\n');
      start += cut.samples();
    }
    return out.append("#EXT-X-ENDLIST\n").toString();
  }

  private static double seconds(AudioCut cut) {
    return (double) cut.samples() / Timeline.RATE;
  }

  private static String prefix(Collection collection) {
    return collection.uuid().toString().substring(0, 8);
  }

  private static String name(Collection collection, AudioCut cut, long start) {
    return String.format(
        Locale.ROOT,
        "%s-%s_%d-%d_%d.m4s",
        prefix(collection),
        cut.segment(),
        cut.first(),
        cut.end(),
        start);
  }

  /// What a media segment is made of.
  ///
  /// @param start samples before it
  public record Named(AudioCut cut, long start) {}

  /// Finds out what a name means.
  ///
  /// @return nothing if it is none of this collection's, or what it means is not there any more
  public static Optional<Named> find(Collection collection, String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches() || !matcher.group(1).equals(prefix(collection))) {
      return Optional.empty();
    }
    int first = Integer.parseInt(matcher.group(3));
    int end = Integer.parseInt(matcher.group(4));
    long start = Long.parseLong(matcher.group(5));
    return collection
        .audioCut(matcher.group(2), first, end)
        .filter(cut -> cut.samples() <= MOST_SAMPLES || end - first == 1)
        .map(cut -> new Named(cut, start));
  }

  /// The bytes of a media segment. Where a record is damaged there is silence.
  ///
  /// @return nothing if its records are not there any more
  public static Optional<byte[]> bytes(Collection collection, Named named) {
    return collection.sounds(named.cut()).map(records -> fragment(collection, named, records));
  }

  private static byte[] fragment(Collection collection, Named named, List<RecordSound> records) {
    int size = records.stream().mapToInt(record -> record.bytes().length).sum();
    // Players want ascending numbers; the seconds before it are.
    int number = (int) (named.start() / Timeline.RATE) + 1;
    Fragment fragment = new Fragment(number, Timeline.RATE, named.start(), size);
    Silence silence =
        new Silence(new SoundFormat(collection.spec().element(), collection.spec().sonification()));
    RecordList told = new RecordList();
    for (RecordSound record : records) {
      if (record.isDamaged()) {
        silence.make(
            record.samples() < MIN_FRAME_SAMPLES ? 0 : record.samples(),
            (bytes, length, blockSize) -> fragment.add(bytes, 0, length, blockSize));
        continue;
      }
      told.add(record, fragment.samples());
      int offset = 0;
      for (int i = 0; i < record.frames(); i++) {
        fragment.add(record.bytes(), offset, record.length(i), record.blockSize(i));
        offset += record.length(i);
      }
    }
    told.tell(fragment);
    return fragment.toBytes();
  }
}
