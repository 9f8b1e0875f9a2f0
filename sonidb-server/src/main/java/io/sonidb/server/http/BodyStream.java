package io.sonidb.server.http;

import java.io.IOException;
import java.io.InputStream;

/// The body of a request, which must neither be too large nor take too long.
final class BodyStream extends InputStream {
  private final InputStream in;
  private final long most;
  private final long deadlineNanos;
  private long read;

  /// @param most bytes
  /// @param deadlineNanos by the clock of [System#nanoTime]
  BodyStream(InputStream in, long most, long deadlineNanos) {
    this.in = in;
    this.most = most;
    this.deadlineNanos = deadlineNanos;
  }

  /// A limit was passed.
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ApiException answer;

    Refused(ApiException answer) {
      super(answer.getMessage());
      this.answer = answer;
    }

    ApiException answer() {
      return answer;
    }
  }

  static ApiException tooLarge(long most) {
    return ApiException.of(413, "Payload too large: a body has at most " + most + " bytes here");
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    int count = in.read(to, offset, length);
    if (count > 0) {
      read += count;
      if (read > most) {
        throw new Refused(tooLarge(most));
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new Refused(ApiException.of(408, "Timeout: the request took too long to arrive"));
      }
    }
    return count;
  }
}
