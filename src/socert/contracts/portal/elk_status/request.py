"""Orders that a body puts into accounts by itself, and statuses that it adds to them.

Source: portal message dictionary, 4 (root ElkOrderRequest).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socert.contracts.message import MessageType
from socert.contracts.portal.elk_status.owners import Owner, read_owner, render_owner
from socert.contracts.portal.elk_status.style import OBSERVED, Style, Tags, alike, render_root
from socert.contracts.portal.elk_status.types import REQUEST
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import boolean

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

WHOLE_COUNTRY = "00000000"
"""NewOrder.region: not one region."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file shown with a status: its id in the portal's storage and what kind of paper it is."""

    file_id: str
    document_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusEntry:
    """A status of an order.

    `status` is a number of the national registry's classifier 7212, not the portal's own code; `comment`, up to 2048
    characters, is all that reaches the screen.
    """

    status: int
    informed: bool | None = None
    status_date: datetime
    comment: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """Where the order was taken; `acceptance` is a code of classifier 7213."""

    name: str | None = None
    address: str | None = None
    frgu_code: str | None = None
    acceptance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrder:
    """An order to be put into an account.

    `order_number` is the sender's own, up to 36 characters: a repeat of it is the same order. `region` is OKATO of 8 or
    11 digits; `service_target_code` the code of the service; at least one status.
    """

    owner: Owner
    sender_kpp: str
    sender_inn: str
    service_target_code: str
    region: str = WHOLE_COUNTRY
    order_number: str
    request_date: datetime
    office: Office
    history: tuple[StatusEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderUpdate:
    """Statuses to be added to an order that is in an account already."""

    order_number: str
    sender_kpp: str
    sender_inn: str
    history: tuple[StatusEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A batch: either new orders, or updates of known ones.

    `environment` was seen as EPGU, SVCDEV, DEV and ERUL. `style` says how it is written, and does not count when two
    requests are compared.
    """

    environment: str
    new_orders: tuple[NewOrder, ...] = ()
    updates: tuple[OrderUpdate, ...] = ()
    style: Style = field(default=OBSERVED, compare=False)

    @property
    def message_type(self) -> MessageType:
        """The message's type in the style's namespace."""
        return MessageType(namespace=self.style.namespace, root=REQUEST.root)

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for a naive moment, and when there are not
        either new orders or updates.
        """
        if bool(self.new_orders) is bool(self.updates):
            raise ValueRefused("a request holds either new orders or updates", field=REQUEST.root)
        tags = Tags(prefix, self.style)
        if self.new_orders:
            name, orders = "CreateOrdersRequest", [_render_new_order(tags, order) for order in self.new_orders]
        else:
            name, orders = "UpdateOrdersRequest", [_render_update(tags, order) for order in self.updates]
        inside = tags.wrap(name, tags.wrap("orders", *orders))
        return render_root(prefix, REQUEST.root, self.style, inside, environment=self.environment)


def _render_new_order(tags: Tags, order: NewOrder) -> str:
    return tags.wrap(
        "order",
        render_owner(tags, order.owner),
        tags.put("senderKpp", order.sender_kpp),
        tags.put("senderInn", order.sender_inn),
        tags.put("serviceTargetCode", order.service_target_code),
        tags.put("userSelectedRegion", order.region),
        tags.put("orderNumber", order.order_number),
        tags.put("requestDate", format_moment(order.request_date)),
        tags.wrap(
            "OfficeInfo",
            tags.put("OfficeName", order.office.name),
            tags.put("OfficeAdress", order.office.address),
            tags.put("OfficeFrguCode", order.office.frgu_code),
            tags.put("ApplicationAcceptance", order.office.acceptance),
        ),
        _render_history(tags, order.history),
    )


def _render_update(tags: Tags, order: OrderUpdate) -> str:
    return tags.wrap(
        "order",
        tags.put("orderNumber", order.order_number),
        tags.put("senderKpp", order.sender_kpp),
        tags.put("senderInn", order.sender_inn),
        _render_history(tags, order.history),
    )


def _render_history(tags: Tags, history: tuple[StatusEntry, ...]) -> str:
    return tags.wrap("statusHistoryList", *(_render_status(tags, entry) for entry in history))


def _render_status(tags: Tags, entry: StatusEntry) -> str:
    attachments = [
        tags.wrap("attachment", tags.put("FSuuid", one.file_id), tags.put("docTypeId", one.document_type))
        for one in entry.attachments
    ]
    return tags.wrap(
        "statusHistory",
        tags.put("status", str(entry.status)),
        tags.put("IsInformed", None if entry.informed is None else boolean(entry.informed)),
        tags.put("statusDate", format_moment(entry.status_date)),
        tags.put("statusComment", entry.comment),
        tags.wrap("attachments", *attachments) if attachments else "",
    )


def read_request(element: _Element, *, zone: tzinfo | None = None) -> Request:
    """Read an ElkOrderRequest in any style; what is not known is not looked at.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(alike(element), REQUEST, zone=zone)
    kind = fields.first_of(("CreateOrdersRequest", "UpdateOrdersRequest"))
    orders = fields.group(kind).group("orders").groups("order")
    environment = element.get("env", "")
    if kind == "CreateOrdersRequest":
        return Request(environment=environment, new_orders=tuple(_read_new_order(order) for order in orders))
    return Request(environment=environment, updates=tuple(_read_update(order) for order in orders))


def _read_new_order(fields: Fields) -> NewOrder:
    office = fields.group("OfficeInfo")
    return NewOrder(
        owner=read_owner(fields),
        sender_kpp=fields.text("senderKpp"),
        sender_inn=fields.text("senderInn"),
        service_target_code=fields.text("serviceTargetCode"),
        region=fields.text("userSelectedRegion"),
        order_number=fields.text("orderNumber"),
        request_date=fields.moment("requestDate"),
        office=Office(
            name=office.maybe_text("OfficeName"),
            address=office.maybe_text("OfficeAdress"),
            frgu_code=office.maybe_text("OfficeFrguCode"),
            acceptance=office.text("ApplicationAcceptance"),
        ),
        history=_read_history(fields),
    )


def _read_update(fields: Fields) -> OrderUpdate:
    return OrderUpdate(
        order_number=fields.text("orderNumber"),
        sender_kpp=fields.text("senderKpp"),
        sender_inn=fields.text("senderInn"),
        history=_read_history(fields),
    )


def _read_history(fields: Fields) -> tuple[StatusEntry, ...]:
    entries = fields.group("statusHistoryList").groups("statusHistory")
    return tuple(
        StatusEntry(
            status=entry.integer("status"),
            informed=entry.maybe_boolean("IsInformed"),
            status_date=entry.moment("statusDate"),
            comment=entry.maybe_text("statusComment"),
            attachments=tuple(
                Attachment(file_id=one.text("FSuuid"), document_type=one.text("docTypeId"))
                for one in (entry.group("attachments").groups("attachment") if entry.has("attachments") else ())
            ),
        )
        for entry in entries
    )
