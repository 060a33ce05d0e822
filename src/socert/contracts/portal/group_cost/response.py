"""Five answers to the question what a group costs.

Source: portal message dictionary, 2 (the five roots groupCost…Response) and its traps 1-5 and 7.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.message import MessageType
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.group_cost.request import Request, read_inside, render_inside
from socert.contracts.portal.group_cost.types import (
    BAD_DATA_RESPONSE,
    CALCULATION_RESPONSE,
    EXHAUSTED_RESPONSE,
    FREE_OF_CHARGE_RESPONSE,
    INEFFECTUAL_RESPONSE,
    NAMESPACE,
)
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_hundredths
from socert.contracts.portal.write import boolean, element

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element


@dataclass(frozen=True, kw_only=True, slots=True)
class Calculation:
    """The price is known: all amounts in hundredths of the certificate's unit, which the message does not name.

    `order_allowed` says whether the application may be filed, whatever the answer is called; `message` is a text for
    the parent, may be empty and is unlimited: cut it before it becomes a comment. Monthly figures are approximate.
    `request_info` is a copy of the question.
    """

    message_type: ClassVar[MessageType] = CALCULATION_RESPONSE

    order_allowed: bool
    message: str
    cost_per_year: int
    certificate_reserving_cost: int
    monthly_cost: int
    monthly_from_certificate: int
    monthly_from_applicant: int
    request_info: Request | None = None

    @property
    def applicant_part(self) -> int:
        """What is left for the family, provided that both sums are of one period: the message does not say so."""
        return self.cost_per_year - self.certificate_reserving_cost

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Never writes `debugInfo`. Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative
        amounts.
        """
        amounts = (
            ("costPerYear", self.cost_per_year),
            ("certificateReservingCost", self.certificate_reserving_cost),
            ("monthlyCost", self.monthly_cost),
            ("monthlyFromCertificate", self.monthly_from_certificate),
            ("monthlyFromApplicant", self.monthly_from_applicant),
        )
        inside = "".join(element(prefix, name, format_hundredths(amount)) for name, amount in amounts)
        return _message(prefix, self, f"<{prefix}:costCalculation>{inside}</{prefix}:costCalculation>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ineffectual:
    """Too little is known to name a price; fields and `render` as in `Calculation`."""

    message_type: ClassVar[MessageType] = INEFFECTUAL_RESPONSE

    order_allowed: bool
    message: str
    request_info: Request | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `Calculation.render`."""
        return _message(prefix, self, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeOfCharge:
    """Nothing to pay: so many programmes may be taken from the register, so many are taken; else as `Calculation`."""

    message_type: ClassVar[MessageType] = FREE_OF_CHARGE_RESPONSE

    order_allowed: bool
    message: str
    registry_balance: int
    registry_booked_amount: int
    request_info: Request | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `Calculation.render`."""
        if self.registry_balance < 0 or self.registry_booked_amount < 0:
            raise ValueRefused("a count on the wire is never negative", field="certificateBalance")
        p = prefix
        return _message(
            p,
            self,
            f"<{p}:certificateBalance><{p}:registryBalance>{self.registry_balance:d}</{p}:registryBalance>"
            f"<{p}:registryBookedAmount>{self.registry_booked_amount:d}</{p}:registryBookedAmount>"
            f"</{p}:certificateBalance>",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateExhausted:
    """Nothing is left on the certificate; fields and `render` as in `Calculation`."""

    message_type: ClassVar[MessageType] = EXHAUSTED_RESPONSE

    order_allowed: bool
    message: str
    request_info: Request | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `Calculation.render`."""
        return _message(prefix, self, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorInfo:
    """One reason why nothing could be computed: a code and a text, both free."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BadCalculationData:
    """The computation failed; else as `Calculation`."""

    message_type: ClassVar[MessageType] = BAD_DATA_RESPONSE

    order_allowed: bool
    message: str
    errors: tuple[ErrorInfo, ...] = ()
    request_info: Request | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `Calculation.render`."""
        p = prefix
        errors = [
            f"<{p}:errorInfo>{element(p, 'code', error.code)}{element(p, 'message', error.message)}</{p}:errorInfo>"
            for error in self.errors
        ]
        return _message(p, self, "".join(errors))


Response = Calculation | Ineffectual | FreeOfCharge | CertificateExhausted | BadCalculationData


def _message(p: str, response: Response, inside: str) -> str:
    """Write what all five have in common around what each has of its own."""
    root = f"{p}:{response.message_type.root}"
    echo = response.request_info
    request_info = "" if echo is None else f"<{p}:requestInfo>{render_inside(p, echo)}</{p}:requestInfo>"
    return (
        f'<{root} xmlns:{p}="{NAMESPACE}">{element(p, "orderAllowed", boolean(response.order_allowed))}'
        f"{element(p, 'message', response.message)}{inside}{request_info}</{root}>"
    )


def without_debug(element: _Element) -> _Element:
    """Return an answer without `debugInfo`, to be checked and read: the same element when there is none, else a copy.

    The schema wants everything inside `debugInfo` declared, and what a peer puts there never is.
    """
    name = f"{{{NAMESPACE}}}debugInfo"
    if element.find(name) is None:
        return element
    bare = deepcopy(element)
    bare.tail = None
    for debug in bare.findall(name):
        bare.remove(debug)
    return bare


def read_response(element: _Element) -> Response:
    """Read a schema-valid answer, whichever of the five it is. What `debugInfo` holds is not looked at.

    Raises ValueRefused with the path, also for what xs:decimal and xs:integer allow and an account cannot hold: a
    minus, a third decimal, a number past all reason.
    """
    message_type = MessageType.of(element)
    read = _READERS.get(message_type)
    if read is None:
        raise ValueRefused("an answer to a cost question was expected", field=message_type.root[:100])
    return read(Fields.of_root(element, message_type, zone=None))


def _read_calculation(fields: Fields) -> Calculation:
    cost = fields.group("costCalculation")
    return Calculation(
        order_allowed=fields.boolean("orderAllowed"),
        message=fields.text("message"),
        cost_per_year=cost.hundredths("costPerYear"),
        certificate_reserving_cost=cost.hundredths("certificateReservingCost"),
        monthly_cost=cost.hundredths("monthlyCost"),
        monthly_from_certificate=cost.hundredths("monthlyFromCertificate"),
        monthly_from_applicant=cost.hundredths("monthlyFromApplicant"),
        request_info=_read_echo(fields),
    )


def _read_ineffectual(fields: Fields) -> Ineffectual:
    return Ineffectual(
        order_allowed=fields.boolean("orderAllowed"), message=fields.text("message"), request_info=_read_echo(fields)
    )


def _read_free_of_charge(fields: Fields) -> FreeOfCharge:
    register = fields.group("certificateBalance")
    return FreeOfCharge(
        order_allowed=fields.boolean("orderAllowed"),
        message=fields.text("message"),
        registry_balance=register.count("registryBalance"),
        registry_booked_amount=register.count("registryBookedAmount"),
        request_info=_read_echo(fields),
    )


def _read_exhausted(fields: Fields) -> CertificateExhausted:
    return CertificateExhausted(
        order_allowed=fields.boolean("orderAllowed"), message=fields.text("message"), request_info=_read_echo(fields)
    )


def _read_bad_data(fields: Fields) -> BadCalculationData:
    return BadCalculationData(
        order_allowed=fields.boolean("orderAllowed"),
        message=fields.text("message"),
        errors=tuple(
            ErrorInfo(code=error.text("code"), message=error.text("message")) for error in fields.groups("errorInfo")
        ),
        request_info=_read_echo(fields),
    )


_READERS: dict[MessageType, Callable[[Fields], Response]] = {
    CALCULATION_RESPONSE: _read_calculation,
    INEFFECTUAL_RESPONSE: _read_ineffectual,
    FREE_OF_CHARGE_RESPONSE: _read_free_of_charge,
    EXHAUSTED_RESPONSE: _read_exhausted,
    BAD_DATA_RESPONSE: _read_bad_data,
}


def _read_echo(fields: Fields) -> Request | None:
    return read_inside(fields.group("requestInfo")) if fields.has("requestInfo") else None
