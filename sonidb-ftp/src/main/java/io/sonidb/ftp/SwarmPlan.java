package io.sonidb.ftp;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalInt;

/// Who sends which file to whom, when many nodes are to get the same files. Pure: it decides, and
/// is told what became of it.
///
/// The node that has, or is about to have, the fewest bytes gets the next file; it gets the file
/// that is in the fewest places; and from the node that is sending least. The origin sends what
/// nobody else has or is getting; anything else, one at a time, only while it has nothing better to
/// do. Simulated, any more from the origin makes it later for all: what nobody has yet waits behind
/// it. Least-served first matters most: else the first node gets everything from the origin, and
/// the others stand in a row behind it.
///
/// Each node takes part in `slots` transfers each way, the origin in twice as many: a connection
/// spends half a second on getting started, in which others can use the line.
///
/// Not safe for use by several threads.
final class SwarmPlan {
  /// The node that has all files.
  static final int ORIGIN = 0;

  /// A node that fails so often in a row takes no part any more.
  static final int STRIKES = 3;

  private final long[] sizes;
  private final BitSet[] has; // by node
  private final BitSet[] lacks; // by node: wanted, neither there nor on its way
  private final long[] served; // by node: bytes that are there or on their way
  private final int[] sending; // by node
  private final int[] receiving; // by node
  private final int[] copies; // by file: nodes but the origin that have it or are getting it
  private final int[] strikes; // by node
  private final BitSet out = new BitSet();
  private final int slots;
  private long sentByOrigin;
  private int underWay;

  /// One node sends a file to another one.
  record Transfer(int source, int target, int file) {}

  /// @param sizes of the files, in bytes
  /// @param wanted files that each node lacks, by node; those of the origin, the first, are none
  /// @param slots transfers that a node receives, and sends, at the same time
  SwarmPlan(long[] sizes, BitSet[] wanted, int slots) {
    int nodes = wanted.length;
    this.sizes = sizes.clone();
    this.slots = slots;
    this.has = new BitSet[nodes];
    this.lacks = new BitSet[nodes];
    this.served = new long[nodes];
    this.sending = new int[nodes];
    this.receiving = new int[nodes];
    this.strikes = new int[nodes];
    this.copies = new int[sizes.length];
    for (int node = 0; node < nodes; node++) {
      lacks[node] = (BitSet) wanted[node].clone();
      has[node] = new BitSet();
    }
    has[ORIGIN].set(0, sizes.length);
  }

  /// The next transfer to begin; empty if nothing can begin before something else has ended.
  Optional<Transfer> next() {
    int[] nodes = new int[has.length - 1];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = i + 1;
    }
    return Arrays.stream(nodes)
        .filter(node -> !out.get(node) && receiving[node] < slots && !lacks[node].isEmpty())
        .boxed()
        .sorted((a, b) -> Long.compare(served[a], served[b]))
        .map(this::forNode)
        .flatMap(Optional::stream)
        .findFirst()
        .map(this::begun);
  }

  private Optional<Transfer> forNode(int target) {
    int best = -1;
    int bestSource = -1;
    BitSet missing = lacks[target];
    for (int file = missing.nextSetBit(0); file >= 0; file = missing.nextSetBit(file + 1)) {
      if (best >= 0 && copies[file] >= copies[best]) {
        continue;
      }
      OptionalInt source = source(file, target);
      if (source.isPresent()) {
        best = file;
        bestSource = source.getAsInt();
      }
    }
    return best < 0 ? Optional.empty() : Optional.of(new Transfer(bestSource, target, best));
  }

  private OptionalInt source(int file, int target) {
    int best = -1;
    for (int node = 1; node < has.length; node++) {
      boolean can =
          node != target && !out.get(node) && has[node].get(file) && sending[node] < slots;
      if (can && (best < 0 || sending[node] < sending[best])) {
        best = node;
      }
    }
    if (best >= 0) {
      return OptionalInt.of(best);
    }
    boolean originCan = !out.get(ORIGIN) && sending[ORIGIN] < 2 * slots;
    boolean isNeeded = copies[file] == 0 || sending[ORIGIN] == 0;
    return originCan && isNeeded ? OptionalInt.of(ORIGIN) : OptionalInt.empty();
  }

  private Transfer begun(Transfer transfer) {
    lacks[transfer.target()].clear(transfer.file());
    served[transfer.target()] += sizes[transfer.file()];
    copies[transfer.file()]++;
    sending[transfer.source()]++;
    receiving[transfer.target()]++;
    underWay++;
    if (transfer.source() == ORIGIN) {
      sentByOrigin += sizes[transfer.file()];
    }
    return transfer;
  }

  private void ended(Transfer transfer) {
    sending[transfer.source()]--;
    receiving[transfer.target()]--;
    underWay--;
  }

  /// The target has the file.
  void done(Transfer transfer) {
    ended(transfer);
    has[transfer.target()].set(transfer.file());
    strikes[transfer.source()] = 0;
    strikes[transfer.target()] = 0;
  }

  /// The target has not got the file.
  ///
  /// @param culprit the node at which it failed
  void failed(Transfer transfer, int culprit) {
    ended(transfer);
    lacks[transfer.target()].set(transfer.file());
    served[transfer.target()] -= sizes[transfer.file()];
    copies[transfer.file()]--;
    if (++strikes[culprit] >= STRIKES) {
      leave(culprit);
    }
  }

  /// A node takes no part any more.
  void leave(int node) {
    out.set(node);
    if (node != ORIGIN) {
      has[node].stream().forEach(file -> copies[file]--);
      has[node].clear();
    }
  }

  /// Whether a node was given up.
  boolean isOut(int node) {
    return out.get(node);
  }

  /// Files that a node still lacks, now that nothing is under way.
  BitSet lacks(int node) {
    return (BitSet) lacks[node].clone();
  }

  /// Bytes that the origin was told to send.
  long sentByOrigin() {
    return sentByOrigin;
  }

  /// Transfers that were begun and have not ended.
  int underWay() {
    return underWay;
  }
}
