package io.sonidb.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InterruptibleInputTest {

  private final Interruption interruption = new Interruption();

  @Test
  void letsGoOfAReaderWhoWaits() throws IOException {
    try (PipedOutputStream writer = new PipedOutputStream()) {
      InputStream in = new InterruptibleInput(new PipedInputStream(writer), interruption);
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
    assertThatThrownBy(new InterruptibleInput(broken, interruption)::read)
        .hasMessage("the cable is out");
  }

  @Test
  void givesEveryByteInOrder() throws IOException {
    byte[] bytes = new byte[1_000_000];
    new SplittableRandom(1).nextBytes(bytes);
    InputStream in = new InterruptibleInput(new ByteArrayInputStream(bytes), interruption);
    assertThat(in.readAllBytes()).isEqualTo(bytes);
    assertThat(in.read()).isEqualTo(-1);
  }
}
