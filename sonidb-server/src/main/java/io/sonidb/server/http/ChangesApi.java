package io.sonidb.server.http;

import io.sonidb.Change;
import io.sonidb.Collection;
import io.sonidb.Damage;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.RescanRequiredException;
import io.sonidb.Subscription;
import io.sonidb.json.VectorJson;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import tools.jackson.core.JsonGenerator;

/// The changes of a collection as server-sent events (WHATWG HTML, 9.2), for ever.
///
/// ```
/// id: 17
/// event: upsert
/// data: {"sequence":17,"change":"upsert","id":42,"payload":{}}
/// ```
final class ChangesApi {
  private static final int FLUSH_BYTES = 1 << 16;
  private static final byte[] RETRY = ascii("retry: 1000\n\n");
  private static final byte[] HEARTBEAT = ascii(": alive\n\n");

  private final Streams streams;

  ChangesApi(Streams streams) {
    this.streams = streams;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  Answer follow(Exchange exchange) {
    Collection collection = exchange.collection();
    // A browser that comes again says what it had; that is newer than the address it comes to.
    String had = exchange.request().getHeaders().get("Last-Event-ID");
    long from =
        had == null || had.isEmpty()
            ? AudioApi.from(exchange, "from").orElse(1L)
            : AudioApi.sequence("Last-Event-ID", had) + 1;
    boolean follow = exchange.isTrue("follow", true);
    boolean withVector = exchange.isTrue("with_vector", false);
    long last = collection.lastSequence();
    AudioApi.checkFrom(from, last);
    Subscription changes;
    try {
      changes = collection.subscribe(from);
    } catch (RescanRequiredException e) {
      throw AudioApi.gone(e);
    }
    return new Answer.Written((request, out) -> {
      try (changes;
          Streams.Place _ = streams.enter(request, changes::close)) {
        out.headers().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        out.headers().put(HttpHeader.CACHE_CONTROL, "no-store");
        // Proxies that gather answers are asked not to.
        out.headers().put("X-Accel-Buffering", "no");
        out.write(false, ByteBuffer.wrap(RETRY));
        send(changes, exchange, withVector, follow ? Long.MAX_VALUE : last, out);
        out.write(true, ByteBuffer.allocate(0));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  /// Sends until the subscription ends, or deletes were dropped: who comes again hears of that.
  ///
  /// @param until the last sequence number that is wanted
  private void send(
      Subscription changes, Exchange exchange, boolean withVector, long until, PacedOutput out)
      throws IOException, InterruptedException {
    try {
      while (true) {
        // Bytes are held only while there is something to say.
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        Optional<Change> change = changes.next(Duration.ZERO);
        boolean isOver = change.isEmpty() && until < Long.MAX_VALUE;
        while (change.isPresent() && !isOver) {
          isOver = change.get().sequence() > until;
          if (!isOver) {
            event(change.get(), exchange, withVector, text);
          }
          change = text.size() < FLUSH_BYTES ? changes.next(Duration.ZERO) : Optional.empty();
        }
        if (text.size() > 0) {
          out.write(false, ByteBuffer.wrap(text.toByteArray()));
        }
        if (isOver) {
          return;
        }
        if (text.size() > 0) {
          continue;
        }
        change = changes.next(streams.heartbeat());
        if (change.isPresent()) {
          event(change.get(), exchange, withVector, text);
          out.write(false, ByteBuffer.wrap(text.toByteArray()));
        } else if (changes.isOver()) {
          return;
        } else {
          out.write(false, ByteBuffer.wrap(HEARTBEAT));
        }
      }
    } catch (RescanRequiredException e) {
      // The head has been sent already.
    }
  }

  private static void event(
      Change change, Exchange exchange, boolean withVector, ByteArrayOutputStream text) {
    text.writeBytes(ascii("id: " + change.sequence() + "\nevent: " + kind(change) + "\ndata: "));
    try (JsonGenerator to = exchange.node().formats().writer(text, false)) {
      write(change, withVector, to);
    }
    text.writeBytes(ascii("\n\n"));
  }

  private static String kind(Change change) {
    return switch (change) {
      case Change.Upserted _ -> "upsert";
      case Change.PayloadChanged _ -> "payload";
      case Change.Deleted _ -> "delete";
      case Change.Expired _ -> "expired";
      case Change.Lost _ -> "lost";
    };
  }

  private static void write(Change change, boolean withVector, JsonGenerator to) {
    to.writeStartObject();
    to.writeNumberProperty("sequence", change.sequence());
    to.writeStringProperty("change", kind(change));
    switch (change) {
      case Change.Upserted(Point point) -> {
        id(point.id(), to);
        payload(point.payload(), to);
        if (withVector) {
          to.writeName("vector");
          VectorJson.write(point.vector(), to);
        }
        point.insertedAt().ifPresent(t -> to.writeStringProperty("inserted_at", t.toString()));
        point.expiresAt().ifPresent(t -> to.writeStringProperty("expires_at", t.toString()));
      }
      case Change.PayloadChanged(VectorId id, Payload payload, long _) -> {
        id(id, to);
        payload(payload, to);
      }
      case Change.Deleted(VectorId id, long _) -> id(id, to);
      case Change.Expired(VectorId id, long _) -> id(id, to);
      case Change.Lost(Damage damage, long _) -> {
        damage.id().ifPresent(id -> id(id, to));
        to.writeStringProperty("file", damage.file());
        to.writeStringProperty("reason", damage.reason());
      }
    }
    to.writeEndObject();
  }

  private static void id(VectorId id, JsonGenerator to) {
    to.writeName("id");
    PointJson.id(id, to);
  }

  private static void payload(Payload payload, JsonGenerator to) {
    to.writeName("payload");
    PointJson.payload(payload, to);
  }
}
