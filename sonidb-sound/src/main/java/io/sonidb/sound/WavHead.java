package io.sonidb.sound;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// What precedes the samples of a WAV file.
///
/// ```
/// "RIFF" size "WAVE"                 or RF64, BW64 (EBU Tech 3306, ITU-R BS.2088): size 0xFFFFFFFF
///   "ds64" size: RIFF size 8, data size 8, ...      only there
///   "fmt " size: tag 2, channels 2, rate 4, bytes/s 4, frame bytes 2, bits 2 [, ... subformat 16]
///   other chunks
///   "data" size samples
/// ```
///
/// All little-endian; a chunk of odd size is followed by a byte of padding. Programs that write to
/// a pipe cannot go back and fill in sizes: they leave 0, 0xFFFFFFFF or something near 2^31.
///
/// @param layout how the samples lie
/// @param sampleRateHz how many of each channel are played in a second
/// @param dataBytes how many bytes of them there are, at most
record WavHead(PcmLayout layout, int sampleRateHz, long dataBytes) {
  private static final int PCM = 1;
  private static final int FLOAT = 3;
  private static final int EXTENSIBLE = 0xFFFE;
  private static final int FORMAT_BYTES = 16;
  private static final int EXTENSIBLE_BYTES = 40;
  private static final int SUBFORMAT_AT = 24;
  private static final long UNKNOWN_SIZE = 0xFFFFFFFFL;

  /// Sizes from here on are what a program writes that cannot know better.
  private static final long IMPLAUSIBLE_SIZE = 0x7FFFF000L;

  /// Chunks before the samples; more are not looked through.
  private static final int MAX_CHUNKS = 1000;

  /// Reads up to the first byte of the samples.
  ///
  /// @throws IOException when this is no WAV file, or not one that can hold records
  static WavHead read(InputStream in) throws IOException {
    ByteBuffer riff = take(in, 12);
    boolean wide = !name(riff, 0).equals("RIFF");
    if (!name(riff, 8).equals("WAVE")) {
      throw new IOException("not a WAV file: RIFF form is '" + name(riff, 8) + "', not 'WAVE'");
    }
    long wideDataBytes = UNKNOWN_SIZE;
    PcmLayout layout = null;
    int rateHz = 0;
    for (int chunk = 0; chunk < MAX_CHUNKS; chunk++) {
      ByteBuffer header = take(in, 8);
      String name = name(header, 0);
      long size = header.getInt(4) & 0xFFFFFFFFL;
      switch (name) {
        case "ds64" -> {
          wideDataBytes = take(in, 16, size).getLong(8);
          skip(in, padded(size) - 16);
        }
        case "fmt " -> {
          int wanted = size < EXTENSIBLE_BYTES ? FORMAT_BYTES : EXTENSIBLE_BYTES;
          ByteBuffer format = take(in, wanted, size);
          layout = layout(format);
          rateHz = format.getInt(4);
          skip(in, padded(size) - wanted);
        }
        case "data" -> {
          if (layout == null) {
            throw new IOException("WAV file has no 'fmt ' chunk before its 'data' chunk");
          }
          boolean known = wide && size == UNKNOWN_SIZE && wideDataBytes > 0;
          return new WavHead(layout, rateHz, known ? wideDataBytes : plausible(size));
        }
        default -> skip(in, padded(size));
      }
    }
    throw new IOException("WAV file has no 'data' chunk among its first " + MAX_CHUNKS);
  }

  private static PcmLayout layout(ByteBuffer format) throws IOException {
    int tag = format.getShort(0) & 0xFFFF;
    int channels = format.getShort(2) & 0xFFFF;
    int frameBytes = format.getShort(12) & 0xFFFF;
    int bits = format.getShort(14) & 0xFFFF;
    if (tag == EXTENSIBLE && format.limit() >= EXTENSIBLE_BYTES) {
      // The first two bytes of the subformat's GUID are the tag proper.
      tag = format.getShort(SUBFORMAT_AT) & 0xFFFF;
    }
    PcmLayout.Encoding encoding =
        switch (tag << 16 | bits) {
          case PCM << 16 | 16 -> PcmLayout.Encoding.S16LE;
          case PCM << 16 | 24 -> PcmLayout.Encoding.S24LE;
          case PCM << 16 | 32 -> PcmLayout.Encoding.S32LE;
          case FLOAT << 16 | 32 -> PcmLayout.Encoding.F32LE;
          default ->
              throw new IOException(
                  "unsupported: WAV samples of format "
                      + tag
                      + " with "
                      + bits
                      + " bits; records need 24 bits, as PCM of 24 or 32 bits or as 32-bit float,"
                      + " and tones 16 bits");
        };
    PcmLayout layout;
    try {
      layout = new PcmLayout(channels, encoding);
    } catch (IllegalArgumentException e) {
      throw new IOException("unsupported: WAV of " + channels + " channels", e);
    }
    if (frameBytes != layout.frameBytes()) {
      throw new IOException(
          "WAV 'fmt ' chunk says "
              + frameBytes
              + " bytes for "
              + channels
              + " samples of "
              + bits
              + " bits, not "
              + layout.frameBytes());
    }
    return layout;
  }

  private static long plausible(long size) {
    return size == 0 || size >= IMPLAUSIBLE_SIZE ? Long.MAX_VALUE : size;
  }

  private static long padded(long size) {
    return size + (size & 1);
  }

  private static ByteBuffer take(InputStream in, int count, long size) throws IOException {
    if (size < count) {
      throw new IOException("WAV chunk of " + size + " bytes is too short, needs " + count);
    }
    return take(in, count);
  }

  private static ByteBuffer take(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw cutOff();
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void skip(InputStream in, long count) throws IOException {
    try {
      in.skipNBytes(count);
    } catch (EOFException e) {
      throw (IOException) cutOff().initCause(e);
    }
  }

  private static EOFException cutOff() {
    return new EOFException("WAV file ends before its samples begin");
  }

  private static String name(ByteBuffer in, int offset) {
    byte[] name = new byte[4];
    in.get(offset, name);
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
