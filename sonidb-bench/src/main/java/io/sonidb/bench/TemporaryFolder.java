package io.sonidb.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A folder for the data of one run, deleted with all that is in it when it is closed.
///
/// It lies in the folder that `-Dsonidb.bench.folder` names, else in `java.io.tmpdir`. Where that
/// is a file system in memory, writes that wait for the disk are measured too fast.
record TemporaryFolder(Path path) implements AutoCloseable {
  static TemporaryFolder create() throws IOException {
    String parent = System.getProperty("sonidb.bench.folder", System.getProperty("java.io.tmpdir"));
    Path folder = Path.of(parent);
    Files.createDirectories(folder);
    return new TemporaryFolder(Files.createTempDirectory(folder, "sonidb-bench-"));
  }

  @Override
  public void close() throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(path)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }
}
