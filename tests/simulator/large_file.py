"""A process of its own: a large file through the file store and its digest; prints what memory that took, in bytes.

Its arguments: how many mebibytes, and the suite whose digest is computed.
"""

from __future__ import annotations

import asyncio
import ftplib
import json
import resource
import sys
from datetime import UTC, datetime, timedelta

from socert.contracts.signature.digest import Digest
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.ids import MessageIds
from socert.simulator.smev.attachments import holds
from socert.simulator.smev.files import Claim, FileStore
from socert.simulator.state import State

MEBIBYTE = bytes(range(256)) * 4096


class Source:
    """Gives as many mebibytes as told."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces

    def read(self, _size: int = -1, /) -> bytes:
        self.left -= 1
        return MEBIBYTE if self.left >= 0 else b""


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def upload(port: int, uuid: str, pieces: int) -> None:
    with ftplib.FTP(timeout=60) as client:
        client.connect("127.0.0.1", port)
        client.login()
        client.mkd(uuid)
        client.storbinary(f"STOR {uuid}/large.bin", Source(pieces), blocksize=len(MEBIBYTE))


def download(port: int, user: str, password: str, path: str, digest: Digest) -> None:
    with ftplib.FTP(timeout=60) as client:
        client.connect("127.0.0.1", port)
        client.login(user, password)
        client.retrbinary(f"RETR {path}", digest.update, blocksize=len(MEBIBYTE))


async def main(pieces: int, suite: Suite) -> dict[str, int | bool]:
    uuid, message = (MessageIds(lambda: datetime(2026, 11, 24, tzinfo=UTC))() for _ in range(2))
    store = FileStore(state=State(), folder=None, limit=2**30, known=lambda _: False, keep=timedelta(days=1))
    await store.start("127.0.0.1", 0)
    await asyncio.to_thread(upload, store.port, uuid + "", 1)  # what is loaded once is loaded now
    store.clear()
    before = peak()
    await asyncio.to_thread(upload, store.port, uuid, pieces)
    expected = Digest(suite)
    for _ in range(pieces):
        expected.update(MEBIBYTE)
    found = store.uploaded("REGION", uuid)
    assert found is not None
    store.keep(message, "account", ["EPGU"], [Claim(file=found, hash=expected.digest(), suites=(suite,))])
    ((place, claim),) = store.kept(message)
    right = await asyncio.to_thread(holds, place, claim)
    (file,) = store.stored(message, "EPGU")
    received = Digest(suite)
    path = f"{uuid}/{file.file_name}"
    await asyncio.to_thread(download, store.port, file.user_name, file.password, path, received)
    after = peak()
    await store.stop()
    return {"size": found.size, "grown": after - before, "right": right and received.digest() == expected.digest()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), Suite[sys.argv[2]]))))
