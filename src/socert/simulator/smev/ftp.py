"""The FTP server of the file store: a library's, told who may log in, how large a file may grow, and a few more words.

It lives in the simulator's event loop; files are read and written in threads, block by block. Passive mode only.
Sources: SMEV 3 manual 3.3, 5; RFC 959 (NOOP, NLST), RFC 3659 (SIZE).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import aioftp
from aioftp.errors import PathIOError
from aioftp.server import ConnectionConditions, PathConditions, PathPermissions, worker

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aioftp.common import Connection, StreamIO

_BLOCK = 256 * 1024
#: The command connection is silent as long as a file is on its way.
_IDLE_SECONDS = 3600
_STALL_SECONDS = 60
_DATA_CONNECTION_SECONDS = 10
_CONNECTIONS = 200


#: Below that the library tells every command, and names of files may be names of people.
logging.getLogger("aioftp.server").setLevel(logging.WARNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What one user sees: a folder as the root, whether he may write there. With no password any is taken."""

    folder: Path
    password: str | None = field(default=None, repr=False)
    writable: bool = False


class Writers:
    """Which files are being written, whatever their names become meanwhile, or opened for it at this moment."""

    def __init__(self) -> None:
        self._open: Counter[tuple[int, int]] = Counter()
        self._opening: Counter[Path] = Counter()

    def __contains__(self, file: Path) -> bool:
        return self._opening[file] > 0 or self._open[_key(file.stat())] > 0

    @contextlib.contextmanager
    def opening(self, file: Path) -> Iterator[None]:
        """Count a file that may be opened inside to be written, before anybody can see it."""
        self._opening[file] += 1
        try:
            yield
        finally:
            self._opening[file] -= 1
            if not self._opening[file]:
                del self._opening[file]

    def began(self, status: os.stat_result) -> None:
        """Count a writer."""
        self._open[_key(status)] += 1

    def ended(self, status: os.stat_result) -> None:
        """Count a writer no more."""
        self._open[_key(status)] -= 1
        if not self._open[_key(status)]:
            del self._open[_key(status)]


class FtpServer(aioftp.Server):
    """Listens at `host` and `port` (0: any free one). `find` returns what a user sees, None for a stranger.

    A file that has grown over `limit` bytes is not written on: no message can carry it.
    """

    def __init__(self, find: Callable[[str], Login | None], *, writers: Writers, limit: int) -> None:
        super().__init__(
            _Users(find, self._forget),
            block_size=_BLOCK,
            socket_timeout=_STALL_SECONDS,
            idle_timeout=_IDLE_SECONDS,
            wait_future_timeout=_DATA_CONNECTION_SECONDS,
            path_io_factory=_bounded(writers, limit),
            maximum_connections=_CONNECTIONS,
            welcome_message="SMEV 3 file store of the simulator",
        )
        self.commands_mapping |= {"noop": _noop, "nlst": partial(_nlst, self), "size": partial(_size, self)}

    async def dispatcher(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; when the server is closed it just ends."""
        with contextlib.suppress(asyncio.CancelledError):
            await super().dispatcher(reader, writer)

    async def parse_command(self, stream: StreamIO, censor_commands: tuple[str] = ("pass",)) -> tuple[str, str]:
        """Return the next command; QUIT where a client has left without it, or says what is no line."""
        try:
            return await super().parse_command(stream, censor_commands)
        except (ConnectionError, TimeoutError, ValueError):
            return "quit", ""

    async def response_writer(self, stream: StreamIO, response_queue: asyncio.Queue[Any]) -> None:
        """Write answers; nobody may be there any more to read them."""
        while True:
            answer = await response_queue.get()
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self.write_response(stream, *answer)
            response_queue.task_done()

    def _forget(self, user: aioftp.User) -> None:
        """Let go of what the server keeps of each user that ever was."""
        self.throttle_per_user.pop(user, None)


async def _noop(connection: Connection, _rest: Any) -> bool:
    """Do nothing."""
    connection.response("200", "")
    return True


@ConnectionConditions(ConnectionConditions.login_required)
@PathConditions(PathConditions.path_must_exists, PathConditions.path_must_be_file)
@PathPermissions(PathPermissions.readable)
async def _size(server: aioftp.Server, connection: Connection, rest: Any, /) -> bool:
    """Say how long a file is."""
    real, _ = server.get_paths(connection, rest)
    connection.response("213", str((await connection.path_io.stat(real)).st_size))
    return True


@ConnectionConditions(ConnectionConditions.login_required, ConnectionConditions.passive_server_started)
@PathConditions(PathConditions.path_must_exists)
@PathPermissions(PathPermissions.readable)
async def _nlst(server: aioftp.Server, connection: Connection, rest: Any, /) -> bool:
    """List names."""

    @ConnectionConditions(ConnectionConditions.data_connection_made, wait=True, fail_code="425")
    @worker
    async def names(server: aioftp.Server, connection: Connection, _rest: Any, /) -> None:
        stream = connection.data_connection
        del connection.data_connection
        async with stream:
            async for path in connection.path_io.list(real):
                await stream.write(f"{path.name}\r\n".encode(server.encoding))
        connection.response("226", "nlst transfer done")

    real, _ = server.get_paths(connection, rest)
    connection.extra_workers.add(asyncio.ensure_future(names(server, connection, rest)))
    connection.response("150", "nlst transfer started")
    return True


class _Users(aioftp.AbstractUserManager):
    """Finds users when they log in: there are as many as files wait for their recipients."""

    def __init__(self, find: Callable[[str], Login | None], gone: Callable[[aioftp.User], None]) -> None:
        super().__init__()
        self._find = find
        self._gone = gone

    async def get_user(self, login: str) -> tuple[aioftp.AbstractUserManager.GetUserResponse, aioftp.User | None, str]:
        """Return the user; whoever he is, a password is asked for, as clients expect it."""
        found = self._find(login)
        if found is None:
            return self.GetUserResponse.ERROR, None, "no such user"
        user = aioftp.User(
            login,
            found.password,
            base_path=found.folder,
            permissions=[aioftp.Permission("/", writable=found.writable)],
        )
        return self.GetUserResponse.PASSWORD_REQUIRED, user, "password required"

    async def authenticate(self, user: aioftp.User, password: str) -> bool:
        """Return whether the password is the user's."""
        return user.password is None or hmac.compare_digest(user.password.encode(), password.encode())

    async def notify_logout(self, user: aioftp.User) -> None:
        """Forget a user whose connection is closed."""
        self._gone(user)


def _bounded(writers: Writers, limit: int) -> type[aioftp.AsyncPathIO]:
    """Return the library's way to files, with the limit, and with `writers` kept up to date."""

    class Bounded(aioftp.AsyncPathIO):
        async def _open(self, path: Path, mode: Any = "rb", *rest: Any, **more: Any) -> io.BytesIO:
            if mode == "rb":
                return await super()._open(path, mode, *rest, **more)
            with writers.opening(path):
                file = await super()._open(path, mode, *rest, **more)
                writers.began(os.fstat(file.fileno()))
            return file

        async def write(self, file: io.BytesIO, data: Any) -> int:
            if file.tell() > limit:
                raise PathIOError(reason=None)
            written: int = await super().write(file, data)
            return written

        async def close(self, file: io.BytesIO) -> None:
            status = os.fstat(file.fileno()) if file.writable() else None
            await super().close(file)
            if status is not None:
                writers.ended(status)

    return Bounded


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
