package io.sonidb.ftp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.ftp.SyncFailedException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A collection's files on an FTP server that is no node. Nobody there understands them; they can
/// only be brought back.
///
/// Segments never change. What does change between two states, `collection.json` among it, lies in
/// a folder of its state, so nothing of the old one is touched. The signed manifest goes last and
/// takes the old one's place at once; only then what nobody needs any more is deleted. So there is
/// always the one state or the other, wherever it is interrupted. Only the manifest goes through
/// the controller.
public final class ColdReplica {
  private static final int MAX_MANIFEST = 64 << 20;
  private static final String STATE = "state-";
  private static final int STATE_DIGITS = 16;
  private static final Set<String> CHANGING =
      Set.of("collection.json", "index.sfv", "index.sha256");

  private final SyncNode node;
  private final FxpEnd server;
  private final ClusterSecret secret;
  private final FxpOptions options;

  /// @param node that has, or gets, the collection
  /// @param server with the folder in which the files lie
  /// @param options of which TLS counts only if the server has it
  public ColdReplica(SyncNode node, FxpEnd server, ClusterSecret secret, FxpOptions options) {
    this.node = node;
    this.server = server;
    this.secret = secret;
    this.options = options.withPlainData(server.trust() instanceof FxpEnd.Nobody);
  }

  /// What came of writing a cold replica.
  ///
  /// @param files that were moved
  /// @param bytes of them that were moved
  /// @param totalFiles that make up the collection
  /// @param totalBytes of them
  /// @param certainty how the server's files were checked, the least sure of them
  /// @param controllerBytes that went through the one who gave the commands
  public record Written(
      int files,
      long bytes,
      int totalFiles,
      long totalBytes,
      Fxp.Certainty certainty,
      long controllerBytes) {}

  /// Writes the collection's present state to the server.
  ///
  /// @param collection its name at the node
  /// @param seal whether what the open segment holds goes, too
  /// @param progress hears bytes; may throw to end it
  /// @throws IOException if it is not done: the server has the state that it had
  public Written write(String collection, boolean seal, Progress progress) throws IOException {
    try (Fxp fxp = new Fxp(options)) {
      SyncNode.Contact from = contact();
      Optional<SyncManifest> old = present(fxp);
      SyncNode.Sending sending = node.send(collection, seal, peer(fxp));
      try {
        SyncManifest state = SignedManifest.read(sending.manifest(), secret);
        if (old.isPresent()) {
          checkFollows(old.get(), state);
        }
        FxpEnd source = from.end(sending.login(), secret).reachedAt(from.address());
        fxp.use(
            server,
            session -> {
              makeFolders(session, state);
              return session;
            });
        List<Fxp.Moved> moved = new ArrayList<>();
        for (boolean changing : new boolean[] {false, true}) {
          FxpEnd folder = changing ? in(state) : server;
          moved.addAll(fxp.move(source, folder, files(state, changing), progress));
          check(moved);
        }
        fxp.use(
            server,
            session -> {
              session.put(SignedManifest.FILE, sending.manifest().getBytes(UTF_8));
              if (old.isPresent()) {
                deleteObsolete(session, old.get(), state);
              }
              return session;
            });
        return new Written(
            (int) moved.stream().filter(each -> each.bytes() > 0).count(),
            moved.stream().mapToLong(Fxp.Moved::bytes).sum(),
            state.files().size(),
            state.bytes(),
            moved.stream()
                .map(Fxp.Moved::certainty)
                .min(Fxp.Certainty::compareTo)
                .orElse(Fxp.Certainty.NONE),
            fxp.commandBytes() + Syncing.callBytes(node));
      } finally {
        Syncing.endQuietly(node, sending.login());
      }
    }
  }

