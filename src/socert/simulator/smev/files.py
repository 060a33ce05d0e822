"""The exchange's file store: what senders upload, what waits for recipients, and who may fetch it.

On the disk, below one folder:

    inbound/shared/UUID/file            uploaded by anonymous or smev
    inbound/own/MNEMONIC/UUID/file      uploaded by a participant under its mnemonic
    kept/MESSAGE/UUID/UUID/file         of a message that was taken; a user sees what stands below the first UUID

A file moves from `inbound` to `kept` when its message is taken, and is gone once the last recipient has acknowledged.
Each recipient of each file has a user and a password of its own, which open that file alone, to be read.

Sources: SMEV 3 manual 3.3, 5 (figures 19 to 21); the logins are those of known clients.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from socert.contracts.signature.suites import Suite
from socert.contracts.smev.attachments import StoredFile
from socert.contracts.smev.ids import MessageIdInvalid, issued_at
from socert.host.log import get_logger
from socert.simulator.errors import SettingsError
from socert.simulator.smev.ftp import FtpServer, Login, Writers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime, timedelta

    from socert.simulator.state import State

#: Who uploads without saying who he is.
SHARED = frozenset({"anonymous", "smev"})

log = get_logger("files")


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """A file that a sender has uploaded: its folder, its name in it, its size in bytes."""

    uuid: str
    folder: Path
    name: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a message says of an uploaded file: its hash, by the digest of one of these suites."""

    file: Uploaded
    hash: bytes
    suites: tuple[Suite, ...]


