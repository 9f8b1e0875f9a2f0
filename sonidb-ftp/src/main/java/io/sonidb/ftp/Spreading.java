package io.sonidb.ftp;

import io.sonidb.Progress;
import io.sonidb.ReceiveReport;
import io.sonidb.SyncFile;
import io.sonidb.SyncManifest;
import io.sonidb.SyncReport;
import io.sonidb.ftp.SyncFailedException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Brings a collection from one node to many at once, which pass on to each other what they have
/// got. A node that fails is left out and reported; the others finish. It only controls.
public final class Spreading {
  private final SyncNode source;
  private final List<SyncNode> targets;
  private final ClusterSecret secret;
  private final FxpOptions options;

  /// @param secret that all nodes have
  public Spreading(
      SyncNode source, List<? extends SyncNode> targets, ClusterSecret secret, FxpOptions options) {
    this.source = source;
    this.targets = List.copyOf(targets);
    this.secret = secret;
    this.options = options;
  }

  /// What became of one node.
  ///
  /// @param report if all is well; its `controllerBytes` and `seconds` are of all nodes together
  /// @param failure if not
  /// @param fromSource bytes that the source sent to it
  /// @param fromOthers bytes that other targets sent to it
  public record Outcome(
      String target,
      Optional<SyncReport> report,
      Optional<IOException> failure,
      long fromSource,
      long fromOthers) {}

  /// A target that takes part.
  private record Part(
      SyncNode node, SyncNode.Contact contact, SyncNode.Welcome welcome, int index) {}

  /// What is spread.
  ///
  /// @param newest number of the newest write at the source
  private record State(SyncManifest manifest, long newest) {}

  /// A target before it is known what it lacks.
  private record Known(SyncNode node, SyncNode.Contact contact, int index) {}

