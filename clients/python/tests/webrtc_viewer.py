"""A viewer by aiortc: python3 webrtc_viewer.py WHEP-URL FROM.

Prints a line `seq id bits` for each vector to the end of the stream. Messages are looked at as FORMAT.md says, by
nothing of ours; records are read by the package.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import urllib.request
import zlib

from aiortc import RTCPeerConnection, RTCSessionDescription

import sonidb

HEAD = struct.Struct(">2sBBqqHHI")
END = 3


def ask(url: str, offer: str) -> str:
    request = urllib.request.Request(url, offer.encode(), {"content-type": "application/sdp"}, method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201, answer.status
        return answer.read().decode()


async def main() -> None:
    url, following = sys.argv[1], int(sys.argv[2])
    connection = RTCPeerConnection()
    channel = connection.createDataChannel("sonidb")
    messages: asyncio.Queue[bytes] = asyncio.Queue()
    channel.on("message", messages.put_nowait)
    await connection.setLocalDescription(await connection.createOffer())
    answer = await asyncio.to_thread(ask, url, connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    reader, due = sonidb.RecordReader(0), 0
    while True:
        message = await asyncio.wait_for(messages.get(), 60)
        marker, version, kind, start, behind, part, parts, crc = HEAD.unpack_from(message)
        assert (marker, version, start, part) == (b"SM", 1, following, due), (marker, version, start, part)
        assert crc == zlib.crc32(message[28:], zlib.crc32(message[:24] + bytes(4))), "CRC-32"
        assert len(message) <= 1 << 16
        due = (part + 1) % parts
        following = behind if due == 0 else following
        for record in reader.feed(message[28:]):
            if record.vector is not None:
                print(record.seq, record.id, record.vector.tobytes().hex())
        if kind == END:
            break
    reader.finish()
    await connection.close()


asyncio.run(main())
