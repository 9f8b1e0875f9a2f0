package io.sonidb.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RouterTest {
  private final Router router =
      new Router(
          List.of(
              Route.open("GET", "/", _ -> Answer.yes()),
              Route.read("GET", "/collections/{collection}/points/{id}", _ -> Answer.yes()),
              Route.write("PUT", "/collections/{collection}/points", _ -> Answer.yes()),
              Route.read("POST", "/collections/{collection}/points", _ -> Answer.yes()),
              Route.manage("POST", "/collections/aliases", _ -> Answer.yes()),
              Route.manage("POST", "/collections/{collection}", _ -> Answer.yes())));

  @Test
  void rejectsPathThatNobodyKnows() {
    assertThatThrownBy(() -> router.find("GET", "/nothing"))
        .hasMessage("Not found: there is no /nothing");
    assertThatThrownBy(() -> router.find("GET", "/collections/a/points/1/2/3/4/5/6/7/8/9"))
        .hasMessageStartingWith("Not found");
  }

  @Test
  void namesTheMethodsThatAPathHas() {
    assertThatThrownBy(() -> router.find("DELETE", "/collections/a/points"))
        .hasMessage("DELETE is not for /collections/a/points, but POST, PUT");
  }

  @Test
  void rejectsPercentEncodingThatIsNone() {
    for (String wrong : List.of("%", "%4", "%zz", "a%ff")) {
      assertThatThrownBy(() -> router.find("GET", "/collections/a/points/" + wrong))
          .isInstanceOf(ApiException.class);
    }
  }

  @Test
  void cutsThePathBeforeItIsDecoded() {
    assertThat(router.find("GET", "/collections/a%2F..%2Fb/points/%C3%A9%20").variables())
        .isEqualTo(Map.of("collection", "a/../b", "id", "é "));
  }

  @Test
  void findsTheRoot() {
    assertThat(router.find("GET", "/").route().path()).isEqualTo("/");
  }

  @Test
  void prefersAWordToAVariable() {
    assertThat(router.find("POST", "/collections/aliases").route().path())
        .isEqualTo("/collections/aliases");
    assertThat(router.find("POST", "/collections/other").route().path())
        .isEqualTo("/collections/{collection}");
  }
}
