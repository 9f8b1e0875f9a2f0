package io.sonidb.flac;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/// Writes a whole FLAC file or stream.
///
/// What is only known at the end - total samples, MD5, block and frame sizes - is patched into
/// STREAMINFO when a file is closed. Where that is impossible, the stream says that it does not
/// know. Not thread-safe.
///
/// ```java
/// try (FlacWriter writer = FlacWriter.create(channel, format, SubframeSearch.EXHAUSTIVE, 4096, tags)) {
///   writer.write(pcm, count);
/// }
/// ```
public final class FlacWriter implements Closeable {

  /// Given as block size, makes every [#write] one frame, of whatever length.
  public static final int VARIABLE = 0;

  /// RFC 9639, 8.2: shorter blocks are allowed only at the end of a stream.
  private static final int MIN_BLOCK_SIZE = 16;

  private final WritableByteChannel out;
  private final boolean patchable;

  /// Where in the file the stream begins, in bytes.
  private final long base;

  private final AudioFormat format;
  private final FrameEncoder encoder;
  private final PcmMd5 md5;
  private final boolean onlyBlock;

  /// Samples of each frame but the last, or [#VARIABLE].
  private final int fixedBlockSize;

  /// Samples that do not fill a block of fixed size yet.
  private final int[][] waiting;

  private int waitingCount;
  private byte[] frame = {};

  private long samples;
  private long frames;
  private int lastBlockSize;

  /// Of all blocks but the last.
  private int minBlockSize = FrameEncoder.MAX_BLOCK_SIZE;

  private int maxBlockSize = MIN_BLOCK_SIZE;
  private int minFrameSize = FrameDecoder.MAX_FRAME_SIZE;
  private int maxFrameSize;

  /// Set while something is written, and so still set if that failed: STREAMINFO then stays as it
  /// is.
  private boolean torn;

  private boolean closed;

  private FlacWriter(
      WritableByteChannel out,
      boolean patchable,
      long base,
      AudioFormat format,
      SubframeSearch search,
      int blockSize,
      List<MetadataBlock> others)
      throws IOException {
    if (blockSize != VARIABLE
        && (blockSize < MIN_BLOCK_SIZE || blockSize > FrameEncoder.MAX_BLOCK_SIZE)) {
      throw new IllegalArgumentException(
          "block size must be 16 to 65535, or 0 for variable, was " + blockSize);
    }
    this.out = out;
    this.patchable = patchable;
    this.base = base;
    this.format = format;
    this.fixedBlockSize = blockSize;
    encoder = new FrameEncoder(format, search);
    md5 = new PcmMd5(format);
    waiting = new int[format.channels()][blockSize];
    onlyBlock = others.isEmpty();
    List<MetadataBlock> blocks = new ArrayList<>();
    blocks.add(
        blockSize == VARIABLE
            ? StreamInfo.open(format)
            : new StreamInfo(blockSize, blockSize, 0, 0, format, 0, Md5.UNKNOWN));
    blocks.addAll(others);
    writeAll(FlacHead.write(blocks));
  }

  /// Begins a file whose STREAMINFO is completed when the writer is closed.
  ///
  /// @param file is written from its position on, and closed by [#close()], but not if this method
  ///   throws
  /// @param format of all samples
  /// @param search how hard the encoder works
  /// @param blockSize samples of each frame, 16 to 65535, or [#VARIABLE]
  /// @param others the metadata blocks behind STREAMINFO
  /// @return a writer behind the metadata
  /// @throws IOException if the metadata cannot be written
  public static FlacWriter create(
      SeekableByteChannel file,
      AudioFormat format,
      SubframeSearch search,
      int blockSize,
      List<MetadataBlock> others)
      throws IOException {
    return new FlacWriter(file, true, file.position(), format, search, blockSize, others);
  }

  /// Begins a stream that cannot be changed once it is written.
  ///
  /// @param out receives every frame as soon as it is encoded, and is closed by [#close()], but not
  ///   if this method throws
  /// @param format of all samples
  /// @param search how hard the encoder works
  /// @param blockSize samples of each frame, 16 to 65535, or [#VARIABLE]
  /// @param others the metadata blocks behind STREAMINFO
  /// @return a writer behind the metadata
  /// @throws IOException if the metadata cannot be written
  public static FlacWriter create(
      OutputStream out,
      AudioFormat format,
      SubframeSearch search,
      int blockSize,
      List<MetadataBlock> others)
      throws IOException {
    return new FlacWriter(Channels.newChannel(out), false, 0, format, search, blockSize, others);
  }

