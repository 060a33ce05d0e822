"""Files that come with messages: safe and as signed before the exchange hears that they were received."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.gateway.drive import PDF, Clerk, Drive, ask_beside, ask_inside, employ
from tests.gateway.test_cli import run
from tests.gateway.test_poller import question

from socert.contracts.smev.operation import Operation
from socert.gateway.exchange import fetcher, files
from socert.gateway.exchange.policy import WhenUnhandled
from socert.gateway.standing import idle
from socert.gateway.store.tables_files import inbox_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.gateway.line import Line

__all__ = ["run"]
ACKNOWLEDGED = {WhenUnhandled.ACCEPT: [True], WhenUnhandled.REJECT: [False], WhenUnhandled.LEAVE: []}
LETTER, SCAN = b"%PDF letter" * 1000, b"%PDF scan" * 100_000


@pytest.fixture
def drive(line: Line, tmp_path: Path) -> Drive:
    """A file store that the line fetches from."""
    line.folder, line.file_store = tmp_path / "files", Drive()
    return line.file_store


async def look(line: Line) -> None:
    """Take what is in the queue, and try once to fetch what it brings."""
    poller = line.poller(Operation.GET_REQUEST)
    while await poller.poll():
        pass
    await line.fetcher.fetch()


def rows(line: Line) -> list[Any]:
    """The files of all messages."""
    chosen = inbox_file.select().order_by(inbox_file.c.id)
    return line.region.store.look(lambda connection: list(connection.execute(chosen).mappings()))


async def test_files_are_safe_before_the_message_is_acknowledged(line: Line, drive: Drive) -> None:
    clerk = employ(line, Clerk())
    asked = ask_beside(line, LETTER, SCAN)
    await line.receive(Operation.GET_REQUEST)
    assert [row["state"] for row in line.inbox()] == ["fetching"]
    assert (line.stub.acknowledged, clerk.got) == ([], [])
    assert line.region.store.look(idle) is False
    assert await line.fetcher.fetch()
    assert line.stub.acknowledged == [(asked, True)]
    assert await line.handler.handle()
    ((letter, scan),) = clerk.got
    assert (letter.name, letter.mime_type) == ("Справка Журавлёва.pdf", PDF)
    for enclosure, content in ((letter, LETTER), (scan, SCAN)):
        assert not isinstance(enclosure.content, bytes)
        assert enclosure.content.read_bytes() == content
        assert enclosure.content.stat().st_mode & 0o077 == 0, "others on the machine do not read it"
    assert [(row["state"], row["size"]) for row in rows(line)] == [("kept", len(LETTER)), ("kept", len(SCAN))]


async def test_files_inside_a_message_need_no_fetching(line: Line) -> None:
    clerk = employ(line, Clerk())
    asked = ask_inside(line, LETTER, SCAN)
    await line.receive(Operation.GET_REQUEST)
    assert line.stub.acknowledged == [(asked, True)]
    ((letter, scan),) = clerk.got
    assert (letter.content, scan.content, letter.mime_type) == (LETTER, SCAN, PDF)
    assert [(row["state"], row["size"]) for row in rows(line)] == [("inside", len(LETTER)), ("inside", len(SCAN))]
    (row,) = line.inbox()
    assert row["content_type"].startswith("multipart/related")


async def test_an_empty_queue_may_answer_in_parts(line: Line) -> None:
    line.stub.in_parts = True
    assert await line.poller(Operation.GET_REQUEST).poll() is False


@pytest.mark.parametrize("policy", WhenUnhandled)
@pytest.mark.parametrize("what", ["wrong", "broken", "missing"])
async def test_a_file_that_does_not_come_is_given_up_in_the_end(
    line: Line, drive: Drive, policy: WhenUnhandled, what: str
) -> None:
    """The real exchange brings such a message again for weeks; it must not stand in the way of others."""
    line.unhandled = policy
    asked = ask_beside(line, LETTER, SCAN)
    (_, uuid) = drive.files
    if what == "wrong":
        drive.files[uuid] = SCAN.replace(b"scan", b"scam")
    elif what == "broken":
        drive.broken.add(uuid)
    else:
        del drive.files[uuid]
    for tried in range(1, line.attempts + 1):
        await look(line)
        assert [row["tries"] for row in rows(line)] == [0, tried]
        assert await line.fetcher.fetch() is False, "its time has not come"
        line.clock.advance(300)
    (row,) = line.inbox()
    assert row["state"] == "failed"
    assert uuid in row["error"]
    assert "Журавлёва" not in row["error"]
    assert line.stub.acknowledged == [(asked, accepted) for accepted in ACKNOWLEDGED[policy]]
    assert [row["state"] for row in rows(line)] == ["kept", "failed"]
    assert await line.handler.handle() is False
    assert [one.name for one in (line.folder / "in" / str(row["id"])).iterdir()] == [str(rows(line)[0]["id"])]


async def test_a_file_that_does_not_come_blocks_nobody(line: Line, drive: Drive) -> None:
    clerk = employ(line, Clerk())
    drive.down = True
    ask_beside(line, LETTER)
    second = line.stub.ask(question(2))
    await look(line)
    await line.handler.handle()
    assert line.stub.acknowledged == [(second, True)]
    assert clerk.got == [()]
    drive.down = False
    line.clock.advance(1)
    await line.fetcher.fetch()
    await line.handler.handle()
    assert [row["state"] for row in line.inbox()] == ["handled", "handled"]


async def test_one_that_comes_again_is_fetched_by_what_it_says_now(line: Line, drive: Drive) -> None:
    """Users and passwords are made for each delivery."""
    line.unhandled = WhenUnhandled.LEAVE
    drive.down = True
    asked = ask_beside(line, LETTER)
    for _ in range(line.attempts):
        await look(line)
        line.clock.advance(300)
    assert [row["state"] for row in line.inbox()] == ["failed"]
    drive.down = False
    ask_beside(line, LETTER, message_id=asked, password="new")
    await look(line)
    assert drive.passwords[-1] == "new"
    assert [(row["state"], row["error"]) for row in line.inbox()] == [("received", None)]
    assert line.stub.acknowledged == [(asked, True)]


async def test_a_crash_amid_a_file_leaves_nothing_that_counts(line: Line, drive: Drive) -> None:
    asked = ask_beside(line, SCAN)
    await line.poller(Operation.GET_REQUEST).poll()
    drive.cut = asyncio.Event()
    task = asyncio.create_task(line.fetcher.fetch())
    await drive.cut.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert line.stub.acknowledged == []
    assert [row["state"] for row in rows(line)] == ["waiting"]
    drive.cut = None
    await line.fetcher.fetch()
    assert line.stub.acknowledged == [(asked, True)]
    (row,) = rows(line)
    assert files.arrived_at(line.folder, row["inbox_id"], row["id"]).read_bytes() == SCAN


async def test_a_crash_before_the_acknowledgement_fetches_nothing_twice(line: Line, drive: Drive) -> None:
    clerk = employ(line, Clerk())
    asked = ask_beside(line, LETTER)
    line.stub.next("Ack", line.stub.silence)
    await look(line)
    ask_beside(line, LETTER, message_id=asked)
    await look(line)
    await line.handler.handle()
    assert line.stub.acknowledged == [(asked, True)]
    assert len(drive.passwords) == 1
    assert len(clerk.got) == 1


async def test_without_a_file_store_such_messages_say_what_is_missing(line: Line, drive: Drive) -> None:
    asked = ask_beside(line, LETTER)
    line.file_store = None
    for _ in range(line.attempts):
        await look(line)
        line.clock.advance(300)
    assert "SOCERT_FILE_STORE" in line.inbox()[0]["error"]
    assert line.stub.acknowledged == [(asked, True)]


async def test_files_larger_than_any_message_may_bring_are_not_taken(
    line: Line, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "MOST", len(LETTER) + len(SCAN) - 1)
    ask_beside(line, LETTER, SCAN)
    await look(line)
    assert [row["state"] for row in rows(line)] == ["kept", "waiting"]
    assert "larger than" in rows(line)[1]["error"]


async def test_what_is_erased_is_gone_from_the_folder(line: Line, drive: Drive) -> None:
    ask_beside(line, LETTER)
    await look(line)
    (row,) = rows(line)
    place = files.arrived_at(line.folder, row["inbox_id"], row["id"])
    assert place.exists()
    line.region.store.run(lambda connection: files.erase(connection, row["inbox_id"]))
    assert place.exists(), "not before it is committed"
    await line.fetcher.sweep()
    assert not place.parent.exists()
    (gone,) = rows(line)
    assert (gone["state"], gone["name"], gone["digest"], gone["next_try_at"]) == ("erased", None, None, None)
