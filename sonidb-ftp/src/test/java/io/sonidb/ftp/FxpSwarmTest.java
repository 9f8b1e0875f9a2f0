package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Outgoing;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.SyncFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FxpSwarmTest {
  private static final int FIRST = 43_000;
  private static final int LAST = 43_999;
  private static final int NODES = 4; // the origin among them
  private static final FxpOptions OPTIONS =
      new FxpOptions(
          2,
          false,
          1,
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofMillis(50),
          Duration.ofSeconds(3));

  @TempDir Path folder;
  private ClusterSecret secret;
  private SoniDb db;
  private Outgoing outgoing;
  private final List<FtpNode> nodes = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    secret = ClusterSecret.open(folder.resolve("cluster.secret"));
    for (int i = 0; i < NODES; i++) {
      nodes.add(
          FtpNode.start(
              new FtpOptions("127.0.0.1", OptionalInt.of(0), FIRST, LAST, 40, 30, false),
              folder.resolve("in" + i),
              secret,
              _ -> {}));
    }
    db = SoniDb.open(folder.resolve("data"));
    Collection songs = db.create("songs", CollectionSpec.dimension(2048).segmentBytes(1 << 20));
    Random random = new Random(1);
    for (int batch = 0; batch < 10; batch++) { // about a megabyte each, and so a segment
      int first = 250 * batch;
      songs.upsert(
          IntStream.range(first, first + 250)
              .mapToObj(
                  i -> Point.of("v" + i, random.ints(2048, -9999, 9999).asDoubleStream().toArray()))
              .toList());
    }
    outgoing = db.outgoing("songs", true, Progress.NONE);
  }

  @AfterEach
  void stop() {
    nodes.forEach(FtpNode::close);
    outgoing.close();
    db.close();
  }

  private FxpEnd end(int node, String login) throws IOException {
    FtpNode at = nodes.get(node);
    return FxpEnd.node("127.0.0.1", at.port(), login, secret, at.fingerprint());
  }

  private List<Peer> peers() throws IOException {
    List<Peer> peers = new ArrayList<>();
    for (FtpNode each : nodes) {
      peers.add(new Peer(InetAddress.getLoopbackAddress(), FIRST, LAST, each.fingerprint()));
    }
    return peers;
  }

  @Test
  void spreadsFilesFromNodeToNodeAndGoesOnWithoutOneThatIsGone() throws Exception {
    List<Peer> peers = peers();
    FxpEnd origin = end(0, nodes.get(0).sending(outgoing, peers, 60));
    List<Fxp.Receiver> receivers = new ArrayList<>();
    for (int i = 1; i < NODES; i++) {
      String login = nodes.get(i).receiving(outgoing.uuid(), outgoing.files(), peers, true, 60);
      receivers.add(new Fxp.Receiver(end(i, login), outgoing.files()));
    }
    int gone = 2;
    nodes.get(gone).close();
    long size = outgoing.files().stream().mapToLong(SyncFile::size).sum();
    long[] told = {0};
    try (Fxp fxp = new Fxp(OPTIONS)) {
      List<Fxp.Spread> spread = fxp.spread(origin, receivers, (done, _, _) -> told[0] = done);
      assertThat(spread).extracting(Fxp.Spread::end).isEqualTo(ends(receivers));
      long fromOrigin = 0;
      for (int i = 1; i < NODES; i++) {
        Fxp.Spread each = spread.get(i - 1);
        if (i == gone) {
          assertThat(each.missing()).isEqualTo(outgoing.files());
          assertThat(each.failure())
              .hasValueSatisfying(
                  e -> assertThat(e.kind()).isEqualTo(FxpException.Kind.UNREACHABLE));
          continue;
        }
        assertThat(each.failure()).as("%s", each).isEmpty();
        assertThat(each.fromOrigin() + each.fromOthers()).isEqualTo(size);
        fromOrigin += each.fromOrigin();
        for (SyncFile file : outgoing.files()) {
          assertThat(folder.resolve("in" + i + "/" + outgoing.uuid()).resolve(file.name()))
              .hasSameBinaryContentAs(outgoing.folder().resolve(file.name()));
        }
      }
      assertThat(told[0]).isEqualTo(2 * size);
      assertThat(fromOrigin).as("not to each of them").isBetween(size, 2 * size - 1);
    }
  }

  private static List<FxpEnd> ends(List<Fxp.Receiver> receivers) {
    return receivers.stream().map(Fxp.Receiver::end).toList();
  }
}
