package io.sonidb.file;

import io.sonidb.sound.ElementType;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// One JSON object a line: `{"id": 7, "vector": [0.1, "NaN"], "payload": {"title": "x"}}`.
///
/// `values` and `embedding` are taken for `vector`, `metadata` for `payload`, as other databases'
/// exports call them. `"expires_at": "2027-01-31T12:00:00Z"` (RFC 3339) says from when on the
/// vector is not to be there any more. Any other key is refused: passing over it would lose data
/// without a word. Blank lines are skipped.
final class JsonlReader extends VectorReader {

  private static final JsonFactory JSON = new JsonFactory();

  private final LineReader lines;
  private final ElementType element;
  private final VectorBuilder builder;
  private Optional<VectorRow> ahead = Optional.empty();
  private int dimension;
  private long rows;

  private JsonlReader(ByteSource source, ElementType element) throws IOException {
    super(source, VectorFormat.JSONL);
    this.lines = new LineReader(source);
    this.element = element;
    this.builder = new VectorBuilder(element);
  }

  static JsonlReader start(ByteSource source, ElementType element) throws IOException {
    JsonlReader reader = new JsonlReader(source, element);
    reader.ahead = reader.readRow();
    return reader;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public ElementType elementType() {
    return element;
  }

  @Override
  public String sourceType() {
    return "decimal";
  }

  @Override
  public OptionalLong count() {
    return OptionalLong.empty();
  }

  @Override
  public Optional<VectorRow> next() throws IOException {
    Optional<VectorRow> row = ahead.isPresent() ? ahead : readRow();
    ahead = Optional.empty();
    return row;
  }

  private Optional<VectorRow> readRow() throws IOException {
    do {
      if (!lines.next()) {
        return Optional.empty();
      }
    } while (lines.isBlank());
    try (JsonParser json =
        JSON.createParser(ObjectReadContext.empty(), lines.bytes(), 0, lines.length())) {
      return Optional.of(new Line(json).row());
    } catch (JacksonException e) {
      // Breaking one of the parser's limits, nesting for instance, carries no place.
      int column = e.getLocation() == null ? 1 : e.getLocation().getColumnNr();
      throw malformed(column, e.getOriginalMessage());
    }
  }

  private MalformedVectorFileException malformed(int column, String reason) {
    return source().malformed("line " + lines.number() + ", column " + column, reason);
  }

  /// The object of one line while it is read.
  private final class Line {

    private final JsonParser json;
    private @Nullable VectorId id;
    private @Nullable String payload;
    private @Nullable Instant expiresAt;
    private boolean hasVector;

    Line(JsonParser json) {
      this.json = json;
    }

    VectorRow row() throws IOException {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw here("a line must be one JSON object, {\"id\": ..., \"vector\": [...]}");
      }
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String key = json.currentName();
        json.nextToken();
        switch (key) {
          case "id" -> id = once(key, id, id());
          case "vector", "values", "embedding" -> readVector(key);
          case "payload", "metadata" -> payload = once(key, payload, object(key));
          case "expires_at" -> expiresAt = once(key, expiresAt, time(key));
          default ->
              throw here(
                  "unknown key \"%s\"; a line has \"id\", \"vector\", \"payload\" and \"expires_at\", everything else belongs in \"payload\""
                      .formatted(DecimalText.shortened(key)));
        }
      }
      if (!hasVector) {
        throw here("the object has no \"vector\"");
      }
      if (json.nextToken() != null) {
        throw here("something follows the object; put each object on a line of its own");
      }
      return new VectorRow(
          rows++,
          lines.number(),
          Optional.ofNullable(id),
          builder.vector(),
          Optional.ofNullable(payload),
          Optional.ofNullable(expiresAt));
    }

    private <T> T once(String key, @Nullable T before, T now) throws IOException {
      if (before != null) {
        throw here("a second \"" + key + "\"");
      }
      return now;
    }

    private VectorId id() throws IOException {
      boolean plain =
          json.currentToken() == JsonToken.VALUE_STRING
              || json.currentToken() == JsonToken.VALUE_NUMBER_INT;
      if (plain) {
        String text = json.getString();
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT && !isUnsigned64(text)) {
          throw here("id " + DecimalText.shortened(text) + " is no unsigned 64-bit number");
        }
        try {
          return VectorId.parse(text);
        } catch (IllegalArgumentException e) {
          throw here(String.valueOf(e.getMessage()));
        }
      }
      throw here("\"id\" must be a number from 0 or a string");
    }

    private Instant time(String key) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_STRING) {
        try {
          return OffsetDateTime.parse(json.getString()).toInstant();
        } catch (DateTimeParseException _) {
          // The message below says it better.
        }
      }
      throw here("\"" + key + "\" must be a time such as \"2027-01-31T12:00:00Z\"");
    }

    private static boolean isUnsigned64(String digits) {
      try {
        Long.parseUnsignedLong(digits);
        return true;
      } catch (NumberFormatException e) {
        return false;
      }
    }

    private void readVector(String key) throws IOException {
      if (hasVector) {
        throw here("a second vector, \"" + key + "\"");
      }
      if (json.currentToken() != JsonToken.START_ARRAY) {
        throw here("\"" + key + "\" must be an array of numbers");
      }
      builder.clear();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        addComponent();
      }
      if (builder.size() == 0) {
        throw here("\"" + key + "\" is empty");
      }
      if (dimension != 0 && builder.size() != dimension) {
        throw here("the vector has dimension " + builder.size() + ", those before it " + dimension);
      }
      dimension = builder.size();
      hasVector = true;
    }

    private void addComponent() throws IOException {
      String text = json.getString();
      boolean valid =
          switch (json.currentToken()) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> true;
            case VALUE_STRING -> DecimalText.special(text).isPresent();
            default -> false;
          };
      if (!valid) {
        throw here(
            "component %d is %s; it must be a number, \"NaN\", \"Infinity\" or \"-Infinity\""
                .formatted(builder.size(), DecimalText.shortened(String.valueOf(text))));
      }
      try {
        builder.add(text);
      } catch (IllegalArgumentException e) {
        throw here("component " + builder.size() + ": " + e.getMessage());
      }
    }

    /// The text of a JSON object exactly as the line has it: re-printing it could change its
    /// numbers.
    private String object(String key) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return "{}";
      }
      if (json.currentToken() != JsonToken.START_OBJECT) {
        throw here("\"" + key + "\" must be an object");
      }
      int start = (int) json.currentTokenLocation().getByteOffset();
      json.skipChildren();
      int end = (int) json.currentLocation().getByteOffset();
      try {
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(lines.bytes(), start, end - start))
            .toString();
      } catch (CharacterCodingException e) {
        throw here("\"" + key + "\" is no valid UTF-8");
      }
    }

    private MalformedVectorFileException here(String reason) {
      return malformed(json.currentTokenLocation().getColumnNr(), reason);
    }
  }
}
