package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.SoniDb;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// A subcommand: parses nothing itself, does its work in [#run], and says how it went.
abstract class DatabaseCommand implements Callable<Integer> {

  private final SonidbCommand sonidb;

  DatabaseCommand(SonidbCommand sonidb) {
    this.sonidb = sonidb;
  }

  abstract ExitCode run() throws IOException;

  /// Adds to the command's options what annotations cannot say.
  void describe(CommandSpec spec) {}

  /// Whether it has a meaning for a node.
  boolean worksOnNodes() {
    return false;
  }

  @Override
  public final Integer call() throws IOException {
    if (worksOnNodes()) {
      sonidb.node(); // refuses what is wrong before anything else is looked at
    } else {
      sonidb.checkIsFolder("this command");
    }
    return run().number();
  }

  final SonidbCommand sonidb() {
    return sonidb;
  }

  final Output output() {
    return sonidb.output();
  }

  final Interruption interruption() {
    return sonidb.interruption();
  }

  /// Work on one collection.
  @FunctionalInterface
  interface Work {
    ExitCode on(Collection collection) throws IOException;
  }

  /// Work on one collection, wherever it is.
  @FunctionalInterface
  interface PointsWork {
    ExitCode on(Points points) throws IOException;
  }

  /// Does the work on a collection that exists, in the folder or on the node.
  final ExitCode reach(String name, PointsWork work) throws IOException {
    try (Database database = sonidb.reachExisting()) {
      return work.on(database.collection(name));
    }
  }

  /// Opens the folder, does the work on a collection that exists, and closes the folder.
  final ExitCode with(String name, Work work) throws IOException {
    try (SoniDb database = sonidb.openExisting()) {
      return work.on(database.collection(name));
    }
  }
}
