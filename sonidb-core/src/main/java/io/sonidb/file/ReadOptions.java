package io.sonidb.file;

import io.sonidb.sound.ElementType;
import java.util.Optional;

/// How to read a file of vectors.
///
/// @param format the format, or empty to go by the file's name and then by its first bytes
/// @param element the element type the vectors shall have, or empty for the narrowest that holds
///   every value of the file's own type: float32, but float64 for float64 and for integers of 32
///   and more bits. Text is read as float32 unless told otherwise.
public record ReadOptions(Optional<VectorFormat> format, Optional<ElementType> element) {

  /// Format and element type as the file has them.
  public static final ReadOptions DEFAULT = new ReadOptions(Optional.empty(), Optional.empty());

  /// The same, reading this format.
  public ReadOptions format(VectorFormat wanted) {
    return new ReadOptions(Optional.of(wanted), element);
  }

  /// The same, giving vectors of this element type.
  public ReadOptions element(ElementType wanted) {
    return new ReadOptions(format, Optional.of(wanted));
  }
}
