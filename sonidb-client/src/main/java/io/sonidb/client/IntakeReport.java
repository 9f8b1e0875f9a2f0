package io.sonidb.client;

import io.sonidb.sound.VectorId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/// What a node took in of a sound.
///
/// @param inserted vectors
/// @param deleted vectors that were there
/// @param payloadsChanged payloads of vectors that were there
/// @param notThere deletes and payload changes of vectors that were not there
/// @param lastSequence number of the newest write afterwards
/// @param damagedCount places where something was and nothing came in
/// @param damaged those places, not more than 1,000
public record IntakeReport(
    long inserted,
    long deleted,
    long payloadsChanged,
    long notThere,
    long lastSequence,
    long damagedCount,
    List<Damaged> damaged) {

  public IntakeReport {
    damaged = List.copyOf(damaged);
  }

  /// A record that did not come in.
  ///
  /// @param record how many whole records came before it
  /// @param sample where it began, in samples from the start
  /// @param offset where its bytes began, if they were no FLAC frame
  /// @param id whose it was, if that is known
  /// @param after the id of the last whole record before it
  /// @param reason what is wrong with it
  public record Damaged(
      long record,
      long sample,
      OptionalLong offset,
      Optional<VectorId> id,
      Optional<VectorId> after,
      String reason) {}

  static IntakeReport of(JsonNode result) {
    List<Damaged> damaged = new ArrayList<>();
    for (JsonNode each : result.path("damaged")) {
      JsonNode position = each.path("position");
      damaged.add(
          new Damaged(
              position.path("record").asLong(0),
              position.path("sample").asLong(0),
              position.has("byte")
                  ? OptionalLong.of(position.path("byte").asLong(0))
                  : OptionalLong.empty(),
              id(each.path("id")),
              id(each.path("after")),
              each.path("reason").asString("")));
    }
    return new IntakeReport(
        whole(result, "inserted"),
        whole(result, "deleted"),
        whole(result, "payloads_changed"),
        whole(result, "not_there"),
        whole(result, "last_sequence"),
        whole(result, "damaged_count"),
        damaged);
  }

  private static Optional<VectorId> id(JsonNode id) {
    return id.isMissingNode() || id.isNull()
        ? Optional.empty()
        : Optional.of(VectorId.parse(id.asString("")));
  }

  private static long whole(JsonNode from, String key) {
    if (!from.path(key).canConvertToLong()) {
      throw new IllegalArgumentException("it says nothing of " + key);
    }
    return from.path(key).longValue();
  }
}
