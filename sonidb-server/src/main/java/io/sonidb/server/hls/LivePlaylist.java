package io.sonidb.server.hls;

import io.sonidb.SegmentFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/// The text of a live playlist: whole segments for any player, and parts for those who know
/// low-latency HLS. One is the same for all who ask.
final class LivePlaylist {
  private static final double PART_SECONDS = Timeline.PART_MILLIS / 1000.0;

  private LivePlaylist() {}

  /// @param map address of the initialisation section
  /// @param segments by number, the last of which may be incomplete
  /// @param next number of the part that comes next
  /// @param told lines that tell of other things
  static String text(
      String map, SortedMap<Long, List<byte[]>> segments, long next, List<String> told) {
    long present = next / Timeline.PARTS;
    List<Map.Entry<Long, List<byte[]>>> listed =
        new ArrayList<>(segments.tailMap(present - Broadcast.LISTED).entrySet());
    long first = listed.isEmpty() ? present : listed.getFirst().getKey();
    StringBuilder out = new StringBuilder(2048);
    out.append("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:1\n")
        .append("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,HOLD-BACK=3.0\n")
        .append(format("#EXT-X-PART-INF:PART-TARGET=%.3f%n", PART_SECONDS))
        .append("#EXT-X-MEDIA-SEQUENCE:")
        .append(first)
        .append("\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"")
        .append(map)
        .append("\"\n");
    told.forEach(line -> out.append(line).append('\n'));
    for (Map.Entry<Long, List<byte[]>> each : listed) {
      segment(each.getKey(), each.getValue().size(), present, out);
    }
    return out.append("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"")
        .append(partName(present, (int) (next % Timeline.PARTS)))
        .append("\"\n")
        .toString();
  }

  private static void segment(long number, int parts, long present, StringBuilder out) {
    out.append("#EXT-X-PROGRAM-DATE-TIME:")
        .append(Timeline.text(Timeline.startMillis(number * Timeline.PARTS)))
        .append('\n');
    if (number >= present - Broadcast.WITH_PARTS) {
      for (int part = 0; part < parts; part++) {
        out.append(
            format(
                "#EXT-X-PART:DURATION=%.3f,INDEPENDENT=YES,URI=\"%s\"%n",
                PART_SECONDS, partName(number, part)));
      }
    }
    if (parts == Timeline.PARTS) {
      out.append(format("#EXTINF:%.3f,%n", PART_SECONDS * Timeline.PARTS))
          .append("live/")
          .append(number)
          .append(".m4s\n");
    }
  }

  private static String partName(long segment, int part) {
    return "live/" + segment + "." + part + ".m4s";
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern.replace("%n", "\n"), values);
  }

  /// Says which sequence numbers had no time.
  static String skipped(long millis, PartMaker.Skipped skipped) {
    return dateRange(millis, "skipped", skipped.first() + "-" + skipped.last())
        + format(
            ",X-FIRST-SEQUENCE=\"%d\",X-LAST-SEQUENCE=\"%d\"", skipped.first(), skipped.last());
  }

  /// Says what has become of a file.
  static String event(long millis, String what, SegmentFile file) {
    return dateRange(millis, what, file.file())
        + format(
            ",X-FILE=\"%s\",X-FIRST-SEQUENCE=\"%d\",X-LAST-SEQUENCE=\"%d\"",
            file.file(), file.firstSequence(), file.lastSequence());
  }

  /// Says that the collection has other settings.
  static String altered(long millis) {
    return dateRange(millis, "altered", String.valueOf(millis));
  }

  private static String dateRange(long millis, String what, String name) {
    return format(
        "#EXT-X-DATERANGE:ID=\"%s-%s\",CLASS=\"io.sonidb.%s\",START-DATE=\"%s\",DURATION=0",
        what, name, what, Timeline.text(millis));
  }
}
