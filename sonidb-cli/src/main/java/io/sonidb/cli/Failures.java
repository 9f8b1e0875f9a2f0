package io.sonidb.cli;

import io.sonidb.CollectionExistsException;
import io.sonidb.CollectionNotFoundException;
import io.sonidb.DamagedRecordException;
import io.sonidb.FolderLockedException;
import io.sonidb.ReadOnlyException;
import io.sonidb.SoniDbException;
import io.sonidb.SyncRefusedException;
import io.sonidb.VectorNotFoundException;
import io.sonidb.client.AlreadyExistsException;
import io.sonidb.client.BadRequestException;
import io.sonidb.client.BusyException;
import io.sonidb.client.KeyRefusedException;
import io.sonidb.client.NodeException;
import io.sonidb.client.NotFoundException;
import io.sonidb.client.RefusedException;
import io.sonidb.client.UnreachableException;
import io.sonidb.ftp.SyncFailedException;
import io.sonidb.server.config.ConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/// Turns what went wrong into an exit code and one line for the user.
final class Failures {

  private Failures() {}

  static ExitCode exitCode(Throwable failure) {
    return switch (failure) {
      case CommandFailure known -> known.exitCode();
      case CollectionNotFoundException _, VectorNotFoundException _, NoSuchFileException _ ->
          ExitCode.NOT_FOUND;
      case CollectionExistsException _ -> ExitCode.ALREADY_EXISTS;
      case NotFoundException _ -> ExitCode.NOT_FOUND;
      case AlreadyExistsException _ -> ExitCode.ALREADY_EXISTS;
      case FolderLockedException _,
          ReadOnlyException _,
          SyncRefusedException _,
          UnreachableException _,
          KeyRefusedException _,
          BusyException _ ->
          ExitCode.REFUSED;
      case SyncFailedException e ->
          e.kind() == SyncFailedException.Kind.BROKEN ? ExitCode.FAILED : ExitCode.REFUSED;
      case RefusedException e when e.status() == 409 || e.status() == 502 -> ExitCode.REFUSED;
      case BadRequestException tooMuch when tooMuch.status() == 413 -> ExitCode.FAILED;
      case BadRequestException _ -> ExitCode.USAGE;
      case DamagedRecordException _ -> ExitCode.DAMAGED;
      case IllegalArgumentException _, ConfigException _ -> ExitCode.USAGE;
      case UncheckedIOException wrapper when wrapper.getCause() != null ->
          exitCode(wrapper.getCause());
      default -> ExitCode.FAILED;
    };
  }

  static String message(Throwable failure) {
    return switch (failure) {
      case UncheckedIOException wrapper when wrapper.getCause() != null ->
          message(wrapper.getCause());
      case NoSuchFileException e -> e.getFile() + ": no such file or folder";
      case AccessDeniedException e -> e.getFile() + ": permission denied";
      case NotDirectoryException e -> e.getFile() + ": is not a folder";
      case FileAlreadyExistsException e -> e.getFile() + ": exists already and is not a folder";
      case FileSystemException e when e.getReason() == null -> e.getFile() + ": cannot be used";
      case CommandFailure _,
          SoniDbException _,
          NodeException _,
          ConfigException _,
          IllegalArgumentException _,
          IOException _ ->
          firstLine(failure);
      case OutOfMemoryError _ -> "out of memory; give more with JAVA_TOOL_OPTIONS=-Xmx...";
      default ->
          "internal error, please report it with SONIDB_DEBUG=1: "
              + failure.getClass().getSimpleName()
              + ": "
              + firstLine(failure);
    };
  }

  /// Whether the reader of our output has gone, `head` for instance: no failure of ours.
  static boolean isBrokenPipe(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof IOException && String.valueOf(t.getMessage()).contains("Broken pipe")) {
        return true;
      }
    }
    return false;
  }

  private static String firstLine(Throwable failure) {
    String message = failure.getMessage();
    return message == null
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }
}
