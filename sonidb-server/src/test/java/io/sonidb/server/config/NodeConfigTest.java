package io.sonidb.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeConfigTest {
  @TempDir Path folder;

  private NodeConfig load(String yaml, Map<String, String> environment, Map<String, String> flags)
      throws IOException {
    Path file = folder.resolve("node.yaml");
    Files.writeString(file, yaml);
    return NodeConfig.load(folder.resolve("data"), Optional.of(file), environment, flags);
  }

  @Test
  void rejectsFileWithUnknownSetting() {
    assertThatThrownBy(() -> load("http:\n  prot: 1\n", Map.of(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no setting http.prot")
        .hasMessageContaining("http.port");
  }

  @Test
  void rejectsUnknownVariable() {
    assertThatThrownBy(() -> load("", Map.of("SONIDB__HTTP__PROT", "1"), Map.of()))
        .hasMessageContaining("SONIDB__HTTP__PROT");
  }

  @Test
  void rejectsPortOutOfRangeAndSaysWhereItWasSaid() {
    assertThatThrownBy(() -> load("", Map.of("SONIDB__HTTP__PORT", "70000"), Map.of()))
        .hasMessage(
            "environment variable SONIDB__HTTP__PORT: http.port must be a whole number, 0 to 65535,"
                + " was '70000'");
  }

  @Test
  void rejectsIceServersAndPortsThatAreNone() {
    for (String servers :
        new String[] {
          "http://a",
          "stun:",
          "stun:a b",
          "stun:a:0",
          "stun:a:70000",
          "stun:a:b:1",
          "stun:a?transport=udp",
          "turn:a?transport=x",
          "turn:[::1",
        }) {
      assertThatThrownBy(() -> load("", Map.of(), Map.of("webrtc.ice_servers", servers)))
          .hasMessageContaining("webrtc.ice_servers must be addresses such as");
    }
    for (String ports : new String[] {"1", "40000", "50000-40000", "40000-70000"}) {
      assertThatThrownBy(() -> load("", Map.of(), Map.of("webrtc.ports", ports)))
          .hasMessageContaining("webrtc.ports must be two ports");
    }
    assertThatThrownBy(() -> load("", Map.of(), Map.of("webrtc.ice_password_file", "none")))
        .hasMessageContaining("webrtc.ice_password_file cannot be read");
  }

  @Test
  void rejectsTurnServersWithoutNameAndPassword() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty"), "\n");
    Map<String, String> nameless = Map.of("webrtc.ice_servers", "stun:a,turns:[2001:db8::1]:443");
    Map<String, String> open = new HashMap<>(nameless);
    open.put("webrtc.ice_username", "sonidb");
    open.put("webrtc.ice_password_file", empty.toString());
    for (Map<String, String> flags : List.of(nameless, open)) {
      assertThatThrownBy(() -> load("", Map.of(), flags))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("set webrtc.ice_username and webrtc.ice_password_file");
    }
  }

  @Test
  void takesThePasswordOfIceServersFromAFileAndDoesNotShowIt() throws IOException {
    Path file = Files.writeString(folder.resolve("password"), "very-secret\n");
    NodeConfig config =
        load(
            """
            webrtc:
              ice_servers: stun:a.example.com:3478,turn:b.example.com?transport=tcp
              ice_username: sonidb
            """,
            Map.of(),
            Map.of("webrtc.ice_password_file", file.toString(), "webrtc.ports", "40000-40010"));
    assertThat(config.webRtc().peers().password()).isEqualTo("very-secret");
    assertThat(config.webRtc().peers().iceServers()).hasSize(2);
    assertThat(config.webRtc().peers().maxPort()).isEqualTo(40_010);
    assertThat(config.toString()).doesNotContain("very-secret");
  }

  @Test
  void rejectsFileThatIsNoYaml() {
    assertThatThrownBy(() -> load("http: [", Map.of(), Map.of())).hasMessageContaining("not YAML");
  }

  @Test
  void doesNotShowASecretThatIsWrong() {
    assertThatThrownBy(() -> load("", Map.of(), Map.of("security.api_key", "secret")))
        .hasMessageContaining("at least 8 characters")
        .message()
        .doesNotContain("secret'");
  }

  @Test
  void refusesToListenToOthersWithoutKeyAndTls() throws IOException {
    assertThatThrownBy(() -> load("http: {host: 0.0.0.0}", Map.of(), Map.of()))
        .hasMessageContaining("security.api_key and tls.certificate")
        .hasMessageContaining("--http-insecure true");
    assertThat(
            load("http: {host: 0.0.0.0}", Map.of(), Map.of("http.insecure", "true")).isLoopback())
        .isFalse();
  }

  @Test
  void flagsCountBeforeEnvironmentBeforeFileBeforeDefaults() throws IOException {
    String file = "http: {port: 1, idle_seconds: 11, max_connections: 12}";
    Map<String, String> environment =
        Map.of("SONIDB__HTTP__PORT", "2", "SONIDB__HTTP__IDLE_SECONDS", "22", "PATH", "/bin");
    NodeConfig config = load(file, environment, Map.of("http.port", "3"));
    assertThat(config.http().port()).isEqualTo(3);
    assertThat(config.http().idleSeconds()).isEqualTo(22);
    assertThat(config.http().maxConnections()).isEqualTo(12);
    assertThat(config.http().host()).isEqualTo("127.0.0.1");
    assertThat(config.limits().bodyBytes()).isEqualTo(32L << 20);
  }

  @Test
  void readsKeysAndKeepsTheirHashesOnly() throws IOException {
    NodeConfig config =
        load(
            "security:\n  api_key: all-of-it\n  keys:\n    - just-looking read songs,pages\n"
                + "    - sha256:"
                + "ab".repeat(32)
                + " write\n",
            Map.of(),
            Map.of());
    assertThat(config.keys()).hasSize(3);
    assertThat(config.toString()).doesNotContain("all-of-it").doesNotContain("just-looking");
    assertThat(config.keys().get(1).access()).isEqualTo(KeySpec.Access.READ);
    assertThat(config.keys().get(1).collections()).isEqualTo(Set.of("songs", "pages"));
    assertThat(config.keys().get(2).sha256()).isEqualTo("ab".repeat(32));
  }

  @Test
  void rejectsKeyWithoutAccess() {
    assertThatThrownBy(() -> load("", Map.of(), Map.of("security.keys", "only-a-key")))
        .hasMessageContaining("KEY read|write|manage");
  }

  @Test
  void everySettingHasItsOwnFlagAndVariable() {
    assertThat(Setting.ALL.stream().map(Setting::flag)).doesNotHaveDuplicates();
    assertThat(Setting.ALL.stream().map(Setting::variable)).doesNotHaveDuplicates();
    assertThat(Setting.ALL.get(1).variable()).isEqualTo("SONIDB__HTTP__HOST");
    assertThat(Setting.ALL.get(1).flag()).isEqualTo("--http-host");
  }
}
