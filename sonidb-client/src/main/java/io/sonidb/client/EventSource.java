package io.sonidb.client;

import io.sonidb.Change;
import io.sonidb.Damage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;

/// Reads a node's change feed: server-sent events (WHATWG HTML, 9.2), each with the data in one
/// line.
final class EventSource implements ChangeSource {
  private final InputStream in;
  private final BufferedReader lines;
  private final BodyReader reader;
  private long next;

  /// @param in the events from the first on; closed with this
  /// @param from first sequence number that was asked for
  EventSource(InputStream in, BodyReader reader, long from) {
    this.in = in;
    this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.reader = reader;
    this.next = from;
  }

  @Override
  public long nextSequence() {
    return next;
  }

  @Override
  public Optional<Change> next() throws IOException {
    String kind = "";
    String data = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("event: ")) {
        kind = line.substring("event: ".length());
      } else if (line.startsWith("data: ")) {
        data = line.substring("data: ".length());
      } else if (line.isEmpty() && !data.isEmpty()) {
        BodyReader.Row row = row(data);
        if (row.version() >= next) {
          next = row.version() + 1;
          return Optional.of(change(kind, row));
        }
        data = "";
      }
    }
    return Optional.empty();
  }

  private BodyReader.Row row(String data) throws IOException {
    try (JsonParser from = WireFormat.JSON.mapper().createParser(data)) {
      from.nextToken();
      return reader.row(from);
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IOException("an event cannot be read: " + e.getMessage(), e);
    }
  }

  private static Change change(String kind, BodyReader.Row row) throws IOException {
    long sequence = row.version();
    try {
      return switch (kind) {
        case "upsert" -> new Change.Upserted(row.point());
        case "payload" -> new Change.PayloadChanged(row.knownId(), row.payload(), sequence);
        case "delete" -> new Change.Deleted(row.knownId(), sequence);
        case "expired" -> new Change.Expired(row.knownId(), sequence);
        default ->
            new Change.Lost(
                new Damage(
                    "the node's file",
                    OptionalLong.empty(),
                    OptionalDouble.empty(),
                    row.id(),
                    kind.equals("lost") ? "damaged" : "an event of the unknown kind " + kind),
                sequence);
      };
    } catch (IllegalArgumentException e) {
      throw new IOException("an event cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      in.close(); // not the reader, which waits for whoever reads
    } catch (IOException e) {
      // Nothing is read from it any more.
    }
  }
}
