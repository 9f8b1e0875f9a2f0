package io.sonidb.flac;

import java.io.IOException;
import java.io.InputStream;

/// The part of an input stream that is being decoded, as an array that grows when it must and only
/// with bytes that have really come.
final class StreamWindow {

  private static final int FIRST_SIZE = 1 << 16;

  private final InputStream in;

  /// The bytes from `start` to `end` are there.
  byte[] bytes = new byte[FIRST_SIZE];

  int start;
  int end;

  /// Whether the stream has no more bytes than those in the window.
  boolean ended;

  /// Where in the stream `bytes[0]` lies.
  private long base;

  StreamWindow(InputStream in) {
    this.in = in;
  }

  int size() {
    return end - start;
  }

  /// Where in the stream the window starts.
  long position() {
    return base + start;
  }

  /// A fault in the window, told with its place in the stream.
  MalformedFlacException place(MalformedFlacException fault) {
    return base == 0 ? fault : fault.shiftedBy(base);
  }

  /// Reads on until at least `size` bytes are there or the stream has ended; no longer, so that
  /// what a live stream has already sent is not kept waiting for what it will send.
  void fill(int size) throws IOException {
    if (size() >= size || ended) {
      return;
    }
    // Half of the window is left free, lest it be filled in many small pieces.
    if (bytes.length - start < size || end > bytes.length / 2) {
      moveToFront(Math.max(size, 2 * size()));
    }
    while (size() < size) {
      int read = in.read(bytes, end, bytes.length - end);
      if (read < 0) {
        ended = true;
        return;
      }
      end += read;
    }
  }

  private void moveToFront(int room) {
    byte[] into = bytes.length < room ? new byte[room] : bytes;
    System.arraycopy(bytes, start, into, 0, size());
    base += start;
    end -= start;
    start = 0;
    bytes = into;
  }

  /// Drops bytes, whether they are in the window yet or not.
  ///
  /// @return false if the stream ends before
  boolean skip(long count) throws IOException {
    long rest = count;
    while (rest > size()) {
      rest -= size();
      start = end;
      if (ended) {
        return false;
      }
      fill(1);
    }
    start += (int) rest;
    return true;
  }
}
