package io.sonidb.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// What is asked about the node itself.
final class ServiceApi {
  private static final String PLAIN = "text/plain; charset=utf-8";

  private final MetricsText metrics;
  private final AtomicBoolean ready;
  private final String openApi;
  private final String script;

  ServiceApi(MetricsText metrics, AtomicBoolean ready) {
    this.metrics = metrics;
    this.ready = ready;
    this.openApi = resource("openapi.json");
    this.script = resource("/io/sonidb/server/web/sonidb.js");
  }

  private static String resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(ServiceApi.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The version that the build wrote into the module.
  static String version() {
    return Optional.ofNullable(ServiceApi.class.getModule().getDescriptor())
        .flatMap(ModuleDescriptor::rawVersion)
        .orElse("0.0.0-unpackaged");
  }

  Answer about(Exchange exchange) {
    return new Answer.Plain(to -> {
      to.writeStartObject();
      to.writeStringProperty("title", "SoniDB, a vector database that stores vectors as sound");
      to.writeStringProperty("version", version());
      to.writeEndObject();
    });
  }

  Answer health(Exchange exchange) {
    return new Answer.Text(200, PLAIN, "healthz check passed");
  }

  Answer ready(Exchange exchange) {
    return ready.get()
        ? new Answer.Text(200, PLAIN, "all shards are ready")
        : new Answer.Text(503, PLAIN, "the node is shutting down");
  }

  Answer openApi(Exchange exchange) {
    return new Answer.Text(200, Formats.JSON, openApi);
  }

  /// What web pages listen with.
  Answer script(Exchange exchange) {
    return new Answer.Text(200, "text/javascript; charset=utf-8", script);
  }

  Answer metrics(Exchange exchange) {
    return new Answer.Text(
        200, "text/plain; version=0.0.4; charset=utf-8", metrics.write(exchange.caller()));
  }
}
