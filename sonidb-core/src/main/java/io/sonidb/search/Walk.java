package io.sonidb.search;

import java.util.function.IntPredicate;

/// One walk through the lowest level of a graph: from the best node whose links were not followed
/// yet to its neighbours, until none is left that is better than the worst of those kept. For one
/// thread, once.
///
/// It goes through all nodes, and keeps those that may be found: others lead to them.
final class Walk {
  private static final int MET_EACH = 12;

  private final MappedGraph.Levels graph;
  private final CodeScorer scorer;
  private final IntPredicate accept;
  private final Best best;
  private final LongHeap open; // complements of keys: the best on top
  private final NodeSet met;
  private final int[] nodes;
  private final float[] scores;

  /// @param most how many are kept
  /// @param accept which nodes may be found
  Walk(MappedGraph.Levels graph, CodeScorer scorer, int most, IntPredicate accept) {
    this.graph = graph;
    this.scorer = scorer;
    this.accept = accept;
    this.best = new Best(most);
    this.open = new LongHeap(4 * most);
    this.met = new NodeSet(MET_EACH * most);
    this.nodes = new int[graph.mostLinks()];
    this.scores = new float[nodes.length];
  }

  /// @param entries where it begins
  /// @return keys of what was found, the worst first
  long[] from(int[] entries) {
    for (int node : entries) {
      if (met.add(node)) {
        meet(Best.key(node, scorer.score(node)));
      }
    }
    while (open.size() > 0) {
      long next = ~open.take();
      if (!best.wants(next)) {
        break;
      }
      if (open.size() > 0) {
        // Most likely the one after it: its links are on their way while scores are computed.
        scorer.fetched ^= graph.fetch(Best.node(~open.least()));
      }
      int count = graph.links(Best.node(next), nodes);
      int unmet = 0;
      for (int i = 0; i < count; i++) {
        if (met.add(nodes[i])) {
          nodes[unmet++] = nodes[i];
        }
      }
      scorer.scores(nodes, unmet, scores);
      for (int i = 0; i < unmet; i++) {
        long key = Best.key(nodes[i], scores[i]);
        if (best.wants(key)) {
          meet(key);
        }
      }
    }
    return best.ascending();
  }

  private void meet(long key) {
    open.add(~key);
    if (accept.test(Best.node(key)) && best.wants(key)) {
      best.keep(key);
    }
  }
}
