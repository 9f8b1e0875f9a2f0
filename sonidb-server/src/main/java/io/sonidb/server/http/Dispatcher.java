package io.sonidb.server.http;

import io.sonidb.ftp.SignedCall;
import io.sonidb.server.config.KeySpec.Access;
import java.io.IOException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Answers every request: who is it, may they, what is it about, what comes of it.
final class Dispatcher extends Handler.Abstract {
  private static final int DRAINED_BODIES = 8; // of the largest size that is taken

  private final Router router;
  private final ApiKeys keys;
  private final Visitors visitors;
  private final Exchange.Shared shared;
  private final Logs logs;

  Dispatcher(Router router, ApiKeys keys, Visitors visitors, Exchange.Shared shared, Logs logs) {
    this.router = router;
    this.keys = keys;
    this.visitors = visitors;
    this.shared = shared;
    this.logs = logs;
  }

  /// What becomes known of a request on the way, for the logs.
  private static final class Course {
    private @Nullable Route route;
    private String who = "nobody";
    private long readyNanos; // of a file or stream, which lasts as long as its reader likes
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Course course = new Course();
    AnswerStream out = new AnswerStream(response);
    try {
      visitors.check(request);
      if (visitors.welcome(request, response)) {
        response.setStatus(HttpStatus.NO_CONTENT_204);
        out.finish();
      } else {
        Answer answer = answer(request, response, course);
        audit(request, course, HttpStatus.OK_200);
        if (!(answer instanceof Answer.Result)) {
          course.readyNanos = System.nanoTime();
        }
        send(answer, request, response, out);
      }
      note(request, response, course, out);
      callback.succeeded();
    } catch (Throwable failure) { // nothing must reach the client but a line
      fail(failure, request, response, out, course, callback);
    }
    return true;
  }

  private Answer answer(Request request, Response response, Course course) throws Exception {
    Router.Match match = router.find(request.getMethod(), path(request));
    course.route = match.route();
    Caller caller = Caller.ANYBODY;
    if (match.route().access().isPresent()) {
      caller = keys.caller(request.getHeaders());
      course.who = caller.name();
      check(caller, match);
    }
    return match
        .route()
        .action()
        .answer(new Exchange(request, response, match.variables(), caller, shared));
  }

  private static String path(Request request) {
    String path = request.getHttpURI().getPath();
    if (path == null || !path.startsWith("/")) {
      throw ApiException.of(400, "Bad request: the path must begin with /");
    }
    return path;
  }

  private void check(Caller caller, Router.Match match) {
    Access needed = match.route().access().orElseThrow();
    if (!caller.access().allows(needed)) {
      throw ApiException.forbidden("this key may not " + verb(needed));
    }
    if (caller.seesAll()) {
      return;
    }
    if (match.route().isOfCollection()) {
      String name = match.variables().get("collection");
      if (name == null || !caller.sees(shared.catalog().resolve(name))) {
        throw ApiException.forbidden("this key is not for this collection");
      }
    } else if (needed != Access.READ) {
      throw ApiException.forbidden("this key is for single collections only");
    }
  }

  private static String verb(Access access) {
    return switch (access) {
      case READ -> "read";
      case WRITE -> "write";
      case MANAGE -> "manage collections";
    };
  }

  // Sending ------------------------------------------------------------------------------------

  private void send(Answer answer, Request request, Response response, AnswerStream out)
      throws IOException {
    switch (answer) {
      case Answer.Result(Answer.Value value, var warnings) ->
          json(
              request,
              response,
              out,
              to -> {
                to.writeStartObject();
                to.writeName("result");
                value.write(to);
                to.writeStringProperty("status", "ok");
                if (!warnings.isEmpty()) {
                  to.writeArrayPropertyStart("warnings");
                  warnings.forEach(to::writeString);
                  to.writeEndArray();
                }
                time(request, to);
                to.writeEndObject();
              });
      case Answer.Plain(Answer.Value value) -> json(request, response, out, value);
      case Answer.Text(int status, String type, String text) -> {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        out.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
      case Answer.Signed(String json, String signature) -> {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Formats.JSON);
        response.getHeaders().put(SignedCall.SIGNATURE, signature);
        out.write(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
      case Answer.Download(String type, long size, String name, Answer.Bytes bytes) -> {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, size);
        response.getHeaders().put("Content-Disposition", "attachment; filename=\"" + name + "\"");
        bytes.write(out);
      }
      case Answer.Written(Answer.Writing writing) -> {
        PacedOutput paced = new PacedOutput(response, shared.stallSeconds());
        try {
          writing.write(request, paced);
        } finally {
          out.add(paced.written());
        }
        return;
      }
      case Answer.Live(String type, Answer.Pieces pieces) -> {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        pieces.write(out);
      }
    }
    out.finish();
  }

  private void json(Request request, Response response, AnswerStream out, Answer.Value value) {
    String accepted = request.getHeaders().get(HttpHeader.ACCEPT);
    boolean isCbor = accepted != null && Formats.isCbor(accepted);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, isCbor ? Formats.CBOR : Formats.JSON);
    try (JsonGenerator to = shared.formats().writer(out, isCbor)) {
      value.write(to);
    }
  }

