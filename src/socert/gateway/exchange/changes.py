"""The changes' rows: which may be packed now, and what became of those that were. Steps of a transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from socert.gateway.mapping.account_drawing import PREFIX
from socert.gateway.store.prepared import Prepared
from socert.gateway.store.tables import SEQ_START, ChangeState, Kind, Way, change, micros, projection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


PASSED_OVER = 86_400
"""Version numbers that are left out when the portal has seen higher ones than ours: about those of a day."""
_SEQ = f"<{PREFIX}:seq>{{}}</{PREFIX}:seq>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A change that may leave: its row, its object, whose certificate it is about, its rendered update, and which way.

    `former` is the message that it left in before, where that one failed.
    """

    id: int
    object_id: str
    seq: int
    guid: str
    alone: bool
    body: str
    former: str | None
    kind: Kind = Kind.CERTIFICATE
    way: Way = Way.ACCOUNT


_KINDS = {kind.value: kind for kind in Kind}
_WAYS = {way.value: way for way in Way}
_OTHER = change.alias("other")
_PENDING = Prepared(
    select(
        change.c.id,
        change.c.object_id,
        change.c.seq,
        change.c.certificate_guid,
        change.c.alone,
        change.c.body,
        change.c.message_id,
        change.c.kind,
        change.c.way,
    )
    .where(
        change.c.state == ChangeState.PENDING.value,
        ~exists().where(_OTHER.c.object_id == change.c.object_id, _OTHER.c.state == ChangeState.PACKED.value),
    )
    .order_by(change.c.id)
    .limit(bindparam("most"))
)
_PACK = Prepared(
    update(change)
    .where(change.c.id == bindparam("key"), change.c.state == ChangeState.PENDING.value)
    .values(state=ChangeState.PACKED.value, message_id=bindparam("message"))
)


def pending(connection: Connection, limit: int) -> Sequence[Pending]:
    """Return the next batch: oldest first, at most `limit`, none whose object is still on its way in another message.

    Changes of one certificate that were made together stay together, unless they alone fill a batch. A change that
    must travel alone (its last message was refused as a whole) is a batch of its own.
    """
    found = batches(connection, limit, ahead=limit)
    return found[0] if found else ()


def batches(connection: Connection, limit: int, *, ahead: int) -> Sequence[Sequence[Pending]]:
    """Return the next batches, each as `pending` says, out of about the `ahead` oldest changes; at least one if any.

    An object stands in one of them only: its later changes wait until the earlier ones have arrived.
    """
    most = max(limit, ahead)
    rows: Sequence[Pending] = [
        Pending(
            id=key,
            object_id=object_id,
            seq=seq,
            guid=guid,
            alone=bool(alone),
            body=body,
            former=former,
            kind=_KINDS[kind],
            way=_WAYS[way],
        )
        for key, object_id, seq, guid, alone, body, former, kind, way in _PENDING.rows(connection, {"most": most + 1})
    ]
    all_read = len(rows) <= most
    found: list[Sequence[Pending]] = []
    travelling: set[str] = set()
    while rows:
        batch = _batch(rows, limit)
        if found and not all_read and len(batch) == len(rows):
            break  # the next one was not read, and may belong to the last
        rows = rows[len(batch) :]
        free = [row for row in batch if row.object_id not in travelling]
        if free:
            found.append(free)
            travelling.update([row.object_id for row in free])
    return found


def _batch(rows: Sequence[Pending], limit: int) -> Sequence[Pending]:
    way = rows[0].way
    if rows[0].alone or way is Way.ORDER_EVENT:
        return rows[:1]
    end = next((place for place, row in enumerate(rows) if row.alone or row.way is not way), len(rows))
    if way is Way.ELK:
        end = min(end, _until_repeated(rows))
    if end <= limit:
        return rows[:end]
    cut = limit
    while cut and rows[cut - 1].guid == rows[limit].guid:
        cut -= 1
    return rows[: cut or limit]


def _until_repeated(rows: Sequence[Pending]) -> int:
    """Return how many rows there are before an object comes a second time: an order stands in a message once."""
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if row.object_id in seen:
            return place
        seen.add(row.object_id)
    return len(rows)


