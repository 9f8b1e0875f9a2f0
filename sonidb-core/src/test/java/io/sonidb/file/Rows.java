package io.sonidb.file;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads whole small files in tests.
final class Rows {

  private Rows() {}

  static List<VectorRow> all(VectorReader reader) throws IOException {
    try (reader) {
      List<VectorRow> rows = new ArrayList<>();
      for (Optional<VectorRow> row = reader.next(); row.isPresent(); row = reader.next()) {
        rows.add(row.get());
      }
      return rows;
    }
  }

  static VectorReader stream(byte[] bytes, ReadOptions options) throws IOException {
    return VectorReader.of(new ByteArrayInputStream(bytes), "-", options);
  }

  /// Reads the text through a stream and through a file of this name, which must agree.
  static List<VectorRow> text(Path folder, String name, String text, ReadOptions options)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(folder.resolve(name), bytes);
    List<VectorRow> rows = all(VectorReader.open(file, options));
    VectorFormat format = VectorFormat.ofFileName(name).orElseThrow();
    List<VectorRow> streamed = all(stream(bytes, options.format(format)));
    if (!rows.equals(streamed)) {
      throw new AssertionError("file " + rows + ", stream " + streamed);
    }
    return rows;
  }
}
