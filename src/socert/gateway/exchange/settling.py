"""What an answer to a message of ours does, by its type. Steps of a transaction.

Another type of answer is added to the table that the handler is given (`app`): a function that ends our message and
returns, for the log, what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from socert.contracts.portal import account, elk_status, order_event
from socert.gateway.exchange import outcome, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.message import MessageType

Settler = Callable[[Connection, str, Any, datetime], object]
"""Takes our message's id, the portal's answer as its type reads it, and now."""


SETTLERS: Mapping[MessageType, Settler] = {
    account.UPDATE_RESPONSE: outcome.answered,
    order_event.RESPONSE: verdicts.take_event,
    elk_status.RESPONSE: verdicts.take_orders,
}
"""Those that every gateway has."""
