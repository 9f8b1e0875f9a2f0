package io.sonidb.sound;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Supplier;

/// Puts a record together from its parts' samples, after [RecordFormat], and checks all of it.
///
/// Everything here is attacker's data. Whatever is allocated grows with the samples that have
/// really arrived, never with a length that was only announced, and stays below the limits of
/// [RecordFormat]. Nothing is thrown and nothing allocated for a fault.
///
/// After `add` has returned [Fault#NONE] and [#complete] is true, the record's fields can be read
/// until the next first part.
final class RecordAssembler {
  private static final RecordKind[] KINDS = {
    RecordKind.SKIP, RecordKind.UPSERT, RecordKind.DELETE, RecordKind.PAYLOAD, RecordKind.SKIP
  };

  /// How many header bytes are taken out of the samples at a time: a usual header, at one go.
  private static final int HEADER_STEP = 48;

  /// Exponents of the ranks that the marker channel holds as -16 to 15.
  static final int NEAR = 32;

  /// Components that plain loops read where SIMD has met a rare one.
  private static final int SIMD_STEP = 16;

  private static final int INVALID = -1;

  private static final int MAX_EXPONENT_32 = 255;
  private static final int MAX_EXPONENT_64 = 2047;
  private static final int EXPONENT_AT_32 = 23;

  private final boolean checksHash;
  private final int dataChannels;
  private final int wordBits;
  private final boolean single;
  private final short[][] singleOffsets = offsets(MAX_EXPONENT_32);
  private final short[][] doubleOffsets;

  // The part at hand: as samples, or packed until they are needed.
  private int[][] pcm;
  private boolean isPacked;
  private PackedPart packed = new PackedPart();
  private Supplier<int[][]> unpacked = () -> pcm;
  private int used;
  private int width;
  private int shift;
  private byte[] header = new byte[HEADER_STEP];
  private int headerRead;
  private int headEnd;

  // The run.
  private int parts;
  private boolean complete;
  private long faultValue;

  // The head.
  private RecordKind kind = RecordKind.SKIP;
  private int flags;
  private long sequence;
  private final byte[] idBytes = new byte[VectorId.MAX_ENCODED_BYTES];
  private int idSize;
  private int skipCount;
  private final long[] fields = OptionalFields.absent();
  private final byte[] unknownFields = new byte[RecordFormat.MAX_OPTIONAL_BYTES];
  private int unknownSize;
  private long storedHash;
  private long headHash;

  // The payload.
  private int payloadSize;
  private int payloadRead;
  private byte[] payload = new byte[0];

  // The vector.
  private int dimension;
  private int values;
  private int mostValues;
  private int representation;
  private boolean narrow;
  private int widening;
  private boolean sparse;
  private final SparseValues places = new SparseValues();
  private final GridValues grid = new GridValues();
  private final IntegerValues integers;
  private boolean singleValues;
  private short[][] offsets = singleOffsets;
  private int maxExponent;
  private int exponentBits;
  private int lowBits;
  private int reference;
  private int order;
  private int zeroRank;
  private boolean far;
  private int farCount;
  private int farUsed;
  private final int[] farExponents = new int[RecordFormat.MAX_FAR_EXPONENTS];
  private final int[] near = new int[NEAR];

  /// The same by rank.
  private final int[] nearRanks = new int[NEAR];

  private int nearKey = INVALID;
  private final VoiceEar ear;
  private boolean voiced;
  private int[] bits32 = new int[0];
  private long[] bits64 = new long[0];

  RecordAssembler(SoundFormat format) {
    this(format, true);
  }

  /// @param checksHash false only to let fuzzed samples through to what lies behind the hash
  RecordAssembler(SoundFormat format, boolean checksHash) {
    this.checksHash = checksHash;
    dataChannels = format.channels() - 1;
    wordBits = RecordFormat.BITS_PER_SAMPLE * dataChannels;
    integers = new IntegerValues(dataChannels);
    ear = new VoiceEar(dataChannels);
    single = format.element() == ElementType.FLOAT32;
    doubleOffsets = single ? singleOffsets : offsets(MAX_EXPONENT_64);
    pcm = new int[format.channels()][0];
  }

