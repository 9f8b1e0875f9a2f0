package io.sonidb.file;

/// The bytes are not what the format demands: truncated, inconsistent, or a value that is no
/// number.
public final class MalformedVectorFileException extends VectorFileException {

  private static final long serialVersionUID = 1L;

  MalformedVectorFileException(String file, String place, String reason) {
    super(file, place, reason);
  }
}
