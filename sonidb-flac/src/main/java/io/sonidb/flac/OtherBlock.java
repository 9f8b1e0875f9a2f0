package io.sonidb.flac;

import java.util.Arrays;
import java.util.Optional;

/// A block whose contents are not interpreted here: CUESHEET, PICTURE and the reserved types, and a
/// VORBIS_COMMENT, SEEKTABLE or APPLICATION that was read and is broken inside.
///
/// A block that is broken inside does not keep anybody from the audio, so it is kept, with the
/// [#problem()], rather than refused.
public final class OtherBlock implements MetadataBlock {

  private static final int FIRST_UNINTERPRETED_TYPE = 5;
  private static final int FORBIDDEN_TYPE = 127;

  private final int type;
  private final byte[] body;
  private final Optional<String> problem;

  /// A block to be written.
  ///
  /// @param type 5 (CUESHEET), 6 (PICTURE), or a reserved type up to 126
  /// @param body up to 2^24 - 1 bytes; copied
  public OtherBlock(int type, byte[] body) {
    if (type < FIRST_UNINTERPRETED_TYPE || type >= FORBIDDEN_TYPE) {
      throw new IllegalArgumentException(
          "block type must be 5 to 126 to be left uninterpreted, was " + type);
    }
    if (body.length > MAX_BODY_BYTES) {
      throw new IllegalArgumentException(
          "a metadata block has at most " + MAX_BODY_BYTES + " bytes, not " + body.length);
    }
    this.type = type;
    this.body = body.clone();
    this.problem = Optional.empty();
  }

  /// A block that was read and whose contents are broken, or, if there is no problem, not
  /// interpreted.
  OtherBlock(int type, byte[] body, Optional<String> problem) {
    this.type = type;
    this.body = body;
    this.problem = problem;
  }

  @Override
  public int type() {
    return type;
  }

  /// {@return a copy of the block without its header}
  public byte[] body() {
    return body.clone();
  }

  @Override
  public int bodyBytes() {
    return body.length;
  }

  /// {@return why the contents could not be interpreted although the type is known; empty if that
  /// is not so}
  public Optional<String> problem() {
    return problem;
  }

  void write(byte[] out, int offset) {
    System.arraycopy(body, 0, out, offset, body.length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OtherBlock that
        && type == that.type
        && problem.equals(that.problem)
        && Arrays.equals(body, that.body);
  }

  @Override
  public int hashCode() {
    return 31 * type + Arrays.hashCode(body);
  }

  @Override
  public String toString() {
    return "block of type "
        + type
        + ", "
        + body.length
        + " bytes"
        + problem.map(reason -> ", broken: " + reason).orElse("");
  }
}
