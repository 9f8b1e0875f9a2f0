package io.sonidb;

import java.nio.file.Path;

/// Opens a data folder in a process of its own; ends with 0 if it could.
final class FolderLockProbe {
  private FolderLockProbe() {}

  public static void main(String[] args) {
    try (SoniDb db = SoniDb.open(Path.of(args[0]))) {
      System.exit(db.collections().isEmpty() ? 0 : 2);
    } catch (FolderLockedException locked) {
      System.exit(1);
    }
  }
}
