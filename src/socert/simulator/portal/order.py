"""An order, the parent's application at the portal, as it is kept and shown.

Source: portal message dictionary, 6 and 8.1.
"""

# ruff: noqa: TC001, TC003 - pydantic reads the annotations while the module runs

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from socert.contracts.portal.blocks import FinancialSource
from socert.contracts.portal.statuses import PortalStatus
from socert.contracts.portal.values import format_hundredths
from socert.simulator.portal import words
from socert.simulator.portal.catalogue import Municipality, Programme
from socert.simulator.portal.division import Division

if TYPE_CHECKING:
    from socert.contracts.portal.statuses import StatusCode


class CostOutcome(StrEnum):
    """Which of the five answers came to the cost question, or none that can be used."""

    CALCULATED = "calculated"
    FREE = "free"
    INEFFECTUAL = "ineffectual"
    EXHAUSTED = "exhausted"
    BAD_DATA = "bad_data"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenCertificate:
    """What came of the question for a certificate (M02): `outcome` is a `query.Outcome`, `text` is for the parent.

    `issued_now`: the certificate was made by this very order. Amounts are hundredths of `unit`, None where the answer
    has none. Empty texts where nothing was found.
    """

    outcome: str
    text: str = ""
    guid: str = ""
    number: str = ""
    with_funds: bool = False
    issued_now: bool = False
    unit: str = "rub"
    available: int | None = None
    booked: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What came of the cost question (M05), as the page shows it.

    `text` is the region's or the portal's own, in Russian; amounts of the answer are hundredths and approximate by
    month; `free_balance`, `free_booked` are whole programmes. `calculation` names the region's calculation; `division`
    is its exact proposal, bound to `balance_version` at `balance_as_of`, for `first_day` to `last_day`. Where there is
    none, `obstacle` says in Russian why the figures cannot be agreed to.
    """

    outcome: CostOutcome
    order_allowed: bool = False
    text: str = ""
    total: int | None = None
    certificate_part: int | None = None
    own_part: int | None = None
    monthly_cost: int | None = None
    monthly_certificate: int | None = None
    monthly_own: int | None = None
    free_balance: int | None = None
    free_booked: int | None = None
    errors: tuple[str, ...] = ()
    calculation: str = ""
    calculated_at: datetime | None = None
    balance_version: int | None = None
    balance_as_of: datetime | None = None
    division: Division | None = None
    first_day: date | None = None
    last_day: date | None = None
    obstacle: str = ""

    @property
    def agreeable(self) -> bool:
        """Whether the parent can agree to the figures of a certificate and file the application."""
        return self.order_allowed and self.division is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderContract:
    """The contract that a status told of; its own life goes on in the account."""

    id: str
    number: str
    signed: date | None
    state: str
    start: date
    end: date
    division: Division
    agreement_number: str = ""
    sign_deadline: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """Something that happened to an order.

    `status` is the portal's code or the agency's own; `seq` is the region's number, None for what has none. `source`:
    "portal", "status" (changeOrderInfo), "event" (a status by an order event), "info" (another event, which changes no
    status), "cancel" (cancelResponse). Entries that were not
    applied say why in `ignored` (English, for testers).
    """

    at: datetime
    status: int | str
    source: str
    seq: int | None = None
    comment: str = ""
    reason_code: str = ""
    cancel_allowed: bool | None = None
    send_message_allowed: bool | None = None
    contract: OrderContract | None = None
    ignored: str = ""

    @property
    def said(self) -> str:
        """The status in Russian."""
        return words.order_status(self.status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A text of an order. `outgoing`: from the parent; `result`: the region's receipt, empty while there is none."""

    id: str
    outgoing: bool
    author: str
    text: str
    at: datetime
    result: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order. `history` has what was applied, `ignored` what was not, both oldest first; `changes` counts writes.

    `filed` is when the application was first sent, None for a draft. `closed` is set by the statuses 3, 4 and 10:
    nothing changes the status after them. `failure` says in Russian why the last sending went wrong, empty when it did
    not.
    """

    id: int
    owner: int
    child: int
    programme: Programme
    municipality: Municipality
    source: FinancialSource
    start_date: date
    created: datetime
    end_date: date | None = None
    previous_contract_id: str | None = None
    renewal_offer_id: str | None = None
    status: int | str = int(PortalStatus.DRAFT)
    seq: int = 0
    closed: bool = False
    cancel_allowed: bool = False
    send_message_allowed: bool = False
    filed: datetime | None = None
    certificate: ChosenCertificate | None = None
    cost: Cost | None = None
    contract: OrderContract | None = None
    cancelled_from: date | None = None
    questions: int = 0
    failure: str = ""
    changes: int = 0
    history: tuple[HistoryEntry, ...] = ()
    ignored: tuple[HistoryEntry, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def said(self) -> str:
        """The status in Russian."""
        return words.order_status(self.status)

    @property
    def draft(self) -> bool:
        """Whether it was never sent."""
        return self.filed is None

    @property
    def agreeable(self) -> bool:
        """Whether the cost allows filing: with a certificate only by its exact figures."""
        if self.cost is None:
            return False
        return self.cost.agreeable if self.source is FinancialSource.CERTIFICATE else self.cost.order_allowed

    def as_json(self) -> dict[str, Any]:
        """Return the order for testers; amounts are texts with two digits, moments carry their offset."""
        raw: dict[str, Any] = _ORDERS.dump_python(self, mode="json")
        written: dict[str, Any] = _written(raw)
        return written | {"said": self.said, "agreeable": self.agreeable}


_ORDERS = TypeAdapter(Order)
_ENTRIES = TypeAdapter(HistoryEntry)
_DOCUMENTS = TypeAdapter(dict[str, Any])
#: What JSON for testers writes as amounts.
_AMOUNTS = frozenset(
    {
        "total",
        "certificate_part",
        "own_part",
        "monthly_cost",
        "monthly_certificate",
        "monthly_own",
        "available",
        "booked",
        "payable",
    }
)


def dump_order(order: Order) -> bytes:
    """Return an order as JSON for the state; history and messages lie in tables of their own."""
    return _ORDERS.dump_json(order, exclude={"history", "ignored", "messages", "changes"})


def load_order(
    document: str | bytes, *, changes: int, history: tuple[HistoryEntry, ...], messages: tuple[Message, ...]
) -> Order:
    """Return an order from the state."""
    return _ORDERS.validate_python(
        _DOCUMENTS.validate_json(document)
        | {
            "changes": changes,
            "history": tuple(one for one in history if not one.ignored),
            "ignored": tuple(one for one in history if one.ignored),
            "messages": messages,
        }
    )


def dump_entry(entry: HistoryEntry) -> bytes:
    """Return an entry of a history as JSON for the state."""
    return _ENTRIES.dump_json(entry)


def load_entry(document: str | bytes) -> HistoryEntry:
    """Return an entry of a history from the state."""
    return _ENTRIES.validate_json(document)


def closing(status: StatusCode) -> bool:
    """Say whether a status ends an order for good: 3, 4, 10 (portal message dictionary, 8.1 and 15, invariant 7)."""
    return status in {PortalStatus.RENDERED, PortalStatus.REFUSED, PortalStatus.CANCELLED}


def _written(value: Any) -> Any:
    """Write hundredths as texts with two digits, wherever they stand."""
    if isinstance(value, list):
        return [_written(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: format_hundredths(one) if name in _AMOUNTS and isinstance(one, int) else _written(one)
        for name, one in value.items()
    }
