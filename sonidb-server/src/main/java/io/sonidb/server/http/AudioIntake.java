package io.sonidb.server.http;

import io.sonidb.Collection;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.sound.ListenReport;
import io.sonidb.sound.Listener;
import io.sonidb.sound.Loss;
import io.sonidb.sound.RecordSink;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.core.JsonGenerator;

/// Takes in the records of a sound, as they come.
///
/// Every record is checked by itself: one that is damaged, or that the collection cannot hold, is
/// noted with its place, and the others are in. A stream is a history: upserts, deletes and payload
/// changes take effect in their order. Only vectors of another dimension end it, since all that
/// follows would be as wrong.
final class AudioIntake implements RecordSink {
  /// How many damaged places are told one by one.
  static final int MAX_TOLD = 1000;

  private static final int MAGIC_BYTES = 4;
  private static final Set<String> MAGICS = Set.of("fLaC", "OggS", "RIFF", "RF64", "BW64");

  /// Something that did not come in.
  ///
  /// @param record how many whole records came before it
  /// @param sample where it began, from the start of what was heard
  /// @param offset where its bytes begin, in a FLAC stream; empty if all frames were sound
  /// @param bytes how many of them are no frame
  /// @param id whose record it was, if that is known
  /// @param after the id of the last whole record before it
  private record Damaged(
      long record,
      long sample,
      OptionalLong offset,
      long bytes,
      Optional<VectorId> id,
      Optional<VectorId> after,
      String reason) {}

  private final Collection collection;
  private final boolean isStrict;
  private final Intake intake;
  private final List<Damaged> damaged = new ArrayList<>(); // guarded by itself
  private long damages; // guarded by damaged
  private long records;
  private Optional<SoundRecord> last = Optional.empty();

  /// @param isStrict whether the first damage ends it
  private AudioIntake(Collection collection, boolean isStrict, boolean keepsTimes) {
    this.collection = collection;
    this.isStrict = isStrict;
    this.intake = Intake.begin(collection, keepsTimes, this::refused);
  }

  /// Takes in a body.
  ///
  /// @param isStrict whether a damaged record, or one that the collection cannot hold, is an error;
  ///   otherwise it is told in the answer
  /// @param keepsTimes whether points keep the times at which they were inserted elsewhere
  /// @return what came of it
  /// @throws ApiException if it is no sound that holds records
  /// @throws IOException if the body breaks off; records that had come by then are in
  static Answer.Value run(
      InputStream body, Collection collection, boolean isStrict, boolean keepsTimes)
      throws IOException {
    AudioIntake audio = new AudioIntake(collection, isStrict, keepsTimes);
    try (Intake intake = audio.intake) {
      try {
        ListenReport report = audio.listen(new Arriving(body, intake, !isStrict));
        Intake.Outcome outcome = intake.finish();
        return to -> audio.write(outcome, report, to);
      } catch (ApiException | IllegalArgumentException e) {
        throw standing(e, intake.end(isStrict));
      } catch (IOException broken) {
        intake.end(isStrict);
        throw broken;
      }
    }
  }

  private static ApiException standing(RuntimeException why, Intake.Outcome outcome) {
    int status = why instanceof ApiException known ? known.status() : 400;
    String message = why instanceof ApiException ? "" : "Wrong input: ";
    return ApiException.of(
        status,
        message + why.getMessage() + "; " + outcome.inserted() + " vectors before it are in");
  }

  private ListenReport listen(Arriving body) throws IOException {
    PushbackInputStream in = new PushbackInputStream(body, MAGIC_BYTES);
    byte[] magic = in.readNBytes(MAGIC_BYTES);
    in.unread(magic);
    if (!MAGICS.contains(new String(magic, StandardCharsets.ISO_8859_1))) {
      throw ApiException.of(
          415,
          "Unsupported media type: the body must be a FLAC, Ogg FLAC or WAV file from its beginning, and "
              + (magic.length == 0
                  ? "is empty"
                  : "begins with " + HexFormat.of().formatHex(magic)));
    }
    try {
      ListenReport report = Listener.listen(in, this);
      if (isStrict && report.heard().rejected() > 0) {
        throw wrong("a record is not whole");
      }
      return report;
    } catch (IOException e) {
      if (body.hasBroken()) {
        throw e;
      }
      throw ApiException.of(415, "Unsupported media type: " + e.getMessage());
    }
  }

  /// The body as it comes: before the reader waits for more, what is there gets written.
  private static final class Arriving extends InputStream {
    private final InputStream in;
    private final Intake intake;
    private final boolean writesSoon;
    private boolean broken;

    Arriving(InputStream in, Intake intake, boolean writesSoon) {
      this.in = in;
      this.intake = intake;
      this.writesSoon = writesSoon;
    }

    /// Whether the body could not be read to its end.
    boolean hasBroken() {
      return broken;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      try {
        if (writesSoon && in.available() == 0) {
          intake.flush();
        }
        return in.read(to, offset, length);
      } catch (IOException | RuntimeException e) {
        broken = true;
        throw e;
      }
    }
  }

  // Records ------------------------------------------------------------------------------------

  @Override
  public void record(SoundRecord record, long firstSample) {
    try {
      take(record, firstSample);
    } finally {
      records++;
      last = Optional.of(record);
    }
  }

