"""The answers' rows: rendered when something happened, packed one after another, settled. Steps of a transaction each.

Answers about one order leave in the order in which they were made: the next is packed once the exchange has the one
before. What tells of a child is stopped by a withdrawn consent while it has not left (invariant 12); of a status of an
order its bare form goes instead, the code alone, because the portal waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exists, func, insert, select, update

from socert.gateway.exchange.recall import WITHDRAWN
from socert.gateway.store.tables import MessageState, micros, outbox
from socert.gateway.store.tables_life import AnswerState, answer, portal_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_OTHER = answer.alias("other")
_ON_ITS_WAY = (AnswerState.PENDING.value, AnswerState.PACKED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAnswer:
    """An answer to be sent: rendered in `mapping.account.PREFIX`, of the type `message_type` (root element).

    `reply_to` None: to the address of its order, as it is then; for SendRequest there is none. `reference` is the id of
    the request, or the order's. `guid` is the certificate that it is about; `bare` goes instead once the consent is
    withdrawn, None: nothing does. `personal` says whether it tells anything of the child.
    """

    content: str
    message_type: str
    operation: str = "SendResponse"
    reference: str
    reply_to: str | None = None
    order_id: str | None = None
    seq: int | None = None
    guid: str | None = None
    personal: bool = False
    bare: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An answer that may leave now. `former` is the message that it left in before, where that one failed."""

    id: int
    operation: str
    message_type: str
    reference: str
    reply_to: str | None
    content: str
    former: str | None


def put(connection: Connection, new: NewAnswer, now: datetime) -> None:
    """Add an answer, to be packed as soon as it may leave."""
    connection.execute(insert(answer).values(**_row(new, now), state=AnswerState.PENDING.value))


def put_packed(connection: Connection, guids: Sequence[str], message_id: str, reference: str, now: datetime) -> None:
    """Note that a message, which is in the outbox already, tells of these certificates."""
    rows = [
        {
            "certificate_guid": guid,
            "personal": 1,
            "operation": "SendResponse",
            "message_type": "",
            "reference": reference,
            "stopped": 0,
            "state": AnswerState.PACKED.value,
            "message_id": message_id,
            "at": micros(now),
        }
        for guid in guids
    ]
    if rows:
        connection.execute(insert(answer), rows)


def _row(new: NewAnswer, now: datetime) -> dict[str, object]:
    return {
        "order_id": new.order_id,
        "seq": new.seq,
        "certificate_guid": new.guid,
        "personal": int(new.personal),
        "stopped": 0,
        "operation": new.operation,
        "message_type": new.message_type,
        "reply_to": new.reply_to,
        "reference": new.reference,
        "content": new.content,
        "bare": new.bare,
        "at": micros(now),
    }


def waiting(connection: Connection, limit: int) -> Sequence[Waiting]:
    """Return the oldest answers that may leave: none of an order before those made earlier have left."""
    chosen = (
        select(answer, portal_order.c.reply_to.label("order_reply_to"))
        .join(portal_order, portal_order.c.order_id == answer.c.order_id, isouter=True)
        .where(
            answer.c.state == AnswerState.PENDING,
            ~exists().where(
                _OTHER.c.order_id == answer.c.order_id, _OTHER.c.id < answer.c.id, _OTHER.c.state.in_(_ON_ITS_WAY)
            ),
        )
        .order_by(answer.c.id)
        .limit(limit)
    )
    return [
        Waiting(
            id=row["id"],
            operation=row["operation"],
            message_type=row["message_type"],
            reference=row["reference"],
            reply_to=row["reply_to"] or row["order_reply_to"],
            content=row["content"],
            former=row["message_id"],
        )
        for row in connection.execute(chosen).mappings()
    ]


def pack(connection: Connection, waiting: Waiting, message_id: str) -> bool:
    """Put an answer into a message; False when it may no longer leave as it was, and then nothing may be committed."""
    done = connection.execute(
        update(answer)
        .where(
            answer.c.id == waiting.id, answer.c.state == AnswerState.PENDING.value, answer.c.content == waiting.content
        )
        .values(state=AnswerState.PACKED.value, message_id=message_id)
    )
    return bool(done.rowcount)


def deliver(connection: Connection, message_id: str) -> None:
    """The exchange has the message."""
    _end(connection, message_id, AnswerState.DELIVERED)


def reject(connection: Connection, message_id: str) -> None:
    """The exchange will never take the message: what comes after it may go."""
    _end(connection, message_id, AnswerState.REJECTED)


def reject_waiting(connection: Connection, key: int) -> None:
    """An answer cannot even be packed."""
    mine = (answer.c.id == key, answer.c.state == AnswerState.PENDING.value)
    connection.execute(update(answer).where(*mine).values(state=AnswerState.REJECTED.value))


