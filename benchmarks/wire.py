"""A client that costs little: whole HTTP requests made beforehand, sent over connections that stay open.

What is measured is the server; a client with headers to build and answers to understand would be the slower half.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HANGS_UP = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"


def posts(address: str, operation: str, envelopes: Sequence[bytes]) -> list[bytes]:
    """Return whole POST requests for the exchange at `address`."""
    target = urlsplit(address)
    head = (
        f"POST {target.path or '/'} HTTP/1.1\r\nHost: {target.netloc}\r\nContent-Type: text/xml; charset=utf-8\r\n"
        f'SOAPAction: "urn:{operation}"\r\nContent-Length: '
    ).encode()
    return [b"%s%d\r\n\r\n%s" % (head, len(envelope), envelope) for envelope in envelopes]


async def send(address: str, requests: Sequence[bytes], connections: int) -> float:
    """Send all, so many at once; return the seconds. `RuntimeError` where an answer is not 200."""
    target, waiting = urlsplit(address), iter(requests)
    assert target.hostname is not None
    assert target.port is not None
    lines = [_Line(target.hostname, target.port) for _ in range(connections)]
    started = time.perf_counter()
    try:
        await asyncio.gather(*(line.work(waiting) for line in lines))
        return time.perf_counter() - started
    finally:
        for line in lines:
            line.close()


class _Line(asyncio.Protocol):
    """One connection, or one after another where the server hangs up; one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._heard = b""
        self._answer: asyncio.Future[bytes] = self._loop.create_future()

    async def work(self, waiting: Iterator[bytes]) -> None:
        """Take and send requests until there are none."""
        for request in waiting:
            if self._transport is None:
                self._transport, _ = await self._loop.create_connection(lambda: self, *self._place)
            self._answer, self._heard = self._loop.create_future(), b""
            self._transport.write(request)
            answer = await self._answer
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"refused: {answer.decode(errors='replace')}")
            if _HANGS_UP.search(answer):
                self.close()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if _whole(self._heard) and not self._answer.done():
            self._answer.set_result(self._heard)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and not self._answer.done():
            self._answer.set_exception(RuntimeError("the server hung up without an answer"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _whole(heard: bytes) -> bool:
    head, gap, body = heard.partition(b"\r\n\r\n")
    if not gap:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return len(body) >= int(length[1]) if length else body.endswith(_LAST_CHUNK)
