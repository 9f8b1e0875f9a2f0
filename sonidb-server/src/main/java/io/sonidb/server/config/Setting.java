package io.sonidb.server.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// One thing about a node that can be set: in the file, by an environment variable or by a flag.
///
/// @param key as in the file, such as `http.port`
/// @param fallback what counts when nobody sets it; empty for nothing
/// @param help for people
/// @param isSecret whether its value is not to be shown
public record Setting(String key, String fallback, String help, boolean isSecret) {
  /// All of them.
  public static final List<Setting> ALL =
      List.of(
          plain(
              "storage.snapshots", "", "Folder of snapshots (default: data folder + -snapshots)."),
          plain("http.host", "127.0.0.1", "Address to listen on."),
          plain("http.port", "7664", "Port to listen on; 0 for any that is free."),
          plain(
              "http.insecure",
              "false",
              "true: listen on an address that others reach without keys and TLS."),
          plain(
              "http.allowed_hosts",
              "",
              "Names by which clients may call the node, separated by commas."
                  + " IP addresses and localhost always work; with keys, every name does."),
          plain(
              "http.allowed_origins",
              "",
              "Web pages that may call the node, such as https://app.example.com, separated by commas."),
          plain("http.idle_seconds", "30", "A connection that is idle for longer is closed."),
          plain("http.max_connections", "1024", "More connections are not accepted."),
          plain("http.max_streams", "1000", "More audio streams and change feeds are not begun."),
          plain(
              "http.stall_seconds",
              "30",
              "A reader of a stream that takes nothing of what is there for so long is disconnected."),
          plain(
              "http.heartbeat_seconds",
              "15",
              "A change feed without changes says that it is alive so often."),
          plain(
              "tls.certificate",
              "",
              "Certificate chain as PEM, or key and certificates as PKCS#12 (.p12, .pfx)."
                  + " Read again when the file changes."),
          plain("tls.key", "", "Private key as PEM (PKCS#8)."),
          secret("tls.password", "", "Password of the key or of the PKCS#12 file."),
          secret(
              "security.api_key",
              "",
              "Key that may do everything, or sha256: and the SHA-256 of it in hexadecimal."),
          secret("security.read_only_api_key", "", "Key that may only read, likewise."),
          secret(
              "security.keys",
              "",
              "More keys, separated by semicolons: KEY read|write|manage [COLLECTION,...]."),
          plain("ftp.enabled", "true", "Whether other nodes may fetch and bring files, by FTP."),
          plain(
              "ftp.port",
              "",
              "Port of the FTP server, on the address of http.host; 0 for any that is free"
                  + " (default: 7621, or any that is free when that is taken)."),
          plain("ftp.passive_ports", "7622-7721", "Ports that files come in at."),
          plain("ftp.max_sessions", "64", "More FTP connections are not accepted."),
          plain("ftp.idle_seconds", "60", "A transfer that stands still for longer is ended."),
          plain(
              "ftp.plain_data",
              "false",
              "true: files may travel without TLS between nodes that are told to; commands never do."),
          plain(
              "cluster.secret_file",
              "",
              "File that nodes of one owner have in common, made at the first start (default:"
                  + " sonidb/cluster.secret in $XDG_CONFIG_HOME or ~/.config)."),
          plain(
              "cluster.replicas_file",
              "",
              "File with the FTP servers that are no nodes and may hold cold replicas, and their"
                  + " passwords, mode 0600; see docs/sync.md."),
          plain("limits.max_body_mb", "32", "Largest body of a request, in MiB."),
          plain("limits.max_upload_mb", "65536", "Largest snapshot that is uploaded, in MiB."),
          plain(
              "limits.max_bodies_mb",
              "256",
              "Bodies that are read at the same time, in MiB; more have to wait."),
          plain("limits.max_header_bytes", "16384", "Largest head of a request, in bytes."),
          plain("limits.max_nesting", "64", "Objects and arrays within one another."),
          plain("limits.request_seconds", "60", "Time in which a request must arrive."),
          plain("limits.shutdown_seconds", "30", "Time that requests get to finish at the end."),
          plain("log.access", "", "File for a line of JSON per request; - for standard error."),
          plain(
              "log.audit",
              "",
              "File for a line of JSON per administrative call and refused key; - for standard"
                  + " error (default: audit.log in the data folder)."));

  private static Setting plain(String key, String fallback, String help) {
    return new Setting(key, fallback, help, false);
  }

  private static Setting secret(String key, String fallback, String help) {
    return new Setting(key, fallback, help, true);
  }

  /// The variable that sets it, such as `SONIDB__HTTP__PORT`.
  public String variable() {
    return "SONIDB__" + key.toUpperCase(Locale.ROOT).replace(".", "__");
  }

  /// The flag that sets it, such as `--http-port`.
  public String flag() {
    return "--" + key.replace('.', '-').replace('_', '-');
  }

  static Optional<Setting> of(String key) {
    return ALL.stream().filter(setting -> setting.key.equals(key)).findFirst();
  }

  static Optional<Setting> ofVariable(String name) {
    return ALL.stream().filter(setting -> setting.variable().equals(name)).findFirst();
  }

  /// The parts of a value that is a list.
  static List<String> parts(String text, String separator) {
    return Arrays.stream(text.split(separator))
        .map(String::strip)
        .filter(p -> !p.isEmpty())
        .toList();
  }
}
