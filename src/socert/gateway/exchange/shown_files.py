"""Files of received messages as an operator sees them: a list, and the bytes of each, out of the folder or the message.

Names of files may name persons: whoever shows them asks who is there, and puts them into no log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from socert.contracts.smev import reply
from socert.gateway.exchange import files
from socert.gateway.store.tables import inbox
from socert.gateway.store.tables_files import FileState, inbox_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A file of a received message; `state` in the words of `FileState`, `error` says why it did not come."""

    file_id: int
    message_id: str
    message_type: str
    name: str
    mime_type: str
    size: int | None
    state: FileState
    tries: int
    error: str

    @property
    def here(self) -> bool:
        """Whether its bytes can be had."""
        return self.state in (FileState.KEPT, FileState.INSIDE)


def listed(connection: Connection, *, message_id: str | None = None, limit: int) -> Sequence[Shown]:
    """Return the latest files, or those of one message, the newest message first."""
    row = inbox_file.c
    chosen = (
        select(inbox_file, inbox.c.message_id, inbox.c.message_type)
        .join(inbox, inbox.c.id == row.inbox_id)
        .order_by(row.inbox_id.desc(), row.id)
        .limit(limit)
    )
    if message_id is not None:
        chosen = chosen.where(inbox.c.message_id == message_id)
    return [_shown(found) for found in connection.execute(chosen).mappings()]


def content(connection: Connection, folder: Path, file_id: int) -> tuple[Shown, bytes | Path] | None:
    """Return a file and its bytes, or where it lies; None when there is no such file, or it is not here."""
    row = inbox_file.c
    chosen = select(inbox_file, inbox.c.message_id, inbox.c.message_type, inbox.c.body, inbox.c.content_type)
    found = connection.execute(chosen.join(inbox, inbox.c.id == row.inbox_id).where(row.id == file_id)).mappings()
    one = found.first()
    if one is None or not (shown := _shown(one)).here:
        return None
    if shown.state is FileState.KEPT:
        return shown, files.arrived_at(folder, one["inbox_id"], file_id)
    delivery = reply.open_reply(one["body"], one["content_type"]).delivery
    inside = {} if delivery is None else {part.id: part.content for part in delivery.contents}
    data = inside.get(one["content_id"])
    return None if data is None else (shown, data)


def _shown(row: Any) -> Shown:
    return Shown(
        file_id=row["id"],
        message_id=row["message_id"],
        message_type=row["message_type"] or "",
        name=row["name"] or row["content_id"] or "",
        mime_type=row["mime_type"],
        size=row["size"],
        state=FileState(row["state"]),
        tries=row["tries"],
        error=row["error"] or "",
    )
