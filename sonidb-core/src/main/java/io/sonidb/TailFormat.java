package io.sonidb;

import io.sonidb.store.SegmentLog;

/// How the tail of a collection travels from node to node: messages, big-endian.
///
/// ```
/// 0   8  up to this number all records are in this message or those before it
/// 8   8  number of the newest write that the source has
/// 16  4  bytes that follow: frames of whole records, in order
/// ```
///
/// When nothing happens a message without records comes every second, so that both ends notice when
/// the other one has gone.
final class TailFormat {
  static final int HEAD = 20;

  /// Bytes of records that are gathered for a message.
  static final int ROOM = 128 << 10;

  /// A record that does not fit comes by itself, with renumbered frames.
  static final int MAX_BODY = 2 * SegmentLog.MAX_RECORD_BYTES;

  private TailFormat() {}
}
