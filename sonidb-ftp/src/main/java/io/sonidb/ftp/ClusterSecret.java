package io.sonidb.ftp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// What nodes of one owner know each other by: a text that only they have, in a file that only the
/// owner can read. It never leaves the machine; what is sent is made with it.
public final class ClusterSecret {
  /// Name of the file.
  public static final String FILE = "cluster.secret";

  private static final int MIN_CHARACTERS = 32;
  private static final int MAX_BYTES = 4096;
  private static final int RANDOM_BYTES = 32;
  private static final String HMAC = "HmacSHA256";
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final SecretKeySpec key;

  private ClusterSecret(String text) {
    this.key = new SecretKeySpec(text.getBytes(StandardCharsets.UTF_8), HMAC);
  }

  /// Where the secret lies unless somebody says otherwise: in the user's configuration folder,
  /// `$XDG_CONFIG_HOME/sonidb` or `~/.config/sonidb`.
  ///
  /// @param environment variables of the process
  public static Path defaultFile(Map<String, String> environment) {
    String folder = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path parent =
        folder.isEmpty()
            ? Path.of(Objects.requireNonNullElse(System.getProperty("user.home"), "."), ".config")
            : Path.of(folder);
    return parent.resolve("sonidb").resolve(FILE);
  }

  /// Reads the secret, or makes one if there is none.
  ///
  /// @throws IOException if it cannot be read or written, if others can read it, or if it is too
  ///   short to be one; the message says what to do
  public static ClusterSecret open(Path file) throws IOException {
    if (!Files.exists(file)) {
      make(file);
    }
    return read(file);
  }

  /// Reads the secret.
  ///
  /// @throws IOException if there is none, and as [#open]
  public static ClusterSecret read(Path file) throws IOException {
    checkPrivate(file, MAX_BYTES);
    String text = Files.readString(file).strip();
    if (text.length() < MIN_CHARACTERS) {
      throw new IOException(
          file + " is too short to be a secret: it must have " + MIN_CHARACTERS + " characters");
    }
    return new ClusterSecret(text);
  }

  /// Checks that a file with secrets is its owner's alone.
  ///
  /// @throws IOException if others can read or write it, or it is too large
  static void checkPrivate(Path file, int maxBytes) throws IOException {
    if (Files.size(file) > maxBytes) {
      throw new IOException(file + " holds no secrets: it has more than " + maxBytes + " bytes");
    }
    if (Files.getFileStore(file).supportsFileAttributeView("posix")
        && Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
      throw new IOException(
          "others can read or write "
              + file
              + ": say chmod 600 "
              + file
              + ", and make a new one if"
              + " others had the chance");
    }
  }

  /// Under another name first: of two nodes that start at once, both read the same whole secret.
  private static void make(Path file) throws IOException {
    Path parent = Objects.requireNonNull(file.toAbsolutePath().getParent(), "the root");
    Files.createDirectories(parent);
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    Path fresh = Files.createTempFile(parent, FILE, ".new", ownerOnly(parent));
    try {
      Files.writeString(fresh, HexFormat.of().formatHex(random) + "\n");
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException e) {
      // Somebody else was faster.
    } finally {
      Files.delete(fresh);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path folder) throws IOException {
    return Files.getFileStore(folder).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /// A code that only who has the secret can make: HMAC-SHA-256 over lines of text.
  ///
  /// @param purpose tells codes of one kind from those of another
  /// @param lines in which there are no line breaks
  /// @return 64 hexadecimal digits
  /// @throws IllegalArgumentException if there is a line break in one of them
  String code(String purpose, List<String> lines) {
    StringBuilder text = new StringBuilder(purpose);
    for (String line : lines) {
      if (line.indexOf('\n') >= 0) {
        throw new IllegalArgumentException("there is a line break in what is signed");
      }
      text.append('\n').append(line);
    }
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      return HexFormat.of()
          .formatHex(mac.doFinal(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has " + HMAC, e);
    }
  }

  /// The password of an FTP login. Both sides can tell it from the secret, so it is not sent.
  ///
  /// @param user name of the login
  public String password(String user) {
    return code("sonidb-ftp-password-1", List.of(user));
  }

  /// Compares codes in a time that does not tell where they differ.
  static boolean isSame(String a, String b) {
    return MessageDigest.isEqual(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }
}
