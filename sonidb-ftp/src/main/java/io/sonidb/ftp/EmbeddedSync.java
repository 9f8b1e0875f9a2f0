package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SyncReport;
import java.io.IOException;
import java.util.OptionalInt;

/// Brings a collection of a database that is open in this process, and is no node, to a node: an
/// FTP server runs as long as that takes.
///
/// ```java
/// ClusterSecret secret = ClusterSecret.read(ClusterSecret.defaultFile(System.getenv()));
/// SyncReport sent = EmbeddedSync.run(db, "songs", "sonidb://host", secret, true, Progress.NONE);
/// ```
public final class EmbeddedSync {
  private static final int FIRST_PASSIVE_PORT = 7622;
  private static final int LAST_PASSIVE_PORT = 7721;
  private static final int MAX_SESSIONS = 64;
  private static final int IDLE_SECONDS = 60;

  private EmbeddedSync() {}

  /// Brings the collection there, as [Syncing#run] says.
  ///
  /// @param target `sonidb://host:port`
  /// @throws IllegalArgumentException if that is no node's address
  /// @throws IOException if it is not done
  public static SyncReport run(
      SoniDb database,
      String collection,
      String target,
      ClusterSecret secret,
      boolean seal,
      Progress progress)
      throws IOException {
    RemoteNode there = RemoteNode.at(target, secret);
    String host = there.address().isLoopbackAddress() ? "127.0.0.1" : "0.0.0.0";
    FtpOptions options =
        new FtpOptions(
            host,
            OptionalInt.of(0),
            FIRST_PASSIVE_PORT,
            LAST_PASSIVE_PORT,
            MAX_SESSIONS,
            IDLE_SECONDS,
            false);
    try (FtpNode ftp = FtpNode.start(options, database.inbox(), secret, _ -> {})) {
      LocalNode here = new LocalNode(database, ftp, secret, _ -> {});
      return new Syncing(here, there, secret, FxpOptions.DEFAULT).run(collection, seal, progress);
    }
  }
}
