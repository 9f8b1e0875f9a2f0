package io.sonidb.flac;

/// PADDING: zeros that keep room for metadata to grow into (RFC 9639, 8.3).
///
/// @param bodyBytes 0 to 2^24 - 1, without the block's header
public record Padding(int bodyBytes) implements MetadataBlock {

  static final int TYPE = 1;

  /// Checks the range.
  public Padding {
    if (bodyBytes < 0 || bodyBytes > MAX_BODY_BYTES) {
      throw new IllegalArgumentException(
          "padding must be 0 to " + MAX_BODY_BYTES + " bytes, was " + bodyBytes);
    }
  }

  @Override
  public int type() {
    return TYPE;
  }
}
