"""The inbox's rows: taken in once, handled once. Steps of a transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from socert.gateway.exchange import files
from socert.gateway.store.tables import InboxState, inbox, micros
from socert.gateway.store.tables_files import FileState, inbox_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row, RowMapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """A message as it was received: the exchange's operation, ids, and the raw reply that carried it."""

    message_id: str
    operation: str
    message_type: str | None
    original_message_id: str | None
    reply_to: str | None
    content_type: str
    body: bytes
    files: tuple[files.Arriving, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of a message that came in: whether it is new, and whether its files are still to be fetched."""

    new: bool
    fetching: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message that waits for its handler; `former` is the answer that it was given before, where that one failed."""

    id: int
    message_id: str
    operation: str
    original_message_id: str | None
    reply_to: str | None
    content_type: str
    body: bytes
    former: str | None = None


def take(connection: Connection, message: Arrived, *, now: datetime, error: str | None = None) -> Taken:
    """Keep a message; when it was there already nothing changes, but its files that failed are tried again.

    With `error` it cannot be trusted: it is kept for a person to look at and no handler sees it. Such a one gives way
    to the true message of the same id, which would be lost otherwise.
    """
    fetching = error is None and any(file.to_fetch for file in message.files)
    trusted = InboxState.FETCHING if fetching else InboxState.RECEIVED
    values = {
        "operation": message.operation,
        "message_type": message.message_type,
        "original_message_id": message.original_message_id,
        "reply_to": message.reply_to,
        "content_type": message.content_type,
        "body": message.body,
        "state": (trusted if error is None else InboxState.FAILED).value,
        "received_at": micros(now),
        "error": error,
    }
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(inbox)
    put = insert.values(message_id=message.message_id, **values).on_conflict_do_nothing().returning(inbox.c.id)
    key = connection.scalar(put)
    if key is not None:
        if error is None:
            files.arrive(connection, key, message.files, now)
        return Taken(new=True, fetching=fetching)
    chosen = select(inbox.c.id, inbox.c.state, inbox.c.handled_at).where(inbox.c.message_id == message.message_id)
    there = connection.execute(chosen).one()
    never_trusted = there.state == InboxState.FAILED and there.handled_at is None
    if error is None and never_trusted:
        connection.execute(update(inbox).where(inbox.c.id == there.id).values(**values))
        files.arrive(connection, there.id, message.files, now)
        return Taken(new=True, fetching=fetching)
    open_still = there.state == InboxState.FETCHING or (
        there.state == InboxState.FAILED and files.any_failed(connection, there.id)
    )
    if fetching and open_still:
        # What fetches them may be told anew each time.
        fresh = {name: values[name] for name in ("body", "content_type", "state", "error")}
        connection.execute(update(inbox).where(inbox.c.id == there.id).values(**fresh, handled_at=None))
        files.try_again(connection, there.id, now)
        return Taken(new=False, fetching=True)
    return Taken(new=False)


def waiting(connection: Connection, limit: int, awaited: Collection[str] = ()) -> Sequence[Waiting]:
    """Return the oldest messages that wait for their handlers, those of types that are `awaited` before all others."""
    later = case((inbox.c.message_type.in_(awaited), 0), else_=1)
    first = select(inbox.c.id).where(inbox.c.state == InboxState.RECEIVED).order_by(later, inbox.c.id).limit(limit)
    # Bodies are read of the chosen ones only: a long queue would be read whole to be put in order.
    chosen = select(inbox).where(inbox.c.id.in_(list(connection.scalars(first)))).order_by(later, inbox.c.id)
    return [_waiting(row) for row in connection.execute(chosen)]


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        message_id=row.message_id,
        operation=row.operation,
        original_message_id=row.original_message_id,
        reply_to=row.reply_to,
        content_type=row.content_type,
        body=row.body,
        former=row.answer_id,
    )


def one(connection: Connection, key: int) -> Waiting:
    """Return a message by its row's id."""
    return _waiting(connection.execute(select(inbox).where(inbox.c.id == key)).one())


def finish(connection: Connection, key: int, *, now: datetime, answer_id: str | None = None) -> bool:
    """The message is handled; False when somebody had handled it before, and then nothing may be committed."""
    return _end(connection, key, InboxState.HANDLED, now, answer_id=answer_id)


def fail(connection: Connection, key: int, *, now: datetime, error: str) -> bool:
    """The message cannot be handled; it stays for a person to look at."""
    return _end(connection, key, InboxState.FAILED, now, error=error)


def _end(
    connection: Connection,
    key: int,
    state: InboxState,
    now: datetime,
    *,
    answer_id: str | None = None,
    error: str | None = None,
) -> bool:
    done = connection.execute(
        update(inbox)
        .where(inbox.c.id == key, inbox.c.state == InboxState.RECEIVED)
        .values(state=state.value, handled_at=micros(now), answer_id=answer_id, error=error)
    )
    return bool(done.rowcount)


def again(connection: Connection, message_ids: Sequence[str] | None) -> int:
    """Let messages be handled again that nobody could handle, all of them or these; return how many.

    What could not be trusted or read stays as it is: no handler may see it. So does what lacks its files.
    """
    lacking = select(inbox_file.c.inbox_id).where(inbox_file.c.state == FileState.FAILED)
    chosen = update(inbox).where(
        inbox.c.state == InboxState.FAILED, inbox.c.handled_at.is_not(None), inbox.c.id.not_in(lacking)
    )
    if message_ids is not None:
        chosen = chosen.where(inbox.c.message_id.in_(message_ids))
    done = connection.execute(chosen.values(state=InboxState.RECEIVED.value, handled_at=None, error=None))
    return done.rowcount


def listed(connection: Connection, state: str | None, limit: int) -> Sequence[RowMapping]:
    """Return the latest messages that came in, newest first, by ids and reasons: never what they say."""
    row = inbox.c
    chosen = select(
        row.message_id,
        row.operation,
        row.message_type,
        row.original_message_id,
        row.state,
        row.received_at,
        row.handled_at,
        row.answer_id,
        row.error,
    ).order_by(row.received_at.desc(), row.id.desc())
    if state is not None:
        chosen = chosen.where(row.state == state)
    return connection.execute(chosen.limit(limit)).mappings().all()


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many messages stand in each state."""
    rows = connection.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state))
    return {row[0]: row[1] for row in rows}
