package io.sonidb.server.http;

import io.sonidb.server.config.KeySpec;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/// Who has which key. Only hashes of keys are kept, and each request is compared with all of them,
/// in a time that does not tell how near it came.
final class ApiKeys {
  private static final String BEARER = "Bearer ";
  private static final int NAME_DIGITS = 8;
  private static final int MAX_KEY_LENGTH = 1024;

  private final List<KeySpec> keys;
  private final List<byte[]> hashes;

  ApiKeys(List<KeySpec> keys) {
    this.keys = List.copyOf(keys);
    this.hashes = keys.stream().map(key -> HexFormat.of().parseHex(key.sha256())).toList();
  }

  boolean areNeeded() {
    return !keys.isEmpty();
  }

  /// @throws ApiException if the key is missing, or none that is known
  Caller caller(HttpFields headers) {
    if (!areNeeded()) {
      return Caller.ANYBODY;
    }
    String key = sent(headers);
    if (key == null) {
      throw ApiException.of(401, "Must provide an API key or an Authorization bearer token");
    }
    byte[] hash = KeySpec.digest(key);
    KeySpec found = null;
    for (int i = 0; i < keys.size(); i++) {
      if (MessageDigest.isEqual(hashes.get(i), hash)) {
        found = keys.get(i);
      }
    }
    if (found == null || key.length() > MAX_KEY_LENGTH) {
      throw ApiException.of(401, "Invalid API key");
    }
    return new Caller(
        "key " + found.sha256().substring(0, NAME_DIGITS), found.access(), found.collections());
  }

  private static @Nullable String sent(HttpFields headers) {
    String key = headers.get("api-key");
    String bearer = headers.get(HttpHeader.AUTHORIZATION);
    return key != null
        ? key
        : bearer != null && bearer.startsWith(BEARER) ? bearer.substring(BEARER.length()) : null;
  }
}
