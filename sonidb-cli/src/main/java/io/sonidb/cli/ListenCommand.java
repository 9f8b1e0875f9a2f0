package io.sonidb.cli;

import io.sonidb.Payload;
import io.sonidb.client.ClientOptions;
import io.sonidb.file.VectorFormat;
import io.sonidb.file.VectorWriter;
import io.sonidb.sound.Ear;
import io.sonidb.sound.ListenReport;
import io.sonidb.sound.Listener;
import io.sonidb.sound.PcmLayout;
import io.sonidb.sound.ReceiverReport;
import io.sonidb.sound.RecordKind;
import io.sonidb.sound.RecordSink;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.Vector;
import io.sonidb.sound.acoustic.AcousticListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "listen",
    sortOptions = false,
    description = {
      "Hear the records in sound of any kind.",
      "From its start or from the middle. Prints a JSON line for each record, or writes the vectors"
          + " to a file. What could not be understood is told on standard error.",
      "With --model, an ONNX model looks at the vectors as they come, as many at a time as there"
          + " are: its outputs are printed, {\"id\", \"seq\", \"outputs\"} on a line, or written"
          + " into another collection.",
      "Hears records as they are stored in FLAC, Ogg FLAC, WAV and raw PCM, and tones (export"
          + " --acoustic) in these and whatever was made of them. For other kinds, such as ALAC,"
          + " MP3, Opus and AAC, ffmpeg must be installed; of these, the lossy ones keep tones"
          + " only."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb listen recording.wav",
      "  sonidb stream songs --follow | sonidb listen -",
      "  sonidb listen http://127.0.0.1:7664/collections/songs/audio?follow=true",
      "  sonidb listen recording.flac -o heard.npy",
      "  sonidb listen http://127.0.0.1:7664/collections/songs/audio?follow=true --model m.onnx",
      "  sonidb listen tones.mp3",
      "  sonidb listen tape.raw --raw-channels 2 --rate 48000"
    })
final class ListenCommand extends DatabaseCommand {

  @Parameters(paramLabel = "SOURCE", description = "File, http address, or - for standard input.")
  private String source = "";

  @Option(
      names = "--raw-channels",
      paramLabel = "N",
      description =
          "The source is raw PCM of so many channels: 2 for float32, 3 for float64; any for tones.")
  private Optional<Integer> rawChannels = Optional.empty();

  @Option(
      names = "--raw-format",
      paramLabel = "FORMAT",
      description = "How raw PCM is written: s16le (tones only), s24le (default), s32le or f32le.")
  private PcmLayout.Encoding rawFormat = PcmLayout.Encoding.S24LE;

  @Option(
      names = "--rate",
      paramLabel = "HZ",
      description = "Sample rate of raw PCM, for tones and time positions (default: 48000).")
  private int rateHz = 48_000;

  @Option(
      names = "-o",
      paramLabel = "FILE",
      description = "Write the vectors to a .npy, .fvecs, .fbin, .jsonl or .csv file.")
  private Optional<Path> file = Optional.empty();

  @Option(
      names = "--patience",
      paramLabel = "TIME",
      description =
          "Give up on an http address that sends nothing for so long, such as 10s or 1d (default:"
              + " 1m).")
  private Duration patience = SoundInput.PATIENCE;

  @Option(
      names = "--model",
      paramLabel = "MODEL.onnx",
      description = "Have a model look at the vectors: one input [batch, dimension] of numbers.")
  private Optional<Path> model = Optional.empty();

  @Option(
      names = "--into",
      paramLabel = "COLLECTION",
      description =
          "Write the model's first output into this collection, under the vector's id; made if it"
              + " is missing. What is deleted is deleted there, too.")
  private Optional<String> into = Optional.empty();

  private Optional<ModelListening> listening = Optional.empty();
  private Optional<VectorWriter> writer = Optional.empty();
  private long heard;

  ListenCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  /// It needs neither a folder nor a node.
  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    Optional<VectorFormat> format = file.map(ListenCommand::formatOf);
    if (rateHz < 1) {
      throw new CommandFailure(ExitCode.USAGE, "--rate must be 1 or more, was " + rateHz);
    }
    if (into.isPresent() && model.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, "--into needs --model");
    }
    if (model.isPresent() && (file.isPresent() || output().isJson())) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--model prints lines of JSON or writes --into a collection; -o and --json do not go with"
              + " it");
    }
    listening =
        model.map(
            path -> ModelListening.open(path, output(), into, into.map(_ -> sonidb().reach())));
    if (file.isEmpty()) {
      // Nothing is half done when it stops in the middle.
      interruption().whenRequested(interruption()::commandFinished);
    }
    try (SoundInput input =
            SoundInput.open(source, sonidb().terminal(), interruption(), patience, key());
        ProgressBar progress = output().progress("listen")) {
      ListenReport report =
          listen(
              input,
              (record, place) -> {
                progress.update(++heard, 0, "records");
                take(record, place, format);
              });
      if (listening.isPresent()) {
        finish(report, listening.get());
      } else {
        finish(report);
      }
      input.remark().ifPresent(output()::note);
      return ExitCode.OK;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      String lost = writer.isEmpty() ? "" : "; nothing was written to " + file.orElseThrow();
      throw new CommandFailure(ExitCode.FAILED, source + ": " + e.getMessage() + lost, e);
    } finally {
      if (writer.isPresent()) {
        writer.get().close();
      }
      listening.ifPresent(ModelListening::close);
    }
  }

  /// The key goes to the node that it is for, and to nobody else.
  private Optional<String> key() {
    return sonidb()
        .node()
        .filter(node -> source.startsWith(node.uri() + "/"))
        .flatMap(ClientOptions::apiKey);
  }

  private static VectorFormat formatOf(Path file) {
    return VectorFormat.ofFileName(file.toString())
        .orElseThrow(() ->
            new CommandFailure(
                ExitCode.USAGE,
                file + ": its name must end in .npy, .fvecs, .fbin, .jsonl or .csv"));
  }

  /// Where a record begins: at a sample of a sound of that rate.
  private record Place(long sample, int rateHz) {}

  /// Takes what is heard.
  @FunctionalInterface
  private interface Step {
    void take(SoundRecord record, Place place);
  }

  private ListenReport listen(SoundInput input, Step step) throws IOException {
    RecordSink sink = (record, sample) -> step.take(record, new Place(sample, rateHz));
    Ear.Maker tones =
        rate ->
            new AcousticListener(
                rate, (record, sample) -> step.take(record, new Place(sample, rate)));
    return rawChannels.isEmpty()
        ? input.listen(sink, tones)
        : Listener.listen(
            input.stream(), new PcmLayout(rawChannels.get(), rawFormat), rateHz, sink, tones);
  }

  private void take(SoundRecord record, Place place, Optional<VectorFormat> format) {
    if (listening.isPresent()) {
      listening.get().take(record);
    } else if (format.isEmpty()) {
      output().print((output().isJson() ? comma() : "") + Output.text(json(record, place)));
      output().flush();
    } else if (record.kind() == RecordKind.UPSERT) {
      try {
        write(record, format.get());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /// What stands before a record in the one JSON object of `--json`.
  private String comma() {
    return heard == 1 ? "{\"heard\":[" : ",";
  }

  private void write(SoundRecord record, VectorFormat format) throws IOException {
    Vector vector = record.vector();
    if (writer.isEmpty()) {
      writer =
          Optional.of(
              VectorWriter.create(
                  file.orElseThrow(), format, vector.dimension(), vector.elementType()));
    }
    Optional<String> json = payloadOf(record);
    OptionalLong expires = record.expiresAtMillis();
    Optional<Instant> expiresAt =
        expires.isPresent()
            ? Optional.of(Instant.ofEpochMilli(expires.getAsLong()))
            : Optional.empty();
    writer.get().write(record.id(), vector, json, expiresAt);
  }

  private Optional<String> payloadOf(SoundRecord record) {
    try {
      Payload payload = Payload.ofCbor(record.payload());
      return payload.isEmpty() ? Optional.empty() : Optional.of(payload.toJson());
    } catch (IllegalArgumentException e) {
      output().warn("payload of " + record.id() + " left out: " + e.getMessage());
      return Optional.empty();
    }
  }

  private Map<String, Object> json(SoundRecord record, Place place) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("sample", place.sample());
    json.put("time", (double) place.sample() / place.rateHz());
    json.put("kind", record.kind().name().toLowerCase(Locale.ROOT));
    json.put("sequence", record.sequence());
    if (record.kind() == RecordKind.SKIP) {
      json.put("count", record.skipCount());
      return json;
    }
    putMillis(json, "inserted_at", record.insertedAtMillis());
    putMillis(json, "expires_at", record.expiresAtMillis());
    if (record.isExpired()) {
      json.put("expired", true);
    }
    json.put("id", PointJson.id(record.id()));
    if (record.kind() == RecordKind.UPSERT) {
      json.put("vector", PointJson.vector(record.vector()));
    }
    if (record.kind() != RecordKind.DELETE) {
      putPayload(json, record.payload());
    }
    return json;
  }

  /// What others put into records need not be the CBOR of an object.
  private static void putPayload(Map<String, Object> json, byte[] payload) {
    try {
      json.put("payload", PointJson.payload(Payload.ofCbor(payload)));
    } catch (IllegalArgumentException e) {
      json.put("payload_base64", Base64.getEncoder().encodeToString(payload));
    }
  }

  private static void putMillis(Map<String, Object> json, String key, OptionalLong millis) {
    millis.ifPresent(time -> json.put(key, Instant.ofEpochMilli(time).toString()));
  }

  private void finish(ListenReport listened, ModelListening model) {
    long vectors = model.finish();
    into.ifPresent(name -> output().line(name + ": " + Quantity.count(vectors, "output")));
    output().note("heard " + Hearing.summary(listened));
    output()
        .note(
            "the model looked at "
                + Quantity.count(vectors, "vector")
                + ", as many as "
                + Quantity.count(model.largest())
                + " together");
    Hearing.remarks(listened).forEach(output()::note);
  }

  private void finish(ListenReport listened) throws IOException {
    ReceiverReport report = listened.heard();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("records", report.records());
    answer.put("rejected", report.rejected());
    answer.put("unsupported", report.unsupported());
    answer.put("samples_heard", report.samplesHeard());
    answer.put("samples_skipped", report.samplesSkipped());
    answer.put("bytes_skipped", listened.skippedBytes());
    if (file.isPresent()) {
      if (writer.isEmpty()) {
        throw new CommandFailure(
            ExitCode.FAILED, source + ": no vectors heard; " + Hearing.summary(listened));
      }
      writer.get().finish();
      answer.put("vectors", writer.get().rows());
      answer.put("file", file.get().toString());
      output().line(file.get() + ": " + Quantity.count(writer.get().rows(), "vector"));
      output().json(answer);
    } else if (output().isJson()) {
      // The object was begun with the first record.
      String start = heard == 0 ? "{\"heard\":[" : "";
      output().print(start + "]," + Output.text(answer).substring(1));
    }
    output().note("heard " + Hearing.summary(listened));
    Hearing.remarks(listened).forEach(output()::note);
  }
}
