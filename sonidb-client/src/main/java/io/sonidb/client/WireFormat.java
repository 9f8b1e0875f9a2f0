package io.sonidb.client;

import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.cbor.CBORMapper;

/// How bodies are written. Both keep every bit of every number; NaNs keep none but that they are.
public enum WireFormat {
  /// Text (RFC 8259): each number as the shortest decimal that is read back as the same number.
  JSON(
      "application/json",
      new JsonMapper(
          JsonFactory.builder().enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER).build())),
  /// Binary (RFC 8949): smaller, and quicker to write and to read.
  CBOR("application/cbor", CBORMapper.builder().build());

  private final String mediaType;

  @SuppressWarnings("ImmutableEnumChecker") // mappers are, once they are built
  private final ObjectMapper mapper;

  WireFormat(String mediaType, ObjectMapper mapper) {
    this.mediaType = mediaType;
    this.mapper = mapper;
  }

  String mediaType() {
    return mediaType;
  }

  ObjectMapper mapper() {
    return mapper;
  }

  /// The format of an answer, by its media type; JSON if that tells nothing.
  static WireFormat of(String mediaType) {
    return mediaType.startsWith(CBOR.mediaType) ? CBOR : JSON;
  }
}
