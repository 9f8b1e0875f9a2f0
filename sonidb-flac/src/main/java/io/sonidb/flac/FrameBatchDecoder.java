package io.sonidb.flac;

import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads several frames at a time, which may be faster than one by one, with the same outcome.
///
/// A Rice code must be read before the next one can be, so a single run of codes leaves most of a
/// processor idle. Where SIMD has lanes enough (vectors of 512 bits), this decoder reads sixteen
/// frames at once, one in each lane, provided that they are alike: of the same block size, of
/// independent channels, and each channel coded by one Rice parameter for the whole block, the same
/// in all frames, from 4 to 9. That is how quantised vectors look. All others it reads one by one,
/// float32 vectors among them, whose small codes a table reads as fast.
///
/// A frame that is malformed does not disturb the others.
///
/// A decoder reuses its memory, so it serves one thread at a time; it allocates nothing once it has
/// seen its largest batch and blocks, except for what is malformed.
///
/// ```java
/// var decoder = new FrameBatchDecoder();
/// decoder.decode(bytes, offsets, limits, count);
/// for (int i = 0; i < count; i++) {
///   if (decoder.problem(i).isEmpty()) {
///     int[] samples = decoder.frame(i).samples(0);
///   }
/// }
/// ```
public final class FrameBatchDecoder {

  /// Below these parameters a table is as fast, and above them codes do not lie four in a word.
  private static final int MIN_PARAMETER = 4;

  private static final int MAX_PARAMETER = 9;

  private final List<FrameDecoder> frames = new ArrayList<>();
  private final List<Optional<MalformedFlacException>> problems = new ArrayList<>();

  /// Kernels for all frames, or nothing to choose them anew for each batch.
  private final Optional<Kernels> fixedKernels;

  private int[] sizes = {};
  private int count;

  private long[] positions = {};
  private long[] words = {};
  private int[] ends = {};

  /// Numbers as the lanes give them: the first of all frames, the second of all frames.
  private int[] rows = {};

  /// A decoder for frames whose headers carry sample rate and bit depth themselves.
  public FrameBatchDecoder() {
    fixedKernels = Optional.empty();
  }

  FrameBatchDecoder(Kernels kernels) {
    fixedKernels = Optional.of(kernels);
  }

  /// Reads frames and checks them, each as [FrameDecoder#decode] does.
  ///
  /// @param in holds the frames
  /// @param offsets where each begins; `int[count]` or longer
  /// @param limits for each the end of the bytes that may be read, which may lie behind the frame;
  ///   `int[count]` or longer
  /// @param count how many
  /// @return how many of them are well-formed; [#problem] tells which are not
  public int decode(byte[] in, int[] offsets, int[] limits, int count) {
    Kernels kernels = fixedKernels.orElseGet(KernelChoice::forNextFrame);
    prepare(count);
    int lanes = kernels.lanes();
    int from = 0;
    if (lanes > 0) {
      for (; from + lanes <= count; from += lanes) {
        decodeGroup(kernels, in, offsets, limits, from, lanes);
      }
    }
    for (; from < count; from++) {
      decodeOne(in, offsets, limits, from);
    }
    int wellFormed = 0;
    for (int i = 0; i < count; i++) {
      wellFormed += problems.get(i).isEmpty() ? 1 : 0;
    }
    return wellFormed;
  }

  /// The decoder that read a frame of the last batch, to be asked for its samples and properties.
  ///
  /// @param index of the frame, from 0; it must be well-formed
  /// @return valid until the next call of [#decode]
  public FrameDecoder frame(int index) {
    if (problem(index).isPresent()) {
      throw new IllegalStateException("frame " + index + " is malformed", problem(index).get());
    }
    return frames.get(index);
  }

  /// {@return the length in bytes of a well-formed frame of the last batch}
  ///
  /// @param index of the frame, from 0
  public int size(int index) {
    frame(index);
    return sizes[index];
  }

