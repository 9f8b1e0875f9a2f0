package io.sonidb.sound;

import io.sonidb.flac.AudioFormat;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.Frames;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.ListenReport.Container;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Hears a FLAC stream, or any piece of one, with damage in it.
///
/// While frame follows frame, every frame is decoded and heard, and nobody looks inside one for
/// another. After damage, or at the start of a piece, the next frame must be searched for; and what
/// lies in a damaged frame may be a payload whose bytes are whole, valid frames, put there to be
/// found. So a frame that was searched for is believed only together with those that follow it byte
/// by byte and number by number, its chain:
///
/// - when the chain reaches as far as no frame can that began where the search did, or the end of
///   the input: one that began inside a frame cut open would have broken at that frame's end;
/// - or, at the end of the input, when it is the longest there is;
/// - or, after damage, when its first number is just behind the last frame heard, a few lost away,
///   or its last one just before a chain that is believed. This spares the frames between two
///   damages. Somebody who knew the numbers in advance, and whose frame was then damaged, could be
///   believed here; somebody listening from the middle of a sound stream is not fooled.
///
/// The search looks through a region of [#REGION_BYTES] at a time, and after [#MAX_ATTEMPTS]
/// failures it moves on by [#STEP_BYTES], so that bytes full of false frames cost a bounded time.
final class FlacHearing {
  /// No frame of a block of the streamable subset (RFC 9639, section 7: up to 16384 samples), with
  /// three channels of at most 32 bits, a side channel's 33, is longer.
  private static final int MAX_FRAME_BYTES = 16384 * 3 * 33 / 8 + 64;

  /// The longest block searched for: the subset's limit at 48 kHz.
  private static final int MAX_BLOCK_SAMPLES = RecordFormat.MAX_PART_SAMPLES;

  private static final int REGION_BYTES = MAX_BLOCK_SAMPLES * 3 * 33 / 8 + 64;

  /// How much may be lost between two frames that vouch for each other: samples, or frames in a
  /// stream of fixed block size.
  private static final int MAX_LOST = 1 << 14;

  /// How far the search moves on at least when it gives up.
  private static final int STEP_BYTES = 1 << 14;

  private static final int MAX_ATTEMPTS = 64;
  private static final int BUFFER_BYTES = 2 * MAX_FRAME_BYTES;
  private static final int MAX_HEADER_BYTES = 16;
  private static final int STREAM_MARKER = 0x664C6143;
  private static final int LAST_BLOCK = 0x80;
  private static final int STREAM_INFO_BYTES = 34;

  /// Where in it there are rate, channels and bits (RFC 9639, section 8.2).
  private static final int STREAM_INFO_FORMAT = 10;

  private static final int WIDE_BITS = 32;
  private static final String NO_FRAME = "no FLAC frame";

  private final InputStream in;
  private final RecordSink sink;
  private final FrameDecoder frames = new FrameDecoder();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int at;
  private int end;
  private boolean ended;
  private boolean inStep;
  private boolean cutOff;

  /// Whether the head says that what follows can hold records.
  private boolean promised;

  private String fault = NO_FRAME;
  private long skippedBytes;

  /// Where the buffer's first byte lies in the stream.
  private long base;

  // Bytes that were skipped since the last frame that was heard.
  private long lossStart = -1;
  private long lossEnd;
  private String problem = NO_FRAME;

  private final Ear.Maker maker;
  private @Nullable BothEars ears;
  private int[][] pcm = new int[0][0];
  private int bitsPerSample;
  private long expectedNumber = -1;

  private final Chain[] chains = new Chain[MAX_ATTEMPTS];

  /// Frames that follow each other from `offset` to before `end`.
  private record Chain(int offset, int end, int frames, long firstNumber, long nextNumber) {}

  FlacHearing(InputStream in, RecordSink sink, Ear.Maker maker) {
    this.in = in;
    this.sink = sink;
    this.maker = maker;
  }

  ListenReport hear() throws IOException {
    skipHead();
    while (has(1)) {
      int length = inStep ? decodeInStep() : -1;
      if (length > 0) {
        hearFrame();
        at += length;
      } else if (!skipHead()) {
        search();
      }
    }
    if (ears == null && promised && skippedBytes == 0) {
      return new ListenReport(Container.FLAC, ReceiverReport.NOTHING, 0); // nobody had written any
    }
    if (ears == null) {
      throw new IOException(
          "neither a WAV file nor FLAC frames that can hold records in "
              + skippedBytes
              + " bytes; for raw PCM, say its layout");
    }
    tellLoss();
    return new ListenReport(Container.FLAC, ears.finish(), skippedBytes);
  }

