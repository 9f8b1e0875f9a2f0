package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.Metric;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.cli.model.Model;
import io.sonidb.cli.model.ModelException;
import io.sonidb.cli.model.ModelProvider;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/// A model that listens: what is heard goes into a bounded queue, and a thread takes out whatever
/// is there, has the model look at it as one batch, and prints the outputs or writes them into a
/// collection. So a vector that comes alone is looked at at once, and many come together.
final class ModelListening implements AutoCloseable {
  /// Vectors of a batch at most.
  private static final int MAX_BATCH = 512;

  /// Records that may wait.
  private static final int MAX_WAITING = 4 * MAX_BATCH;

  private static final String HOW =
      "the module sonidb-onnx is not here; build it (mvn -Pquick -Dmaven.test.skip=true -pl"
          + " sonidb-onnx -am package), or put sonidb-onnx.jar and onnxruntime.jar on the class"
          + " path";

  private final Path file;
  private final Model model;
  private final Output output;
  private final Optional<String> into;
  private final @Nullable Database database;
  private final BlockingQueue<SoundRecord> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Thread thread = new Thread(this::run, "sonidb-model");
  private @Nullable Points points;
  private volatile boolean isOver;
  private volatile @Nullable RuntimeException failure;
  private long vectors;
  private int largest;

  private ModelListening(
      Path file, Model model, Output output, Optional<String> into, @Nullable Database database) {
    this.file = file;
    this.model = model;
    this.output = output;
    this.into = into;
    this.database = database;
  }

  /// Opens a model and has it wait.
  ///
  /// @param into collection that the outputs go into; empty if they are printed
  /// @param database with it, closed at the end
  static ModelListening open(
      Path file, Output output, Optional<String> into, Optional<Database> database) {
    try {
      ModelProvider provider =
          ServiceLoader.load(ModelProvider.class, ClassLoader.getSystemClassLoader())
              .findFirst()
              .orElseThrow(() -> new CommandFailure(ExitCode.FAILED, HOW));
      ModelListening listening =
          new ModelListening(
              file, provider.open(file), output, into, database.isEmpty() ? null : database.get());
      listening.thread.start();
      return listening;
    } catch (ModelException e) {
      database.ifPresent(Database::close);
      throw new CommandFailure(ExitCode.FAILED, file + ": " + e.getMessage());
    } catch (RuntimeException e) {
      database.ifPresent(Database::close);
      throw e;
    }
  }

