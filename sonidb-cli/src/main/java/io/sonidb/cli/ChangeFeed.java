package io.sonidb.cli;

import io.sonidb.Change;
import io.sonidb.Subscription;
import java.time.Duration;
import java.util.Optional;

/// Changes one after the other, of an opened folder or of a node.
interface ChangeFeed extends AutoCloseable {

  /// The next change, if there is one by then.
  ///
  /// @param timeout how long to wait for it at most; a node takes some of it even where there is
  ///   one
  Optional<Change> next(Duration timeout) throws InterruptedException;

  /// Whether nothing comes any more.
  boolean isOver();

  @Override
  void close();

  /// @param follow whether it is over only when it is closed
  static ChangeFeed of(Subscription changes, boolean follow) {
    return new ChangeFeed() {
      private boolean isCaughtUp;

      @Override
      public Optional<Change> next(Duration timeout) throws InterruptedException {
        Optional<Change> change = changes.next(follow ? timeout : Duration.ZERO);
        isCaughtUp = change.isEmpty();
        return change;
      }

      @Override
      public boolean isOver() {
        return isCaughtUp && !follow || changes.isOver();
      }

      @Override
      public void close() {
        changes.close();
      }
    };
  }
}
