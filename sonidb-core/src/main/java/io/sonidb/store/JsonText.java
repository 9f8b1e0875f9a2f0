package io.sonidb.store;

import java.io.StringWriter;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Small JSON texts as trees. The library's mapper does that as well, but it takes as long to get
/// ready as a collection takes to be opened.
final class JsonText {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonText() {}

  /// An object to be filled.
  static ObjectNode object() {
    return NODES.objectNode();
  }

  /// Reads a text.
  ///
  /// @throws JacksonException if it is not JSON
  static JsonNode read(String text) {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      return node(parser, parser.nextToken());
    }
  }

  // As deep as the parser lets it be.
  private static JsonNode node(JsonParser parser, JsonToken token) {
    return switch (token) {
      case START_OBJECT -> {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          object.set(name, node(parser, parser.nextToken()));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = NODES.arrayNode();
        for (JsonToken next = parser.nextToken();
            next != JsonToken.END_ARRAY;
            next = parser.nextToken()) {
          array.add(node(parser, next));
        }
        yield array;
      }
      case VALUE_STRING -> NODES.stringNode(parser.getString());
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.INT
              ? NODES.numberNode(parser.getIntValue())
              : NODES.numberNode(parser.getLongValue());
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case null, default -> NODES.nullNode();
    };
  }

  /// A tree as text, in one line.
  static String inALine(ObjectNode object) {
    return write(object, ObjectWriteContext.empty());
  }

  /// A tree as text, each value of an object in a line of its own.
  static String inLines(ObjectNode object) {
    return write(object, new InLines());
  }

  private static String write(ObjectNode object, ObjectWriteContext context) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(context, text)) {
      write(object, generator);
    }
    return text.toString();
  }

  private static void write(JsonNode node, JsonGenerator generator) {
    switch (node) {
      case ObjectNode object -> {
        generator.writeStartObject();
        for (Map.Entry<String, JsonNode> each : object.properties()) {
          generator.writeName(each.getKey());
          write(each.getValue(), generator);
        }
        generator.writeEndObject();
      }
      case ArrayNode array -> {
        generator.writeStartArray();
        array.forEach(each -> write(each, generator));
        generator.writeEndArray();
      }
      default -> writeValue(node, generator);
    }
  }

  private static void writeValue(JsonNode node, JsonGenerator generator) {
    if (node.isString()) {
      generator.writeString(node.asString());
    } else if (node.isIntegralNumber()) {
      generator.writeNumber(node.asLong());
    } else if (node.isNumber()) {
      generator.writeNumber(node.asDouble());
    } else if (node.isBoolean()) {
      generator.writeBoolean(node.asBoolean());
    } else {
      generator.writeNull();
    }
  }

  private static final class InLines extends ObjectWriteContext.Base {
    @Override
    public boolean hasPrettyPrinter() {
      return true;
    }

    @Override
    public PrettyPrinter getPrettyPrinter() {
      return new DefaultPrettyPrinter();
    }
  }
}
