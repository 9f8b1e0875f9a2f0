package io.sonidb.flac;

/// One block of what precedes the frames of a FLAC stream (RFC 9639, 8). Immutable.
public sealed interface MetadataBlock
    permits StreamInfo, VorbisComment, SeekTable, Application, Padding, OtherBlock {

  /// The most bytes that the body of a block may have: its length is told in 24 bits.
  int MAX_BODY_BYTES = (1 << 24) - 1;

  /// {@return the block type, 0 to 126}
  int type();

  /// {@return the length of the block's body in bytes, without the four bytes of its header}
  int bodyBytes();
}
