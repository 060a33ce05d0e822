"""The portal's answer to a batch of orders: one result an order.

Source: portal message dictionary, 4 (root ElkOrderResponse, traps 1 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.message import MessageType
from socert.contracts.portal.elk_status.style import OBSERVED, Style, Tags, alike, render_root
from socert.contracts.portal.elk_status.types import RESPONSE
from socert.contracts.portal.read import Fields

if TYPE_CHECKING:
    from lxml.etree import _Element


class Batch(StrEnum):
    """What kind of batch is answered; the value is the wrapper's name. The second has never been seen."""

    CREATED = "CreateOrdersResponse"
    UPDATED = "UpdateOrdersResponse"


CODE_ALL_DONE = 0
"""Response.code: every order is done."""

CODE_SOME_FAILED = 11
"""Response.code: look at each order. Some are done: the batch as a whole is never sent again."""

STATUS_DONE = 0
"""OrderResult.status: this order is done."""

STATUS_UNKNOWN_STATUS = 4
"""OrderResult.status: the classifier has no such status."""

STATUS_WRONG_PARAMETERS = 5
"""OrderResult.status: wrong parameters in the request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderResult:
    """The fate of one order, by the sender's `order_number`.

    `elk_order_number` is the portal's own number of a new order: keep it, events on the order name it.
    """

    order_number: str
    elk_order_number: str | None = None
    status: int
    message: str = ""

    @property
    def done(self) -> bool:
        """Whether this order is done."""
        return self.status == STATUS_DONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The answer to a batch. `style` says how it is written, and does not count when two answers are compared."""

    batch: Batch
    code: int
    message: str = ""
    results: tuple[OrderResult, ...] = ()
    style: Style = field(default=OBSERVED, compare=False)

    @property
    def message_type(self) -> MessageType:
        """The message's type in the style's namespace."""
        return MessageType(namespace=self.style.namespace, root=RESPONSE.root)

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry.
        """
        tags = Tags(prefix, self.style)
        orders = [
            tags.wrap(
                "order",
                tags.put("elkOrderNumber", result.elk_order_number),
                tags.put("orderNumber", result.order_number),
                tags.put("status", str(result.status)),
                tags.put("message", result.message),
            )
            for result in self.results
        ]
        inside = tags.wrap(
            self.batch,
            tags.put("code", str(self.code)),
            tags.put("message", self.message),
            tags.wrap("orders", *orders) if orders else "",
        )
        return render_root(prefix, RESPONSE.root, self.style, inside)


def read_response(element: _Element) -> Response:
    """Read an ElkOrderResponse in any style, also without texts and without orders; what is unknown is not looked at.

    Raises ValueRefused with the path: without an order's number and status nobody can tell what was done.
    """
    fields = Fields.of_root(alike(element), RESPONSE, zone=None)
    batch = Batch(fields.first_of(tuple(Batch)))
    answer = fields.group(batch)
    orders = answer.group("orders").groups("order") if answer.has("orders") else []
    return Response(
        batch=batch,
        code=answer.integer("code"),
        message=answer.maybe_text("message") or "",
        results=tuple(
            OrderResult(
                order_number=order.text("orderNumber"),
                elk_order_number=order.maybe_text("elkOrderNumber"),
                status=order.integer("status"),
                message=order.maybe_text("message") or "",
            )
            for order in orders
        ),
    )
