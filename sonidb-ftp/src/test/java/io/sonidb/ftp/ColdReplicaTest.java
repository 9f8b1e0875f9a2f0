package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ColdReplicaTest {
  private static final int FIRST = 44_000;
  private static final int LAST = 44_999;

  @TempDir Path folder;
  private ClusterSecret secret;
  private SoniDb db;
  private SoniDb other;
  private FtpNode ftp;
  private FtpNode otherFtp;
  private Collection songs;

  @BeforeEach
  void start() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    db = SoniDb.open(folder.resolve("a"));
    other = SoniDb.open(folder.resolve("b"));
    ftp = ftp(db, secret);
    otherFtp = ftp(other, secret);
    songs = db.create("songs", CollectionSpec.dimension(4));
    songs.upsert("one", new float[] {1, 2, 3, 4});
  }

  @AfterEach
  void stop() {
    ftp.close();
    otherFtp.close();
    db.close();
    other.close();
  }

  private static FtpNode ftp(SoniDb database, ClusterSecret secret) throws IOException {
    return FtpNode.start(
        new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 20, 30, true),
        database.inbox(),
        secret,
        _ -> {});
  }

  private ColdReplica replica(SoniDb database, FtpNode at, Proftpd server, boolean tls) {
    return new ColdReplica(
        new LocalNode(database, at, secret, _ -> {}),
        server.end(
            tls ? new FxpEnd.Pinned(server.certificate()) : new FxpEnd.Nobody(), "backup/songs"),
        secret,
        FxpOptions.DEFAULT);
  }

  private Path there(Proftpd server, String name) {
    return server.home().resolve("backup/songs").resolve(name);
  }

  @Test
  void readsServersFromAFileThatOnlyItsOwnerCanRead() throws IOException {
    Path file = folder.resolve("replicas");
    String certificate = "ab".repeat(32);
    Files.writeString(
        file,
        "# ours\nftps://me@example.org/a/b pass word\nftps://me@example.org:990/ x sha256:%s\nftp://me@10.1.1.1/c y\n"
            .formatted(certificate));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> ColdServers.read(file)).hasMessageContaining("chmod 600");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    ColdServers servers = ColdServers.read(file);
    FxpEnd first = servers.find("ftps://me@example.org/a/b").orElseThrow();
    assertThat(first.password()).isEqualTo("pass word");
    assertThat(first.folder()).isEqualTo("a/b");
    assertThat(first.trust()).isEqualTo(new FxpEnd.Authorities());
    assertThat(servers.find("ftps://me@example.org:990/").orElseThrow().trust())
        .isEqualTo(new FxpEnd.Pinned(certificate));
    assertThat(servers.find("ftp://me@10.1.1.1/c").orElseThrow().trust())
        .isEqualTo(new FxpEnd.Nobody());
    assertThat(servers.find("ftps://me@example.org/other")).isEmpty();
    for (String wrong :
        new String[] {
          "ftps://me@example.org/a", "ftps://me:secret@example.org/a x", "http://me@a/b x"
        }) {
      Files.writeString(file, wrong + "\n");
      assertThatThrownBy(() -> ColdServers.read(file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("line 1")
          .hasMessageNotContaining("secret@");
    }
  }

  @Test
  void comesBackFromAServerThatIsNoNode() throws Exception {
    try (Proftpd server = Proftpd.start(folder, true)) {
      ColdReplica replica = replica(db, ftp, server, true);
      ColdReplica.Written first = replica.write("songs", true, Progress.NONE);
      assertThat(first.files()).isEqualTo(first.totalFiles());
      assertThat(first.certainty()).isEqualTo(Fxp.Certainty.SHA256);
      assertThat(replica.write("songs", true, Progress.NONE).bytes()).as("again").isZero();
      songs.upsert("two", new float[] {4, 3, 2, 1});
      ColdReplica.Written second = replica.write("songs", true, Progress.NONE);
      assertThat(second.bytes()).isLessThan(second.totalBytes());
      try (var list = Files.list(there(server, ""))) {
        assertThat(list.filter(each -> each.getFileName().toString().startsWith("state-")))
            .as("the old state has gone")
            .hasSize(1);
      }
      replica(other, otherFtp, server, true).restore(Progress.NONE);
      Collection back = other.collection("songs");
      assertThat(back.get("two").orElseThrow().vector().floats()).containsExactly(4, 3, 2, 1);
      assertThat(back.count()).isEqualTo(2);
      assertThat(back.isReplica()).isTrue();
    }
  }

  @Test
  void restoresNothingThatWasNotSignedOrIsDamaged() throws Exception {
    try (Proftpd server = Proftpd.start(folder, false)) {
      ColdReplica replica = replica(other, otherFtp, server, false);
      assertThatThrownBy(() -> replica.restore(Progress.NONE))
          .hasMessageContaining("there is no sonidb.manifest");
      replica(db, ftp, server, false).write("songs", true, Progress.NONE);
      Path manifest = there(server, SignedManifest.FILE);
      String right = Files.readString(manifest);
      Files.writeString(manifest, right.replace("epoch 1", "epoch 2"));
      assertThatThrownBy(() -> replica.restore(Progress.NONE)).hasMessageContaining("HMAC");
      assertThatThrownBy(() -> replica(db, ftp, server, false).write("songs", true, Progress.NONE))
          .as("what lies there may be somebody else's")
          .hasMessageContaining("HMAC");
      Files.writeString(manifest, right);
      Path segment = there(server, "segments/0001-00000001.flac");
      byte[] bytes = Files.readAllBytes(segment);
      bytes[bytes.length - 9] ^= 1;
      Files.write(segment, bytes);
      assertThatThrownBy(() -> replica.restore(Progress.NONE)).hasMessageContaining("CRC-32");
      assertThat(other.collections()).isEmpty();
      bytes[bytes.length - 9] ^= 1;
      Files.write(segment, bytes);
      db.drop("songs");
      songs = db.create("songs", CollectionSpec.dimension(4));
      songs.upsert("three", new float[] {1, 1, 1, 1});
      assertThatThrownBy(() -> replica(db, ftp, server, false).write("songs", true, Progress.NONE))
          .hasMessageContaining("lies another collection");
      assertThat(Files.readString(manifest)).isEqualTo(right);
    }
  }
}
