package io.sonidb.cli;

import io.sonidb.Point;
import io.sonidb.PointSound;
import io.sonidb.flac.MalformedFlacException;
import io.sonidb.sound.Sonification;
import io.sonidb.sound.SoundRecord;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/// Draws what vectors sound like: for each a row, for each sonification a column of waveform,
/// close-up and spectrogram.
final class VectorPicture {

  private static final int MARGIN = 28;
  private static final int COLUMN = 500;
  private static final int AXIS = 52;
  private static final int PLOT = COLUMN - AXIS - 26;
  private static final int HEADING = 46;
  private static final int TITLE = 58;
  private static final int WAVE = 110;
  private static final int CLOSE_UP = 84;
  private static final int SPECTRUM = 190;
  private static final int GAP = 36;
  private static final int ROW = HEADING + TITLE + WAVE + CLOSE_UP + SPECTRUM + 3 * GAP + 12;
  private static final int FOOTER = 14;

  private static final Color PAPER = new Color(0xFFFFFF);
  private static final Color PANEL = new Color(0xF6F8FA);
  private static final Color GRID = new Color(0xE1E6EB);
  private static final Color INK = new Color(0x1F2933);
  private static final Color FAINT = new Color(0x5F6C7B);
  private static final Color DATA = new Color(0x1F6FB2);
  private static final Color MARKER = new Color(0xE07B22);
  private static final Color WINDOW = new Color(0x33F2B134, true);
  private static final Color WINDOW_EDGE = new Color(0xC98A0C);

  /// From silence to the loudest.
  private static final int[] LOUDNESS = {
    0xF6F8FA, 0xDCEBF5, 0xA9D3E8, 0x67B2D8, 0x3185BF, 0x2B5A9E, 0x3A3381, 0x3B1259, 0x22062E
  };

  /// So few colours make small files, and nobody sees the steps.
  private static final int SHADES = 20;

  /// Samples in a close-up.
  private static final int CLOSE_UP_SAMPLES = 144;

  private final Graphics2D g;

  private VectorPicture(Graphics2D g) {
    this.g = g;
  }

  /// Draws points one below the other.
  static BufferedImage of(List<Point> points, List<Sonification> sonifications)
      throws MalformedFlacException {
    int width = 2 * MARGIN + sonifications.size() * COLUMN;
    int height = 2 * MARGIN + points.size() * ROW + FOOTER;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    g.setColor(PAPER);
    g.fillRect(0, 0, width, height);
    VectorPicture picture = new VectorPicture(g);
    int y = MARGIN;
    for (Point point : points) {
      picture.drawRow(image, point, sonifications, y);
      y += ROW;
    }
    picture.drawFooter(y + 8, width);
    g.dispose();
    return image;
  }

