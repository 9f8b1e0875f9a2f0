package io.sonidb.ftp;

import io.sonidb.Collection;
import io.sonidb.Damage;
import io.sonidb.IntegrityReport;
import io.sonidb.Outgoing;
import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SoniDb;
import io.sonidb.StorageException;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.SyncRefusedException;
import io.sonidb.TailIntake;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// What this node does for a sync, whoever drives it.
public final class LocalNode implements SyncNode {
  private static final int ANY_PORT = 9; // nothing is sent there

  private final SoniDb database;
  private final FtpNode ftp;
  private final ClusterSecret secret;
  private final Consumer<String> created;
  // Guarded by this: of each collection, what comes in and who sends it.
  private final Map<UUID, Reception> receptions = new HashMap<>();

  private record Reception(SyncManifest state, Set<String> logins) {}

  /// @param created hears the names of collections that came in and were not there before
  public LocalNode(SoniDb database, FtpNode ftp, ClusterSecret secret, Consumer<String> created) {
    this.database = database;
    this.ftp = ftp;
    this.secret = secret;
    this.created = created;
  }

  /// The collection of a UUID, if it is here.
  public Optional<Collection> find(UUID collection) {
    return database.find(collection);
  }

  @Override
  public String name() {
    return "this node";
  }

  @Override
  public Contact contact(SyncNode other) throws IOException {
    return contact(
        other instanceof RemoteNode remote ? remote.address() : InetAddress.getLoopbackAddress());
  }

  @Override
  public Contact contact(InetAddress other) throws IOException {
    InetAddress address = InetAddress.getByName(ftp.options().host());
    if (address.isAnyLocalAddress()) {
      address = facing(other);
    }
    return new Contact(
        address,
        ftp.port(),
        ftp.options().firstPassivePort(),
        ftp.options().lastPassivePort(),
        ftp.fingerprint(),
        ftp.options().allowsPlainData());
  }

  /// The address of this machine that another one sees.
  private static InetAddress facing(InetAddress other) throws IOException {
    try (DatagramSocket route = new DatagramSocket()) {
      route.connect(new InetSocketAddress(other, ANY_PORT));
      return route.getLocalAddress();
    } catch (SocketException e) {
      throw new SyncFailedException(
          SyncFailedException.Kind.UNREACHABLE,
          "there is no way to " + other.getHostAddress() + ": " + e.getMessage(),
          e);
    }
  }

  @Override
  public Sending send(String collection, boolean seal, List<Peer> peers) {
    return send(collection, seal, peers, LOGIN_SECONDS);
  }

  /// How long a login lives unless somebody says otherwise.
  public static final int LOGIN_SECONDS = 3600;

  /// As [#send(String, boolean, List)], for a while.
  public Sending send(String collection, boolean seal, List<Peer> peers, int seconds) {
    Outgoing outgoing = database.outgoing(collection, seal, Progress.NONE);
    String login = ftp.sending(outgoing, peers, seconds);
    return new Sending(login, SignedManifest.of(outgoing.state(), secret), outgoing.newest());
  }

  @Override
  public Receiving receive(String manifest, List<Peer> peers, boolean passesOn) throws IOException {
    return receive(manifest, peers, passesOn, LOGIN_SECONDS);
  }

  /// As [#receive(String, List, boolean)], for a while.
  ///
  /// @throws IOException if the manifest was not made with the secret
  /// @throws SyncRefusedException if the state is not to be taken in
  public synchronized Receiving receive(
      String manifest, List<Peer> peers, boolean passesOn, int seconds) throws IOException {
    SyncManifest state = SignedManifest.read(manifest, secret);
    List<SyncFile> missing;
    try {
      // Of two states one after the other counts: else they would mix in the inbox.
      Reception other = receptions.get(state.uuid());
      if (other != null && !other.state().equals(state)) {
        other.logins().forEach(ftp::end);
        receptions.remove(state.uuid());
      }
      missing = database.missing(state);
    } catch (SyncRefusedException e) {
      if (e.newerEpoch() > 0) {
        return new OutOfDate(e.newerEpoch(), String.valueOf(e.getMessage()));
      }
      throw e;
    }
    checkRoom(state.uuid(), missing);
    String login = ftp.receiving(state.uuid(), state.files(), peers, passesOn, seconds);
    receptions
        .computeIfAbsent(state.uuid(), _ -> new Reception(state, new HashSet<>()))
        .logins()
        .add(login);
    return new Welcome(login, missing, !database.has(state));
  }

