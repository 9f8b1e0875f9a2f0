package io.sonidb.bench;

import com.sun.management.OperatingSystemMXBean;
import io.github.jbellis.jvector.disk.ReaderSupplier;
import io.github.jbellis.jvector.disk.ReaderSupplierFactory;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndex;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.FSDirectory;

/// What other libraries need for the vectors of [SearchIndexes]: to make an index, on disk with the
/// vectors, and to search in it on one thread.
///
/// Arguments: `lucene` or `jvector`, a folder that does not exist, number of vectors, dimension.
/// Both with 16 links (32 on the lowest level) and a beam of 100, with vectors of float32 as they
/// are, Lucene merged into one segment. Answers are documents' numbers, not their contents.
final class OtherIndexes {
  private static final int QUERIES = 1000;
  private static final int TRUTHS = 200;
  private static final int K = 10;
  private static final long SEED = 5;
  private static final int[] FAR = {10, 20, 35, 50, 75, 100, 200};

  /// Finds numbers of vectors.
  private interface Engine extends AutoCloseable {
    int[] search(float[] query, int far) throws IOException;

    @Override
    void close() throws IOException;
  }

  private final Path folder;
  private final List<float[]> vectors = new ArrayList<>();
  private final List<float[]> queries = new ArrayList<>();

  private OtherIndexes(Path folder, int count, int dimension) {
    this.folder = folder;
    ClusteredVectors generator = new ClusteredVectors(dimension, SEED);
    for (int i = 0; i < QUERIES; i++) {
      queries.add(generator.next());
    }
    for (int i = 0; i < count; i++) {
      vectors.add(generator.next());
    }
  }

  /// Prints the figures.
  ///
  /// @param args as the class says
  public static void main(String... args) throws IOException {
    if (args.length != 4) {
      System.err.println("usage: OtherIndexes lucene|jvector FOLDER VECTORS DIMENSION");
      System.exit(2);
    }
    OtherIndexes others =
        new OtherIndexes(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
    others.run("lucene".equals(args[0]));
  }

  private void run(boolean lucene) throws IOException {
    Files.createDirectories(folder);
    double cpu = cpuSeconds();
    if (lucene) {
      makeLucene();
    } else {
      makeJvector();
    }
    cpu = cpuSeconds() - cpu;
    print(
        "index made in %.1f CPU-s: %,.0f vectors per CPU-second; %,.1f bytes a vector in all"
            .formatted(cpu, vectors.size() / cpu, (double) bytes() / vectors.size()));
    List<Set<Integer>> truth = truth();
    try (Engine engine = lucene ? openLucene() : openJvector()) {
      for (int round = 0; round < 3; round++) {
        for (float[] query : queries) {
          engine.search(query, 100);
        }
      }
      print("  ef  recall@10    p50 ms    p99 ms  searches/s  CPU us");
      for (int far : FAR) {
        row(engine, far, truth);
      }
    }
  }

  private static double cpuSeconds() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime()
        / 1e9;
  }

