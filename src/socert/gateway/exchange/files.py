"""Files that travel with messages: their rows, and where they lie in our folder. Steps of a transaction each.

    FOLDER/in/INBOX ROW/FILE ROW        a file that was fetched
    FOLDER/out/MESSAGE/UUID             a file of ours that waits to go up

Places are made of our own numbers: what others named a file never becomes a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select, update

from socert.gateway.store.tables import InboxState, MessageState, inbox, micros, outbox
from socert.gateway.store.tables_files import FileState, inbox_file, outbox_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import RowMapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Arriving:
    """A file of a message that comes in: inside it (`content_id`), or in the file store (`uuid`) under a hash.

    `size` in bytes where it is known, `digest` in base64.
    """

    mime_type: str
    content_id: str | None = None
    uuid: str | None = None
    name: str | None = None
    digest: str | None = None
    size: int | None = None

    @property
    def to_fetch(self) -> bool:
        """Whether it lies in the file store."""
        return self.uuid is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """A file of a message of ours that goes through the file store; it lies in our folder (`leaving_at`)."""

    uuid: str
    name: str
    mime_type: str
    size: int


def arrived_at(folder: Path, inbox_id: int, file_id: int) -> Path:
    """Return where a fetched file lies."""
    return folder / "in" / str(inbox_id) / str(file_id)


def leaving_at(folder: Path, message_id: str, uuid: str) -> Path:
    """Return where a file of ours lies until it is gone; both ids are our own."""
    return folder / "out" / message_id / uuid


# --- files that come in -----------------------------------------------------------------------------------------------


def arrive(connection: Connection, inbox_id: int, files: Iterable[Arriving], now: datetime) -> None:
    """Note the files of a message that is kept."""
    rows = [
        {
            "inbox_id": inbox_id,
            "uuid": file.uuid and file.uuid[:36],
            "content_id": file.content_id and file.content_id[:255],
            "name": file.name and file.name[:255],
            "mime_type": file.mime_type[:200],
            "digest": file.digest and file.digest[:100],
            "size": file.size,
            "state": (FileState.WAITING if file.to_fetch else FileState.INSIDE).value,
            "tries": 0,
            "next_try_at": micros(now) if file.to_fetch else None,
        }
        for file in files
    ]
    if rows:
        connection.execute(insert(inbox_file), rows)


def of(connection: Connection, inbox_id: int) -> Sequence[RowMapping]:
    """Return the files of a message in its order."""
    chosen = select(inbox_file).where(inbox_file.c.inbox_id == inbox_id).order_by(inbox_file.c.id)
    return connection.execute(chosen).mappings().all()


def any_failed(connection: Connection, inbox_id: int) -> bool:
    """Whether a file of a message could not be fetched."""
    row = inbox_file.c
    chosen = select(row.id).where(row.inbox_id == inbox_id, row.state == FileState.FAILED).limit(1)
    return connection.execute(chosen).first() is not None


def try_again(connection: Connection, inbox_id: int, now: datetime) -> None:
    """Let the files of a message that are not there yet be fetched now."""
    row = inbox_file.c
    missing = (row.inbox_id == inbox_id, row.state.in_((FileState.WAITING, FileState.FAILED)))
    connection.execute(
        update(inbox_file)
        .where(*missing)
        .values(state=FileState.WAITING.value, tries=0, next_try_at=micros(now), error=None)
    )


def due(connection: Connection, now: datetime, limit: int) -> Sequence[int]:
    """Return the messages, by their rows' ids, that have a file to fetch now; the oldest first."""
    row = inbox_file.c
    chosen = (
        select(row.inbox_id)
        .join(inbox, inbox.c.id == row.inbox_id)
        .where(row.state == FileState.WAITING, row.next_try_at <= micros(now), inbox.c.state == InboxState.FETCHING)
        .group_by(row.inbox_id)
        .order_by(row.inbox_id)
        .limit(limit)
    )
    return connection.scalars(chosen).all()


def keep(connection: Connection, file_id: int, *, size: int) -> None:
    """A file lies in our folder, whole and as its sender signed it."""
    _set(connection, file_id, state=FileState.KEPT.value, size=size, error=None)


def postpone(connection: Connection, file_id: int, *, tries: int, at: datetime, error: str) -> None:
    """A file did not come; try again at a time."""
    _set(connection, file_id, tries=tries, next_try_at=micros(at), error=error)


