package io.sonidb.ftp;

import io.sonidb.SyncFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.ftpserver.ftplet.FtpFile;

/// A name in what a login sees: one of its files, one of the two folders they are in, or nothing.
/// No name is ever looked up on the disk that is not on the login's list, so there is nothing to be
/// left through dots or links.
final class VirtualFile implements FtpFile {
  private static final String SEGMENTS = "segments";

  private final Login login;
  private final String path;

  /// @param path without a slash in front; empty for the top
  private VirtualFile(Login login, String path) {
    this.login = login;
    this.path = path;
  }

  static VirtualFile top(Login login) {
    return new VirtualFile(login, "");
  }

  /// @param text as a client says it, relative to this folder unless it begins with a slash
  VirtualFile resolve(String text) {
    StringBuilder found = new StringBuilder(text.startsWith("/") ? "" : path);
    for (String part : text.split("/", -1)) {
      if (part.equals("..")) {
        found.setLength(Math.max(0, found.lastIndexOf("/")));
      } else if (!part.isEmpty() && !part.equals(".")) {
        found.append(found.isEmpty() ? "" : "/").append(part);
      }
    }
    return new VirtualFile(login, found.toString());
  }

  /// What is known of it, if it is one of the login's files.
  Optional<SyncFile> listed() {
    return login.file(path);
  }

  /// Where its bytes are.
  ///
  /// @param file this one
  Path onDisk(SyncFile file) {
    return switch (login.source()) {
      case FileSource.Sending(var outgoing) -> outgoing.folder().resolve(file.name());
      case FileSource.Receiving(var inbox, _) -> inbox.path(file);
      case FileSource.TailOut _, FileSource.TailIn _ -> throw notListed();
    };
  }

  /// Logins for a tail list no files.
  private AssertionError notListed() {
    return new AssertionError(path + " is in no list");
  }

  @Override
  public String getAbsolutePath() {
    return "/" + path;
  }

  @Override
  public String getName() {
    return path.isEmpty() ? "/" : path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public boolean isHidden() {
    return false;
  }

  @Override
  public boolean isDirectory() {
    return path.isEmpty() || path.equals(SEGMENTS);
  }

  @Override
  public boolean isFile() {
    return doesExist() && !isDirectory();
  }

  @Override
  public boolean doesExist() {
    return isDirectory()
        || listed()
            .map(file ->
                switch (login.source()) {
                  case FileSource.Sending _ -> true;
                  case FileSource.Receiving(var inbox, _) -> inbox.has(file);
                  case FileSource.TailOut _, FileSource.TailIn _ -> false;
                })
            .orElse(false);
  }

  /// Whether all bytes of one of the login's files are there.
  boolean isWhole() {
    return listed()
        .map(file ->
            switch (login.source()) {
              case FileSource.Sending _ -> true;
              case FileSource.Receiving(var inbox, _) -> inbox.isWhole(file);
              case FileSource.TailOut _, FileSource.TailIn _ -> false;
            })
        .orElse(false);
  }

  @Override
  public boolean isReadable() {
    return isDirectory()
        || switch (login.source()) {
          case FileSource.Sending _ -> listed().isPresent();
          case FileSource.Receiving(_, boolean passesOn) -> passesOn && isWhole();
          case FileSource.TailOut _, FileSource.TailIn _ -> false;
        };
  }

  @Override
  public boolean isWritable() {
    return listed().isPresent() && login.source() instanceof FileSource.Receiving;
  }

  @Override
  public boolean isRemovable() {
    return false;
  }

  @Override
  public String getOwnerName() {
    return "sonidb";
  }

  @Override
  public String getGroupName() {
    return "sonidb";
  }

  @Override
  public int getLinkCount() {
    return isDirectory() ? 2 : 1;
  }

  @Override
  public long getLastModified() {
    try {
      return listed().isPresent() && doesExist()
          ? Files.getLastModifiedTime(onDisk(listed().get())).toMillis()
          : 0;
    } catch (IOException e) {
      return 0; // it went away
    }
  }

  @Override
  public boolean setLastModified(long time) {
    return false;
  }

  @Override
  public long getSize() {
    return listed()
        .map(file ->
            switch (login.source()) {
              case FileSource.Sending _ -> file.size();
              case FileSource.Receiving(var inbox, _) -> size(inbox, file);
              case FileSource.TailOut _, FileSource.TailIn _ -> 0L;
            })
        .orElse(0L);
  }

  private static long size(Inbox inbox, SyncFile file) {
    try {
      return inbox.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Object getPhysicalFile() {
    return path;
  }

  @Override
  public boolean mkdir() {
    return false;
  }

  @Override
  public boolean delete() {
    return false;
  }

  @Override
  public boolean move(FtpFile destination) {
    return false;
  }

  @Override
  public List<? extends FtpFile> listFiles() {
    Stream<String> names = login.files().stream().map(SyncFile::name);
    Stream<String> here =
        path.isEmpty()
            ? Stream.concat(Stream.of(SEGMENTS), names.filter(name -> name.indexOf('/') < 0))
            : names.filter(name -> name.startsWith(path + "/"));
    return here.map(name -> new VirtualFile(login, name))
        .filter(VirtualFile::doesExist)
        .sorted(Comparator.comparing(VirtualFile::getName))
        .toList();
  }

  @Override
  public OutputStream createOutputStream(long offset) throws IOException {
    throw new IOException(path + " is written by STOR alone");
  }

  @Override
  public InputStream createInputStream(long offset) throws IOException {
    InputStream in =
        Files.newInputStream(
            onDisk(listed().orElseThrow(() -> new IOException("there is no " + path))));
    in.skipNBytes(offset);
    return in;
  }
}
