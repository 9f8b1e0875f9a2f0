package io.sonidb.server.http;

import io.sonidb.AudioStream;
import io.sonidb.Collection;
import io.sonidb.RescanRequiredException;
import io.sonidb.StreamOptions;
import io.sonidb.StreamOptions.Container;
import io.sonidb.VectorAudio;
import io.sonidb.filter.Filter;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;

/// Vectors as sound, on their way out: one as a file, a collection as a stream.
final class AudioApi {
  static final String FLAC = "audio/flac";
  private static final String OGG = "audio/ogg";
  static final String FROM = "SoniDB-From";
  static final String LAST = "SoniDB-Last-Sequence";
  private static final String NEXT = "SoniDB-Next-Sequence";
  private static final String HORIZON = "SoniDB-Horizon";
  private static final Pattern SHARD = Pattern.compile("([0-9]{1,4})/([0-9]{1,4})");
  private static final Duration FOREVER = Duration.ofDays(365);

  private final Streams streams;

  AudioApi(Streams streams) {
    this.streams = streams;
  }

  /// A whole file that holds one vector: as it is stored, or in the sonification that is asked for.
  static Answer vector(Exchange exchange) {
    VectorId id = id(exchange);
    Collection collection = exchange.collection();
    VectorAudio audio =
        exchange
            .parameter("sonification")
            .map(AudioApi::sonification)
            .filter(wanted -> wanted != collection.spec().sonification())
            .map(wanted -> collection.vectorAudio(id, wanted))
            .orElseGet(() -> collection.vectorAudio(id));
    return new FileAnswer(FLAC, audio.tag(), FileAnswer.ASK_FIRST).of(audio.bytes(), () -> {});
  }

  /// The id in the path.
  static VectorId id(Exchange exchange) {
    try {
      return VectorId.parse(exchange.variable("id"));
    } catch (IllegalArgumentException e) {
      throw ApiException.of(400, "Deserialize error in path parameters: " + e.getMessage());
    }
  }

  private static Sonification sonification(String name) {
    try {
      return Sonification.parse(name);
    } catch (IllegalArgumentException e) {
      throw ApiException.of(
          400,
          "Deserialize error in query parameters: sonification must be amplitude, frequency or"
              + " pulse, was '"
              + shown(name)
              + "'");
    }
  }

  /// All records from a sequence number on and, if that is wanted, those to come.
  Answer stream(Exchange exchange) {
    Collection collection = exchange.collection();
    long from = from(exchange, "from").orElse(1L);
    boolean follow = exchange.isTrue("follow", false);
    StreamOptions options = options(exchange);
    long last = collection.lastSequence();
    checkFrom(from, last);
    AudioStream audio;
    try {
      audio = collection.audio(from, follow, options);
    } catch (RescanRequiredException e) {
      throw gone(e);
    }
    return new Answer.Written((request, out) -> {
      try (audio;
          Streams.Place _ = streams.enter(request, audio::close)) {
        HttpFields.Mutable head = out.headers();
        head.put(HttpHeader.CONTENT_TYPE, options.container() == Container.OGG ? OGG : FLAC);
        head.put(HttpHeader.CACHE_CONTROL, "no-store");
        head.put(FROM, String.valueOf(from));
        head.put(LAST, String.valueOf(last));
        if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1) {
          // On connections that end with it, too: so its end is no break.
          head.put(HttpHeader.TRANSFER_ENCODING, "chunked");
        }
        if (takesTrailers(request)) {
          head.put(HttpHeader.TRAILER, NEXT);
          out.response()
              .setTrailersSupplier(
                  () -> HttpFields.build().put(NEXT, String.valueOf(audio.nextSequence())));
        }
        send(audio, out);
      }
    });
  }

  private void send(AudioStream audio, PacedOutput out) throws IOException {
    out.write(false, ByteBuffer.wrap(audio.head()));
    while (true) {
      int sent = streams.send(out, buffer -> audio.fill(buffer, 0, buffer.length));
      if (sent == 0) {
        if (audio.isOver()) {
          break;
        }
        try {
          audio.await(FOREVER);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          break;
        }
      }
    }
    out.write(true, ByteBuffer.wrap(audio.tail()));
  }

  /// RFC 9110, section 6.5.1: trailers are for those who say that they take them.
  private static boolean takesTrailers(Request request) {
    return request.getHeaders().contains(HttpHeader.TE, "trailers");
  }

  /// A sequence number among the parameters.
  static java.util.Optional<Long> from(Exchange exchange, String name) {
    return exchange.parameter(name).map(text -> sequence(name, text));
  }

  /// @param what it is, for the message
  static long sequence(String what, String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw ApiException.of(
          400,
          "Deserialize error in query parameters: "
              + what
              + " must be a sequence number, 0 or more, was '"
              + shown(text)
              + "'");
    }
    return Long.parseLong(text);
  }

  private static String shown(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  /// @param last number of the newest write
  static void checkFrom(long from, long last) {
    if (from > last + 1) {
      throw ApiException.of(
              422,
              "Validation error in query parameters: [from: value "
                  + from
                  + " invalid, the next record is "
                  + (last + 1)
                  + ": the collection is another one, or was restored from a snapshot; read it"
                  + " again]")
          .with(LAST, String.valueOf(last));
    }
  }

  static ApiException gone(RescanRequiredException e) {
    return ApiException.of(410, "Gone: " + e.getMessage())
        .with(HORIZON, String.valueOf(e.horizon()));
  }

  /// Shard, filter and container, as the parameters say.
  static StreamOptions options(Exchange exchange) {
    StreamOptions options = StreamOptions.ALL.container(container(exchange));
    if (exchange.parameter("shard").isPresent()) {
      String text = exchange.parameter("shard").get();
      Matcher shard = SHARD.matcher(text);
      if (!shard.matches()) {
        throw ApiException.of(
            400,
            "Deserialize error in query parameters: shard must be like 0/4, was '"
                + shown(text)
                + "'");
      }
      try {
        options = options.shard(Integer.parseInt(shard.group(1)), Integer.parseInt(shard.group(2)));
      } catch (IllegalArgumentException e) {
        throw ApiException.of(
            422, "Validation error in query parameters: [" + e.getMessage() + "]");
      }
    }
    return exchange.parameter("filter").isPresent()
        ? options.filter(Filter.parse(exchange.parameter("filter").get()))
        : options;
  }

  private static Container container(Exchange exchange) {
    String accepted = exchange.request().getHeaders().get(HttpHeader.ACCEPT);
    String types = accepted == null ? "" : accepted.toLowerCase(Locale.ROOT);
    String wanted =
        exchange
            .parameter("container")
            .orElse(types.contains(OGG) && !types.contains(FLAC) ? "ogg" : "flac");
    return switch (wanted) {
      case "flac" -> Container.FLAC;
      case "ogg" -> Container.OGG;
      default ->
          throw ApiException.of(
              400, "Deserialize error in query parameters: container must be flac or ogg");
    };
  }
}
