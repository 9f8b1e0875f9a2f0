package io.sonidb.flac;

import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads several frames at a time, which may be faster than one by one, with the same outcome.
///
/// A Rice code must be read before the next one can be, so a single run of codes leaves most of a
/// processor idle. This decoder reads several runs in turns, provided that the frames are of the
/// same block size and of independent channels:
///
/// - channels coded by one Rice parameter from 4 to 9 for the whole block, sixteen at once, one in
///   each lane, where SIMD has lanes enough (vectors of 512 bits). That is how quantised vectors
///   look.
/// - channels coded by one Rice parameter up to 3 for the whole block, two at once by a table. That
///   is how the exponents of float32 vectors look.
///
/// All others it reads one by one, and all where there is no SIMD: plain loops gain nothing.
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

  /// In place of a parameter.
  private static final int NO_RESIDUAL = -2;

  /// So many numbers of each lane are read before they are handed to their frames; all of them fit
  /// in the nearest cache. A multiple of the codes that lanes take at a time.
  private static final int ROWS = 96;

  /// So many codes are read one by one where a code is too long for lanes.
  private static final int FEW = 6;

  private final List<FrameDecoder> frames = new ArrayList<>();
  private final List<Optional<MalformedFlacException>> problems = new ArrayList<>();

  /// Kernels for all frames, or nothing to choose them anew for each batch.
  private final Optional<Kernels> fixedKernels;

  private int[] sizes = {};
  private int count;

  // Of the frames of a group.

  private int[][] samples = {};
  private int[] parameters = {};
  private long[] wideParameters = {};
  private long[] positions = {};
  private long[] words = {};
  private int[] ends = {};

  /// Numbers as the lanes give them: the first of all frames, the second of all frames.
  private int[] rows = {};

  /// The parameters of two frames.
  private final int[] two = new int[2];

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
    makeRoom(Math.max(kernels.lanes(), 2));
    int from = 0;
    while (kernels.areSimd() && count - from >= 2) {
      int size = kernels.lanes() > 0 && count - from >= kernels.lanes() ? kernels.lanes() : 2;
      decodeGroup(kernels, in, offsets, limits, from, size);
      from += size;
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

  private void makeRoom(int size) {
    if (samples.length < size) {
      samples = new int[size][];
      parameters = new int[size];
      wideParameters = new long[size];
      positions = new long[size];
      words = new long[size];
      ends = new int[size];
      rows = new int[size * ROWS];
    }
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
      decodeChannel(kernels, in, from, lanes, channel, first.blockSize);
    }
    for (int i = from; i < from + lanes; i++) {
      sizes[i] = frames.get(i).end(in, offsets[i]);
    }
    return true;
  }

  private void decodeChannel(
      Kernels kernels, byte[] in, int from, int size, int channel, int blockSize)
      throws MalformedFlacException {
    boolean alike = size == kernels.lanes();
    for (int i = 0; i < size; i++) {
      FrameDecoder frame = frames.get(from + i);
      SubframeDecoder subframe = frame.subframes;
      samples[i] = frame.channels[channel];
      parameters[i] = NO_RESIDUAL;
      if (subframe.start(frame.reader, samples[i], blockSize, frame.bitsPerSample)) {
        subframe.residual.readHeader(frame.reader, subframe.order, blockSize);
        parameters[i] = subframe.residual.wholeParameter(frame.reader);
      }
      alike &=
          subframe.order == frames.get(from).subframes.order
              && parameters[i] >= MIN_PARAMETER
              && parameters[i] <= MAX_PARAMETER;
    }
    if (alike) {
      readLanes(kernels, in, from, frames.get(from).subframes.order, blockSize);
    } else {
      for (int i = 0; i < size; i += 2) {
        readTwo(from, i, blockSize);
      }
    }
    for (int i = 0; i < size; i++) {
      FrameDecoder frame = frames.get(from + i);
      frame.subframes.finish(frame.reader, samples[i], blockSize);
    }
  }

  /// Reads the residuals of two frames, in turns if a table knows the codes of both.
  private void readTwo(int from, int index, int blockSize) throws MalformedFlacException {
    FrameDecoder first = frames.get(from + index);
    FrameDecoder second = frames.get(from + index + 1);
    int order = first.subframes.order;
    if (Residual.isTabled(parameters[index])
        && Residual.isTabled(parameters[index + 1])
        && order == second.subframes.order) {
      two[0] = parameters[index];
      two[1] = parameters[index + 1];
      first.subframes.residual.skipParameter(first.reader);
      second.subframes.residual.skipParameter(second.reader);
      Residual.readBoth(
          first.subframes.residual,
          first.reader,
          samples[index],
          second.subframes.residual,
          second.reader,
          samples[index + 1],
          order,
          blockSize,
          two);
    } else {
      readOne(first, index, blockSize);
      readOne(second, index + 1, blockSize);
    }
  }

  private void readOne(FrameDecoder frame, int index, int blockSize) throws MalformedFlacException {
    if (parameters[index] != NO_RESIDUAL) {
      SubframeDecoder subframe = frame.subframes;
      subframe.residual.readPartitions(frame.reader, samples[index], subframe.order, blockSize);
    }
  }

  /// Reads residuals in lanes. Where a code of one frame is too long for that, all take a few codes
  /// one by one.
  private void readLanes(Kernels kernels, byte[] in, int from, int order, int blockSize)
      throws MalformedFlacException {
    int lanes = kernels.lanes();
    for (int lane = 0; lane < lanes; lane++) {
      FrameDecoder frame = frames.get(from + lane);
      frame.subframes.residual.skipParameter(frame.reader);
      positions[lane] = frame.reader.position;
      ends[lane] = frame.reader.limit;
      wideParameters[lane] = parameters[lane];
    }
    int next = order;
    while (next < blockSize) {
      int most = Math.min(blockSize - next, ROWS);
      int read = kernels.readInLanes(in, positions, ends, words, wideParameters, most, rows);
      for (int lane = 0; lane < lanes; lane++) {
        takeLane(rows, lane, lanes, samples[lane], next, read);
        Residual.unfold(samples[lane], next, next + read, 1 << parameters[lane]);
      }
      next += read;
      if (read < most) {
        int to = Math.min(blockSize, next + FEW);
        for (int lane = 0; lane < lanes; lane++) {
          FrameDecoder frame = frames.get(from + lane);
          frame.reader.position = positions[lane];
          frame.subframes.residual.readCodes(
              frame.reader, samples[lane], next, to, parameters[lane]);
          positions[lane] = frame.reader.position;
        }
        next = to;
      }
    }
    for (int lane = 0; lane < lanes; lane++) {
      frames.get(from + lane).reader.position = positions[lane];
    }
  }

  private static void takeLane(
      int[] rows, int lane, int lanes, int[] samples, int offset, int count) {
    for (int i = 0; i < count; i++) {
      samples[offset + i] = rows[i * lanes + lane];
    }
  }
}
