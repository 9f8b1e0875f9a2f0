package io.sonidb.sound;

import java.util.Arrays;
import java.util.Optional;

/// Turns a record into PCM, part by part, after [RecordFormat]. Knows no FLAC; reuses its buffers.
final class RecordSonifier {
  /// Above this a payload is never in the header of a vector: parts of its own are smaller by far.
  private static final int MAX_INLINE_PAYLOAD_BYTES = 4096;

  private final SoundFormat format;
  private final int dataChannels;
  private final int wordBits;
  private final RecordLayout layout;
  private final Optional<VoiceLayout> voice;
  private final VectorPlan vectors;
  private final int[][] pcm;
  private final int[] marker;
  private final byte[] bytes;

  private SoundRecord record = SoundRecord.skip(0, 1);
  private long hash;
  private int headerBytes;
  private boolean voiced;
  private int values;
  private int payloadParts;
  private int used;

  RecordSonifier(SoundFormat format) {
    this.format = format;
    dataChannels = format.channels() - 1;
    wordBits = RecordFormat.BITS_PER_SAMPLE * dataChannels;
    layout = new RecordLayout(dataChannels);
    voice = VoiceLayout.of(format);
    vectors = new VectorPlan(format, layout);
    pcm = new int[format.channels()][RecordFormat.MAX_PART_SAMPLES];
    marker = pcm[dataChannels];
    bytes = new byte[RecordFormat.MAX_HEADER_BYTES + layout.payloadBytesPerPart() + 1];
  }

  /// The most parts that a record can have. Laid out without a shift, it has the most.
  int maxParts(SoundRecord next) {
    int header = DataBits.samples(maxHeaderBytes(next), wordBits);
    int samples = Math.max(header, RecordLayout.MAX_NARROW_HEADER_SAMPLES) + plainValues(next);
    // Parts in which the vector goes on lose one sample each.
    return Math.ceilDiv(samples, RecordFormat.MAX_PART_SAMPLES - 1)
        + (isVoiced(next) ? voice.orElseThrow().maxParts(next.vector().dimension()) : 0)
        + layout.payloadParts(next.payload().length);
  }

  /// The most samples that a record can have in parts without a shift, padding and a voice's aside.
  int maxSamples(SoundRecord next) {
    int parts = maxParts(next);
    return DataBits.samples(maxHeaderBytes(next) + next.payload().length + parts, wordBits)
        + plainValues(next)
        + parts;
  }

  /// The most bytes that the samples of a voice can take.
  int maxVoiceBytes(SoundRecord next) {
    return isVoiced(next) ? voice.orElseThrow().maxBytes(next.vector().dimension()) : 0;
  }

  private boolean isVoiced(SoundRecord next) {
    return voice.isPresent() && next.kind() == RecordKind.UPSERT;
  }

  /// How many components are a sample each.
  private int plainValues(SoundRecord next) {
    return next.kind() == RecordKind.UPSERT && !isVoiced(next) ? next.vector().dimension() : 0;
  }

  private int maxHeaderBytes(SoundRecord next) {
    int size = RecordHead.write(next, bytes) + RecordFormat.HASH_BYTES;
    int values = next.kind() == RecordKind.UPSERT ? next.vector().dimension() : 0;
    int far = Math.min(values, RecordFormat.MAX_FAR_EXPONENTS);
    return size + 1 + dataChannels + 1 + far * dataChannels;
  }

  /// Plans the parts of a record.
  ///
  /// @throws IllegalArgumentException when the vector's element type is not the format's
  void prepare(SoundRecord next) {
    record = next;
    voiced = isVoiced(next);
    int size = RecordHead.write(next, bytes);
    hash = RecordHead.hash(next, bytes, size);
    IdFormat.writeBigEndian(hash, RecordFormat.HASH_BYTES, bytes, size);
    size += RecordFormat.HASH_BYTES;
    if (next.kind() == RecordKind.UPSERT) {
      planWithVector(next.vector(), size);
    } else {
      planWithoutVector(size);
    }
  }

  private void planWithoutVector(int size) {
    values = 0;
    int whole = size + record.payload().length;
    boolean inline = DataBits.samples(whole, wordBits) <= RecordFormat.MAX_PART_SAMPLES;
    headerBytes = placePayload(inline, size);
    layout.planHeader(headerBytes);
  }