  private static short[][] offsets(int maxExponent) {
    short[][] offsets = new short[ExponentOrders.COUNT][];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = ExponentOrders.offsets(i, maxExponent);
    }
    return offsets;
  }

  /// The samples that a control word announces, or -1 when it is none.
  static int samples(int control) {
    int samples = (control & RecordFormat.SAMPLES_MASK) + 1;
    return control >>> RecordFormat.MARKER_AT != 1
            || samples > RecordFormat.MAX_PART_SAMPLES
            || shift(control) > RecordFormat.MAX_SHIFT
        ? -1
        : samples;
  }

  private static int shift(int control) {
    return control >>> RecordFormat.SHIFT_AT & 0x1F;
  }

  /// Adds one part.
  ///
  /// @param channels all channels, from the control word on, at least the samples it announces
  /// @param control the control word, for which [#samples] is not -1
  Fault add(int[][] channels, int control) {
    isPacked = false;
    pcm = channels;
    return add(control);
  }

  /// Adds one part of a float32 record as its frame holds it.
  ///
  /// @param samples makes all channels as [#add(int\[\]\[\], int)] takes them
  Fault add(PackedPart part, Supplier<int[][]> samples, int control) {
    isPacked = shift(control) == 0;
    packed = part;
    unpacked = samples;
    if (!isPacked) {
      pcm = samples.get();
    }
    return add(control);
  }

  /// All channels of the part at hand.
  private int[][] pcm() {
    if (isPacked) {
      pcm = unpacked.get();
      isPacked = false;
    }
    return pcm;
  }

  private Fault add(int control) {
    used = samples(control);
    shift = shift(control);
    width = wordBits - shift * dataChannels;
    headerRead = 0;
    boolean first = (control & RecordFormat.FIRST_PART) != 0;
    Fault fault = first ? first() : later();
    if (fault != Fault.NONE) {
      return fault;
    }
    parts++;
    complete = (control & RecordFormat.LAST_PART) != 0;
    return complete ? checkWhole() : Fault.NONE;
  }

  private Fault first() {
    parts = 0;
    complete = false;
    payloadRead = 0;
    dimension = 0;
    voiced = false;
    values = 0;
    Fault fault = readHead();
    if (fault != Fault.NONE) {
      return fault;
    }
    int at = headEnd;
    if ((flags & RecordFormat.PAYLOAD_INLINE) != 0) {
      if (payloadSize > capacity() - at) {
        return fault(Fault.HEADER_CUT, capacity());
      }
      readPayload(at, payloadSize);
      at += payloadSize;
    }
    if (kind == RecordKind.UPSERT) {
      return readVector(at);
    }
    int samples = DataBits.samples(at, width);
    return samples == used ? Fault.NONE : fault(Fault.HEADER_LONG, used);
  }

  /// How many whole bytes the part's data words hold.
  private int capacity() {
    return (int) ((long) used * width / 8);
  }

  /// Makes sure that `size` bytes of the header are in the buffer.
  private boolean ensure(int size) {
    if (size <= headerRead) {
      return true;
    }
    int capacity = capacity();
    if (size > capacity) {
      return false;
    }
    int wanted = Math.min(capacity, Math.max(size, headerRead + HEADER_STEP));
    if (wanted > header.length) {
      header = Arrays.copyOf(header, Math.max(wanted, 2 * header.length));
    }
    readBytes(headerRead, wanted - headerRead, header, headerRead);
    headerRead = wanted;
    return true;
  }

  private void readBytes(int first, int count, byte[] out, int at) {
    if (isPacked) {
      packed.read(first, count, out, at);
    } else {
      DataBits.read(pcm, width, first, count, out, at);
    }
  }

  /// Makes sure that as many bytes are in the buffer as there are, up to `size`; returns where the
  /// buffer ends.
  private int ensureUpTo(int size) {
    ensure(Math.min(size, capacity()));
    return headerRead;
  }

  private Fault readHead() {
    if (!ensure(1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    int code = (header[0] & 0xFF) >>> RecordFormat.KIND_AT;
    if (code == 0 || code == RecordFormat.VECTOR_GOES_ON >>> RecordFormat.KIND_AT) {
      return fault(Fault.NO_KIND, code);
    }
    if (code >= KINDS.length) {
      return fault(Fault.KIND, code);
    }
    kind = KINDS[code];
    flags = header[0] & 0xF;
    if (!flagsAgree()) {
      return fault(Fault.FLAGS, header[0] & 0xFF);
    }
    int at = 1;
    int end = ensureUpTo(at + Leb128.MAX_BYTES);
    int size = Leb128.sizeAt(header, at, end);
    if (size < 0) {
      return fault(Fault.SEQUENCE, at);
    }
    sequence = Leb128.read(header, at, size);
    at += size;
    Fault fault = kind == RecordKind.SKIP ? readSkipCount(at) : readId(at);
    if (fault != Fault.NONE) {
      return fault;
    }
    fault = readOptionalFields(headEnd);
    if (fault != Fault.NONE) {
      return fault;
    }
    fault = readPayloadSize(headEnd);
    if (fault != Fault.NONE) {
      return fault;
    }
    at = headEnd;
    if (!ensure(at + RecordFormat.HASH_BYTES)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    storedHash = IdFormat.readBigEndian(header, at, RecordFormat.HASH_BYTES);
    headEnd = at + RecordFormat.HASH_BYTES;
    // Where the payload is must not count: the same record may be laid out in two ways.
    int place = RecordFormat.PAYLOAD_INLINE | RecordFormat.PAYLOAD_PARTS;
    int hasPayload = (flags & place) != 0 ? RecordFormat.PAYLOAD_INLINE : 0;
    header[0] = (byte) (header[0] & ~place | hasPayload);
    headHash = XxHash64.of(header, 0, at, 0);
    return Fault.NONE;
  }

  private boolean flagsAgree() {
    int place = flags & (RecordFormat.PAYLOAD_INLINE | RecordFormat.PAYLOAD_PARTS);
    boolean mayHavePayload = kind == RecordKind.UPSERT || kind == RecordKind.PAYLOAD;
    return place == 0
        || (mayHavePayload && place != (RecordFormat.PAYLOAD_INLINE | RecordFormat.PAYLOAD_PARTS));
  }

  private Fault readSkipCount(int at) {
    int end = ensureUpTo(at + Leb128.MAX_BYTES);
    int size = Leb128.sizeAt(header, at, end);
    long count = size < 0 ? 0 : Leb128.read(header, at, size);
    if (count < 1 || count > Integer.MAX_VALUE) {
      return fault(Fault.SKIP_COUNT, at);
    }
    skipCount = (int) count;
    idSize = 0;
    headEnd = at + size;
    return Fault.NONE;
  }

  private Fault readId(int at) {
    // Reading on may replace the buffer, so it stands before what uses the buffer.
    int end = ensureUpTo(at + 2);
    int announced = IdFormat.announcedSize(header, at, end);
    end = ensureUpTo(at + Math.max(0, announced));
    int size = announced < 0 ? -1 : IdFormat.sizeAt(header, at, end);
    if (size < 0) {
      return fault(Fault.ID, at);
    }
    skipCount = 0;
    idSize = size;
    System.arraycopy(header, at, idBytes, 0, size);
    headEnd = at + size;
    return Fault.NONE;
  }

  private Fault readOptionalFields(int start) {
    Arrays.fill(fields, OptionalFields.ABSENT);
    unknownSize = 0;
    if ((flags & RecordFormat.OPTIONAL_FIELDS) == 0) {
      return Fault.NONE;
    }
    int at = start;
    int previousTag = 0;
    boolean more = true;
    while (more) {
      if (!ensure(at + 1) || !ensure(fieldEnd(at))) {
        return fault(Fault.HEADER_CUT, capacity());
      }
      int tag = header[at] >>> RecordFormat.FIELD_TAG_AT & RecordFormat.MAX_FIELD_TAG;
      int next = fieldEnd(at);
      boolean leadingZero = next > at + 1 && header[at + 1] == 0;
      if (tag <= previousTag || leadingZero) {
        return fault(Fault.OPTIONAL_FIELDS, at);
      }
      Fault fault = keepField(tag, at, next);
      if (fault != Fault.NONE) {
        return fault;
      }
      more = (header[at] & RecordFormat.FIELD_FOLLOWS) != 0;
      previousTag = tag;
      at = next;
    }
    headEnd = at;
    return Fault.NONE;
  }

  /// Where the optional field ends whose first byte is at `at`.
  private int fieldEnd(int at) {
    return at + 1 + (header[at] & RecordFormat.MAX_FIELD_VALUE_BYTES);
  }

  private Fault keepField(int tag, int at, int end) {
    if (tag > RecordFormat.LAST_KNOWN_FIELD) {
      System.arraycopy(header, at, unknownFields, unknownSize, end - at);
      unknownSize += end - at;
      return Fault.NONE;
    }
    long value = IdFormat.readBigEndian(header, at + 1, end - at - 1);
    fields[tag] = value;
    return switch (tag) {
      case RecordFormat.ACKNOWLEDGED_LAG ->
          value > sequence ? fault(Fault.ACKNOWLEDGED, value) : Fault.NONE;
      case RecordFormat.VECTOR_LAG -> checkVectorLag(value);
      case RecordFormat.EXPIRED -> checkExpired(value);
      default -> Fault.NONE;
    };
  }

  private Fault checkVectorLag(long lag) {
    if (kind != RecordKind.PAYLOAD) {
      return fault(Fault.FIELD_KIND, RecordFormat.VECTOR_LAG);
    }
    return lag < 1 || lag > sequence ? fault(Fault.VECTOR_LAG, lag) : Fault.NONE;
  }

  private Fault checkExpired(long value) {
    if (kind != RecordKind.DELETE) {
      return fault(Fault.FIELD_KIND, RecordFormat.EXPIRED);
    }
    return value != 0 ? fault(Fault.EXPIRED, value) : Fault.NONE;
  }

  private Fault readPayloadSize(int at) {
    payloadSize = 0;
    if ((flags & (RecordFormat.PAYLOAD_INLINE | RecordFormat.PAYLOAD_PARTS)) == 0) {
      return Fault.NONE;
    }
    int end = ensureUpTo(at + Leb128.MAX_BYTES);
    int size = Leb128.sizeAt(header, at, end);
    long announced = size < 0 ? -1 : Leb128.read(header, at, size);
    if (announced < 1 || announced > SoundRecord.MAX_PAYLOAD_BYTES) {
      return fault(Fault.PAYLOAD_SIZE, announced);
    }
    payloadSize = (int) announced;
    headEnd = at + size;
    return Fault.NONE;
  }

  /// Takes `count` payload bytes that begin at byte `at` of the part, and are in it.
  private void readPayload(int at, int count) {
    int end = payloadRead + count;
    if (end > payload.length) {
      payload = Arrays.copyOf(payload, Math.min(payloadSize, Math.max(end, 2 * payload.length)));
    }
    readBytes(at, count, payload, payloadRead);
    payloadRead = end;
  }

  private Fault readVector(int start) {
    narrow = false;
    sparse = false;
    mostValues = Vector.MAX_DIMENSION;
    farCount = 0;
    farUsed = 0;
    headEnd = start;
    if (!ensure(start + 1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    representation = representationAt(start);
    voiced = VoiceEar.understands(representation);
    if (voiced) {
      ear.begin(header[start] & 0xFF);
      return readVoice(DataBits.samples(start + 1, width));
    }
    Fault fault = readOuterHeaders();
    if (fault != Fault.NONE) {
      return fault;
    }
    if (sparse && places.others() == 0) {
      int samples = DataBits.samples(headEnd, width);
      return samples == used ? Fault.NONE : fault(Fault.HEADER_LONG, used);
    }
    if (!ensure(headEnd + 1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    representation = representationAt(headEnd);
    fault =
        switch (representation) {
          case RecordFormat.FLOAT -> readFloatHeader();
          case RecordFormat.FLOAT_WITHOUT_LOW_BITS ->
              singleValues ? notSupported() : readFloatHeader();
          case RecordFormat.GRID -> singleValues ? readGridHeader() : notSupported();
          case RecordFormat.INTEGER -> readIntegerHeader();
          default -> notSupported();
        };
    return fault == Fault.NONE ? readValues(DataBits.samples(headEnd, width)) : fault;
  }

  private int representationAt(int at) {
    return (header[at] & 0xFF) >>> RecordFormat.REPRESENTATION_AT;
  }

  private Fault notSupported() {
    return fault(Fault.REPRESENTATION, header[headEnd] & 0xFF);
  }

  /// Reads what says that the components come from narrower ones, or that most are the same.
  private Fault readOuterHeaders() {
    if (!single && representationAt(headEnd) == RecordFormat.NARROW) {
      narrow = true;
      widening = header[headEnd] >> Decimals.HOW_AT & 3;
      boolean known = (header[headEnd] & 7) == 0 && widening < Decimals.WAYS;
      if (!known) {
        return notSupported();
      }
      headEnd++;
    }
    singleValues = single || narrow;
    useExponents(singleValues);
    if (!ensure(headEnd + 1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    return representationAt(headEnd) == RecordFormat.SPARSE ? readSparseHeader() : Fault.NONE;
  }

  private void useExponents(boolean ofSingle) {
    maxExponent = ofSingle ? MAX_EXPONENT_32 : MAX_EXPONENT_64;
    exponentBits = ofSingle ? EXPONENT_AT_32 : 0;
    offsets = ofSingle ? singleOffsets : doubleOffsets;
  }

  private Fault readSparseHeader() {
    sparse = true;
    int componentBytes = singleValues ? Float.BYTES : Double.BYTES;
    if (!ensure(headEnd + 1 + SparseValues.backgroundBytes(header[headEnd], componentBytes))) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    int end = ensureUpTo(headEnd + 1 + componentBytes + 2 * Leb128.MAX_BYTES);
    int at = places.readCounts(header, headEnd, end, componentBytes);
    if (at < 0) {
      return fault(Fault.PLACES, headEnd);
    }
    end = ensureUpTo(at + places.mostBytes());
    int after = places.readPlaces(header, at, end);
    if (after < 0) {
      return fault(Fault.PLACES, at);
    }
    mostValues = places.others();
    headEnd = after;
    return Fault.NONE;
  }

  private Fault readIntegerHeader() {
    int size = IntegerValues.size(header[headEnd]);
    if (size == 0) {
      return notSupported();
    }
    if (!ensure(headEnd + size)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    if (!integers.readHeader(header, headEnd)) {
      return fault(Fault.SCALE, IdFormat.readBigEndian(header, headEnd + 1, size - 1));
    }
    headEnd += size;
    return Fault.NONE;
  }

  private Fault readGridHeader() {
    Fault fault = readFloatHeader();
    if (fault != Fault.NONE) {
      return fault;
    }
    if (!ensure(headEnd + 1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    int first = header[headEnd];
    int size = GridValues.size(first);
    if (size == 0) {
      return notSupported();
    }
    if (!ensure(headEnd + size)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    if (!grid.readHeader(header, headEnd)) {
      return fault(Fault.SCALE, IdFormat.readBigEndian(header, headEnd + 1, size - 1));
    }
    headEnd += size;
    return (first & GridFormat.CORRECTIONS) != 0 ? readCorrections() : Fault.NONE;
  }

  private Fault readCorrections() {
    int end = ensureUpTo(headEnd + Leb128.MAX_BYTES);
    int at = grid.readCount(header, headEnd, end);
    if (at < 0) {
      return fault(Fault.PLACES, headEnd);
    }
    end = ensureUpTo(at + grid.mostBytes());
    int after = grid.readCorrections(header, at, end);
    if (after < 0) {
      return fault(Fault.PLACES, at);
    }
    headEnd = after;
    return Fault.NONE;
  }

  private Fault readFloatHeader() {
    int exponentBytes = singleValues ? 1 : 2;
    int at = headEnd;
    if (!ensure(at + 1 + exponentBytes)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    int how = header[at++] & 0xFF;
    lowBits = singleValues || representation == RecordFormat.FLOAT_WITHOUT_LOW_BITS ? 0 : 5;
    order = how >>> RecordFormat.ORDER_AT & 3;
    zeroRank = (how >>> RecordFormat.ZERO_RANK_AT & 3) - 1;
    far = (how & RecordFormat.FAR) != 0;
    reference = (int) IdFormat.readBigEndian(header, at, exponentBytes);
    at += exponentBytes;
    if (reference > maxExponent) {
      return fault(Fault.REFERENCE, reference);
    }
    if (far) {
      if (!ensure(at + 1) || !ensure(at + 1 + (header[at] & 0xFF) * exponentBytes)) {
        return fault(Fault.HEADER_CUT, capacity());
      }
      int count = header[at++] & 0xFF;
      for (; farCount < count; farCount++) {
        int exponent = (int) IdFormat.readBigEndian(header, at, exponentBytes);
        if (exponent > maxExponent) {
          return fault(Fault.FAR_EXPONENT, exponent);
        }
        farExponents[farCount] = exponent;
        at += exponentBytes;
      }
    }
    headEnd = at;
    fillNear(how);
    return Fault.NONE;
  }

  /// Fills [#near], unless it is right from the last record, as it mostly is in one collection.
  private void fillNear(int how) {
    // What reads a how and a reference as float32 reads other ones as float64.
    int key = how << 16 | reference << 1 | (singleValues ? 1 : 0);
    if (key == nearKey) {
      return;
    }
    nearKey = key;
    for (int rank = 0; rank < NEAR; rank++) {
      int exponent = far && rank == RecordFormat.FAR_RANK ? INVALID : exponent(rank);
      nearRanks[rank] = exponent < 0 ? INVALID : exponent << exponentBits;
      near[Amplitude.unfold(rank) + NEAR / 2] = nearRanks[rank];
    }
  }

  /// The exponent field of a rank, or -1 when there is none.
  private int exponent(int rank) {
    if (rank == zeroRank) {
      return 0;
    }
    int listed = zeroRank >= 0 && rank > zeroRank ? rank - 1 : rank;
    if (listed >= offsets[order].length) {
      return INVALID;
    }
    int exponent = reference + offsets[order][listed];
    return exponent > maxExponent ? INVALID : Math.max(exponent, INVALID);
  }

  /// The exponent field of a rank that is not in [#near]; takes the next far exponent if it is
  /// that.
  private int rareExponent(int rank) {
    if (far && rank == RecordFormat.FAR_RANK) {
      return farUsed < farCount ? farExponents[farUsed++] : INVALID;
    }
    return rank < 0 ? INVALID : exponent(rank);
  }

  private Fault readValues(int headerSamples) {
    int count = used - headerSamples;
    if (count < 0) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    if (values + count > mostValues) {
      return fault(Fault.DIMENSION, values + count);
    }
    int end = values + count;
    boolean good;
    if (singleValues) {
      makeRoom32(end);
      good =
          representation == RecordFormat.INTEGER
              ? isUnmarked(integers.read(pcm(), width, headerSamples, count, bits32, values))
              : isPacked
                  ? readPacked(headerSamples, count)
                  : readFloats(pcm[0], pcm[dataChannels], headerSamples, count, bits32, values);
    } else {
      makeRoom64(end);
      good =
          representation == RecordFormat.INTEGER
              ? isUnmarked(integers.read(pcm(), width, headerSamples, count, bits64, values))
              : readDoubles(headerSamples, count);
    }
    values = end;
    return good ? Fault.NONE : Fault.EXPONENT;
  }

  private void makeRoom32(int size) {
    if (size > bits32.length) {
      bits32 = Arrays.copyOf(bits32, Math.max(size, 2 * bits32.length));
    }
  }

  private void makeRoom64(int size) {
    if (size > bits64.length) {
      bits64 = Arrays.copyOf(bits64, Math.max(size, 2 * bits64.length));
    }
  }

  /// Makes the vector of the values that the samples held.
  private Fault finishVector() {
    if (voiced) {
      return dimension == 0 ? fault(Fault.DIMENSION, 0) : Fault.NONE;
    }
    if (farUsed < farCount) {
      return fault(Fault.FAR_COUNT, farCount);
    }
    if (values == 0 && !sparse || sparse && values != mostValues) {
      return fault(Fault.DIMENSION, values);
    }
    if (values > 0 && representation == RecordFormat.GRID && !grid.apply(bits32, values)) {
      return fault(Fault.PLACES, values);
    }
    dimension = sparse ? places.dimension() : values;
    if (sparse && singleValues) {
      makeRoom32(dimension);
      places.spread(bits32);
    } else if (sparse) {
      makeRoom64(dimension);
      places.spread(bits64);
    }
    if (narrow) {
      makeRoom64(dimension);
      Decimals.widen(bits32, dimension, widening, bits64);
    }
    return Fault.NONE;
  }

  /// Notes what the marker channel holds at a sample where it must be 0, if there is one.
  private boolean isUnmarked(int sample) {
    if (sample >= 0) {
      faultValue = pcm[dataChannels][sample];
    }
    return sample < 0;
  }

  private boolean readFloats(int[] data, int[] marker, int from, int count, int[] out, int at) {
    boolean simd = FloatLoops.areSimd();
    int i = 0;
    while (true) {
      if (simd) {
        i = SimdFloats.join(near, data, marker, from, i, count, out, at);
      }
      // Behind what SIMD gave up at, it can go on.
      int end = simd ? Math.min(count, i + SIMD_STEP) : count;
      i = readNear(near, data, marker, from, i, end, out, at);
      if (i == count) {
        return true;
      }
      if (i < end) {
        int exponent = rareExponent(Amplitude.fold(marker[from + i]));
        if (exponent < 0) {
          faultValue = marker[from + i];
          return false;
        }
        out[at + i] = data[from + i] & SimdFloats.SIGN_AND_MANTISSA | exponent << exponentBits;
        i++;
      }
    }
  }

  private boolean readPacked(int from, int count) {
    int i = packed.join(nearRanks, from, 0, count, bits32, values);
    while (i < count) {
      int rank = packed.rank(from + i);
      int exponent = rareExponent(rank);
      if (exponent < 0) {
        faultValue = Amplitude.unfold(rank);
        return false;
      }
      bits32[values + i] = packed.signAndMantissa(from + i) | exponent << exponentBits;
      i = packed.join(nearRanks, from, i + 1, count, bits32, values);
    }
    return true;
  }

  /// Reads components until one's exponent is not in the table; returns which, or `count`.
  static int readNear(
      int[] table, int[] data, int[] marker, int from, int start, int count, int[] out, int at) {
    for (int i = start; i < count; i++) {
      int place = marker[from + i] + NEAR / 2;
      int exponent = (place & -NEAR) == 0 ? table[place] : INVALID;
      if (exponent < 0) {
        return i;
      }
      out[at + i] = data[from + i] & SimdFloats.SIGN_AND_MANTISSA | exponent;
    }
    return count;
  }

  private boolean readDoubles(int from, int count) {
    int[] high = pcm[0];
    int[] low = pcm[1];
    int[] marker = pcm[2];
    int lowMask = (1 << lowBits) - 1;
    for (int i = 0; i < count; i++) {
      int code = Amplitude.fold(marker[from + i]);
      int rank = code >>> lowBits;
      int exponent = rank < NEAR ? near[Amplitude.unfold(rank) + NEAR / 2] : INVALID;
      if (exponent < 0) {
        exponent = rareExponent(rank);
        if (exponent < 0) {
          faultValue = marker[from + i];
          return false;
        }
      }
      int data = high[from + i];
      bits64[values + i] =
          (long) (data & 0x80000000) << 32
              | (long) exponent << 52
              | (long) (data & 0x7FFFFF) << 29
              | (long) (low[from + i] & 0xFFFFFF) << 5
              | code & lowMask;
    }
    return true;
  }

  private Fault later() {
    if (!ensure(1)) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    if (parts == RecordFormat.MAX_PARTS) {
      return fault(Fault.TOO_MANY_PARTS, RecordFormat.MAX_PARTS);
    }
    int what = header[0] & 0xFF;
    if (what == RecordFormat.VECTOR_GOES_ON) {
      // The payload's parts follow the vector's.
      boolean apart = (flags & RecordFormat.PAYLOAD_PARTS) != 0;
      return kind == RecordKind.UPSERT && !(apart && payloadRead > 0)
          ? goOn(DataBits.samples(1, width))
          : fault(Fault.LATER_VECTOR, parts);
    }
    if (what != RecordFormat.PAYLOAD_BYTES) {
      return fault(Fault.LATER_PART, what);
    }
    int count = Math.min(payloadSize - payloadRead, capacity() - 1);
    if (count < 1) {
      return fault(Fault.LATER_PAYLOAD, parts);
    }
    readPayload(1, count);
    return Fault.NONE;
  }

  private Fault goOn(int headerSamples) {
    return voiced ? readVoice(headerSamples) : readValues(headerSamples);
  }

  private Fault readVoice(int headerSamples) {
    if (headerSamples > used) {
      return fault(Fault.HEADER_CUT, capacity());
    }
    int count = ear.hear(pcm(), headerSamples, used, shift);
    if (count < 0) {
      return fault(Fault.VOICE, headerSamples);
    }
    int end = dimension + count;
    if (end > Vector.MAX_DIMENSION) {
      return fault(Fault.DIMENSION, end);
    }
    if (single) {
      makeRoom32(end);
      ear.copy(bits32, dimension, count);
    } else {
      makeRoom64(end);
      ear.copy(bits64, dimension, count);
    }
    dimension = end;
    return Fault.NONE;
  }

  private Fault checkWhole() {
    if (payloadRead < payloadSize) {
      return fault(Fault.PAYLOAD_CUT, payloadSize - payloadRead);
    }
    Fault fault = kind == RecordKind.UPSERT ? finishVector() : Fault.NONE;
    if (fault != Fault.NONE) {
      return fault;
    }
    long ofBoth = XxHash64.of(payload, 0, payloadSize, headHash);
    long found =
        single ? XxHash64.of(bits32, dimension, ofBoth) : XxHash64.of(bits64, dimension, ofBoth);
    return found == storedHash || !checksHash ? Fault.NONE : fault(Fault.HASH, found);
  }

  private Fault fault(Fault fault, long value) {
    faultValue = value;
    return fault;
  }

  /// The value that the last fault is about.
  long faultValue() {
    return faultValue;
  }

  /// Whether the last part was added without a fault and was its record's last.
  boolean complete() {
    return complete;
  }

  RecordKind kind() {
    return kind;
  }

  long sequence() {
    return sequence;
  }

  long hash() {
    return storedHash;
  }

  /// The encoded id; of no bytes in a skip record.
  byte[] idBytes() {
    return idBytes;
  }

  int idSize() {
    return idSize;
  }

  int skipCount() {
    return skipCount;
  }

  boolean batchContinues() {
    return (flags & RecordFormat.BATCH_CONTINUES) != 0;
  }

  /// Milliseconds since 1970, or -1.
  long insertedAt() {
    return millis(fields[RecordFormat.INSERTED_AT]);
  }

  /// Milliseconds since 1970, or -1.
  long expiresAt() {
    return millis(fields[RecordFormat.EXPIRES_AT]);
  }

  private static long millis(long sinceFirst) {
    return sinceFirst < 0 ? -1 : SoundRecord.FIRST_MILLIS + sinceFirst;
  }

  /// A sequence number, or -1.
  long acknowledged() {
    return before(fields[RecordFormat.ACKNOWLEDGED_LAG]);
  }

  /// A sequence number, or -1.
  long vectorSequence() {
    return before(fields[RecordFormat.VECTOR_LAG]);
  }

  private long before(long lag) {
    return lag < 0 ? -1 : sequence - lag;
  }

  boolean expired() {
    return fields[RecordFormat.EXPIRED] >= 0;
  }

  Sonification sonification() {
    return voiced ? ear.sonification() : Sonification.AMPLITUDE;
  }

  int dimension() {
    return kind == RecordKind.UPSERT ? dimension : 0;
  }

  int payloadSize() {
    return payloadSize;
  }

  /// A copy of the payload.
  byte[] copyPayload() {
    return Arrays.copyOf(payload, payloadSize);
  }

  /// Copies the bits of a float32 vector. By memory, so that no NaN passes through a register that
  /// might quieten it.
  void copyVector(float[] into) {
    MemorySegment.copy(
        MemorySegment.ofArray(bits32), 0, MemorySegment.ofArray(into), 0, 4L * dimension);
  }

  /// Copies the bits of a float64 vector.
  void copyVector(double[] into) {
    MemorySegment.copy(
        MemorySegment.ofArray(bits64), 0, MemorySegment.ofArray(into), 0, 8L * dimension);
  }

  /// The whole record as a value of its own.
  SoundRecord record() {
    SoundRecord record =
        switch (kind) {
          case UPSERT -> SoundRecord.upsert(sequence, id(), vector(), copyPayload());
          case DELETE -> SoundRecord.delete(sequence, id());
          case PAYLOAD -> SoundRecord.changePayload(sequence, id(), copyPayload());
          case SKIP -> SoundRecord.skip(sequence, skipCount);
        };
    record = batchContinues() ? record.withBatchContinues(true) : record;
    return (flags & RecordFormat.OPTIONAL_FIELDS) == 0
        ? record
        : record.withOptionalFields(
            new OptionalFields(fields.clone(), Arrays.copyOf(unknownFields, unknownSize)));
  }

  VectorId id() {
    return IdFormat.read(idBytes, 0);
  }

  private Vector vector() {
    Vector vector = plainVector();
    boolean stepped = representation == RecordFormat.INTEGER && !sparse && !narrow;
    return stepped ? vector.withStep(integers.step()) : vector;
  }

  private Vector plainVector() {
    if (single) {
      float[] floats = new float[dimension];
      copyVector(floats);
      return Vector.sharing(floats);
    }
    double[] doubles = new double[dimension];
    copyVector(doubles);
    return Vector.sharing(doubles);
  }
}
