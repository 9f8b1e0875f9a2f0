package io.sonidb.ftp;

import org.apache.ftpserver.ftplet.FileSystemView;
import org.apache.ftpserver.ftplet.FtpFile;

/// What a login sees, and where in it somebody stands.
final class VirtualFolder implements FileSystemView {
  private final VirtualFile top;
  private VirtualFile here;

  VirtualFolder(Login login) {
    this.top = VirtualFile.top(login);
    this.here = top;
  }

  @Override
  public FtpFile getHomeDirectory() {
    return top;
  }

  @Override
  public FtpFile getWorkingDirectory() {
    return here;
  }

  @Override
  public boolean changeWorkingDirectory(String folder) {
    VirtualFile there = here.resolve(folder);
    if (!there.isDirectory()) {
      return false;
    }
    here = there;
    return true;
  }

  @Override
  public VirtualFile getFile(String file) {
    return here.resolve(file);
  }

  @Override
  public boolean isRandomAccessible() {
    return true;
  }

  @Override
  public void dispose() {}
}