  private void take(SoundRecord record, long firstSample) {
    switch (record.kind()) {
      case UPSERT -> {
        int has = record.vector().dimension();
        int wanted = collection.spec().dimension();
        if (has != wanted) {
          throw wrong(
              "Vector dimension error: expected dim: "
                  + wanted
                  + ", got "
                  + has
                  + " in record "
                  + records
                  + " (id "
                  + record.id()
                  + ", sample "
                  + firstSample
                  + ")");
        }
        point(record, firstSample)
            .ifPresent(
                point -> intake.upsert(point, record.payload().length, records, firstSample));
      }
      case DELETE -> intake.delete(record.id());
      case PAYLOAD ->
          payload(record, firstSample)
              .ifPresent(payload ->
                  intake.overwritePayload(record.id(), payload, record.payload().length));
      case SKIP -> {
        // Only keeps the sender's numbering without gaps.
      }
    }
  }

  private Optional<Point> point(SoundRecord record, long firstSample) {
    Optional<Payload> payload = payload(record, firstSample);
    if (payload.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Point(
              record.id(),
              record.vector(),
              payload.get(),
              0,
              time(record.insertedAtMillis()),
              time(record.expiresAtMillis())));
    } catch (IllegalArgumentException e) {
      refused(records, firstSample, record.id(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private static Optional<Instant> time(OptionalLong millis) {
    return millis.isPresent()
        ? Optional.of(Instant.ofEpochMilli(millis.getAsLong()))
        : Optional.empty();
  }

  private Optional<Payload> payload(SoundRecord record, long firstSample) {
    if (record.payload().length == 0) {
      return Optional.of(Payload.EMPTY);
    }
    try {
      return Optional.of(Payload.ofCbor(record.payload()));
    } catch (IllegalArgumentException e) {
      refused(records, firstSample, record.id(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  // Damage -------------------------------------------------------------------------------------

  @Override
  public void lost(Loss loss) {
    if (isStrict) {
      throw wrong(
          "damaged behind record "
              + records
              + (loss.offset().isPresent() ? ", at byte " + loss.offset().getAsLong() : "")
              + ", at sample "
              + loss.firstSample()
              + ": "
              + loss.reason());
    }
    note(
        new Damaged(
            records,
            loss.firstSample(),
            loss.offset(),
            loss.bytes(),
            loss.id(),
            last.filter(AudioIntake::hasId).map(SoundRecord::id),
            loss.reason()));
  }

  private static boolean hasId(SoundRecord record) {
    return switch (record.kind()) {
      case UPSERT, DELETE, PAYLOAD -> true;
      case SKIP -> false;
    };
  }

  /// A point that the collection cannot hold; on the thread that writes.
  private void refused(Intake.Taken taken, String reason) {
    refused(taken.record(), taken.position(), taken.point().id(), reason);
  }

  private void refused(long record, long sample, VectorId id, String reason) {
    if (isStrict) {
      throw wrong("record " + record + " (id " + id + ", sample " + sample + "): " + reason);
    }
    note(
        new Damaged(
            record, sample, OptionalLong.empty(), 0, Optional.of(id), Optional.empty(), reason));
  }

  private static ApiException wrong(String what) {
    return ApiException.wrongInput(what);
  }

  private void note(Damaged place) {
    synchronized (damaged) {
      damages++;
      if (damaged.size() < MAX_TOLD) {
        damaged.add(place);
      }
    }
  }

  // The answer ---------------------------------------------------------------------------------

  private void write(Intake.Outcome outcome, ListenReport report, JsonGenerator to) {
    to.writeStartObject();
    to.writeNumberProperty("inserted", outcome.inserted());
    to.writeNumberProperty("deleted", outcome.deleted());
    to.writeNumberProperty("payloads_changed", outcome.payloads());
    to.writeNumberProperty("not_there", outcome.notThere());
    to.writeNumberProperty("records", records);
    to.writeNumberProperty("last_sequence", outcome.lastSequence());
    to.writeNumberProperty("skipped_bytes", report.skippedBytes());
    synchronized (damaged) {
      long told = report.heard().rejected() + report.heard().unsupported();
      to.writeNumberProperty("damaged_count", Math.max(damages, told));
      to.writeArrayPropertyStart("damaged");
      damaged.forEach(each -> write(each, to));
      to.writeEndArray();
    }
    to.writeEndObject();
  }

  private static void write(Damaged damaged, JsonGenerator to) {
    to.writeStartObject();
    to.writeObjectPropertyStart("position");
    to.writeNumberProperty("record", damaged.record());
    to.writeNumberProperty("sample", damaged.sample());
    if (damaged.offset().isPresent()) {
      to.writeNumberProperty("byte", damaged.offset().getAsLong());
      to.writeNumberProperty("bytes", damaged.bytes());
    }
    to.writeEndObject();
    if (damaged.id().isPresent()) {
      to.writeName("id");
      PointJson.id(damaged.id().get(), to);
    } else {
      to.writeNullProperty("id");
    }
    if (damaged.after().isPresent()) {
      to.writeName("after");
      PointJson.id(damaged.after().get(), to);
    }
    to.writeStringProperty("reason", damaged.reason());
    to.writeEndObject();
  }
}
