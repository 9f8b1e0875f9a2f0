"""The example of distributed training."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import sonidb
from tests.node import ROOT, node


class TrainingTest(unittest.TestCase):
    def start(self, folder: str, state: str, processes: int) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "examples" / "train.py"), node().url, "training", "--every", "3"]
        command += ["--processes", str(processes), "--state", f"{folder}/{state}", "--cache", f"{folder}/cache"]
        path = str(Path(sonidb.__file__).parents[1])
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}, start_new_session=True
        )

    def losses(self, process: subprocess.Popen[str]) -> dict[int, str]:
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        return dict((int(step), loss) for step, loss in re.findall(r"step (\d+) loss (\S+)", out))

    def test_has_the_same_losses_when_it_is_killed_and_shared_out(self) -> None:
        with sonidb.Client(node().url) as client, tempfile.TemporaryDirectory() as folder:
            client.delete_collection("training")
            client.create_collection("training", 24)
            vectors = np.random.default_rng(1).standard_normal((1400, 24)).astype(np.float32)
            client.upsert("training", range(1400), vectors)
            undisturbed = self.losses(self.start(folder, "one.npz", 1))
            self.assertEqual(len(undisturbed), 20)
            killed = self.start(folder, "two.npz", 2)
            assert killed.stdout is not None
            seen = {}
            for line in killed.stdout:
                step, loss = re.search(r"step (\d+) loss (\S+)", line).groups()  # type: ignore[union-attr]
                seen[int(step)] = loss
                if len(seen) == 8:
                    os.killpg(killed.pid, signal.SIGKILL)
                    break
            killed.wait(30)
            killed.stdout.close()
            resumed = self.losses(self.start(folder, "two.npz", 2))
            self.assertLessEqual(min(resumed), 10)
            self.assertGreater(min(resumed), 1)
            self.assertEqual({**seen, **resumed}, undisturbed)
            first, last = float(undisturbed[1]), float(undisturbed[20])
            self.assertLess(last, first)


if __name__ == "__main__":
    unittest.main()
