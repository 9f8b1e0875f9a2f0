package io.sonidb.cli;

import io.sonidb.CollectionSpec;
import io.sonidb.client.SoniDbClient;
import java.util.List;
import java.util.Optional;

/// A node.
record RemoteDatabase(SoniDbClient node) implements Database {

  @Override
  public String place() {
    return node.uri().toString();
  }

  @Override
  public List<String> names() {
    return node.collections();
  }

  @Override
  public Optional<Points> find(String name) {
    return node.find(name).map(RemotePoints::new);
  }

  @Override
  public Points collection(String name) {
    return new RemotePoints(node.collection(name));
  }

  @Override
  public Points create(String name, CollectionSpec spec) {
    return new RemotePoints(node.create(name, spec));
  }

  @Override
  public void drop(String name) {
    node.drop(name);
  }

  @Override
  public void close() {
    node.close();
  }
}
