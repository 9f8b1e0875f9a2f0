package io.sonidb.flac;

import java.io.IOException;

/// Bytes that RFC 9639 does not allow, or that contradict themselves or the stream's STREAMINFO.
///
/// The message ends with the place: "... at byte 1234".
public final class MalformedFlacException extends IOException {

  private static final long serialVersionUID = 1L;

  private final String reason;
  private final long offset;
  private final boolean truncated;

  /// A fault and its place.
  ///
  /// @param reason what is wrong, naming the value
  /// @param offset where: an index into the array that was read, or a position in the stream
  public MalformedFlacException(String reason, long offset) {
    this(reason, offset, false);
  }

  MalformedFlacException(String reason, long offset, boolean truncated) {
    super(reason + " at byte " + offset);
    this.reason = reason;
    this.offset = offset;
    this.truncated = truncated;
  }

  /// {@return what is wrong, without the place}
  public String reason() {
    return reason;
  }

  /// {@return where the fault was noticed, in bytes: an index into the array that was read, or,
  /// from a [FlacReader], the position in its stream}
  public long offset() {
    return offset;
  }

  /// Whether the bytes ended too early but were right as far as they went, so that more bytes might
  /// mend it: a frame cut off by the end of a buffer, or torn by a crash.
  ///
  /// @return true only if nothing but the end was wrong
  public boolean truncated() {
    return truncated;
  }

  /// The same fault, told by somebody who knows that the array was a window into something larger.
  ///
  /// @param base where the window's first byte lies, in bytes
  /// @return a new exception, caused by this one
  public MalformedFlacException shiftedBy(long base) {
    MalformedFlacException shifted = new MalformedFlacException(reason, offset + base, truncated);
    shifted.initCause(this);
    return shifted;
  }
}
