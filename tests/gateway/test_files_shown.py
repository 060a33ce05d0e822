"""An operator finds the files of messages and takes them away; their names and bytes are shown to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from tests.gateway.drive import Drive, ask_beside, ask_inside
from tests.gateway.test_cli import run

from socert.contracts.smev.operation import Operation
from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.gateway.exchange import shown_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import web
    from tests.gateway.line import Line
    from tests.gateway.test_cli import Run

    Client = TestClient[web.Request, web.Application]

__all__ = ["run"]
LETTER, SCAN = b"%PDF letter" * 1000, b"%PDF scan" * 1000
NAME = "Справка Журавлёва.pdf"


@pytest.fixture
async def message(line: Line, tmp_path: Path) -> str:
    """A message with two files in the store, one of which does not come, and one with a file inside."""
    line.folder, line.file_store = tmp_path / "files", Drive()
    asked = ask_beside(line, LETTER, SCAN)
    line.file_store.broken.add(list(line.file_store.files)[1])
    await line.poller(Operation.GET_REQUEST).poll()
    await line.fetcher.fetch()
    ask_inside(line, SCAN)
    await line.poller(Operation.GET_REQUEST).poll()
    return asked


@pytest.fixture
async def client(line: Line, message: str, tmp_path: Path, database_url: str) -> AsyncIterator[Client]:
    """The server of a gateway on the same database and folder."""
    del message
    settings = Settings(
        data_dir=tmp_path, database_url=SecretStr(database_url), exchange_url="http://127.0.0.1:9/smev/1.2"
    )
    with Workshop(settings, clock=line.clock) as shop:
        async with TestClient(TestServer(make_app(Gateway(shop)))) as opened:
            yield opened


def keys(line: Line) -> list[int]:
    """Files by number: the one that came, the one that did not, the one inside."""
    listed = line.region.store.look(lambda connection: shown_files.listed(connection, limit=9))
    return sorted(one.file_id for one in listed)


async def test_the_page_lists_them_and_gives_them_away(line: Line, client: Client) -> None:
    came, lacking, inside = keys(line)
    page = await (await client.get("/console/files")).text()
    assert page.count(NAME) == 2
    for words in ("получен", "ждёт в файловом хранилище", "в сообщении", "TimeoutError"):
        assert words in page
    for key, content in ((came, LETTER), (inside, SCAN)):
        answer = await client.get(f"/console/files/{key}")
        assert await answer.read() == content
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content_type == "application/octet-stream"
    for key in (lacking, 999):
        assert (await client.get(f"/console/files/{key}")).status == 404


async def test_the_rest_list_names_nobody(client: Client, message: str) -> None:
    answer = await client.get(f"/api/v1/received/{message}/files")
    text = await answer.text()
    assert "Журавлёва" not in text
    files = (await answer.json())["files"]
    assert [(one["state"], one["size"]) for one in files] == [("kept", len(LETTER)), ("waiting", None)]
    assert (await (await client.get("/api/v1/received/none/files")).json()) == {"files": []}


@pytest.mark.usefixtures("message")
async def test_the_command_copies_them_under_harmless_names(run: Run, line: Line, message: str, tmp_path: Path) -> None:
    del line
    said = run("messages", "files", message, "--to", str(tmp_path / "copy")).output
    assert said.splitlines()[0] == f"1  kept  application/pdf  {len(LETTER)} байт  {NAME}"
    assert "2  waiting" in said
    assert {one.name: one.read_bytes() for one in (tmp_path / "copy").iterdir()} == {"1-Справка_Журавлёва.pdf": LETTER}
    assert run("messages", "files", "none").output == "У этого сообщения файлов нет.\n"
