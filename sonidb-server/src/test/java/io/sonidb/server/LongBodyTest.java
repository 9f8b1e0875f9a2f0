package io.sonidb.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.CollectionSpec;
import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.sound.Vector;
import io.sonidb.sound.VectorId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Bodies that are longer than the memory of the node that takes them in.
class LongBodyTest {
  private static final int DIMENSION = 1024;
  private static final String HEAP = "-Xmx80m";

  @TempDir Path folder;

  private static String send(
      HttpClient client, String method, String uri, String type, Supplier<InputStream> body)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create(uri))
                .header("content-type", type)
                .method(method, BodyPublishers.ofInputStream(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /// An array of zeros, 160 MB of it.
  private static InputStream array(int rows) {
    String head =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, DIMENSION);
    InputStream zeros =
        new InputStream() {
          private long left = 4L * rows * DIMENSION;

          @Override
          public int read() {
            return left-- > 0 ? 0 : -1;
          }

          @Override
          public int read(byte[] to, int offset, int length) {
            int count = (int) Math.min(length, left);
            java.util.Arrays.fill(to, offset, offset + count, (byte) 0);
            left -= count;
            return count == 0 ? -1 : count;
          }
        };
    return new SequenceInputStream(
        text("\u0093NUMPY\u0001\u0000v\u0000" + head + " ".repeat(117 - head.length()) + "\n"),
        zeros);
  }

  private static InputStream sound(int count) {
    SplittableRandom random = new SplittableRandom(1);
    float[] components = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      components[i] = (float) random.nextGaussian();
    }
    Vector vector = Vector.sharing(components);
    return new PointSound(
        CollectionSpec.dimension(DIMENSION),
        LongStream.range(0, count).mapToObj(id -> Point.of(VectorId.of(id), vector)).iterator());
  }

  @Test
  void takesThemInWithLittleMemory() throws Exception {
    try (NodeProcess node = NodeProcess.start(folder, HEAP);
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      String songs = node.url() + "/collections/songs";
      String create = "{\"vectors\": {\"size\": " + DIMENSION + ", \"distance\": \"Manhattan\"}}";
      send(client, "PUT", songs, "application/json", () -> text(create));
      assertThat(
              send(
                  client,
                  "PUT",
                  songs + "/points?first_id=0",
                  "application/x-npy",
                  () -> array(40_000)))
          .contains("\"inserted\":40000");
      assertThat(send(client, "POST", songs + "/audio", "audio/flac", () -> sound(30_000)))
          .contains("\"inserted\":30000")
          .contains("\"damaged_count\":0");
      assertThat(
              send(client, "POST", songs + "/points/count", "application/json", () -> text("{}")))
          .contains("\"count\":40000");
    }
  }
}
