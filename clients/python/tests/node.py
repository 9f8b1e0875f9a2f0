"""A node for tests: one process for all of them, started by the repository's `sonidb`."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Node:
    """A running node, or one that is stopped and started again on the same address and data."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sonidb-python-"))
        self.port = 0
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = [os.environ.get("SONIDB", str(ROOT / "sonidb")), "serve", "--data", str(self.folder / "data")]
        self.process = subprocess.Popen(
            [*command, "--http-port", str(self.port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            told = re.search(r"listening on (http://\S+:(\d+))", line)
            if told:
                self.url, self.port = told[1].rstrip("/,"), int(told[2])
                return
        raise RuntimeError("the node did not start:\n" + "".join(seen))

    def stop(self) -> None:
        """Stops it as an operator does."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def end(self) -> None:
        """Stops it for good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@lru_cache(maxsize=1)
def node() -> Node:
    """The node of this run."""
    started = Node()
    atexit.register(started.end)
    return started