def give_up(connection: Connection, file_id: int, *, tries: int, error: str) -> None:
    """A file did not come, and is not tried again."""
    _set(connection, file_id, state=FileState.FAILED.value, tries=tries, next_try_at=None, error=error)


def _set(connection: Connection, file_id: int, **values: object) -> None:
    mine = (inbox_file.c.id == file_id, inbox_file.c.state == FileState.WAITING)
    connection.execute(update(inbox_file).where(*mine).values(**values))


def complete(connection: Connection, inbox_id: int) -> bool:
    """All files of a message are there: it may be handled now; False when it was before, or is not yet."""
    row = inbox_file.c
    missing = select(func.count()).where(row.inbox_id == inbox_id, row.state.in_((FileState.WAITING, FileState.FAILED)))
    if connection.scalar(missing):
        return False
    mine = (inbox.c.id == inbox_id, inbox.c.state == InboxState.FETCHING)
    done = connection.execute(update(inbox).where(*mine).values(state=InboxState.RECEIVED.value))
    return bool(done.rowcount)


def abandon(connection: Connection, inbox_id: int, *, now: datetime, error: str) -> bool:
    """A message stays without its files, for a person to look at; False when it was ended before."""
    mine = (inbox.c.id == inbox_id, inbox.c.state == InboxState.FETCHING)
    done = connection.execute(
        update(inbox).where(*mine).values(state=InboxState.FAILED.value, handled_at=micros(now), error=error)
    )
    return bool(done.rowcount)


def erase(connection: Connection, inbox_id: int) -> int:
    """Take out what a message's files are called; the files themselves go at the next sweep. Return how many."""
    row = inbox_file.c
    done = connection.execute(
        update(inbox_file)
        .where(row.inbox_id == inbox_id, row.state != FileState.ERASED)
        .values(state=FileState.ERASED.value, name=None, digest=None, error=None, next_try_at=0)
    )
    return done.rowcount


def erased(connection: Connection) -> Sequence[tuple[int, int]]:
    """Return the files whose bytes are still to go: row of the message, row of the file."""
    row = inbox_file.c
    chosen = select(row.inbox_id, row.id).where(row.state == FileState.ERASED, row.next_try_at == 0)
    return [(found.inbox_id, found.id) for found in connection.execute(chosen)]


def swept(connection: Connection, file_ids: Sequence[int]) -> None:
    """The bytes of these files are gone."""
    connection.execute(update(inbox_file).where(inbox_file.c.id.in_(file_ids)).values(next_try_at=None))


# --- files that go out ------------------------------------------------------------------------------------------------


def leave(connection: Connection, message_id: str, files: Iterable[Leaving]) -> None:
    """Note the files of a message of ours."""
    rows = [
        {
            "message_id": message_id,
            "uuid": file.uuid,
            "name": file.name,
            "mime_type": file.mime_type,
            "size": file.size,
            "kept": 1,
        }
        for file in files
    ]
    if rows:
        connection.execute(insert(outbox_file), rows)


def to_upload(connection: Connection, message_id: str) -> Sequence[RowMapping]:
    """Return the files of a message that are not in the file store yet."""
    row = outbox_file.c
    chosen = select(row.id, row.uuid, row.name).where(row.message_id == message_id, row.uploaded_at.is_(None))
    return connection.execute(chosen.order_by(row.id)).mappings().all()


def uploaded(connection: Connection, file_id: int, now: datetime) -> None:
    """A file of ours is in the file store."""
    connection.execute(update(outbox_file).where(outbox_file.c.id == file_id).values(uploaded_at=micros(now)))


def gone(connection: Connection) -> Sequence[tuple[int, str, str]]:
    """Return our copies that nobody needs any more: row, message, uuid. What is dead may be sent again."""
    row = outbox_file.c
    chosen = (
        select(row.id, row.message_id, row.uuid)
        .join(outbox, outbox.c.message_id == row.message_id)
        .where(row.kept == 1, outbox.c.state.not_in((MessageState.QUEUED, MessageState.DEAD)))
    )
    return [(found.id, found.message_id, found.uuid) for found in connection.execute(chosen)]


def dropped(connection: Connection, file_ids: Sequence[int]) -> None:
    """Our copies of these files are removed."""
    connection.execute(update(outbox_file).where(outbox_file.c.id.in_(file_ids)).values(kept=0))
