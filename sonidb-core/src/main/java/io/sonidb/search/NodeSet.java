package io.sonidb.search;

/// Nodes that were met: a table that is as large as a walk is long, not as the graph.
final class NodeSet {
  private static final int SPREAD = 0x9E3779B9;

  private int[] table; // of nodes plus 1; less than half of it is in use
  private int shift;
  private int size;

  /// @param expected so many; it grows
  NodeSet(int expected) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(32, 2 * expected));
    table = new int[1 << bits];
    shift = Integer.SIZE - bits;
  }

  /// @return whether it was not in before
  boolean add(int node) {
    int wanted = node + 1;
    int mask = table.length - 1;
    int at = node * SPREAD >>> shift;
    while (table[at] != 0) {
      if (table[at] == wanted) {
        return false;
      }
      at = (at + 1) & mask;
    }
    table[at] = wanted;
    if (2 * ++size > table.length) {
      grow();
    }
    return true;
  }

  private void grow() {
    int[] old = table;
    table = new int[2 * old.length];
    shift--;
    int mask = table.length - 1;
    for (int wanted : old) {
      if (wanted != 0) {
        int at = (wanted - 1) * SPREAD >>> shift;
        while (table[at] != 0) {
          at = (at + 1) & mask;
        }
        table[at] = wanted;
      }
    }
  }
}
