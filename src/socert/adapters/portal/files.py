"""The exchange's file store over FTP, by aioftp: one connection a file, passive mode, no file whole in memory.

Errors name a file by its folder: its name may be a person's. Source: SMEV 3 manual, section 5.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aioftp

from socert.gateway.ports import DeliveryError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from pathlib import Path

    from socert.contracts.smev.attachments import StoredFile

BLOCK = 256 * 1024
PORT = 21
_UUID = re.compile(r"[0-9a-fA-F-]{36}")


class FtpFiles:
    """A file store at `ftp://host:port`. Files of ours go up under `user`; each of others has a user of its own.

    `timeout` in seconds is how long the server may be silent.
    """

    def __init__(self, *, url: str, user: str, password: str, timeout: float) -> None:
        """Take the address, and who we are there."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or PORT
        self._user = user
        self._password = password
        self._timeout = timeout

    async def fetch(self, file: StoredFile) -> AsyncGenerator[bytes]:
        """Yield a file piece by piece; `DeliveryError` when it does not come whole."""
        place, user, password = _path(file.uuid, file.file_name), _line(file.user_name), _line(file.password)
        with _told(f"the file {file.uuid} cannot be fetched"):
            async with self._client(user, password) as client, client.download_stream(place) as stream:
                async for block in stream.iter_by_block(BLOCK):
                    yield block

    async def put(self, uuid: str, name: str, place: Path) -> None:
        """Store a file in a folder of that name; doing it again replaces it. `DeliveryError` when it does not go."""
        with _told(f"the file {uuid} cannot be stored"):
            async with self._client(self._user, self._password) as client:
                if not await client.exists(f"/{uuid}"):
                    await client.make_directory(f"/{uuid}")
                target = _path(uuid, name)
                async with client.upload_stream(target) as stream, aioftp.AsyncPathIO().open(place) as file:
                    async for block in file.iter_by_block(BLOCK):
                        await stream.write(block)

    @asynccontextmanager
    async def _client(self, user: str, password: str) -> AsyncGenerator[aioftp.Client]:
        """Log in; whatever goes wrong, the connection is closed at once and nobody waits for a farewell."""
        client = _Client(socket_timeout=self._timeout, connection_timeout=self._timeout)
        try:
            await client.connect(self._host, self._port)
            await client.login(user, password)
            yield client
            await client.quit()
        finally:
            client.close()


class _Client(aioftp.Client):
    """A client that leaves no data connection open where the server refuses what it was opened for."""

    def __init__(self, *, socket_timeout: float, connection_timeout: float) -> None:
        super().__init__(socket_timeout=socket_timeout, connection_timeout=connection_timeout)
        self._data: list[StreamWriter] = []

    async def get_passive_connection(
        self, conn_type: Any = "I", commands: Sequence[str] | None = None
    ) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await super().get_passive_connection(conn_type, commands)
        self._data.append(writer)
        return reader, writer

    def close(self) -> None:
        for writer in self._data:
            writer.close()
        super().close()


def _path(uuid: str, name: str) -> str:
    """Return where a file lies. `DeliveryError` for names that would be other commands or other places."""
    if not _UUID.fullmatch(uuid) or "/" in name or name in ("", ".", ".."):
        raise DeliveryError(f"a file named by {uuid[:36]!r} lies nowhere: its folder is no UUID, or its name is a path")
    return f"/{uuid}/{_line(name)}"


def _line(text: str) -> str:
    """Return a text that stays on its line of the control connection."""
    if not text.isprintable():
        raise DeliveryError("the file store cannot be asked: a name or a password holds characters that end a line")
    return text


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell in our words what went wrong: the server's may name the file."""
    try:
        yield
    except aioftp.StatusCodeError as error:
        codes = ", ".join(str(code) for code in error.received_codes)
        raise DeliveryError(f"{what}: the file store answered {codes}") from None
    except (aioftp.AIOFTPException, TimeoutError, OSError) as error:
        raise DeliveryError(f"{what}: {type(error).__name__}") from None
