package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Indexing;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SoniDbOptions;
import io.sonidb.SyncReport;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FtpNode;
import io.sonidb.ftp.FtpOptions;
import io.sonidb.ftp.FxpOptions;
import io.sonidb.ftp.LocalNode;
import io.sonidb.ftp.Syncing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;

/// How long it takes to bring few new vectors of many to another node: both nodes in this process,
/// without search indexes.
///
/// ```
/// DeltaSync FOLDER VECTORS DIMENSION NEW_VECTORS ROUNDS
/// ```
public final class DeltaSync {
  private static final int BATCH = 1000;
  private static final int FIRST_PORT = 41_100;
  private static final int LAST_PORT = 41_199;

  private DeltaSync() {}

  /// @param arguments an empty folder; vectors that both nodes have; their dimension; vectors that
  ///   are new in each round; rounds
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int vectors = Integer.parseInt(arguments[1]);
    int dimension = Integer.parseInt(arguments[2]);
    int news = Integer.parseInt(arguments[3]);
    int rounds = Integer.parseInt(arguments[4]);
    ClusterSecret secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    FtpOptions options =
        new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST_PORT, LAST_PORT, 64, 60, false);
    SoniDbOptions unindexed = SoniDbOptions.DEFAULT.indexing(Indexing.BY_HAND);
    UnitVectors source = new UnitVectors(dimension);
    try (SoniDb from = SoniDb.open(folder.resolve("from"), unindexed);
        SoniDb to = SoniDb.open(folder.resolve("to"), unindexed);
        FtpNode sending = FtpNode.start(options, from.inbox(), secret, _ -> {});
        FtpNode receiving = FtpNode.start(options, to.inbox(), secret, _ -> {})) {
      Syncing syncing =
          new Syncing(
              new LocalNode(from, sending, secret, _ -> {}),
              new LocalNode(to, receiving, secret, _ -> {}),
              secret,
              FxpOptions.DEFAULT);
      Collection songs =
          from.create("songs", CollectionSpec.dimension(dimension).durability(Durability.OS));
      fill(songs, source, vectors);
      tell("all", syncing.run("songs", true, Progress.NONE));
      for (int round = 0; round < rounds; round++) {
        fill(songs, source, news);
        tell("new", syncing.run("songs", true, Progress.NONE));
        tell("nothing new", syncing.run("songs", true, Progress.NONE));
      }
      System.out.println("both have " + songs.count() + ", " + to.collection("songs").count());
    }
  }

  private static void fill(Collection songs, UnitVectors source, int count) {
    for (int done = 0; done < count; done += BATCH) {
      songs.upsert(source.points(songs.count(), Math.min(BATCH, count - done)));
    }
  }

  private static void tell(String what, SyncReport report) {
    System.out.printf(
        Locale.ROOT,
        "%-12s %7.3f s, %d files, %d of %d bytes, %d vectors%n",
        what,
        report.seconds(),
        report.files(),
        report.bytes(),
        report.totalBytes(),
        report.received().vectors());
  }
}
