"""Rules of events that their schema cannot state. They take a value as read or built, and never raise.

Source: portal message dictionary, 3 (traps 2 and 8) and 8.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.order_event.events import InvitationEvent, StatusEvent, TextMessageEvent
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.statuses import is_ending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.portal.order_event.messages import Request


def check_request(request: Request) -> list[Problem]:
    """Return what is wrong with a schema-valid event; an empty list is a good one.

    Checked: a known order, a text message with a text, an order that is over and can still be cancelled, days of an
    invitation in their order.
    """
    return list(_problems(request))


def _problems(request: Request) -> Iterator[Problem]:
    if request.order_id < 1:
        yield Problem(
            field="orderId", reason="an event is about an order that the portal knows: its number is positive"
        )
    match request.event:
        case TextMessageEvent() if not (request.comment or "").strip():
            yield Problem(field="eventComment", reason="the text of a text message stands here")
        case StatusEvent(status=int() as code, cancel_allowed=True) if is_ending(code):
            yield Problem(
                field="event/orderStatusEvent/cancelAllowed", reason="an order that is over cannot be cancelled"
            )
        case InvitationEvent(start_date=first, end_date=last) if first and last and last < first:
            yield Problem(field="event/equeueEvent/equeueInvitation/endDate", reason="the last day is before the first")
        case _:
            pass