  private long bytes() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      long sum = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sum += Files.size(file);
      }
      return sum;
    }
  }

  private void makeLucene() throws IOException {
    IndexWriterConfig config = new IndexWriterConfig().setRAMBufferSizeMB(512);
    try (FSDirectory directory = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(directory, config)) {
      for (float[] vector : vectors) {
        Document document = new Document();
        document.add(
            new KnnFloatVectorField("vector", vector, VectorSimilarityFunction.DOT_PRODUCT));
        writer.addDocument(document);
      }
      writer.forceMerge(1);
      writer.commit();
    }
  }

  private Engine openLucene() throws IOException {
    FSDirectory directory = FSDirectory.open(folder);
    DirectoryReader reader = DirectoryReader.open(directory);
    IndexSearcher searcher = new IndexSearcher(reader);
    return new Engine() {
      @Override
      public int[] search(float[] query, int far) throws IOException {
        ScoreDoc[] found =
            searcher.search(new KnnFloatVectorQuery("vector", query, far), K).scoreDocs;
        return Arrays.stream(found).mapToInt(each -> each.doc).toArray();
      }

      @Override
      public void close() throws IOException {
        reader.close();
        directory.close();
      }
    };
  }

  private static final VectorTypeSupport TYPES =
      VectorizationProvider.getInstance().getVectorTypeSupport();
  private static final io.github.jbellis.jvector.vector.VectorSimilarityFunction DOT =
      io.github.jbellis.jvector.vector.VectorSimilarityFunction.DOT_PRODUCT;

  private void makeJvector() throws IOException {
    List<VectorFloat<?>> all = new ArrayList<>();
    for (float[] vector : vectors) {
      all.add(TYPES.createFloatVector(vector));
    }
    int dimension = vectors.getFirst().length;
    RandomAccessVectorValues values = new ListRandomAccessVectorValues(all, dimension);
    ForkJoinPool pool = new ForkJoinPool(1);
    try (GraphIndexBuilder builder =
        GraphIndexBuilder.builder(
                BuildScoreProvider.randomAccessScoreProvider(values, DOT), dimension, 32)
            .withBeamWidth(100)
            .withNeighborOverflow(1.2f)
            .withAlpha(1.2f)
            .withSimdExecutor(pool)
            .withParallelExecutor(pool)
            .build()) {
      for (int i = 0; i < all.size(); i++) {
        builder.addGraphNode(i, all.get(i));
      }
      builder.cleanup();
      OnDiskGraphIndex.write(builder.getGraph(), values, folder.resolve("graph"));
    } finally {
      pool.shutdown();
    }
  }

  private Engine openJvector() throws IOException {
    ReaderSupplier supplier = ReaderSupplierFactory.open(folder.resolve("graph"));
    OnDiskGraphIndex index = OnDiskGraphIndex.load(supplier);
    GraphSearcher searcher = new GraphSearcher(index);
    ImmutableGraphIndex.ScoringView view = (ImmutableGraphIndex.ScoringView) searcher.getView();
    return new Engine() {
      @Override
      public int[] search(float[] query, int far) {
        VectorFloat<?> wanted = TYPES.createFloatVector(query);
        DefaultSearchScoreProvider scores =
            new DefaultSearchScoreProvider(view.rerankerFor(wanted, DOT));
        return Arrays.stream(searcher.search(scores, K, far, 0f, 0f, Bits.ALL).getNodes())
            .mapToInt(each -> each.node)
            .toArray();
      }

      @Override
      public void close() throws IOException {
        searcher.close();
        index.close();
        supplier.close();
      }
    };
  }

  private List<Set<Integer>> truth() {
    List<Set<Integer>> truth = new ArrayList<>();
    for (int q = 0; q < TRUTHS; q++) {
      float[] scores = new float[vectors.size()];
      PriorityQueue<Integer> best =
          new PriorityQueue<>((a, b) -> Float.compare(scores[a], scores[b]));
      for (int i = 0; i < scores.length; i++) {
        scores[i] = dot(queries.get(q), vectors.get(i));
        if (best.size() < K || scores[i] > scores[best.element()]) {
          best.add(i);
          if (best.size() > K) {
            best.remove();
          }
        }
      }
      truth.add(new HashSet<>(best));
    }
    return truth;
  }

  private static float dot(float[] a, float[] b) {
    return io.sonidb.vector.Kernels.BEST.dot(a, b);
  }

  private void row(Engine engine, int far, List<Set<Integer>> truth) throws IOException {
    long[] nanos = new long[QUERIES];
    double right = 0;
    double cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    for (int i = 0; i < QUERIES; i++) {
      long start = System.nanoTime();
      int[] found = engine.search(queries.get(i), far);
      nanos[i] = System.nanoTime() - start;
      if (i < TRUTHS) {
        right += Arrays.stream(found).filter(truth.get(i)::contains).count();
      }
    }
    cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu;
    double all = Arrays.stream(nanos).sum() / 1e9;
    Arrays.sort(nanos);
    print(
        "%4d  %9.4f  %8.3f  %8.3f  %10.0f  %6.0f"
            .formatted(
                far,
                right / (TRUTHS * K),
                nanos[QUERIES / 2] / 1e6,
                nanos[QUERIES * 99 / 100] / 1e6,
                QUERIES / all,
                cpu / QUERIES / 1e3));
  }

  private static void print(String line) {
    System.out.println(line);
  }
}
