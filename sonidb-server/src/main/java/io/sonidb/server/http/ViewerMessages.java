package io.sonidb.server.http;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/// The messages of a data channel: a head of 28 bytes, then a piece of a FLAC stream.
///
/// ```
///  0      2       3      4         12        20      22       24       28
/// +------+-------+------+---------+---------+-------+--------+--------+-------
/// | "SM" | 1     | kind | from    | next    | part  | parts  | CRC-32 | piece
/// +------+-------+------+---------+---------+-------+--------+--------+-------
/// ```
///
/// All numbers are big-endian. A message takes its receiver from the sequence number `from`, the
/// first that it does not have, to `next`; so each begins where the one before it ended, and one
/// that is lost, doubled or out of turn is noticed whatever the channel promises. What is larger
/// than a message comes in `parts`, numbered from 0, all with the same `from` and `next`. CRC-32
/// (that of Ethernet and zip) is over all bytes, its own taken as zero.
final class ViewerMessages {
  /// Bytes of a message at most: what every WebRTC stack takes.
  static final int MAX_BYTES = 1 << 16;

  /// Bytes before the piece.
  static final int HEAD_BYTES = 28;

  /// Bytes of a piece at most.
  static final int MAX_PIECE_BYTES = MAX_BYTES - HEAD_BYTES;

  private static final short MARKER = ('S' << 8) | 'M';
  private static final byte VERSION = 1;
  private static final int PART_AT = 20;
  private static final int CRC_AT = 24;

  /// What a piece is.
  enum Kind {
    /// The stream's head: the marker `fLaC` and the metadata blocks.
    HEAD(0),
    /// Whole frames of whole records, or a part of one record.
    RECORDS(1),
    /// Nothing: there is nothing new, and the connection lives.
    ALIVE(2),
    /// Nothing: the stream is over.
    END(3);

    private final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }
  }

  private final ByteBuffer piece;
  private final byte[] message;
  private final int parts;
  private int part;

  /// Messages for a piece of the stream.
  ///
  /// @param from the first sequence number that the receiver does not have
  /// @param next the first that it does not have afterwards
  /// @param piece is read to its end
  ViewerMessages(Kind kind, long from, long next, ByteBuffer piece) {
    this.piece = piece;
    this.parts = Math.max(1, (piece.remaining() + MAX_PIECE_BYTES - 1) / MAX_PIECE_BYTES);
    this.message = new byte[HEAD_BYTES + Math.min(piece.remaining(), MAX_PIECE_BYTES)];
    ByteBuffer.wrap(message)
        .putShort(MARKER)
        .put(VERSION)
        .put(kind.code)
        .putLong(from)
        .putLong(next)
        .putShort(PART_AT + 2, (short) parts);
  }

  boolean hasNext() {
    return part < parts;
  }

  /// The next message, in memory that is used again for the one after it.
  ByteBuffer next() {
    int size = Math.min(piece.remaining(), MAX_PIECE_BYTES);
    ByteBuffer next = ByteBuffer.wrap(message, 0, HEAD_BYTES + size);
    next.putShort(PART_AT, (short) part++).putInt(CRC_AT, 0);
    piece.get(message, HEAD_BYTES, size);
    CRC32 crc = new CRC32();
    crc.update(message, 0, HEAD_BYTES + size);
    return next.putInt(CRC_AT, (int) crc.getValue());
  }
}
