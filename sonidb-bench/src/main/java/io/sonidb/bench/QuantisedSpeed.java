package io.sonidb.bench;

import io.sonidb.Collection;
import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Point;
import io.sonidb.SoniDb;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.RecordDecoder;
import io.sonidb.sound.RecordEncoder;
import io.sonidb.sound.SoundFormat;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Prints how long rounding takes, and what quantised vectors take to encode, decode and insert
/// beside exact ones: on one thread, then through a store on all cores.
///
/// Arguments: vectors that are inserted each time (60,000). Rounds of all that is compared take
/// turns; shown are the median and the least of a round.
final class QuantisedSpeed {
  private static final int VECTORS = 1000;
  private static final int ROUNDS = 60;
  private static final int WARM_UP = 30;
  private static final int INGESTS = 3;
  private static final List<Quantisation> COMPARED =
      List.of(Quantisation.NONE, Quantisation.BITS_8, Quantisation.BITS_5, Quantisation.BITS_4);

  /// Vectors, and their records under one quantisation.
  private static final class Batch {
    private final RecordEncoder encoder = new RecordEncoder(SoundFormat.FLOAT32);
    private final RecordDecoder decoder = new RecordDecoder(SoundFormat.FLOAT32);
    private final Quantisation quantize;
    private final Vector[] exact;
    private final byte[][] frames = new byte[VECTORS][];
    private final byte[] out;
    private final double[][] nanos = new double[3][ROUNDS];
    private double sink;

    Batch(Quantisation quantize, Vector[] exact) {
      this.quantize = quantize;
      this.exact = exact;
      out = new byte[encoder.maxSize(record(0, exact[0])) + 100];
    }

    private static SoundRecord record(int i, Vector vector) {
      return SoundRecord.upsert(100_000 + i, VectorId.of(i), vector);
    }

    private void round(int round) throws IOException {
      long start = System.nanoTime();
      for (Vector vector : exact) {
        sink += quantize.round(vector).floatAt(0);
      }
      long rounded = System.nanoTime();
      for (int i = 0; i < VECTORS; i++) {
        int size = encoder.encode(record(i, quantize.round(exact[i])), out, 0);
        if (frames[i] == null) {
          frames[i] = Arrays.copyOf(out, size);
        }
      }
      long encoded = System.nanoTime();
      for (byte[] frame : frames) {
        decoder.read(frame, 0, frame.length);
        sink += decoder.hash();
      }
      long decoded = System.nanoTime();
      if (round >= 0) {
        nanos[0][round] = (double) (rounded - start) / VECTORS;
        nanos[1][round] = (double) (encoded - rounded) / VECTORS;
        nanos[2][round] = (double) (decoded - encoded) / VECTORS;
      }
    }

    private String shown(int what) {
      double[] sorted = nanos[what].clone();
      Arrays.sort(sorted);
      return String.format(Locale.ROOT, "%.2f / %.2f", sorted[ROUNDS / 2] / 1000, sorted[0] / 1000);
    }
  }

  private QuantisedSpeed() {}

  /// Prints the tables.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException {
    int ingested = args.length > 0 ? Integer.parseInt(args[0]) : 60_000;
    System.out.println("microseconds a vector, one thread, median / least");
    System.out.println();
    System.out.println("| dimension | stored as | round | round and encode | decode and check |");
    System.out.println("|--:|---|--:|--:|--:|");
    for (int dimension : new int[] {768, 1536}) {
      codec(dimension);
    }
    System.out.println();
    System.out.println("vectors/s of 768 dimensions into a store, durability os, until sealed");
    System.out.println();
    for (int i = 0; i < INGESTS; i++) {
      for (Quantisation quantize : List.of(Quantisation.NONE, Quantisation.BITS_5)) {
        System.out.printf(
            Locale.ROOT, "- quantize %s: %,.0f%n", quantize, ingest(quantize, ingested));
      }
    }
  }

  private static void codec(int dimension) throws IOException {
    UnitVectors generator = new UnitVectors(dimension);
    Vector[] exact = new Vector[VECTORS];
    Arrays.setAll(exact, i -> Vector.sharing(generator.next()));
    List<Batch> batches = new ArrayList<>();
    COMPARED.forEach(quantize -> batches.add(new Batch(quantize, exact)));
    for (int round = -WARM_UP; round < ROUNDS; round++) {
      for (Batch batch : batches) {
        batch.round(round);
      }
    }
    for (Batch batch : batches) {
      if (Double.isNaN(batch.sink)) {
        throw new IllegalStateException("the vectors are not finite");
      }
      System.out.printf(
          "| %d | %s | %s | %s | %s |%n",
          dimension,
          batch.quantize.isRounding() ? "`--quantize " + batch.quantize + "`" : "exact",
          batch.quantize.isRounding() ? batch.shown(0) : "",
          batch.shown(1),
          batch.shown(2));
    }
  }

  private static double ingest(Quantisation quantize, int vectors) throws IOException {
    UnitVectors generator = new UnitVectors(768);
    Vector[] pool = new Vector[VECTORS];
    Arrays.setAll(pool, i -> Vector.sharing(generator.next()));
    try (TemporaryFolder folder = TemporaryFolder.create();
        SoniDb db = SoniDb.open(folder.path(), Sustained.WITHOUT_INDEX)) {
      Collection songs =
          db.create(
              "songs", CollectionSpec.dimension(768).quantize(quantize).durability(Durability.OS));
      long start = System.nanoTime();
      for (int from = 0; from < vectors; from += VECTORS) {
        List<Point> batch = new ArrayList<>(VECTORS);
        for (int i = 0; i < VECTORS; i++) {
          batch.add(Point.of(VectorId.of(from + i), pool[i]));
        }
        songs.upsert(batch);
      }
      songs.buildIndex();
      return vectors / ((System.nanoTime() - start) / 1e9);
    }
  }
}
