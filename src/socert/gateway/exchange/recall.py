"""Taking back what has not left, when a consent is withdrawn. Steps of a transaction.

A message's bytes never change, so one that holds anything about the child is cancelled as a whole, and the objects of
other children in it go in another. What was claimed or tried may have arrived: it is cancelled too while nobody has it
in hand, and its objects count as told, so that they are closed. What is on its way or was taken by the exchange goes
its way and is followed by the closing (portal message dictionary, 10, action 2; 15, invariant 12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, exists, literal, or_, select, update

from socert.gateway.store.tables import ChangeState, MessageState, attempt, change, micros, outbox

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

CHUNK = 500
WITHDRAWN = "stopped: a consent was withdrawn"


def recall(connection: Connection, guids: Sequence[str], *, now: datetime) -> int:
    """Cancel all messages with something about these certificates that nobody has in hand; return how many."""
    found: dict[str, None] = {}
    for start in range(0, len(guids), CHUNK):
        chosen = select(change.c.message_id).where(
            change.c.certificate_guid.in_(guids[start : start + CHUNK]), change.c.state == ChangeState.PACKED
        )
        found.update(dict.fromkeys(connection.scalars(chosen)))
    return sum(_cancel(connection, message_id, guids, now) for message_id in found)


def overtaken(connection: Connection, message_id: str, *, now: datetime) -> bool:
    """Cancel a message that was in hand while a consent of a child in it was withdrawn; False when there is none.

    To be asked before the same bytes are sent once more.
    """
    later = change.alias("later")
    chosen = select(change.c.certificate_guid).where(
        change.c.message_id == message_id,
        change.c.state == ChangeState.PACKED,
        exists().where(
            later.c.object_id == change.c.object_id,
            later.c.id > change.c.id,
            later.c.operation == "CLOSE",
            later.c.cause == "CONSENT_WITHDRAWN",
        ),
    )
    guids = list(dict.fromkeys(connection.scalars(chosen)))
    return bool(guids) and _cancel(connection, message_id, guids, now, in_hand=True)


def _cancel(
    connection: Connection, message_id: str, guids: Collection[str], now: datetime, *, in_hand: bool = False
) -> bool:
    row = outbox.c
    tried = exists().where(attempt.c.message_id == message_id)
    at = micros(now)
    unseen = connection.scalar(
        select(row.message_id)
        .where(
            row.message_id == message_id,
            row.attempts == 0,
            row.claimed_until.is_(None),
            row.accepted_at.is_(None),
            ~tried,
        )
        .with_for_update()
    )
    free = or_(row.claimed_until.is_(None), row.claimed_until <= at)
    waits = (row.state == MessageState.QUEUED) if in_hand else ((row.state == MessageState.QUEUED) & free)
    done = connection.execute(
        update(outbox)
        .where(row.message_id == message_id, or_(waits, row.state == MessageState.DEAD))
        .values(
            state=MessageState.CANCELLED.value,
            settled_at=at,
            outcome=WITHDRAWN,
            body=b"",
            claimed_by=None,
            claimed_until=None,
        )
    )
    if not done.rowcount:
        return False
    _release(connection, message_id, guids, at, left=unseen is None)
    return True


def _release(connection: Connection, message_id: str, guids: Collection[str], at: int, *, left: bool) -> None:
    """End the changes of these certificates and let the others of the message wait again.

    What has not left forgets the message: nobody was told. A closing of what was told goes all the same.
    """
    mine = (change.c.message_id == message_id, change.c.state == ChangeState.PACKED)
    before = change.alias("before")
    shown = exists().where(
        before.c.object_id == change.c.object_id,
        before.c.id < change.c.id,
        before.c.message_id.is_not(None),
        literal(left) | (before.c.message_id != message_id),
        before.c.state != ChangeState.REJECTED,
    )
    closes = (change.c.operation == "CLOSE") & shown
    kept = list(connection.scalars(select(change.c.id).where(*mine, closes)))
    told = {} if left else {"message_id": None}
    connection.execute(
        update(change)
        .where(*mine, change.c.certificate_guid.in_(list(guids)), change.c.id.not_in(kept))
        .values(state=ChangeState.SUPERSEDED.value, settled_at=at, body=None, **told)
    )
    # It is not known to have arrived, so it is not the last word that the account has.
    again = update(change).where(*mine, change.c.id.in_(kept))
    connection.execute(again.values(state=ChangeState.PENDING.value, message_id=None))
    connection.execute(update(change).where(*mine).values(state=ChangeState.PENDING.value, **told))
