"""Files that our answers bring: inside the message while they are small, through the exchange's file store otherwise.

Up to 5 MB together travel as MTOM parts; more than that, up to 1 GB, is copied to our folder with its hash, and goes up
to the file store right before the message leaves. Source: SMEV 3 manual, 3.2.2 and 5.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socert.contracts.signature import cms
from socert.contracts.signature.digest import Digest
from socert.contracts.smev import multipart
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.gateway.errors import Unhandled
from socert.gateway.exchange import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from socert.contracts.message import BusinessMessage
    from socert.contracts.signature.suites import Suite
    from socert.gateway.exchange.answering import Enclosure
    from socert.gateway.exchange.caller import Caller
    from socert.gateway.ports import Ids

INSIDE = 5 * 1024 * 1024
"""Bytes that may travel inside a message."""
MOST = 1024 * 1024 * 1024
"""Bytes that the files of one message may have together."""
_BLOCK = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosed:
    """A message with its files: bytes and their type (None: XML), and what goes up before it leaves."""

    body: bytes
    content_type: str | None = None
    files: tuple[files.Leaving, ...] = ()


class Encloser:
    """Puts files into answers. `folder` keeps what waits to go up; `ids` names its folders (UUID v1)."""

    def __init__(self, *, caller: Caller, folder: Path, ids: Ids, has_store: bool) -> None:
        """Take the parts; without a file store only small files can leave."""
        self._caller = caller
        self._folder = folder
        self._ids = ids
        self._has_store = has_store

    async def response(
        self, message_id: str, to: str, content: BusinessMessage, enclosures: Sequence[Enclosure]
    ) -> Enclosed:
        """Return an answer with its files. `Unhandled` where they are too large to leave."""
        if not enclosures:
            return Enclosed(body=self._caller.response(message_id, to, content))
        size = sum(await asyncio.gather(*(asyncio.to_thread(_size, one) for one in enclosures)))
        if size <= INSIDE:
            return await self._inside(message_id, to, content, enclosures)
        if size > MOST:
            raise Unhandled(f"the answer's files have {size} bytes; the exchange carries {MOST} with one message")
        if not self._has_store:
            raise Unhandled(f"the answer's files have {size} bytes and need the file store: set SOCERT_FILE_STORE")
        return await self._beside(message_id, to, content, enclosures)

    async def _inside(
        self, message_id: str, to: str, content: BusinessMessage, enclosures: Sequence[Enclosure]
    ) -> Enclosed:
        read = await asyncio.gather(*(asyncio.to_thread(_bytes, one) for one in enclosures))
        headers = [
            AttachmentHeader(content_id=f"file{number}", mime_type=one.mime_type, signature=self._signed(data))
            for number, (one, data) in enumerate(zip(enclosures, read, strict=True), 1)
        ]
        contents = [
            AttachmentContent(id=header.content_id, content=data) for header, data in zip(headers, read, strict=True)
        ]
        body = self._caller.response(message_id, to, content, attachments=headers, contents=contents)
        body, content_type = multipart.write(body)
        return Enclosed(body=body, content_type=content_type)

    async def _beside(
        self, message_id: str, to: str, content: BusinessMessage, enclosures: Sequence[Enclosure]
    ) -> Enclosed:
        headers, leaving = [], []
        for one in enclosures:
            uuid = self._ids()
            place = files.leaving_at(self._folder, message_id, uuid)
            digest, size = await asyncio.to_thread(_copy, one, place, self._caller.signer.suite)
            signature = self._sign(digest)
            headers.append(
                RefAttachmentHeader(
                    uuid=uuid, hash=digest, mime_type=one.mime_type, signature=signature, file_name=one.name
                )
            )
            leaving.append(files.Leaving(uuid=uuid, name=one.name, mime_type=one.mime_type, size=size))
        body = self._caller.response(message_id, to, content, files=headers)
        return Enclosed(body=body, files=tuple(leaving))

    def _signed(self, data: bytes) -> bytes:
        digest = Digest(self._caller.signer.suite)
        digest.update(data)
        return self._sign(digest.digest())

    def _sign(self, digest: bytes) -> bytes:
        """Sign a file beside it: the exchange refuses files that nobody has signed (SMEV 3 manual, 4.5.4)."""
        return cms.sign_detached(digest, signer=self._caller.signer)


def _size(one: Enclosure) -> int:
    return one.content.stat().st_size if isinstance(one.content, Path) else len(one.content)


def _bytes(one: Enclosure) -> bytes:
    return one.content.read_bytes() if isinstance(one.content, Path) else one.content


def _copy(one: Enclosure, place: Path, suite: Suite) -> tuple[bytes, int]:
    """Copy a file to our folder, on the disk; return its digest and size."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = Digest(suite), 0
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        for block in _blocks(one):
            target.write(block)
            digest.update(block)
            size += len(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.digest(), size


def _blocks(one: Enclosure) -> Iterator[bytes]:
    """Yield a file's pieces, one in memory at a time."""
    if not isinstance(one.content, Path):
        yield one.content
        return
    with one.content.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
