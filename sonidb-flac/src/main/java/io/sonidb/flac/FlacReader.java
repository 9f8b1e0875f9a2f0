package io.sonidb.flac;

import io.sonidb.flac.kernel.BigEndian;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/// Reads a whole FLAC stream, frame by frame, and checks that it is one.
///
/// More than each frame by itself is checked: that frames agree with STREAMINFO, that their numbers
/// follow one another, that blocks are as long as the stream says. The first frame may have any
/// number, as in a live stream that somebody joins. Files that were written before there was a flag
/// for variable block size are known by their numbers and accepted. An ID3v2 tag ahead of the
/// stream is skipped. Nothing is skipped to find the next good frame behind a bad one; for that,
/// see [Frames#findHeader].
///
/// A wrong number of total samples and a wrong MD5 do not stop the reader: ask
/// [#totalSamplesMatch()] and [#verifyMd5()] at the end. Not thread-safe.
///
/// ```java
/// try (FlacReader reader = FlacReader.open(Files.newInputStream(path))) {
///   while (reader.next()) {
///     play(reader.samples(0), reader.samples(1), reader.blockSize());
///   }
///   reader.verifyMd5();
/// }
/// ```
public final class FlacReader implements Closeable {

  /// The most bytes of metadata that are read: 128 MiB.
  public static final int MAX_HEAD_BYTES = 1 << 27;

  /// The first bytes of an ID3v2 tag: "ID3". Two bytes of version, one of flags and four of length
  /// follow.
  private static final int ID3_MARKER = 0x494433;

  private static final int ID3_HEADER_BYTES = 10;

  /// After so many reads that did not complete a frame, as many bytes as are there are read at
  /// once.
  private static final int MAX_PACKETS = 16;

  /// How the coded numbers of a stream count.
  private enum Numbering {
    NOT_KNOWN,
    FRAMES,
    SAMPLES
  }

  private final InputStream in;
  private final StreamWindow window;
  private final FlacHead head;
  private final FrameDecoder decoder;
  private final PcmMd5 runningMd5;

  private Numbering numbering = Numbering.NOT_KNOWN;
  private boolean flaggedVariable;
  private int firstBlockSize;
  private long firstNumber;
  private long frames;
  private long samples;
  private Md5 md5 = Md5.UNKNOWN;
  private boolean finished;

  private long frameOffset;
  private int frameSize;
  private int blockSize;

  private FlacReader(InputStream in, StreamWindow window, FlacHead head) {
    this.in = in;
    this.window = window;
    this.head = head;
    decoder = new FrameDecoder(head.streamInfo());
    runningMd5 = new PcmMd5(head.streamInfo().format());
  }

  /// Reads the metadata of a stream.
  ///
  /// @param in is read from where it stands, as far ahead as it pleases, and closed by [#close()],
  ///   but not if this method throws
  /// @return a reader in front of the first frame
  /// @throws MalformedFlacException if the metadata are broken
  /// @throws UnsupportedFlacException if the stream begins with a frame
  public static FlacReader open(InputStream in) throws IOException {
    StreamWindow window = new StreamWindow(in);
    window.fill(ID3_HEADER_BYTES);
    if (window.size() >= ID3_HEADER_BYTES && BigEndian.readTriple(window.bytes, 0) == ID3_MARKER) {
      skipId3(window);
    }
    window.fill(4);
    if (window.size() >= 4
        && BigEndian.readShort(window.bytes, window.start) >>> 1 == 0xfff8 >>> 1) {
      throw new UnsupportedFlacException(
          "a stream that begins with a frame instead of \"fLaC\" and STREAMINFO",
          window.position());
    }
    return new FlacReader(in, window, readHead(window));
  }

  private static void skipId3(StreamWindow window) throws IOException {
    // The length, without its own ten bytes, is four times seven bits.
    int length = 0;
    for (int i = 6; i < ID3_HEADER_BYTES; i++) {
      length = length << 7 | (window.bytes[i] & 0x7f);
    }
    if (!window.skip(ID3_HEADER_BYTES + (long) length)) {
      throw new MalformedFlacException("the ID3v2 tag is cut off", window.position(), true);
    }
  }

