package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import java.util.ArrayList;
import java.util.List;

/// SEEKTABLE: where some of the frames lie (RFC 9639, 8.5).
///
/// A table may be kept larger than its points: the rest are placeholders, which say nothing and can
/// be filled in later without moving the frames.
///
/// @param points in ascending order of their samples, each sample once
/// @param placeholders how many unused entries follow
public record SeekTable(List<SeekPoint> points, int placeholders) implements MetadataBlock {

  static final int TYPE = 3;

  /// The length of one entry in bytes.
  public static final int POINT_BYTES = 18;

  /// The most entries that fit in a block.
  public static final int MAX_POINTS = MAX_BODY_BYTES / POINT_BYTES;

  private static final long PLACEHOLDER = -1;

  /// One frame and its place.
  ///
  /// @param sample the number of the first sample of a frame, at most 2^36 - 1
  /// @param offset where that frame begins, counted in bytes from the first frame of the stream
  /// @param frameSamples samples of one channel in that frame, 1 to 65535
  public record SeekPoint(long sample, long offset, int frameSamples) {

    /// Checks the ranges.
    public SeekPoint {
      if (sample < 0 || sample > FrameHeader.MAX_SAMPLE) {
        throw new IllegalArgumentException(
            "seek point's sample must be 0 to 2^36 - 1, was " + sample);
      }
      if (offset < 0) {
        throw new IllegalArgumentException("seek point's offset must not be negative: " + offset);
      }
      if (frameSamples < 1 || frameSamples > FrameEncoder.MAX_BLOCK_SIZE) {
        throw new IllegalArgumentException(
            "seek point's frame must have 1 to 65535 samples, not " + frameSamples);
      }
    }
  }

  /// Checks number and order, and copies the list.
  public SeekTable {
    points = List.copyOf(points);
    if (placeholders < 0 || placeholders > MAX_POINTS - points.size()) {
      throw new IllegalArgumentException(
          "a seek table has at most "
              + MAX_POINTS
              + " points, not "
              + points.size()
              + " and "
              + placeholders
              + " placeholders");
    }
    for (int i = 1; i < points.size(); i++) {
      if (points.get(i).sample() <= points.get(i - 1).sample()) {
        throw new IllegalArgumentException(
            "seek points must ascend, but "
                + points.get(i).sample()
                + " follows "
                + points.get(i - 1).sample());
      }
    }
  }

  /// A table without points, to be filled in later.
  ///
  /// @param count its entries, up to [#MAX_POINTS]
  /// @return `count` placeholders
  public static SeekTable placeholders(int count) {
    return new SeekTable(List.of(), count);
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int bodyBytes() {
    return (points.size() + placeholders) * POINT_BYTES;
  }

  void write(byte[] out, int offset) {
    int at = offset;
    for (SeekPoint point : points) {
      BigEndian.writeLong(out, at, point.sample());
      BigEndian.writeLong(out, at + 8, point.offset());
      BigEndian.writeShort(out, at + 16, point.frameSamples());
      at += POINT_BYTES;
    }
    for (int i = 0; i < placeholders; i++) {
      BigEndian.writeLong(out, at, PLACEHOLDER);
      BigEndian.writeLong(out, at + 8, 0);
      BigEndian.writeShort(out, at + 16, 0);
      at += POINT_BYTES;
    }
  }

  /// @throws IllegalArgumentException if the table is broken
  static SeekTable read(byte[] in, int offset, int length) {
    if (length % POINT_BYTES != 0) {
      throw new IllegalArgumentException(length + " bytes are no whole number of seek points");
    }
    List<SeekPoint> points = new ArrayList<>();
    int placeholders = 0;
    for (int at = offset; at < offset + length; at += POINT_BYTES) {
      long sample = BigEndian.readLong(in, at);
      if (sample == PLACEHOLDER) {
        placeholders++;
      } else if (placeholders > 0) {
        throw new IllegalArgumentException("a seek point follows a placeholder");
      } else {
        points.add(
            new SeekPoint(
                sample, BigEndian.readLong(in, at + 8), BigEndian.readShort(in, at + 16)));
      }
    }
    return new SeekTable(points, placeholders);
  }

  @Override
  public String toString() {
    return "SEEKTABLE, " + points.size() + " points, " + placeholders + " placeholders";
  }
}
