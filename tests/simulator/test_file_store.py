"""The file store by itself: uploads over FTP, files of messages, who may fetch them."""

from __future__ import annotations

import asyncio
import ftplib
import io
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socert.contracts.signature.suites import Suite
from socert.contracts.smev.ids import MessageIds
from socert.simulator.errors import SettingsError
from socert.simulator.smev.files import Claim, FileStore
from socert.simulator.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from socert.contracts.smev.attachments import StoredFile

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
IDS = MessageIds(lambda: NOW)
LIMIT = 1_000_000


@asynccontextmanager
async def running(folder: Path | None, state: State | None = None, limit: int = LIMIT) -> AsyncIterator[FileStore]:
    store = FileStore(
        state=state or State(),
        folder=folder,
        limit=limit,
        known=lambda name: name in ("REGION", "..", "a/b"),
        keep=timedelta(days=1),
    )
    await store.start("127.0.0.1", 0)
    try:
        yield store
    finally:
        await store.stop()


def connected(port: int, user: str, password: str = "") -> ftplib.FTP:
    client = ftplib.FTP(timeout=20)
    client.connect("127.0.0.1", port)
    try:
        client.login(user, password)
    except ftplib.Error:
        client.close()
        raise
    return client


def upload(port: int, uuid: str, data: bytes, user: str = "anonymous", name: str = "file.bin") -> None:
    with connected(port, user, "any") as client:
        client.mkd(uuid)
        client.cwd(uuid)
        client.storbinary(f"STOR {name}", io.BytesIO(data))


def fetch(port: int, file: StoredFile) -> bytes:
    pieces: list[bytes] = []
    with connected(port, file.user_name, file.password) as client:
        client.retrbinary(f"RETR {file.uuid}/{file.file_name}", pieces.append)
    return b"".join(pieces)


def claim(store: FileStore, uuid: str, sender: str = "REGION") -> Claim:
    found = store.uploaded(sender, uuid)
    assert found is not None
    return Claim(file=found, hash=b"", suites=(Suite.ECDSA_P256,))


@pytest.mark.parametrize("user", ["anonymous", "smev", "REGION"])
async def test_a_file_goes_from_the_sender_to_the_recipient(tmp_path: Path, user: str) -> None:
    uuid, message, data = IDS(), IDS(), bytes(range(256)) * 2000
    async with running(tmp_path) as store:
        assert store.uploaded("REGION", uuid) is None
        await asyncio.to_thread(upload, store.port, uuid, data, user)
        kept = claim(store, uuid)
        assert (kept.file.name, kept.file.size) == ("file.bin", len(data))
        store.keep(message, "account", ["EPGU", "OTHER"], [kept])
        assert store.uploaded("REGION", uuid) is None
        (file,), (other,) = store.stored(message, "EPGU"), store.stored(message, "OTHER")
        assert len({file.user_name, file.password, other.user_name, other.password}) == 4
        assert (file.uuid, file.file_name) == (uuid, "file.bin")
        assert await asyncio.to_thread(fetch, store.port, file) == data

        store.release(message, "EPGU")
        with pytest.raises(ftplib.error_perm, match="530"):
            await asyncio.to_thread(fetch, store.port, file)
        assert await asyncio.to_thread(fetch, store.port, other) == data
        store.release(message, "OTHER")
        assert list((tmp_path / "kept").iterdir()) == []


async def test_each_participant_sees_its_own_place_alone(tmp_path: Path) -> None:
    uuid = IDS()
    async with running(tmp_path) as store:
        await asyncio.to_thread(upload, store.port, uuid, b"x", "REGION")
        assert store.uploaded("REGION", uuid) is not None
        assert store.uploaded("EPGU", uuid) is None
        for name in ("..", "a/b"):
            await asyncio.to_thread(upload, store.port, uuid, b"y", name)
        assert sorted(place.name for place in (tmp_path / "inbound" / "own").iterdir()) == ["%2E%2E", "REGION", "a%2Fb"]
        with pytest.raises(ftplib.error_perm, match="530"):
            await asyncio.to_thread(connected, store.port, "STRANGER")


