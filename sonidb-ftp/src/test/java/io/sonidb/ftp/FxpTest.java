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
import io.sonidb.ftp.FxpException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FxpTest {
  private static final int FIRST = 41_000;
  private static final int LAST = 41_999;
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final FxpOptions QUICK =
      new FxpOptions(
          4,
          false,
          3,
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofMillis(20),
          Duration.ofMillis(200));

  @TempDir static Path folder;
  private static ClusterSecret secret;
  private static FtpNode source;
  private static FtpNode target;
  private static SoniDb db;

  private Outgoing outgoing;

  @BeforeAll
  static void start() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    source = node("source", true);
    target = node("target", true);
    db = SoniDb.open(folder.resolve("data"));
    Collection songs = db.create("songs", CollectionSpec.dimension(64));
    Random random = new Random(1);
    songs.upsert(
        IntStream.range(0, 2000)
            .mapToObj(
                i -> Point.of("v" + i, random.ints(64, -9999, 9999).asDoubleStream().toArray()))
            .toList());
  }

  @AfterAll
  static void stop() {
    source.close();
    target.close();
    db.close();
  }

  @BeforeEach
  void prepare() throws IOException {
    outgoing = db.outgoing("songs", true, Progress.NONE);
    for (SyncFile file : outgoing.files()) {
      Files.deleteIfExists(arrived(file));
    }
  }

  @AfterEach
  void letGo() {
    outgoing.close();
  }

  private static FtpNode node(String name, boolean plain) throws IOException {
    return FtpNode.start(
        new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 20, 30, plain),
        folder.resolve(name),
        secret,
        _ -> {});
  }

  private static Peer peer(FtpNode node) throws IOException {
    return new Peer(HERE, FIRST, LAST, node.fingerprint());
  }

  private FxpEnd end(FtpNode node, String login) throws IOException {
    return FxpEnd.node("127.0.0.1", node.port(), login, secret, node.fingerprint());
  }

  private FxpEnd from() throws IOException {
    return end(source, source.sending(outgoing, peer(target), 60));
  }

  private FxpEnd to(List<SyncFile> files) throws IOException {
    return end(target, target.receiving(outgoing.uuid(), files, peer(source), 60));
  }

  private Path arrived(SyncFile file) {
    return folder.resolve("target").resolve(outgoing.uuid().toString()).resolve(file.name());
  }

  private SyncFile segment() {
    return outgoing.files().stream()
        .filter(each -> each.name().endsWith(".flac"))
        .findFirst()
        .get();
  }

  private static SyncFile lying(SyncFile file) {
    return new SyncFile(file.name(), file.size(), file.crc32(), "0".repeat(64));
  }

  // Failures ---------------------------------------------------------------------------------

  @Test
  void saysThatNoServerIsThereOrThatItIsAnotherOne() throws Exception {
    FxpEnd from = from();
    FxpEnd gone = FxpEnd.node("127.0.0.1", 1, "x", secret, target.fingerprint());
    FxpEnd other = FxpEnd.node("127.0.0.1", target.port(), "x", secret, source.fingerprint());
    FxpEnd stranger = end(target, "0".repeat(32));
    try (Fxp fxp = new Fxp(QUICK)) {
      for (FxpEnd wrong : List.of(gone, other)) {
        assertThatThrownBy(() -> fxp.move(from, wrong, outgoing.files(), Progress.NONE))
            .isInstanceOfSatisfying(
                FxpException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
            .hasMessageContaining(wrong.toString());
      }
      assertThatThrownBy(() -> fxp.move(from, stranger, outgoing.files(), Progress.NONE))
          .isInstanceOfSatisfying(
              FxpException.class, e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED))
          .hasMessageContaining("530")
          .hasMessageNotContaining(stranger.password());
    }
    assertThat(stranger.toString()).doesNotContain(stranger.password());
  }

  @Test
  void reportsAFileThatIsRefusedAndMovesTheOthers() throws Exception {
    List<SyncFile> files =
        outgoing.files().stream().map(each -> each.equals(segment()) ? lying(each) : each).toList();
    try (Fxp fxp = new Fxp(QUICK)) {
      List<Fxp.Moved> moved = fxp.move(from(), to(files), files, Progress.NONE);
      assertThat(moved).extracting(Fxp.Moved::file).isEqualTo(files);
      for (Fxp.Moved each : moved) {
        if (each.file().name().equals(segment().name())) {
          assertThat(each.failure().orElseThrow())
              .hasMessageContaining("what arrived as " + segment().name())
              .extracting(FxpException::kind)
              .isEqualTo(Kind.REFUSED);
          assertThat(arrived(each.file())).doesNotExist();
        } else {
          assertThat(each.failure()).as(each.file().name()).isEmpty();
        }
      }
    }
  }

  @Test
  void doesNotWaitForAServerThatTheOtherOneHasGivenUp() throws Exception {
    SyncFile none = new SyncFile("segments/none.flac", 5, 0, "0".repeat(64));
    try (Fxp fxp = new Fxp(QUICK)) {
      List<SyncFile> files = List.of(none, segment());
      List<Fxp.Moved> moved = fxp.move(from(), to(files), files, Progress.NONE);
      assertThat(moved.get(0).failure().orElseThrow()).hasMessageContaining("550");
      assertThat(moved.get(1).failure()).isEmpty();
    }
  }

  @Test
  void endsWhenItsCallerDoes() throws Exception {
    try (Fxp fxp = new Fxp(QUICK)) {
      FxpEnd from = from();
      FxpEnd to = to(outgoing.files());
      assertThatThrownBy(() ->
              fxp.move(
                  from,
                  to,
                  outgoing.files(),
                  (_, _, _) -> {
                    throw new CancellationException("enough");
                  }))
          .isInstanceOf(CancellationException.class);
      assertThatThrownBy(() -> fxp.move(from, to, outgoing.files(), Progress.NONE))
          .isInstanceOfSatisfying(
              FxpException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
    }
  }

  // Moving -----------------------------------------------------------------------------------

  @Test
  void movesFilesInPlainAndInTlsAndOnlyWhatIsMissing() throws Exception {
    long size = outgoing.files().stream().mapToLong(SyncFile::size).sum();
    for (boolean plain : new boolean[] {true, false}) {
      for (SyncFile file : outgoing.files()) {
        Files.deleteIfExists(arrived(file));
      }
      try (Fxp fxp = new Fxp(QUICK.withPlainData(plain))) {
        FxpEnd from = from();
        FxpEnd to = to(outgoing.files());
        long[] last = {0};
        List<Fxp.Moved> moved =
            fxp.move(from, to, outgoing.files(), (done, _, _) -> last[0] = done);
        for (Fxp.Moved each : moved) {
          assertThat(each.failure()).as("%s", each).isEmpty();
          assertThat(each.certainty()).isEqualTo(Fxp.Certainty.SHA256);
          assertThat(each.bytes()).isEqualTo(each.file().size());
          assertThat(arrived(each.file()))
              .hasSameBinaryContentAs(outgoing.folder().resolve(each.file().name()));
        }
        assertThat(last[0]).isEqualTo(size);
        assertThat(fxp.commandBytes()).isBetween(1000L, 100_000L);
        assertThat(fxp.move(from, to, outgoing.files(), Progress.NONE))
            .as("again")
            .allSatisfy(each -> assertThat(each.bytes()).isZero())
            .allSatisfy(each -> assertThat(each.certainty()).isEqualTo(Fxp.Certainty.SHA256));
      }
    }
  }

  @Test
  void goesOnWithWhatIsThereAndStartsAnewIfItIsOfAnotherFile() throws Exception {
    SyncFile segment = segment();
    byte[] whole = Files.readAllBytes(outgoing.folder().resolve(segment.name()));
    Path part = arrived(segment).resolveSibling(arrived(segment).getFileName() + "~");
    Files.createDirectories(part.getParent());
    byte[] other = Arrays.copyOf(whole, whole.length);
    other[100] ^= 1;
    try (Fxp fxp = new Fxp(QUICK)) {
      FxpEnd from = from();
      FxpEnd to = to(List.of(segment));
      for (int there : new int[] {whole.length / 3, whole.length}) {
        Files.write(part, Arrays.copyOf(whole, there));
        Files.deleteIfExists(arrived(segment));
        Fxp.Moved moved = fxp.move(from, to, List.of(segment), Progress.NONE).getFirst();
        assertThat(moved.failure()).isEmpty();
        assertThat(moved.bytes()).isEqualTo(whole.length - there);
        assertThat(arrived(segment)).hasBinaryContent(whole);
      }
      Files.write(part, Arrays.copyOf(other, whole.length / 3));
      Files.delete(arrived(segment));
      assertThat(fxp.move(from, to, List.of(segment), Progress.NONE).getFirst().failure())
          .isEmpty();
      assertThat(arrived(segment)).hasBinaryContent(whole);
      Files.write(arrived(segment), other);
      assertThat(fxp.move(from, to, List.of(segment), Progress.NONE).getFirst().failure())
          .isEmpty();
      assertThat(arrived(segment)).hasBinaryContent(whole);
    }
  }
}
