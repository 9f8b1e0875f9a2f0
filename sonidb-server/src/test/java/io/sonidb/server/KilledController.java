package io.sonidb.server;

import io.sonidb.Progress;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.FxpOptions;
import io.sonidb.ftp.RemoteNode;
import io.sonidb.ftp.Syncing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// Drives a sync between two other processes, and can be killed.
final class KilledController {
  private static final FxpOptions PATIENT_FOR_SECONDS =
      new FxpOptions(
          4,
          false,
          2,
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofMillis(100),
          Duration.ofSeconds(3));

  private KilledController() {}

  /// @param args file of the secret, source, target, collection
  public static void main(String[] args) throws IOException {
    ClusterSecret secret = ClusterSecret.read(Path.of(args[0]));
    System.out.println("begins");
    new Syncing(
            RemoteNode.at(args[1], secret),
            RemoteNode.at(args[2], secret),
            secret,
            PATIENT_FOR_SECONDS)
        .run(args[3], true, Progress.NONE);
    System.out.println("done");
  }
}
