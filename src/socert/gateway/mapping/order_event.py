"""What the organisation writes to a parent: an event on the order (portal message dictionary, 3, textMessageEvent)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal import order_event
from socert.contracts.portal.values import cut

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_TEXT = 2048
LONGEST_AUTHOR = 256


def text_message(
    order_id: str, text: str, *, author: str | None, at: datetime, environment: order_event.Environment
) -> order_event.Request:
    """Return a text for the parent about an order; what is longer than the portal takes is cut."""
    return order_event.Request(
        environment=environment,
        order_id=int(order_id),
        event_date=at,
        comment=cut(text, LONGEST_TEXT),
        author=None if author is None else cut(author, LONGEST_AUTHOR),
        event=order_event.TextMessageEvent(),
    )