  private static void time(Request request, JsonGenerator to) {
    to.writeNumberProperty("time", (System.nanoTime() - request.getHeadersNanoTime()) / 1e9);
  }

  private void fail(
      Throwable failure,
      Request request,
      Response response,
      AnswerStream out,
      Course course,
      Callback callback) {
    Failures.Failure answer = Failures.of(failure);
    if (out.hasBegun() || response.isCommitted()) {
      // The client has gone, or gets to know by a body that ends early.
      note(request, response, course, out);
      callback.failed(failure);
      return;
    }
    if (answer.isOurs()) {
      logs.failure(request, failure);
    }
    try {
      boolean isTooLarge = answer.status() == HttpStatus.PAYLOAD_TOO_LARGE_413;
      if (!isTooLarge && answer.status() != HttpStatus.REQUEST_TIMEOUT_408) {
        drain(request, shared.bodyBytes());
      }
      response.reset();
      visitors.welcome(request, response);
      response.setStatus(answer.status());
      if (failure instanceof ApiException told) {
        told.headers().forEach(response.getHeaders()::put);
      }
      audit(request, course, answer.status());
      if (answer.status() == HttpStatus.SERVICE_UNAVAILABLE_503) {
        response.getHeaders().put(HttpHeader.RETRY_AFTER, "1");
      }
      if (answer.status() == HttpStatus.UNAUTHORIZED_401) {
        response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
      }
      AnswerStream fresh = new AnswerStream(response);
      json(
          request,
          response,
          fresh,
          to -> {
            to.writeStartObject();
            to.writeObjectPropertyStart("status");
            to.writeStringProperty("error", answer.message());
            to.writeEndObject();
            time(request, to);
            to.writeEndObject();
          });
      fresh.finish();
      if (isTooLarge) {
        drain(request, DRAINED_BODIES * shared.bodyBytes());
      }
      note(request, response, course, fresh);
      callback.succeeded();
    } catch (IOException | RuntimeException gone) {
      note(request, response, course, out);
      callback.failed(gone);
    }
  }

  /// Before it is answered: whoever has an answer finds the note.
  private void audit(Request request, Course course, int status) {
    boolean isRefused = status == HttpStatus.UNAUTHORIZED_401 || status == HttpStatus.FORBIDDEN_403;
    if (isRefused || (course.route != null && course.route.isNoted())) {
      logs.audit(request, course.who, status);
    }
  }

  /// Reads what is left of a body, so that the client, which may still be sending, gets to read the
  /// answer: who sends what is too large must not take that for a lost connection.
  private void drain(Request request, long most) {
    if (request.getLength() == 0
        || request.getLength() > most
        || request.getHeaders().contains(HttpHeader.EXPECT)) {
      return;
    }
    try (BodyStream rest = shared.stream(request, most)) {
      byte[] buffer = new byte[1 << 13];
      while (rest.read(buffer, 0, buffer.length) >= 0) {}
    } catch (IOException | RuntimeException e) {
      // Then the client has gone, or sends too much: it is answered all the same.
    }
  }

  private void note(Request request, Response response, Course course, AnswerStream out) {
    int status = response.getStatus();
    long nanos = System.nanoTime() - request.getHeadersNanoTime();
    Route route = course.route;
    if (route != null) {
      boolean isLong = course.readyNanos != 0;
      route.meter().note(status, isLong ? course.readyNanos - request.getHeadersNanoTime() : nanos);
    }
    if (logs.notesAccess()) {
      logs.access(request, status, out.written(), nanos);
    }
  }
}
