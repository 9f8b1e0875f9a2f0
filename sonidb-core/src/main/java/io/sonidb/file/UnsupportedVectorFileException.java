package io.sonidb.file;

/// The format allows what the file holds, but it is not done here, or not without losing bits.
public final class UnsupportedVectorFileException extends VectorFileException {

  private static final long serialVersionUID = 1L;

  UnsupportedVectorFileException(String file, String place, String reason) {
    super(file, place, "unsupported: " + reason);
  }
}
