"""How fast a receiver is: python3 benchmark.py URL [VECTORS] [DIMENSION]

Fills a collection `benchmark` of a running node, hears it to its end three times, then writes points
one by one and measures from before the insert until its vector is decoded.
"""

from __future__ import annotations

import sys
import threading
import time

import numpy as np

import sonidb


def main() -> None:
    url = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    dimension = int(sys.argv[3]) if len(sys.argv) > 3 else 384
    client = sonidb.Client(url)
    client.delete_collection("benchmark")
    # A metric without a search index, the making of which would take a core meanwhile.
    client.create_collection("benchmark", dimension, "Manhattan")
    generator = np.random.default_rng(1)
    for at in range(0, count, 2000):
        size = min(2000, count - at)
        client.upsert(
            "benchmark", range(at, at + size), generator.standard_normal((size, dimension)).astype(np.float32)
        )
    for _ in range(3):
        began, cpu, heard = time.perf_counter(), time.process_time(), 0
        for batch in client.listen("benchmark", follow=False).batches():
            heard += len(batch)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"{heard} vectors: {heard / wall:.0f} a second, {heard / cpu:.0f} a second of this process's CPU")
    listener = client.listen("benchmark", from_seq=count + 1)
    seen: dict[object, float] = {}
    arrived = threading.Event()

    def hear() -> None:
        for record in listener:
            seen[record.id] = time.perf_counter()
            arrived.set()

    threading.Thread(target=hear, daemon=True).start()
    time.sleep(0.5)
    took, acknowledged = [], []
    for i in range(300):
        vector = generator.standard_normal((1, dimension)).astype(np.float32)
        arrived.clear()
        began = time.perf_counter()
        client.upsert("benchmark", [f"late {i}"], vector)
        answered = time.perf_counter()
        arrived.wait(10)
        took.append(1000 * (seen[f"late {i}"] - began))
        acknowledged.append(1000 * (seen[f"late {i}"] - answered))
    listener.close()
    print(f"insert to decoded vector: p50 {np.median(took):.1f} ms, p99 {np.quantile(took, 0.99):.1f} ms")
    print(f"acknowledgement to decoded vector: p50 {np.median(acknowledged):.1f} ms")


if __name__ == "__main__":
    main()
