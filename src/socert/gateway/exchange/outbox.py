"""The outbox's rows: put in with their exact bytes, claimed, tried, settled. Steps of a transaction each.

A row's bytes never change. It is claimed for a while by one process; a claim that runs out is anybody's again, so a
process that died holds nothing up. Settling is guarded by the state, so doing it twice is doing it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, or_, select, update

from socert.gateway.store.tables import MessageState, attempt, micros, outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMessage:
    """A message to be sent: its id, the exchange's operation, its type for people, our reference, and its bytes."""

    message_id: str
    operation: str
    message_type: str
    reference: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A message that this process may send now; `tries` counts this one."""

    message_id: str
    operation: str
    body: bytes
    tries: int


def put(connection: Connection, message: NewMessage, now: datetime) -> None:
    """Add a message, to be sent at once."""
    connection.execute(
        insert(outbox).values(
            message_id=message.message_id,
            operation=message.operation,
            message_type=message.message_type,
            reference=message.reference,
            body=message.body,
            state=MessageState.QUEUED.value,
            attempts=0,
            next_attempt_at=micros(now),
            created_at=micros(now),
        )
    )


def claim(connection: Connection, *, node: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Claimed]:
    """Take up to `limit` messages that are due and that nobody else holds, oldest first."""
    at = micros(now)
    due = (
        select(outbox.c.message_id, outbox.c.operation, outbox.c.body, outbox.c.attempts)
        .where(
            outbox.c.state == MessageState.QUEUED,
            outbox.c.next_attempt_at <= at,
            or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= at),
        )
        .order_by(outbox.c.next_attempt_at, outbox.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = [
        Claimed(message_id=row.message_id, operation=row.operation, body=row.body, tries=row.attempts + 1)
        for row in connection.execute(due)
    ]
    if taken:
        connection.execute(
            update(outbox)
            .where(outbox.c.message_id.in_([message.message_id for message in taken]))
            .values(claimed_by=node, claimed_until=micros(now + lease))
        )
    return taken


def let_go(connection: Connection, node: str) -> int:
    """Give back what a former process of this name had claimed; return how many."""
    mine = outbox.c.claimed_by == node
    done = connection.execute(
        update(outbox).where(mine, outbox.c.state == MessageState.QUEUED).values(claimed_by=None, claimed_until=None)
    )
    return done.rowcount


def note(connection: Connection, message_id: str, *, now: datetime, result: str, detail: str | None = None) -> None:
    """Record one attempt of a message, whatever came of it."""
    connection.execute(insert(attempt).values(message_id=message_id, at=micros(now), result=result, detail=detail))


def retry(connection: Connection, message: Claimed, *, at: datetime) -> None:
    """Let the message wait until `at` for its next attempt."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message.message_id, outbox.c.state == MessageState.QUEUED)
        .values(attempts=message.tries, next_attempt_at=micros(at), claimed_by=None, claimed_until=None)
    )


def accept(connection: Connection, message: Claimed, *, now: datetime) -> bool:
    """The exchange has the message: an answer is awaited for a request, nothing more for a response."""
    state = MessageState.ACCEPTED if message.operation == "SendRequest" else MessageState.DONE
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message.message_id, outbox.c.state == MessageState.QUEUED)
        .values(
            state=state.value,
            attempts=message.tries,
            accepted_at=micros(now),
            settled_at=micros(now) if state is MessageState.DONE else None,
            claimed_by=None,
            claimed_until=None,
        )
    )
    return bool(done.rowcount)


def settle(connection: Connection, message_id: str, state: MessageState, *, now: datetime, outcome: str) -> bool:
    """End a message that is on its way; False when it had ended before, and nothing is done then.

    A response is done when the exchange has it; when the exchange refuses it later, that end replaces the other.
    """
    on_its_way = outbox.c.state.in_((MessageState.QUEUED, MessageState.ACCEPTED))
    taken = (outbox.c.state == MessageState.DONE) & (outbox.c.operation == "SendResponse")
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id, or_(on_its_way, taken))
        .values(state=state.value, settled_at=micros(now), outcome=outcome, claimed_by=None, claimed_until=None)
    )
    return bool(done.rowcount)


def dead(connection: Connection, message_ids: Sequence[str] | None) -> Mapping[str, bool]:
    """Return the dead messages, all or those of these ids, and whether the exchange had taken each."""
    chosen = select(outbox.c.message_id, outbox.c.accepted_at).where(outbox.c.state == MessageState.DEAD)
    if message_ids is not None:
        chosen = chosen.where(outbox.c.message_id.in_(message_ids))
    return {row.message_id: row.accepted_at is not None for row in connection.execute(chosen)}


def revive(connection: Connection, message_id: str, state: MessageState, *, now: datetime) -> None:
    """Let a dead message go again (QUEUED: the same bytes under the same id), or note that another goes for it."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id, outbox.c.state == MessageState.DEAD)
        .values(state=state.value, attempts=0, next_attempt_at=micros(now), settled_at=None)
    )


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many messages stand in each state."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    return {row[0]: row[1] for row in rows}
