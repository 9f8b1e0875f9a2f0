package io.sonidb.payload;

import io.sonidb.filter.Condition;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldType;
import io.sonidb.filter.Filter;
import io.sonidb.filter.GeoPoint;
import io.sonidb.filter.Scalar;
import io.sonidb.sound.VectorId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntFunction;

/// Payloads and filters at random, about few fields of few values, so that they meet; among them
/// values of every type where another one is expected.
public final class RandomFilters {
  private static final List<String> NAMES =
      List.of("word", "whole", "real", "truth", "time", "place", "uuid", "text");
  private static final List<String> PATHS =
      List.of("word[]", "list[].whole", "list[].word", "in.word", "text[0]", "nothing");

  private final Random random;
  private final IntFunction<VectorId> ids;

  public RandomFilters(Random random) {
    this(random, VectorId::of);
  }

  /// @param ids of the points, by their number
  public RandomFilters(Random random, IntFunction<VectorId> ids) {
    this.random = random;
    this.ids = ids;
  }

  /// An index of every type.
  public static SortedSet<IndexedField> fields() {
    SortedSet<IndexedField> fields = new TreeSet<>();
    List<FieldType> types =
        List.of(
            FieldType.KEYWORD,
            FieldType.INTEGER,
            FieldType.FLOAT,
            FieldType.BOOLEAN,
            FieldType.DATETIME,
            FieldType.GEO,
            FieldType.UUID,
            FieldType.TEXT);
    for (int i = 0; i < types.size(); i++) {
      fields.add(new IndexedField(FieldPath.parse(NAMES.get(i)), types.get(i)));
    }
    fields.add(new IndexedField(FieldPath.parse("list[].whole"), FieldType.INTEGER));
    fields.add(new IndexedField(FieldPath.parse("in.word"), FieldType.KEYWORD));
    return fields;
  }

  /// Some of the fields, maybe of another type.
  public SortedSet<IndexedField> someFields() {
    SortedSet<IndexedField> some = new TreeSet<>();
    for (IndexedField field : fields()) {
      if (random.nextInt(3) > 0) {
        FieldType[] types = FieldType.values();
        some.add(
            random.nextInt(4) > 0
                ? field
                : new IndexedField(field.path(), types[random.nextInt(types.length)]));
      }
    }
    return some;
  }

