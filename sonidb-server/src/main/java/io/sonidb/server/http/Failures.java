package io.sonidb.server.http;

import io.sonidb.CollectionExistsException;
import io.sonidb.CollectionNotFoundException;
import io.sonidb.ConflictException;
import io.sonidb.DamagedRecordException;
import io.sonidb.ReadOnlyException;
import io.sonidb.RescanRequiredException;
import io.sonidb.SoniDbException;
import io.sonidb.SyncRefusedException;
import io.sonidb.VectorNotFoundException;
import io.sonidb.filter.MalformedFilterException;
import io.sonidb.ftp.FxpException;
import io.sonidb.ftp.SyncFailedException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;

/// Turns what went wrong into a status and a line for the client.
final class Failures {
  private Failures() {}

  /// @param isOurs whether it is no fault of the client, and to be looked into
  record Failure(int status, String message, boolean isOurs) {}

  static Failure of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BodyStream.Refused refused) {
        return of(refused.answer());
      }
      if (cause instanceof TimeoutException) {
        return new Failure(408, "Timeout: the request took too long to arrive", false);
      }
      if (cause instanceof HttpException bad) {
        return new Failure(bad.getCode(), "Bad request: " + firstLine(failure), false);
      }
    }
    return switch (failure) {
      case ApiException e -> new Failure(e.status(), firstLine(e), false);
      case MalformedFilterException e ->
          new Failure(400, "Format error in JSON body: " + firstLine(e), false);
      case StreamConstraintsException e ->
          new Failure(400, "Format error in JSON body: " + e.getOriginalMessage(), false);
      case JacksonException e ->
          new Failure(
              400,
              "Format error in JSON body: " + e.getOriginalMessage() + place(e.getLocation()),
              false);
      case CollectionNotFoundException e -> new Failure(404, "Not found: " + firstLine(e), false);
      case VectorNotFoundException e -> new Failure(404, "Not found: " + firstLine(e), false);
      case CollectionExistsException e -> new Failure(409, "Wrong input: " + firstLine(e), false);
      case RescanRequiredException e -> new Failure(409, "Conflict: " + firstLine(e), false);
      case ReadOnlyException e -> new Failure(409, "Conflict: " + firstLine(e), false);
      case SyncRefusedException e -> new Failure(409, "Conflict: " + firstLine(e), false);
      case SyncFailedException e when e.kind() == SyncFailedException.Kind.REFUSED ->
          new Failure(409, "Conflict: " + firstLine(e), false);
      case FxpException e -> new Failure(502, "Bad gateway: " + firstLine(e), false);
      case SyncFailedException e -> new Failure(502, "Bad gateway: " + firstLine(e), false);
      case ConflictException e -> new Failure(409, "Conflict: " + firstLine(e), false);
      case IllegalArgumentException e -> new Failure(400, "Wrong input: " + firstLine(e), false);
      case ArithmeticException e -> new Failure(400, "Wrong input: " + firstLine(e), false);
      case DamagedRecordException e ->
          new Failure(500, "Service internal error: stored data is damaged: " + firstLine(e), true);
      case SoniDbException e ->
          new Failure(500, "Service internal error: " + e.getClass().getSimpleName(), true);
      default -> new Failure(500, "Service internal error", true);
    };
  }

  /// By line and column or, behind vectors, which are read otherwise, by byte.
  private static String place(@Nullable TokenStreamLocation at) {
    if (at == null) {
      return "";
    }
    return at.getLineNr() < 0
        ? " at byte " + at.getByteOffset()
        : " at line " + at.getLineNr() + " column " + at.getColumnNr();
  }

  private static String firstLine(Throwable failure) {
    String message = failure.getMessage();
    return message == null
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }
}
