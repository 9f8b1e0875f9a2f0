package io.sonidb.bench;

import io.sonidb.Change;
import io.sonidb.CollectionSpec;
import io.sonidb.Metric;
import io.sonidb.Point;
import io.sonidb.StreamOptions;
import io.sonidb.client.RemoteCollection;
import io.sonidb.client.SoniDbClient;
import io.sonidb.sound.Listener;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Measures the audio API of a running node over loopback: the endless stream, read by curl, and
/// decoded and checked by the Java client and by the listener of any sound; from insert to the
/// decoded vector of a listener; the heap that idle listeners take.
///
/// Arguments: URL, the node's process id (for its heap: `jcmd` collects garbage first), vectors
/// (100000), dimension (768), idle listeners (900). The collection is called `audio-load`, and
/// stays.
final class AudioLoad {
  private static final String NAME = "audio-load";
  private static final int BATCH = 256;
  private static final int ROUNDS = 12;
  private static final int INSERTS = 3_000;
  private static final Pattern HEAP = Pattern.compile("(?m)^sonidb_jvm_heap_used_bytes ([0-9]+)$");

  private final URI node;
  private final String process;
  private final int vectors;
  private final int dimension;
  private final int idle;

  private AudioLoad(URI node, String process, int vectors, int dimension, int idle) {
    this.node = node;
    this.process = process;
    this.vectors = vectors;
    this.dimension = dimension;
    this.idle = idle;
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException, InterruptedException {
    if (args.length < 2) {
      throw new IllegalArgumentException(
          "usage: AudioLoad URL PID [VECTORS] [DIMENSION] [LISTENERS]");
    }
    new AudioLoad(
            URI.create(args[0]),
            args[1],
            args.length > 2 ? Integer.parseInt(args[2]) : 100_000,
            args.length > 3 ? Integer.parseInt(args[3]) : 768,
            args.length > 4 ? Integer.parseInt(args[4]) : 900)
        .run();
  }

  private void run() throws IOException, InterruptedException {
    try (SoniDbClient client = SoniDbClient.of(node.toString())) {
      if (client.find(NAME).isPresent()) {
        client.drop(NAME);
      }
      // A metric without a search index, the making of which would take a core meanwhile.
      RemoteCollection songs =
          client.create(NAME, CollectionSpec.dimension(dimension).metric(Metric.MANHATTAN));
      fill(songs);
      stream();
      hear("the Java client hears", () -> hearByClient(songs));
      hear("the listener of any sound hears", () -> hearAsSound(songs));
      latency(songs);
      idle();
    }
  }

  private void fill(RemoteCollection songs) {
    ClusteredVectors source = new ClusteredVectors(dimension, 1);
    List<Point> batch = new ArrayList<>();
    for (int i = 0; i < vectors; i++) {
      batch.add(Point.of(VectorId.of(i), Vector.sharing(source.next())));
      if (batch.size() == BATCH || i == vectors - 1) {
        songs.upsert(batch);
        batch.clear();
      }
    }
  }

  private void stream() throws IOException, InterruptedException {
    double[] rates = new double[ROUNDS];
    long bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Process curl =
          new ProcessBuilder(
                  "curl",
                  "-sS",
                  "-o",
                  "/dev/null",
                  "-w",
                  "%{size_download} %{time_total}",
                  node + "/collections/" + NAME + "/audio?from=1")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String[] said =
          new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split(" ", -1);
      curl.waitFor();
      bytes = Long.parseLong(said[0]);
      rates[round] = bytes / Double.parseDouble(said[1]) / 1e6;
    }
    double first = rates[0];
    double[] warm = Arrays.copyOfRange(rates, ROUNDS / 2, ROUNDS);
    Arrays.sort(warm);
    System.out.printf(
        Locale.ROOT,
        "stream of %.0f MB to curl: first %.0f MB/s, median of the last %d rounds %.0f MB/s, best"
            + " %.0f%n",
        bytes / 1e6,
        first,
        warm.length,
        warm[warm.length / 2],
        warm[warm.length - 1]);
  }

  @FunctionalInterface
  private interface Hearing {
    void hearAll() throws IOException, InterruptedException;
  }

