"""Files over FTP, against a library's server: whole, in flat memory, and named by nobody's words in an error."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import aioftp
import pytest
from aioftp.server import User

from socert.adapters.portal.files import FtpFiles
from socert.contracts.smev.attachments import StoredFile
from socert.gateway.ports import DeliveryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

UUID = "8569781c-b001-11f1-a6ec-cb104cb5b078"
NAME = "Справка Журавлёва.pdf"
CONTENT = bytes(range(256)) * 4096
LARGE = 48 * 1024 * 1024


class Place:
    """A file store: what the region puts up lies in `up`, what waits for it in `down`."""

    def __init__(self, folder: Path) -> None:
        self.up, self.down = folder / "up", folder / "down"
        for one in (self.up, self.down):
            one.mkdir()
        users = [
            User("REGION", "geheim", base_path=self.up, home_path=PurePosixPath("/")),
            User("one", "time", base_path=self.down, home_path=PurePosixPath("/")),
        ]
        self.server = aioftp.Server(users)

    def files(self, *, user: str = "REGION", password: str = "geheim", timeout: float = 5.0) -> FtpFiles:
        return FtpFiles(url=f"ftp://127.0.0.1:{self.server.server_port}", user=user, password=password, timeout=timeout)

    def keep(self, content: bytes) -> StoredFile:
        (self.down / UUID).mkdir()
        (self.down / UUID / NAME).write_bytes(content)
        return StoredFile(uuid=UUID, user_name="one", password="time", file_name=NAME)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    await made.server.start("127.0.0.1", 0)
    yield made
    await made.server.close()


async def whole(files: FtpFiles, file: StoredFile) -> bytes:
    return b"".join([block async for block in files.fetch(file)])


async def test_a_file_comes_as_it_is(place: Place) -> None:
    assert await whole(place.files(), place.keep(CONTENT)) == CONTENT


async def test_a_file_goes_into_a_folder_of_its_own(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    for _ in range(2):  # doing it again replaces it
        await place.files().put(UUID, NAME, source)
    assert [(one.name, one.read_bytes()) for one in (place.up / UUID).iterdir()] == [(NAME, CONTENT)]


async def test_a_file_that_was_cut_off_is_replaced_whole(place: Place, tmp_path: Path) -> None:
    (place.up / UUID).mkdir()
    (place.up / UUID / NAME).write_bytes(CONTENT * 2)
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    await place.files().put(UUID, NAME, source)
    assert (place.up / UUID / NAME).read_bytes() == CONTENT


async def test_size_costs_no_memory(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as target:
        target.truncate(LARGE)
    (place.down / UUID).mkdir()
    (place.down / UUID / NAME).hardlink_to(source)
    file = StoredFile(uuid=UUID, user_name="one", password="time", file_name=NAME)
    files, size = place.files(), 0
    tracemalloc.start()
    try:
        async for block in files.fetch(file):
            size += len(block)
        await files.put(UUID, NAME, source)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (size, (place.up / UUID / NAME).stat().st_size) == (LARGE, LARGE)
    assert most < LARGE / 4


@pytest.mark.parametrize(
    "file",
    [
        StoredFile(uuid=UUID, user_name="one", password="time", file_name="Нет.pdf"),
        StoredFile(uuid=UUID, user_name="one", password="wrong", file_name=NAME),
        StoredFile(uuid=UUID, user_name="nobody", password="time", file_name=NAME),
    ],
    ids=["no file", "wrong password", "no user"],
)
async def test_what_the_server_refuses_is_told_by_its_number(place: Place, file: StoredFile) -> None:
    place.keep(CONTENT)
    with pytest.raises(DeliveryError, match=f"{UUID} cannot be fetched: the file store answered 5") as caught:
        await whole(place.files(), file)
    for secret in (file.file_name, file.password):
        assert secret not in str(caught.value)


async def test_nobody_there_is_told(tmp_path: Path) -> None:
    files = FtpFiles(url="ftp://127.0.0.1:9", user="REGION", password="geheim", timeout=5)
    with pytest.raises(DeliveryError, match="cannot be stored: ConnectionRefusedError"):
        await files.put(UUID, NAME, tmp_path)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    files = FtpFiles(url=f"ftp://127.0.0.1:{port}", user="REGION", password="geheim", timeout=0.2)
    file = StoredFile(uuid=UUID, user_name="one", password="time", file_name=NAME)
    async with server:
        with pytest.raises(DeliveryError, match="TimeoutError"):
            await whole(files, file)
        await left.wait()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uuid", "../../etc"),
        ("uuid", f"{UUID}/.."),
        ("file_name", "../other"),
        ("file_name", ".."),
        ("file_name", ""),
        ("file_name", "a\r\nDELE b"),
        ("user_name", "one\r\nDELE b"),
        ("password", "time\r\nDELE b"),
    ],
)
async def test_words_of_others_are_no_commands_and_no_paths(place: Place, name: str, value: str) -> None:
    given = {"uuid": UUID, "user_name": "one", "password": "time", "file_name": NAME} | {name: value}
    with pytest.raises(DeliveryError):
        await whole(place.files(), StoredFile(**given))


async def test_a_transfer_that_is_cut_off_is_no_file(place: Place) -> None:
    """The reader stops in the middle: its connection is closed, and the server serves the next one."""
    file = place.keep(CONTENT)
    files = place.files()
    blocks = files.fetch(file)
    async for _ in blocks:
        break
    await blocks.aclose()
    assert await whole(files, file) == CONTENT
