package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.file.ReadOptions;
import io.sonidb.file.VectorFileException;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorReader;
import io.sonidb.file.VectorRow;
import io.sonidb.file.VectorWriter;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// Vectors as sound and as files: taken in while they come, of any length, and given.
final class VectorBodies {
  private static final int MOST_AT_ONCE = 64;
  private static final long DRAIN_NANOS = 10_000_000_000L;

  // So that bodies that take hours cannot take the memory.
  private final Semaphore intakes =
      new Semaphore(
          Math.clamp(Runtime.getRuntime().maxMemory() / 4 / Intake.BYTES, 2, MOST_AT_ONCE));

  // Taking in ----------------------------------------------------------------------------------

  private interface Reading {
    Answer from(InputStream body) throws IOException;
  }

  private Answer taking(Exchange exchange, Reading reading) throws IOException {
    if (!intakes.tryAcquire()) {
      throw ApiException.of(
          503, "Service unavailable: too many vectors are being sent at once, try again");
    }
    try (InputStream body = exchange.endlessBody()) {
      try {
        return reading.from(body);
      } catch (ApiException e) {
        drain(body);
        throw e;
      }
    } finally {
      intakes.release();
    }
  }

  /// Reads on for a while, so that a client that is still sending gets to hear what is wrong.
  private static void drain(InputStream body) {
    long end = System.nanoTime() + DRAIN_NANOS;
    byte[] buffer = new byte[1 << 14];
    try {
      while (System.nanoTime() - end < 0 && body.read(buffer) >= 0) {}
    } catch (IOException e) {
      // Then it has gone, or sends no more: it is answered all the same.
    }
  }

  /// Records of a sound; damaged ones are told, and the others are in.
  Answer insertAudio(Exchange exchange) throws IOException {
    Collection collection = exchange.collection();
    boolean isStrict = exchange.isTrue("strict", false);
    boolean keepsTimes = exchange.isTrue("keep_times", false);
    checkAudio(exchange);
    return taking(
        exchange, body -> Answer.result(AudioIntake.run(body, collection, isStrict, keepsTimes)));
  }

  private static void checkAudio(Exchange exchange) {
    Media.contentType(exchange.request())
        .filter(_ -> Media.ofBody(exchange.request()) == Media.TREE)
        .ifPresent(type -> {
          throw ApiException.of(
              415,
              "Unsupported media type: "
                  + type
                  + "; the body must be audio/flac, audio/ogg or audio/wav");
        });
  }

  /// Points in whatever kind of body they come.
  Answer upsert(Exchange exchange) throws IOException {
    return switch (Media.ofBody(exchange.request())) {
      case TREE -> PointsApi.upsert(exchange);
      case AUDIO -> {
        exchange.checkParameters();
        Collection collection = exchange.collection();
        boolean keepsTimes = exchange.isTrue("keep_times", false);
        yield taking(
            exchange,
            body -> {
              AudioIntake.run(body, collection, true, keepsTimes);
              return Updates.done(exchange, collection, List.of());
            });
      }
      case NPY -> {
        exchange.checkParameters();
        yield insertRows(exchange, Optional.of(VectorFormat.NPY));
      }
    };
  }

  /// Rows of a file of vectors, of any format that is read elsewhere.
  Answer importFile(Exchange exchange) throws IOException {
    Optional<VectorFormat> format =
        exchange.parameter("format").map(VectorFormat::parse).or(() -> formatOf(exchange));
    return insertRows(exchange, format);
  }

  private static Optional<VectorFormat> formatOf(Exchange exchange) {
    return Media.contentType(exchange.request())
        .flatMap(type ->
            switch (type) {
              case "text/csv" -> Optional.of(VectorFormat.CSV);
              case "application/x-ndjson", "application/jsonl", "application/x-jsonlines" ->
                  Optional.of(VectorFormat.JSONL);
              case Media.NUMPY, "application/npy", "application/vnd.numpy" ->
                  Optional.of(VectorFormat.NPY);
              default -> Optional.empty(); // its first bytes may tell
            });
  }

