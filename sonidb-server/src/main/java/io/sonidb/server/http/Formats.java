package io.sonidb.server.http;

import io.sonidb.json.FedJsonParser;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.cbor.CBORFactory;
import tools.jackson.dataformat.cbor.CBORMapper;

/// JSON and CBOR, with limits.
final class Formats {
  static final String JSON = "application/json";
  static final String CBOR = "application/cbor";

  private static final int MAX_NUMBER_LENGTH = 1000;
  private static final int MAX_NAME_LENGTH = 50_000;
  private static final int MAX_STRING_LENGTH = 1 << 24;

  private final JsonFactory jsonFactory;
  private final ObjectMapper json;
  private final ObjectMapper cbor;

  Formats(int nesting) {
    StreamReadConstraints limits =
        StreamReadConstraints.builder()
            .maxNestingDepth(nesting)
            .maxNumberLength(MAX_NUMBER_LENGTH)
            .maxNameLength(MAX_NAME_LENGTH)
            .maxStringLength(MAX_STRING_LENGTH)
            .build();
    this.jsonFactory =
        JsonFactory.builder()
            .streamReadConstraints(limits)
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
            .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
            .build();
    this.json = new JsonMapper(jsonFactory);
    this.cbor =
        new CBORMapper(
            CBORFactory.builder()
                .streamReadConstraints(limits)
                .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                .build());
  }

  /// Whether a media type, or one of several, is CBOR.
  static boolean isCbor(String types) {
    return types.toLowerCase(Locale.ROOT).contains(CBOR);
  }

  /// @param length of the body in bytes; negative if that is not known
  JsonParser reader(InputStream in, long length, boolean isCbor) {
    return isCbor ? cbor.createParser(in) : new FedJsonParser(jsonFactory, in, length);
  }

  JsonGenerator writer(OutputStream out, boolean isCbor) {
    return (isCbor ? cbor : json).createGenerator(out);
  }
}
