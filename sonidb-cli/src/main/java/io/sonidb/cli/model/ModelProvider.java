package io.sonidb.cli.model;

import java.nio.file.Path;

/// Opens models; looked up by [java.util.ServiceLoader] when one is asked for.
public interface ModelProvider {
  /// Opens a model of one input for rows of numbers.
  ///
  /// @throws ModelException if it is none, or one of another kind, naming its inputs and outputs
  Model open(Path file) throws ModelException;
}
