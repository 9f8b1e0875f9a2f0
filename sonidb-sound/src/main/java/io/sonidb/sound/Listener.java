package io.sonidb.sound;

import io.sonidb.sound.ListenReport.Container;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Hears a whole input - WAV, FLAC, FLAC in Ogg or raw PCM - and delivers the records in it. Reads
/// it once, from front to end, holding little of it.
public final class Listener {
  private static final int SNIFFED_BYTES = 4;
  private static final int READ_BYTES = 1 << 16;

  private Listener() {}

  /// Hears a WAV, FLAC or Ogg FLAC input to its end, as it comes; which of them, its first bytes
  /// tell. What is none is taken for the middle of a FLAC stream.
  ///
  /// @param in read to its end, not closed
  /// @param sink takes each record as soon as it has been heard
  /// @throws IOException when the input cannot be read, has no sound in it, or not the channels and
  ///   the depth that records need
  public static ListenReport listen(InputStream in, RecordSink sink) throws IOException {
    return listen(in, sink, Ear.Maker.NONE);
  }

  /// As [#listen(InputStream, RecordSink)], with another ear, which takes any channels and depth.
  ///
  /// @param in read to its end, not closed
  /// @param sink takes each record as soon as it has been heard
  /// @param maker makes the other ear, which hears along until the first record was heard without
  /// @throws IOException when the input cannot be read, has no sound in it, or none that can be
  ///   heard in either way
  public static ListenReport listen(InputStream in, RecordSink sink, Ear.Maker maker)
      throws IOException {
    PushbackInputStream input = new PushbackInputStream(in, SNIFFED_BYTES);
    byte[] first = input.readNBytes(SNIFFED_BYTES);
    input.unread(first);
    return switch (new String(first, StandardCharsets.ISO_8859_1)) {
      case "RIFF", "RF64", "BW64" -> listenToWav(input, sink, maker);
      case "OggS" -> listenToOgg(input, sink, maker);
      default -> new FlacHearing(input, sink, maker).hear();
    };
  }

  private static ListenReport listenToOgg(InputStream in, RecordSink sink, Ear.Maker maker)
      throws IOException {
    OggFlac ogg = new OggFlac(in);
    ListenReport report;
    try {
      report = new FlacHearing(ogg, sink, maker).hear();
    } catch (IOException e) {
      if (ogg.holdsOnlyOther()) {
        throw new IOException("unsupported: Ogg stream of something else than FLAC", e);
      }
      throw e;
    }
    return new ListenReport(
        Container.OGG_FLAC, report.heard(), report.skippedBytes() + ogg.skippedBytes());
  }

  private static ListenReport listenToWav(InputStream in, RecordSink sink, Ear.Maker maker)
      throws IOException {
    WavHead head = WavHead.read(in);
    PcmHearing hearing = new PcmHearing(head.layout(), 0, head.sampleRateHz(), sink, maker);
    if (hearing.isDeaf()) {
      throw new IOException(
          "unsupported: WAV of "
              + head.layout().channels()
              + " channels and "
              + 8 * head.layout().encoding().bytes()
              + " bits; records have 2 (float32) or 3 (float64) channels of 24 bits");
    }
    byte[] buffer = new byte[READ_BYTES];
    long left = head.dataBytes();
    while (left > 0) {
      int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (count < 0) {
        break;
      }
      hearing.accept(buffer, count);
      left -= count;
    }
    return new ListenReport(Container.WAV, hearing.finish(), 0);
  }

  /// Hears raw PCM to its end. It may begin in the middle, even in the middle of a sample.
  ///
  /// Where samples begin, the bytes do not tell. So every possibility is listened to, until the
  /// first record has been heard in one of them; from then on, that one.
  ///
  /// @param in read to its end, not closed
  /// @param layout how the samples lie in the bytes
  /// @param sink takes each record as soon as it has been heard
  /// @throws IOException when the input cannot be read
  /// @throws IllegalArgumentException when records cannot lie in such samples
  public static ListenReport listen(InputStream in, PcmLayout layout, RecordSink sink)
      throws IOException {
    return listen(in, layout, RecordFormat.SAMPLE_RATE_HZ, sink, Ear.Maker.NONE);
  }

  /// As [#listen(InputStream, PcmLayout, RecordSink)], with another ear, which takes any channels
  /// and depth.
  ///
  /// @param in read to its end, not closed
  /// @param layout how the samples lie in the bytes
  /// @param sampleRateHz how many of each channel are played in a second
  /// @param sink takes each record as soon as it has been heard
  /// @param maker makes the other ear, which hears along until the first record was heard without
  /// @throws IOException when the input cannot be read
  /// @throws IllegalArgumentException when nothing can be heard in such samples
  public static ListenReport listen(
      InputStream in, PcmLayout layout, int sampleRateHz, RecordSink sink, Ear.Maker maker)
      throws IOException {
    List<PcmHearing> hearings = new ArrayList<>();
    for (int skipped = 0; skipped < layout.frameBytes(); skipped++) {
      hearings.add(new PcmHearing(layout, skipped, sampleRateHz, sink, maker));
    }
    if (hearings.getFirst().isDeaf()) {
      throw new IllegalArgumentException(
          "records need 2 channels (float32) or 3 (float64) of 24 bits, was " + layout);
    }
    byte[] buffer = new byte[READ_BYTES];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      hear(hearings, buffer, count);
    }
    return new ListenReport(Container.RAW, finish(hearings), 0);
  }

  /// Goes on with one hearing as soon as it has heard a record, before any other hears that, too:
  /// with some of the channels late by a sample, tones are as clear.
  private static void hear(List<PcmHearing> hearings, byte[] buffer, int count) {
    for (PcmHearing hearing : hearings) {
      hearing.accept(buffer, count);
      if (hearing.hasHeardRecord()) {
        hearings.retainAll(List.of(hearing));
        return;
      }
    }
  }

  private static ReceiverReport finish(List<PcmHearing> hearings) {
    ReceiverReport first = hearings.getFirst().finish();
    ReceiverReport best = first;
    for (int i = 1; i < hearings.size() && best.records() == 0; i++) {
      best = hearings.get(i).finish();
    }
    return best.records() == 0 ? first : best;
  }
}
