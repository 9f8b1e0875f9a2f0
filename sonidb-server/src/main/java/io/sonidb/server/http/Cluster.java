package io.sonidb.server.http;

import io.sonidb.SoniDb;
import io.sonidb.ftp.CallGuard;
import io.sonidb.ftp.ClusterSecret;
import io.sonidb.ftp.ColdServers;
import io.sonidb.ftp.FtpNode;
import io.sonidb.server.config.ConfigException;
import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.net.BindException;
import java.time.InstantSource;
import java.util.Optional;

/// What other nodes of the same owner may use: the FTP server, and the guard of calls that ask for
/// logins to it.
///
/// @param ftp the server
/// @param secret that the nodes know each other by
/// @param guard lets calls in
/// @param coldServers that are no nodes and may hold cold replicas
record Cluster(FtpNode ftp, ClusterSecret secret, CallGuard guard, ColdServers coldServers)
    implements AutoCloseable {
  /// Reads or makes the secret, and begins to listen; empty if the node is not to.
  ///
  /// @throws ConfigException if the secret or the port cannot be used
  static Optional<Cluster> start(NodeConfig config, SoniDb database, Logs logs) throws IOException {
    if (config.ftp().isEmpty()) {
      return Optional.empty();
    }
    NodeConfig.Ftp ftp = config.ftp().get();
    ClusterSecret secret;
    try {
      secret = ClusterSecret.open(ftp.secretFile());
    } catch (IOException e) {
      throw new ConfigException(
          "cluster.secret_file: "
              + ftp.secretFile()
              + " cannot be used: "
              + e.getMessage()
              + "; give another --cluster-secret-file, or --ftp-enabled false",
          e);
    }
    ColdServers coldServers = coldServers(ftp);
    try {
      return Optional.of(
          new Cluster(
              FtpNode.start(ftp.options(), database.inbox(), secret, logs::event),
              secret,
              new CallGuard(secret, InstantSource.system()),
              coldServers));
    } catch (BindException e) {
      throw new ConfigException(
          "cannot listen on "
              + ftp.options().host()
              + " port "
              + ftp.options().port().orElse(0)
              + ": "
              + e.getMessage()
              + "; give another --ftp-port, or --ftp-enabled false",
          e);
    }
  }

  private static ColdServers coldServers(NodeConfig.Ftp ftp) {
    try {
      return ftp.replicasFile().isEmpty()
          ? ColdServers.none()
          : ColdServers.read(ftp.replicasFile().get());
    } catch (IOException e) {
      throw new ConfigException("cluster.replicas_file: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    ftp.close();
  }
}