  /// Does it.
  ///
  /// @param collection its name at the source
  /// @param seal whether what the open segment holds goes, too, which ends that segment
  /// @param progress hears bytes, of all targets together; may throw to end it
  /// @return what became of each target, in their order
  /// @throws IOException if the source cannot be used
  public List<Outcome> run(String collection, boolean seal, Progress progress) throws IOException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return new Run(threads, collection, seal, progress).call();
    }
  }

  private final class Run {
    private final long start = System.nanoTime();
    private final ExecutorService threads;
    private final String collection;
    private final boolean seal;
    private final Progress progress;
    private final List<Optional<IOException>> failures = new ArrayList<>();

    Run(ExecutorService threads, String collection, boolean seal, Progress progress) {
      this.threads = threads;
      this.collection = collection;
      this.seal = seal;
      this.progress = progress;
      targets.forEach(_ -> failures.add(Optional.empty()));
    }

    List<Outcome> call() throws IOException {
      SyncNode.Contact from = source.contact(targets.getFirst());
      List<Known> known = known();
      List<Peer> peers = new ArrayList<>(known.stream().map(to -> to.contact().peer()).toList());
      if (peers.isEmpty()) {
        return outcomes(List.of(), List.of(), List.of(), Optional.empty(), 0);
      }
      SyncNode.Sending sending = source.send(collection, seal, List.copyOf(peers));
      peers.add(from.peer());
      SyncManifest state = SignedManifest.read(sending.manifest(), secret);
      List<Part> parts = List.of();
      try {
        parts = parts(known, sending.manifest(), state, peers);
        boolean plain =
            options.plainData()
                && from.plainData()
                && parts.stream().allMatch(each -> each.contact().plainData());
        try (Fxp fxp = new Fxp(options.withPlainData(plain))) {
          List<Fxp.Spread> spread =
              fxp.spread(
                  from.end(sending.login(), secret),
                  parts.stream()
                      .map(each ->
                          new Fxp.Receiver(
                              each.contact().end(each.welcome().login(), secret),
                              each.welcome().missing()))
                      .toList(),
                  progress);
          List<Optional<ReceiveReport>> published = published(parts, spread, sending.newest());
          return outcomes(
              parts,
              spread,
              published,
              Optional.of(new State(state, sending.newest())),
              fxp.commandBytes());
        }
      } finally {
        threads.execute(() -> Syncing.endQuietly(source, sending.login()));
        for (Part each : parts) {
          threads.execute(() -> Syncing.endQuietly(each.node(), each.welcome().login()));
        }
      }
    }

    /// Asks all targets something at the same time, and leaves those out that fail.
    private <T, R> List<R> all(List<T> of, Asking<T, R> asking, Numbering<T> number)
        throws IOException {
      List<Future<R>> answers =
          of.stream().map(each -> threads.submit(() -> asking.ask(each))).toList();
      List<R> good = new ArrayList<>();
      for (int i = 0; i < answers.size(); i++) {
        try {
          good.add(answers.get(i).get());
        } catch (ExecutionException e) {
          failures.set(
              number.of(of.get(i)),
              Optional.of(
                  e.getCause() instanceof IOException io
                      ? io
                      : new IOException(String.valueOf(e.getCause()), e.getCause())));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
      }
      return good;
    }

    private List<Known> known() throws IOException {
      List<Integer> numbers = new ArrayList<>();
      for (int i = 0; i < targets.size(); i++) {
        numbers.add(i);
      }
      return all(
          numbers, i -> new Known(targets.get(i), targets.get(i).contact(source), i), i -> i);
    }

    private List<Part> parts(
        List<Known> known, String manifest, SyncManifest state, List<Peer> peers)
        throws IOException {
      return all(
          known,
          each ->
              switch (each.node().receive(manifest, peers, true)) {
                case SyncNode.Welcome welcome ->
                    new Part(each.node(), each.contact(), welcome, each.index());
                case SyncNode.OutOfDate newer -> {
                  source.demote(state.uuid(), newer.newerEpoch());
                  throw new SyncFailedException(
                      Kind.REFUSED, each.node().name() + ": " + newer.reason());
                }
              },
          Known::index);
    }

    /// Has those publish that have everything.
    private List<Optional<ReceiveReport>> published(
        List<Part> parts, List<Fxp.Spread> spread, long newest) throws IOException {
      List<Integer> numbers = new ArrayList<>();
      for (int i = 0; i < parts.size(); i++) {
        Fxp.Spread each = spread.get(i);
        if (each.failure().isEmpty()) {
          numbers.add(i);
        } else {
          failures.set(parts.get(i).index(), Optional.of(each.failure().get()));
        }
      }
      List<Optional<ReceiveReport>> reports = new ArrayList<>();
      parts.forEach(_ -> reports.add(Optional.empty()));
      all(
          numbers,
          i -> {
            ReceiveReport report =
                parts.get(i).node().publish(parts.get(i).welcome().login(), newest, Progress.NONE);
            synchronized (reports) {
              return reports.set(i, Optional.of(report));
            }
          },
          i -> parts.get(i).index());
      return reports;
    }

    private List<Outcome> outcomes(
        List<Part> parts,
        List<Fxp.Spread> spread,
        List<Optional<ReceiveReport>> published,
        Optional<State> state,
        long commandBytes) {
      double seconds = (System.nanoTime() - start) / 1e9;
      long bytes = commandBytes + Syncing.callBytes(source);
      for (SyncNode each : targets) {
        bytes += Syncing.callBytes(each);
      }
      long controllerBytes = bytes;
      List<Outcome> all = new ArrayList<>();
      for (int i = 0; i < targets.size(); i++) {
        int index = i;
        int at = parts.stream().map(Part::index).toList().indexOf(index);
        Optional<SyncReport> report =
            at < 0
                ? Optional.empty()
                : published
                    .get(at)
                    .map(received ->
                        report(
                            parts.get(at),
                            received,
                            state.orElseThrow(),
                            controllerBytes,
                            seconds));
        all.add(
            new Outcome(
                targets.get(i).name(),
                report,
                failures.get(i),
                at < 0 ? 0 : spread.get(at).fromOrigin(),
                at < 0 ? 0 : spread.get(at).fromOthers()));
      }
      return all;
    }

    private SyncReport report(
        Part part, ReceiveReport received, State state, long controllerBytes, double seconds) {
      List<SyncFile> moved = part.welcome().missing();
      return new SyncReport(
          part.node().name(),
          received,
          moved.size(),
          moved.stream().mapToLong(SyncFile::size).sum(),
          state.manifest().files().size(),
          state.manifest().bytes(),
          state.newest(),
          controllerBytes,
          seconds);
    }
  }

  @FunctionalInterface
  private interface Asking<T, R> {
    R ask(T node) throws IOException;
  }

  @FunctionalInterface
  private interface Numbering<T> {
    int of(T each);
  }
}
