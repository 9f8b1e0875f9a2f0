package io.sonidb.ftp;

import io.sonidb.Outgoing;
import io.sonidb.TailIntake;
import io.sonidb.TailSource;

/// Where a login's files lie, and with that, in which direction they may go.
sealed interface FileSource {
  /// Under this name a tail is sent and taken in; it is no file, and in no list.
  String TAIL = "tail";

  /// Lets go of what was kept for the login.
  void close();

  /// Files that go out.
  record Sending(Outgoing outgoing) implements FileSource {
    @Override
    public void close() {
      outgoing.close();
    }
  }

  /// No files, but what is written to a collection, as it is written.
  record TailOut(TailSource tail) implements FileSource {
    @Override
    public void close() {
      tail.close();
    }
  }

  /// No files, but what is written to the source of a copy.
  record TailIn(TailIntake tail) implements FileSource {
    @Override
    public void close() {}
  }

  /// Files that come in. They stay when the login ends: a later one goes on.
  ///
  /// @param passesOn whether those that are whole may go out as well, to the next node
  record Receiving(Inbox inbox, boolean passesOn) implements FileSource {
    @Override
    public void close() {}
  }
}
