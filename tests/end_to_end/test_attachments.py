"""Files between portal and region, through the exchange in a box: inside messages and by its file store."""

from __future__ import annotations

import asyncio
import ftplib
import io
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from tests.end_to_end.town import town
from tests.gateway.drive import PDF, Clerk
from tests.gateway.line import eventually
from tests.gateway.test_poller import question

from socert.contracts.portal import pf_certificate
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.version import Version
from socert.gateway.exchange.answering import Enclosure
from socert.gateway.store import tables
from socert.host.keys import KeyFiles, load_signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.end_to_end.town import Town

LETTER, SCAN = b"%PDF letter" * 1000, b"%PDF scan" * 700_000
"""The second is larger than what may travel inside a message."""
VERSIONS = pytest.mark.parametrize("version", Version)


@pytest.fixture
async def spoken(tmp_path: Path, sqlite_template: Path, version: Version) -> AsyncIterator[Town]:
    """A town whose gateway speaks one version and knows the file store."""
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    async with town(tmp_path, f"sqlite:///{tmp_path / 'socert.db'}") as made:
        await made.start(
            exchange_url=f"{made.portal.url}/smev/{version}",
            exchange_version=version,
            file_store=f"ftp://127.0.0.1:{made.portal.ftp_port}",
        )
        yield made


def employ(place: Town, *gives: bytes) -> Clerk:
    """Let a clerk answer the gateway's questions, with files."""
    files = tuple(Enclosure(name=f"{number}.pdf", mime_type=PDF, content=one) for number, one in enumerate(gives))
    answerers = place.gateway.handler._answerers
    clerk = Clerk(gives=files, inner=answerers[pf_certificate.REQUEST])
    answerers[clerk.message_type] = clerk
    return clerk


async def ask(place: Town, version: Version, *, in_parts: bool = False, **attached: Any) -> str:
    """Send a question with files, as the portal; return its id."""
    keys = place.folder / "keys"
    signer = load_signer(KeyFiles(key=keys / "portal.key", certificate=keys / "portal.crt"))
    message_id = MessageIds(place.portal.clock)()
    data = call.send_request(message_id=message_id, content=question(), signer=signer, version=version, **attached)
    body, content_type = multipart.write(data) if in_parts else (data, "text/xml; charset=utf-8")
    address = f"{place.portal.url}/smev/{version}"
    async with place.http.post(address, data=body, headers={"Content-Type": content_type}) as answer:
        reply.open_reply(await answer.read(), answer.headers["Content-Type"])
    return message_id


async def put(place: Town, content: bytes, name: str = "Справка.pdf") -> RefAttachmentHeader:
    """Put a file into the file store, as the portal."""
    uuid = MessageIds(place.portal.clock)()

    def store() -> None:
        with ftplib.FTP(timeout=20, encoding="utf-8") as client:
            client.connect("127.0.0.1", place.portal.ftp_port)
            client.login("anonymous", "any")
            client.mkd(uuid)
            client.storbinary(f"STOR {uuid}/{name}", io.BytesIO(content))

    await asyncio.to_thread(store)
    return RefAttachmentHeader(uuid=uuid, hash=sha256(content).digest(), mime_type=PDF)


def rows(place: Town, table: Any, message_id: str) -> Any:
    """The rows of a message."""
    chosen = table.select().where(table.c.message_id == message_id)
    return place.shop.store.look(lambda connection: list(connection.execute(chosen).mappings()))


@VERSIONS
async def test_files_come_and_go_through_the_file_store(spoken: Town, version: Version) -> None:
    clerk = employ(spoken, SCAN, LETTER)
    asked = await ask(spoken, version, files=[await put(spoken, SCAN), await put(spoken, LETTER)])
    await eventually(lambda: clerk.got, "the question is handled", 30)
    ((scan, letter),) = clerk.got
    for enclosure, content in ((scan, SCAN), (letter, LETTER)):
        assert not isinstance(enclosure.content, bytes)
        assert enclosure.content.read_bytes() == content
        assert enclosure.name == "Справка.pdf"
    (received,) = rows(spoken, tables.inbox, asked)
    await eventually(lambda: not spoken.portal.files.kept(asked), "the exchange removed them", 30)
    (answer,) = await eventually(lambda: done(spoken, received["id"]), "the answer is taken, hashes and all", 30)
    assert answer["files"] == 2
    await spoken.rest()
    assert rows(spoken, tables.outbox, answer["message_id"])[0]["state"] == "done", "nor refused later"


@VERSIONS
async def test_files_come_and_go_inside_messages(spoken: Town, version: Version) -> None:
    clerk = employ(spoken, LETTER)
    header = AttachmentHeader(content_id="one", mime_type=PDF)
    content = AttachmentContent(id="one", content=LETTER)
    asked = await ask(spoken, version, in_parts=True, attachments=[header], contents=[content])
    await eventually(lambda: clerk.got, "the question is handled", 30)
    (((letter,)),) = clerk.got
    assert letter.content == LETTER
    (received,) = rows(spoken, tables.inbox, asked)
    (answer,) = await eventually(lambda: done(spoken, received["id"]), "the answer is taken", 30)
    assert answer["content_type"].startswith("multipart/related")
    await spoken.rest()
    assert rows(spoken, tables.outbox, answer["message_id"])[0]["state"] == "done"


@pytest.mark.parametrize("version", [Version.V1_2])
async def test_a_gateway_that_stops_amid_a_large_file_fetches_it_later(spoken: Town, version: Version) -> None:
    asked = await ask(spoken, version, files=[await put(spoken, SCAN)])
    await eventually(lambda: rows(spoken, tables.inbox, asked), "the message is kept", 30)
    await spoken.restart()
    clerk = employ(spoken)
    await spoken.rest()
    (received,) = rows(spoken, tables.inbox, asked)
    assert received["state"] == "handled"
    assert len(clerk.got) <= 1
    assert spoken.portal.files.kept(asked) == []


def done(place: Town, inbox_id: int) -> list[Any]:
    """The answer to a message that came in, once the exchange has it."""
    chosen = (
        tables.outbox.select()
        .join(tables.inbox, tables.inbox.c.answer_id == tables.outbox.c.message_id)
        .where(tables.inbox.c.id == inbox_id, tables.outbox.c.state == "done")
    )
    return place.shop.store.look(lambda connection: list(connection.execute(chosen).mappings()))
