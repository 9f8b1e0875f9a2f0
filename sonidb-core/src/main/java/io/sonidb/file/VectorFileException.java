package io.sonidb.file;

import java.io.IOException;

/// A file of vectors could not be read or written as asked. The message names the file and the
/// place.
public abstract sealed class VectorFileException extends IOException
    permits MalformedVectorFileException, UnsupportedVectorFileException {

  private static final long serialVersionUID = 1L;

  private final String file;
  private final String place;

  VectorFileException(String file, String place, String reason) {
    super(place.isEmpty() ? file + ": " + reason : file + ", " + place + ": " + reason);
    this.file = file;
    this.place = place;
  }

  /// The file's name as it was given to the reader, or `-` for standard input.
  public final String file() {
    return file;
  }

  /// Where in the file: `line 7, column 12`, `byte 128` or, where neither fits, the empty string.
  public final String place() {
    return place;
  }
}
