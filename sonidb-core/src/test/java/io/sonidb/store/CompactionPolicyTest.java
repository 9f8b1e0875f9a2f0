package io.sonidb.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.sonidb.store.CompactionPolicy.Candidate;
import io.sonidb.store.CompactionPolicy.Run;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CompactionPolicyTest {
  @Test
  void prefersWhatGivesSpaceBackToASegmentOfOneSkip() {
    long full = 1 << 20;
    List<Candidate> all =
        List.of(
            new Candidate(true, full, 0, false),
            new Candidate(true, 46, 46, false), // what compaction leaves of a segment all dead
            new Candidate(true, full, 0, false),
            new Candidate(true, full, full * 8 / 10, false));
    assertThat(new CompactionPolicy(full).choose(all)).isEqualTo(new Run(3, 4));
  }
}
