package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class InterruptibleInputTest {

  private final Interruption interruption = new Interruption();

  private InputStream input(InputStream in) {
    return new InterruptibleInput(in, interruption, Optional.empty());
  }

  @Test
  void givesUpWhenNothingComes() throws IOException {
    try (PipedOutputStream writer = new PipedOutputStream()) {
      Optional<Duration> patience = Optional.of(Duration.ofMillis(200));
      InputStream in = new InterruptibleInput(new PipedInputStream(writer), interruption, patience);
      assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("0.2 s");
    }
  }

  /// More than the thread reads ahead, and then the end.
  @Test
  @Timeout(60)
  void handsOnWhatGoesWrongBehindWhatNobodyHasTakenYet() throws IOException, InterruptedException {
    CountDownLatch broken = new CountDownLatch(1);
    InputStream source =
        new InputStream() {
          private int chunks;

          @Override
          public int read() {
            return 1;
          }

          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            if (++chunks == 6) {
              broken.countDown();
              throw new IOException("the cable is out");
            }
            return length;
          }
        };
    InputStream in = input(source);
    assertThat(in.read()).isZero();
    broken.await();
    Thread.sleep(50); // now it may wait for room, or not yet
    assertThatThrownBy(in::readAllBytes).hasMessage("the cable is out");
  }

  @Test
  void letsGoOfAReaderWhoWaits() throws IOException {
    try (PipedOutputStream writer = new PipedOutputStream()) {
      InputStream in = input(new PipedInputStream(writer));
      writer.write(7);
      writer.flush();
      assertThat(in.read()).isEqualTo(7);
      interruption.request();
      assertThatThrownBy(in::read).isInstanceOf(InterruptedIOException.class);
    }
  }

  @Test
  void handsOnWhatGoesWrong() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the cable is out");
          }

          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            return read();
          }
        };
    assertThatThrownBy(input(broken)::read).hasMessage("the cable is out");
  }

  @Test
  void givesEveryByteInOrder() throws IOException {
    byte[] bytes = new byte[1_000_000];
    new SplittableRandom(1).nextBytes(bytes);
    InputStream in = input(new ByteArrayInputStream(bytes));
    assertThat(in.readAllBytes()).isEqualTo(bytes);
    assertThat(in.read()).isEqualTo(-1);
  }
}
