package io.sonidb.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/// Finds the route of a request.
///
/// A path is cut at its slashes before anything is decoded, so a `%2F` is part of a name.
final class Router {
  private static final int MAX_SEGMENTS = 8;

  private final List<Route> routes;
  private final Map<Integer, List<Route>> bySize = new HashMap<>();

  Router(List<Route> routes) {
    this.routes = List.copyOf(routes);
    for (int size = 0; size <= MAX_SEGMENTS; size++) {
      int wanted = size;
      bySize.put(size, routes.stream().filter(r -> r.segments().size() == wanted).toList());
    }
  }

  List<Route> routes() {
    return routes;
  }

  /// A route, and what the variables of its path are.
  record Match(Route route, Map<String, String> variables) {
    Match {
      variables = Map.copyOf(variables);
    }
  }

  /// @param path as it was sent, without the query
  /// @throws ApiException if there is no such route
  Match find(String method, String path) {
    List<String> sent = Route.split(path);
    SortedSet<String> methods = new TreeSet<>();
    Route best = null;
    for (Route route : bySize.getOrDefault(sent.size(), List.of())) {
      if (!fits(route.segments(), sent)) {
        continue;
      }
      if (!route.method().equals(method)) {
        methods.add(route.method());
      } else if (best == null || isCloser(route.segments(), best.segments())) {
        best = route;
      }
    }
    if (best != null) {
      return new Match(best, variables(best.segments(), sent));
    }
    if (methods.isEmpty()) {
      throw ApiException.of(404, "Not found: there is no " + shown(path));
    }
    throw ApiException.of(
        405, method + " is not for " + shown(path) + ", but " + String.join(", ", methods));
  }

  private static String shown(String path) {
    String start = path.length() > 100 ? path.substring(0, 100) + "..." : path;
    return start.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private static boolean fits(List<String> wanted, List<String> sent) {
    for (int i = 0; i < wanted.size(); i++) {
      if (!Route.isVariable(wanted.get(i)) && !wanted.get(i).equals(sent.get(i))) {
        return false;
      }
    }
    return true;
  }

  /// Whether a route has a word where another one has a variable.
  private static boolean isCloser(List<String> route, List<String> other) {
    for (int i = 0; i < route.size(); i++) {
      boolean isVariable = Route.isVariable(route.get(i));
      if (isVariable != Route.isVariable(other.get(i))) {
        return !isVariable;
      }
    }
    return false;
  }

  private static Map<String, String> variables(List<String> wanted, List<String> sent) {
    Map<String, String> variables = new HashMap<>();
    for (int i = 0; i < wanted.size(); i++) {
      String name = wanted.get(i);
      if (Route.isVariable(name)) {
        variables.put(name.substring(1, name.length() - 1), decode(sent.get(i)));
      }
    }
    return variables;
  }

  /// Undoes percent-encoding; what is not UTF-8 is refused.
  static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[in.length];
    int size = 0;
    for (int i = 0; i < in.length; i++) {
      if (in[i] != '%') {
        out[size++] = in[i];
        continue;
      }
      int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw ApiException.of(400, "the path has a % that is no percent-encoding");
      }
      out[size++] = (byte) (high << 4 | low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(out, 0, size)).toString();
    } catch (CharacterCodingException e) {
      throw ApiException.of(400, "the path is not UTF-8");
    }
  }
}
