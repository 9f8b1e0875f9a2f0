package io.sonidb.client;

import io.sonidb.Progress;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/// Sends requests, again if that may help, and opens the envelopes of answers.
///
/// A node that is busy, or a connection that breaks, is tried again after 0.1 s, 0.2 s, 0.4 s and
/// so on, each a little longer or shorter so that many clients do not come back at once. Where
/// nobody has ever listened it is not: then most likely no node runs there.
final class Connection implements AutoCloseable {
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;
  private static final int MAX_SHOWN = 200;
  private static final String LINES = "application/x-ndjson";

  private final ClientOptions options;
  private final HttpClient http;
  private volatile boolean wasReached;

  Connection(ClientOptions options) {
    this.options = options;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(options.connectTimeout())
            .build();
  }

  ClientOptions options() {
    return options;
  }

  /// A request.
  ///
  /// @param path below the node's address, encoded
  /// @param body writes it; empty for none
  /// @param repeatable whether doing it twice is the same as once
  /// @param timeout in which it must be answered
  record Call(
      String method,
      String path,
      Optional<Consumer<JsonGenerator>> body,
      boolean repeatable,
      Duration timeout) {}

  /// A path, of which every other segment is a variable.
  static String path(String... segments) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < segments.length; i++) {
      path.append(i % 2 == 0 ? segments[i] : encode(segments[i]));
    }
    return path.toString();
  }

  /// A value, percent-encoded.
  static String encode(String segment) {
    String encoded = URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    // Whoever tidies paths up would take these for folders.
    return encoded.equals(".") || encoded.equals("..") ? encoded.replace(".", "%2E") : encoded;
  }

  /// What is asked for; doing it twice is the same as once.
  <T> T get(String path, Function<JsonParser, T> reader) {
    return send(new Call("GET", path, Optional.empty(), true, options.timeout()), reader);
  }

  /// Something with a body; doing it twice is the same as once.
  <T> T send(
      String method, String path, Consumer<JsonGenerator> body, Function<JsonParser, T> reader) {
    return send(new Call(method, path, Optional.of(body), true, options.timeout()), reader);
  }

  /// @param reader reads the result, whose first token is the current one
  /// @throws NodeException if it is not done
  <T> T send(Call call, Function<JsonParser, T> reader) {
    return opened(exchange(request(call), call.repeatable(), BodyHandlers.ofByteArray()), reader);
  }

  private void check(HttpResponse<?> response, byte[] body) {
    if (response.statusCode() != 200) {
      throw RefusedException.of(options.uri(), response.statusCode(), reason(response, body));
    }
  }

  private <T> T opened(HttpResponse<byte[]> response, Function<JsonParser, T> reader) {
    byte[] body = response.body();
    check(response, body);
    try (JsonParser from = format(response).mapper().createParser(body)) {
      return result(from, reader);
    } catch (JacksonException e) {
      throw unexpected(e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw unexpected(String.valueOf(e.getMessage()), e);
    }
  }

  /// Sends a body that is no JSON.
  ///
  /// @param type of it
  /// @param body is asked for its bytes again when it is sent again
  /// @param repeatable whether it can be sent again, and doing it twice is the same as once
  <T> T upload(
      String method,
      String path,
      String type,
      BodyPublisher body,
      boolean repeatable,
      Duration timeout,
      Function<JsonParser, T> reader) {
    HttpRequest request =
        bare(path, timeout)
            .header("accept", options.format().mediaType())
            .header("content-type", type)
            .method(method, body)
            .build();
    return opened(exchange(request, repeatable, BodyHandlers.ofByteArray()), reader);
  }

  /// Has the node do something that takes long, and hears how far it is.
  ///
  /// @param progress may end it
  <T> T work(
      String method,
      String path,
      Optional<Consumer<JsonGenerator>> body,
      Progress progress,
      Function<JsonNode, T> reader) {
    HttpRequest.Builder request = bare(path, options.timeout()).header("accept", LINES);
    body.ifPresent(_ -> request.header("content-type", options.format().mediaType()));
    request.method(method, publisher(body));
    HttpResponse<InputStream> response =
        exchange(request.build(), false, BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() != 200) {
        check(response, in.readNBytes(1 << 16));
      }
      // Leaving early, for whatever reason, closes the connection, and that ends the work.
      return lastLine(
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)), progress, reader);
    } catch (IOException e) {
      throw UnreachableException.of(options, e);
    } catch (JacksonException e) {
      throw unexpected(e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw unexpected(String.valueOf(e.getMessage()), e);
    }
  }

  private <T> T lastLine(BufferedReader lines, Progress progress, Function<JsonNode, T> reader)
      throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode tree = WireFormat.JSON.mapper().readTree(line);
      JsonNode told = tree.path("progress");
      if (tree.has("result")) {
        return reader.apply(tree.get("result"));
      }
      if (tree.path("status").isObject()) {
        throw RefusedException.of(
            options.uri(),
            tree.path("status").path("code").asInt(500),
            tree.path("status").path("error").asString("refused"));
      }
      progress.update(
          told.path("done").asLong(0),
          told.path("total").asLong(0),
          told.path("unit").asString(""));
    }
    throw unexpected("its answer ends early");
  }

  private <T> T result(JsonParser from, Function<JsonParser, T> reader) {
    if (from.nextToken() != JsonToken.START_OBJECT) {
      throw unexpected("its answer is no object");
    }
    while (from.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean isResult = from.currentName().equals("result");
      from.nextToken();
      if (isResult) {
        return reader.apply(from);
      }
      from.skipChildren();
    }
    throw unexpected("its answer has no result");
  }

  UnexpectedAnswerException unexpected(String what) {
    return new UnexpectedAnswerException(options.uri(), what);
  }

  private UnexpectedAnswerException unexpected(String what, RuntimeException why) {
    return new UnexpectedAnswerException(options.uri(), what, why);
  }

  /// Hands the bytes of an answer that is no envelope on, as they come.
  ///
  /// @throws IOException if `out` does not take them
  void download(String path, Duration timeout, OutputStream out) throws IOException {
    HttpRequest request = request(new Call("GET", path, Optional.empty(), true, timeout));
    HttpResponse<InputStream> response = exchange(request, true, BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() != 200) {
        check(response, in.readNBytes(1 << 16));
      }
      byte[] buffer = new byte[1 << 16];
      for (int read = next(in, buffer); read >= 0; read = next(in, buffer)) {
        out.write(buffer, 0, read);
      }
    }
  }

  /// An answer whose bytes are read as they come, for as long as they come.
  ///
  /// @param accept media type that is wanted
  InputStream open(String path, String accept) {
    Call call = new Call("GET", path, Optional.empty(), true, options.timeout());
    HttpResponse<InputStream> response =
        exchange(request(call, accept), true, _ -> new ReadAhead());
    if (response.statusCode() == 200) {
      return response.body();
    }
    try (InputStream in = response.body()) {
      byte[] body = in.readNBytes(1 << 16);
      throw RefusedException.of(options.uri(), response.statusCode(), reason(response, body));
    } catch (IOException e) {
      throw UnreachableException.of(options, e);
    }
  }

  private int next(InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw UnreachableException.of(options, e);
    }
  }

  private HttpRequest request(Call call) {
    return request(call, options.format().mediaType());
  }

  private HttpRequest request(Call call, String accept) {
    HttpRequest.Builder request = bare(call.path(), call.timeout()).header("accept", accept);
    call.body().ifPresent(_ -> request.header("content-type", options.format().mediaType()));
    return request.method(call.method(), publisher(call.body())).build();
  }

  private HttpRequest.Builder bare(String path, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(options.uri() + path)).timeout(timeout);
    options.apiKey().ifPresent(key -> request.header("api-key", key));
    return request;
  }

  private BodyPublisher publisher(Optional<Consumer<JsonGenerator>> body) {
    return body.map(writer -> BodyPublishers.ofByteArray(bytes(writer)))
        .orElse(BodyPublishers.noBody());
  }

  private byte[] bytes(Consumer<JsonGenerator> writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 12);
    try (JsonGenerator to = options.format().mapper().createGenerator(bytes)) {
      writer.accept(to);
    }
    return bytes.toByteArray();
  }

  private <T> HttpResponse<T> exchange(
      HttpRequest request, boolean repeatable, BodyHandler<T> handler) {
    try {
      for (int attempt = 1; ; attempt++) {
        boolean isLast = attempt == options.attempts();
        try {
          HttpResponse<T> response = http.send(request, handler);
          wasReached = true;
          if (isLast || !repeatable || !isBusy(response.statusCode())) {
            return response;
          }
          Thread.sleep(Math.max(pause(attempt), retryAfter(response)));
        } catch (IOException e) {
          if (isLast || !mayHelp(e, repeatable)) {
            throw UnreachableException.of(options, e);
          }
          Thread.sleep(pause(attempt));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnreachableException(options.uri(), "interrupted", e);
    }
  }

  private static boolean isBusy(int status) {
    return status == 429 || status == 503;
  }

  /// Whether sending again may help, and do no harm.
  private boolean mayHelp(IOException failure, boolean repeatable) {
    return switch (failure) {
      case ConnectException _ -> wasReached;
      // The whole time was given to it.
      case HttpTimeoutException _ -> false;
      default -> repeatable && wasReached;
    };
  }

  /// How long to wait after so many failures, in milliseconds.
  static long pause(int attempt) {
    long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(attempt - 1, 10));
    return pause / 2 + ThreadLocalRandom.current().nextLong(pause);
  }

  /// What the node asks for, within limits.
  private static long retryAfter(HttpResponse<?> response) {
    String seconds = response.headers().firstValue("retry-after").orElse("");
    return seconds.matches("[0-9]{1,6}")
        ? Math.min(LONGEST_PAUSE_MILLIS, Long.parseLong(seconds) * 1000)
        : 0;
  }

  private static WireFormat format(HttpResponse<?> response) {
    return WireFormat.of(response.headers().firstValue("content-type").orElse(""));
  }

  /// The message in an envelope or, if somebody else answered, the beginning of what was said.
  private static String reason(HttpResponse<?> response, byte[] body) {
    try {
      JsonNode tree = format(response).mapper().readTree(body);
      String reason = tree.path("status").path("error").asString("");
      if (!reason.isEmpty()) {
        return reason;
      }
    } catch (JacksonException e) {
      // said below
    }
    String text = new String(body, StandardCharsets.UTF_8).strip();
    return text.isEmpty() || text.startsWith("<") || text.chars().anyMatch(c -> c < ' ')
        ? "refused"
        : text.substring(0, Math.min(text.length(), MAX_SHOWN));
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
