"""Kinds of events on an order.

Source: portal message dictionary, 3 (what stands inside `event`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.statuses import StatusCode, read_status_code, render_status_code
from socert.contracts.portal.write import element, optional_boolean, optional_date

if TYPE_CHECKING:
    from datetime import date

    from socert.contracts.portal.read import Fields

PAYMENT_DUE = "W"
"""The one status of a payment that there is."""

PAYMENT_SOURCE = "FK"
"""The one source of a payment that there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusEvent:
    """The order's status changed: the portal's code as a number, or the agency's own as a text of up to 20.

    None leaves as it is whether the parent may cancel or write.
    """

    status: StatusCode
    cancel_allowed: bool | None = None
    send_message_allowed: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """A charge: its УИН of up to 256 characters, the purpose of up to 210."""

    uin: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentEvent:
    """1-10 charges are to be paid."""

    payments: tuple[Payment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class InfoEvent:
    """For information: a code of up to 20 characters. Figures travel only as text, in the request's comment."""

    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TextMessageEvent:
    """A message to the parent; its text is the request's comment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """Where to come: the office and up to 10 rooms or specialists."""

    organization_id: str
    area_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationEvent:
    """The parent may make an appointment at up to 50 offices, between two days inclusive."""

    offices: tuple[Office, ...] = ()
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationClosedEvent:
    """No appointment can be made any more."""


Event = StatusEvent | PaymentEvent | InfoEvent | TextMessageEvent | InvitationEvent | InvitationClosedEvent


def render_event(p: str, event: Event) -> str:
    """Write the element `event`."""
    match event:
        case StatusEvent():
            inside = (
                f"<{p}:orderStatusEvent>{render_status_code(p, event.status)}"
                f"{optional_boolean(p, 'cancelAllowed', event.cancel_allowed)}"
                f"{optional_boolean(p, 'sendMessageAllowed', event.send_message_allowed)}</{p}:orderStatusEvent>"
            )
        case PaymentEvent():
            payments = "".join(_render_payment(p, payment) for payment in event.payments)
            inside = f"<{p}:paymentStatusEvent>{element(p, 'status', PAYMENT_DUE)}{payments}</{p}:paymentStatusEvent>"
        case InfoEvent():
            inside = f"<{p}:infoEvent>{element(p, 'code', event.code)}</{p}:infoEvent>"
        case TextMessageEvent():
            inside = f"<{p}:textMessageEvent></{p}:textMessageEvent>"
        case InvitationEvent():
            inside = f"<{p}:equeueEvent>{_render_invitation(p, event)}</{p}:equeueEvent>"
        case InvitationClosedEvent():
            inside = f"<{p}:equeueEvent><{p}:equeueClosed></{p}:equeueClosed></{p}:equeueEvent>"
    return f"<{p}:event>{inside}</{p}:event>"


def _render_payment(p: str, payment: Payment) -> str:
    return (
        f"<{p}:payment>{element(p, 'source', PAYMENT_SOURCE)}{element(p, 'uin', payment.uin)}"
        f"{element(p, 'description', payment.description)}</{p}:payment>"
    )


def _render_invitation(p: str, invitation: InvitationEvent) -> str:
    offices = "".join(
        f"<{p}:organizationData>{element(p, 'organizationId', office.organization_id)}"
        f"{''.join(element(p, 'areaId', area) for area in office.area_ids)}</{p}:organizationData>"
        for office in invitation.offices
    )
    return (
        f"<{p}:equeueInvitation>{offices}{optional_date(p, 'startDate', invitation.start_date)}"
        f"{optional_date(p, 'endDate', invitation.end_date)}</{p}:equeueInvitation>"
    )


_KINDS = ("orderStatusEvent", "paymentStatusEvent", "infoEvent", "textMessageEvent", "equeueEvent")


def read_event(fields: Fields) -> Event:
    """Read what `event` holds."""
    kind = fields.first_of(_KINDS)
    inside = fields.group(kind)
    match kind:
        case "orderStatusEvent":
            return StatusEvent(
                status=read_status_code(inside.group("statusCode")),
                cancel_allowed=inside.maybe_boolean("cancelAllowed"),
                send_message_allowed=inside.maybe_boolean("sendMessageAllowed"),
            )
        case "paymentStatusEvent":
            _read_fixed(inside, "status", PAYMENT_DUE)
            return PaymentEvent(payments=tuple(_read_payment(payment) for payment in inside.groups("payment")))
        case "infoEvent":
            return InfoEvent(code=inside.text("code"))
        case "textMessageEvent":
            return TextMessageEvent()
        case _:
            return _read_queue_event(inside)


def _read_payment(fields: Fields) -> Payment:
    _read_fixed(fields, "source", PAYMENT_SOURCE)
    return Payment(uin=fields.text("uin"), description=fields.text("description"))


def _read_fixed(fields: Fields, name: str, expected: str) -> None:
    """A fixed element holds its value, or nothing, which means the same."""
    if fields.text(name) not in {"", expected}:
        raise ValueRefused(f"only {expected} is allowed here", field=name)


def _read_queue_event(fields: Fields) -> InvitationEvent | InvitationClosedEvent:
    if fields.first_of(("equeueInvitation", "equeueClosed")) == "equeueClosed":
        return InvitationClosedEvent()
    invitation = fields.group("equeueInvitation")
    return InvitationEvent(
        offices=tuple(
            Office(organization_id=office.text("organizationId"), area_ids=tuple(office.texts("areaId")))
            for office in invitation.groups("organizationData")
        ),
        start_date=invitation.maybe_day("startDate"),
        end_date=invitation.maybe_day("endDate"),
    )
