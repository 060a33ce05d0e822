"""An exchange that takes everything well-formed: one process, the same for both sides of a comparison.

It opens the envelope, checks it against the exchange's schema and answers with a signed SendRequestResponse. It looks
at no signature, because the peer cannot make the exchange's own transform and an honest node would refuse it. At
`/plain` its own answer is signed without that transform, so that the peer can verify it.

    python -m benchmarks.sink FOLDER_OF_KEYS
"""

from __future__ import annotations

import asyncio
import re
import sys
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.machine import line_of, process
from socert.contracts.signature import transform, xmldsig
from socert.contracts.smev import call, reply
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import Metadata
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.signature.signer import Signer

NAME = "exchange"
PLAIN = "/plain"
_POST_PLAIN = b"POST /plain"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def sink(keys: Path, core: int | None) -> Iterator[str]:
    """Run a sink that signs with `exchange.key` of the folder; gives its address."""
    with process(["-m", "benchmarks.sink", str(keys)], core=core) as started:
        yield line_of(started, "http://")


class Connection(asyncio.Protocol):
    """HTTP as a stub needs it: bodies with a Content-Length, connections that stay open."""

    def __init__(self, signer: Signer) -> None:
        """Take who signs."""
        self._signer = signer
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there as a whole."""
        assert self._transport is not None
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._data, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._data) < whole:
                return
            plain = self._data.startswith(_POST_PLAIN)
            body = answer(bytes(self._data[end + 4 : whole]), self._signer, plain=plain)
            del self._data[:whole]
            self._transport.write(_HEAD % len(body) + body)


def answer(data: bytes, signer: Signer, *, plain: bool) -> bytes:
    """Check a call and return the reply; what is wrong with a call ends the connection, and the benchmark with it."""
    opened = call.open_call(data)
    call.check_schema(opened)
    now = system_clock()
    metadata = Metadata(
        message_id=opened.message_id,
        message_type=MessageCategory.REQUEST,
        sender="REGION",
        sent_at=now,
        recipient="EPGU",
        delivered_at=now,
        status=InteractionStatus.QUEUED,
    )
    signed = reply.send_reply(Operation.SEND_REQUEST, metadata, signer=signer)
    return without_transform(signed, signer) if plain else signed


def without_transform(signed: bytes, signer: Signer) -> bytes:
    """Sign a reply again without the exchange's transform.

    What is signed is written in normal form, which is canonical, so its digest is the same with and without it.
    """
    head, _, rest = signed.decode().partition("<ds:SignedInfo>")
    inside, _, tail = rest.partition("</ds:SignedInfo>")
    inside = inside.replace(f'<ds:Transform Algorithm="{transform.URI}"></ds:Transform>', "")
    value = signer.sign(f'<ds:SignedInfo xmlns:ds="{xmldsig.NAMESPACE}">{inside}</ds:SignedInfo>'.encode())
    value_end = tail.index("</ds:SignatureValue>")
    return (
        f"{head}<ds:SignedInfo>{inside}</ds:SignedInfo><ds:SignatureValue>{b64encode(value).decode()}{tail[value_end:]}"
    ).encode()


async def serve(keys: Path) -> None:
    """Serve until the process ends; the address goes to the standard output."""
    files = ensure_key(keys, NAME, common_name="Exchange of the benchmark", organisation="socert", clock=system_clock)
    signer = load_signer(files)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(signer), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
