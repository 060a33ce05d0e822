"""Files that our answers bring: inside the message while they are small, through the file store otherwise."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.drive import PDF, Clerk, Drive, employ
from tests.gateway.line import eventually
from tests.gateway.stub import REGION, SUITES
from tests.gateway.test_poller import question

from socert.contracts.signature import cms
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.ids import issued_at
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version
from socert.gateway.exchange import enclosing
from socert.gateway.exchange.answering import Enclosure, Reply
from socert.gateway.exchange.handler import _waiting
from socert.gateway.store.tables_files import outbox_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.line import Line

LETTER, SCAN = b"%PDF letter" * 1000, b"%PDF scan" * 700_000
"""The second is larger than what may travel inside a message."""


@pytest.fixture
def drive(line: Line, tmp_path: Path) -> Drive:
    """A file store for the line."""
    line.folder, line.file_store = tmp_path / "files", Drive()
    return line.file_store


def enclosed(*contents: bytes | Path) -> tuple[Enclosure, ...]:
    return tuple(Enclosure(name="Приказ.pdf", mime_type=PDF, content=content) for content in contents)


async def answered(line: Line, *contents: bytes | Path) -> Any:
    """Let a question be answered with files; return the answer's row."""
    employ(line, Clerk(gives=enclosed(*contents)))
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (message,) = line.messages()
    return message


def rows(line: Line) -> list[Any]:
    return line.region.store.look(lambda connection: list(connection.execute(outbox_file.select()).mappings()))


def opened(message: Any) -> call.Call:
    """Open an answer as the exchange does, and check all that it checks."""
    found = call.open_call(message["body"], message["content_type"] or "text/xml")
    call.check_schema(found)
    call.verify(found, SUITES)
    return found


@pytest.mark.parametrize("version", Version)
async def test_small_files_travel_inside(line: Line, version: Version) -> None:
    line.version = line.stub.version = version
    message = await answered(line, LETTER, LETTER[:10])
    assert message["content_type"].startswith("multipart/related")
    assert LETTER in message["body"], "as they are, not as text"
    found = opened(message)
    assert [one.content for one in found.contents] == [LETTER, LETTER[:10]]
    assert [(one.content_id, one.mime_type) for one in found.attachments] == [("file1", PDF), ("file2", PDF)]
    for header, content in zip(found.attachments, found.contents, strict=True):
        signed = cms.verify_detached(header.signature, [content.content], suites=SUITES)
        assert signed.certificate == REGION.certificate
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "done"
    assert rows(line) == []


@pytest.mark.parametrize("version", Version)
async def test_large_files_go_up_before_the_message_leaves(line: Line, drive: Drive, version: Version) -> None:
    line.version = line.stub.version = version
    message = await answered(line, LETTER, SCAN)
    assert (message["content_type"], message["files"]) == (None, 2)
    first, second = opened(message).files
    assert [one.hash for one in (first, second)] == [sha256(content).digest() for content in (LETTER, SCAN)]
    for one, content in ((first, LETTER), (second, SCAN)):
        issued_at(one.uuid)
        assert cms.verify_detached(one.signature, [content], suites=SUITES).certificate == REGION.certificate
        assert one.file_name == ("Приказ.pdf" if version is Version.V1_3 else None)
    assert drive.files == {}
    seen: list[int] = []

    def look(opened: call.Call) -> bytes:
        seen.append(len(drive.files))
        return line.stub.taken(opened)

    line.stub.next("SendResponse", look)
    await line.try_all()
    assert seen == [2], "all were there when the message spoke of them"
    assert drive.files == {first.uuid: LETTER, second.uuid: SCAN}
    assert set(drive.names.values()) == {"Приказ.pdf"}
    assert line.message(message["message_id"])["state"] == "done"


async def test_a_file_on_the_disk_is_not_read_into_memory_whole(
    line: Line, drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "large.pdf"
    place.write_bytes(SCAN)
    monkeypatch.setattr(enclosing, "_BLOCK", 1000)
    monkeypatch.setattr(type(place), "read_bytes", lambda _place: pytest.fail("read whole"))
    message = await answered(line, place)
    assert opened(message).files[0].hash == sha256(SCAN).digest()
    assert drive.files == {}


async def test_our_copy_goes_when_the_exchange_has_the_message(line: Line, drive: Drive) -> None:
    message = await answered(line, SCAN)
    folder = line.folder / "out" / message["message_id"]
    await line.fetcher.sweep()
    assert [one.read_bytes() for one in folder.iterdir()] == [SCAN]
    await line.try_all()
    await line.fetcher.sweep()
    assert not folder.exists()
    assert [row["kept"] for row in rows(line)] == [0]


async def test_a_message_that_is_not_taken_keeps_its_files_and_puts_them_up_once(line: Line, drive: Drive) -> None:
    message = await answered(line, SCAN)
    line.stub.next("SendResponse", line.stub.refused(FaultKind.DESTINATION_OVERFLOW))
    await line.try_all()
    await line.fetcher.sweep()
    drive.files.clear()
    line.clock.advance(1)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "done"
    assert drive.files == {}, "what had gone up was not put again"
    assert line.stub.sent("SendResponse") == [message["body"]] * 2


async def test_a_file_store_that_is_down_is_waited_for(line: Line, drive: Drive) -> None:
    message = await answered(line, SCAN)
    drive.down = True
    await line.try_all()
    assert line.stub.sent("SendResponse") == []
    assert line.message(message["message_id"])["state"] == "queued"
    (tried,) = line.tries()
    assert tried["detail"].endswith("cannot be stored: ConnectionRefusedError")
    drive.down = False
    line.clock.advance(1)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "done"


async def test_a_crash_amid_an_upload_puts_it_up_anew(line: Line, drive: Drive) -> None:
    message = await answered(line, SCAN)
    drive.cut = asyncio.Event()
    task = asyncio.create_task(line.try_all())
    await eventually(drive.cut.is_set, "the upload has begun")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert line.stub.sent("SendResponse") == []
    drive.cut = None
    line.clock.advance(3600)  # nobody holds it any more
    await line.try_all()
    assert list(drive.files.values()) == [SCAN]
    assert line.message(message["message_id"])["state"] == "done"


async def test_files_that_cannot_leave_are_told(line: Line, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosing, "MOST", len(SCAN) - 1)
    employ(line, Clerk(gives=enclosed(SCAN)))
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    assert "the exchange carries" in line.inbox()[0]["error"]
    assert line.messages() == []
    assert drive.files == {}


async def test_large_files_need_a_file_store(line: Line) -> None:
    employ(line, Clerk(gives=enclosed(SCAN)))
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    assert "SOCERT_FILE_STORE" in line.inbox()[0]["error"]


async def test_an_answer_that_grew_too_old_is_given_anew_with_its_files(line: Line, drive: Drive) -> None:
    message = await answered(line, SCAN)
    line.clock.advance(2 * 86_400)
    line.stub.next("SendResponse", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    await line.handler.handle()
    await line.try_all()
    again = line.message(line.message(message["message_id"])["renewed_by"])
    assert again["state"] == "done"
    assert drive.files[opened(again).files[0].uuid] == SCAN
    await line.fetcher.sweep()
    assert [row["kept"] for row in rows(line)] == [0, 0]


def test_what_takes_effect_cannot_bring_files() -> None:
    """Its answers are packed later, from text; a plug-in's author is told at once."""
    with pytest.raises(ValueError, match="cannot bring files"):
        _waiting(Reply(content=question(), files=enclosed(LETTER)), None)  # type: ignore[arg-type]  # refused before
