"""A comparison's row on its way: begun, asked page by page, arrived, compared. Steps of a transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, delete, insert, select, update

from socert.gateway.errors import Unhandled
from socert.gateway.exchange import outbox
from socert.gateway.store.tables import MessageState, micros
from socert.gateway.store.tables import outbox as outbox_table
from socert.gateway.store.tables_life import SnapshotState, difference, snapshot, snapshot_item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, RowMapping

    from socert.contracts.portal import account

MOST_PAGES = 10_000
"""A portal whose pages do not end is not asked for ever."""
_OPEN = (SnapshotState.ASKING.value, SnapshotState.WAITING.value, SnapshotState.ARRIVED.value)
_LOST = (MessageState.DEAD.value, MessageState.REJECTED.value, MessageState.CANCELLED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A comparison as it stands; `compared` counts objects, times are microseconds."""

    snapshot_id: str
    state: SnapshotState
    repair: bool
    started_at: int
    ended_at: int | None
    page_token: str | None
    compared: int
    error: str | None


def begin(connection: Connection, snapshot_id: str, *, repair: bool, now: datetime) -> str:
    """Begin a comparison and return its id; one that is under way is joined, and repairs if either wants it."""
    under_way = current(connection)
    if under_way is not None:
        if repair and not under_way.repair:
            chosen = snapshot.c.snapshot_id == under_way.snapshot_id
            connection.execute(update(snapshot).where(chosen).values(repair=1))
        return under_way.snapshot_id
    connection.execute(
        insert(snapshot).values(
            snapshot_id=snapshot_id,
            state=SnapshotState.ASKING.value,
            repair=int(repair),
            started_at=micros(now),
            pages=0,
            compared=0,
        )
    )
    return snapshot_id


def current(connection: Connection) -> Snapshot | None:
    """Return the comparison that is under way, None when there is none."""
    found = connection.execute(select(snapshot).where(snapshot.c.state.in_(_OPEN)).limit(1)).mappings().first()
    return None if found is None else _snapshot(found)


def latest(connection: Connection, snapshot_id: str | None = None) -> Snapshot | None:
    """Return a comparison, by default the one begun last."""
    chosen = select(snapshot).order_by(snapshot.c.started_at.desc()).limit(1)
    if snapshot_id is not None:
        chosen = chosen.where(snapshot.c.snapshot_id == snapshot_id)
    found = connection.execute(chosen).mappings().first()
    return None if found is None else _snapshot(found)


def _snapshot(row: RowMapping) -> Snapshot:
    return Snapshot(
        snapshot_id=row["snapshot_id"],
        state=SnapshotState(row["state"]),
        repair=bool(row["repair"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        page_token=row["page_token"],
        compared=row["compared"],
        error=row["error"],
    )


def asked(connection: Connection, snapshot_id: str, message: outbox.NewMessage, now: datetime) -> None:
    """The next page is asked for by this message."""
    outbox.put(connection, message, now)
    connection.execute(
        update(snapshot)
        .where(snapshot.c.snapshot_id == snapshot_id, snapshot.c.state == SnapshotState.ASKING.value)
        .values(state=SnapshotState.WAITING.value, message_id=message.message_id)
    )


def take_answer(connection: Connection, message_id: str, answer: account.SnapshotResponse, now: datetime) -> object:
    """Keep a page that the portal gave; the settler of AccountSnapshotResponse."""
    row = connection.execute(select(snapshot).where(snapshot.c.message_id == message_id)).mappings().first()
    if row is None or row["snapshot_id"] != answer.snapshot_id:
        raise Unhandled("a snapshot that nobody here has asked for")
    if row["state"] != SnapshotState.WAITING:
        return "kept before"
    rows = [
        {"snapshot_id": answer.snapshot_id, "object_id": item.object_id, "seq": item.seq, "digest": item.digest}
        for item in {item.object_id: item for item in answer.items}.values()
    ]
    if rows:
        known = snapshot_item.c
        ids = [one["object_id"] for one in rows]
        connection.execute(
            delete(snapshot_item).where(known.snapshot_id == answer.snapshot_id, known.object_id.in_(ids))
        )
        connection.execute(insert(snapshot_item), rows)
    pages, token = row["pages"] + 1, answer.page_token
    values: dict[str, object] = {"pages": pages, "page_token": token, "state": SnapshotState.ARRIVED.value}
    if token is not None and (token == row["page_token"] or pages >= MOST_PAGES):
        values |= {
            "state": SnapshotState.FAILED.value,
            "ended_at": micros(now),
            "error": "the portal's pages do not end",
        }
    elif token is not None:
        values["state"] = SnapshotState.ASKING.value
    connection.execute(update(snapshot).where(snapshot.c.snapshot_id == answer.snapshot_id).values(values))
    outbox.settle(connection, message_id, MessageState.DONE, now=now, outcome=f"{len(rows)} objects", even_dead=True)
    return f"page {pages} of a snapshot: {len(rows)} objects"


def any_lost(connection: Connection) -> bool:
    """Whether the question of a comparison was refused or could not be delivered."""
    return connection.execute(select(snapshot.c.snapshot_id).where(_lost()).limit(1)).first() is not None


def give_up_lost(connection: Connection, now: datetime) -> None:
    """End a comparison whose question was refused or could not be delivered."""
    connection.execute(
        update(snapshot)
        .where(_lost())
        .values(state=SnapshotState.FAILED.value, ended_at=micros(now), error="the question did not reach the portal")
    )


def _lost() -> ColumnElement[bool]:
    lost = select(outbox_table.c.outcome).where(
        outbox_table.c.message_id == snapshot.c.message_id, outbox_table.c.state.in_(_LOST)
    )
    return and_(snapshot.c.state == SnapshotState.WAITING.value, lost.exists())


def end(connection: Connection, snapshot_id: str, *, compared: int, now: datetime) -> None:
    """The comparison is made: what the portal said is not needed any more."""
    connection.execute(delete(snapshot_item).where(snapshot_item.c.snapshot_id == snapshot_id))
    connection.execute(
        update(snapshot)
        .where(snapshot.c.snapshot_id == snapshot_id)
        .values(state=SnapshotState.DONE.value, ended_at=micros(now), compared=compared)
    )


def listed(connection: Connection, snapshot_id: str) -> Sequence[tuple[str, str, bool]]:
    """Return a comparison's differences: object id, what, and whether it was set right."""
    row = difference.c
    chosen = select(row.object_id, row.what, row.repaired_at).where(row.snapshot_id == snapshot_id).order_by(row.id)
    return [(found.object_id, found.what, found.repaired_at is not None) for found in connection.execute(chosen)]
