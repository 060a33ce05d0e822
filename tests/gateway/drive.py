"""A file store in memory, and what is needed to send files through it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.gateway.test_poller import question

from socert.contracts.portal import pf_certificate
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader, StoredFile
from socert.gateway.errors import DeliveryError
from socert.gateway.exchange.answering import Enclosure, Look, Received

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from lxml import etree
    from tests.gateway.line import Line

PDF = "application/pdf"


@dataclass(kw_only=True)
class Drive:
    """Keeps files by folder. `broken` files come half and then fail; `cut` is reached in the middle of a file."""

    files: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    passwords: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    cut: asyncio.Event | None = None
    down: bool = False

    async def fetch(self, file: StoredFile) -> AsyncGenerator[bytes]:
        """Yield a file in two pieces."""
        self.passwords.append(file.password)
        if self.down or file.uuid not in self.files:
            raise DeliveryError(f"the file {file.uuid} cannot be fetched: the file store answered 550")
        content = self.files[file.uuid]
        half = len(content) // 2
        yield content[:half]
        if self.cut is not None:
            self.cut.set()
            await asyncio.Event().wait()
        if file.uuid in self.broken:
            raise DeliveryError(f"the file {file.uuid} cannot be fetched: TimeoutError")
        yield content[half:]

    async def put(self, uuid: str, name: str, place: Path) -> None:
        """Keep a file."""
        if self.cut is not None:
            self.cut.set()
            await asyncio.Event().wait()
        if self.down:
            raise DeliveryError(f"the file {uuid} cannot be stored: ConnectionRefusedError")
        self.files[uuid], self.names[uuid] = await asyncio.to_thread(place.read_bytes), name


@dataclass(kw_only=True)
class Clerk:
    """Answers like another answerer, with files of its own beside, and keeps what files the questions brought."""

    gives: tuple[Enclosure, ...] = ()
    got: list[tuple[Enclosure, ...]] = field(default_factory=list)
    inner: Any = None
    message_type = pf_certificate.REQUEST

    def take(self, content: etree._Element, received: Received) -> Look:
        """Take a question."""
        self.got.append(received.files)
        look = self.inner.take(content, received)
        return Look(find=lambda connection: replace(look.find(connection), files=self.gives))


def employ(line: Line, clerk: Clerk) -> Clerk:
    """Let a clerk answer the line's questions."""
    clerk.inner = line.handler._answerers[clerk.message_type]
    line.handler._answerers[clerk.message_type] = clerk
    return clerk


def ask_beside(line: Line, *contents: bytes, message_id: str | None = None, password: str = "geheim") -> str:
    """Put a question into the queue whose files lie in the file store; return its id."""
    assert isinstance(line.file_store, Drive)
    message_id = message_id or line.stub.ids()
    headers, stored = [], []
    for number, content in enumerate(contents):
        uuid = f"{message_id[:-1]}{number:x}"
        line.file_store.files.setdefault(uuid, content)
        headers.append(RefAttachmentHeader(uuid=uuid, hash=sha256(content).digest(), mime_type=PDF))
        stored.append(StoredFile(uuid=uuid, user_name="one", password=password, file_name="Справка Журавлёва.pdf"))
    line.stub.queues["GetRequest"].append(line.stub.request(question(), message_id, stored=stored, files=headers))
    return message_id


def ask_inside(line: Line, *contents: bytes) -> str:
    """Put a question into the queue that brings its files in parts of its own; return its id."""
    line.stub.in_parts = True
    message_id = line.stub.ids()
    headers = [AttachmentHeader(content_id=f"id{number}", mime_type=PDF) for number in range(len(contents))]
    inside = [AttachmentContent(id=f"id{number}", content=content) for number, content in enumerate(contents)]
    line.stub.queues["GetRequest"].append(
        line.stub.request(question(), message_id, attachments=headers, contents=inside)
    )
    return message_id
