package io.sonidb.server.hls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A playlist, taken to pieces and held to the rules of RFC 8216 and its second edition.
public final class Playlist {
  private static final Pattern ATTRIBUTE =
      Pattern.compile("([A-Z0-9-]+)=(\"[^\"]*\"|[^,\"]*)(?:,|$)");
  private static final double ROUNDING = 1e-5;

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
      switch (tag) {
        case "#EXTINF" -> duration = Optional.of(Double.valueOf(value.replace(",", "")));
        case "#EXT-X-PROGRAM-DATE-TIME" -> date = Optional.of(Instant.parse(value));
        case "#EXT-X-PART" -> {
          Map<String, String> part = attributes(value);
          assertThat(part).containsEntry("INDEPENDENT", "YES");
          parts.add(new Part(at(part, "URI"), Double.parseDouble(at(part, "DURATION"))));
        }
        case "#EXT-X-PRELOAD-HINT" -> hint = attributes(value);
        case "#EXT-X-DATERANGE" -> dateRanges.add(attributes(value));
        default -> assertThat(tags.put(tag, value)).as(tag + " twice").isNull();
      }
    }
    rest.addAll(parts);
  }

  private static Map<String, String> attributes(String text) {
    Map<String, String> found = new HashMap<>();
    Matcher matcher = ATTRIBUTE.matcher(text);
    int at = 0;
    while (matcher.find() && matcher.start() == at) {
      found.put(matcher.group(1), matcher.group(2).replace("\"", ""));
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
    Instant before = Instant.MIN;
    for (Segment segment : segments) {
      assertThat(segment.date().orElseThrow()).isAfter(before);
      before = segment.date().orElseThrow();
    }
    assertThat(hint).containsEntry("TYPE", "PART").containsKey("URI");
    assertThat(parts().stream().map(Part::uri))
        .doesNotContain(at(hint, "URI"))
        .doesNotHaveDuplicates();
  }

  /// Holds it to what an earlier one of the same address has said.
  public void follows(Playlist earlier) {
    assertThat(sequence()).isGreaterThanOrEqualTo(earlier.sequence());
    assertThat(end()).isGreaterThanOrEqualTo(earlier.end());
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
