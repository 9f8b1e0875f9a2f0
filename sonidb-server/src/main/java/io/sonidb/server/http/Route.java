package io.sonidb.server.http;

import io.sonidb.server.config.KeySpec.Access;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A line of the table: which requests it is for, who may send them, what they do.
///
/// @param method such as `GET`
/// @param path such as `/collections/{collection}/points/{id}`
/// @param access what the sender must be allowed; empty for nothing
/// @param isNoted whether it stands in the audit log
/// @param action what it does
/// @param segments of the path
/// @param meter counts and times it
record Route(
    String method,
    String path,
    Optional<Access> access,
    boolean isNoted,
    Action action,
    List<String> segments,
    Meter meter) {

  /// What a route does.
  @FunctionalInterface
  interface Action {
    Answer answer(Exchange exchange) throws Exception;
  }

  private static Route of(
      String method, String path, Optional<Access> access, boolean isNoted, Action action) {
    return new Route(method, path, access, isNoted, action, split(path), new Meter());
  }

  /// For everybody.
  static Route open(String method, String path, Action action) {
    return of(method, path, Optional.empty(), false, action);
  }

  /// For those who may look.
  static Route read(String method, String path, Action action) {
    return of(method, path, Optional.of(Access.READ), false, action);
  }

  /// For those who may change points.
  static Route write(String method, String path, Action action) {
    return of(method, path, Optional.of(Access.WRITE), false, action);
  }

  /// For those who may change collections; noted in the audit log.
  static Route manage(String method, String path, Action action) {
    return of(method, path, Optional.of(Access.MANAGE), true, action);
  }

  /// For other nodes, which sign their calls; noted in the audit log.
  static Route signed(String method, String path, Action action) {
    return of(method, path, Optional.empty(), true, action);
  }

  /// The segments of a path, as they stand there.
  static List<String> split(String path) {
    return path.equals("/") ? List.of() : Arrays.asList(path.substring(1).split("/", -1));
  }

  static boolean isVariable(String segment) {
    return segment.startsWith("{");
  }

  /// Whether it is about the collection that its path names.
  boolean isOfCollection() {
    return segments.contains("{collection}");
  }
}
