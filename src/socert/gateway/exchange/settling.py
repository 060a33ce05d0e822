"""What an answer to a message of ours does, by its type. Steps of a transaction.

Another type of answer is added to the table that the handler is given (`app`): a function that ends our message and
returns, for the log, what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from socert.contracts.portal import account, order_event
from socert.gateway.exchange import outbox, outcome
from socert.gateway.store.tables import MessageState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.message import MessageType

Settler = Callable[[Connection, str, Any, datetime], object]
"""Takes our message's id, the portal's answer as its type reads it, and now."""


def take_event_answer(connection: Connection, message_id: str, answer: order_event.Response, now: datetime) -> object:
    """The portal took an event on an order, or did not; the values of its code besides 0 are not published."""
    state = MessageState.DONE if answer.accepted else MessageState.REJECTED
    text = f"{answer.code}: {answer.message}"
    outbox.settle(connection, message_id, state, now=now, outcome=text, even_dead=True)
    return state.value


SETTLERS: Mapping[MessageType, Settler] = {
    account.UPDATE_RESPONSE: outcome.answered,
    order_event.RESPONSE: take_event_answer,
}
"""Those that every gateway has."""
