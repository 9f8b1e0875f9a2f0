package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.server.TestNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class OpenApiTest {
  @TempDir static Path folder;

  private static JsonNode description() throws IOException {
    try (TestNode node = TestNode.start(folder.resolve("data"))) {
      return node.get("/openapi.json").body();
    }
  }

  @Test
  void describesEveryRouteAndNoOther() throws IOException {
    List<String> described = new ArrayList<>();
    for (var path : description().get("paths").properties()) {
      path.getValue()
          .propertyNames()
          .forEach(method -> described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey()));
    }
    assertThat(described).containsExactlyInAnyOrderElementsOf(TestRoutes.names());
  }

  @Test
  void refersToSchemasThatAreThere() throws IOException {
    JsonNode all = description();
    List<String> references = new ArrayList<>();
    all.findValues("$ref").forEach(each -> references.add(each.stringValue()));
    assertThat(references).isNotEmpty();
    for (String reference : references) {
      assertThat(all.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
    }
  }
}
