package io.sonidb.sound;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/// Feeds bytes of any kind to everything that reads. Replays the inputs that are kept in the
/// resources; with `JAZZER_FUZZ=1` it looks for new ones.
class RecordFuzzTest {
  private static final RecordDecoder DECODER_32 = new RecordDecoder(SoundFormat.FLOAT32);
  private static final RecordDecoder DECODER_64 = new RecordDecoder(SoundFormat.FLOAT64);
  private static final RecordEncoder ENCODER_32 = new RecordEncoder(SoundFormat.FLOAT32);
  private static final RecordEncoder ENCODER_64 = new RecordEncoder(SoundFormat.FLOAT64);

  @FuzzTest(maxDuration = "2m")
  void readsFramesOrRefusesThem(byte[] bytes) {
    for (RecordDecoder decoder : List.of(DECODER_32, DECODER_64)) {
      try {
        decoder.read(bytes, 0, bytes.length);
      } catch (IOException e) {
        continue;
      }
      assertComesBack(decoder.record());
    }
  }

  @FuzzTest(maxDuration = "2m")
  void listensToAnything(byte[] bytes) throws IOException {
    try {
      Listener.listen(new ByteArrayInputStream(bytes), (record, _) -> assertComesBack(record));
    } catch (IOException e) {
      // Refused, as it should be.
    }
    for (PcmLayout.Encoding encoding : EnumSet.complementOf(EnumSet.of(PcmLayout.Encoding.S16LE))) {
      Listener.listen(
          new ByteArrayInputStream(bytes),
          new PcmLayout(2 + bytes.length % 2, encoding),
          (record, _) -> assertComesBack(record));
    }
  }

  @FuzzTest(maxDuration = "2m")
  void hearsAnySamples(FuzzedDataProvider data) {
    SoundFormat format = data.consumeBoolean() ? SoundFormat.FLOAT32 : SoundFormat.FLOAT64;
    Receiver receiver = new Receiver(format, (record, _) -> assertComesBack(record));
    while (data.remainingBytes() > 0) {
      int[][] pcm = new int[format.channels()][data.consumeInt(0, 100)];
      for (int[] channel : pcm) {
        boolean quiet = data.consumeBoolean();
        for (int i = 0; i < channel.length; i++) {
          channel[i] = quiet ? data.consumeByte() : data.consumeInt(-(1 << 23), (1 << 23) - 1);
        }
      }
      receiver.accept(pcm, 0, pcm[0].length);
    }
    receiver.finish();
    receiver.report();
  }

  /// Parts with right control words, headers of any bytes and ranks of any size; the hash is not
  /// checked, so that what is behind it is reached.
  @FuzzTest(maxDuration = "2m")
  void assemblesPartsOrRefusesThem(FuzzedDataProvider data) {
    SoundFormat format = data.consumeBoolean() ? SoundFormat.FLOAT32 : SoundFormat.FLOAT64;
    RecordAssembler assembler = new RecordAssembler(format, false);
    int dataChannels = format.channels() - 1;
    boolean first = true;
    boolean last = false;
    while (data.remainingBytes() > 0 && !last) {
      last = data.consumeBoolean();
      int shift = data.consumeBoolean() ? 0 : data.consumeInt(0, RecordFormat.MAX_SHIFT);
      int width = (RecordFormat.BITS_PER_SAMPLE - shift) * dataChannels;
      byte[] header = data.consumeBytes(data.consumeInt(0, 700));
      int[][] pcm = new int[format.channels()][RecordFormat.MAX_PART_SAMPLES + 700 * 8];
      int used = DataBits.write(header, 0, header.length, pcm, 0, width);
      int[] ranks = pcm[dataChannels];
      byte[] values = data.consumeBytes(data.consumeInt(0, 300));
      for (int i = 0; i < values.length; i++) {
        ranks[used + i] = i % 7 == 6 ? values[i] << 9 : values[i];
        pcm[0][used + i] = values[i] << 16 + i % 8 >> i % 8 << shift;
      }
      used = Math.clamp(used + values.length, 1, RecordFormat.MAX_PART_SAMPLES);
      int control =
          RecordFormat.MARKER
              | (first ? RecordFormat.FIRST_PART : 0)
              | (last ? RecordFormat.LAST_PART : 0)
              | shift << RecordFormat.SHIFT_AT
              | used - 1;
      if (assembler.add(pcm, control) != Fault.NONE) {
        return;
      }
      first = false;
    }
    if (assembler.complete()) {
      assertComesBack(assembler.record());
    }
  }

