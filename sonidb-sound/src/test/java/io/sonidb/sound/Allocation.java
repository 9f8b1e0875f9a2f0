package io.sonidb.sound;

import java.lang.reflect.Method;

/// How much a thread has allocated.
final class Allocation {
  private Allocation() {}

  /// Bytes allocated by this thread while `work` runs. Asked for by reflection, because the module
  /// under test does not read the management modules.
  static long during(Work work) throws Exception {
    Object threads =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method allocated =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes");
    long before = (long) allocated.invoke(threads);
    work.run();
    return (long) allocated.invoke(threads) - before;
  }

  interface Work {
    void run() throws Exception;
  }
}