def attempts(port: int, file: StoredFile, others: str) -> list[str]:
    """What a recipient gets for everything that he may not do."""
    answers = []
    with connected(port, file.user_name, file.password) as client:
        for command in (
            f"DELE {file.uuid}/{file.file_name}",
            f"RMD {file.uuid}",
            "MKD new",
            f"RNFR {file.uuid}",
            f"SIZE ../../{others}/file.bin",
            f"SIZE /../{others}/file.bin",
            f"CWD ../../../inbound/shared/{others}",
            "SIZE x\0y",
        ):
            try:
                answers.append(client.sendcmd(command))
            except ftplib.Error as error:
                answers.append(str(error))
        try:
            client.storbinary(f"STOR {file.uuid}/{file.file_name}", io.BytesIO(b"mine"))
        except ftplib.Error as error:
            answers.append(str(error))
    return answers


async def test_a_recipient_reads_and_does_nothing_else(tmp_path: Path) -> None:
    uuid, others, message = IDS(), IDS(), IDS()
    async with running(tmp_path) as store:
        await asyncio.to_thread(upload, store.port, uuid, b"data")
        await asyncio.to_thread(upload, store.port, others, b"secret")
        store.keep(message, "account", ["EPGU"], [claim(store, uuid)])
        (file,) = store.stored(message, "EPGU")
        answers = await asyncio.to_thread(attempts, store.port, file, others)
        assert all(answer.startswith(("550", "451")) for answer in answers), answers
        assert len(answers) == 9
        assert await asyncio.to_thread(fetch, store.port, file) == b"data"
        with pytest.raises(ftplib.error_perm, match="530"):
            await asyncio.to_thread(connected, store.port, file.user_name, "guess")


def look_around(port: int, uuid: str) -> tuple[list[str], list[str], int | None, str]:
    lines: list[str] = []
    with connected(port, "anonymous") as client:
        client.dir(uuid, lines.append)
        return client.nlst(uuid), lines, client.size(f"{uuid}/file.bin"), client.sendcmd("NOOP")


async def test_what_clients_ask_besides(tmp_path: Path) -> None:
    uuid = IDS()
    async with running(tmp_path) as store:
        await asyncio.to_thread(upload, store.port, uuid, b"data")
        names, (line,), size, noop = await asyncio.to_thread(look_around, store.port, uuid)
    assert names == ["file.bin"]
    assert line.endswith(" file.bin")
    assert size == 4
    assert noop.startswith("200")


@pytest.mark.parametrize("inside", [[], ["a", "b"], ["folder/"], ["a", "folder/"]])
async def test_a_folder_must_hold_one_file(tmp_path: Path, inside: list[str]) -> None:
    async with running(tmp_path) as store:
        uuid = IDS()
        folder = tmp_path / "inbound" / "shared" / uuid
        folder.mkdir()
        for name in inside:
            (folder / name).mkdir() if name.endswith("/") else (folder / name).write_bytes(b"x")
        assert store.uploaded("REGION", uuid) is None


async def test_names_of_folders_are_uuids_of_version_1_and_nothing_else(tmp_path: Path) -> None:
    async with running(tmp_path) as store:
        for name in ("x", "..", "../own", "0b5c8a3e-6b7a-4c3e-9d2f-1a2b3c4d5e6f", ""):
            folder = tmp_path / "inbound" / "shared" / name
            folder.mkdir(exist_ok=True)
            (folder / "file").write_bytes(b"x")
            assert store.uploaded("REGION", name) is None
        uuid = IDS()
        await asyncio.to_thread(upload, store.port, uuid, b"x")
        assert store.uploaded("REGION", uuid, "file.bin") is not None
        assert store.uploaded("REGION", uuid, "other.bin") is None


async def test_a_file_that_is_being_written_is_not_there_yet(tmp_path: Path) -> None:
    uuid = IDS()
    async with running(tmp_path) as store:

        def begin() -> tuple[ftplib.FTP, socket.socket]:
            client = connected(store.port, "anonymous")
            client.mkd(uuid)
            data = client.transfercmd(f"STOR {uuid}/file.bin")
            data.sendall(b"half")
            return client, data

        def end(client: ftplib.FTP, data: socket.socket) -> None:
            data.sendall(b"half")
            data.close()
            client.voidresp()
            client.quit()

        client, data = await asyncio.to_thread(begin)
        place = tmp_path / "inbound" / "shared" / uuid / "file.bin"
        for _ in range(1000):  # until the server has taken the connection up
            if place.exists():
                break
            await asyncio.to_thread(client.sendcmd, "PWD")
        assert place.exists()
        assert store.uploaded("REGION", uuid) is None
        await asyncio.to_thread(end, client, data)
        found = store.uploaded("REGION", uuid)
        assert found is not None
        assert found.size == 8


