package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A playlist, taken to pieces and held to the rules of RFC 8216 and its second edition.
public final class Playlist {
  private static final Pattern ATTRIBUTE =
      Pattern.compile("([A-Z0-9-]+)=(\"[^\"]*\"|[^,\"]*)(?:,|$)");
  private static final double ROUNDING = 1e-5;

  /// What stands once, ahead of all media; and then segment by segment.
  private static final Set<String> HEAD =
      Set.of(
          "#EXT-X-VERSION",
          "#EXT-X-TARGETDURATION",
          "#EXT-X-SERVER-CONTROL",
          "#EXT-X-PART-INF",
          "#EXT-X-MEDIA-SEQUENCE",
          "#EXT-X-INDEPENDENT-SEGMENTS",
          "#EXT-X-PLAYLIST-TYPE",
          "#EXT-X-MAP");

  private static final Pattern CLIENT_VALUE =
      Pattern.compile("\"[^\"\r\n]*\"|0[xX][0-9A-F]+|[0-9]+(\\.[0-9]+)?");

  private final Map<String, String> tags = new HashMap<>();
  private final List<Segment> segments = new ArrayList<>();
  private final List<Part> rest = new ArrayList<>();
  private final List<Map<String, String>> dateRanges = new ArrayList<>();
  private Map<String, String> hint = Map.of();

  /// A part of a media segment.
  public record Part(String uri, double seconds) {}

  /// A media segment.
  public record Segment(
      long number, String uri, double seconds, List<Part> parts, Optional<Instant> date) {
    public Segment {
      parts = List.copyOf(parts);
    }
  }

  /// Reads a media playlist, which must obey every rule that one alone can break.
  public static Playlist read(String text) {
    Playlist playlist = new Playlist();
    playlist.parse(text);
    playlist.check();
    return playlist;
  }

