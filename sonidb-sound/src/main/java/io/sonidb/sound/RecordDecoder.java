package io.sonidb.sound;

import io.sonidb.flac.FrameBatchDecoder;
import io.sonidb.flac.FrameDecoder;
import io.sonidb.flac.MalformedFlacException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/// Reads records from FLAC frames, checking everything: CRCs, control words, lengths, hash. Not
/// thread-safe: one for each thread. Allocates nothing for a record but what is asked for.
///
/// ```java
/// var decoder = new RecordDecoder(SoundFormat.FLOAT32);
/// int size = decoder.read(bytes, offset, bytes.length);
/// float[] vector = new float[decoder.dimension()];
/// decoder.copyVector(vector);
/// ```
///
/// What is asked of a decoder is about the last record that it has read. After an exception, and
/// before the first record, there is none, and every question is an [IllegalStateException].
public final class RecordDecoder {
  private final SoundFormat format;
  private final RecordAssembler assembler;
  private final FrameDecoder frames = new FrameDecoder();
  private final FrameBatchDecoder firstFrames = new FrameBatchDecoder().leaveSamples();
  private final int[][] pcm;
  private final int[] lengths = new int[RecordFormat.MAX_PARTS];
  private final int[] blocks = new int[RecordFormat.MAX_PARTS];
  private int parts;
  private long firstSample;
  private long samples;
  private boolean whole;

  // Of the part at hand.
  private FrameDecoder frame = frames;
  private final PackedPart packed = new PackedPart();
  private final Supplier<int[][]> unpacked = this::unpacked;

  // What is prepared.
  private byte[] prepared = {};
  private int[] preparedOffsets = {};
  private int[] preparedLimits = {};

  /// A decoder for records of one format.
  public RecordDecoder(SoundFormat format) {
    this.format = Objects.requireNonNull(format);
    assembler = new RecordAssembler(format);
    pcm = new int[format.channels()][0];
  }

  /// The format of all records.
  public SoundFormat format() {
    return format;
  }

