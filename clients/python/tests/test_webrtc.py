"""A collection by WebRTC, with aiortc at the other end: another implementation of ICE, DTLS and SCTP."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

import sonidb
from tests.node import node


def with_aiortc() -> str | None:
    """A Python that has it: this one, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists():
            tried = subprocess.run([python, "-c", "import aiortc, numpy"], capture_output=True, check=False)
            if tried.returncode == 0:
                return python
    return None


def why_not(collection: str) -> str:
    """What the node says when it has no WebRTC."""
    request = urllib.request.Request(f"{node().url}/collections/{collection}/whep", method="POST")
    request.add_header("content-type", "application/sdp")
    request.data = (
        b"v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=ice-ufrag:abcd\r\na=setup:actpass\r\n"
        b"a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 " + b":".join([b"00"] * 32) + b"\r\n"
    )
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as e:
        with e:
            return e.read().decode() if e.code == 501 else ""
    return ""


class WebRtcTest(unittest.TestCase):
    def test_gives_every_vector_to_the_bit(self) -> None:
        python = with_aiortc()
        if python is None:
            self.skipTest("needs aiortc (Debian: python3-aiortc)")
        with sonidb.Client(node().url) as client:
            client.delete_collection("webrtc")
            client.create_collection("webrtc", 100, "Dot")
            missing = why_not("webrtc")
            if missing:
                self.skipTest(missing)
            bits = np.random.default_rng().integers(0, 1 << 32, (1500, 100), dtype=np.uint32)
            vectors = bits.view(np.float32)  # NaNs, too
            payloads: list[dict[str, object] | None] = [None] * len(vectors)
            payloads[700] = {"text": "abcdefgh" * 40_000 + str(bits[0, 0])}
            client.upsert("webrtc", range(len(vectors)), vectors, payloads)
        path = str(Path(sonidb.__file__).parents[1])
        for start in (1, 1001):
            viewer = subprocess.run(
                [python, str(Path(__file__).with_name("webrtc_viewer.py"))]
                + [f"{node().url}/collections/webrtc/whep?follow=false&from={start}", str(start)],
                capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
            self.assertEqual(viewer.returncode, 0, viewer.stderr)
            heard = [line.split() for line in viewer.stdout.splitlines()]
            self.assertEqual([int(each[1]) for each in heard], list(range(start - 1, len(vectors))))
            for _, number, text in heard:
                self.assertEqual(text, vectors[int(number)].tobytes().hex())