  private void parse(String text) {
    List<String> lines = text.lines().toList();
    assertThat(lines.getFirst()).isEqualTo("#EXTM3U");
    assertThat(text).doesNotContain("\r").doesNotContain("\n\n");
    Optional<Double> duration = Optional.empty();
    Optional<Instant> date = Optional.empty();
    List<Part> parts = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      int colon = line.indexOf(':');
      String tag = colon < 0 ? line : line.substring(0, colon);
      String value = colon < 0 ? "" : line.substring(colon + 1);
      if (!line.startsWith("#")) {
        segments.add(
            new Segment(sequence() + segments.size(), line, duration.orElseThrow(), parts, date));
        duration = Optional.empty();
        date = Optional.empty();
        parts = new ArrayList<>();
        continue;
      }
      assertThat(hint).as("what stands behind the hint: " + line).isEmpty();
      switch (tag) {
        case "#EXTINF" -> duration = Optional.of(Double.valueOf(value.replace(",", "")));
        case "#EXT-X-PROGRAM-DATE-TIME" -> date = Optional.of(Instant.parse(value));
        case "#EXT-X-PART" -> {
          Map<String, String> part = attributes(value);
          assertThat(part).containsEntry("INDEPENDENT", "YES");
          parts.add(new Part(at(part, "URI"), Double.parseDouble(at(part, "DURATION"))));
        }
        case "#EXT-X-PRELOAD-HINT" -> hint = attributes(value);
        case "#EXT-X-DATERANGE" -> {
          dateRanges.add(attributes(value));
          assertThat(value).as("quoted strings").matches(Playlist::isDateRange);
        }
        case "#EXT-X-ENDLIST" -> tags.put(tag, value);
        default -> {
          // Others, such as EXT-X-DISCONTINUITY, are not needed: time has no gap.
          assertThat(HEAD).as("known tags").contains(tag);
          assertThat(segments).as("segments before " + tag).isEmpty();
          assertThat(tags.put(tag, value)).as(tag + " twice").isNull();
        }
      }
    }
    rest.addAll(parts);
  }

  /// Whether the values of a date range have the types that they must have.
  private static boolean isDateRange(String text) {
    Matcher matcher = ATTRIBUTE.matcher(text);
    while (matcher.find()) {
      String value = matcher.group(2);
      boolean fits =
          switch (matcher.group(1)) {
            case "ID", "CLASS", "START-DATE", "END-DATE" -> value.startsWith("\"");
            case "DURATION", "PLANNED-DURATION" -> value.matches("[0-9]+(\\.[0-9]+)?");
            default -> matcher.group(1).startsWith("X-") && CLIENT_VALUE.matcher(value).matches();
          };
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, String> attributes(String text) {
    Map<String, String> found = new HashMap<>();
    Matcher matcher = ATTRIBUTE.matcher(text);
    int at = 0;
    while (matcher.find() && matcher.start() == at) {
      assertThat(found.put(matcher.group(1), matcher.group(2).replace("\"", "")))
          .as(matcher.group(1) + " twice in " + text)
          .isNull();
      at = matcher.end();
    }
    assertThat(at).as("attributes of " + text).isEqualTo(text.length());
    return found;
  }

  private static String at(Map<String, String> attributes, String name) {
    return Optional.ofNullable(attributes.get(name))
        .orElseThrow(() -> new AssertionError("there is no " + name));
  }

  private void check() {
    long target = Long.parseLong(at(tags, "#EXT-X-TARGETDURATION"));
    for (Segment segment : segments) {
      assertThat(Math.round(segment.seconds())).isLessThanOrEqualTo(target);
      if (!segment.parts().isEmpty()) {
        assertThat(segment.parts().stream().mapToDouble(Part::seconds).sum())
            .isCloseTo(segment.seconds(), within(ROUNDING));
      }
    }
    assertThat(Integer.parseInt(at(tags, "#EXT-X-VERSION"))).isGreaterThanOrEqualTo(6);
    assertThat(attributes(at(tags, "#EXT-X-MAP"))).containsKey("URI");
    for (Map<String, String> range : dateRanges) {
      assertThat(range).containsKeys("ID", "CLASS", "START-DATE");
      Instant.parse(at(range, "START-DATE"));
      // What has the same name is the same range: it may gain attributes, but not change them.
      assertThat(dateRanges.stream().filter(each -> at(each, "ID").equals(at(range, "ID"))))
          .as("ranges called " + range.get("ID"))
          .hasSize(1);
      assertThat(segments.stream().map(Segment::date)).as("dates").anyMatch(Optional::isPresent);
    }
    if (tags.containsKey("#EXT-X-PART-INF")) {
      checkParts(target);
    }
  }

  private void checkParts(long target) {
    double partTarget =
        Double.parseDouble(at(attributes(at(tags, "#EXT-X-PART-INF")), "PART-TARGET"));
    Map<String, String> control = attributes(at(tags, "#EXT-X-SERVER-CONTROL"));
    assertThat(control).containsEntry("CAN-BLOCK-RELOAD", "YES");
    assertThat(Double.parseDouble(at(control, "PART-HOLD-BACK")))
        .isGreaterThanOrEqualTo(3 * partTarget - ROUNDING);
    assertThat(Double.parseDouble(at(control, "HOLD-BACK"))).isGreaterThanOrEqualTo(3.0 * target);
    for (Part part : parts()) {
      // 85 % at least, except for the last one of a segment.
      assertThat(part.seconds()).isBetween(0.85 * partTarget, partTarget);
    }
    // Without EXT-X-DISCONTINUITY a segment begins where the one before it ends.
    for (int i = 1; i < segments.size(); i++) {
      Segment before = segments.get(i - 1);
      assertThat(segments.get(i).date().orElseThrow())
          .isEqualTo(before.date().orElseThrow().plusNanos(Math.round(before.seconds() * 1e9)));
    }
    // A server drops segments only while three target durations are left, has parts within three
    // target durations of the end, and not long before.
    double end = 0;
    for (Segment segment : segments.reversed()) {
      assertThat(!segment.parts().isEmpty())
          .as("parts of a segment that ends " + end + " s before the end")
          .isEqualTo(end < 3 * target);
      end += segment.seconds();
    }
    assertThat(end).isGreaterThanOrEqualTo(3.0 * target);
    assertThat(isComplete()).as("whether it is over").isFalse();
    assertThat(hint).containsEntry("TYPE", "PART").containsKey("URI");
    assertThat(parts().stream().map(Part::uri))
        .doesNotContain(at(hint, "URI"))
        .doesNotHaveDuplicates();
  }

  /// Holds it to what an earlier one of the same address has said.
  public void follows(Playlist earlier) {
    assertThat(sequence()).isGreaterThanOrEqualTo(earlier.sequence());
    assertThat(end()).isGreaterThanOrEqualTo(earlier.end());
    // What comes next is what was said to come next, and a range stays what it was.
    if (end() == earlier.end() && partsOfNext() > earlier.partsOfNext()) {
      assertThat(rest.get(earlier.partsOfNext()).uri()).isEqualTo(earlier.hint());
    }
    for (Map<String, String> range : dateRanges) {
      earlier.dateRanges.stream()
          .filter(known -> at(known, "ID").equals(at(range, "ID")))
          .forEach(known -> assertThat(range).containsAllEntriesOf(known));
    }
    for (Segment segment : segments) {
      earlier.segments.stream()
          .filter(known -> known.number() == segment.number())
          .forEach(known -> {
            assertThat(segment.uri()).isEqualTo(known.uri());
            assertThat(segment.seconds()).isEqualTo(known.seconds());
            assertThat(segment.date()).isEqualTo(known.date());
          });
    }
  }

  public long sequence() {
    return Long.parseLong(at(tags, "#EXT-X-MEDIA-SEQUENCE"));
  }

  /// The number of the segment that comes next.
  public long end() {
    return sequence() + segments.size();
  }

  public String map() {
    return at(attributes(at(tags, "#EXT-X-MAP")), "URI");
  }

  public List<Segment> segments() {
    return List.copyOf(segments);
  }

  /// All parts that it names, those of the segment that is not complete as well.
  public List<Part> parts() {
    List<Part> all = new ArrayList<>();
    segments.forEach(segment -> all.addAll(segment.parts()));
    all.addAll(rest);
    return all;
  }

  /// Parts of the segment that is not complete.
  public int partsOfNext() {
    return rest.size();
  }

  public String hint() {
    return at(hint, "URI");
  }

  public List<Map<String, String>> dateRanges() {
    return List.copyOf(dateRanges);
  }

  public boolean isComplete() {
    return tags.containsKey("#EXT-X-ENDLIST");
  }
}
