package io.sonidb.cli;

/// What the program's exit code tells.
enum ExitCode {
  /// Done.
  OK(0),
  /// Tried and failed: a malformed file, a full disk.
  FAILED(1),
  /// The command line itself is wrong, or asks for what there is not.
  USAGE(2),
  /// Stored data is damaged; what is named, the rest is sound.
  DAMAGED(3),
  /// No such collection, vector or file.
  NOT_FOUND(4),
  /// A collection of that name exists already.
  ALREADY_EXISTS(5),
  /// The data folder is in use by another process, or a node cannot be reached.
  REFUSED(6);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
