package io.sonidb.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import tools.jackson.core.JsonGenerator;

/// What happens in the collections, as server-sent events, one a second: counters, of which the
/// difference of two is a rate.
///
/// ```
/// event: activity
/// data: {"time":1750000000.123,"collections":[{"name":"songs","points":3,"last_sequence":5,"queries":17}]}
/// ```
final class ActivityApi {
  private static final long MILLIS = 1000;

  private final Streams streams;

  ActivityApi(Streams streams) {
    this.streams = streams;
  }

  Answer follow(Exchange exchange) {
    return new Answer.Written((request, out) -> {
      CountDownLatch end = new CountDownLatch(1);
      try (Streams.Place _ = streams.enter(request, end::countDown)) {
        out.headers().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        out.headers().put(HttpHeader.CACHE_CONTROL, "no-store");
        out.headers().put("X-Accel-Buffering", "no"); // proxies that gather answers
        do {
          out.write(false, ByteBuffer.wrap(event(exchange)));
        } while (!end.await(MILLIS, TimeUnit.MILLISECONDS));
        out.write(true, ByteBuffer.allocate(0));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  private static byte[] event(Exchange exchange) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes("event: activity\ndata: ".getBytes(StandardCharsets.US_ASCII));
    try (JsonGenerator to = exchange.node().formats().writer(text, false)) {
      write(exchange, to);
    }
    text.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
    return text.toByteArray();
  }

  private static void write(Exchange exchange, JsonGenerator to) {
    Catalog catalog = exchange.node().catalog();
    to.writeStartObject();
    to.writeNumberProperty("time", System.currentTimeMillis() / 1e3);
    to.writeArrayPropertyStart("collections");
    for (String name : catalog.names()) {
      if (exchange.caller().sees(name)) {
        catalog
            .find(name)
            .ifPresent(collection -> {
              to.writeStartObject();
              to.writeStringProperty("name", name);
              to.writeNumberProperty("points", collection.count());
              to.writeNumberProperty("last_sequence", collection.lastSequence());
              to.writeNumberProperty("queries", collection.queries());
              to.writeEndObject();
            });
      }
    }
    to.writeEndArray();
    to.writeEndObject();
  }
}
