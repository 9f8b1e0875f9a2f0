package io.sonidb.server.http;

import io.sonidb.Hit;
import io.sonidb.OrderKey;
import io.sonidb.Payload;
import io.sonidb.PayloadSelection;
import io.sonidb.Point;
import io.sonidb.filter.Scalar;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.dataformat.cbor.CBORMapper;

/// Points and what is wanted of them, as JSON.
final class PointJson {
  private static final CBORMapper CBOR = CBORMapper.builder().build();
  private static final BigDecimal MOST_WHOLE = BigDecimal.valueOf(Long.MAX_VALUE);

  private PointJson() {}

  /// What of a point is wanted.
  ///
  /// @param hasPayload whether there is a payload, though it may be empty
  /// @param version whether it is told when the point was written, and its newest change
  record Wanted(boolean hasPayload, PayloadSelection payload, boolean vector, boolean version) {
    /// With or without when it was written.
    Wanted version(boolean wanted) {
      return new Wanted(hasPayload, payload, vector, wanted);
    }

    /// @param payloadByDefault whether payloads are wanted when nothing is said
    static Wanted of(Body body, boolean payloadByDefault) {
      Body payload = body.at("with_payload");
      boolean has = payload.node().isBoolean() ? payload.isTrue(true) : true;
      if (!payload.isThere()) {
        has = payloadByDefault;
      }
      return new Wanted(
          has,
          has ? selection(payload) : PayloadSelection.NONE,
          vector(body.at("with_vector")),
          false);
    }

    private static PayloadSelection selection(Body payload) {
      if (!payload.isThere() || payload.node().isBoolean()) {
        return PayloadSelection.ALL;
      }
      if (payload.node().isArray()) {
        return PayloadSelection.include(texts(payload));
      }
      payload.only("include", "exclude");
      if (payload.node().size() != 1) {
        throw payload.wrong("must have include or exclude");
      }
      return payload.has("include")
          ? PayloadSelection.include(texts(payload.at("include")))
          : PayloadSelection.exclude(texts(payload.at("exclude")));
    }

    private static String[] texts(Body array) {
      return array.array().stream().map(Body::text).toArray(String[]::new);
    }

    /// A list of names of vectors is for those who have several; the nameless one is called "".
    private static boolean vector(Body wanted) {
      if (!wanted.node().isArray()) {
        return wanted.isTrue(false);
      }
      List<String> names = wanted.array().stream().map(Body::text).toList();
      names.stream()
          .filter(name -> !name.isEmpty())
          .findFirst()
          .ifPresent(name -> {
            throw ApiException.wrongInput("Not existing vector name error: " + name);
          });
      return !names.isEmpty();
    }
  }

  static void id(VectorId id, JsonGenerator to) {
    if (id instanceof VectorId.Number(long value)) {
      if (value >= 0) {
        to.writeNumber(value);
      } else {
        to.writeNumber(new BigInteger(id.toString()));
      }
    } else {
      to.writeString(id.toString());
    }
  }

  static void payload(Payload payload, JsonGenerator to) {
    if (payload.isEmpty()) {
      to.writeStartObject();
      to.writeEndObject();
      return;
    }
    try (JsonParser from = CBOR.createParser(payload.cbor())) {
      from.nextToken();
      to.copyCurrentStructure(from);
    }
  }

  static void value(Scalar value, JsonGenerator to) {
    switch (value) {
      case Scalar.Text(String text) -> to.writeString(text);
      case Scalar.Whole(long whole) -> to.writeNumber(whole);
      case Scalar.Truth(boolean truth) -> to.writeBoolean(truth);
    }
  }

  /// A point that was asked for by its id, or met on a page.
  static void record(Point point, Wanted wanted, JsonGenerator to) {
    record(point, Optional.empty(), wanted, to);
  }

  /// @param key by what it was ordered
  static void record(Point point, Optional<OrderKey> key, Wanted wanted, JsonGenerator to) {
    to.writeStartObject();
    to.writeName("id");
    id(point.id(), to);
    if (wanted.version()) {
      to.writeNumberProperty("version", point.sequence());
      point.insertedAt().ifPresent(time -> to.writeStringProperty("inserted_at", time.toString()));
    }
    rest(
        point.payload(),
        wanted,
        wanted.vector() ? Optional.of(point.vector()) : Optional.empty(),
        to);
    key.ifPresent(value -> orderValue(value, to));
    point.expiresAt().ifPresent(time -> to.writeStringProperty("expires_at", time.toString()));
    to.writeEndObject();
  }

  /// A point that was searched for.
  static void hit(Hit hit, Wanted wanted, JsonGenerator to) {
    begin(hit.id(), hit.sequence(), hit.score(), to);
    rest(hit.payload(), wanted, hit.vector(), to);
    to.writeEndObject();
  }

  /// A point that was found without comparing: it scores 0.
  ///
  /// @param key by what it was ordered
  static void unscored(Point point, Optional<OrderKey> key, Wanted wanted, JsonGenerator to) {
    begin(point.id(), point.sequence(), 0, to);
    rest(
        point.payload(),
        wanted,
        wanted.vector() ? Optional.of(point.vector()) : Optional.empty(),
        to);
    key.ifPresent(value -> orderValue(value, to));
    to.writeEndObject();
  }

  private static void begin(VectorId id, long version, double score, JsonGenerator to) {
    to.writeStartObject();
    to.writeName("id");
    id(id, to);
    to.writeNumberProperty("version", version);
    to.writeNumberProperty("score", score);
  }

  /// As Qdrant has it: a number, or a time in microseconds since 1970.
  private static void orderValue(OrderKey key, JsonGenerator to) {
    to.writeName("order_value");
    switch (key) {
      case OrderKey.OfTime(Instant time) ->
          to.writeNumber(ChronoUnit.MICROS.between(Instant.EPOCH, time));
      case OrderKey.OfNumber(BigDecimal value) -> {
        if (value.stripTrailingZeros().scale() <= 0 && value.abs().compareTo(MOST_WHOLE) <= 0) {
          to.writeNumber(value.longValueExact());
        } else {
          to.writeNumber(value.doubleValue());
        }
      }
    }
  }

  private static void rest(
      Payload payload, Wanted wanted, Optional<Vector> vector, JsonGenerator to) {
    if (wanted.hasPayload()) {
      to.writeName("payload");
      payload(payload, to);
    }
    if (vector.isPresent()) {
      to.writeName("vector");
      VectorJson.write(vector.get(), to);
    }
  }
}
