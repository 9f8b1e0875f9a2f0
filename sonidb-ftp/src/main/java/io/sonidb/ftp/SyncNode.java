package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncFile;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.UUID;

/// A node as whoever drives a sync uses it: this one ([LocalNode]), or another one that has the
/// same secret ([RemoteNode]).
public interface SyncNode {
  /// Where its FTP server is.
  ///
  /// @param address at which other nodes reach it
  /// @param port of connections for commands
  /// @param firstPort first port that data connections come in at
  /// @param lastPort last one
  /// @param certificate SHA-256 of the one that it shows
  /// @param plainData whether files may travel without TLS
  record Contact(
      InetAddress address,
      int port,
      int firstPort,
      int lastPort,
      String certificate,
      boolean plainData) {
    /// As the other end of data connections.
    Peer peer() {
      return new Peer(address, firstPort, lastPort, certificate);
    }

    FxpEnd end(String login, ClusterSecret secret) {
      return FxpEnd.node(address.getHostAddress(), port, login, secret, certificate);
    }
  }

  /// A login that gets files.
  ///
  /// @param manifest of the state that it sees, signed
  /// @param newest number of the newest write that the collection has, in that state or not
  record Sending(String login, String manifest, long newest) {}

  /// What became of asking for a login that sends files.
  sealed interface Receiving {}

  /// The files may come.
  ///
  /// @param missing those that have to
  /// @param changes whether publishing changes anything
  record Welcome(String login, List<SyncFile> missing, boolean changes) implements Receiving {}

  /// What would come does not count any more: the node has a history of a higher epoch.
  ///
  /// @param reason for people
  record OutOfDate(int newerEpoch, String reason) implements Receiving {}

  /// A login that sends what is written.
  ///
  /// @param next number of the first record that is to come
  record Hearing(String login, long next) {}

  /// What it is called, for people.
  String name();

  /// Where its FTP server is.
  ///
  /// @param other a node that is to exchange files with it; itself if that does not matter
  /// @throws IOException if it cannot be reached, or has not the secret
  Contact contact(SyncNode other) throws IOException;

  /// As [#contact(SyncNode)], for a server that is no node.
  ///
  /// @param other where that is
  Contact contact(InetAddress other) throws IOException;

  /// Makes a login that gets the files of a collection, to any of some peers.
  Sending send(String collection, boolean seal, List<Peer> peers) throws IOException;

  /// As [#send(String, boolean, List)], to one.
  default Sending send(String collection, boolean seal, Peer peer) throws IOException {
    return send(collection, seal, List.of(peer));
  }

  /// Makes a login that sends the files of a state, from any of some peers.
  ///
  /// @param passesOn whether the peers get from there what has arrived
  Receiving receive(String manifest, List<Peer> peers, boolean passesOn) throws IOException;

  /// As [#receive(String, List, boolean)], from one.
  default Receiving receive(String manifest, Peer peer) throws IOException {
    return receive(manifest, List.of(peer), false);
  }

  /// Has what came in take its place.
  ///
  /// @param newest number of the newest write that the source has
  ReceiveReport publish(String login, long newest, Progress progress) throws IOException;

  /// Makes a login that gets what is written to a collection, as it is written.
  ///
  /// @param epoch of the history
  /// @param from number of the first record
  /// @return its name
  String sendTail(UUID collection, int epoch, long from, Peer peer) throws IOException;

  /// Makes a login that sends what is written to the source of a copy.
  ///
  /// @param epoch of the history that it is a copy of
  Hearing receiveTail(UUID collection, int epoch, Peer peer) throws IOException;

  /// Ends a login.
  void end(String login) throws IOException;

  /// Makes a collection read-only if its epoch is lower.
  ///
  /// @return whether it was made so
  boolean demote(UUID collection, int metEpoch) throws IOException;
}
