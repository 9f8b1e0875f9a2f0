package io.sonidb.client;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// Which node, and how to talk to it. Immutable: each setter gives a copy.
///
/// @param uri of the node, such as `http://127.0.0.1:7664`; a path stands before all paths of the
///   API
/// @param apiKey that the node asks for
/// @param connectTimeout in which a connection must come about
/// @param timeout in which a request must be answered
/// @param attempts how often a request is sent, at most, when the node is busy (429, 503) or the
///   connection breaks; those that are not the same when they are done twice are sent once
/// @param format of bodies
public record ClientOptions(
    URI uri,
    Optional<String> apiKey,
    Duration connectTimeout,
    Duration timeout,
    int attempts,
    WireFormat format) {
  private static final int MAX_ATTEMPTS = 100;

  /// Checks all of them. A slash at the end of the path is cut off.
  ///
  /// @throws IllegalArgumentException naming what is wrong, but never a key
  public ClientOptions {
    uri = checked(uri);
    if (apiKey.isPresent() && !apiKey.get().matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException(
          "the API key must be visible ASCII characters without spaces, 1 or more");
    }
    checkPositive("connect timeout", connectTimeout);
    checkPositive("timeout", timeout);
    if (attempts < 1 || attempts > MAX_ATTEMPTS) {
      throw new IllegalArgumentException(
          "attempts must be 1 to " + MAX_ATTEMPTS + ", were " + attempts);
    }
  }

  private static URI checked(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    // Who writes a password into the address must not find it in the message.
    if (uri.getRawUserInfo() != null) {
      throw new IllegalArgumentException("the URL must not hold a user: keys are sent otherwise");
    }
    if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "the URL must be like http://127.0.0.1:7664, was '" + uri + "'");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "the URL must have neither ? nor #, was '" + uri.getScheme() + "://...'");
    }
    String text = uri.toString();
    return text.endsWith("/") ? URI.create(text.replaceAll("/+$", "")) : uri;
  }

  private static void checkPositive(String what, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(what + " must be more than 0, was " + duration);
    }
  }

  /// A node without keys: connections within 5 seconds, answers within a minute, five attempts,
  /// CBOR.
  ///
  /// @throws IllegalArgumentException if it is no address of a node
  public static ClientOptions of(String uri) {
    try {
      return of(URI.create(uri));
    } catch (IllegalArgumentException e) {
      // URI.create would repeat a password.
      throw new IllegalArgumentException(
          uri.contains("@")
              ? "the URL must be like http://127.0.0.1:7664, without a user"
              : e.getMessage(),
          e);
    }
  }

  /// A node without keys, likewise.
  ///
  /// @throws IllegalArgumentException if it is no address of a node
  public static ClientOptions of(URI uri) {
    return new ClientOptions(
        uri, Optional.empty(), Duration.ofSeconds(5), Duration.ofMinutes(1), 5, WireFormat.CBOR);
  }

  /// With a key.
  public ClientOptions apiKey(String key) {
    return new ClientOptions(uri, Optional.of(key), connectTimeout, timeout, attempts, format);
  }

  /// With another time in which a connection must come about.
  public ClientOptions connectTimeout(Duration time) {
    return new ClientOptions(uri, apiKey, time, timeout, attempts, format);
  }

  /// With another time in which a request must be answered.
  public ClientOptions timeout(Duration time) {
    return new ClientOptions(uri, apiKey, connectTimeout, time, attempts, format);
  }

  /// With another number of attempts.
  public ClientOptions attempts(int most) {
    return new ClientOptions(uri, apiKey, connectTimeout, timeout, most, format);
  }

  /// With another format of bodies.
  public ClientOptions format(WireFormat bodies) {
    return new ClientOptions(uri, apiKey, connectTimeout, timeout, attempts, bodies);
  }

  /// Without the key.
  @Override
  public String toString() {
    return uri + (apiKey.isPresent() ? " with a key" : "");
  }
}