  private void planWithVector(Vector vector, int size) {
    if (vector.elementType() != format.element()) {
      throw new IllegalArgumentException(
          "vector is " + vector.elementType() + ", the format takes " + format.element());
    }
    if (voiced) {
      values = 0;
      planVoice(voice.orElseThrow(), vector, size);
      return;
    }
    vectors.choose(vector, size);
    values = vectors.values();
    int payload = record.payload().length;
    boolean inline =
        payload > 0
            && payload <= MAX_INLINE_PAYLOAD_BYTES
            && vectors.isCheaperInline(size + vectors.headerBytes(), payload);
    headerBytes = vectors.writeHeader(bytes, placePayload(inline, size));
    vectors.plan(headerBytes);
  }

  private void planVoice(VoiceLayout sounding, Vector vector, int size) {
    sounding.prepare(vector);
    int payload = record.payload().length;
    int at = placePayload(sounding.isInline(size + payload + 1), size);
    bytes[at] = sounding.description();
    headerBytes = at + 1;
    sounding.plan(headerBytes, vector.dimension(), layout.fillingShift(headerBytes));
  }

  /// Marks in the header's first byte where the payload is, and puts it behind `size` when it is in
  /// the header; returns the size from then on.
  private int placePayload(boolean inline, int size) {
    byte[] payload = record.payload();
    payloadParts = 0;
    if (payload.length == 0) {
      return size;
    }
    if (inline) {
      System.arraycopy(payload, 0, bytes, size, payload.length);
      return size + payload.length;
    }
    bytes[0] ^= RecordFormat.PAYLOAD_INLINE | RecordFormat.PAYLOAD_PARTS;
    payloadParts = layout.payloadParts(payload.length);
    return size;
  }

  /// The hash of the prepared record.
  long hash() {
    return hash;
  }

  /// How many parts the prepared record has.
  int parts() {
    return vectorParts() + payloadParts;
  }

  private int vectorParts() {
    return voiced ? voice.orElseThrow().parts() : layout.vectorParts();
  }

  /// Makes the samples of one part of the prepared record.
  ///
  /// @return how many samples the frame has: 16 to 4608, of which those behind [#used] are padding
  int sound(int part) {
    int vectorParts = vectorParts();
    int shift = part < vectorParts ? soundVector(part) : soundPayload(part - vectorParts);
    marker[0] =
        RecordFormat.MARKER
            | (part == 0 ? RecordFormat.FIRST_PART : 0)
            | (part == parts() - 1 ? RecordFormat.LAST_PART : 0)
            | shift << RecordFormat.SHIFT_AT
            | used - 1;
    for (int i = used; i < RecordFormat.MIN_BLOCK_SAMPLES; i++) {
      for (int[] channel : pcm) {
        channel[i] = 0;
      }
    }
    return Math.max(used, RecordFormat.MIN_BLOCK_SAMPLES);
  }

  private int soundVector(int part) {
    int shift = voiced ? voice.orElseThrow().shift(part) : layout.shift();
    int width = wordBits - shift * dataChannels;
    int start;
    if (part == 0) {
      start = writeBits(headerBytes, width);
    } else {
      bytes[0] = (byte) RecordFormat.VECTOR_GOES_ON;
      start = writeBits(1, width);
    }
    if (voiced) {
      used = start + voice.orElseThrow().sound(part, pcm, start);
      Arrays.fill(marker, start, used, 0);
      return shift;
    }
    int count = values == 0 ? 0 : layout.values(part, values);
    vectors.sound(layout.firstValue(part), count, pcm, start);
    used = start + count;
    return shift;
  }

  private int soundPayload(int payloadPart) {
    byte[] payload = record.payload();
    int from = payloadPart * layout.payloadBytesPerPart();
    int count = Math.min(layout.payloadBytesPerPart(), payload.length - from);
    bytes[0] = (byte) RecordFormat.PAYLOAD_BYTES;
    System.arraycopy(payload, from, bytes, 1, count);
    int shift = layout.fillingShift(count + 1);
    used = writeBits(count + 1, wordBits - shift * dataChannels);
    return shift;
  }

  private int writeBits(int count, int width) {
    int samples = DataBits.write(bytes, 0, count, pcm, 0, width);
    Arrays.fill(marker, 0, samples, 0);
    return samples;
  }

  /// Whether a part's data samples are small numbers, among which it pays to look for a code; all
  /// others are noise.
  boolean isWorthSearching(int part) {
    return values > 0 && vectors.isWorthSearching() && part < layout.vectorParts();
  }

  /// Whether the vector knew the step of which its components are whole multiples.
  boolean isOfKnownStep() {
    return vectors.isOfKnownStep();
  }

  /// The samples of the part that was made last: a channel each, valid until the next.
  int[][] pcm() {
    return pcm;
  }

  /// How many samples of the part that was made last are not padding.
  int used() {
    return used;
  }
}