  private static FlacHead readHead(StreamWindow window) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        FlacHead head = FlacHead.read(window.bytes, window.start, window.end);
        window.start += head.length();
        return head;
      } catch (MalformedFlacException e) {
        if (!e.truncated() || window.ended) {
          throw window.place(e);
        }
        if (window.size() >= MAX_HEAD_BYTES) {
          throw new UnsupportedFlacException(
              "more than " + MAX_HEAD_BYTES + " bytes of metadata", window.position());
        }
        readOn(window, attempt);
      }
    }
  }

  /// Reads on when what is there is not enough. A frame that comes in a few packets is had with the
  /// last of them; one that comes in crumbs is not decoded anew for each.
  private static void readOn(StreamWindow window, int attempt) throws IOException {
    window.fill(attempt < MAX_PACKETS ? window.size() + 1 : 2 * window.size());
  }

  /// Marker and metadata.
  ///
  /// @return what preceded the frames
  public FlacHead head() {
    return head;
  }

  /// Reads the next frame and checks it.
  ///
  /// @return false at the end of the stream
  /// @throws MalformedFlacException if the next frame is broken, contradicts the stream, or is cut
  ///   off; the offset is the position in the stream
  /// @throws UnsupportedFlacException if sample rate, channels or depth change within the stream
  public boolean next() throws IOException {
    if (finished) {
      return false;
    }
    window.fill(1);
    if (window.size() == 0) {
      finished = true;
      blockSize = 0;
      md5 = runningMd5.digest();
      return false;
    }
    frameOffset = window.position();
    frameSize = decode();
    checkOrder();
    blockSize = decoder.blockSize();
    window.start += frameSize;
    frames++;
    samples += blockSize;
    runningMd5.update(decoder);
    return true;
  }

  private int decode() throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        return decoder.decode(window.bytes, window.start, window.end);
      } catch (MalformedFlacException e) {
        if (!e.truncated() || window.ended) {
          if (frames > 0 && changesFormat()) {
            throw new UnsupportedFlacException(
                "change of format within a stream: " + e.reason(), frameOffset);
          }
          throw window.place(e);
        }
        if (window.size() > FrameDecoder.MAX_FRAME_SIZE) {
          throw new MalformedFlacException(
              "frame of more than " + FrameDecoder.MAX_FRAME_SIZE + " bytes", frameOffset);
        }
        readOn(window, attempt);
      }
    }
  }

  /// Whether the window starts with a good header of a frame of another format.
  private boolean changesFormat() {
    FrameHeader header = new FrameHeader();
    if (header.read(window.bytes, window.start, window.end) < 0) {
      return false;
    }
    AudioFormat format = head.streamInfo().format();
    return header.channels != format.channels()
        || (header.bitsPerSample != 0 && header.bitsPerSample != format.bitsPerSample())
        || (header.sampleRateHz >= 0 && header.sampleRateHz != format.sampleRateHz());
  }

  /// Checks the frame just decoded against those before it.
  private void checkOrder() throws MalformedFlacException {
    long number = decoder.number();
    if (frames == 0) {
      flaggedVariable = decoder.variableBlockSize();
      numbering = flaggedVariable ? Numbering.SAMPLES : Numbering.NOT_KNOWN;
      firstNumber = number;
      firstBlockSize = decoder.blockSize();
      return;
    }
    if (decoder.variableBlockSize() != flaggedVariable) {
      throw new MalformedFlacException("the blocking strategy changes", frameOffset);
    }
    if (numbering == Numbering.NOT_KNOWN) {
      numbering = number == firstNumber + 1 ? Numbering.FRAMES : Numbering.SAMPLES;
    }
    long expected = firstNumber + (numbering == Numbering.FRAMES ? frames : samples);
    if (number != expected) {
      throw new MalformedFlacException(
          "frame has number " + number + " where " + expected + " follows", frameOffset);
    }
    // Only the last frame may be shorter than the others, so the one before this may not.
    int least = numbering == Numbering.FRAMES ? firstBlockSize : head.streamInfo().minBlockSize();
    if (blockSize < least
        || (numbering == Numbering.FRAMES && decoder.blockSize() > firstBlockSize)) {
      throw new MalformedFlacException(
          "block of " + blockSize + " samples, not the last, in a stream of at least " + least,
          frameOffset);
    }
  }

  /// Samples of each channel in the last frame.
  ///
  /// @return 0 ahead of the first frame and behind the last, else 1 to 65535
  public int blockSize() {
    return blockSize;
  }

  /// The samples of a channel of the last frame.
  ///
  /// @param channel 0 to one less than there are
  /// @return the reader's own array, at least [#blockSize()] long, valid until the next call of
  ///   [#next()]
  public int[] samples(int channel) {
    return decoder.samples(channel);
  }

  /// The length of the last frame.
  ///
  /// @return bytes
  public int frameSize() {
    return frameSize;
  }

  /// Where the last frame begins.
  ///
  /// @return bytes from where the reader was opened
  public long frameOffset() {
    return frameOffset;
  }

  /// How many frames were read.
  ///
  /// @return frames
  public long framesRead() {
    return frames;
  }

  /// How many samples of each channel were read.
  ///
  /// @return samples
  public long samplesRead() {
    return samples;
  }

  /// Whether STREAMINFO names no total, or the number of samples that were read.
  ///
  /// @return meaningful once [#next()] has returned false
  public boolean totalSamplesMatch() {
    long total = head.streamInfo().totalSamples();
    return total == 0 || total == samples;
  }

  /// The digest of all samples of the stream.
  ///
  /// @return the digest, once [#next()] has returned false
  /// @throws IllegalStateException if the stream has not been read to its end
  public Md5 md5() {
    if (!finished) {
      throw new IllegalStateException(
          "the MD5 of a stream is known at its end; " + samples + " samples were read so far");
    }
    return md5;
  }

  /// Compares the digest of all samples with that of STREAMINFO, if there is one.
  ///
  /// @throws MalformedFlacException if they differ
  /// @throws IllegalStateException if the stream has not been read to its end
  public void verifyMd5() throws MalformedFlacException {
    Md5 expected = head.streamInfo().md5();
    if (expected.isKnown() && !expected.equals(md5())) {
      throw new MalformedFlacException(
          "MD5 of the samples is " + md5() + ", STREAMINFO says " + expected, window.position());
    }
  }

  /// Closes the stream underneath.
  @Override
  public void close() throws IOException {
    in.close();
  }
}