  /// Writes samples: as one frame in a stream of variable block size, else as many frames as they
  /// fill; the rest waits.
  ///
  /// @param pcm `int[channels][count]` or longer; only read
  /// @param count samples of each channel; 1 to 65535 in a stream of variable block size, else 0
  ///   and more
  /// @throws IOException if a frame cannot be written
  /// @throws IllegalStateException if the frame before was shorter than 16 samples, which only the
  ///   last may be
  public void write(int[][] pcm, int count) throws IOException {
    if (closed) {
      throw new IllegalStateException("the writer is closed");
    }
    if (fixedBlockSize == VARIABLE) {
      if (frames > 0 && lastBlockSize < MIN_BLOCK_SIZE) {
        throw new IllegalStateException(
            "no frame may follow one of " + lastBlockSize + " samples, fewer than 16");
      }
      writeFrame(pcm, count);
      return;
    }
    for (int from = 0; from < count; ) {
      int length = Math.min(count - from, fixedBlockSize - waitingCount);
      for (int channel = 0; channel < waiting.length; channel++) {
        System.arraycopy(pcm[channel], from, waiting[channel], waitingCount, length);
      }
      waitingCount += length;
      from += length;
      if (waitingCount == fixedBlockSize) {
        writeFrame(waiting, fixedBlockSize);
        waitingCount = 0;
      }
    }
  }

  /// How many samples of each channel are in frames.
  ///
  /// @return samples
  public long samplesWritten() {
    return samples;
  }

  private void writeFrame(int[][] pcm, int blockSize) throws IOException {
    int room = encoder.maxFrameSize(blockSize);
    if (frame.length < room) {
      frame = new byte[room];
    }
    int size =
        fixedBlockSize == VARIABLE
            ? encoder.encode(pcm, blockSize, samples, frame, 0)
            : encoder.encodeFixed(pcm, blockSize, frames, frame, 0);
    torn = true;
    writeAll(ByteBuffer.wrap(frame, 0, size));
    torn = false;
    md5.update(pcm, blockSize);
    if (frames > 0) {
      minBlockSize = Math.min(minBlockSize, lastBlockSize);
    }
    lastBlockSize = blockSize;
    maxBlockSize = Math.max(maxBlockSize, blockSize);
    minFrameSize = Math.min(minFrameSize, size);
    maxFrameSize = Math.max(maxFrameSize, size);
    samples += blockSize;
    frames++;
  }

  /// Writes what waits, completes STREAMINFO if that can be done, and closes what is written to.
  ///
  /// If a write has failed before, STREAMINFO is left saying that nothing is known of the stream.
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (out) {
      if (torn) {
        return;
      }
      if (waitingCount > 0) {
        writeFrame(waiting, waitingCount);
      }
      if (patchable && frames > 0) {
        patch();
      }
    }
  }

  private void patch() throws IOException {
    SeekableByteChannel file = (SeekableByteChannel) out;
    long end = file.position();
    file.position(base);
    writeAll(ByteBuffer.wrap(FlacHead.firstBytes(streamInfo(), onlyBlock)));
    file.position(end);
  }

  private StreamInfo streamInfo() {
    int min = fixedBlockSize;
    int max = fixedBlockSize;
    if (fixedBlockSize == VARIABLE) {
      max = maxBlockSize;
      min = Math.min(minBlockSize, max);
      // Two equal sizes would say that the block size is fixed, two that are too far apart are
      // allowed.
      if (min == max) {
        min = MIN_BLOCK_SIZE;
        max = Math.max(max, MIN_BLOCK_SIZE + 1);
      }
    }
    return new StreamInfo(min, max, minFrameSize, maxFrameSize, format, samples, md5.digest());
  }

  private void writeAll(byte[] bytes) throws IOException {
    writeAll(ByteBuffer.wrap(bytes));
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