  /// Hands a record over. Waits while the model is behind.
  void take(SoundRecord record) {
    boolean isWanted =
        record.kind() == RecordKind.UPSERT
            || (record.kind() == RecordKind.DELETE && into.isPresent());
    try {
      while (isWanted && !waiting.offer(record, 100, TimeUnit.MILLISECONDS)) {
        check();
      }
      check();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.FAILED, "interrupted");
    }
  }

  private void check() {
    RuntimeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  /// Waits until the model has seen all.
  ///
  /// @return how many vectors it has seen
  long finish() {
    isOver = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    check();
    return vectors;
  }

  /// Vectors of the largest batch.
  int largest() {
    return largest;
  }

  @Override
  public void close() {
    isOver = true;
    waiting.clear();
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    model.close();
    if (database != null) {
      database.close();
    }
  }

  private void run() {
    List<SoundRecord> batch = new ArrayList<>();
    try {
      while (true) {
        boolean wasOver = isOver; // before the queue is looked at
        SoundRecord first = waiting.poll(50, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          waiting.drainTo(batch, MAX_BATCH - 1);
          work(batch);
          batch.clear();
        } else if (wasOver) {
          return;
        }
      }
    } catch (InterruptedException e) {
      // It is closed.
    } catch (ModelException e) {
      failure = new CommandFailure(ExitCode.FAILED, file + ": " + e.getMessage());
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /// Runs of upserts together, deletes between them.
  private void work(List<SoundRecord> batch) throws ModelException {
    int from = 0;
    while (from < batch.size()) {
      int to = from;
      while (to < batch.size() && batch.get(to).kind() == RecordKind.UPSERT) {
        to++;
      }
      if (to > from) {
        infer(batch.subList(from, to));
        from = to;
      } else {
        if (points != null) {
          points.delete(List.of(batch.get(from).id()));
        }
        from++;
      }
    }
  }

  private void infer(List<SoundRecord> records) throws ModelException {
    int dimension = records.getFirst().vector().dimension();
    if (model.dimension() != 0 && model.dimension() != dimension) {
      throw new ModelException(
          "it takes vectors of "
              + model.dimension()
              + " components, those that are heard have "
              + dimension);
    }
    float[] rows = new float[records.size() * dimension];
    for (int i = 0; i < records.size(); i++) {
      Vector vector = records.get(i).vector();
      if (vector.dimension() != dimension) {
        throw new ModelException("the vectors that are heard differ in their dimension");
      }
      for (int k = 0; k < dimension; k++) {
        rows[i * dimension + k] = (float) vector.doubleAt(k);
      }
    }
    List<Model.Output> outputs = model.run(rows, records.size());
    if (into.isPresent()) {
      write(records, outputs.getFirst());
    } else {
      print(records, outputs);
    }
    vectors += records.size();
    largest = Math.max(largest, records.size());
  }

  private void print(List<SoundRecord> records, List<Model.Output> outputs) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < records.size(); i++) {
      text.append(i == 0 ? "" : "\n")
          .append("{\"id\":")
          .append(io.sonidb.cli.Output.text(PointJson.id(records.get(i).id())));
      text.append(",\"seq\":").append(records.get(i).sequence()).append(",\"outputs\":{");
      for (int k = 0; k < outputs.size(); k++) {
        Model.Output one = outputs.get(k);
        text.append(k == 0 ? "\"" : ",\"");
        text.append(JsonStringEncoder.getInstance().quoteAsCharArray(one.name())).append("\":[");
        for (int j = 0; j < one.width(); j++) {
          number(j == 0 ? text : text.append(','), one, i * one.width() + j);
        }
        text.append(']');
      }
      text.append("}}");
    }
    output.print(text.toString());
    output.flush();
  }

  private static void number(StringBuilder text, Model.Output of, int index) {
    double value = of.values().at(index);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      text.append('"').append(value).append('"');
    } else if (of.isSingle()) {
      text.append((float) value);
    } else if (value == Math.rint(value) && Math.abs(value) < 0x1p53) {
      text.append((long) value);
    } else {
      text.append(value);
    }
  }

  private void write(List<SoundRecord> records, Model.Output first) {
    Points target = points == null ? target(first.width()) : points;
    points = target;
    List<Point> batch = new ArrayList<>();
    long bytes = 0;
    for (int i = 0; i < records.size(); i++) {
      float[] vector = new float[first.width()];
      for (int j = 0; j < vector.length; j++) {
        vector[j] = (float) first.values().at(i * vector.length + j);
      }
      VectorId id = records.get(i).id();
      Payload payload = Payload.ofMap(java.util.Map.of("seq", records.get(i).sequence()));
      bytes += 4L * vector.length + 64;
      if (bytes > target.maxBatchBytes()) {
        target.upsert(batch);
        batch = new ArrayList<>();
        bytes = 4L * vector.length + 64;
      }
      batch.add(Point.of(id, Vector.of(vector), payload));
    }
    target.upsert(batch);
  }

  private Points target(int width) {
    Database open = java.util.Objects.requireNonNull(database);
    String name = into.orElseThrow();
    Points found =
        open.find(name)
            .orElseGet(() -> open.create(name, CollectionSpec.dimension(width).metric(Metric.DOT)));
    if (found.spec().dimension() != width) {
      throw new CommandFailure(
          ExitCode.FAILED,
          name
              + " has vectors of "
              + found.spec().dimension()
              + " components, the model's outputs have "
              + width);
    }
    return found;
  }
}
