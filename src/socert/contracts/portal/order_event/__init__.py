"""Events on an order that the portal knows: a new status, a text, information, a charge, an appointment.

The region sends, the portal answers. Check a received element with `schema().check(element)`, then read it.
Source: portal message dictionary, 3.
"""

from socert.contracts.portal.order_event.check import check_request
from socert.contracts.portal.order_event.events import (
    Event,
    InfoEvent,
    InvitationClosedEvent,
    InvitationEvent,
    Office,
    Payment,
    PaymentEvent,
    StatusEvent,
    TextMessageEvent,
)
from socert.contracts.portal.order_event.messages import (
    CODE_ACCEPTED,
    Environment,
    Request,
    Response,
    read_request,
    read_response,
)
from socert.contracts.portal.order_event.types import NAMESPACE, REQUEST, RESPONSE, schema
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.statuses import StatusCode

__all__ = [
    "CODE_ACCEPTED",
    "NAMESPACE",
    "REQUEST",
    "RESPONSE",
    "Environment",
    "Event",
    "InfoEvent",
    "InvitationClosedEvent",
    "InvitationEvent",
    "Office",
    "Payment",
    "PaymentEvent",
    "Problem",
    "Request",
    "Response",
    "StatusCode",
    "StatusEvent",
    "TextMessageEvent",
    "check_request",
    "read_request",
    "read_response",
    "schema",
]
