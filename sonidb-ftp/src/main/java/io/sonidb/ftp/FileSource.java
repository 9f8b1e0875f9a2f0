package io.sonidb.ftp;

import io.sonidb.Outgoing;

/// Where a login's files lie, and with that, in which direction they may go.
sealed interface FileSource {
  /// Lets go of what was kept for the login.
  void close();

  /// Files that go out.
  record Sending(Outgoing outgoing) implements FileSource {
    @Override
    public void close() {
      outgoing.close();
    }
  }

  /// Files that come in. They stay when the login ends: a later one goes on.
  ///
  /// @param passesOn whether those that are whole may go out as well, to the next node
  record Receiving(Inbox inbox, boolean passesOn) implements FileSource {
    @Override
    public void close() {}
  }
}
