package io.sonidb.sound;

import io.sonidb.sound.ListenReport.Container;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Hears a whole input - WAV, FLAC or raw PCM - and delivers the records in it. Reads it once, from
/// front to end, holding little of it.
public final class Listener {
  private static final int SNIFFED_BYTES = 4;
  private static final int READ_BYTES = 1 << 16;

  private Listener() {}

  /// Hears a WAV or FLAC input to its end, as it comes; which of them, its first bytes tell. What
  /// is neither is taken for the middle of a FLAC stream.
  ///
  /// @param in read to its end, not closed
  /// @param sink takes each record as soon as it has been heard
  /// @throws IOException when the input cannot be read, has no sound in it, or not the channels and
  ///   the depth that records need
  public static ListenReport listen(InputStream in, RecordSink sink) throws IOException {
    PushbackInputStream input = new PushbackInputStream(in, SNIFFED_BYTES);
    byte[] first = input.readNBytes(SNIFFED_BYTES);
    input.unread(first);
    return switch (new String(first, StandardCharsets.ISO_8859_1)) {
      case "RIFF", "RF64", "BW64" -> listenToWav(input, sink);
      default -> new FlacHearing(input, sink).hear();
    };
  }

  private static ListenReport listenToWav(InputStream in, RecordSink sink) throws IOException {
    WavHead head = WavHead.read(in);
    PcmHearing hearing = new PcmHearing(head.layout(), 0, sink);
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
  public static ListenReport listen(InputStream in, PcmLayout layout, RecordSink sink)
      throws IOException {
    List<PcmHearing> hearings = new ArrayList<>();
    for (int skipped = 0; skipped < layout.frameBytes(); skipped++) {
      hearings.add(new PcmHearing(layout, skipped, sink));
    }
    byte[] buffer = new byte[READ_BYTES];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      for (PcmHearing hearing : hearings) {
        hearing.accept(buffer, count);
      }
      keepBest(hearings);
    }
    return new ListenReport(Container.RAW, hearings.getFirst().finish(), 0);
  }

  private static void keepBest(List<PcmHearing> hearings) {
    for (PcmHearing hearing : hearings) {
      if (hearings.size() > 1 && hearing.hasHeardRecord()) {
        hearings.retainAll(List.of(hearing));
        return;
      }
    }
  }
}