  /// A disk that is full would be so for all other collections, too.
  private void checkRoom(UUID collection, List<SyncFile> missing) throws IOException {
    Path inbox = Files.createDirectories(database.inbox());
    long bytes = 0;
    for (SyncFile file : missing) {
      bytes += file.size() - Inbox.begun(inbox.resolve(collection.toString()), file);
    }
    long room = Files.getFileStore(inbox).getUsableSpace();
    if (bytes > room) {
      throw new SyncFailedException(
          SyncFailedException.Kind.BROKEN,
          String.format(
              Locale.ROOT,
              "no room on the disk: %,d bytes have to come, and %,d are free",
              bytes,
              room));
    }
  }

  @Override
  public ReceiveReport publish(String login, long newest, Progress progress) throws IOException {
    SyncManifest state =
        reception(login)
            .orElseThrow(
                () -> new IOException("there is no such login, or another state came in meanwhile"))
            .state();
    ReceiveReport report;
    try {
      report = database.receive(state, progress);
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
    database.find(state.uuid()).ifPresent(here -> here.noteSource(newest));
    if (report.created()) {
      created.accept(report.name());
    }
    return report;
  }

  /// Checks a collection, and fetches the sealed segments that are damaged from a node that has the
  /// very same ones.
  ///
  /// @param deep whether every frame is decoded
  /// @return of the collection as it is then
  /// @throws IOException if the peer refuses, or the files cannot be moved
  public IntegrityReport repair(String collection, SyncNode peer, boolean deep, Progress progress)
      throws IOException {
    Collection here = database.collection(collection);
    IntegrityReport before = here.verifyIntegrity(deep, progress);
    List<SyncFile> damaged =
        database.sealed(collection, before.damaged().stream().map(Damage::file).toList());
    if (damaged.isEmpty()) {
      return before;
    }
    Contact from = peer.contact(this);
    Sending sending = peer.send(collection, false, contact(peer).peer());
    try {
      Set<SyncFile> there = new HashSet<>(SignedManifest.read(sending.manifest(), secret).files());
      List<SyncFile> files = damaged.stream().filter(there::contains).toList();
      if (!files.isEmpty()) {
        fetch(collection, files, from, sending, contact(peer), progress);
      }
      return here.verifyIntegrity(deep, progress)
          .afterRepairing(files.stream().map(SyncFile::name).toList());
    } finally {
      Syncing.endQuietly(peer, sending.login());
    }
  }

  private void fetch(
      String collection,
      List<SyncFile> files,
      Contact from,
      Sending sending,
      Contact here,
      Progress progress)
      throws IOException {
    UUID inbox = UUID.randomUUID(); // of its own: another state of the collection may be coming
    String login = ftp.receiving(inbox, files, from.peer(), LOGIN_SECONDS);
    try (Fxp fxp = new Fxp(FxpOptions.DEFAULT)) {
      Syncing.check(
          fxp.move(from.end(sending.login(), secret), here.end(login, secret), files, progress),
          name());
    } finally {
      ftp.end(login);
    }
    database.repair(collection, database.inbox().resolve(inbox.toString()), files);
  }

  private synchronized Optional<Reception> reception(String login) {
    return receptions.values().stream().filter(each -> each.logins().contains(login)).findAny();
  }

  @Override
  public String sendTail(UUID collection, int epoch, long from, Peer peer)
      throws SyncFailedException {
    return ftp.sending(here(collection).tail(from, epoch), peer, LOGIN_SECONDS);
  }

  @Override
  public Hearing receiveTail(UUID collection, int epoch, Peer peer) throws SyncFailedException {
    TailIntake tail = here(collection).hear(epoch);
    long next = tail.next();
    return new Hearing(ftp.receiving(tail, peer, LOGIN_SECONDS), next);
  }

  private Collection here(UUID collection) throws SyncFailedException {
    return database
        .find(collection)
        .orElseThrow(() ->
            new SyncFailedException(
                SyncFailedException.Kind.REFUSED, "the collection is not here"));
  }

  @Override
  public void end(String login) {
    endIfThere(login);
  }

  /// Ends a login.
  ///
  /// @return whether there was one
  public boolean endIfThere(String login) {
    synchronized (this) {
      receptions.values().forEach(each -> each.logins().remove(login));
      receptions.values().removeIf(each -> each.logins().isEmpty());
    }
    return ftp.end(login);
  }

  @Override
  public boolean demote(UUID collection, int metEpoch) {
    return database.find(collection).map(here -> here.demote(metEpoch)).orElse(false);
  }
}
