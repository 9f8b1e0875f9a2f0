package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Outgoing;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SyncFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files from and to a server that is not ours.
class ProftpdTest {
  private static final int FIRST = 42_000;
  private static final int LAST = 42_999;
  private static final FxpEnd.Trust PLAIN = new FxpEnd.Nobody();

  @TempDir Path folder;
  private ClusterSecret secret;
  private FtpNode node;
  private SoniDb db;
  private Outgoing outgoing;

  @BeforeEach
  void start() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    node =
        FtpNode.start(
            new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 20, 30, true),
            folder.resolve("inbox"),
            secret,
            _ -> {});
    db = SoniDb.open(folder.resolve("data"));
    Collection songs = db.create("songs", CollectionSpec.dimension(64));
    Random random = new Random(1);
    songs.upsert(
        IntStream.range(0, 5000)
            .mapToObj(
                i -> Point.of("v" + i, random.ints(64, -9999, 9999).asDoubleStream().toArray()))
            .toList());
    outgoing = db.outgoing("songs", true, Progress.NONE);
  }

  @AfterEach
  void stop() {
    node.close();
    outgoing.close();
    db.close();
  }

  private FxpEnd login(String login) throws IOException {
    return FxpEnd.node("127.0.0.1", node.port(), login, secret, node.fingerprint());
  }

  private FxpEnd from(String certificate) throws IOException {
    return login(node.sending(outgoing, peer(certificate), 60));
  }

  private FxpEnd to(String certificate, List<SyncFile> files) throws IOException {
    return login(node.receiving(outgoing.uuid(), files, peer(certificate), 60));
  }

  private static Peer peer(String certificate) {
    return new Peer(InetAddress.getLoopbackAddress(), 1024, 65_535, certificate);
  }

  private Path inbox() {
    return folder.resolve("inbox").resolve(outgoing.uuid().toString());
  }

  private void thereAndBack(Proftpd other, FxpEnd.Trust trust, FxpOptions options)
      throws Exception {
    FxpEnd replica = other.end(trust, "songs");
    Files.createDirectories(other.home().resolve("songs/segments"));
    try (Fxp fxp = new Fxp(options)) {
      String certificate = fxp.certificate(replica).orElse(other.certificate());
      assertThat(certificate).isEqualTo(other.certificate());
      for (Fxp.Moved each : fxp.move(from(certificate), replica, outgoing.files(), Progress.NONE)) {
        assertThat(each.failure()).as("%s", each).isEmpty();
        assertThat(each.certainty()).isEqualTo(Fxp.Certainty.SHA256);
        assertThat(other.home().resolve("songs").resolve(each.file().name()))
            .hasSameBinaryContentAs(outgoing.folder().resolve(each.file().name()));
      }
      SyncFile cut = outgoing.files().getFirst();
      try (FileChannel there =
          FileChannel.open(
              other.home().resolve("songs").resolve(cut.name()), StandardOpenOption.WRITE)) {
        there.truncate(1000);
      }
      for (Fxp.Moved each : fxp.move(from(certificate), replica, outgoing.files(), Progress.NONE)) {
        assertThat(each.failure()).as("%s", each).isEmpty();
        assertThat(each.bytes())
            .as("what was missing of " + each.file().name())
            .isEqualTo(each.file().equals(cut) ? cut.size() - 1000 : 0);
      }
      for (Fxp.Moved each :
          fxp.move(replica, to(certificate, outgoing.files()), outgoing.files(), Progress.NONE)) {
        assertThat(each.failure()).as("%s", each).isEmpty();
        assertThat(inbox().resolve(each.file().name()))
            .hasSameBinaryContentAs(outgoing.folder().resolve(each.file().name()));
      }
    }
  }

  @Test
  void refusesAServerWithAForeignCertificate() throws Exception {
    try (Proftpd other = Proftpd.start(folder, true);
        Fxp fxp = new Fxp(FxpOptions.DEFAULT)) {
      for (FxpEnd.Trust trust :
          List.of(new FxpEnd.Pinned("0".repeat(64)), new FxpEnd.Authorities())) {
        assertThatThrownBy(() -> fxp.certificate(other.end(trust, "")))
            .isInstanceOfSatisfying(
                FxpException.class,
                e -> assertThat(e.kind()).isEqualTo(FxpException.Kind.UNREACHABLE));
      }
      FxpEnd replica = other.end(new FxpEnd.Pinned(other.certificate()), "");
      Fxp.Moved moved =
          fxp.move(
                  replica,
                  to("0".repeat(64), outgoing.files()),
                  outgoing.files().subList(0, 1),
                  Progress.NONE)
              .getFirst();
      assertThat(moved.failure()).as("the node expects another one").isPresent();
      assertThat(inbox().resolve(moved.file().name())).doesNotExist();
    }
  }

  @Test
  void movesFilesThereAndBackInTls() throws Exception {
    try (Proftpd other = Proftpd.start(folder, true)) {
      thereAndBack(other, new FxpEnd.Pinned(other.certificate()), FxpOptions.DEFAULT);
    }
  }

  @Test
  void movesFilesThereAndBackInPlain() throws Exception {
    try (Proftpd other = Proftpd.start(folder, false)) {
      thereAndBack(other, PLAIN, FxpOptions.DEFAULT.withPlainData(true));
    }
  }

  @Test
  void noticesThatTheOtherServerHasOtherBytes() throws Exception {
    SyncFile file = outgoing.files().getFirst();
    try (Proftpd other = Proftpd.start(folder, false);
        Fxp fxp = new Fxp(FxpOptions.DEFAULT.withPlainData(true))) {
      byte[] bytes = Files.readAllBytes(outgoing.folder().resolve(file.name()));
      bytes[bytes.length / 2] ^= 1;
      Path there = other.home().resolve(file.name());
      Files.createDirectories(there.getParent());
      Files.write(there, bytes);
      // Not of this second: mod_digest remembers sums by a file's name and time in seconds.
      Files.setLastModifiedTime(there, FileTime.from(Instant.now().minusSeconds(60)));
      FxpEnd to = to(other.certificate(), List.of(file));
      Fxp.Moved moved = fxp.move(other.end(PLAIN, ""), to, List.of(file), Progress.NONE).getFirst();
      assertThat(moved.failure().orElseThrow()).hasMessageContaining("the CRC-32 of what arrived");
      assertThat(inbox().resolve(file.name())).doesNotExist();
      Fxp.Moved replaced =
          fxp.move(from(other.certificate()), other.end(PLAIN, ""), List.of(file), Progress.NONE)
              .getFirst();
      assertThat(replaced.failure()).isEmpty();
      assertThat(replaced.bytes()).isEqualTo(file.size());
      assertThat(there).hasSameBinaryContentAs(outgoing.folder().resolve(file.name()));
    }
  }
}
