package io.sonidb.cli;

import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.client.NodeException;
import io.sonidb.sound.ElementType;
import io.sonidb.sound.ListenReport;
import io.sonidb.sound.RecordSink;
import io.sonidb.sound.SoundRecord;
import io.sonidb.sound.acoustic.AcousticListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The records that are heard in sound. Inserts, deletes and payload changes take effect in the
/// order in which they are heard.
final class AudioSupply implements VectorSupply {

  private final SoundInput input;
  private Optional<BatchInserter> inserter = Optional.empty();
  private long deleted;
  private long ignored;

  AudioSupply(SoundInput input, Optional<Path> idFile) {
    if (idFile.isPresent()) {
      throw new CommandFailure(ExitCode.USAGE, "sound has ids of its own; leave out --ids");
    }
    this.input = input;
  }

  @Override
  public Outcome insert(
      Target target, Optional<ElementType> element, ProgressBar progress, Interruption interruption)
      throws IOException {
    ListenReport report;
    try {
      report =
          hear((record, firstSample) -> {
            if (interruption.requested()) {
              throw new CommandFailure(ExitCode.FAILED, "interrupted at sample " + firstSample);
            }
            take(record, target);
            progress.update(inserter.map(BatchInserter::inserted).orElse(0L), 0, "vectors");
          });
      inserter.ifPresent(BatchInserter::flush);
    } catch (NodeException e) {
      if (inserter.isEmpty()) {
        throw e;
      }
      throw inserter.get().stopped(input.name(), e);
    } catch (IOException | IllegalArgumentException | CommandFailure e) {
      String standing = inserter.map(BatchInserter::standing).orElse("");
      throw new CommandFailure(ExitCode.FAILED, input.name() + ": " + e.getMessage() + standing, e);
    }
    if (inserter.isEmpty()) {
      throw new CommandFailure(
          ExitCode.FAILED, input.name() + ": no vectors heard; " + Hearing.summary(report));
    }
    List<String> remarks = new ArrayList<>();
    remarks.add("heard " + Hearing.summary(report));
    remarks.addAll(Hearing.remarks(report));
    input.remark().ifPresent(remarks::add);
    if (deleted > 0) {
      remarks.add(Quantity.count(deleted, "vector") + " deleted again, as heard");
    }
    if (ignored > 0) {
      remarks.add(Quantity.count(ignored, "record") + " about vectors that are not there left out");
    }
    return Outcome.of(inserter.get(), remarks);
  }

  private ListenReport hear(RecordSink sink) throws IOException {
    return input.listen(sink, rate -> new AcousticListener(rate, sink));
  }

  private void take(SoundRecord record, Target target) {
    switch (record.kind()) {
      case UPSERT -> {
        if (inserter.isEmpty()) {
          inserter =
              Optional.of(target.open(record.vector().dimension(), record.vector().elementType()));
        }
        inserter.get().add(point(record), record.payload().length);
      }
      case DELETE -> {
        boolean wasThere = inserter.map(i -> delete(i, record)).orElse(false);
        deleted += wasThere ? 1 : 0;
        ignored += wasThere ? 0 : 1;
      }
      case PAYLOAD -> {
        boolean wasThere = inserter.map(i -> changePayload(i, record)).orElse(false);
        ignored += wasThere ? 0 : 1;
      }
      case SKIP -> {
        // Only keeps the sender's numbering without gaps.
      }
    }
  }

  private static Point point(SoundRecord record) {
    Point point = Point.of(record.id(), record.vector(), Payload.ofCbor(record.payload()));
    OptionalLong expires = record.expiresAtMillis();
    return expires.isPresent() ? point.expiresAt(Instant.ofEpochMilli(expires.getAsLong())) : point;
  }

  private static boolean delete(BatchInserter inserter, SoundRecord record) {
    inserter.flush();
    return inserter.collection().delete(List.of(record.id())) == 1;
  }

  private static boolean changePayload(BatchInserter inserter, SoundRecord record) {
    inserter.flush();
    Payload payload = Payload.ofCbor(record.payload());
    return inserter.collection().overwritePayload(List.of(record.id()), payload) == 1;
  }
}
