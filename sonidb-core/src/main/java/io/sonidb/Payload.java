package io.sonidb;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.cbor.CBORMapper;

/// What a point carries beside its vector: a JSON object, kept as CBOR (RFC 8949).
public final class Payload {
  /// Most bytes of a payload, as CBOR.
  public static final int MAX_BYTES = 1 << 20;

  /// No payload.
  public static final Payload EMPTY = new Payload(new byte[0]);

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final CBORMapper CBOR =
      CBORMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final byte[] cbor;

  private Payload(byte[] cbor) {
    this.cbor = cbor;
  }

  /// A payload from a JSON object.
  ///
  /// @throws IllegalArgumentException if the text is no JSON object, or too large
  public static Payload ofJson(String json) {
    try {
      return ofNode(JSON.readTree(json));
    } catch (JacksonException e) {
      throw new IllegalArgumentException("payload is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /// A payload from a map of what JSON knows: maps, lists, strings, numbers, booleans.
  ///
  /// @throws IllegalArgumentException if it holds anything else, or is too large
  public static Payload ofMap(Map<String, ?> map) {
    try {
      return ofNode(JSON.valueToTree(map));
    } catch (JacksonException e) {
      throw new IllegalArgumentException("payload cannot be JSON: " + e.getOriginalMessage(), e);
    }
  }

  /// A payload from the CBOR of a JSON object; empty bytes stand for none.
  ///
  /// @throws IllegalArgumentException if it is not the CBOR of one object and nothing else, or too
  ///   large
  public static Payload ofCbor(byte[] cbor) {
    if (cbor.length == 0) {
      return EMPTY;
    }
    try {
      return ofNode(CBOR.readTree(cbor));
    } catch (JacksonException e) {
      throw new IllegalArgumentException("payload is not CBOR: " + e.getOriginalMessage(), e);
    }
  }

  /// A payload that was stored, whose hash was found right.
  static Payload stored(byte[] cbor) {
    return cbor.length == 0 ? EMPTY : new Payload(cbor);
  }

  private static Payload ofNode(JsonNode node) {
    if (!(node instanceof ObjectNode object)) {
      throw new IllegalArgumentException(
          "payload must be a JSON object, was " + node.getNodeType());
    }
    if (object.isEmpty()) {
      return EMPTY;
    }
    byte[] cbor = CBOR.writeValueAsBytes(object);
    if (cbor.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "payload must be at most " + MAX_BYTES + " bytes as CBOR, was " + cbor.length);
    }
    return new Payload(cbor);
  }

  /// This payload with the top-level keys of another one, which win.
  ///
  /// @throws IllegalArgumentException if that is too large
  public Payload merged(Payload changed) {
    if (isEmpty() || changed.isEmpty()) {
      return isEmpty() ? changed : this;
    }
    return ofNode(object().setAll(changed.object()));
  }

  /// What is wanted of this payload.
  public Payload select(PayloadSelection wanted) {
    return wanted.of(this);
  }

  /// This payload without some of its top-level keys.
  public Payload without(Set<String> keys) {
    return isEmpty() ? this : ofNode(object().without(keys));
  }

  private ObjectNode object() {
    try {
      if (CBOR.readTree(cbor) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException("stored payload is not CBOR: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException("stored payload is not an object: overwrite it");
  }

  /// Whether there is none.
  public boolean isEmpty() {
    return cbor.length == 0;
  }

  /// A copy of the CBOR bytes; none when it is empty.
  public byte[] cbor() {
    return cbor.clone();
  }

  /// The object, not to be changed; a missing node when there is none, or none that can be read.
  JsonNode tree() {
    if (isEmpty()) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode node = CBOR.readTree(cbor);
      return node.isObject() ? node : MissingNode.getInstance();
    } catch (JacksonException e) {
      return MissingNode.getInstance();
    }
  }

  /// A payload of the fields that are left of another one's.
  static Payload ofTree(ObjectNode object) {
    return object.isEmpty() ? EMPTY : new Payload(CBOR.writeValueAsBytes(object));
  }

  byte[] sharedCbor() {
    return cbor;
  }

  /// The object as JSON; `{}` when it is empty.
  public String toJson() {
    return isEmpty() ? "{}" : JSON.writeValueAsString(CBOR.readTree(cbor));
  }

  /// The object as maps, lists, strings, numbers and booleans.
  @SuppressWarnings("unchecked")
  public Map<String, Object> toMap() {
    return isEmpty() ? Map.of() : CBOR.readValue(cbor, Map.class);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Payload that && Arrays.equals(cbor, that.cbor);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(cbor);
  }

  @Override
  public String toString() {
    return toJson();
  }
}
