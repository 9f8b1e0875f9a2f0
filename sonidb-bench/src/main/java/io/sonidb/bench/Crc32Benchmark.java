package io.sonidb.bench;

import java.util.zip.CRC32;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// How fast the JDK's own CRC-32 runs here: the checksum of the integrity manifest, and a yardstick
/// for the machine.
@State(Scope.Thread)
public class Crc32Benchmark {
  private final byte[] bytes = new byte[4096];

  /// Makes the benchmark's state; JMH calls this.
  public Crc32Benchmark() {}

  /// Checksums 4 KiB.
  ///
  /// @return the checksum
  @Benchmark
  public long checksum() {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
