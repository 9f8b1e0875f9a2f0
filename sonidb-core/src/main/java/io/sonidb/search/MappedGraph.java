package io.sonidb.search;

import static io.sonidb.search.SearchPartFormat.BYTE;
import static io.sonidb.search.SearchPartFormat.INT;
import static io.sonidb.search.SearchPartFormat.LEVEL_HEADER_SIZE;
import static io.sonidb.search.SearchPartFormat.LONG;

import java.lang.foreign.MemorySegment;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.hnsw.HnswGraph;

/// The graph of a part, read where it is mapped. For one thread: it stands at one node at a time.
final class MappedGraph extends HnswGraph {
  /// Where the levels of a graph lie; for any number of threads.
  static final class Levels {
    private final MemorySegment file;
    private final int nodes;
    private final int entry;
    private final int links;
    private final int[] counts;
    private final long[] starts; // of the level's nodes; on level 0, of where its links begin
    private final long end;

    /// @throws CorruptSearchPartException if the levels do not fit into the file
    Levels(MemorySegment file, long start, int nodes, int levels, int entry, int links)
        throws CorruptSearchPartException {
      this.file = file;
      this.nodes = nodes;
      this.entry = entry;
      this.links = links;
      this.counts = new int[levels];
      this.starts = new long[levels];
      long at = start;
      for (int level = 0; level < levels; level++) {
        if (at > file.byteSize() - LEVEL_HEADER_SIZE) {
          throw new CorruptSearchPartException("level " + level + " of its graph is not there");
        }
        int count = file.get(INT, at);
        long bytes = file.get(LONG, at + 4);
        boolean isWhole = level == 0 ? count == nodes : count >= 1 && count <= nodes;
        if (!isWhole || bytes < 0 || bytes > file.byteSize()) {
          throw new CorruptSearchPartException(
              "level " + level + " of its graph has " + count + " nodes and " + bytes + " bytes");
        }
        counts[level] = count;
        starts[level] = at + LEVEL_HEADER_SIZE;
        at += LEVEL_HEADER_SIZE + (level == 0 ? 4L : 8L) * count + bytes;
      }
      this.end = at;
    }

    long end() {
      return end;
    }

    /// How many links a node has at most.
    int mostLinks() {
      return 2 * links + 1;
    }

    /// Reads a little of where the links of a node lie, so that they are there when they are
    /// wanted.
    int fetch(int node) {
      return file.get(BYTE, linksOf(0, node));
    }

    /// Reads the links of a node on the lowest level.
    ///
    /// @param into room for [#mostLinks()]
    /// @return how many there are
    int links(int node, int[] into) {
      return readLinks(linksOf(0, node), into);
    }

    private int readLinks(long start, int[] into) {
      long at = start;
      int count = file.get(BYTE, at++);
      if (count < 0 || count > into.length) {
        throw new IndexOutOfBoundsException("a node with " + count + " links");
      }
      int last = -1;
      for (int i = 0; i < count; i++) {
        byte some = file.get(BYTE, at++);
        int distance = some & 0x7f;
        for (int shift = 7; some < 0; shift += 7) {
          if (shift == 35) {
            throw new IndexOutOfBoundsException("a number of more than five bytes");
          }
          some = file.get(BYTE, at++);
          distance |= (some & 0x7f) << shift;
        }
        last += distance + 1;
        if (last < 0 || last >= nodes) {
          throw new IndexOutOfBoundsException("a link to node " + last + " of " + nodes);
        }
        into[i] = last;
      }
      return count;
    }

    private int nodeAt(int level, int index) {
      return level == 0 ? index : file.get(INT, starts[level] + 4L * index);
    }

    private int indexOf(int level, int node) {
      if (level == 0) {
        return node;
      }
      int low = 0;
      int high = counts[level] - 1;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (nodeAt(level, middle) < node) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    private long linksOf(int level, int node) {
      long begins = starts[level] + (level == 0 ? 0 : 4L * counts[level]);
      int index = indexOf(level, node);
      return begins
          + 4L * counts[level]
          + Integer.toUnsignedLong(file.get(INT, begins + 4L * index));
    }
  }

  private final Levels levels;
  private final int[] neighbors;
  private int count;
  private int next;

  MappedGraph(Levels levels) {
    this.levels = levels;
    this.neighbors = new int[levels.mostLinks()];
  }

  @Override
  public void seek(int level, int target) {
    count = levels.readLinks(levels.linksOf(level, target), neighbors);
    next = 0;
  }

  @Override
  public int size() {
    return levels.nodes;
  }

  @Override
  public int nextNeighbor() {
    return next < count ? neighbors[next++] : DocIdSetIterator.NO_MORE_DOCS;
  }

  @Override
  public int numLevels() {
    return levels.counts.length;
  }

  @Override
  public int maxConn() {
    return levels.links;
  }

  @Override
  public int entryNode() {
    return levels.entry;
  }

  @Override
  public int neighborCount() {
    return count;
  }

  @Override
  public NodesIterator getNodesOnLevel(int level) {
    int size = levels.counts[level];
    int[] nodes = new int[size];
    for (int i = 0; i < size; i++) {
      nodes[i] = levels.nodeAt(level, i);
    }
    return new ArrayNodesIterator(nodes, size);
  }
}
