package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.server.SyncProcesses.Place;
import io.sonidb.server.SyncProcesses.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A replica that follows its source live, while that is written to without a pause. In each round
/// one of the two is killed, or the network between them is cut. Whenever somebody looks, the
/// replica has the state that the source had after one of its writes, and never an older one than
/// before; in the end the newest.
class FollowKillTest {
  private static final int DIMENSION = 128;
  private static final int IDS = 1000;
  private static final int EVERY_SECONDS = 2;
  private static final long MOST_CUT_MILLIS = 6000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;
  private final long seed = Long.getLong("sonidb.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<String> rounds = new ArrayList<>();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private long mostMillis = 2500;

  @SuppressWarnings("NullAway.Init")
  private SyncProcesses all;

  @SuppressWarnings("NullAway.Init")
  private Running source;

  @SuppressWarnings("NullAway.Init")
  private Running target;

  /// What the source has been asked for.
  private final Map<Integer, Version> points = new HashMap<>();

  private final List<Long> history = new ArrayList<>(List.of(0L)); // sums after each write
  private final List<Map<Integer, Optional<Version>>> writes = new ArrayList<>(); // what changed
  private int seen; // the replica is known to have had this one of the history
  private int version;

  @AfterEach
  void endAll() {
    if (all != null) {
      all.close();
    }
  }

  @Test
  void losesNothingWhenReplicaOrSourceIsKilled() throws Exception {
    mostMillis = 300;
    start(Place.HERE, Place.HERE, "fsync");
    round(Fault.values()[random.nextInt(2)], Optional.empty());
    checkEnd();
  }

  @Test
  @Tag("slow")
  void losesNothingWhenReplicaOrSourceIsKilledThirtyTimes() throws Exception {
    start(Place.HERE, Place.HERE, "fsync");
    for (int i = 0; i < 30; i++) {
      round(Fault.values()[random.nextInt(2)], Optional.empty());
    }
    checkEnd();
  }

  @Test
  @Tag("slow")
  void losesNothingWithoutSyncedWritesWhenOnlyProcessesDie() throws Exception {
    start(Place.HERE, Place.HERE, "os");
    for (int i = 0; i < 30; i++) {
      round(Fault.values()[random.nextInt(2)], Optional.empty());
    }
    checkEnd();
  }

  @Test
  @Tag("slow")
  void losesNothingWhenTheNetworkIsCutThirtyTimes() throws Exception {
    assumeThat(CutNetwork.isPossible())
        .as("network namespaces are needed: root, with ip and tc of iproute2")
        .isTrue();
    try (CutNetwork network = CutNetwork.make("40mbit")) {
      start(network.first(), network.second(), "fsync");
      for (int i = 0; i < 30; i++) {
        round(Fault.values()[random.nextInt(Fault.values().length)], Optional.of(network));
      }
      checkEnd();
    }
  }

  // Rounds -----------------------------------------------------------------------------------

  private enum Fault {
    SOURCE_KILLED,
    TARGET_KILLED,
    CUT,
    TARGET_KILLED_WHILE_CUT
  }

  private void start(Place first, Place second, String durability) throws IOException {
    System.out.println("sonidb.seed=" + seed);
    all = new SyncProcesses(folder);
    source = all.node("source", first);
    target = all.node("target", second);
    all.send(
            source,
            "PUT",
            "/collections/songs",
            "{\"vectors\":{\"size\":%d,\"distance\":\"Dot\"},\"sonidb\":{\"segment_bytes\":1048576,\"durability\":\"%s\"}}"
                .formatted(DIMENSION, durability))
        .result();
    follow();
  }

  /// Until the source is killed.
  private void follow() {
    Running from = source;
    String body =
        "{\"target\":\"%s\",\"every_seconds\":%d,\"seal\":%b}"
            .formatted(target.target(), EVERY_SECONDS, random.nextBoolean());
    Thread.startVirtualThread(() -> {
      try (Stream<String> lines = all.lines(from, "/collections/songs/sync", body)) {
        lines.filter(line -> !line.startsWith("{\"progress\"")).forEach(told::add);
      } catch (IOException | UncheckedIOException e) {
        told.add(e.toString());
      }
    });
  }

  private void round(Fault fault, Optional<CutNetwork> network) throws Exception {
    long millis = random.nextLong(mostMillis);
    long cut = random.nextLong(MOST_CUT_MILLIS);
    long rest = random.nextLong(mostMillis);
    rounds.add("%s at %d ms for %d ms".formatted(fault, millis, cut));
    write(millis);
    CompletableFuture<Void> trouble =
        CompletableFuture.runAsync(() -> {
          try {
            trouble(fault, cut, network);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    while (!trouble.isDone()) {
      write(10);
    }
    trouble.get(1, TimeUnit.MINUTES);
    look();
    write(rest);
    converge();
  }

  private void trouble(Fault fault, long cut, Optional<CutNetwork> network) throws Exception {
    switch (fault) {
      case SOURCE_KILLED -> source.kill();
      case TARGET_KILLED -> target = all.again(target);
      case CUT -> {
        network.orElseThrow().cut();
        TimeUnit.MILLISECONDS.sleep(cut);
        network.orElseThrow().mend();
      }
      case TARGET_KILLED_WHILE_CUT -> {
        network.orElseThrow().cut();
        target = all.again(target);
        TimeUnit.MILLISECONDS.sleep(cut);
        network.orElseThrow().mend();
      }
    }
  }

  private String told() {
    return "seed " + seed + " " + rounds + " " + told;
  }

  // Writing ----------------------------------------------------------------------------------

  /// What a point is.
  ///
  /// @param payload 0 if it has none of its own
  private record Version(int vector, int payload) {
    long sum(int id) {
      long mixed = (id * 0x9E3779B97F4A7C15L ^ vector) * 0xBF58476D1CE4E5B9L ^ payload;
      mixed = (mixed ^ mixed >>> 29) * 0x94D049BB133111EBL;
      return mixed ^ mixed >>> 32;
    }
  }

  private static float element(int id, int version, int i) {
    return (id * 31 + version * 17 + i * 7) % 4096;
  }

  private void write(long millis) throws Exception {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (System.nanoTime() - end < 0) {
      writeOnce();
    }
  }

  private void writeOnce() throws Exception {
    Map<Integer, Version> now = new HashMap<>(points);
    List<Integer> ids =
        random.ints(20, 0, IDS).distinct().boxed().collect(Collectors.toCollection(ArrayList::new));
    version++;
    String path = "/collections/songs/points";
    String method = "PUT";
    String body;
    switch (random.nextInt(4)) {
      case 0 -> {
        ids.forEach(now::remove);
        method = "POST";
        path += "/delete";
        body = "{\"points\":" + ids + "}";
      }
      case 1 -> {
        ids.removeIf(id -> !now.containsKey(id));
        ids.forEach(id -> now.computeIfPresent(id, (_, was) -> new Version(was.vector(), version)));
        method = "POST";
        path += "/payload";
        body = "{\"payload\":{\"p\":" + version + "},\"points\":" + ids + "}";
      }
      default -> {
        ids.forEach(id -> now.put(id, new Version(version, 0)));
        body =
            "{\"points\":["
                + ids.stream().map(id -> point(id, version)).collect(Collectors.joining(","))
                + "]}";
      }
    }
    if (ids.isEmpty()) {
      return;
    }
    long sum = sum(now);
    try {
      all.send(source, method, path, body).result();
    } catch (IOException killed) {
      source = all.again(source);
      long there = sum(read(source));
      assertThat(there)
          .as("the source has all of a write, or nothing: " + told())
          .isIn(sum, last());
      follow();
      if (there == last()) {
        return;
      }
    }
    Map<Integer, Optional<Version>> changed = new HashMap<>();
    ids.forEach(id -> changed.put(id, Optional.ofNullable(now.get(id))));
    writes.add(changed);
    points.clear();
    points.putAll(now);
    history.add(sum);
  }

  private static String point(int id, int version) {
    return IntStream.range(0, DIMENSION)
        .mapToObj(i -> Float.toString(element(id, version, i)))
        .collect(
            Collectors.joining(
                ",", "{\"id\":" + id + ",\"payload\":{\"v\":" + version + "},\"vector\":[", "]}"));
  }

  private long last() {
    return history.getLast();
  }

  // Looking ----------------------------------------------------------------------------------

  private static long sum(Map<Integer, Version> points) {
    long sum = 0;
    for (Map.Entry<Integer, Version> each : points.entrySet()) {
      sum ^= each.getValue().sum(each.getKey());
    }
    return sum;
  }

  private Map<Integer, Version> read(Running node) throws IOException {
    SyncProcesses.Reply reply =
        all.send(
            node,
            "POST",
            "/collections/songs/points/scroll",
            "{\"limit\":10000,\"with_vector\":true,\"with_payload\":true}");
    Map<Integer, Version> there = new HashMap<>();
    if (reply.status() == 404) {
      return there; // it has not begun yet
    }
    for (JsonNode point : reply.result().path("points")) {
      int id = point.path("id").asInt(-1);
      JsonNode payload = point.path("payload");
      Version is = new Version(payload.path("v").asInt(-1), payload.path("p").asInt(0));
      for (int i = 0; i < DIMENSION; i++) {
        assertThat(point.path("vector").path(i).floatValue())
            .as("point " + id + ": " + told())
            .isEqualTo(element(id, is.vector(), i));
      }
      assertThat(there.put(id, is)).as("point " + id + " is there twice: " + told()).isNull();
    }
    return there;
  }

  /// The replica has a state of the source, and none that is older than it had.
  private void look() throws IOException {
    Map<Integer, Version> there = read(target);
    int at = history.lastIndexOf(sum(there));
    if (at < 0) {
      throw new AssertionError("no state that the source had: " + nearest(there) + " " + told());
    }
    assertThat(at).as("not an older state than before: " + told()).isGreaterThanOrEqualTo(seen);
    seen = at;
  }

  /// Of all states of the source the one that is most like this one, and what is different.
  private String nearest(Map<Integer, Version> there) {
    Map<Integer, Version> state = new HashMap<>();
    int least = Integer.MAX_VALUE;
    String nearest = "";
    for (int i = 0; i < writes.size(); i++) {
      writes
          .get(i)
          .forEach((id, is) -> {
            state.remove(id);
            is.ifPresent(version -> state.put(id, version));
          });
      Set<Integer> ids = new TreeSet<>(state.keySet());
      ids.addAll(there.keySet());
      ids.removeIf(id -> Objects.equals(state.get(id), there.get(id)));
      if (ids.size() <= least) {
        least = ids.size();
        nearest =
            "after write "
                + (i + 1)
                + " of "
                + writes.size()
                + " (seen "
                + seen
                + ") "
                + ids.stream()
                    .map(id -> id + ": " + there.get(id) + " not " + state.get(id))
                    .toList();
      }
    }
    return nearest;
  }

  /// That it never comes there ends the test, and not how long it takes.
  private void converge() throws Exception {
    long begin = System.nanoTime();
    while (seen < history.size() - 1) {
      assertThat(System.nanoTime() - begin).as(told()).isLessThan(PATIENCE.toNanos());
      TimeUnit.MILLISECONDS.sleep(20);
      look();
    }
    rounds.add("converged after " + (System.nanoTime() - begin) / 1_000_000 + " ms");
  }

  private void checkEnd() throws Exception {
    System.out.println(history.size() + " writes " + rounds);
    assertThat(all.count(target)).contains((long) points.size());
    assertThat(read(target)).isEqualTo(points);
    source.kill();
    target.kill();
    try (SoniDb database = SoniDb.open(all.data("target"))) {
      assertThat(database.collection("songs").verifyIntegrity(true, Progress.NONE).damaged())
          .as(told())
          .isEmpty();
    }
  }
}