  /// Vectors by frequency and by pulse whose samples are anything, or pulses of any length; the
  /// hash is not checked.
  @FuzzTest(maxDuration = "2m")
  void hearsVoicesOrRefusesThem(FuzzedDataProvider data) {
    SoundFormat format = data.consumeBoolean() ? SoundFormat.FLOAT32 : SoundFormat.FLOAT64;
    RecordAssembler assembler = new RecordAssembler(format, false);
    byte[] header = new byte[RecordFormat.MAX_HEADER_BYTES];
    float[] one = {1};
    int size = RecordHead.write(SoundRecord.upsert(1, VectorId.of(1), Vector.of(one)), header);
    size += RecordFormat.HASH_BYTES;
    boolean pulses = data.consumeBoolean();
    int representation = pulses ? RecordFormat.PULSE : RecordFormat.FREQUENCY;
    header[size++] =
        (byte) (representation << RecordFormat.REPRESENTATION_AT | data.consumeInt(0, 31));
    int shift = data.consumeInt(0, RecordFormat.MAX_SHIFT);
    int width = (RecordFormat.BITS_PER_SAMPLE - shift) * (format.channels() - 1);
    int first = RecordFormat.FIRST_PART;
    boolean last = false;
    while (!last) {
      int[][] pcm = new int[format.channels()][2 * RecordFormat.MAX_PART_SAMPLES];
      int start = DataBits.write(header, 0, size, pcm, 0, width);
      int used = start;
      for (int channel = 0; channel < format.channels() - 1; channel++) {
        used = Math.max(used, fill(pcm[channel], start, shift, pulses, data));
      }
      last = data.remainingBytes() == 0 || data.consumeBoolean();
      int control =
          RecordFormat.MARKER
              | first
              | (last ? RecordFormat.LAST_PART : 0)
              | shift << RecordFormat.SHIFT_AT
              | used - 1;
      if (assembler.add(pcm, control) != Fault.NONE) {
        return;
      }
      first = 0;
      header[0] = (byte) RecordFormat.VECTOR_GOES_ON;
      size = 1;
    }
    assertComesBack(assembler.record());
  }

  private static int fill(
      int[] samples, int start, int shift, boolean pulses, FuzzedDataProvider data) {
    int at = start;
    byte[] bytes = data.consumeBytes(data.consumeInt(0, 600));
    for (int i = 0; i < bytes.length; i++) {
      int count = pulses ? Math.min(1 + (bytes[i] & 7), RecordFormat.MAX_PART_SAMPLES - at) : 1;
      for (int end = at + count; at < end; at++) {
        samples[at] = pulses ? i % 2 - 1 << RecordFormat.MAX_SHIFT : bytes[i] << shift;
      }
    }
    return at;
  }

  /// Whatever was accepted is a record like any other.
  private static void assertComesBack(SoundRecord record) {
    boolean double64 =
        record.kind() == RecordKind.UPSERT && record.vector().elementType() == ElementType.FLOAT64;
    RecordEncoder encoder = double64 ? ENCODER_64 : ENCODER_32;
    byte[] bytes = Records.encode(encoder, record);
    RecordDecoder decoder = double64 ? DECODER_64 : DECODER_32;
    List<SoundRecord> read = new ArrayList<>();
    try {
      decoder.read(bytes, 0, bytes.length);
      read.add(decoder.record());
    } catch (IOException e) {
      throw new AssertionError("what was accepted cannot be read again: " + record, e);
    }
    if (!read.contains(record)) {
      throw new AssertionError(read + " is not " + record);
    }
  }
}
