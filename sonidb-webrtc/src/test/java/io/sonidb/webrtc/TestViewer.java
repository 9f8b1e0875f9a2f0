package io.sonidb.webrtc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onvoid.webrtc.CreateSessionDescriptionObserver;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.PeerConnectionObserver;
import dev.onvoid.webrtc.RTCConfiguration;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelInit;
import dev.onvoid.webrtc.RTCDataChannelObserver;
import dev.onvoid.webrtc.RTCDataChannelState;
import dev.onvoid.webrtc.RTCIceCandidate;
import dev.onvoid.webrtc.RTCIceGatheringState;
import dev.onvoid.webrtc.RTCIceServer;
import dev.onvoid.webrtc.RTCOfferOptions;
import dev.onvoid.webrtc.RTCPeerConnection;
import dev.onvoid.webrtc.RTCSdpType;
import dev.onvoid.webrtc.RTCSessionDescription;
import dev.onvoid.webrtc.SetSessionDescriptionObserver;
import dev.onvoid.webrtc.media.audio.HeadlessAudioDeviceModule;
import io.sonidb.sound.Listener;
import io.sonidb.sound.SoundRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/// A client: offers a channel, takes an answer, and looks at every message as the format says.
final class TestViewer implements AutoCloseable {
  static final PeerConnectionFactory FACTORY =
      new PeerConnectionFactory(new HeadlessAudioDeviceModule());
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final long PATIENCE_SECONDS = 60;
  private static final int HEAD = 0;
  private static final int END = 3;

  private final CompletableFuture<Boolean> gathered = new CompletableFuture<>();
  private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
  private final RTCPeerConnection connection;
  private final RTCDataChannel channel;
  private final ByteArrayOutputStream audio = new ByteArrayOutputStream();
  private long next;
  private int part;
  private int largest;
  private String location = "";

  TestViewer() throws Exception {
    this(List.of());
  }

  /// @param iceServers that it asks who it is
  TestViewer(List<String> iceServers) throws Exception {
    RTCConfiguration configuration = new RTCConfiguration();
    for (String address : iceServers) {
      RTCIceServer server = new RTCIceServer();
      server.urls = List.of(address);
      configuration.iceServers.add(server);
    }
    connection =
        FACTORY.createPeerConnection(
            configuration,
            new PeerConnectionObserver() {
              @Override
              public void onIceCandidate(RTCIceCandidate candidate) {
                if (candidate.sdp.contains("typ srflx")) {
                  gathered.complete(true); // one is enough: some interfaces lead nowhere
                }
              }

              @Override
              public void onIceGatheringChange(RTCIceGatheringState state) {
                if (state == RTCIceGatheringState.COMPLETE) {
                  gathered.complete(true);
                }
              }
            });
    channel = connection.createDataChannel("sonidb", new RTCDataChannelInit());
    channel.registerObserver(
        new RTCDataChannelObserver() {
          @Override
          public void onBufferedAmountChange(long bytes) {}

          @Override
          public void onStateChange() {
            if (channel.getState() == RTCDataChannelState.CLOSED) {
              messages.add(new byte[0]);
            }
          }

          @Override
          public void onMessage(RTCDataChannelBuffer buffer) {
            byte[] bytes = new byte[buffer.data.remaining()];
            buffer.data.get(bytes);
            messages.add(bytes);
          }
        });
  }

  private static SetSessionDescriptionObserver told(CompletableFuture<Boolean> done) {
    return new SetSessionDescriptionObserver() {
      @Override
      public void onSuccess() {
        done.complete(true);
      }

      @Override
      public void onFailure(String error) {
        done.completeExceptionally(new IOException(error));
      }
    };
  }

  String offer() throws Exception {
    CompletableFuture<RTCSessionDescription> made = new CompletableFuture<>();
    connection.createOffer(
        new RTCOfferOptions(),
        new CreateSessionDescriptionObserver() {
          @Override
          public void onSuccess(RTCSessionDescription description) {
            made.complete(description);
          }

          @Override
          public void onFailure(String error) {
            made.completeExceptionally(new IOException(error));
          }
        });
    CompletableFuture<Boolean> set = new CompletableFuture<>();
    connection.setLocalDescription(made.get(PATIENCE_SECONDS, TimeUnit.SECONDS), told(set));
    set.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    gathered.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return connection.getLocalDescription().sdp;
  }

  static HttpResponse<String> post(URI whep, String offer) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(whep)
            .header("content-type", "application/sdp")
            .POST(HttpRequest.BodyPublishers.ofString(offer))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> delete(URI viewer) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(viewer).DELETE().build(), HttpResponse.BodyHandlers.ofString());
  }

  static String get(URI uri) throws Exception {
    return HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /// Asks a node for a collection, which it must get.
  TestViewer watch(URI whep, long from) throws Exception {
    HttpResponse<String> answer = post(whep, offer());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    location = answer.headers().firstValue("location").orElseThrow();
    CompletableFuture<Boolean> set = new CompletableFuture<>();
    connection.setRemoteDescription(
        new RTCSessionDescription(RTCSdpType.ANSWER, answer.body()), told(set));
    set.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    next = from;
    return this;
  }

  /// The address of what it asked for.
  String location() {
    return location;
  }

  /// Bytes of the largest message.
  int largest() {
    return largest;
  }

  /// Takes the next message.
  ///
  /// @return its kind; -1 if the channel is closed
  int take() throws Exception {
    byte[] bytes = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(bytes).as("a message").isNotNull();
    if (bytes.length == 0) {
      return -1;
    }
    largest = Math.max(largest, bytes.length);
    ByteBuffer message = ByteBuffer.wrap(bytes);
    assertThat(message.getShort()).isEqualTo((short) 0x534D);
    assertThat(message.get()).isEqualTo((byte) 1);
    int kind = message.get();
    long from = message.getLong();
    long to = message.getLong();
    int number = message.getShort();
    int parts = message.getShort();
    int sum = message.getInt(24);
    message.putInt(24, 0);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    assertThat(sum).isEqualTo((int) crc.getValue());
    assertThat(from).isEqualTo(next);
    assertThat(number).isEqualTo(part);
    part = (part + 1) % parts;
    next = part == 0 ? to : next;
    audio.write(bytes, 28, bytes.length - 28);
    assertThat(kind == HEAD).isEqualTo(audio.size() == bytes.length - 28);
    return kind;
  }

  /// Takes messages up to a sequence number.
  TestViewer takeUpTo(long sequence) throws Exception {
    while (next <= sequence) {
      assertThat(take()).isBetween(0, END - 1);
    }
    return this;
  }

  /// Takes messages to the end of the stream, which must come.
  TestViewer takeAll() throws Exception {
    int kind = take();
    while (kind != END) {
      assertThat(kind).isBetween(0, END - 1);
      kind = take();
    }
    return this;
  }

  /// The records that have come.
  List<SoundRecord> records() throws IOException {
    List<SoundRecord> records = new ArrayList<>();
    Listener.listen(
        new ByteArrayInputStream(audio.toByteArray()), (record, _) -> records.add(record));
    return records;
  }

  @Override
  public void close() {
    connection.close();
  }

  /// Watches until somebody ends the process: `URI FROM`.
  public static void main(String[] arguments) throws Exception {
    try (TestViewer viewer = new TestViewer()) {
      viewer.watch(URI.create(arguments[0]), Long.parseLong(arguments[1]));
      for (int kind = viewer.take(); kind >= 0; kind = viewer.take()) {
        System.out.println(viewer.next);
      }
    }
  }
}
