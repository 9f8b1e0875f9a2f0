package io.sonidb.cli;

import io.sonidb.Collection;
import io.sonidb.Payload;
import io.sonidb.Point;
import io.sonidb.sound.VectorId;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "payload",
    sortOptions = false,
    description = {
      "Change the payloads of vectors.",
      "The vectors themselves are not written again. All ids are changed or none; ids that are not there"
          + " are left out and named, with exit code 4."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sonidb payload songs 42 --set '{\"genre\": \"jazz\"}'        # other keys stay",
      "  sonidb payload songs 1 2 3 --overwrite '{\"genre\": \"jazz\"}'",
      "  sonidb payload songs 42 --delete-keys genre,year",
      "  sonidb payload songs 42 --clear --if-sequence 1007       # only if nobody changed it since"
    })
final class PayloadCommand extends DatabaseCommand {

  /// What to do: exactly one of these.
  static final class Wanted {
    @Option(
        names = "--set",
        paramLabel = "JSON",
        description = "Set the top-level keys of this object, and leave the others.")
    private Optional<String> set = Optional.empty();

    @Option(
        names = "--overwrite",
        paramLabel = "JSON",
        description = "Replace the whole payload by this object.")
    private Optional<String> overwrite = Optional.empty();

    @Option(
        names = "--delete-keys",
        paramLabel = "A,B,...",
        description = "Remove these top-level keys.")
    private Optional<String> deleteKeys = Optional.empty();

    @Option(names = "--clear", description = "Remove the whole payload.")
    @SuppressWarnings("UnusedVariable") // It is what is left when none of the others is given.
    private boolean clear;

    /// The payload that takes the place of another one.
    Payload apply(Payload there) {
      if (set.isPresent()) {
        return there.merged(object("--set", set.get()));
      }
      if (deleteKeys.isPresent()) {
        return there.without(keys(deleteKeys.get()));
      }
      return overwrite.map(json -> object("--overwrite", json)).orElse(Payload.EMPTY);
    }

    /// Changes many.
    ///
    /// @return how many were there
    long apply(Points collection, List<VectorId> ids) {
      if (set.isPresent()) {
        return collection.setPayload(ids, object("--set", set.get()));
      }
      if (deleteKeys.isPresent()) {
        return collection.deletePayloadKeys(ids, keys(deleteKeys.get()));
      }
      return collection.overwritePayload(ids, apply(Payload.EMPTY));
    }

    private static Set<String> keys(String list) {
      return new HashSet<>(Arrays.asList(list.split(",")));
    }

    private static Payload object(String option, String json) {
      try {
        return Payload.ofJson(json);
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(ExitCode.USAGE, option + ": " + e.getMessage(), e);
      }
    }
  }

  @Parameters(index = "0", paramLabel = "NAME", description = "Collection.")
  private String name = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "ID", description = "Ids.")
  private List<VectorId> ids = List.of();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Wanted wanted = new Wanted();

  @Option(
      names = "--if-sequence",
      paramLabel = "N",
      description =
          "Only if N is the number of the vector's newest change, as `get --json` shows it; for one id.")
  private Optional<Long> expected = Optional.empty();

  PayloadCommand(SonidbCommand sonidb) {
    super(sonidb);
  }

  @Override
  boolean worksOnNodes() {
    return true;
  }

  @Override
  ExitCode run() throws IOException {
    List<VectorId> distinct = ids.stream().distinct().toList();
    if (expected.isPresent()) {
      Condition.check(expected.get(), distinct);
    }
    wanted.apply(Payload.EMPTY); // refuses what is no object before anything is opened
    if (expected.isPresent()) {
      sonidb().checkIsFolder("--if-sequence");
      return with(
          name,
          collection -> {
            long changed = changeIf(collection, distinct.getFirst(), expected.get());
            return report(new LocalPoints(collection), distinct, changed);
          });
    }
    return reach(name, points -> report(points, distinct, wanted.apply(points, distinct)));
  }

  private long changeIf(Collection collection, VectorId id, long sequence) {
    Optional<Point> there = collection.get(id);
    if (there.isEmpty() || there.get().sequence() != sequence) {
      throw Condition.failed(id, sequence, there);
    }
    collection.overwritePayloadIf(id, wanted.apply(there.get().payload()), sequence);
    return 1;
  }

  private ExitCode report(Points collection, List<VectorId> distinct, long changed) {
    List<VectorId> missing =
        changed == distinct.size()
            ? List.of()
            : distinct.stream()
                .filter(id -> collection.get(List.of(id)).getFirst().isEmpty())
                .toList();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("changed", changed);
    answer.put("missing", missing.stream().map(PointJson::id).toList());
    output().json(answer);
    output().line("changed " + Quantity.count(changed, "payload"));
    if (missing.isEmpty()) {
      return ExitCode.OK;
    }
    output()
        .warn(
            missing.stream().map(VectorId::toString).collect(Collectors.joining(", "))
                + ": no such vector in \""
                + name
                + "\"");
    return ExitCode.NOT_FOUND;
  }
}