  /// Notes that the bytes from `at` to before `next` belong to no frame.
  private void skipTo(int next) {
    if (next > at) {
      lossStart = lossStart < 0 ? base + at : lossStart;
      lossEnd = base + next;
      skippedBytes += next - at;
      at = next;
    }
  }

  /// Tells of the bytes that were skipped before what is heard next.
  private void tellLoss() {
    if (lossStart >= 0) {
      tell(OptionalLong.of(lossStart), lossEnd - lossStart, problem);
      lossStart = -1;
    }
    problem = NO_FRAME;
  }

  private void tell(OptionalLong offset, long bytes, String reason) {
    long heard = ears == null ? 0 : ears.heard();
    sink.lost(new Loss(heard, offset, bytes, Optional.empty(), reason));
  }

  /// Reads until `count` bytes lie from `at` on; returns whether there are as many.
  private boolean has(int count) throws IOException {
    while (end - at < count && !ended) {
      readMore();
    }
    return end - at >= count;
  }

  /// Reads whatever has come, so that a live stream is heard as it comes.
  private void readMore() throws IOException {
    if (end == buffer.length) {
      System.arraycopy(buffer, at, buffer, 0, end - at);
      base += at;
      end -= at;
      at = 0;
    }
    int count = in.read(buffer, end, buffer.length - end);
    ended = count < 0;
    end += Math.max(0, count);
  }

  /// Skips marker and metadata, when they begin here; then frames are expected.
  private boolean skipHead() throws IOException {
    if (!has(4) || bigEndian(at) != STREAM_MARKER) {
      return false;
    }
    at += 4;
    boolean last;
    do {
      if (!has(4)) {
        at = end;
        promised = false;
        return true;
      }
      if ((buffer[at] & ~LAST_BLOCK) == 0 && has(4 + STREAM_INFO_BYTES)) {
        int format = bigEndian(at + 4 + STREAM_INFO_FORMAT);
        promised = holdRecords((format >> 9 & 7) + 1, (format >> 4 & 31) + 1);
      }
      last = (buffer[at] & LAST_BLOCK) != 0;
      promised &= skip(4 + (bigEndian(at) & 0xFFFFFF));
    } while (!last);
    inStep = true;
    expectedNumber = 0; // so that frames behind a damaged first one are believed soon
    return true;
  }

  private int bigEndian(int offset) {
    return (int) IdFormat.readBigEndian(buffer, offset, 4);
  }

  /// Skips that many bytes; returns whether there were as many.
  private boolean skip(int count) throws IOException {
    int left = count;
    while (left > 0 && has(1)) {
      int step = Math.min(left, end - at);
      at += step;
      left -= step;
    }
    return left == 0;
  }

  /// Decodes the frame at `at` as soon as all of it has come.
  private int decodeInStep() throws IOException {
    int length = decode(at);
    while (length < 0 && cutOff && !ended && end - at < MAX_FRAME_BYTES) {
      readMore();
      length = decode(at);
    }
    if (length < 0 && lossStart < 0) {
      problem = cutOff ? "FLAC frame is cut off by the end" : fault;
    }
    return length;
  }

  /// Decodes the frame at `offset`; returns its length, or -1 when there is none that can be heard.
  private int decode(int offset) throws IOException {
    int length;
    cutOff = false;
    try {
      length = frames.decode(buffer, offset, Math.min(end, offset + MAX_FRAME_BYTES));
    } catch (MalformedFlacException e) {
      cutOff = e.truncated();
      fault = e.reason();
      return -1;
    }
    int channels = frames.format().channels();
    int bits = frames.format().bitsPerSample();
    if (ears == null) {
      boolean fits = holdRecords(channels, bits) || !maker.equals(Ear.Maker.NONE);
      if (!fits && inStep) {
        throw new IOException(
            "unsupported: FLAC of "
                + channels
                + " channels and "
                + bits
                + " bits; records have 2 or 3 channels of 24 bits");
      }
      return fits ? length : -1;
    }
    if (channels == pcm.length && bits == bitsPerSample) {
      return length;
    }
    fault = "FLAC frame of another format than those before";
    return -1;
  }

  private static boolean holdRecords(int channels, int bits) {
    return (channels == 2 || channels == 3)
        && (bits == RecordFormat.BITS_PER_SAMPLE || bits == WIDE_BITS);
  }