  private void hear(String who, Hearing hearing) throws IOException, InterruptedException {
    double[] rates = new double[ROUNDS];
    double[] here = new double[ROUNDS];
    double[] there = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long cpuHere = cpu(ProcessHandle.current());
      long cpuThere = cpu(ProcessHandle.of(Long.parseLong(process)).orElseThrow());
      long began = System.nanoTime();
      hearing.hearAll();
      rates[round] = vectors / ((System.nanoTime() - began) / 1e9);
      here[round] = (cpu(ProcessHandle.current()) - cpuHere) / 1e3 / vectors;
      there[round] =
          (cpu(ProcessHandle.of(Long.parseLong(process)).orElseThrow()) - cpuThere) / 1e3 / vectors;
    }
    double first = rates[0];
    double[] warm = Arrays.copyOfRange(rates, ROUNDS / 2, ROUNDS);
    Arrays.sort(warm);
    System.out.printf(
        Locale.ROOT,
        "%s: first %.0f vectors/s, median of the last %d rounds %.0f, worst %.0f, best %.0f; CPU %.2f"
            + " us a vector here, %.2f in the node%n",
        who,
        first,
        warm.length,
        warm[warm.length / 2],
        warm[0],
        warm[warm.length - 1],
        warmMedian(here),
        warmMedian(there));
  }

  private static double warmMedian(double[] rounds) {
    double[] warm = Arrays.copyOfRange(rounds, ROUNDS / 2, ROUNDS);
    Arrays.sort(warm);
    return warm[warm.length / 2];
  }

  /// Processor time of a process so far, in nanoseconds; the kernel counts it in hundredths of a
  /// second.
  private static long cpu(ProcessHandle process) {
    return process.info().totalCpuDuration().orElseThrow().toNanos();
  }

  private void hearByClient(RemoteCollection songs) throws InterruptedException {
    CountDownLatch left = new CountDownLatch(vectors);
    AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
    songs
        .records(1, StreamOptions.ALL)
        .subscribe(
            new Flow.Subscriber<>() {
              @Override
              public void onSubscribe(Flow.Subscription made) {
                subscription.set(made);
                made.request(Long.MAX_VALUE);
              }

              @Override
              public void onNext(Change change) {
                left.countDown();
              }

              @Override
              public void onError(Throwable failure) {
                throw new IllegalStateException(failure);
              }

              @Override
              public void onComplete() {}
            });
    left.await();
    subscription.get().cancel();
  }

  private void hearAsSound(RemoteCollection songs) throws IOException {
    AtomicLong heard = new AtomicLong();
    try (InputStream in = songs.stream(1, false, StreamOptions.ALL)) {
      Listener.listen(
          in, (record, _) -> heard.addAndGet(record.kind() == RecordKind.UPSERT ? 1 : 0));
    }
    if (heard.get() != vectors) {
      throw new IOException("heard " + heard + " of " + vectors);
    }
  }

  private void latency(RemoteCollection songs) throws InterruptedException {
    SynchronousQueue<Long> heard = new SynchronousQueue<>();
    songs
        .records(vectors + 1L, StreamOptions.ALL)
        .subscribe(
            new Flow.Subscriber<>() {
              @Override
              public void onSubscribe(Flow.Subscription made) {
                made.request(Long.MAX_VALUE);
              }

              @Override
              public void onNext(Change change) {
                try {
                  heard.offer(System.nanoTime(), 10, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }

              @Override
              public void onError(Throwable failure) {
                throw new IllegalStateException(failure);
              }

              @Override
              public void onComplete() {}
            });
    ClusteredVectors source = new ClusteredVectors(dimension, 2);
    long[] sinceSent = new long[INSERTS];
    long[] sinceAcknowledged = new long[INSERTS];
    for (int i = 0; i < INSERTS; i++) {
      List<Point> one = List.of(Point.of(VectorId.of(vectors + i), Vector.sharing(source.next())));
      long sent = System.nanoTime();
      songs.upsert(one);
      long acknowledged = System.nanoTime();
      Long at = heard.poll(10, TimeUnit.SECONDS);
      if (at == null) {
        throw new IllegalStateException("insert " + i + " was not heard");
      }
      sinceSent[i] = at - sent;
      sinceAcknowledged[i] = Math.max(0, at - acknowledged);
    }
    print("insert sent to vector heard", sinceSent);
    print("insert acknowledged to vector heard", sinceAcknowledged);
  }

  private static void print(String what, long[] nanos) {
    long[] warm = Arrays.copyOfRange(nanos, nanos.length / 3, nanos.length);
    Arrays.sort(warm);
    System.out.printf(
        Locale.ROOT,
        "%s: median %.2f ms, 99 of 100 within %.2f ms%n",
        what,
        warm[warm.length / 2] / 1e6,
        warm[(int) (warm.length * 0.99)] / 1e6);
  }

  private void idle() throws IOException, InterruptedException {
    List<Socket> listeners = new ArrayList<>();
    try (HttpConnection asking = new HttpConnection(node)) {
      long before = heap(asking);
      byte[] request =
          ("GET /collections/"
                  + NAME
                  + "/audio?follow=true&from="
                  + (vectors + INSERTS + 1)
                  + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < idle; i++) {
        Socket socket = new Socket(node.getHost(), node.getPort());
        listeners.add(socket);
        socket.getOutputStream().write(request);
        socket.getInputStream().readNBytes(12);
      }
      long after = heap(asking);
      System.out.printf(
          Locale.ROOT,
          "%d idle listeners: %.1f KB of heap each%n",
          idle,
          (after - before) / 1024.0 / idle);
    } finally {
      for (Socket socket : listeners) {
        socket.close();
      }
    }
  }

  private long heap(HttpConnection asking) throws IOException, InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      new ProcessBuilder("jcmd", process, "GC.run")
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
      Matcher line =
          HEAP.matcher(
              new String(asking.send("GET", "/metrics", new byte[0]), StandardCharsets.UTF_8));
      if (!line.find()) {
        throw new IOException("the node does not tell its heap");
      }
      least = Math.min(least, Long.parseLong(line.group(1)));
    }
    return least;
  }
}
