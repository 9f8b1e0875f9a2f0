package io.sonidb.payload;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/// The words of a text: its longest runs of letters and digits, in lower case.
final class Words {
  private Words() {}

  static Set<String> of(String text) {
    Set<String> words = new LinkedHashSet<>();
    String lower = text.toLowerCase(Locale.ROOT);
    int start = -1;
    for (int at = 0; at < lower.length(); ) {
      int character = lower.codePointAt(at);
      boolean inWord = Character.isLetterOrDigit(character);
      if (inWord && start < 0) {
        start = at;
      } else if (!inWord && start >= 0) {
        words.add(lower.substring(start, at));
        start = -1;
      }
      at += Character.charCount(character);
    }
    if (start >= 0) {
      words.add(lower.substring(start));
    }
    return words;
  }
}
