"""Events on an order for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.known import Direction, KnownType
from socert.contracts.portal.order_event.messages import read_request, read_response
from socert.contracts.portal.order_event.types import REQUEST, RESPONSE, schema

TYPES = (
    KnownType(
        name="order_event.request",
        title="событие по заявлению",
        message_type=REQUEST,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M07", "M09", "M10", "M11", "M12", "M15"),
        schema=schema,
        read=read_request,
        answered_by=(RESPONSE,),
    ),
    KnownType(
        name="order_event.response",
        title="ответ на событие по заявлению",
        message_type=RESPONSE,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M16",),
        schema=schema,
        read=read_response,
    ),
)
"""Event and answer."""
