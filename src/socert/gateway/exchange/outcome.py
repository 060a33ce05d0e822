"""What becomes of a message of ours, and of the changes in it, once somebody has judged it. Steps of a transaction.

- the content was refused as a whole: its objects go again one by one, so that only the wrong one is refused;
- the id grew too old: the objects go again in a new message, an answer is given anew;
- anything else for good (unknown sender, bad signature, no access): the message is dead and waits for a person, its
  changes with it, because sending more of the same would fail the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from socert.contracts.portal.account import CODE_ALL_APPLIED, CODE_SOME_FAILED, ResultStatus
from socert.contracts.smev.faults import FaultKind
from socert.gateway.exchange import answers, changes, outbox, recall
from socert.gateway.store.tables import InboxState, MessageState, inbox
from socert.gateway.store.tables import outbox as outbox_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from socert.contracts.portal.account import UpdateResponse

CONTENT_FAULTS = frozenset({FaultKind.INVALID_CONTENT})
"""Faults that speak of what the message holds, not of who sends it."""


def refuse(connection: Connection, message_id: str, fault: FaultKind, text: str, now: datetime) -> None:
    """The exchange will never take this message as it is."""
    if fault in CONTENT_FAULTS:
        split(connection, message_id, text, now)
    else:
        outbox.settle(connection, message_id, MessageState.DEAD, now=now, outcome=text)


def split(connection: Connection, message_id: str, text: str, now: datetime, *, even_dead: bool = False) -> None:
    """The content was refused: send its objects one by one, or give up the only one."""
    rejected = MessageState.REJECTED
    if not outbox.settle(connection, message_id, rejected, now=now, outcome=text, even_dead=even_dead):
        return
    answers.reject(connection, message_id)
    ids = list(changes.packed(connection, message_id).values())
    if len(ids) > 1:
        changes.restore(connection, ids, alone=True)
    else:
        changes.reject(connection, ids, reason=text, now=now)


def renew(connection: Connection, message_id: str, text: str, now: datetime) -> None:
    """The id is too old for the exchange: the same content shall go under a new one."""
    if outbox.settle(connection, message_id, MessageState.RENEWED, now=now, outcome=text):
        _again(connection, message_id)


def replay(connection: Connection, message_ids: Sequence[str] | None, now: datetime) -> int:
    """Let dead messages go again, all of them or these; return how many.

    What the exchange never took goes as the same bytes under the same id. What it took and refused later would only
    meet "already sent", so its content goes in a new message.
    """
    found = outbox.dead(connection, message_ids)
    for message_id, taken in found.items():
        if overtaken(connection, message_id, now=now):
            continue  # what else it held waits for another message now
        if taken:
            outbox.revive(connection, message_id, MessageState.RENEWED, now=now)
            _again(connection, message_id)
        else:
            outbox.revive(connection, message_id, MessageState.QUEUED, now=now)
    return len(found)


def overtaken(connection: Connection, message_id: str, *, now: datetime) -> bool:
    """Cancel a message that must not be sent once more: a consent was withdrawn while somebody had it in hand."""
    return recall.overtaken(connection, message_id, now=now) or answers.overtaken(connection, message_id, now=now)


def _again(connection: Connection, message_id: str) -> None:
    """Let the content of a message wait for another: its changes, its answer, or the request that it answered."""
    changes.restore(connection, list(changes.packed(connection, message_id).values()), alone=False)
    answers.restore(connection, message_id)
    connection.execute(
        update(inbox).where(inbox.c.answer_id == message_id).values(state=InboxState.RECEIVED.value, handled_at=None)
    )


def answered(connection: Connection, message_id: str, answer: UpdateResponse, now: datetime) -> dict[str, int]:
    """The portal judged each object by itself; return how many came to which end."""
    waiting = dict(changes.packed(connection, message_id))
    if answer.code not in (CODE_ALL_APPLIED, CODE_SOME_FAILED):
        split(connection, message_id, f"{answer.code}: {answer.message}", now, even_dead=True)
        return {"whole batch refused": len(waiting)}
    delivered, ends = [], {"delivered": 0, "rejected": 0, "sent again": 0}
    for result in answer.results:
        key = waiting.pop((result.object_id, result.seq), None)
        if key is None:
            continue
        if result.status is ResultStatus.STALE and changes.go_above(connection, key, now=now):
            ends["sent again"] += 1
        elif result.status.delivered:
            delivered.append(key)
        else:
            reason = ": ".join(part for part in (result.code, result.message) if part) or result.status.value
            changes.reject(connection, [key], reason=reason, now=now)
            ends["rejected"] += 1
    if answer.code == CODE_ALL_APPLIED:
        delivered += waiting.values()
    else:
        changes.restore(connection, list(waiting.values()), alone=True)
        ends["sent again"] += len(waiting)
    changes.deliver(connection, delivered, now=now)
    ends["delivered"] = len(delivered)
    text = f"{answer.code}: {answer.message}"
    outbox.settle(connection, message_id, MessageState.DONE, now=now, outcome=text, even_dead=True)
    return ends


def known(connection: Connection, message_id: str) -> bool:
    """Whether a message of this id is ours."""
    chosen = select(outbox_table.c.message_id).where(outbox_table.c.message_id == message_id)
    return connection.execute(chosen).first() is not None
