package io.sonidb;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Work on files that a caller's interrupt must not reach: it would close the channel in the
/// middle.
final class Uninterrupted {
  private Uninterrupted() {}

  /// Runs `work` on a thread of its own and waits for it, whatever the caller's thread is told
  /// meanwhile.
  static <T> T call(Callable<T> work) throws IOException {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("sonidb-files")
        .start(() -> {
          try {
            done.complete(work.call());
          } catch (Exception | Error e) {
            done.completeExceptionally(e);
          }
        });
    try {
      return done.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException known -> throw known;
        case Error error -> throw error;
        case null, default -> throw new IOException(e.getCause());
      }
    }
  }
}