def pack(connection: Connection, batch: Sequence[Pending], message_id: str) -> bool:
    """Put the batch into a message; False when any of it may no longer leave, and then nothing may be committed."""
    done = _PACK.run_each(connection, [{"key": row.id, "message": message_id} for row in batch])
    return done == len(batch)


def reject(connection: Connection, ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """End changes that can never leave as they are."""
    connection.execute(
        update(change)
        .where(change.c.id.in_(ids), change.c.state.in_((ChangeState.PENDING, ChangeState.PACKED)))
        .values(state=ChangeState.REJECTED.value, reason=reason, settled_at=micros(now))
    )


def packed(connection: Connection, message_id: str) -> Mapping[tuple[str, int], int]:
    """Return the row ids of a message's changes that are not settled yet, by object and version."""
    chosen = select(change.c.id, change.c.object_id, change.c.seq).where(
        change.c.message_id == message_id, change.c.state == ChangeState.PACKED
    )
    return {(row.object_id, row.seq): row.id for row in connection.execute(chosen)}


def deliver(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """The portal has these. Of each object the last that it has is kept whole, to answer questions from."""
    delivered = ChangeState.DELIVERED.value
    connection.execute(
        update(change)
        .where(change.c.id.in_(ids), change.c.state == ChangeState.PACKED)
        .values(state=delivered, settled_at=micros(now), reason=None)
    )
    objects = select(_OTHER.c.object_id).where(_OTHER.c.id.in_(ids))
    newer = change.alias("newer")
    outrun = exists().where(
        newer.c.object_id == change.c.object_id, newer.c.state == delivered, newer.c.id > change.c.id
    )
    connection.execute(
        update(change)
        .where(
            change.c.object_id.in_(objects),
            change.c.state == delivered,
            change.c.body.is_not(None),
            or_(outrun, change.c.operation == "CLOSE"),
        )
        .values(body=None)
    )


def leave_untold(connection: Connection, untold: Sequence[tuple[int, str]], *, now: datetime) -> None:
    """End changes of which their carrier has nothing to say, each with why; they answer questions all the same."""
    for key, reason in untold:
        connection.execute(
            update(change)
            .where(change.c.id == key, change.c.state == ChangeState.PENDING)
            .values(state=ChangeState.DELIVERED.value, settled_at=micros(now), reason=reason)
        )


def restore(connection: Connection, ids: Sequence[int], *, alone: bool) -> None:
    """Let changes of a message that failed wait again; `alone` makes each a message of its own.

    They keep the message's id: it says that they have left, and may have arrived. What the account was closed after
    meanwhile is not said again.
    """
    closed = exists().where(
        _OTHER.c.object_id == change.c.object_id, _OTHER.c.id > change.c.id, _OTHER.c.operation == "CLOSE"
    )
    connection.execute(
        update(change)
        .where(change.c.id.in_(ids), change.c.state == ChangeState.PACKED, closed)
        .values(state=ChangeState.SUPERSEDED.value, body=None)
    )
    connection.execute(
        update(change)
        .where(change.c.id.in_(ids), change.c.state == ChangeState.PACKED)
        .values(state=ChangeState.PENDING.value, alone=int(alone))
    )


def go_above(connection: Connection, key: int, *, now: datetime) -> bool:
    """Let a change go again under a higher version, where the portal called our newest of the object stale.

    It has seen higher numbers than we gave: a database from an old backup, and a clock behind. How high it does not
    say, so each time a day's worth of numbers is passed over. False where a newer one of ours is on its way: that is
    judged by itself.
    """
    row = connection.execute(select(change).where(change.c.id == key)).mappings().one()
    object_id, seq = row["object_id"], row["seq"]
    newest = connection.scalar(select(projection.c.seq).where(projection.c.object_id == object_id))
    if newest != seq or row["body"] is None:
        return False
    higher = max(seq + PASSED_OVER, (micros(now) - micros(SEQ_START)) // 1_000_000)
    body = row["body"].replace(_SEQ.format(seq), _SEQ.format(higher), 1)
    connection.execute(
        update(change).where(change.c.id == key).values(state=ChangeState.PENDING.value, seq=higher, body=body)
    )
    connection.execute(update(projection).where(projection.c.object_id == object_id).values(seq=higher))
    return True


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many changes stand in each state."""
    rows = connection.execute(select(change.c.state, func.count()).group_by(change.c.state))
    return {row[0]: row[1] for row in rows}