class FileStore:
    """Files of messages, and the FTP server to them.

    `folder`: where they lie; None for one that is made at the start and removed at the end. `limit`: how many bytes a
    file may have. `known` says whether a mnemonic is a participant's; `keep` is how long an upload waits for its
    message; `token` makes users and passwords.
    """

    def __init__(
        self,
        *,
        state: State,
        folder: Path | None,
        limit: int,
        known: Callable[[str], bool],
        keep: timedelta,
        token: Callable[[], str] = lambda: secrets.token_hex(15),
    ) -> None:
        self._state = state
        self._folder = folder
        self._made: tempfile.TemporaryDirectory[str] | None = None
        self._known = known
        self._keep = keep
        self._token = token
        self._writers = Writers()
        self._server = FtpServer(self._login, writers=self._writers, limit=limit)
        self._seen: dict[Path, datetime] = {}
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 is any free one. `SettingsError` where folder or address cannot be used."""
        if self._folder is None:
            self._made = tempfile.TemporaryDirectory(prefix="socert-files-")
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            self._own.mkdir(parents=True, exist_ok=True)
            self._shared.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The folder {self._root} cannot hold the file store: {error.strerror}. Choose another with --files."
            ) from error
        try:
            await self._server.start(host, port)
        except OSError as error:
            raise SettingsError(
                f"The address {host}:{port} cannot be used for FTP: {error.strerror}. Choose another with --ftp-port."
            ) from error
        self.port = self._server.server_port

    async def stop(self) -> None:
        """Close all connections, and remove the folder if it was made here."""
        if self.port:
            await self._server.close()
            self.port = 0
        if self._made is not None:
            self._made.cleanup()
            self._made = None

    def uploaded(self, sender: str, uuid: str, name: str | None = None) -> Uploaded | None:
        """Return what a sender has uploaded as `uuid`; None unless that folder holds one whole file and nothing else.

        With a `name` the file must have it.
        """
        try:
            issued_at(uuid)
        except MessageIdInvalid:
            return None
        if not self.port:
            return None
        for folder in (self._area(sender) / uuid, self._shared / uuid):
            inside = list(folder.iterdir()) if folder.is_dir() else []
            if len(inside) == 1 and inside[0].is_file() and inside[0] not in self._writers:
                found = inside[0]
                if name in (None, found.name):
                    return Uploaded(uuid=uuid, folder=folder, name=found.name, size=found.stat().st_size)
        return None

    def used(self, recipient: str, message_type: str) -> int:
        """Return how many bytes wait for a recipient in messages of one type."""
        row = self._state.one(
            "SELECT coalesce(sum(size), 0) AS total FROM stored_file AS file WHERE recipient = ? AND message_type = ?"
            " AND EXISTS (SELECT 1 FROM queue WHERE message_id = file.message_id AND recipient = file.recipient)",
            recipient,
            message_type,
        )
        return 0 if row is None else int(row["total"])

    def keep(self, message_id: str, message_type: str, recipients: Collection[str], claims: Sequence[Claim]) -> None:
        """Take uploads over for a message, with a user and a password for each recipient. Call in a transaction."""
        for claim in claims:
            upload = claim.file
            place = self._kept / message_id / upload.uuid
            place.mkdir(parents=True)
            upload.folder.rename(place / upload.uuid)
            self._seen.pop(upload.folder, None)
            for recipient in recipients:
                self._state.run(
                    "INSERT INTO stored_file (message_id, recipient, uuid, message_type, user_name, password,"
                    " file_name, size, hash, suites) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    message_id,
                    recipient,
                    upload.uuid,
                    message_type,
                    self._token(),
                    self._token(),
                    upload.name,
                    upload.size,
                    claim.hash,
                    " ".join(suite.name for suite in claim.suites),
                )

    def kept(self, message_id: str) -> list[tuple[Path, Claim]]:
        """Return the files of a message, where they lie, and what the message says of them."""
        rows = self._state.all(
            "SELECT uuid, file_name, size, hash, suites FROM stored_file WHERE message_id = ? GROUP BY uuid", message_id
        )
        found = []
        for row in rows:
            folder = self._kept / message_id / row["uuid"] / row["uuid"]
            file = Uploaded(uuid=row["uuid"], folder=folder, name=row["file_name"], size=row["size"])
            suites = tuple(Suite[name] for name in row["suites"].split())
            found.append((folder / file.name, Claim(file=file, hash=row["hash"], suites=suites)))
        return found

    def stored(self, message_id: str, recipient: str) -> tuple[StoredFile, ...]:
        """Return what a recipient is told of a message's files."""
        rows = self._state.all(
            "SELECT uuid, user_name, password, file_name FROM stored_file WHERE message_id = ? AND recipient = ?"
            " ORDER BY rowid",
            message_id,
            recipient,
        )
        return tuple(
            StoredFile(
                uuid=row["uuid"],
                user_name=row["user_name"],
                password=row["password"],
                file_name=row["file_name"],
            )
            for row in rows
        )

    def release(self, message_id: str, recipient: str | None = None) -> None:
        """Close a message's files to a recipient, or to all; remove them when nobody is left who may fetch them."""
        who = "" if recipient is None else " AND recipient = ?"
        values = (message_id,) if recipient is None else (message_id, recipient)
        removed = self._state.run(f"DELETE FROM stored_file WHERE message_id = ?{who}", *values)  # noqa: S608 - constants
        if removed and self._state.one("SELECT 1 FROM stored_file WHERE message_id = ?", message_id) is None:
            shutil.rmtree(self._kept / message_id, ignore_errors=True)

    def discard(self, uploads: Sequence[Uploaded]) -> None:
        """Remove uploads whose message was refused after it had been taken."""
        for upload in uploads:
            shutil.rmtree(upload.folder, ignore_errors=True)

    def sweep(self, now: datetime) -> None:
        """Remove the files of messages that no queue holds any more, and uploads that waited too long."""
        if not self.port:
            return
        self._state.run(
            "DELETE FROM stored_file WHERE NOT EXISTS (SELECT 1 FROM queue WHERE queue.message_id ="
            " stored_file.message_id AND queue.recipient = stored_file.recipient)"
        )
        held = {row["message_id"] for row in self._state.all("SELECT DISTINCT message_id FROM stored_file")}
        for place in self._kept.iterdir():
            if place.name not in held:
                shutil.rmtree(place, ignore_errors=True)
        waiting = {place for area in (self._shared, *self._own.iterdir()) for place in area.iterdir()}
        self._seen = {place: self._seen.get(place, now) for place in waiting}
        for place in [place for place, since in self._seen.items() if now - since > self._keep]:
            log.info("upload forgotten by age")
            del self._seen[place]
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove every file."""
        if not self.port:
            return
        self._seen.clear()
        for area in (self._shared, self._own, self._kept):
            for place in area.iterdir():
                if place.is_dir():
                    shutil.rmtree(place, ignore_errors=True)
                else:
                    place.unlink(missing_ok=True)

    def _login(self, user: str) -> Login | None:
        """Return what a user may see: its place for uploads, or the one file that the user was made for."""
        row = self._state.one("SELECT message_id, uuid, password FROM stored_file WHERE user_name = ?", user)
        if row is not None:
            return Login(folder=self._kept / row["message_id"] / row["uuid"], password=row["password"])
        if user in SHARED:
            return Login(folder=self._shared, writable=True)
        if not self._known(user):
            return None
        area = self._area(user)
        area.mkdir(exist_ok=True)
        return Login(folder=area, writable=True)

    @property
    def _root(self) -> Path:
        if self._folder is not None:
            return self._folder
        assert self._made is not None
        return Path(self._made.name)

    @property
    def _shared(self) -> Path:
        return self._root / "inbound" / "shared"

    @property
    def _own(self) -> Path:
        return self._root / "inbound" / "own"

    @property
    def _kept(self) -> Path:
        return self._root / "kept"

    def _area(self, mnemonic: str) -> Path:
        # Dots too: a mnemonic may be "..".
        return self._own / quote(mnemonic, safe="").replace(".", "%2E")
