package io.sonidb.server.http;

import io.sonidb.AudioStream;
import io.sonidb.Collection;
import io.sonidb.RescanRequiredException;
import io.sonidb.StreamOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Objects;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;

/// A collection by WebRTC: an offer in, an answer out, as WHEP has it (draft-ietf-wish-whep); the
/// records go over the data channel that the client offers.
final class WhepApi {
  private final Viewers viewers;

  WhepApi(Viewers viewers) {
    this.viewers = viewers;
  }

  /// Begins to send records.
  Answer begin(Exchange exchange) throws IOException, InterruptedException {
    String type =
        Objects.requireNonNullElse(
            exchange.request().getHeaders().get(HttpHeader.CONTENT_TYPE), "");
    if (!type.toLowerCase(Locale.ROOT).startsWith(SessionDescription.TYPE)) {
      throw ApiException.of(
          400, "Bad request: the body must be an offer of type " + SessionDescription.TYPE);
    }
    Collection collection = exchange.collection();
    long from = AudioApi.from(exchange, "from").orElse(1L);
    boolean follow = exchange.isTrue("follow", true);
    StreamOptions options = AudioApi.options(exchange).container(StreamOptions.Container.FLAC);
    long last = collection.lastSequence();
    AudioApi.checkFrom(from, last);
    String offer;
    try (InputStream body =
        exchange.node().stream(exchange.request(), SessionDescription.MAX_BYTES)) {
      offer = SessionDescription.offer(body.readAllBytes());
    }
    AudioStream stream;
    try {
      stream = collection.audio(from, follow, options);
    } catch (RescanRequiredException e) {
      throw AudioApi.gone(e);
    }
    Viewers.Begun begun = viewers.begin(exchange.collectionName(), stream, offer);
    HttpFields.Mutable head = exchange.response().getHeaders();
    head.put(HttpHeader.LOCATION, exchange.request().getHttpURI().getPath() + "/" + begun.id());
    head.put(HttpHeader.CACHE_CONTROL, "no-store");
    head.put(AudioApi.FROM, String.valueOf(from));
    head.put(AudioApi.LAST, String.valueOf(last));
    return new Answer.Text(HttpStatus.CREATED_201, SessionDescription.TYPE, begun.answer());
  }

  /// Ends it.
  Answer end(Exchange exchange) {
    viewers.end(exchange.collectionName(), exchange.variable("viewer"));
    return Answer.yes();
  }
}
