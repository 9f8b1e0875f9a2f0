package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sonidb.Change;
import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.StreamOptions;
import io.sonidb.flac.Frames;
import io.sonidb.server.Node;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The changes of a node, each once and in order, whatever happens on the way.
class FollowingTest {
  private static final int DIMENSION = 8;

  @TempDir Path folder;

  /// Somebody who takes changes, as many as are asked for.
  private static final class Taker implements Flow.Subscriber<Change> {
    private final LinkedBlockingQueue<Change> taken = new LinkedBlockingQueue<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final long first;
    private volatile Optional<Throwable> failure = Optional.empty();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();

    Taker(long first) {
      this.first = first;
    }

    @Override
    public void onSubscribe(Flow.Subscription made) {
      subscription.complete(made);
      made.request(first);
    }

    @Override
    public void onNext(Change change) {
      taken.add(change);
    }

    @Override
    public void onError(Throwable why) {
      failure = Optional.of(why);
      ended.countDown();
    }

    @Override
    public void onComplete() {
      ended.countDown();
    }

    List<Long> sequences(int count) throws InterruptedException {
      List<Long> numbers = new ArrayList<>();
      for (Change change : take(count)) {
        numbers.add(change.sequence());
      }
      return numbers;
    }

    List<Change> take(int count) throws InterruptedException {
      List<Change> changes = new ArrayList<>();
      while (changes.size() < count) {
        Change next = taken.poll(20, TimeUnit.SECONDS);
        assertThat(next).as("after %s changes, failure %s", changes.size(), failure).isNotNull();
        changes.add(next);
      }
      return changes;
    }
  }

  private static float[] vector(int n) {
    float[] vector = new float[DIMENSION];
    for (int k = 0; k < DIMENSION; k++) {
      vector[k] = (float) Math.sin(n * 31 + k);
    }
    return vector;
  }

  private void fill(int count) {
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      Collection songs =
          db.create(
              "songs",
              CollectionSpec.dimension(DIMENSION)
                  .metric(io.sonidb.Metric.DOT)
                  .durability(Durability.OS));
      for (int i = 1; i <= count; i++) {
        songs.upsert(String.valueOf(i), vector(i), Payload.ofJson("{\"n\": " + i + "}"));
      }
    }
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  // Failures -----------------------------------------------------------------------------------

