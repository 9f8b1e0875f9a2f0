package io.sonidb.cli.model;

import java.util.List;

/// Makes outputs of vectors. One thread uses it.
public interface Model extends AutoCloseable {
  /// Components that a vector must have; 0 if it takes any number of them.
  int dimension();

  /// Looks at vectors together.
  ///
  /// @param rows `float[count * dimension]`, one behind the other
  /// @param count of them, 1 or more
  /// @return for each output a row of numbers per vector
  /// @throws ModelException if the model fails
  List<Output> run(float[] rows, int count) throws ModelException;

  @Override
  void close();

  /// What comes out of one output of the model.
  ///
  /// @param name of the output
  /// @param width numbers per vector
  /// @param isSingle whether they are float32
  /// @param values of all vectors, one behind the other
  record Output(String name, int width, boolean isSingle, Values values) {}

  /// Numbers, `double[count * width]`, widened exactly.
  @FunctionalInterface
  interface Values {
    double at(int index);
  }
}
