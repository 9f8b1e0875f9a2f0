package io.sonidb.file;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// The formats of vector files, named as their file name extensions are.
public enum VectorFormat {
  /// NumPy's array format, versions 1 to 3: one vector (1-D) or one a row (2-D).
  NPY,
  /// A little-endian int32 dimension before each row of float32 (TEXMEX).
  FVECS,
  /// A little-endian int32 dimension before each row of uint8 (TEXMEX).
  BVECS,
  /// Little-endian uint32 count and dimension, then rows of float32 (big-ann-benchmarks).
  FBIN,
  /// Little-endian uint32 count and dimension, then rows of uint8 (big-ann-benchmarks).
  U8BIN,
  /// Little-endian uint32 count and dimension, then rows of int8 (big-ann-benchmarks).
  I8BIN,
  /// One JSON object a line: `{"id": ..., "vector": [...], "payload": {...}}`.
  JSONL,
  /// Comma-separated values (RFC 4180); a header line may name an `id` and a `payload` column.
  CSV;

  /// How many bytes of a file's start [#sniff] wants to see.
  public static final int SNIFF_BYTES = 64;

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /// The extension without its dot, `npy` for instance.
  public String extension() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// All extensions with their dots, for messages.
  public static String extensions() {
    return Arrays.stream(values()).map(f -> "." + f.extension()).collect(Collectors.joining(" "));
  }

  /// Finds a format by its name.
  ///
  /// @throws IllegalArgumentException if there is no such format; the message lists those there are
  public static VectorFormat parse(String name) {
    String wanted = name.startsWith(".") ? name.substring(1) : name;
    for (VectorFormat format : values()) {
      if (format.extension().equals(wanted.toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        "format must be one of " + extensions() + ", was \"" + name + "\"");
  }

  /// The format that a file's name announces by its extension, in upper or lower case.
  public static Optional<VectorFormat> ofFileName(String fileName) {
    String lower = fileName.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(f -> lower.endsWith("." + f.extension())).findFirst();
  }

  /// The format that a file's first bytes give away: `.npy` by its magic, `.jsonl` by an opening
  /// brace, `.csv` by printable text. The others have no mark of their own and are never guessed.
  ///
  /// @param head the first bytes, [#SNIFF_BYTES] or as many as there are
  public static Optional<VectorFormat> sniff(byte[] head) {
    if (NpyFormat.startsWithMagic(head)) {
      return Optional.of(NPY);
    }
    int from = startsWith(head, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    String text = new String(head, from, head.length - from, StandardCharsets.ISO_8859_1).strip();
    if (text.startsWith("{")) {
      return Optional.of(JSONL);
    }
    boolean printable = text.chars().allMatch(c -> c >= ' ' || c == '\t' || c == '\r' || c == '\n');
    return !text.isEmpty() && printable ? Optional.of(CSV) : Optional.empty();
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