  /// Reads the whole record whose first frame is at `offset`.
  ///
  /// @param limit the end of what may be read
  /// @return how many bytes its frames have
  /// @throws MalformedFlacException when there is no whole, undamaged frame where one must be
  /// @throws MalformedRecordException when the frames are sound and do not hold a record
  /// @throws UnsupportedRecordException when the record is of a kind that is not known here
  public int read(byte[] in, int offset, int limit)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    return read(in, offset, limit, PartSink.NONE);
  }

  /// As [#read(byte\[\], int, int)], and lets `sink` hear every frame.
  ///
  /// @param in the bytes
  /// @param offset where the record's first frame begins
  /// @param limit the end of what may be read
  /// @param sink hears each frame before the record's next one is read
  /// @return how many bytes the record's frames have
  /// @throws MalformedFlacException when there is no whole, undamaged frame where one must be
  /// @throws MalformedRecordException when the frames are sound and do not hold a record
  /// @throws UnsupportedRecordException when the record is of a kind that is not known here
  public int read(byte[] in, int offset, int limit, PartSink sink)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    begin();
    return readParts(in, offset, offset, limit, sink);
  }

  private void begin() {
    whole = false;
    parts = 0;
    samples = 0;
    frame = frames;
  }

  /// @return how many bytes the record's frames have
  private int readParts(byte[] in, int offset, int next, int limit, PartSink sink)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    int at = next;
    while (parts == 0 || !assembler.complete()) {
      int length = frames.decode(in, at, limit);
      addPart(in, at, length);
      sink.part(frames, length);
      at += length;
    }
    whole = true;
    return at - offset;
  }

  /// Gets several records ready for [#readPrepared]: their frames are read together, which is
  /// faster, sixteen or multiples of it at a time. The bytes and places must stay as they are until
  /// the last of the records has been read.
  ///
  /// @param offsets where the first frame of each begins; `int[count]` or longer
  /// @param limits for each the end of what may be read; `int[count]` or longer. The frames must be
  ///   read to tell where a record ends, so it may be the end of all
  public void prepare(byte[] in, int[] offsets, int[] limits, int count) {
    begin();
    prepared = in;
    preparedOffsets = offsets;
    preparedLimits = limits;
    firstFrames.decode(in, offsets, limits, count);
  }

  /// As [#read(byte\[\], int, int)], of a record that has been prepared. They may be read in any
  /// order, and more than once.
  ///
  /// @param index of the record among those prepared, from 0
  /// @return how many bytes its frames have
  /// @throws MalformedFlacException when there is no whole, undamaged frame where one must be
  /// @throws MalformedRecordException when the frames are sound and do not hold a record
  /// @throws UnsupportedRecordException when the record is of a kind that is not known here
  public int readPrepared(int index)
      throws MalformedFlacException, MalformedRecordException, UnsupportedRecordException {
    Optional<MalformedFlacException> problem = firstFrames.problem(index);
    begin();
    if (problem.isPresent()) {
      throw problem.get();
    }
    int offset = preparedOffsets[index];
    int length = firstFrames.size(index);
    frame = firstFrames.frame(index);
    addPart(prepared, offset, length);
    frame = frames;
    int next = offset + length;
    return readParts(prepared, offset, next, preparedLimits[index], PartSink.NONE);
  }

  private void addPart(byte[] in, int at, int length)
      throws MalformedRecordException, UnsupportedRecordException {
    checkFrame(at);
    int marker = format.channels() - 1;
    boolean isPacked = packed.take(frame, in);
    int control = isPacked ? frame.firstSample(marker) : frame.samples(marker)[0];
    int used = RecordAssembler.samples(control);
    if (used < 0) {
      throw failure(Fault.CONTROL_WORD, control & 0xFFFFFF, at);
    }
    if (frame.blockSize() != Math.max(used, RecordFormat.MIN_BLOCK_SAMPLES)) {
      throw failure(Fault.BLOCK_SIZE, frame.blockSize(), at);
    }
    boolean first = (control & RecordFormat.FIRST_PART) != 0;
    if (first != (parts == 0)) {
      throw failure(first ? Fault.NOT_LATER : Fault.NOT_FIRST, control, at);
    }
    Fault fault =
        isPacked ? assembler.add(packed, unpacked, control) : assembler.add(unpacked(), control);
    if (fault.isUnsupported()) {
      throw new UnsupportedRecordException(fault.describe(assembler.faultValue()), at);
    }
    if (fault != Fault.NONE) {
      throw failure(fault, assembler.faultValue(), at);
    }
    lengths[parts] = length;
    blocks[parts++] = frame.blockSize();
    samples += frame.blockSize();
  }

  private int[][] unpacked() {
    for (int channel = 0; channel < pcm.length; channel++) {
      pcm[channel] = frame.samples(channel);
    }
    return pcm;
  }

  private void checkFrame(int at) throws MalformedRecordException {
    if (!frame.variableBlockSize()) {
      throw new MalformedRecordException("frame of a stream of fixed block size", at);
    }
    if (frame.format().channels() != format.channels()
        || frame.format().bitsPerSample() != RecordFormat.BITS_PER_SAMPLE) {
      throw new MalformedRecordException(
          "frame is " + frame.format() + ", " + format + " needs " + format.audio(), at);
    }
    if (parts == 0) {
      firstSample = frame.number();
    } else if (frame.number() != firstSample + samples) {
      throw new MalformedRecordException(
          "later part is numbered " + frame.number() + ", not " + (firstSample + samples), at);
    }
  }

  private static MalformedRecordException failure(Fault fault, long value, int at) {
    return new MalformedRecordException(fault.describe(value), at);
  }

  private void requireRecord() {
    if (!whole) {
      throw new IllegalStateException("no record has been read");
    }
  }

  /// What the last record does.
  public RecordKind kind() {
    requireRecord();
    return assembler.kind();
  }

  /// The sequence number of the last record.
  public long sequence() {
    requireRecord();
    return assembler.sequence();
  }

  /// The hash of the last record, found right.
  public long hash() {
    requireRecord();
    return assembler.hash();
  }

  /// The number of the last record's first frame: its time position in samples.
  public long firstSample() {
    requireRecord();
    return firstSample;
  }

  /// How many samples all frames of the last record have.
  public long samples() {
    requireRecord();
    return samples;
  }

  /// How many frames the last record has.
  public int parts() {
    requireRecord();
    return parts;
  }

  /// The size in bytes of one frame of the last record.
  public int partLength(int part) {
    requireRecord();
    return lengths[Objects.checkIndex(part, parts)];
  }

  /// The samples in one frame of the last record.
  public int partSamples(int part) {
    requireRecord();
    return blocks[Objects.checkIndex(part, parts)];
  }

  /// The id of the last record, made on each call.
  ///
  /// @throws IllegalStateException when it is a skip record
  public VectorId id() {
    requireId();
    return assembler.id();
  }

  /// Whether the last record is about `id`. Makes no id for it.
  ///
  /// @throws IllegalStateException when it is a skip record
  public boolean isAbout(VectorId id) {
    requireId();
    return IdFormat.isAt(id, assembler.idBytes(), assembler.idSize());
  }

  /// The [VectorId#fingerprint] of the last record's id. Makes no id for it.
  ///
  /// @throws IllegalStateException when it is a skip record
  public long idFingerprint() {
    requireId();
    return IdFormat.fingerprintAt(assembler.idBytes(), 0);
  }

  private void requireId() {
    if (kind() == RecordKind.SKIP) {
      throw new IllegalStateException("a skip record has no id");
    }
  }

  /// How the last record's vector sounds, whatever the format says; by amplitude if it has none.
  public Sonification sonification() {
    requireRecord();
    return assembler.sonification();
  }

  /// How many components the last record's vector has: 0 unless it is an upsert record.
  public int dimension() {
    requireRecord();
    return assembler.dimension();
  }

  /// Copies the last record's float32 vector to the start of `into`, which has room for it.
  ///
  /// @throws IllegalStateException when the format is float64
  public void copyVector(float[] into) {
    requireElement(ElementType.FLOAT32);
    assembler.copyVector(into);
  }

  /// Copies the last record's float64 vector to the start of `into`, which has room for it.
  ///
  /// @throws IllegalStateException when the format is float32
  public void copyVector(double[] into) {
    requireElement(ElementType.FLOAT64);
    assembler.copyVector(into);
  }

  private void requireElement(ElementType wanted) {
    requireRecord();
    if (format.element() != wanted) {
      throw new IllegalStateException("records are " + format.element() + ", not " + wanted);
    }
  }

  /// The size of the last record's payload in bytes: 0 when it has none.
  public int payloadSize() {
    requireRecord();
    return assembler.payloadSize();
  }

  /// A copy of the last record's payload; empty when it has none.
  public byte[] payload() {
    requireRecord();
    return assembler.copyPayload();
  }

  /// How many sequence numbers the last record uses up: 0 unless it is a skip record.
  public int skipCount() {
    requireRecord();
    return assembler.skipCount();
  }

  /// Whether the sequence number after the last record's belongs to the same batch.
  public boolean batchContinues() {
    requireRecord();
    return assembler.batchContinues();
  }

  /// The last sequence number that was durable, with all before it, when the last record was
  /// written; -1 when the record does not say.
  public long acknowledgedSequence() {
    requireRecord();
    return assembler.acknowledged();
  }

  /// When the last record was inserted, in milliseconds since 1970; -1 when the record does not
  /// say.
  public long insertedAtMillis() {
    requireRecord();
    return assembler.insertedAt();
  }

  /// From when on the last record no longer counts, in milliseconds since 1970; -1 when that is
  /// never.
  public long expiresAtMillis() {
    requireRecord();
    return assembler.expiresAt();
  }

  /// The sequence number of the upsert record whose vector the last record's payload belongs to; -1
  /// when the record does not say.
  public long vectorSequence() {
    requireRecord();
    return assembler.vectorSequence();
  }

  /// Whether the last record deletes a vector because its time was up.
  public boolean isExpired() {
    requireRecord();
    return assembler.expired();
  }

  /// The last record as a value, with everything in it.
  public SoundRecord record() {
    requireRecord();
    return assembler.record();
  }
}