async def test_a_file_over_the_limit_is_cut_but_seen(tmp_path: Path) -> None:
    uuid = IDS()
    async with running(tmp_path, limit=300_000) as store:
        with pytest.raises((ftplib.Error, OSError)):
            await asyncio.to_thread(upload, store.port, uuid, b"x" * 30_000_000)
        for _ in range(1000):
            found = store.uploaded("REGION", uuid)
            if found is not None:
                break
            await asyncio.to_thread(lambda: connected(store.port, "anonymous").quit())
        assert found is not None
        assert 300_000 < found.size < 2_000_000


async def test_files_survive_a_restart_and_a_folder_of_its_own_does_not(tmp_path: Path) -> None:
    state, uuid, message = State(), IDS(), IDS()
    async with running(tmp_path, state) as store:
        await asyncio.to_thread(upload, store.port, uuid, b"data")
        store.keep(message, "account", ["EPGU"], [claim(store, uuid)])
    async with running(tmp_path, state) as store:
        (file,) = store.stored(message, "EPGU")
        assert await asyncio.to_thread(fetch, store.port, file) == b"data"
        ((place, kept),) = store.kept(message)
        assert place.read_bytes() == b"data"
        assert (kept.file.size, kept.suites) == (4, (Suite.ECDSA_P256,))
    async with running(None) as store:
        await asyncio.to_thread(upload, store.port, uuid, b"data")
        found = store.uploaded("REGION", uuid)
        assert found is not None
        made = found.folder
        assert made.exists()
    assert not made.exists()
    assert store.uploaded("REGION", uuid) is None


async def test_nothing_stays_for_ever(tmp_path: Path) -> None:
    state, old, young, message = State(), IDS(), IDS(), IDS()
    async with running(tmp_path, state) as store:
        shared = tmp_path / "inbound" / "shared"
        await asyncio.to_thread(upload, store.port, old, b"old")
        (shared / "stray").write_bytes(b"x")
        store.sweep(NOW)
        await asyncio.to_thread(upload, store.port, young, b"young")
        store.sweep(NOW + timedelta(hours=23))
        assert {place.name for place in shared.iterdir()} == {old, young, "stray"}
        store.sweep(NOW + timedelta(hours=25))
        assert {place.name for place in shared.iterdir()} == {young}

        store.keep(message, "account", ["EPGU"], [claim(store, young)])
        store.sweep(NOW)  # no queue holds the message
        assert store.stored(message, "EPGU") == ()
        assert list((tmp_path / "kept").iterdir()) == []
        await asyncio.to_thread(upload, store.port, young, b"young")
        store.clear()
        assert list(shared.iterdir()) == []


async def test_an_address_or_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    store = FileStore(state=State(), folder=tmp_path, limit=1, known=lambda _: False, keep=timedelta(days=1))
    with taken, pytest.raises(SettingsError, match="--ftp-port"):
        await store.start("127.0.0.1", taken.getsockname()[1])
    (tmp_path / "file").write_bytes(b"")
    store = FileStore(state=State(), folder=tmp_path / "file", limit=1, known=lambda _: False, keep=timedelta(days=1))
    with pytest.raises(SettingsError, match="--files"):
        await store.start("127.0.0.1", 0)


def shout(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        while line.recv(65536):
            pass


@settings(max_examples=40, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(
            [b"USER anonymous", b"PASS x", b"PASV", b"EPSV ALL", b"LIST", b"STOR a/b", b"RETR ../x", b"REST 9",
             b"CWD ..", b"RNTO y", b"RNFR y", b"MKD \xff", b"MKD " + b"x" * 300, b"SIZE", b"TYPE Q", b"ABOR", b"\0"]
        )
        | st.binary(max_size=20),
        max_size=12,
    )
)  # fmt: skip
def test_noise_harms_nobody(words: list[bytes]) -> None:
    """Whatever one client says, the next one is served."""

    async def check() -> None:
        async with running(None) as store:
            await asyncio.to_thread(shout, store.port, b"\r\n".join([*words, b"QUIT", b""]))
            uuid = IDS()
            await asyncio.to_thread(upload, store.port, uuid, b"data")
            assert store.uploaded("REGION", uuid) is not None

    asyncio.run(check())
