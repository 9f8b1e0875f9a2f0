package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.Durability;
import io.sonidb.Metric;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.Quantisation;
import io.sonidb.sound.Sonification;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Options of a new collection.
final class CollectionOptions {

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "How vectors compare: cosine (default), dot, euclid or manhattan.")
  private Optional<Metric> metric = Optional.empty();

  @Option(
      names = "--element",
      paramLabel = "TYPE",
      description = "Type of the components: float32 (default) or float64.")
  private Optional<ElementType> element = Optional.empty();

  @Option(
      names = "--sonification",
      paramLabel = "NAME",
      description = "How vectors sound: amplitude (default), frequency or pulse; all exact.")
  private Optional<Sonification> sonification = Optional.empty();

  @Option(
      names = "--quantize",
      paramLabel = "BITS",
      description =
          "Round every vector to about 8, 6, 5 or 4 bits a component; none (default) stores it exactly.")
  private Optional<Quantisation> quantize = Optional.empty();

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      description =
          "When a write counts as done: fsync (default), when it survives a power loss; os, when the system has it.")
  private Optional<Durability> durability = Optional.empty();

  /// The element type that the vectors of a file must have; empty if any will do. A new collection
  /// that rounds its vectors takes any.
  Optional<ElementType> elementToRead() {
    return isRounding() ? Optional.empty() : element;
  }

  private boolean isRounding() {
    return quantize.map(Quantisation::isRounding).orElse(false);
  }

  /// The specification of a new collection, with defaults for what was not said.
  CollectionSpec spec(int dimension, ElementType defaultElement) {
    ElementType natural = isRounding() ? ElementType.FLOAT32 : defaultElement;
    CollectionSpec spec = CollectionSpec.dimension(dimension).element(element.orElse(natural));
    if (metric.isPresent()) {
      spec = spec.metric(metric.get());
    }
    if (sonification.isPresent()) {
      spec = spec.sonification(sonification.get());
    }
    if (quantize.isPresent()) {
      spec = spec.quantize(quantize.get());
    }
    if (durability.isPresent()) {
      spec = spec.durability(durability.get());
    }
    return spec;
  }

  /// Refuses options that contradict a collection that is there already.
  ///
  /// @throws CommandFailure naming what differs
  void checkAgainst(String name, CollectionSpec there) {
    List<String> differences = new ArrayList<>();
    metric
        .filter(wanted -> wanted != there.metric())
        .ifPresent(_ -> differences.add("--metric (is " + there.metric() + ")"));
    element
        .filter(wanted -> wanted != there.element())
        .ifPresent(_ -> differences.add("--element (is " + there.element() + ")"));
    sonification
        .filter(wanted -> wanted != there.sonification())
        .ifPresent(_ -> differences.add("--sonification (is " + there.sonification() + ")"));
    quantize
        .filter(wanted -> wanted != there.quantize())
        .ifPresent(_ -> differences.add("--quantize (is " + there.quantize() + ")"));
    durability
        .filter(wanted -> wanted != there.durability())
        .ifPresent(_ -> differences.add("--durability (is " + there.durability() + ")"));
    if (!differences.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "collection \"" + name + "\" exists; it cannot change " + String.join(", ", differences));
    }
  }
}