  /// Measures a text, so that a machine that cannot draw any is found out.
  static void checkFonts() {
    Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    g.getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 12)).stringWidth("ms");
    g.dispose();
  }

  private void drawRow(BufferedImage image, Point point, List<Sonification> sonifications, int y)
      throws MalformedFlacException {
    SoundRecord record = PointSound.record(point);
    int dimension = record.vector().dimension();
    int rawBytes = dimension * record.vector().elementType().bits() / 8;
    String type = record.vector().elementType().toString();
    String id = shortened(point.id().toString());
    text("vector " + id, MARGIN, y + 22, Font.BOLD, 22, INK);
    int after = MARGIN + width("vector " + id, Font.BOLD, 22) + 16;
    String facts =
        "%s %s components, %s bytes raw"
            .formatted(Quantity.count(dimension), type, Quantity.count(rawBytes));
    text(facts, after, y + 22, Font.PLAIN, 16, FAINT);
    g.setColor(GRID);
    g.fillRect(MARGIN, y + 32, sonifications.size() * COLUMN - 26, 2);
    int x = MARGIN;
    for (Sonification sonification : sonifications) {
      drawSound(image, HeardVector.of(record, sonification), rawBytes, x, y + HEADING);
      x += COLUMN;
    }
  }

  private static String shortened(String id) {
    return id.length() <= 40 ? id : id.substring(0, 39) + "\u2026";
  }

  private void drawSound(BufferedImage image, HeardVector sound, int rawBytes, int x, int y) {
    text(sound.sonification().toString(), x + AXIS, y + 22, Font.BOLD, 18, INK);
    String facts =
        String.format(
            Locale.ROOT,
            "%s ms \u00B7 %s samples \u00B7 %s bytes of FLAC \u00B7 %.2f of raw",
            String.format(Locale.ROOT, sound.millis() < 100 ? "%.1f" : "%.0f", sound.millis()),
            Quantity.count(sound.samples()),
            Quantity.count(sound.bytes()),
            (double) sound.bytes() / rawBytes);
    text(facts, x + AXIS, y + 43, Font.PLAIN, 13, FAINT);
    Rectangle wave = new Rectangle(x + AXIS, y + TITLE, PLOT, WAVE);
    Rectangle closeUp = new Rectangle(x + AXIS, wave.y + WAVE + GAP, PLOT, CLOSE_UP);
    Rectangle spectrum = new Rectangle(x + AXIS, closeUp.y + CLOSE_UP + GAP, PLOT, SPECTRUM);
    int count = Math.min(CLOSE_UP_SAMPLES, sound.samples());
    int from = Math.max(0, (sound.samples() - count) * 2 / 5);
    drawWave(sound, wave, 0, sound.samples());
    drawLens(sound, wave, closeUp, from, count);
    drawWave(sound, closeUp, from, count);
    drawSpectrum(image, sound, spectrum);
  }

  private void drawPanel(Rectangle r) {
    g.setColor(PANEL);
    g.fill(r);
  }

  private void drawWave(HeardVector sound, Rectangle r, int from, int count) {
    drawPanel(r);
    float peak = peak(sound);
    drawLevels(r, peak);
    drawTimes(r, 1000.0 * from / sound.sampleRateHz(), 1000.0 * count / sound.sampleRateHz());
    drawLine(sound.marker(), r, from, count, peak, MARKER);
    drawLine(sound.data(), r, from, count, peak, DATA);
  }

  private static float peak(HeardVector sound) {
    float peak = 1e-6f;
    for (int i = 0; i < sound.samples(); i++) {
      peak = Math.max(peak, Math.max(Math.abs(sound.data()[i]), Math.abs(sound.marker()[i])));
    }
    return peak;
  }

  private void drawLine(
      float[] samples, Rectangle r, int from, int count, float peak, Color color) {
    g.setColor(color);
    g.setStroke(new BasicStroke(count > 2 * r.width ? 1f : 1.4f));
    Path2D path = new Path2D.Double();
    for (int i = 0; i < count; i++) {
      double x = r.x + (i + 0.5) * r.width / count;
      double y = r.getCenterY() - samples[from + i] / peak * (r.height / 2.0 - 4);
      if (i == 0) {
        path.moveTo(x, y);
      } else {
        path.lineTo(x, y);
      }
    }
    g.draw(path);
  }

  /// Shows where in the waveform the close-up lies.
  private void drawLens(HeardVector sound, Rectangle wave, Rectangle closeUp, int from, int count) {
    double left = wave.x + (double) from * wave.width / sound.samples();
    double width = Math.max(2, (double) count * wave.width / sound.samples());
    g.setColor(WINDOW);
    g.fill(new Rectangle2D.Double(left, wave.y, width, wave.height));
    g.setColor(WINDOW_EDGE);
    g.setStroke(new BasicStroke(1f));
    g.draw(new Rectangle2D.Double(left, wave.y, width, wave.height));
    g.draw(new Line2D.Double(left, wave.getMaxY(), closeUp.x, closeUp.y));
    g.draw(new Line2D.Double(left + width, wave.getMaxY(), closeUp.getMaxX(), closeUp.y));
  }

  private void drawLevels(Rectangle r, float peak) {
    for (int level = -1; level <= 1; level++) {
      int y = (int) Math.round(r.getCenterY() - level * (r.height / 2.0 - 4));
      g.setColor(GRID);
      g.fillRect(r.x, y, r.width, 1);
      String label = level == 0 ? "0" : signed(level * peak);
      rightText(label, r.x - 8, y + 4, 12);
    }
  }

  private static String signed(float value) {
    String text =
        String.format(Locale.ROOT, Math.abs(value) < 0.095 ? "%.3f" : "%.2f", Math.abs(value));
    return value < 0 ? "\u2212" + text : text;
  }

  private void drawTimes(Rectangle r, double startMillis, double millis) {
    double step = step(millis / 5);
    int bottom = r.y + r.height;
    for (double t = Math.ceil(startMillis / step) * step; t <= startMillis + millis; t += step) {
      int x = (int) Math.round(r.x + (t - startMillis) / millis * r.width);
      g.setColor(GRID);
      g.fillRect(x, r.y, 1, r.height + 4);
      String label = trimmed(t);
      int wide = width(label, Font.PLAIN, 12);
      if (x + wide / 2 < r.x + r.width - 24) {
        text(label, x - wide / 2, bottom + 17, Font.PLAIN, 12, FAINT);
      }
    }
    rightText("ms", r.x + r.width, bottom + 17, 12);
  }

  /// The smallest of 1, 2 and 5 times a power of ten that is no less.
  private static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (int factor : new int[] {1, 2, 5}) {
      if (factor * power >= least) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }

  private void drawSpectrum(BufferedImage image, HeardVector sound, Rectangle r) {
    int window = Spectrogram.windowFor(sound.samples());
    Spectrogram spectrogram = Spectrogram.of(sound.mix(), window, r.width);
    for (int x = 0; x < r.width; x++) {
      for (int y = 0; y < r.height; y++) {
        float level = spectrogram.at(x, 1 - (y + 0.5) / r.height);
        image.setRGB(r.x + x, r.y + y, shade(1 - level / Spectrogram.FLOOR_DECIBELS));
      }
    }
    double top = sound.sampleRateHz() / 2000.0;
    for (double kilohertz = 0; kilohertz <= top; kilohertz += 6) {
      int y = (int) Math.round(r.y + r.height - kilohertz / top * r.height);
      g.setColor(FAINT);
      g.fillRect(r.x - 5, y, 5, 1);
      rightText(trimmed(kilohertz) + (kilohertz == top ? " kHz" : ""), r.x - 8, y + 4, 12);
    }
    drawTimesBelow(r, sound.millis());
  }

  private void drawTimesBelow(Rectangle r, double millis) {
    drawTimes(new Rectangle(r.x, r.y + r.height, r.width, 0), 0, millis);
  }

  /// The colour of a loudness from 0 to 1.
  private static int shade(double loudness) {
    double stepped = Math.round(Math.clamp(loudness, 0, 1) * (SHADES - 1)) / (double) (SHADES - 1);
    double place = stepped * (LOUDNESS.length - 1);
    int below = Math.min((int) place, LOUDNESS.length - 2);
    double part = place - below;
    int mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int a = LOUDNESS[below] >> shift & 0xFF;
      int b = LOUDNESS[below + 1] >> shift & 0xFF;
      mixed |= (int) Math.round(a + (b - a) * part) << shift;
    }
    return mixed;
  }

  private void drawFooter(int y, int width) {
    int x = legend("data channel", DATA, MARGIN + AXIS, y);
    x = legend("marker channel", MARKER, x + 28, y);
    x = legend("close-up", WINDOW_EDGE, x + 28, y) + 40;
    int bar = 180;
    for (int i = 0; i < bar; i++) {
      g.setColor(new Color(shade(i / (bar - 1.0))));
      g.fillRect(x + i, y - 9, 1, 10);
    }
    int end = (int) Spectrogram.FLOOR_DECIBELS;
    text("\u2212" + -end + " to 0 dB, 0 is the loudest", x + bar + 10, y, Font.PLAIN, 13, FAINT);
    if (width > 1200) {
      rightText("amplitudes: 1 is full scale", width - MARGIN - 26, y, 13);
    }
  }

  private int legend(String label, Color color, int x, int y) {
    g.setColor(color);
    g.fillRect(x, y - 6, 22, 3);
    text(label, x + 29, y, Font.PLAIN, 13, FAINT);
    return x + 29 + width(label, Font.PLAIN, 13);
  }

  private void text(String text, int x, int y, int style, int size, Color color) {
    g.setFont(new Font(Font.SANS_SERIF, style, size));
    g.setColor(color);
    g.drawString(text, x, y);
  }

  private void rightText(String text, int x, int y, int size) {
    text(text, x - width(text, Font.PLAIN, size), y, Font.PLAIN, size, FAINT);
  }

  private int width(String text, int style, int size) {
    return g.getFontMetrics(new Font(Font.SANS_SERIF, style, size)).stringWidth(text);
  }
}
