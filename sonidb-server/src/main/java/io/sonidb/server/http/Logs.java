package io.sonidb.server.http;

import io.sonidb.server.config.NodeConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.server.Request;
import tools.jackson.databind.json.JsonMapper;

/// What is noted: requests, if that is wanted; administrative calls and refused keys; what went
/// wrong with us. Never a key, a body or a query.
final class Logs implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MAX_PATH = 500;

  private final Optional<LogFile> access;
  private final LogFile audit;
  private final PrintStream err;

  private Logs(Optional<LogFile> access, LogFile audit, PrintStream err) {
    this.access = access;
    this.audit = audit;
    this.err = err;
  }

  static Logs open(NodeConfig config, PrintStream err) throws IOException {
    Optional<LogFile> access =
        config.accessLog().isPresent()
            ? Optional.of(LogFile.open(config.accessLog().get(), err))
            : Optional.empty();
    return new Logs(access, LogFile.open(config.auditLog(), err), err);
  }

  boolean notesAccess() {
    return access.isPresent();
  }

  void access(Request request, int status, long bytes, long nanos) {
    access.ifPresent(log -> {
      Map<String, Object> line = line(request);
      line.put("status", status);
      line.put("bytes", bytes);
      line.put("ms", Math.round(nanos / 1e4) / 1e2);
      log.line(JSON.writeValueAsString(line));
    });
  }

  void audit(Request request, String who, int status) {
    Map<String, Object> line = line(request);
    line.put("who", who);
    line.put("status", status);
    audit.line(JSON.writeValueAsString(line));
  }

  /// Something of importance that came by another way than a request.
  void event(String what) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", Instant.now().toString());
    line.put("event", what);
    audit.line(JSON.writeValueAsString(line));
  }

  private static Map<String, Object> line(Request request) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", Instant.now().toString());
    line.put("from", Request.getRemoteAddr(request));
    line.put("method", request.getMethod());
    String path = request.getHttpURI().getPath();
    line.put(
        "path", path == null ? "" : path.length() > MAX_PATH ? path.substring(0, MAX_PATH) : path);
    return line;
  }

  /// Something that nobody should see, and that somebody must look into.
  void failure(Request request, Throwable failure) {
    synchronized (err) {
      err.println(
          "sonidb: error: " + request.getMethod() + " " + request.getHttpURI().getPath() + ":");
      failure.printStackTrace(err);
    }
  }

  /// A line for people who look after the node.
  void say(String text) {
    err.println("sonidb: " + text);
  }

  @Override
  public void close() {
    access.ifPresent(LogFile::close);
    audit.close();
  }
}
