package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sonidb.Collection;
import io.sonidb.Point;
import io.sonidb.Progress;
import io.sonidb.SoniDb;
import io.sonidb.server.SyncProcesses.Place;
import io.sonidb.server.SyncProcesses.Running;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Source, target and controller are processes of their own. At a random moment of each round one
/// of them is killed, or the network between the nodes is cut, or both.
class SyncKillTest {
  private static final int DIMENSION = 768;
  private static final int BATCH = 2000;
  private static final int CALL = 500;
  private static final long MOST_MILLIS = 3000;
  private static final long MOST_CUT_MILLIS = 9000;
  private static final String SLOW_LINE = "40mbit"; // the files of a round take a second or two

  @TempDir Path folder;
  private final long seed = Long.getLong("sonidb.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<String> rounds = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  private SyncProcesses all;

  @SuppressWarnings("NullAway.Init")
  private Running source;

  @SuppressWarnings("NullAway.Init")
  private Running target;

  private int vectors;

  @AfterEach
  void endAll() {
    if (all != null) {
      all.close();
    }
  }

  @Test
  void convergesThoughOneOfThemIsKilled() throws Exception {
    start(Place.HERE, Place.HERE);
    run(2);
  }

  @Test
  @Tag("slow")
  void convergesThoughOneOfThemIsKilledThirtyTimes() throws Exception {
    start(Place.HERE, Place.HERE);
    run(30);
  }

  @Test
  @Tag("slow")
  void convergesThoughTheNetworkIsCutThirtyTimes() throws Exception {
    assumeThat(CutNetwork.isPossible())
        .as("network namespaces are needed: root, with ip and tc of iproute2")
        .isTrue();
    try (CutNetwork network = CutNetwork.make(SLOW_LINE)) {
      start(network.first(), network.second());
      for (int round = 0; round < 30; round++) {
        cut(network, round);
      }
      checkTarget();
    }
  }

  private void start(Place first, Place second) throws IOException {
    System.out.println("sonidb.seed=" + seed);
    all = new SyncProcesses(folder);
    source = all.node("source", first);
    target = all.node("target", second);
    all.send(
            source,
            "PUT",
            "/collections/songs",
            "{\"vectors\":{\"size\":768,\"distance\":\"Dot\"},"
                + "\"sonidb\":{\"segment_bytes\":1048576}}")
        .result();
  }

  private void run(int count) throws Exception {
    for (int round = 0; round < count; round++) {
      long older = vectors;
      insert();
      Process controller = all.controller(source, target);
      long millis = random.nextLong(MOST_MILLIS);
      controller.waitFor(millis, TimeUnit.MILLISECONDS);
      int killed = random.nextInt(3);
      rounds.add("round " + round + ": " + killed + " at " + millis + " ms");
      kill(killed, controller);
      settle(controller, older);
    }
    checkTarget();
  }

  private void cut(CutNetwork network, int round) throws Exception {
    long older = vectors;
    insert();
    Process controller = all.controller(source, target);
    long millis = random.nextLong(MOST_MILLIS);
    controller.waitFor(millis, TimeUnit.MILLISECONDS);
    long cut = random.nextLong(MOST_CUT_MILLIS);
    int killed = random.nextInt(6); // half of the time none
    rounds.add(
        "round " + round + ": cut at " + millis + " ms for " + cut + " ms, " + killed + " killed");
    network.cut();
    kill(killed, controller);
    controller.waitFor(cut, TimeUnit.MILLISECONDS);
    network.mend();
    settle(controller, older);
  }

  private void kill(int which, Process controller) throws Exception {
    switch (which) {
      case 0 -> source = all.again(source);
      case 1 -> target = all.again(target);
      case 2 -> controller.destroyForcibly();
      default -> {}
    }
  }

  /// The target has the old state or the new one, and the new one after the next sync.
  private void settle(Process controller, long older) throws Exception {
    assertThat(controller.waitFor(90, TimeUnit.SECONDS)).as(told()).isTrue();
    rounds.add(controller.exitValue() == 0 ? "done" : "broken off");
    Optional<Long> now = all.count(target);
    if (now.isPresent() || older > 0) {
      assertThat(List.of(older, (long) vectors)).as(told()).contains(now.orElse(-1L));
    }
    Process last = all.controller(source, target);
    String said = new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(last.waitFor()).as(told() + said).isZero();
    assertThat(all.count(target)).as(told()).contains((long) vectors);
  }

  private String told() {
    return "seed " + seed + " " + rounds + " ";
  }

  /// Every vector is there and right, and nothing else.
  private void checkTarget() throws Exception {
    System.out.println(rounds);
    source.kill();
    target.kill();
    try (SoniDb from = SoniDb.open(all.data("source"));
        SoniDb to = SoniDb.open(all.data("target"))) {
      Collection there = to.collection("songs");
      assertThat(there.verifyIntegrity(true, Progress.NONE).damaged()).as(told()).isEmpty();
      assertThat(there.spec().dimension()).isEqualTo(DIMENSION);
      for (int id = 0; id < vectors; id += 97) {
        Point point = from.collection("songs").get(Integer.toString(id)).orElseThrow();
        assertThat(there.get(Integer.toString(id))).as(told()).contains(point);
      }
    }
    try (Stream<Path> left = Files.walk(all.data("target").resolve("sync"))) {
      assertThat(left.filter(Files::isRegularFile)).as(told()).isEmpty();
    }
  }

  private void insert() throws IOException {
    for (int part = 0; part < BATCH; part += CALL) {
      StringBuilder body = new StringBuilder("{\"points\":[");
      for (int i = 0; i < CALL; i++) {
        body.append(i == 0 ? "" : ",").append("{\"id\":").append(vectors++).append(",\"vector\":[");
        for (int c = 0; c < DIMENSION; c++) {
          body.append(c == 0 ? "" : ",").append(random.nextInt(1 << 23) / 1e7f);
        }
        body.append("]}");
      }
      all.send(source, "PUT", "/collections/songs/points", body.append("]}").toString()).result();
    }
  }
}
