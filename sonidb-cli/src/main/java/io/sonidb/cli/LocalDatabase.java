package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.SoniDb;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A folder that is opened.
record LocalDatabase(SoniDb database, Path folder) implements Database {

  @Override
  public String place() {
    return folder.toString();
  }

  @Override
  public List<String> names() {
    return database.collections();
  }

  @Override
  public Optional<Points> find(String name) {
    return database.find(name).map(LocalPoints::new);
  }

  @Override
  public Points collection(String name) {
    return new LocalPoints(database.collection(name));
  }

  @Override
  public Points create(String name, CollectionSpec spec) {
    return new LocalPoints(database.create(name, spec));
  }

  @Override
  public void drop(String name) {
    database.drop(name);
  }

  @Override
  public void close() {
    database.close();
  }
}
