package io.sonidb.server.http;

import io.sonidb.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import tools.jackson.core.JsonGenerator;

/// Long work that tells how far it is, if the client wants to hear that: as server-sent events
/// (`accept: text/event-stream`) or a line of JSON each (`accept: application/x-ndjson`). The last
/// one holds what came of it. Who goes away ends the work, where it can be ended.
final class ToldWork {
  private static final String EVENTS = "text/event-stream";
  private static final String LINES = "application/x-ndjson";

  /// How often is told how far it is, in any case: a client that has gone is noticed by that.
  private static final int MILLIS = 250;

  /// Work.
  @FunctionalInterface
  interface Task {
    /// @param progress ends the work by a [CancellationException] when nobody waits for it any more
    /// @return what came of it
    Answer.Value run(Progress progress) throws Exception;
  }

  private record Told(long done, long total, String unit) {}

  private final Task task;
  private final boolean isEvents;
  private final Formats formats;
  private final Failing failing;
  private final long startNanos = System.nanoTime();
  private volatile Optional<Told> latest = Optional.empty();
  private volatile boolean isCancelled;

  /// Takes note of failures that are no fault of the client.
  @FunctionalInterface
  interface Failing {
    void note(Throwable failure);
  }

  private ToldWork(Task task, boolean isEvents, Formats formats, Failing failing) {
    this.task = task;
    this.isEvents = isEvents;
    this.formats = formats;
    this.failing = failing;
  }

  /// Whether the client wants to hear how far it is.
  static boolean isAsked(Exchange exchange) {
    String accepted = exchange.request().getHeaders().get(HttpHeader.ACCEPT);
    String types = accepted == null ? "" : accepted.toLowerCase(Locale.ROOT);
    return types.contains(EVENTS) || types.contains(LINES);
  }

  /// The answer to a request for work: at its end, or while it goes on.
  static Answer answer(Exchange exchange, Logs logs, Task task) throws Exception {
    String accepted = exchange.request().getHeaders().get(HttpHeader.ACCEPT);
    String types = accepted == null ? "" : accepted.toLowerCase(Locale.ROOT);
    boolean isEvents = types.contains(EVENTS);
    if (!isEvents && !types.contains(LINES)) {
      return Answer.result(task.run(Progress.NONE));
    }
    Request request = exchange.request();
    ToldWork work =
        new ToldWork(
            task, isEvents, exchange.node().formats(), failure -> logs.failure(request, failure));
    return new Answer.Live(isEvents ? EVENTS : LINES, work::write);
  }

  private void write(AnswerStream to) throws IOException {
    CompletableFuture<Answer.Value> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("sonidb-work")
        .start(() -> {
          try {
            done.complete(task.run(this::note));
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    try {
      tell(done, to);
    } finally {
      isCancelled = true;
      // It ends at the next thing it notes, and must not outlive its request.
      done.exceptionally(_ -> _ -> {}).join();
    }
  }

  private void note(long done, long total, String unit) {
    if (isCancelled) {
      throw new CancellationException("nobody waits for it any more");
    }
    latest = Optional.of(new Told(done, total, unit));
  }

  private void tell(CompletableFuture<Answer.Value> done, AnswerStream to) throws IOException {
    while (true) {
      try {
        Answer.Value value = done.get(MILLIS, TimeUnit.MILLISECONDS);
        line("result", value, true, to);
        return;
      } catch (TimeoutException e) {
        progress(to);
      } catch (ExecutionException e) {
        fail(e.getCause() == null ? e : e.getCause(), to);
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private void progress(AnswerStream to) throws IOException {
    Told told = latest.orElse(new Told(0, 0, ""));
    line(
        "progress",
        json -> {
          json.writeStartObject();
          json.writeNumberProperty("done", told.done());
          json.writeNumberProperty("total", told.total());
          json.writeStringProperty("unit", told.unit());
          json.writeEndObject();
        },
        false,
        to);
    to.sendNow();
  }

  /// What is refused before the first line is answered as everywhere.
  private void fail(Throwable failure, AnswerStream to) throws IOException {
    Failures.Failure answer = Failures.of(failure);
    if (!to.hasBegun() && failure instanceof ApiException refused) {
      throw refused;
    }
    if (answer.isOurs()) {
      failing.note(failure);
    }
    line(
        "status",
        json -> {
          json.writeStartObject();
          json.writeNumberProperty("code", answer.status());
          json.writeStringProperty("error", answer.message());
          json.writeEndObject();
        },
        true,
        to);
  }

  private void line(String key, Answer.Value value, boolean isLast, AnswerStream to)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = formats.writer(bytes, false)) {
      json.writeStartObject();
      json.writeName(key);
      value.write(json);
      if (isLast) {
        if (!key.equals("status")) {
          json.writeStringProperty("status", "ok");
        }
        json.writeNumberProperty("time", (System.nanoTime() - startNanos) / 1e9);
      }
      json.writeEndObject();
    }
    if (isEvents) {
      String event = key.equals("status") ? "error" : key;
      to.write(("event: " + event + "\ndata: ").getBytes(StandardCharsets.UTF_8));
    }
    bytes.writeTo(to);
    to.write((isEvents ? "\n\n" : "\n").getBytes(StandardCharsets.UTF_8));
  }
}
