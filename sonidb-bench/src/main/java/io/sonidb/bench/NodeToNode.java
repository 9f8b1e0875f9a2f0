package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Indexing;
import io.sonidb.Outgoing;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FtpNode;
import io.sonidb.ftp.FtpOptions;
import io.sonidb.ftp.Fxp;
import io.sonidb.ftp.FxpEnd;
import io.sonidb.ftp.FxpException;
import io.sonidb.ftp.FxpOptions;
import io.sonidb.ftp.Peer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/// How fast one file goes from one FTP server to another over one connection on loopback, both in
/// this process, beside `cp` of the same file: plain and in TLS, and what it takes to publish it.
///
/// ```
/// NodeToNode FOLDER MEGABYTES ROUNDS
/// ```
public final class NodeToNode {
  private static final int DIMENSION = 1536;
  private static final int BATCH = 1000;
  private static final double MEGABYTE = 1e6;
  private static final int FIRST_PORT = 41_000;
  private static final int LAST_PORT = 41_099;

  private NodeToNode() {}

  /// @param arguments folder for all, which should be in memory; megabytes of the file; rounds
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    long bytes = Long.parseLong(arguments[1]) * 1_000_000;
    int rounds = Integer.parseInt(arguments[2]);
    ClusterSecret secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    FtpOptions options =
        new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST_PORT, LAST_PORT, 64, 60, true);
    SoniDbOptions unindexed = SoniDbOptions.DEFAULT.indexing(Indexing.BY_HAND);
    try (SoniDb from = SoniDb.open(folder.resolve("from"), unindexed);
        SoniDb to = SoniDb.open(folder.resolve("to"), unindexed);
        FtpNode source = FtpNode.start(options, from.inbox(), secret, _ -> {});
        FtpNode target = FtpNode.start(options, to.inbox(), secret, _ -> {})) {
      fill(from, bytes);
      for (int round = 0; round < rounds; round++) {
        try (Outgoing outgoing = from.outgoing("songs", true, Progress.NONE)) {
          SyncFile file = largest(outgoing);
          Path path = outgoing.folder().resolve(file.name());
          copy(path, folder.resolve("copy"), file.size());
          sum(path, file.size());
        }
        for (boolean plain : new boolean[] {true, false}) {
          delete(to.inbox());
          Outgoing outgoing = from.outgoing("songs", true, Progress.NONE);
          String sending = source.sending(outgoing, peer(target), 3600);
          move(plain, largest(outgoing), outgoing.uuid(), secret, source, sending, target);
          source.end(sending); // closes it
        }
        whole(from, to, secret, source, target, round);
      }
    } finally {
      delete(folder);
    }
  }

  private static void fill(SoniDb database, long bytes) {
    UnitVectors vectors = new UnitVectors(DIMENSION);
    Collection songs =
        database.create(
            "songs", CollectionSpec.dimension(DIMENSION).segmentBytes(bytes + (16 << 20)));
    for (long id = 0; songs.stats().diskBytes() < bytes; id += BATCH) {
      songs.upsert(vectors.points(id, BATCH));
    }
  }

  private static SyncFile largest(Outgoing outgoing) {
    return outgoing.files().stream().max((a, b) -> Long.compare(a.size(), b.size())).orElseThrow();
  }

  private static Peer peer(FtpNode node) throws IOException {
    return new Peer(InetAddress.getLoopbackAddress(), FIRST_PORT, LAST_PORT, node.fingerprint());
  }

  private static void copy(Path file, Path to, long bytes) throws Exception {
    Files.deleteIfExists(to);
    long start = System.nanoTime();
    Process process = new ProcessBuilder("cp", file.toString(), to.toString()).start();
    if (process.waitFor() != 0) {
      throw new IOException("cp failed");
    }
    tell("cp", bytes, start, cpuNanos());
    Files.delete(to);
  }

  /// What is computed of a file while it arrives, alone.
  private static void sum(Path file, long bytes) throws Exception {
    CRC32 crc = new CRC32();
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    byte[] piece = new byte[1 << 18];
    long cpu = cpuNanos();
    long start = System.nanoTime();
    try (InputStream in = Files.newInputStream(file)) {
      for (int size = in.read(piece); size >= 0; size = in.read(piece)) {
        crc.update(piece, 0, size);
        sha256.update(piece, 0, size);
      }
    }
    tell("CRC-32 and SHA-256 alone", bytes, start, cpu);
  }

  /// Sizes, CRC-32 and SHA-256 are compared before the target confirms.
  private static void move(
      boolean plain,
      SyncFile file,
      UUID inbox,
      ClusterSecret secret,
      FtpNode source,
      String sending,
      FtpNode target)
      throws IOException {
    String receiving = target.receiving(inbox, List.of(file), peer(source), 3600);
    try (Fxp fxp = new Fxp(FxpOptions.DEFAULT.withPlainData(plain).withSessions(1))) {
      FxpEnd from = end(source, sending, secret);
      FxpEnd to = end(target, receiving, secret);
      long cpu = cpuNanos();
      long start = System.nanoTime();
      List<Fxp.Moved> moved = fxp.move(from, to, List.of(file), Progress.NONE);
      tell(plain ? "FXP, plain" : "FXP, TLS 1.3", file.size(), start, cpu);
      for (Fxp.Moved each : moved) {
        if (each.failure().isPresent()) {
          FxpException failure = each.failure().get();
          throw new IOException(failure.getMessage(), failure);
        }
      }
    } finally {
      target.end(receiving);
    }
  }

  private static FxpEnd end(FtpNode node, String login, ClusterSecret secret) throws IOException {
    return FxpEnd.node("127.0.0.1", node.port(), login, secret, node.fingerprint());
  }

  /// Everything, in TLS, with what publishing takes: each segment is decoded.
  private static void whole(
      SoniDb from, SoniDb to, ClusterSecret secret, FtpNode source, FtpNode target, int round)
      throws IOException {
    to.collections().forEach(to::drop);
    delete(to.inbox());
    Outgoing outgoing = from.outgoing("songs", true, Progress.NONE);
    SyncManifest state = outgoing.state();
    String sending = source.sending(outgoing, peer(target), 3600);
    List<SyncFile> missing = to.missing(state);
    String receiving = target.receiving(state.uuid(), missing, peer(source), 3600);
    try (Fxp fxp = new Fxp(FxpOptions.DEFAULT)) {
      long cpu = cpuNanos();
      long start = System.nanoTime();
      fxp.move(
          end(source, sending, secret), end(target, receiving, secret), missing, Progress.NONE);
      tell("all files, TLS 1.3", state.bytes(), start, cpu);
      cpu = cpuNanos();
      start = System.nanoTime();
      to.receive(state, Progress.NONE);
      tell("publishing: every frame decoded", state.bytes(), start, cpu);
    } finally {
      source.end(sending);
      target.end(receiving);
    }
    System.out.println("round " + (round + 1) + " done");
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static void tell(String what, long bytes, long start, long cpu) {
    double seconds = (System.nanoTime() - start) / 1e9;
    double used = (cpuNanos() - cpu) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%-32s %7.0f MB/s %6.2f s, %.2f s of processor a GB%n",
        what,
        bytes / MEGABYTE / seconds,
        seconds,
        used / bytes * 1e9);
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        Path[] paths = all.toArray(Path[]::new);
        Arrays.sort(paths);
        for (int i = paths.length - 1; i >= 0; i--) {
          Files.delete(paths[i]);
        }
      }
    }
  }
}
