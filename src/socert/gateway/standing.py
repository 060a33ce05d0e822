"""How things stand: what waits in each table, and why some of it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from socert.gateway.exchange import answers, changes, inbox, outbox
from socert.gateway.projection import explain
from socert.gateway.store import tables
from socert.gateway.store.tables import ChangeState, InboxState, MessageState
from socert.gateway.store.tables_life import AnswerState, answer

if TYPE_CHECKING:
    from sqlalchemy import Connection


def idle(connection: Connection) -> bool:
    """Whether nothing waits in any table."""
    changed, sent, received = tables.change.c, tables.outbox.c, tables.inbox.c
    said = answer.c
    waits = (
        select(said.id).where(said.state == AnswerState.PENDING),
        select(changed.id).where(changed.state.in_((ChangeState.PENDING, ChangeState.PACKED))),
        select(sent.message_id).where(sent.state.in_((MessageState.QUEUED, MessageState.ACCEPTED))),
        select(received.id).where(received.state.in_((InboxState.RECEIVED, InboxState.FETCHING))),
    )
    return all(connection.execute(chosen.limit(1)).first() is None for chosen in waits)


def held(connection: Connection) -> dict[str, int]:
    """Return how many changes are held for each reason, in the words for operators."""
    row = tables.change.c
    chosen = select(row.reason, func.count()).where(row.state == ChangeState.HELD).group_by(row.reason)
    return {explain(str(found[0])): found[1] for found in connection.execute(chosen)}


def standing(connection: Connection) -> dict[str, dict[str, int]]:
    """Return how many changes, messages and received messages stand in each state."""
    return {
        "changes": dict(changes.counts(connection)),
        "outbox": dict(outbox.counts(connection)),
        "inbox": dict(inbox.counts(connection)),
        "answers": dict(answers.counts(connection)),
    }
