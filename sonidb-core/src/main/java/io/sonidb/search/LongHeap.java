package io.sonidb.search;

import java.util.Arrays;

/// Numbers of which the least is on top.
public final class LongHeap {
  private long[] heap;
  private int size;

  /// @param expected room for so many; it grows
  public LongHeap(int expected) {
    heap = new long[Math.max(4, expected)];
  }

  /// How many there are.
  public int size() {
    return size;
  }

  /// The least of them; there must be one.
  public long least() {
    return heap[0];
  }

  /// One more.
  public void add(long number) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    int at = size++;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] <= number) {
        break;
      }
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = number;
  }

  /// Takes away the least.
  public long take() {
    long least = heap[0];
    size--;
    if (size > 0) {
      sink(heap[size]);
    }
    return least;
  }

  /// Puts a number in the place of the least.
  public void replaceLeast(long number) {
    sink(number);
  }

  private void sink(long number) {
    int at = 0;
    int child = 1;
    while (child < size) {
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= number) {
        break;
      }
      heap[at] = heap[child];
      at = child;
      child = 2 * at + 1;
    }
    heap[at] = number;
  }

  /// All of them, in ascending order.
  public long[] sorted() {
    long[] all = Arrays.copyOf(heap, size);
    Arrays.sort(all);
    return all;
  }
}
