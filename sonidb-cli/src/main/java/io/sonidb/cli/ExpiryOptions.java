package io.sonidb.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import picocli.CommandLine.Option;

/// When the vectors of a run expire: at most one of the options is given.
final class ExpiryOptions {

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      description =
          "Each vector expires so long after it is inserted, unless its row says when: 30s, 15m, 12h, 7d.")
  private Optional<Duration> timeToLive = Optional.empty();

  @Option(
      names = "--expires-at",
      paramLabel = "TIME",
      description =
          "Each vector expires then, unless its row says when: an RFC 3339 time, 2027-01-31T12:00:00Z.")
  private Optional<Instant> expiresAt = Optional.empty();

  /// A time in the notation of RFC 3339.
  ///
  /// @throws IllegalArgumentException if the text is anything else
  static Instant parseTime(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "time must be in RFC 3339, such as 2027-01-31T12:00:00Z; was '" + text + "'", e);
    }
  }

  /// @throws CommandFailure if they would expire at once
  void check() {
    if (timeToLive.isPresent() && timeToLive.get().isZero()) {
      throw new CommandFailure(
          ExitCode.USAGE, "--ttl must be more than 0; leave it out for what the collection says");
    }
    if (expiresAt.isPresent() && !expiresAt.get().isAfter(Instant.now())) {
      throw new CommandFailure(
          ExitCode.USAGE, "--expires-at must be in the future, was " + expiresAt.get());
    }
  }

  /// When a vector that is inserted now expires; empty for what its collection says.
  Optional<Instant> ofNow() {
    return expiresAt.or(() -> timeToLive.map(Instant.now()::plus));
  }
}
