package io.sonidb.cli;

import io.sonidb.flac.Frames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Kinds of sound files, told by their first bytes.
///
/// @param name what people call it
/// @param offset where the bytes that tell lie
/// @param magic these bytes
record SoundKind(String name, int offset, String magic) {

  /// So many bytes tell.
  static final int HEAD_BYTES = 64;

  /// Behind the head of an Ogg page with one segment: the first packet.
  private static final int OGG_PACKET_AT = 28;

  private static final int OGG_FLAGS_AT = 5;
  private static final int OGG_FIRST_PAGE = 2;

  /// What is read here without the help of others.
  private static final List<String> OURS = List.of("fLaC", "RIFF", "RF64", "BW64");

  private static final List<SoundKind> OTHERS =
      List.of(
          new SoundKind("MP4 (AAC, ALAC)", 4, "ftyp"),
          new SoundKind("MP3", 0, "ID3"),
          new SoundKind("AIFF", 0, "FORM"),
          new SoundKind("Core Audio", 0, "caff"),
          new SoundKind("Matroska or WebM", 0, "\u001AE\u00DF\u00A3"),
          new SoundKind("Sun audio", 0, ".snd"),
          new SoundKind("WavPack", 0, "wvpk"),
          new SoundKind("Monkey's Audio", 0, "MAC "),
          new SoundKind("True Audio", 0, "TTA1"),
          new SoundKind("TAK", 0, "tBaK"),
          new SoundKind("Windows Media", 0, "0&\u00B2u"),
          new SoundKind("AMR", 0, "#!AMR"),
          new SoundKind("Wave64", 0, "riff"));

  /// What must be decoded by another program, or empty for what is read here: WAV, FLAC, FLAC in
  /// Ogg, and whatever is not known, for it may be the middle of a FLAC stream.
  static Optional<String> forOthers(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.startsWith("RIFF") && text.length() >= 12 && !text.startsWith("WAVE", 8)) {
      return Optional.of("AVI");
    }
    if (text.startsWith("OggS")) {
      return oggForOthers(text);
    }
    Optional<String> other =
        OTHERS.stream()
            .filter(kind -> text.startsWith(kind.magic, kind.offset))
            .map(SoundKind::name)
            .findFirst();
    return other.isEmpty() && startsLikeMpeg(head) ? Optional.of("MPEG audio") : other;
  }

  /// Whether nothing at all tells what these bytes are.
  static boolean isUnknown(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    return OURS.stream().noneMatch(text::startsWith)
        && !text.startsWith("OggS")
        && forOthers(head).isEmpty()
        && !startsWithFrame(head);
  }

  /// Whether these bytes begin a file of sound that is known for sure.
  static boolean isContainer(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    return OURS.stream().anyMatch(text::startsWith)
        || text.startsWith("OggS")
        || OTHERS.stream().anyMatch(kind -> text.startsWith(kind.magic, kind.offset));
  }

  private static Optional<String> oggForOthers(String text) {
    boolean first =
        text.length() > OGG_PACKET_AT && (text.charAt(OGG_FLAGS_AT) & OGG_FIRST_PAGE) != 0;
    return first && !text.startsWith("\u007FFLAC", OGG_PACKET_AT)
        ? Optional.of(text.startsWith("OpusHead", OGG_PACKET_AT) ? "Opus" : "Ogg")
        : Optional.empty();
  }

  /// MP3 and AAC without a container begin with eleven bits of 1, and so do FLAC frames.
  private static boolean startsLikeMpeg(byte[] head) {
    return head.length >= 4
        && head[0] == (byte) 0xFF
        && (head[1] & 0xE0) == 0xE0
        && head[1] != (byte) 0xFF
        && !startsWithFrame(head);
  }

  /// A frame's header has a checksum of its own.
  private static boolean startsWithFrame(byte[] head) {
    return Frames.findHeader(
            Arrays.copyOf(head, Math.min(head.length, 20)), 0, Math.min(head.length, 20))
        == 0;
  }
}
