package io.sonidb.ftp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sonidb.SyncManifest;
import java.io.IOException;
import java.util.List;

/// The manifest of a collection's state as it travels and lies on other servers: its text, and a
/// last line with the HMAC-SHA-256 of the text under the [ClusterSecret]. So nobody who has not the
/// secret can make one, or change one.
public final class SignedManifest {
  /// Name of the file that holds it where files lie on a server that is no node.
  public static final String FILE = "sonidb.manifest";

  private static final String PURPOSE = "sonidb-manifest-hmac-1";
  private static final String LINE = "hmac ";
  private static final int HEX_DIGITS = 64;

  private SignedManifest() {}

  /// The text with its last line.
  public static String of(SyncManifest manifest, ClusterSecret secret) {
    String text = manifest.text();
    return text + LINE + code(text, secret) + "\n";
  }

  private static String code(String text, ClusterSecret secret) {
    return secret.code(PURPOSE, List.of(SignedCall.Digest.of(text.getBytes(UTF_8)).hex()));
  }

  /// Reads one.
  ///
  /// @throws IOException if it was not made with this secret, or is none
  public static SyncManifest read(String signed, ClusterSecret secret) throws IOException {
    int line = signed.length() - LINE.length() - HEX_DIGITS - 1;
    if (line < 0 || !signed.startsWith(LINE, line) || !signed.endsWith("\n")) {
      throw new IOException("the manifest carries no HMAC");
    }
    String text = signed.substring(0, line);
    String found = signed.substring(line + LINE.length(), signed.length() - 1);
    if (!ClusterSecret.isSame(code(text, secret), found)) {
      throw new IOException(
          "the manifest's HMAC was not made with this cluster.secret: it is somebody else's, or was"
              + " changed");
    }
    try {
      return SyncManifest.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
  }
}