  private void hearFrame() throws IOException {
    if (ears == null) {
      AudioFormat format = frames.format();
      bitsPerSample = format.bitsPerSample();
      pcm = new int[format.channels()][0];
      boolean forReceiver = holdRecords(pcm.length, bitsPerSample);
      ears =
          new BothEars(pcm.length, bitsPerSample, forReceiver, format.sampleRateHz(), sink, maker);
      if (ears.areDeaf()) {
        throw new IOException("unsupported: FLAC of " + format + "; nothing can be heard in that");
      }
    }
    boolean missing = lossStart < 0 && expectedNumber >= 0 && frames.number() > expectedNumber;
    if (missing) {
      tell(OptionalLong.empty(), 0, missing());
    }
    tellLoss();
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = frames.samples(channel);
    }
    ears.listen(pcm, frames.blockSize());
    if (bitsPerSample == WIDE_BITS) {
      for (int[] channel : pcm) {
        narrow(channel, frames.blockSize());
      }
    }
    ears.receive(pcm, frames.blockSize());
    expectedNumber = nextNumber();
  }

  private String missing() {
    String unit = frames.variableBlockSize() ? "samples" : "frames";
    return "%d %s before %s %d are missing"
        .formatted(
            frames.number() - expectedNumber,
            unit,
            unit.substring(0, unit.length() - 1),
            frames.number());
  }

  /// 24 bits lie in the upper ones of 32.
  private static void narrow(int[] samples, int count) {
    for (int i = 0; i < count; i++) {
      samples[i] >>= WIDE_BITS - RecordFormat.BITS_PER_SAMPLE;
    }
  }

  private long nextNumber() {
    return frames.number() + (frames.variableBlockSize() ? frames.blockSize() : 1);
  }

  /// Moves on to the next chain that can be believed, or out of the region when it has none.
  private void search() throws IOException {
    // The last region is longer, so that a frame torn off by the end of the input lies in it whole.
    boolean lastRegion = !has(2 * REGION_BYTES);
    int regionEnd = lastRegion ? end : at + REGION_BYTES;
    int longest = -1;
    int found = 0;
    // In step, the frame that begins here has just failed; else this may be the middle of one.
    boolean damaged = inStep || expectedNumber >= 0;
    int from = inStep ? at + 1 : at;
    inStep = false;
    int searched = Math.min(regionEnd, at + STEP_BYTES);
    for (int attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
      int candidate = Frames.findHeader(buffer, from, Math.min(end, regionEnd + MAX_HEADER_BYTES));
      if (candidate < 0 || candidate >= regionEnd) {
        searched = regionEnd;
        break;
      }
      Chain chain = followChain(candidate, regionEnd);
      chains[found] = chain;
      if (chain.frames > 0 && (chain.end >= regionEnd || follows(chain, expectedNumber))) {
        goOn(damaged ? firstBefore(found) : candidate);
        return;
      }
      if (chain.frames > 0) {
        longest = longest < 0 || chain.frames > chains[longest].frames ? found : longest;
        found++;
      }
      from = Math.max(candidate + 1, chain.end);
    }
    if (lastRegion && longest >= 0) {
      goOn(damaged ? firstBefore(longest) : chains[longest].offset);
      return;
    }
    skipTo(Math.max(searched, from));
  }

  /// Whether a chain's first frame has its place just behind the frame before `number`, a few lost
  /// frames away.
  private static boolean follows(Chain chain, long number) {
    long lost = chain.firstNumber - number;
    return number >= 0 && lost > 0 && lost <= MAX_LOST;
  }

  /// Where the earliest of the chains begins that lead to a believed one, a few lost frames between
  /// each.
  private int firstBefore(int believed) {
    Chain first = chains[believed];
    for (int i = believed - 1; i >= 0; i--) {
      first = follows(first, chains[i].nextNumber) ? chains[i] : first;
    }
    return first.offset;
  }

  private void goOn(int offset) {
    skipTo(offset);
    inStep = true;
  }

  /// Decodes frame after frame from `offset` on, until one fails, or begins at `regionEnd` or
  /// behind.
  private Chain followChain(int offset, int regionEnd) throws IOException {
    int next = offset;
    int count = 0;
    long firstNumber = -1;
    long number = -1;
    while (next < regionEnd) {
      int length = decode(next);
      if (length < 0 || frames.blockSize() > MAX_BLOCK_SAMPLES) {
        break;
      }
      if (count == 0) {
        firstNumber = frames.number();
      } else if (frames.number() != number) {
        break;
      }
      number = nextNumber();
      count++;
      next += length;
    }
    return new Chain(offset, next, count, firstNumber, number);
  }
}
