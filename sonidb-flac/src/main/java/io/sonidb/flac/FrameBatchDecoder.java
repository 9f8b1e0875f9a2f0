package io.sonidb.flac;

import io.sonidb.flac.kernel.KernelChoice;
import io.sonidb.flac.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads several frames at a time, which may be faster than one by one, with the same outcome.
///
/// A Rice code must be read before the next one can be, so a single run of codes leaves most of a
/// processor idle. This decoder reads several runs in turns, provided that the frames have
/// independent channels, and none is more than twice as long as another; what some have more than
/// the shortest is read one by one:
///
/// - channels coded by one Rice parameter from 4 to 9 for the whole block, sixteen at once, one in
///   each lane, where SIMD has lanes enough (vectors of 512 bits). That is how quantised vectors
///   look.
/// - channels coded by one Rice parameter up to 3 for the whole block, as many at once. That is how
///   the exponents of float32 vectors look.
///
/// All others it reads one by one, and all where there is no SIMD: plain loops gain nothing. When
/// there are fewer frames than lanes, but half as many, the last frame is read in several lanes.
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

  /// So many that take a byte each: a multiple of sixteen.
  private static final int SMALL_ROWS = 768;

  /// Blocks that are longer than the shortest by this are not read with it.
  private static final int MOST_LONGER = 2;

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

  /// The same eight by eight, a byte each.
  private long[] smallRows = {};

  private boolean leavesSamples;

  /// A decoder for frames whose headers carry sample rate and bit depth themselves.
  public FrameBatchDecoder() {
    fixedKernels = Optional.empty();
  }

  FrameBatchDecoder(Kernels kernels) {
    fixedKernels = Optional.of(kernels);
  }

  /// From now on samples are left where they are, or folded, where that is less work, until
  /// [FrameDecoder#samples] is asked for them: for callers who take them from there. The bytes must
  /// stay as they are until then.
  ///
  /// @return this
  public FrameBatchDecoder leaveSamples() {
    leavesSamples = true;
    return this;
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
    makeRoom(count, lanes);
    int from = 0;
    for (; lanes > 0 && 2 * (count - from) >= lanes; from += Math.min(lanes, count - from)) {
      decodeGroup(kernels, in, offsets, limits, from, Math.min(lanes, count - from));
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
    makeFrames(batch);
    if (sizes.length < batch) {
      sizes = new int[batch];
    }
    for (int i = 0; i < batch; i++) {
      problems.set(i, Optional.empty());
    }
    count = batch;
  }

  private void makeFrames(int most) {
    while (frames.size() < most) {
      frames.add(
          fixedKernels.map(kernels -> new FrameDecoder(kernels)).orElseGet(FrameDecoder::new));
      problems.add(Optional.empty());
    }
  }

  private void makeRoom(int batch, int lanes) {
    if (lanes > 0) {
      makeFrames((batch + lanes - 1) / lanes * lanes); // the last frame may take several
    }
    if (samples.length < lanes) {
      samples = new int[lanes][];
      parameters = new int[lanes];
      wideParameters = new long[lanes];
      positions = new long[lanes];
      words = new long[lanes];
      ends = new int[lanes];
      rows = new int[lanes * ROWS];
      smallRows = new long[lanes * SMALL_ROWS / Long.BYTES];
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
  ///
  /// @param some how many; as many as there are lanes, or fewer
  private void decodeGroup(
      Kernels kernels, byte[] in, int[] offsets, int[] limits, int from, int some) {
    boolean alike;
    try {
      alike = decodeAlike(kernels, in, offsets, limits, from, some);
    } catch (MalformedFlacException e) {
      alike = false;
    }
    if (!alike) {
      for (int i = from; i < from + some; i++) {
        decodeOne(in, offsets, limits, i);
      }
    }
  }

  /// @return whether the frames were alike, and have been read
  private boolean decodeAlike(
      Kernels kernels, byte[] in, int[] offsets, int[] limits, int from, int some)
      throws MalformedFlacException {
    int lanes = kernels.lanes();
    for (int lane = 0; lane < lanes; lane++) {
      int one = from + Math.min(lane, some - 1);
      frames.get(from + lane).begin(in, offsets[one], limits[one]);
    }
    int channels = frames.get(from).header.channels;
    int shortest = Integer.MAX_VALUE;
    int longest = 0;
    for (int i = from; i < from + some; i++) {
      FrameHeader header = frames.get(i).header;
      if (header.assignment >= FrameHeader.LEFT_SIDE || header.channels != channels) {
        return false;
      }
      shortest = Math.min(shortest, header.blockSize);
      longest = Math.max(longest, header.blockSize);
    }
    if (longest / MOST_LONGER > shortest) {
      return false;
    }
    for (int channel = 0; channel < channels; channel++) {
      if (!decodeChannel(kernels, in, from, channel, shortest)) {
        return false;
      }
    }
    for (int i = from; i < from + some; i++) {
      sizes[i] = frames.get(i).end(in, offsets[i]);
    }
    return true;
  }

  /// @return whether it was read; if not, all frames have to be read one by one
  private boolean decodeChannel(Kernels kernels, byte[] in, int from, int channel, int shortest)
      throws MalformedFlacException {
    int lanes = kernels.lanes();
    boolean areMiddling = true;
    boolean areSmall = true;
    for (int i = 0; i < lanes; i++) {
      FrameDecoder frame = frames.get(from + i);
      int blockSize = frame.header.blockSize;
      SubframeDecoder subframe = frame.subframes;
      samples[i] = frame.channels[channel];
      parameters[i] = NO_RESIDUAL;
      subframe.leavesPlain = leavesSamples;
      if (subframe.start(frame.reader, samples[i], blockSize, frame.bitsPerSample)) {
        subframe.residual.readHeader(frame.reader, subframe.order, blockSize);
        parameters[i] = subframe.residual.wholeParameter(frame.reader);
      }
      frame.leavePlain(channel, subframe.plainAt);
      boolean isAlike = subframe.order == frames.get(from).subframes.order;
      areSmall &= isAlike && Residual.isTabled(parameters[i]);
      areMiddling &= isAlike && parameters[i] >= MIN_PARAMETER && parameters[i] <= MAX_PARAMETER;
    }
    if (areSmall || areMiddling) {
      if (!readLanes(kernels, in, from, channel, shortest, areSmall)) {
        return false;
      }
    } else {
      for (int i = 0; i < lanes; i++) {
        readOne(frames.get(from + i), i);
      }
    }
    for (int i = 0; i < lanes; i++) {
      FrameDecoder frame = frames.get(from + i);
      if (!frame.isFolded(channel)) {
        frame.subframes.finish(frame.reader, samples[i], frame.header.blockSize);
      }
    }
    return true;
  }

  private void readOne(FrameDecoder frame, int index) throws MalformedFlacException {
    if (parameters[index] != NO_RESIDUAL) {
      SubframeDecoder subframe = frame.subframes;
      subframe.residual.readPartitions(
          frame.reader, samples[index], subframe.order, frame.header.blockSize);
    }
  }

  /// Reads residuals in lanes. Where a code of one frame is too long for that, all take a few codes
  /// one by one; and so they do behind the end of the shortest.
  ///
  /// @return whether they could be read in this way
  private boolean readLanes(
      Kernels kernels, byte[] in, int from, int channel, int shortest, boolean areSmall)
      throws MalformedFlacException {
    int lanes = kernels.lanes();
    int order = frames.get(from).subframes.order;
    for (int lane = 0; lane < lanes; lane++) {
      FrameDecoder frame = frames.get(from + lane);
      Residual residual = frame.subframes.residual;
      residual.skipParameter(frame.reader);
      residual.makeRoom(frame.header.blockSize);
      positions[lane] = frame.reader.position;
      ends[lane] = frame.reader.limit;
      wideParameters[lane] = parameters[lane];
    }
    boolean could = true;
    int next = order;
    while (next < shortest && could) {
      int most = Math.min(shortest - next, areSmall ? SMALL_ROWS : ROWS);
      int read =
          areSmall
              ? readSmall(kernels, in, from, next, most)
              : readMiddling(kernels, in, next, most);
      next += read;
      if (read < most) {
        int to = Math.min(shortest, next + FEW);
        for (int lane = 0; lane < lanes; lane++) {
          could &= readFew(frames.get(from + lane), lane, next, to, areSmall);
        }
        next = to;
      }
    }
    for (int lane = 0; lane < lanes && could; lane++) {
      FrameDecoder frame = frames.get(from + lane);
      could = readFew(frame, lane, next, frame.header.blockSize, areSmall);
      frame.reader.position = positions[lane];
      if (areSmall) {
        takeFolded(frame, channel, samples[lane], frame.header.blockSize);
      }
    }
    return could;
  }

  private boolean readFew(FrameDecoder frame, int lane, int next, int to, boolean areSmall)
      throws MalformedFlacException {
    Residual residual = frame.subframes.residual;
    frame.reader.position = positions[lane];
    boolean could = true;
    if (areSmall) {
      could = residual.takeFew(frame.reader, next, to, parameters[lane]);
    } else {
      residual.readCodes(frame.reader, samples[lane], next, to, parameters[lane]);
    }
    positions[lane] = frame.reader.position;
    return could;
  }

  private void takeFolded(FrameDecoder frame, int channel, int[] into, int blockSize) {
    SubframeDecoder subframe = frame.subframes;
    // The next channel's numbers will lie in the same place.
    boolean isLast = channel == frame.header.channels - 1;
    if (leavesSamples && isLast && subframe.predictsNothing()) {
      frame.leaveFolded(channel);
    } else {
      subframe.residual.unfold(frame.reader, into, subframe.order, blockSize);
    }
  }

  /// @return how many codes of each frame it has read
  private int readMiddling(Kernels kernels, byte[] in, int next, int most) {
    int lanes = kernels.lanes();
    int read = kernels.readInLanes(in, positions, ends, words, wideParameters, most, rows);
    for (int lane = 0; lane < lanes; lane++) {
      takeLane(rows, lane, lanes, samples[lane], next, read);
      Residual.unfold(samples[lane], next, next + read, 1 << parameters[lane]);
    }
    return read;
  }

  /// @return how many codes of each frame it has read
  private int readSmall(Kernels kernels, byte[] in, int from, int next, int most) {
    int lanes = kernels.lanes();
    int read = kernels.readSmallInLanes(in, positions, words, wideParameters, most, smallRows);
    for (int lane = 0; lane < lanes; lane++) {
      Residual residual = frames.get(from + lane).subframes.residual;
      residual.takeLane(smallRows, lane, lanes, read, next);
    }
    return read;
  }

  private static void takeLane(
      int[] rows, int lane, int lanes, int[] samples, int offset, int count) {
    for (int i = 0; i < count; i++) {
      samples[offset + i] = rows[i * lanes + lane];
    }
  }
}
