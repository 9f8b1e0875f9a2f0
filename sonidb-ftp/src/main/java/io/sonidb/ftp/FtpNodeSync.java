package io.sonidb.ftp;

import io.sonidb.NodeSync;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SyncReport;
import java.io.IOException;

/// What [io.sonidb.Collection#syncNode] finds: [EmbeddedSync] with the user's own secret.
public final class FtpNodeSync implements NodeSync {
  /// For [java.util.ServiceLoader].
  public FtpNodeSync() {}

  @Override
  public SyncReport sync(
      SoniDb database, String collection, String target, boolean seal, Progress progress)
      throws IOException {
    ClusterSecret secret = ClusterSecret.open(ClusterSecret.defaultFile(System.getenv()));
    return EmbeddedSync.run(database, collection, target, secret, seal, progress);
  }
}