  public Map<String, Object> payload() {
    Map<String, Object> payload = new HashMap<>();
    for (String name : NAMES) {
      if (random.nextInt(3) > 0) {
        payload.put(name, values(name));
      }
    }
    if (random.nextInt(3) == 0) {
      List<Map<String, Object>> list = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        list.add(new HashMap<>(Map.of("whole", values("whole"), "word", values("word"))));
      }
      payload.put("list", list);
    }
    if (random.nextInt(3) == 0) {
      payload.put("in", Map.of("word", values("word")));
    }
    return payload;
  }

  private Object values(String name) {
    if (random.nextInt(6) > 0) {
      return value(name);
    }
    Object[] several = new Object[random.nextInt(4)];
    Arrays.setAll(several, _ -> random.nextInt(8) == 0 ? List.of(1, "a") : value(name));
    return new ArrayList<>(Arrays.asList(several));
  }

  private Object value(String name) {
    boolean usual = random.nextInt(10) > 0;
    return switch (usual ? name : NAMES.get(random.nextInt(NAMES.size()))) {
      case "word" -> word();
      case "whole" -> random.nextInt(40) == 0 ? Long.MAX_VALUE - random.nextInt(3) : whole();
      case "real" -> random.nextInt(3) == 0 ? whole() : (Object) real();
      case "truth" -> random.nextBoolean();
      case "time" -> time().toString().substring(0, random.nextBoolean() ? 10 : 20);
      case "place" -> {
        // Some turns further on, which is no place any more.
        double turns = random.nextInt(8) == 0 ? 360 * random.nextInt(-1, 2) : 0;
        double longitude = random.nextInt(20) - 10.5;
        yield Map.of("lon", longitude, "lat", turns + random.nextInt(20) - 10.5);
      }
      case "uuid" -> uuid();
      default -> text();
    };
  }

  private String word() {
    int kind = random.nextInt(40);
    return kind == 0 ? "long ".repeat(300) : kind == 1 ? "" : "w" + random.nextInt(12);
  }

  private long whole() {
    return random.nextLong(20) - 10;
  }

  private double real() {
    return random.nextInt(8) == 0 ? -0.0 : (random.nextInt(40) - 20) / 4.0;
  }

  private Instant time() {
    return Instant.ofEpochSecond(1_700_000_000L + random.nextInt(20) * 40_000L);
  }

  private String uuid() {
    String uuid = new java.util.UUID(7, random.nextInt(9)).toString();
    return random.nextInt(8) == 0 ? uuid.toUpperCase(java.util.Locale.ROOT) : uuid;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(5); i > 0; i--) {
      text.append(random.nextBoolean() ? "Red" : "blue").append(random.nextInt(3)).append(", ");
    }
    return text.toString();
  }

  public Filter filter() {
    return filter(3);
  }

  private Filter filter(int depth) {
    List<Condition> must = conditions(depth, 0);
    List<Condition> should = conditions(depth, 1);
    List<Condition> mustNot = conditions(depth, 2);
    List<Condition> some = random.nextInt(4) == 0 ? conditions(depth, 0) : List.of();
    return new Filter(
        must,
        should,
        mustNot,
        some.isEmpty()
            ? Optional.empty()
            : Optional.of(new Filter.MinShould(some, random.nextInt(some.size() + 2))));
  }

  private List<Condition> conditions(int depth, int fewer) {
    List<Condition> conditions = new ArrayList<>();
    for (int i = Math.max(0, random.nextInt(3) - fewer * random.nextInt(2)); i > 0; i--) {
      conditions.add(condition(depth));
    }
    return conditions;
  }

  private Condition condition(int depth) {
    int kind = random.nextInt(20);
    if (kind < 2 && depth > 1) {
      return filter(depth - 1);
    }
    if (kind < 4) {
      Filter inner =
          Filter.must(
              field(FieldPath.parse("whole"), "whole"), field(FieldPath.parse("word"), "word"));
      return new Condition.Nested(
          FieldPath.parse("list"),
          random.nextInt(3) > 0 ? inner : Filter.mustNot(field(FieldPath.parse("whole"), "whole")));
    }
    if (kind < 6) {
      Set<VectorId> some = new HashSet<>();
      for (int i = random.nextInt(10); i > 0; i--) {
        some.add(ids.apply(random.nextInt(60)));
      }
      return new Condition.HasId(some);
    }
    String name = NAMES.get(random.nextInt(NAMES.size()));
    String path = random.nextInt(4) > 0 ? name : PATHS.get(random.nextInt(PATHS.size()));
    return field(FieldPath.parse(path), random.nextInt(5) > 0 ? name : "word");
  }

  private Condition field(FieldPath key, String name) {
    return switch (random.nextInt(12)) {
      case 0 -> new Condition.IsEmpty(key);
      case 1 -> new Condition.IsNull(key);
      case 2 ->
          new Condition.ValuesCount(
              key, bound(1L), bound(0L), bound(3L), bound((long) random.nextInt(3)));
      case 3 -> new Condition.MatchText(key, random.nextInt(9) == 0 ? " " : text());
      default -> ofKind(key, name);
    };
  }

  private Condition ofKind(FieldPath key, String name) {
    return switch (name) {
      case "word", "uuid", "text" -> strings(key, name);
      case "whole", "real" -> random.nextBoolean() ? wholes(key) : range(key);
      case "truth" -> new Condition.MatchValue(key, Scalar.of(random.nextBoolean()));
      case "time" ->
          new Condition.TimeRange(
              key, bound(time()), bound(time()), bound(time()), Optional.of(time()));
      default -> geo(key);
    };
  }

  private <T> Optional<T> bound(T value) {
    return random.nextInt(3) == 0 ? Optional.of(value) : Optional.empty();
  }

  private Condition strings(FieldPath key, String name) {
    Set<Scalar> values = new HashSet<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(Scalar.of(name.equals("uuid") ? uuid() : word()));
    }
    return switch (random.nextInt(3)) {
      case 0 -> new Condition.MatchAny(key, values);
      case 1 -> new Condition.MatchExcept(key, values);
      default -> new Condition.MatchValue(key, Scalar.of(name.equals("uuid") ? uuid() : word()));
    };
  }

  private Condition wholes(FieldPath key) {
    Set<Scalar> values = new HashSet<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(Scalar.of(whole()));
    }
    return switch (random.nextInt(3)) {
      case 0 -> new Condition.MatchAny(key, values);
      case 1 -> new Condition.MatchExcept(key, values);
      default -> new Condition.MatchValue(key, Scalar.of(whole()));
    };
  }

  private Condition range(FieldPath key) {
    return new Condition.NumberRange(
        key, bound(real()), bound((double) whole()), bound(real()), bound((double) whole()));
  }

  private Condition geo(FieldPath key) {
    double lon = random.nextInt(20) - 10;
    double lat = random.nextInt(20) - 10;
    return switch (random.nextInt(3)) {
      case 0 -> new Condition.GeoRadius(key, new GeoPoint(lon, lat), random.nextInt(900_000));
      case 1 ->
          new Condition.GeoBox(
              key,
              new GeoPoint(lon, lat),
              new GeoPoint(random.nextInt(20) - 10, lat - random.nextInt(10)));
      default -> {
        GeoPoint corner = new GeoPoint(lon, lat);
        yield new Condition.GeoPolygon(
            key,
            List.of(corner, new GeoPoint(lon + 7, lat - 3), new GeoPoint(lon, lat + 6), corner),
            List.of());
      }
    };
  }
}
