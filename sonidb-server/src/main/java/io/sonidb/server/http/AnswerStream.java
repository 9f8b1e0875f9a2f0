package io.sonidb.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;

/// The body of an answer. A small one is kept until it is whole and goes out with its length; a
/// large one goes out in pieces.
final class AnswerStream extends OutputStream {
  private static final int START = 1 << 10;
  private static final int PIECE = 1 << 16;

  private final Response response;
  private byte[] buffer = new byte[START];
  private int size;
  private long written;
  private boolean hasBegun;

  AnswerStream(Response response) {
    this.response = response;
  }

  /// Whether something of it may have reached the client.
  boolean hasBegun() {
    return hasBegun;
  }

  long written() {
    return written + size;
  }

  /// Others have written so much past it.
  void add(long bytes) {
    written += bytes;
    hasBegun |= bytes > 0;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (size == PIECE) {
        send(false);
      }
      int count = Math.min(length - done, PIECE - size);
      if (size + count > buffer.length) {
        buffer = Arrays.copyOf(buffer, Math.min(PIECE, Math.max(2 * buffer.length, size + count)));
      }
      System.arraycopy(from, offset + done, buffer, size, count);
      size += count;
      done += count;
    }
  }

  /// Sends what there is, so that the client has it now.
  void sendNow() throws IOException {
    if (size > 0) {
      send(false);
    }
  }

  /// Sends what is left.
  void finish() throws IOException {
    if (!hasBegun && !response.getHeaders().contains(HttpHeader.CONTENT_LENGTH)) {
      response.getHeaders().put(HttpHeader.CONTENT_LENGTH, size);
    }
    send(true);
  }

  private void send(boolean last) throws IOException {
    hasBegun = true;
    Content.Sink.write(response, last, ByteBuffer.wrap(buffer, 0, size));
    written += size;
    size = 0;
  }
}
