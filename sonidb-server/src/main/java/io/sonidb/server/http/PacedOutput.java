package io.sonidb.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/// A long answer, written in pieces, each of which the client must take within a time: so whoever
/// reads too slowly holds up no more than his own thread, and not for ever.
final class PacedOutput {
  private final Response response;
  private final int stallSeconds;
  private long written;

  PacedOutput(Response response, int stallSeconds) {
    this.response = response;
    this.stallSeconds = stallSeconds;
  }

  HttpFields.Mutable headers() {
    return response.getHeaders();
  }

  Response response() {
    return response;
  }

  /// Bytes that have been handed on.
  long written() {
    return written;
  }

  /// Writes a piece, and returns when all of it has been handed on.
  ///
  /// @param piece is in use for longer when this fails
  /// @throws IOException if the client is gone, or did not take it in time
  void write(boolean last, ByteBuffer piece) throws IOException {
    int size = piece.remaining();
    Callback.Completable done = new Callback.Completable();
    response.write(last, piece, done);
    try {
      done.get(stallSeconds, TimeUnit.SECONDS);
      written += size;
    } catch (TimeoutException e) {
      throw new IOException("the client took nothing for " + stallSeconds + " s", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