  @Test
  void endsWhenTheHistoryIsGoneOrTheCollection() throws Exception {
    fill(5);
    try (SoniDb db = SoniDb.open(folder.resolve("data"))) {
      db.collection("songs").delete("2");
      db.collection("songs").compact(true, Progress.NONE);
    }
    try (Node node = TestNodes.start(folder.resolve("data"));
        SoniDbClient client = TestNodes.client(node)) {
      RemoteCollection songs = client.collection("songs");
      Taker late = new Taker(10);
      songs.records(2, StreamOptions.ALL).subscribe(late);
      assertThat(late.ended.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(late.failure.orElseThrow()).isInstanceOf(HistoryGoneException.class);
      assertThatThrownBy(() -> songs.stream(100, true, StreamOptions.ALL))
          .isInstanceOf(BadRequestException.class);
      assertThatThrownBy(() -> songs.streamVector(VectorId.parse("nobody")))
          .isInstanceOf(NotFoundException.class);
      Taker live = new Taker(10);
      songs.changes(1, true).subscribe(live);
      live.take(4);
      client.drop("songs");
      assertThat(live.ended.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(live.failure.orElseThrow()).isInstanceOf(NotFoundException.class);
      Taker wrong = new Taker(0);
      songs.records(1, StreamOptions.ALL).subscribe(wrong);
      assertThat(wrong.ended.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(wrong.failure.orElseThrow()).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /// Between client and node, and eats the first frame of the first stream.
  private static final class Eater implements AutoCloseable {
    private final HttpServer server;
    private final ConcurrentLinkedQueue<String> streams = new ConcurrentLinkedQueue<>();
    private final URI node;

    Eater(URI node) throws IOException {
      this.node = node;
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::pass);
      server.start();
    }

    URI uri() {
      return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    private void pass(HttpExchange exchange) throws IOException {
      URI asked = exchange.getRequestURI();
      boolean isStream = asked.getPath().endsWith("/audio");
      boolean eats = isStream && streams.isEmpty();
      if (isStream) {
        streams.add(asked.getQuery());
      }
      try (InputStream in = node.resolve(asked).toURL().openStream();
          OutputStream out = exchange.getResponseBody()) {
        exchange
            .getResponseHeaders()
            .set("content-type", isStream ? "audio/flac" : "application/json");
        exchange.sendResponseHeaders(200, 0);
        if (eats) {
          byte[] head = in.readNBytes(1600);
          int first = Frames.findHeader(head, 0, head.length);
          int second = Frames.findHeader(head, first + 1, head.length);
          out.write(head, 0, first);
          out.write(head, second, head.length - second);
        }
        byte[] buffer = new byte[1 << 12];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          out.write(buffer, 0, read);
          out.flush();
        }
      }
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Test
  void noticesThatTheFirstFrameGotLostAndAsksAgain() throws Exception {
    fill(40);
    try (Node node = TestNodes.start(folder.resolve("data"));
        Eater eater = new Eater(node.uri());
        SoniDbClient client =
            SoniDbClient.of(ClientOptions.of(eater.uri()).format(WireFormat.JSON))) {
      Taker taker = new Taker(Long.MAX_VALUE);
      client.collection("songs").records(1, StreamOptions.ALL).subscribe(taker);
      assertThat(taker.sequences(40)).isEqualTo(upTo(40));
      assertThat(eater.streams).containsExactly("from=1&follow=true", "from=1&follow=true");
      taker.subscription.join().cancel();
    }
  }

  // Following ----------------------------------------------------------------------------------

  @Test
  void goesOnAfterTheNodeWasStartedAgain() throws Exception {
    fill(10);
    Node first = TestNodes.start(folder.resolve("data"));
    Map<String, String> samePort = Map.of("http.port", String.valueOf(first.uri().getPort()));
    try (SoniDbClient client = TestNodes.client(first)) {
      RemoteCollection songs = client.collection("songs");
      List<Taker> takers = List.of(new Taker(Long.MAX_VALUE), new Taker(Long.MAX_VALUE));
      songs.records(1, StreamOptions.ALL).subscribe(takers.get(0));
      songs.changes(1, true).subscribe(takers.get(1));
      for (Taker taker : takers) {
        assertThat(taker.sequences(10)).isEqualTo(upTo(10));
      }
      URI address = first.uri();
      first.close();
      try (Node second = TestNodes.start(folder.resolve("data"), samePort)) {
        assertThat(second.uri()).isEqualTo(address);
        songs.upsert(List.of(Point.of("eleven", vector(11))));
        songs.delete(List.of(VectorId.parse("1")));
        for (Taker taker : takers) {
          List<Change> changes = taker.take(2);
          assertThat(changes.get(0)).isInstanceOf(Change.Upserted.class);
          assertThat(((Change.Upserted) changes.get(0)).point().vector().floats())
              .isEqualTo(vector(11));
          assertThat(changes.get(1)).isInstanceOf(Change.Deleted.class);
          assertThat(changes.get(1).sequence()).isEqualTo(12);
          taker.subscription.join().cancel();
        }
      }
    }
  }

  @Test
  void takesNoMoreThanWasAskedForAndOnlyWhatWasWanted() throws Exception {
    fill(50);
    try (Node node = TestNodes.start(folder.resolve("data"));
        SoniDbClient client = TestNodes.client(node)) {
      RemoteCollection songs = client.collection("songs");
      Taker taker = new Taker(5);
      songs.records(1, StreamOptions.ALL.shard(1, 2)).subscribe(taker);
      List<Change> some = taker.take(5);
      assertThat(taker.taken.poll(200, TimeUnit.MILLISECONDS)).isNull();
      taker.subscription.join().request(1);
      some.addAll(taker.take(1));
      taker.subscription.join().cancel();
      for (Change change : some) {
        Point point = ((Change.Upserted) change).point();
        assertThat(Long.remainderUnsigned(point.id().fingerprint(), 2)).isOne();
        assertThat(point.payload().toJson()).isEqualTo("{\"n\":" + point.id() + "}");
      }
      Taker all = new Taker(Long.MAX_VALUE);
      songs.changes(1, false).subscribe(all);
      assertThat(all.ended.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(all.failure).isEmpty();
      assertThat(all.sequences(50)).isEqualTo(upTo(50));
    }
  }
}
