package io.sonidb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow.Subscription;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadAheadTest {
  private final ReadAhead body = new ReadAhead();
  private final InputStream in = body;
  private final Connection connection = new Connection();

  /// Counts what is asked for.
  private static final class Connection implements Subscription {
    private long asked;
    private boolean cancelled;

    @Override
    public void request(long n) {
      asked += n;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private static List<ByteBuffer> piece(int... bytes) {
    ByteBuffer piece = ByteBuffer.allocate(bytes.length);
    for (int each : bytes) {
      piece.put((byte) each);
    }
    return List.of(piece.flip());
  }

  @Test
  void failsWhereTheAnswerBreaksOffButNotBefore() throws IOException {
    body.onSubscribe(connection);
    body.onNext(piece(1, 255));
    body.onError(new IOException("reset"));
    assertThat(in.read()).isEqualTo(1);
    assertThat(in.read()).isEqualTo(255);
    assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessage("reset");
  }

  @Test
  void wakesWhoeverReadsWhenItIsClosed() {
    body.onSubscribe(connection);
    CompletableFuture<Integer> reading =
        CompletableFuture.supplyAsync(() -> {
          try {
            return in.read();
          } catch (IOException e) {
            return -2;
          }
        });
    body.close();
    assertThat(reading.join()).isEqualTo(-2);
    assertThat(connection.cancelled).isTrue();
    body.onNext(piece(1));
    assertThat(body.available()).isZero();
  }

  @Test
  void refusesASecondAnswerAndOneThatNobodyWants() {
    Connection second = new Connection();
    body.onSubscribe(connection);
    body.onSubscribe(second);
    assertThat(second.cancelled).isTrue();
    ReadAhead closed = new ReadAhead();
    closed.close();
    Connection late = new Connection();
    closed.onSubscribe(late);
    assertThat(late.cancelled).isTrue();
    assertThat(late.asked).isZero();
  }

  @Test
  void asksForAsMuchAsIsTaken() throws IOException {
    body.onSubscribe(connection);
    long ahead = connection.asked;
    for (int i = 0; i < ahead; i++) {
      body.onNext(piece(i, i));
    }
    assertThat(connection.asked).isEqualTo(ahead);
    assertThat(body.available()).isEqualTo(2 * (int) ahead);
    byte[] taken = new byte[8];
    assertThat(in.read(taken, 0, 0)).isZero();
    assertThat(in.read(taken)).isEqualTo(2);
    assertThat(connection.asked).isEqualTo(ahead + 1);
    assertThat(in.skip(1)).isEqualTo(1);
    assertThat(in.read()).isEqualTo(1);
    assertThat(connection.asked).isEqualTo(ahead + 2);
  }

  @Test
  void readsEverythingUpToTheEnd() throws IOException {
    body.onSubscribe(connection);
    body.onNext(piece());
    body.onNext(List.of(piece(1).getFirst(), piece(2, 3).getFirst()));
    body.onNext(piece(4));
    body.onComplete();
    assertThat(in.readAllBytes()).containsExactly(1, 2, 3, 4);
    assertThat(in.read()).isEqualTo(-1);
    body.close();
    assertThat(connection.cancelled).isFalse();
  }
}