  private Answer insertRows(Exchange exchange, Optional<VectorFormat> format) throws IOException {
    Collection collection = exchange.collection();
    CollectionSpec spec = collection.spec();
    ReadOptions options =
        new ReadOptions(
            format, spec.quantize().isRounding() ? Optional.empty() : Optional.of(spec.element()));
    Optional<VectorId.Number> first = exchange.parameter("first_id").map(VectorBodies::firstId);
    Optional<Instant> expiry = exchange.parameter("expires_at").map(VectorBodies::time);
    return taking(
        exchange,
        body -> {
          try (VectorReader rows = VectorReader.of(body, "the body", options)) {
            return insert(exchange, rows, collection, first, expiry);
          } catch (VectorFileException e) {
            throw ApiException.wrongInput(String.valueOf(e.getMessage()));
          }
        });
  }

  private static VectorId.Number firstId(String text) {
    if (!text.isEmpty() && VectorId.parse(text) instanceof VectorId.Number number) {
      return number;
    }
    throw ApiException.of(
        422,
        "Validation error in query parameters: [first_id: value "
            + text
            + " invalid, must be an unsigned number of 64 bits]");
  }

  private static Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw ApiException.of(
          422,
          "Validation error in query parameters: [expires_at: value "
              + text
              + " invalid, must be a time such as 2030-01-01T00:00:00Z]");
    }
  }

  private static Answer insert(
      Exchange exchange,
      VectorReader rows,
      Collection collection,
      Optional<VectorId.Number> first,
      Optional<Instant> expiry)
      throws IOException {
    if (rows.dimension() != collection.spec().dimension()) {
      throw ApiException.wrongInput(
          "Vector dimension error: expected dim: "
              + collection.spec().dimension()
              + ", got "
              + rows.dimension());
    }
    Intake.Refusals refusals =
        (taken, reason) -> {
          throw ApiException.wrongInput(
              "row " + taken.record() + " (byte or line " + taken.position() + "): " + reason);
        };
    try (Intake intake = Intake.begin(collection, false, refusals)) {
      try {
        insert(rows, intake, first, expiry);
        Intake.Outcome outcome = intake.finish();
        boolean waits = exchange.isTrue("wait", false);
        return Answer.result(to -> {
          to.writeStartObject();
          to.writeNumberProperty("operation_id", outcome.lastSequence());
          to.writeStringProperty("status", waits ? "completed" : "acknowledged");
          to.writeNumberProperty("inserted", outcome.inserted());
          to.writeEndObject();
        });
      } catch (VectorFileException | IllegalArgumentException | ApiException e) {
        Intake.Outcome outcome = intake.end(true);
        String message = String.valueOf(e.getMessage());
        boolean isSaid = e instanceof ApiException;
        throw ApiException.of(
            isSaid ? ((ApiException) e).status() : 400,
            (isSaid ? "" : "Wrong input: ")
                + message
                + "; "
                + outcome.inserted()
                + " vectors before it are in");
      } catch (IOException broken) {
        intake.end(true);
        throw broken;
      }
    }
  }

  private static void insert(
      VectorReader rows, Intake intake, Optional<VectorId.Number> first, Optional<Instant> expiry)
      throws IOException {
    for (Optional<VectorRow> next = rows.next(); next.isPresent(); next = rows.next()) {
      VectorRow row = next.get();
      String json = row.payload().orElse("");
      Point point;
      try {
        Payload payload = json.isEmpty() ? Payload.EMPTY : Payload.ofJson(json);
        point = Point.of(id(row, first), row.vector(), payload);
        Optional<Instant> expires = row.expiresAt().or(() -> expiry);
        point = expires.isPresent() ? point.expiresAt(expires.get()) : point;
      } catch (IllegalArgumentException e) {
        throw ApiException.wrongInput(rows.place(row) + ": " + e.getMessage());
      }
      intake.upsert(point, json.length(), row.number(), row.position());
    }
  }

  private static VectorId id(VectorRow row, Optional<VectorId.Number> first) {
    if (row.id().isPresent()) {
      return row.id().get();
    }
    if (first.isEmpty()) {
      throw new IllegalArgumentException(
          "the rows have no ids: say ?first_id=0, and they get 0, 1, 2 and so on");
    }
    long id = first.get().value() + row.number();
    if (Long.compareUnsigned(id, row.number()) < 0) {
      throw new IllegalArgumentException("ids from first_id on do not fit into 64 bits");
    }
    return VectorId.of(id);
  }

  // Giving -------------------------------------------------------------------------------------

  /// A point by its id: as a tree with its payload, as a whole FLAC file, or as an array.
  Answer get(Exchange exchange) throws IOException {
    return switch (Media.ofAnswer(exchange.request())) {
      case TREE -> PointsApi.get(exchange);
      case AUDIO -> {
        try (InputStream file = exchange.collection().streamVector(PointsApi.idIn(exchange))) {
          byte[] bytes = file.readAllBytes();
          yield new Answer.Download(Media.FLAC, bytes.length, "point.flac", to -> to.write(bytes));
        }
      }
      case NPY -> array(exchange.collection(), List.of(PointsApi.idIn(exchange)));
    };
  }

  /// Points by their ids, as a tree, as one sound, or as an array with a row for each id.
  Answer retrieve(Exchange exchange) throws IOException {
    Media media = Media.ofAnswer(exchange.request());
    if (media == Media.TREE) {
      return PointsApi.retrieve(exchange);
    }
    Collection collection = exchange.collection();
    List<VectorId> ids = PointsApi.idsIn(exchange.body(collection));
    return media == Media.NPY
        ? array(collection, ids)
        : sound(collection, collection.get(ids).stream().flatMap(Optional::stream).toList());
  }

  /// A page of points, as a tree, as one sound, or as an array with a row for each of its points;
  /// in the latter two cases a header says where the next page begins.
  Answer scroll(Exchange exchange) throws IOException {
    Media media = Media.ofAnswer(exchange.request());
    if (media == Media.TREE) {
      return PointsApi.scroll(exchange);
    }
    Collection collection = exchange.collection();
    var page = collection.scroll(PointsApi.scrollIn(exchange.body(collection)));
    page.next().ifPresent(next -> exchange.header("sonidb-next-page-offset", next.toString()));
    return media == Media.NPY
        ? array(collection.spec(), page.points())
        : sound(collection, page.points());
  }

  private static Answer sound(Collection collection, List<Point> points) {
    CollectionSpec spec = collection.spec();
    return new Answer.Live(
        Media.FLAC,
        to -> {
          try (InputStream sound = new PointSound(spec, points.iterator())) {
            sound.transferTo(to);
          }
        });
  }

  private static Answer array(Collection collection, List<VectorId> ids) throws IOException {
    List<Optional<Point>> found = collection.get(ids);
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      if (found.get(i).isEmpty()) {
        missing.add(ids.get(i).toString());
      }
    }
    if (!missing.isEmpty()) {
      throw ApiException.notFound(
          "Point with id "
              + missing.getFirst()
              + " does not exists!"
              + (missing.size() == 1 ? "" : " So do " + (missing.size() - 1) + " others not."));
    }
    return array(collection.spec(), found.stream().map(Optional::orElseThrow).toList());
  }

  private static Answer array(CollectionSpec spec, List<Point> points) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (VectorWriter writer =
        VectorWriter.of(bytes, VectorFormat.NPY, spec.dimension(), spec.element(), points.size())) {
      for (Point point : points) {
        writer.write(point.id(), point.vector(), Optional.empty());
      }
      writer.finish();
    }
    return new Answer.Download(Media.NUMPY, bytes.size(), "vectors.npy", bytes::writeTo);
  }
}
