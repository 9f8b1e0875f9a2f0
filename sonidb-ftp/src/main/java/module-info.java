import org.jspecify.annotations.NullMarked;

/// The files of a collection from node to node: an FTP server that takes part in FXP.
@NullMarked
module io.sonidb.ftp {
  requires static org.jspecify;
  requires transitive io.sonidb;
  requires java.logging;
  requires java.net.http;
  requires tools.jackson.databind;
  requires ftplet.api;
  requires ftpserver.core;
  requires org.apache.mina.core;
  requires org.apache.commons.net;

  provides io.sonidb.NodeSync with
      io.sonidb.ftp.FtpNodeSync;

  exports io.sonidb.ftp;
}
