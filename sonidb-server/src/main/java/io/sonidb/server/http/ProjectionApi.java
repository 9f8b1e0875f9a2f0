package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionView;
import io.sonidb.Payload;
import io.sonidb.Projection;
import io.sonidb.filter.FieldPath;
import io.sonidb.filter.FieldPath.Step;
import io.sonidb.filter.Filter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// A picture of a collection: points in the plane in which they differ most. It takes the time of
/// decoding the sample, so only a few are made at once, and one whose client has gone is ended
/// ([ToldWork]).
final class ProjectionApi {
  private static final int DEFAULT_LIMIT = 10_000;
  private static final int MOST_AT_ONCE = 2;
  private static final int MAX_TEXT = 100; // characters of a value that is told

  private final Logs logs;
  private final Semaphore room = new Semaphore(MOST_AT_ONCE);

  ProjectionApi(Logs logs) {
    this.logs = logs;
  }

  Answer project(Exchange exchange) throws Exception {
    Collection collection = exchange.collection();
    int limit = limit(exchange);
    Filter filter =
        exchange.parameter("filter").isPresent()
            ? Filter.parse(exchange.parameter("filter").get())
            : Filter.ALL;
    Optional<FieldPath> field = exchange.parameter("field").map(FieldPath::parse);
    return ToldWork.answer(
        exchange,
        logs,
        progress -> {
          if (!room.tryAcquire()) {
            throw ApiException.of(
                503,
                "Service unavailable: "
                    + MOST_AT_ONCE
                    + " projections are being made already; try again later");
          }
          try {
            Projection projection =
                collection.project(
                    limit, filter, field.map(path -> payload -> text(payload, path)), progress);
            return to -> write(projection, field.isPresent(), to);
          } finally {
            room.release();
          }
        });
  }

  private static int limit(Exchange exchange) {
    Optional<String> text = exchange.parameter("limit");
    if (text.isEmpty()) {
      return DEFAULT_LIMIT;
    }
    int most = CollectionView.MAX_PROJECTED;
    if (!text.get().matches("[0-9]{1,9}")
        || Integer.parseInt(text.get()) < 1
        || Integer.parseInt(text.get()) > most) {
      throw ApiException.of(
          400, "Deserialize error in query parameters: limit must be 1 to " + most);
    }
    return Integer.parseInt(text.get());
  }

  /// The first plain value at a path, by a letter that says what it is.
  private static String text(Payload payload, FieldPath path) {
    @Nullable Object value = payload.toMap();
    for (Step step : path.steps()) {
      value =
          switch (step) {
            case Step.Key(String name) -> value instanceof Map<?, ?> map ? map.get(name) : null;
            case Step.Index(int index) ->
                value instanceof List<?> list && index < list.size() ? list.get(index) : null;
            case Step.Each _ -> first(value);
          };
    }
    return switch (first(value)) {
      case String text -> "s" + text.substring(0, Math.min(MAX_TEXT, text.length()));
      case Boolean truth -> "b" + truth;
      case Number number when Double.isFinite(number.doubleValue()) -> "n" + number.doubleValue();
      case null, default -> "";
    };
  }

  private static @Nullable Object first(@Nullable Object value) {
    return value instanceof List<?> list ? (list.isEmpty() ? null : list.getFirst()) : value;
  }

  private static void write(Projection projection, boolean withValues, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("method", "pca");
    to.writeNumberProperty("total", projection.total());
    to.writeNumberProperty("left_out", projection.leftOut());
    to.writeArrayPropertyStart("explained");
    to.writeNumber(projection.explainedX());
    to.writeNumber(projection.explainedY());
    to.writeEndArray();
    to.writeArrayPropertyStart("ids");
    projection.points().forEach(point -> PointJson.id(point.id(), to));
    to.writeEndArray();
    to.writeArrayPropertyStart("x");
    projection.points().forEach(point -> to.writeNumber(point.x()));
    to.writeEndArray();
    to.writeArrayPropertyStart("y");
    projection.points().forEach(point -> to.writeNumber(point.y()));
    to.writeEndArray();
    if (withValues) {
      to.writeArrayPropertyStart("values");
      projection.points().forEach(point -> value(point.about(), to));
      to.writeEndArray();
    }
    to.writeEndObject();
  }

  private static void value(String about, JsonGenerator to) {
    if (about.isEmpty()) {
      to.writeNull();
      return;
    }
    String text = about.substring(1);
    switch (about.charAt(0)) {
      case 's' -> to.writeString(text);
      case 'b' -> to.writeBoolean(Boolean.parseBoolean(text));
      default -> to.writeNumber(Double.parseDouble(text));
    }
  }
}
