package io.sonidb.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.eclipse.jetty.server.Request;
import tools.jackson.core.JsonGenerator;

/// What a request is answered with.
sealed interface Answer {
  /// Writes one value.
  @FunctionalInterface
  interface Value {
    void write(JsonGenerator to);
  }

  /// Writes the bytes of a body.
  @FunctionalInterface
  interface Bytes {
    void write(OutputStream to) throws IOException;
  }

  /// A value in the envelope `{"result": ..., "status": "ok", "time": ...}`.
  ///
  /// @param warnings what was asked for and makes no difference
  record Result(Value value, List<String> warnings) implements Answer {
    public Result {
      warnings = List.copyOf(warnings);
    }
  }

  /// A value without envelope.
  record Plain(Value value) implements Answer {}

  /// A text.
  record Text(int status, String type, String text) implements Answer {}

  /// A file.
  ///
  /// @param size of it in bytes
  /// @param name to save it under
  record Download(String type, long size, String name, Bytes bytes) implements Answer {}

  /// An object without envelope for another node, which can tell that it is from this one.
  ///
  /// @param json its text
  /// @param signature of it
  record Signed(String json, String signature) implements Answer {}

  /// Something that writes its own head and body.
  record Written(Writing writing) implements Answer {}

  /// Writes head and body of an answer.
  @FunctionalInterface
  interface Writing {
    void write(Request request, PacedOutput out) throws IOException;
  }

  /// Writes an answer that comes piece by piece.
  @FunctionalInterface
  interface Pieces {
    /// Before the first piece is sent, whatever it throws is answered as everywhere.
    void write(AnswerStream to) throws IOException;
  }

  /// What is sent as it comes, until it is over.
  record Live(String type, Pieces pieces) implements Answer {}

  static Answer result(Value value) {
    return new Result(value, List.of());
  }

  static Answer result(Value value, List<String> warnings) {
    return new Result(value, warnings);
  }

  /// That it was done.
  static Answer yes() {
    return result(to -> to.writeBoolean(true));
  }
}
