"""The outbox's rows: put in with their exact bytes, claimed, tried, settled. Steps of a transaction each.

A row's bytes never change. It is claimed for a while by one process; a claim that runs out is anybody's again, so a
process that died holds nothing up. Settling is guarded by the state, so doing it twice is doing it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from socert.gateway.exchange import files
from socert.gateway.store.prepared import Prepared
from socert.gateway.store.tables import MessageState, attempt, micros, outbox

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMessage:
    """A message to be sent: its id, the exchange's operation, its type for people, our reference, and its bytes.

    `content_type` is that of bytes in parts, None for XML. `files` lie in our folder and go up before it leaves.
    """

    message_id: str
    operation: str
    message_type: str
    reference: str
    body: bytes
    content_type: str | None = None
    files: tuple[files.Leaving, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A message that this process may send now; `tries` counts this one, `files` those in the file store."""

    message_id: str
    operation: str
    body: bytes
    tries: int
    content_type: str | None = None
    files: int = 0


_PUT = Prepared(
    insert(outbox),
    *("message_id", "operation", "message_type", "reference", "body", "state", "attempts"),
    *("next_attempt_at", "created_at", "content_type", "files"),
)
_DUE = Prepared(
    select(
        outbox.c.message_id,
        outbox.c.operation,
        outbox.c.body,
        outbox.c.attempts,
        outbox.c.content_type,
        outbox.c.files,
    )
    .where(
        outbox.c.state == MessageState.QUEUED.value,
        outbox.c.next_attempt_at <= bindparam("at"),
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= bindparam("at")),
    )
    .order_by(outbox.c.next_attempt_at, outbox.c.created_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = Prepared(
    update(outbox)
    .where(outbox.c.message_id == bindparam("id"))
    .values(claimed_by=bindparam("node"), claimed_until=bindparam("until"))
)
_NOTE = Prepared(insert(attempt), "message_id", "at", "result", "detail")
_ACCEPT = Prepared(
    update(outbox)
    .where(outbox.c.message_id == bindparam("id"), outbox.c.state == MessageState.QUEUED.value)
    .values(
        state=bindparam("to"),
        attempts=bindparam("tries"),
        accepted_at=bindparam("now"),
        settled_at=bindparam("end"),
        claimed_by=None,
        claimed_until=None,
    )
)


def put(connection: Connection, message: NewMessage, now: datetime) -> None:
    """Add a message, to be sent at once."""
    _PUT.run(
        connection,
        {
            "message_id": message.message_id,
            "operation": message.operation,
            "message_type": message.message_type,
            "reference": message.reference,
            "body": message.body,
            "state": MessageState.QUEUED.value,
            "attempts": 0,
            "next_attempt_at": micros(now),
            "created_at": micros(now),
            "content_type": message.content_type,
            "files": len(message.files),
        },
    )
    files.leave(connection, message.message_id, message.files)


def claim(connection: Connection, *, node: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Claimed]:
    """Take up to `limit` messages that are due and that nobody else holds, oldest first."""
    taken = [
        Claimed(
            message_id=message_id,
            operation=operation,
            body=body,
            tries=attempts + 1,
            content_type=content_type,
            files=number,
        )
        for message_id, operation, body, attempts, content_type, number in _DUE.rows(
            connection, {"at": micros(now), "most": limit}
        )
    ]
    until = micros(now + lease)
    _CLAIM.run_each(connection, [{"id": message.message_id, "node": node, "until": until} for message in taken])
    return taken


def let_go(connection: Connection, node: str) -> int:
    """Give back what a former process of this name had claimed; return how many.

    A claim that has run out still says that the message may have been sent.
    """
    mine = outbox.c.claimed_by == node
    done = connection.execute(
        update(outbox).where(mine, outbox.c.state == MessageState.QUEUED).values(claimed_by=None, claimed_until=0)
    )
    return done.rowcount


def note(connection: Connection, message_id: str, *, now: datetime, result: str, detail: str | None = None) -> None:
    """Record one attempt of a message, whatever came of it."""
    _NOTE.run(connection, {"message_id": message_id, "at": micros(now), "result": str(result), "detail": detail})


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
    done = _ACCEPT.run(
        connection,
        {
            "id": message.message_id,
            "to": state.value,
            "tries": message.tries,
            "now": micros(now),
            "end": micros(now) if state is MessageState.DONE else None,
        },
    )
    return bool(done)


def settle(
    connection: Connection,
    message_id: str,
    state: MessageState,
    *,
    now: datetime,
    outcome: str,
    even_dead: bool = False,
) -> bool:
    """End a message that is on its way; False when it had ended before, and nothing is done then.

    A response is done when the exchange has it; when the exchange refuses it later, that end replaces the other.
    `even_dead`: the portal's answer ends a message that was given up as well, for it has arrived after all.
    """
    ended = (MessageState.DEAD,) if even_dead else ()
    on_its_way = outbox.c.state.in_((MessageState.QUEUED, MessageState.ACCEPTED, *ended))
    taken = (outbox.c.state == MessageState.DONE) & (outbox.c.operation == "SendResponse")
    done = connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id, or_(on_its_way, taken))
        .values(state=state.value, settled_at=micros(now), outcome=outcome, claimed_by=None, claimed_until=None)
    )
    return bool(done.rowcount)


def remark(connection: Connection, message_id: str, text: str) -> None:
    """Show what was said of a message that is on its way still, to somebody at least."""
    on_its_way = (outbox.c.message_id == message_id, outbox.c.state == MessageState.ACCEPTED)
    connection.execute(update(outbox).where(*on_its_way).values(outcome=text))


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
        .values(state=state.value, attempts=0, next_attempt_at=micros(now), settled_at=None, outcome=None)
    )


def link(connection: Connection, former: Collection[str], message_id: str) -> None:
    """Note in messages whose id grew too old which one carries their content now."""
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id.in_(former), outbox.c.state == MessageState.RENEWED)
        .values(renewed_by=message_id)
    )


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many messages stand in each state."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    return {row[0]: row[1] for row in rows}
