package io.sonidb.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.ftp.SwarmPlan.Transfer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SwarmPlanTest {
  private static final double START_SECONDS = 0.5; // to begin a transfer at 100 ms round trip
  private static final double RATE = 125e6; // bytes a second, of a node each way

  private static BitSet all(int files) {
    BitSet all = new BitSet();
    all.set(0, files);
    return all;
  }

  private static SwarmPlan plan(int nodes, int files, long size, int slots) {
    BitSet[] wanted = new BitSet[nodes + 1];
    Arrays.setAll(wanted, node -> node == SwarmPlan.ORIGIN ? new BitSet() : all(files));
    long[] sizes = new long[files];
    Arrays.fill(sizes, size);
    return new SwarmPlan(sizes, wanted, slots);
  }

  /// A network in which each node has a line of the same rate each way, which its transfers share.
  private static final class Network {
    private final SwarmPlan plan;
    private final long size;
    private final double rate;
    private final double startSeconds;
    private final List<Moving> moving = new ArrayList<>();
    private double now;

    private static final class Moving {
      final Transfer transfer;
      double start; // seconds until bytes move
      double left; // bytes

      Moving(Transfer transfer, double start, double left) {
        this.transfer = transfer;
        this.start = start;
        this.left = left;
      }
    }

    Network(SwarmPlan plan, long size) {
      this(plan, size, RATE, START_SECONDS);
    }

    Network(SwarmPlan plan, long size, double rate, double startSeconds) {
      this.plan = plan;
      this.size = size;
      this.rate = rate;
      this.startSeconds = startSeconds;
    }

    private double rate(Moving one) {
      long up =
          moving.stream()
              .filter(m -> m.start <= 0 && m.transfer.source() == one.transfer.source())
              .count();
      long down =
          moving.stream()
              .filter(m -> m.start <= 0 && m.transfer.target() == one.transfer.target())
              .count();
      return rate / Math.max(up, down);
    }

    private void begin() {
      for (Optional<Transfer> next = plan.next(); next.isPresent(); next = plan.next()) {
        moving.add(new Moving(next.get(), startSeconds, size));
      }
    }

    /// The transfer that ends next.
    private Transfer step() {
      while (true) {
        double step = Double.MAX_VALUE;
        for (Moving each : moving) {
          step = Math.min(step, each.start > 0 ? each.start : each.left / rate(each));
        }
        double[] rates = moving.stream().mapToDouble(this::rate).toArray();
        now += step;
        Moving ended = null;
        for (int i = 0; i < rates.length; i++) {
          Moving each = moving.get(i);
          if (each.start > 0) {
            each.start = each.start - step < 1e-9 ? 0 : each.start - step;
          } else {
            each.left -= rates[i] * step;
            ended = each.left < 1e-3 && ended == null ? each : ended;
          }
        }
        if (ended != null) {
          moving.remove(ended);
          return ended.transfer;
        }
      }
    }
  }

  /// Runs to the end, with a node that fails from some moment on.
  private static Network run(SwarmPlan plan, long size, int bad, double failsFrom, long seed) {
    Network network = new Network(plan, size);
    network.begin();
    for (int steps = 0; plan.underWay() > 0; steps++) {
      Transfer ended = network.step();
      boolean isOfBad = ended.source() == bad || ended.target() == bad;
      if (isOfBad && network.now >= failsFrom) {
        plan.failed(ended, bad);
      } else {
        plan.done(ended);
      }
      network.begin();
      assertThat(steps).as("seed %d", seed).isLessThan(100_000);
    }
    return network;
  }

  private static long seed() {
    return Long.getLong("sonidb.seed", System.nanoTime());
  }

  @Test
  void givesUpANodeThatFailsAndServesTheOthers() {
    long seed = seed();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      int nodes = 2 + random.nextInt(6);
      int files = 3 + random.nextInt(20);
      int bad = 1 + random.nextInt(nodes);
      SwarmPlan plan = plan(nodes, files, 10_000_000, 1 + random.nextInt(5));
      run(plan, 10_000_000, bad, random.nextInt(3) * 0.3, seed);
      for (int node = 1; node <= nodes; node++) {
        if (node != bad) {
          assertThat(plan.isOut(node)).as("seed %d", seed).isFalse();
          assertThat(plan.lacks(node).isEmpty()).as("seed %d, node %d", seed, node).isTrue();
        }
      }
      assertThat(plan.isOut(bad) || plan.lacks(bad).isEmpty()).as("seed %d", seed).isTrue();
    }
  }

  @Test
  void sharesWhatThereIsWhenTheOriginGoes() {
    SwarmPlan plan = plan(4, 40, 10_000_000, 2);
    run(plan, 10_000_000, SwarmPlan.ORIGIN, 1.0, 0);
    assertThat(plan.isOut(SwarmPlan.ORIGIN)).isTrue();
    assertThat(plan.lacks(1).cardinality()).isBetween(1, 39);
    for (int node = 2; node <= 4; node++) {
      assertThat(plan.lacks(node)).as("all have the same").isEqualTo(plan.lacks(1));
    }
  }

  @Test
  void sendsWhatIsWantedAndNothingTwice() {
    long seed = seed();
    Random random = new Random(seed);
    for (int round = 0; round < 50; round++) {
      int nodes = 1 + random.nextInt(7);
      int files = 1 + random.nextInt(20);
      BitSet[] wanted = new BitSet[nodes + 1];
      Arrays.setAll(
          wanted,
          node ->
              node == SwarmPlan.ORIGIN
                  ? new BitSet()
                  : BitSet.valueOf(new long[] {random.nextLong() & (1L << files) - 1}));
      long[] sizes = new long[files];
      Arrays.fill(sizes, 1_000_000);
      SwarmPlan plan = new SwarmPlan(sizes, wanted, 1 + random.nextInt(5));
      Network network = new Network(plan, 1_000_000);
      BitSet[] got = new BitSet[nodes + 1];
      Arrays.setAll(got, _ -> new BitSet());
      network.begin();
      while (plan.underWay() > 0) {
        Transfer ended = network.step();
        plan.done(ended);
        assertThat(got[ended.target()].get(ended.file())).as("seed %d", seed).isFalse();
        assertThat(ended.source() == SwarmPlan.ORIGIN || got[ended.source()].get(ended.file()))
            .as("seed %d: the source has it", seed)
            .isTrue();
        got[ended.target()].set(ended.file());
        network.begin();
      }
      assertThat(got).as("seed %d", seed).isEqualTo(wanted);
    }
  }

  @Test
  void spreadsToManyNodesInLittleMoreThanTheTimeForOne() {
    for (int nodes : new int[] {6, 20}) {
      int files = 20;
      long size = 25_000_000;
      SwarmPlan plan = plan(nodes, files, size, 4);
      double seconds = run(plan, size, -1, 0, 0).now;
      assertThat(plan.sentByOrigin()).isBetween(files * size, files * size * 3 / 2);
      // One line's time for all is 4 s; from the origin alone to 6 nodes it would be 24 s.
      assertThat(seconds).as("to %d nodes", nodes).isLessThan(nodes == 6 ? 9 : 10);
    }
  }

  /// The model in docs/sync.md.
  private static double modelSeconds(int files, double lineSeconds, double startSeconds) {
    return lineSeconds * Math.max(1.55, 1 + 14.0 / files) + startSeconds * Math.max(4, files / 6.0);
  }

  @Test
  void takesAboutAsLongAsTheModelSays() {
    long size = 1_000_000;
    for (int nodes : new int[] {3, 6, 12, 20}) {
      for (int files : new int[] {10, 20, 40, 80}) {
        for (double lineSeconds : new double[] {4, 20, 80}) {
          for (double start : new double[] {0.2, 0.5}) {
            SwarmPlan plan = plan(nodes, files, size, FxpOptions.DEFAULT.sessions());
            Network network = new Network(plan, size, files * size / lineSeconds, start);
            network.begin();
            while (plan.underWay() > 0) {
              plan.done(network.step());
              network.begin();
            }
            assertThat(network.now / modelSeconds(files, lineSeconds, start))
                .as("%d nodes, %d files, %.0f s, %.1f s", nodes, files, lineSeconds, start)
                .isBetween(0.7, 1.2);
          }
        }
      }
    }
  }
}
