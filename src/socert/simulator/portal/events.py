"""Events that the region tells of an order that the portal knows, filed by a parent or put into the account by ELK.

Taken is answered with code 0; an event that cannot be taken is refused by a message of the exchange, as faults of this
message come (trap 10). After a final status no further one is taken, information and texts are.
Source: portal message dictionary, 3 and 7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal import order_event as events
from socert.contracts.smev.status import RejectCode, Rejection
from socert.simulator.portal import elk
from socert.simulator.portal.order import HistoryEntry, Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lxml.etree import _Element

    from socert.simulator.portal.elk import ElkOrder, ElkOrders
    from socert.simulator.portal.order import Order
    from socert.simulator.portal.orders import Orders

_TAKEN = events.Response(code=events.CODE_ACCEPTED, message="OK")
_UNKNOWN = Rejection(code=RejectCode.NO_DATA, description="Заявление с таким номером портал не знает")
_OVER = Rejection(code=RejectCode.FAILURE, description="Заявление завершено: новый статус не принят")


class Events:
    """Takes events on orders."""

    def __init__(
        self,
        *,
        orders: Orders,
        elk_orders: ElkOrders,
        clock: Callable[[], datetime],
        guids: Callable[[], str],
    ) -> None:
        self._orders = orders
        self._elk = elk_orders
        self._clock = clock
        self._guids = guids

    def answer(self, content: _Element) -> events.Response | Rejection:
        """Take an event: a handler of the portal's consumer."""
        request = events.read_request(content)
        problems = events.check_request(request)
        if problems:
            return Rejection(code=RejectCode.FAILURE, description="; ".join(map(str, problems)))
        order = self._orders.get(request.order_id)
        if order is not None and not order.draft:
            return self._on_order(order, request)
        card = self._elk.get(request.order_id)
        return _UNKNOWN if card is None else self._on_card(card, request)

    def _on_order(self, order: Order, request: events.Request) -> events.Response | Rejection:
        at = request.event_date or self._clock()
        match request.event:
            case events.StatusEvent() as event:
                entry = HistoryEntry(
                    at=at,
                    status=event.status,
                    source="event",
                    comment=request.comment or "",
                    cancel_allowed=event.cancel_allowed,
                    send_message_allowed=event.send_message_allowed,
                )
                return _TAKEN if self._orders.apply_event(order, entry) else _OVER
            case events.TextMessageEvent():
                message = Message(
                    id=self._guids(), outgoing=False, author=request.author or "", text=request.comment or "", at=at
                )
                self._orders.add_message(order.id, message)
            case other:
                comment = f"{_code(other)}: {request.comment or ''}".rstrip(": ")
                self._orders.note(order.id, HistoryEntry(at=at, status=order.status, source="info", comment=comment))
                self._orders.put(order)
        return _TAKEN

    def _on_card(self, card: ElkOrder, request: events.Request) -> events.Response:
        at, comment = request.event_date or self._clock(), request.comment or ""
        kind = elk.TEXT if isinstance(request.event, events.TextMessageEvent) else elk.EVENT
        self._elk.add(card.number, elk.ElkEntry(at=at, kind=kind, code=_code(request.event), comment=comment))
        return _TAKEN


def _code(event: events.Event) -> str:
    """Return what an event is called in the account."""
    match event:
        case events.InfoEvent():
            return event.code
        case events.StatusEvent():
            return str(event.status)
        case events.PaymentEvent():
            return "PAYMENT"
        case events.TextMessageEvent():
            return ""
        case events.InvitationEvent():
            return "INVITATION"
        case events.InvitationClosedEvent():
            return "INVITATION_CLOSED"