def _end(connection: Connection, message_id: str, state: AnswerState) -> None:
    mine = (answer.c.message_id == message_id, answer.c.state == AnswerState.PACKED.value)
    connection.execute(update(answer).where(*mine).values(state=state.value))


def restore(connection: Connection, message_id: str) -> None:
    """Let what a message held wait for another. What only noted a message of the outbox ends: that is made anew."""
    mine = (answer.c.message_id == message_id, answer.c.state.in_((AnswerState.PACKED, AnswerState.DELIVERED)))
    connection.execute(update(answer).where(*mine, answer.c.content.is_not(None)).values(state=AnswerState.PENDING))
    connection.execute(update(answer).where(*mine, answer.c.content.is_(None)).values(state=AnswerState.CANCELLED))


# --- a consent is withdrawn -------------------------------------------------------------------------------------------


def stop_personal(connection: Connection, guid: str, now: datetime) -> int:
    """Stop everything personal about a certificate's child that has not left; return how many answers.

    What somebody has in hand at this moment may arrive; it is marked, and its bytes are not sent again.
    """
    on_its_way = (answer.c.certificate_guid == guid, answer.c.personal == 1, answer.c.state.in_(_ON_ITS_WAY))
    chosen = (
        select(answer.c.id, answer.c.state, answer.c.message_id, outbox.c.state.label("sent"), outbox.c.claimed_until)
        .join(outbox, outbox.c.message_id == answer.c.message_id, isouter=True)
        .where(*on_its_way)
    )
    free: list[Any] = []
    in_hand: list[Any] = []
    for row in connection.execute(chosen):
        queued = row.sent == MessageState.QUEUED and (row.claimed_until or 0) <= micros(now)
        left = row.state == AnswerState.PACKED and not (queued or row.sent == MessageState.DEAD)
        (in_hand if left else free).append(row)
    connection.execute(update(answer).where(answer.c.id.in_([row.id for row in in_hand])).values(stopped=1))
    _stop(connection, [row.id for row in free], [row.message_id for row in free if row.message_id], now)
    return len(free)


def overtaken(connection: Connection, message_id: str, *, now: datetime) -> bool:
    """Cancel a message that was in hand while a consent was withdrawn; False when there is none.

    To be asked before the same bytes are sent once more.
    """
    mine = (answer.c.message_id == message_id, answer.c.stopped == 1, answer.c.state == AnswerState.PACKED)
    ids = connection.scalars(select(answer.c.id).where(*mine)).all()
    _stop(connection, ids, [message_id] if ids else [], now)
    return bool(ids)


def _stop(connection: Connection, ids: Sequence[int], messages: Sequence[str], now: datetime) -> None:
    """Cancel answers and the messages they are in; what has a bare form waits again in it."""
    stoppable = outbox.c.state.in_((MessageState.QUEUED, MessageState.DEAD))
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id.in_(messages), stoppable)
        .values(
            state=MessageState.CANCELLED.value,
            settled_at=micros(now),
            outcome=WITHDRAWN,
            body=b"",
            claimed_by=None,
            claimed_until=None,
        )
    )
    mine = update(answer).where(answer.c.id.in_(ids))
    gone = {"personal": 0, "stopped": 0}
    connection.execute(
        mine.where(answer.c.bare.is_(None)).values(content=None, state=AnswerState.CANCELLED.value, **gone)
    )
    connection.execute(
        mine.where(answer.c.bare.is_not(None)).values(
            content=answer.c.bare, bare=None, state=AnswerState.PENDING.value, message_id=None, **gone
        )
    )


def erase(connection: Connection, guid: str) -> int:
    """Take what was told of a certificate's child out of answers that have ended; return of how many."""
    done = connection.execute(
        update(answer)
        .where(answer.c.certificate_guid == guid, answer.c.personal == 1, answer.c.state.not_in(_ON_ITS_WAY))
        .values(content=answer.c.bare, bare=None, personal=0, stopped=0)
    )
    return done.rowcount


def last_status(connection: Connection, order_id: str) -> NewAnswer | None:
    """Return the status that was made last for an order, as it is kept; None when there is none."""
    chosen = (
        select(answer)
        .where(answer.c.order_id == order_id, answer.c.seq.is_not(None), answer.c.content.is_not(None))
        .order_by(answer.c.id.desc())
        .limit(1)
    )
    row = connection.execute(chosen).mappings().first()
    if row is None:
        return None
    return NewAnswer(
        content=row["content"],
        message_type=row["message_type"],
        operation=row["operation"],
        reference=row["reference"],
        order_id=order_id,
        seq=row["seq"],
        guid=row["certificate_guid"],
        personal=bool(row["personal"]),
        bare=row["bare"],
    )


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many answers stand in each state."""
    rows = connection.execute(select(answer.c.state, func.count()).group_by(answer.c.state))
    return {row[0]: row[1] for row in rows}