  /// Brings what lies on the server to the node, where it is a read-only replica.
  ///
  /// @param progress hears bytes; may throw to end it
  /// @throws IOException if it is not done, or the manifest there was not made with this secret
  public ReceiveReport restore(Progress progress) throws IOException {
    try (Fxp fxp = new Fxp(options)) {
      SyncNode.Contact to = contact();
      String signed =
          manifest(fxp)
              .orElseThrow(() ->
                  new SyncFailedException(
                      Kind.REFUSED, "there is no " + SignedManifest.FILE + " at " + server));
      SyncManifest state = SignedManifest.read(signed, secret);
      SyncNode.Welcome welcome =
          switch (node.receive(signed, peer(fxp))) {
            case SyncNode.Welcome good -> good;
            case SyncNode.OutOfDate newer ->
                throw new SyncFailedException(Kind.REFUSED, node.name() + ": " + newer.reason());
          };
      try {
        FxpEnd target = to.end(welcome.login(), secret).reachedAt(to.address());
        for (boolean changing : new boolean[] {false, true}) {
          List<SyncFile> files =
              welcome.missing().stream()
                  .filter(file -> CHANGING.contains(file.name()) == changing)
                  .toList();
          check(fxp.move(changing ? in(state) : server, target, files, progress));
        }
        return node.publish(welcome.login(), state.sequence(), progress);
      } finally {
        Syncing.endQuietly(node, welcome.login());
      }
    }
  }

  // The two ends -----------------------------------------------------------------------------

  private SyncNode.Contact contact() throws IOException {
    SyncNode.Contact contact = node.contact(InetAddress.getByName(server.host()));
    if (options.plainData() && !contact.plainData()) {
      throw new SyncFailedException(
          Kind.REFUSED,
          node.name()
              + " moves files in TLS only, which ftp:// has not: use ftps://, or set ftp.plain_data");
    }
    return contact;
  }

  private Peer peer(Fxp fxp) throws IOException {
    return new Peer(
        InetAddress.getByName(server.host()),
        Peer.LEAST_PORT,
        Peer.MOST_PORT,
        fxp.certificate(server).orElse(Peer.NO_CERTIFICATE));
  }

  // The server -------------------------------------------------------------------------------

  private Optional<String> manifest(Fxp fxp) throws IOException {
    return fxp.use(server, session -> session.get(SignedManifest.FILE, MAX_MANIFEST))
        .map(bytes -> new String(bytes, UTF_8));
  }

  private Optional<SyncManifest> present(Fxp fxp) throws IOException {
    Optional<String> there = manifest(fxp);
    return there.isEmpty()
        ? Optional.empty()
        : Optional.of(SignedManifest.read(there.get(), secret));
  }

  private void checkFollows(SyncManifest there, SyncManifest state) throws IOException {
    boolean isOther = !there.uuid().equals(state.uuid());
    if (isOther
        || there.epoch() > state.epoch()
        || there.epoch() == state.epoch() && there.sequence() > state.sequence()) {
      throw new SyncFailedException(
          Kind.REFUSED,
          "at "
              + server
              + " lies "
              + (isOther ? "another collection, " : "a newer state of ")
              + there.name());
    }
  }

  private static String folder(SyncManifest state) {
    return STATE
        + SignedCall.Digest.of(state.text().getBytes(UTF_8)).hex().substring(0, STATE_DIGITS);
  }

  private FxpEnd in(SyncManifest state) {
    return server.in(folder(state));
  }

  private static void makeFolders(FxpSession session, SyncManifest state) throws FxpException {
    session.makeFolder("segments");
    session.makeFolder(folder(state));
  }

  private static List<SyncFile> files(SyncManifest state, boolean changing) {
    return state.files().stream()
        .filter(file -> CHANGING.contains(file.name()) == changing)
        .toList();
  }

  private static void deleteObsolete(FxpSession session, SyncManifest old, SyncManifest state)
      throws FxpException {
    for (SyncFile file : files(old, false)) {
      if (state.file(file.name()).isEmpty()) {
        session.delete(file.name());
      }
    }
    if (!folder(old).equals(folder(state))) {
      for (String name : CHANGING) {
        session.delete(folder(old) + "/" + name);
      }
      session.delete(folder(old));
    }
  }

  private static void check(List<Fxp.Moved> moved) throws IOException {
    for (Fxp.Moved each : moved) {
      if (each.failure().isPresent()) {
        throw new SyncFailedException(
            Kind.BROKEN,
            each.file().name() + " was not moved: " + each.failure().get().getMessage(),
            each.failure().get());
      }
    }
  }
}
