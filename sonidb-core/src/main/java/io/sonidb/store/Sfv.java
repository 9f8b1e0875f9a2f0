package io.sonidb.store;

import java.util.Locale;

/// `index.sfv`: a line for each sealed segment, which `cksfv` and `rhash` check; its SHA-256 and
/// size in a comment.
final class Sfv {
  private Sfv() {}

  static String text(Manifest manifest) {
    StringBuilder comments = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    comments.append("; SoniDB collection ").append(manifest.header().name()).append('\n');
    for (Manifest.SegmentEntry entry : manifest.segments()) {
      if (entry.sealed().isPresent()) {
        Manifest.Sealed sealed = entry.sealed().get();
        String name = SegmentFormat.FOLDER + "/" + entry.file();
        comments
            .append("; ")
            .append(name)
            .append(" size ")
            .append(entry.committedBytes())
            .append(" sha256 ")
            .append(sealed.sha256())
            .append('\n');
        lines
            .append(name)
            .append(' ')
            .append(Manifest.hex(sealed.crc32()).toUpperCase(Locale.ROOT))
            .append('\n');
      }
    }
    return comments.append(lines).toString();
  }
}