  /// {@return what is wrong with a frame of the last batch; nothing if it is well-formed}
  ///
  /// @param index of the frame, from 0
  public Optional<MalformedFlacException> problem(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException("frame " + index + " of a batch of " + count);
    }
    return problems.get(index);
  }

  private void prepare(int batch) {
    while (frames.size() < batch) {
      frames.add(
          fixedKernels.map(kernels -> new FrameDecoder(kernels)).orElseGet(FrameDecoder::new));
      problems.add(Optional.empty());
    }
    if (sizes.length < batch) {
      sizes = new int[batch];
    }
    for (int i = 0; i < batch; i++) {
      problems.set(i, Optional.empty());
    }
    count = batch;
  }

  private void decodeOne(byte[] in, int[] offsets, int[] limits, int index) {
    try {
      sizes[index] = frames.get(index).decode(in, offsets[index], limits[index]);
    } catch (MalformedFlacException e) {
      problems.set(index, Optional.of(e));
    }
  }

  /// Reads frames in lanes as far as they are alike and well-formed. Whenever they are not, all of
  /// them are read again one by one.
  private void decodeGroup(
      Kernels kernels, byte[] in, int[] offsets, int[] limits, int from, int lanes) {
    boolean alike;
    try {
      alike = decodeAlike(kernels, in, offsets, limits, from, lanes);
    } catch (MalformedFlacException e) {
      alike = false;
    }
    if (!alike) {
      for (int i = from; i < from + lanes; i++) {
        decodeOne(in, offsets, limits, i);
      }
    }
  }

  /// @return whether the frames were alike, and have been read
  private boolean decodeAlike(
      Kernels kernels, byte[] in, int[] offsets, int[] limits, int from, int lanes)
      throws MalformedFlacException {
    for (int i = from; i < from + lanes; i++) {
      frames.get(i).begin(in, offsets[i], limits[i]);
    }
    FrameHeader first = frames.get(from).header;
    for (int i = from; i < from + lanes; i++) {
      FrameHeader header = frames.get(i).header;
      if (header.assignment >= FrameHeader.LEFT_SIDE
          || header.channels != first.channels
          || header.blockSize != first.blockSize) {
        return false;
      }
    }
    for (int channel = 0; channel < first.channels; channel++) {
      if (!decodeChannel(kernels, in, from, lanes, channel, first.blockSize)) {
        return false;
      }
    }
    for (int i = from; i < from + lanes; i++) {
      sizes[i] = frames.get(i).end(in, offsets[i]);
    }
    return true;
  }

  private boolean decodeChannel(
      Kernels kernels, byte[] in, int from, int lanes, int channel, int blockSize)
      throws MalformedFlacException {
    int order = 0;
    int parameter = 0;
    for (int i = from; i < from + lanes; i++) {
      FrameDecoder frame = frames.get(i);
      SubframeDecoder subframe = frame.subframes;
      if (!subframe.start(frame.reader, frame.channels[channel], blockSize, frame.bitsPerSample)) {
        return false;
      }
      subframe.residual.readHeader(frame.reader, subframe.order, blockSize);
      int whole = subframe.residual.wholeParameter(frame.reader);
      if (i == from) {
        order = subframe.order;
        parameter = whole;
      }
      if (subframe.order != order
          || whole != parameter
          || whole < MIN_PARAMETER
          || whole > MAX_PARAMETER) {
        return false;
      }
      subframe.residual.skipParameter(frame.reader);
    }
    int done = readLanes(kernels, in, from, lanes, channel, order, blockSize, parameter);
    for (int i = from; i < from + lanes; i++) {
      FrameDecoder frame = frames.get(i);
      SubframeDecoder subframe = frame.subframes;
      int[] samples = frame.channels[channel];
      subframe.residual.readRest(frame.reader, samples, done, blockSize, parameter);
      subframe.finish(frame.reader, samples, blockSize);
    }
    return true;
  }

  /// @return the residual that comes next in all frames
  private int readLanes(
      Kernels kernels,
      byte[] in,
      int from,
      int lanes,
      int channel,
      int order,
      int blockSize,
      int parameter) {
    if (positions.length < lanes) {
      positions = new long[lanes];
      words = new long[lanes];
      ends = new int[lanes];
    }
    if (rows.length < blockSize * lanes) {
      rows = new int[blockSize * lanes];
    }
    for (int lane = 0; lane < lanes; lane++) {
      positions[lane] = frames.get(from + lane).reader.position;
      ends[lane] = frames.get(from + lane).reader.limit;
    }
    int codes = blockSize - order;
    int read = kernels.readInLanes(in, positions, ends, words, parameter, codes, rows);
    for (int lane = 0; lane < lanes; lane++) {
      FrameDecoder frame = frames.get(from + lane);
      frame.reader.position = positions[lane];
      int[] samples = frame.channels[channel];
      takeLane(rows, lane, lanes, samples, order, read);
      Residual.unfold(samples, order, order + read, 1 << parameter);
    }
    return order + read;
  }

  private static void takeLane(
      int[] rows, int lane, int lanes, int[] samples, int offset, int count) {
    for (int i = 0; i < count; i++) {
      samples[offset + i] = rows[i * lanes + lane];
    }
  }
}
