package io.sonidb.cli;

import io.sonidb.Change;
import io.sonidb.Damage;
import io.sonidb.Point;
import io.sonidb.RescanRequiredException;
import io.sonidb.client.HistoryGoneException;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "changes",
    sortOptions = false,
    description = {
      "Show what was changed, in order.",
      "A JSON object a line: sequence, change (upsert, delete, payload, expired, lost), id, payload. Of old"
          + " history, changes that later ones supersede may be left out; the last change of an id never"
          + " is. Where deletes are missing, it says so and how to start again. `lost` is a damaged"
          + " record; exit code 3 if there was one."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb changes songs",
      "  sonidb changes songs --from 5000 --follow",
      "  sonidb changes songs --with-vectors --json   # one object: changes, next"
    })
final class ChangesCommand extends DatabaseCommand {

  /// A wait is no longer than this, so that it ends soon after Ctrl-C.
  private static final Duration PATIENCE = Duration.ofMillis(200);

  @Parameters(paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Option(
      names = "--from",
      paramLabel = "SEQ",
      description = "Begin with the change of this sequence number (default: the first).")
  private long from = 1;

  @Option(
      names = "--follow",
      description = "Wait for further changes at the end, until interrupted.")
  private boolean follow;

  @Option(names = "--with-vectors", description = "Show the vectors as well.")
  private boolean withVectors;

  private long shown;
  private long lost;
  private long next;

  ChangesCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    if (from < 0) {
      throw new CommandFailure(ExitCode.USAGE, "--from must be 0 or more, was " + from);
    }
    return reach(
        name,
        collection -> {
          next = Math.max(1, from);
          try (ChangeFeed changes = collection.changes(from, follow)) {
            showAll(changes);
          } catch (RescanRequiredException | HistoryGoneException e) {
            end();
            throw new CommandFailure(ExitCode.FAILED, advice(collection, e), e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
          }
          end();
          output().note("go on with --from " + next);
          return lost == 0 ? ExitCode.OK : ExitCode.DAMAGED;
        });
  }

  private void showAll(ChangeFeed changes) throws InterruptedException {
    while (!interruption().requested() && !changes.isOver()) {
      Optional<Change> change = changes.next(Duration.ZERO);
      if (change.isEmpty()) {
        output().flush();
        change = changes.next(PATIENCE);
      }
      change.ifPresent(this::show);
    }
    output().flush();
  }

  /// With --json all changes are one object, begun with the first of them.
  private void show(Change change) {
    String before = output().isJson() ? (shown == 0 ? "{\"changes\":[" : ",") : "";
    output().print(before + Output.text(json(change)));
    shown++;
    next = change.sequence() + 1;
    lost += change instanceof Change.Lost ? 1 : 0;
  }

  private void end() {
    if (output().isJson() && (shown > 0 || lost == 0)) {
      output().print((shown == 0 ? "{\"changes\":[" : "") + "],\"next\":" + next + "}");
    }
  }

  private String advice(Points collection, RuntimeException e) {
    return e.getMessage()
        + ". Read everything with `sonidb export "
        + name
        + " FILE.jsonl`, then go on with --from "
        + (collection.lastSequence().isPresent()
            ? String.valueOf(collection.lastSequence().getAsLong() + 1)
            : "the number after the newest");
  }

  private Map<String, Object> json(Change change) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("sequence", change.sequence());
    switch (change) {
      case Change.Upserted(Point point) -> putPoint(json, point);
      case Change.Deleted(VectorId id, long _) -> put(json, "delete", id);
      case Change.Expired(VectorId id, long _) -> put(json, "expired", id);
      case Change.PayloadChanged changed -> {
        put(json, "payload", changed.id());
        json.put("payload", PointJson.payload(changed.payload()));
      }
      case Change.Lost(Damage damage, long _) -> {
        json.put("change", "lost");
        damage.id().ifPresent(id -> json.put("id", PointJson.id(id)));
        json.put("file", damage.file());
        json.put("reason", damage.reason());
      }
    }
    return json;
  }

  private void putPoint(Map<String, Object> json, Point point) {
    put(json, "upsert", point.id());
    if (withVectors) {
      json.put("vector", PointJson.vector(point.vector()));
    }
    json.put("payload", PointJson.payload(point.payload()));
    point.insertedAt().ifPresent(time -> json.put("inserted_at", time.toString()));
    point.expiresAt().ifPresent(time -> json.put("expires_at", time.toString()));
  }

  private static void put(Map<String, Object> json, String change, VectorId id) {
    json.put("change", change);
    json.put("id", PointJson.id(id));
  }
}
