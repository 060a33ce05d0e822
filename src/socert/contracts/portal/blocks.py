"""Blocks that the account and the enrolment messages share: organisation, split of a price, vocabulary.

Each message type expands them in its own namespace. Source: portal message dictionary, 6 (blocks E-ORG, E-SPLIT-*).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal import values
from socert.contracts.portal.values import format_hundredths, format_month
from socert.contracts.portal.write import element, optional, text

if TYPE_CHECKING:
    from datetime import date

    from socert.contracts.portal.read import Fields


class Unit(StrEnum):
    """What an amount in hundredths counts: roubles (kopecks) or hours (hundredths of an hour)."""

    RUB = "rub"
    HOUR = "hour"


class Register(StrEnum):
    """A register that counts programmes instead of funds."""

    SIGNIFICANT = "SIGNIFICANT"
    PREPROF = "PREPROF"
    OTHER = "OTHER"


class Gender(StrEnum):
    """Sex of a child as the portal writes it."""

    MALE = "Male"
    FEMALE = "Female"


class Scheme(StrEnum):
    """The legal name of the same mechanism: personified financing or social order. Display only."""

    PF = "PF"
    SOCIAL_ORDER = "SOCIAL_ORDER"


class ContractState(StrEnum):
    """Life of a contract (portal message dictionary, 6.3)."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    ACTIVE = "ACTIVE"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"


class OrganisationKind(StrEnum):
    """Legal kind of a provider."""

    STATE = "STATE"
    MUNICIPAL = "MUNICIPAL"
    PRIVATE = "PRIVATE"
    SOLE_TRADER = "SOLE_TRADER"


class FinancialSource(StrEnum):
    """Who pays for a place (portal message dictionary, 9.2): a closed list except in the cost question."""

    NONE = "none"
    BUDGET = "budget"
    CERTIFICATE = "pfdod_certificate"
    PAID = "paid"
    PRIVATE = "private"


class TypeOfBudget(StrEnum):
    """Which register a place on the budget belongs to (portal message dictionary, 9.2)."""

    PRE_PROFESSIONAL = "preprof"
    SIGNIFICANT = "valued"
    OTHER = "other"
    FREE = "free"


class FormCode(StrEnum):
    """Which form of consent: personal data, application, split payment, the older form."""

    PD_PROCESSING = "PD_PROCESSING"
    SOCIAL_CERT_APPLICATION = "SOCIAL_CERT_APPLICATION"
    SPLIT_PAYMENT = "SPLIT_PAYMENT"
    PFDO_LEGACY = "PFDO_LEGACY"


class Channel(StrEnum):
    """Where a consent was given."""

    PORTAL = "PORTAL"
    ORGANISATION = "ORGANISATION"
    REGIONAL_SITE = "REGIONAL_SITE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    """Provider of a programme (E-ORG).

    `organisation_id` is the region's, 1-50 characters; `name` 1-500. A sole trader has an INN of 12 digits, an
    OGRNIP of 15 in `ogrn` and no KPP; the others 10 and 13.
    """

    organisation_id: str
    name: str
    kind: OrganisationKind
    inn: str
    kpp: str | None = None
    ogrn: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class YearPart:
    """What falls on one calendar year (2020-2100), in hundredths of the split's unit."""

    year: int
    certificate_part: int
    applicant_part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthPart:
    """What falls on one month, named by its first day, in hundredths of the split's unit."""

    month: date
    certificate_part: int
    applicant_part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Who pays what, in hundredths of `unit` (E-SPLIT-RUB, E-SPLIT-HOUR).

    total = certificate_part + applicant_part; 1-3 year parts add up to them; 0-36 month parts add up to their year.
    `applicant_payable`, only with hours: the price of the family's hours in kopecks, for information.
    """

    unit: Unit
    total: int
    certificate_part: int
    applicant_part: int
    year_parts: tuple[YearPart, ...]
    month_parts: tuple[MonthPart, ...] = ()
    applicant_payable: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CountSplit:
    """Programmes taken from a count register (E-SPLIT-COUNT): a whole number 0-99, normally 1."""

    register: Register
    programmes: int


AnySplit = Split | CountSplit
_SPLIT_ELEMENTS = {Unit.RUB: "splitRub", Unit.HOUR: "splitHour"}
_SPLIT_UNITS = {name: unit for unit, name in _SPLIT_ELEMENTS.items()}
_COUNT_ELEMENT = "splitCount"


def render_organisation(p: str, organisation: Organisation) -> str:
    """Write the element `organisation`."""
    return (
        f"<{p}:organisation><{p}:organisationId>{text(organisation.organisation_id)}</{p}:organisationId>"
        f"<{p}:organisationName>{text(organisation.name)}</{p}:organisationName>"
        f"<{p}:organisationKind>{organisation.kind}</{p}:organisationKind>"
        f"{element(p, 'inn', organisation.inn)}{optional(p, 'kpp', organisation.kpp)}"
        f"{optional(p, 'ogrn', organisation.ogrn)}</{p}:organisation>"
    )


def read_organisation(fields: Fields) -> Organisation:
    """Read what `organisation` holds."""
    return Organisation(
        organisation_id=fields.text("organisationId"),
        name=fields.text("organisationName"),
        kind=fields.choice(OrganisationKind, "organisationKind"),
        inn=fields.text("inn"),
        kpp=fields.maybe_text("kpp"),
        ogrn=fields.maybe_text("ogrn"),
    )


def render_split(p: str, split: AnySplit) -> str:
    """Write `splitRub`, `splitHour` or `splitCount`."""
    if isinstance(split, CountSplit):
        return (
            f"<{p}:splitCount><{p}:register>{split.register}</{p}:register>"
            f"<{p}:programmes>{split.programmes:d}</{p}:programmes></{p}:splitCount>"
        )
    name = _SPLIT_ELEMENTS[split.unit]
    payable = split.applicant_payable
    return "".join(
        (
            f"<{p}:{name}><{p}:total>{format_hundredths(split.total)}</{p}:total>",
            _parts(p, split.certificate_part, split.applicant_part),
            "" if payable is None else f"<{p}:applicantPayable>{format_hundredths(payable)}</{p}:applicantPayable>",
            *(
                f"<{p}:yearPart><{p}:year>{part.year:d}</{p}:year>"
                f"{_parts(p, part.certificate_part, part.applicant_part)}</{p}:yearPart>"
                for part in split.year_parts
            ),
            *(
                f"<{p}:monthPart><{p}:month>{format_month(part.month)}</{p}:month>"
                f"{_parts(p, part.certificate_part, part.applicant_part)}</{p}:monthPart>"
                for part in split.month_parts
            ),
            f"</{p}:{name}>",
        )
    )


def _parts(p: str, certificate_part: int, applicant_part: int) -> str:
    return (
        f"<{p}:certificatePart>{format_hundredths(certificate_part)}</{p}:certificatePart>"
        f"<{p}:applicantPart>{format_hundredths(applicant_part)}</{p}:applicantPart>"
    )


def read_split(fields: Fields) -> AnySplit:
    """Read the one of `splitRub`, `splitHour`, `splitCount` that stands among these fields."""
    name = fields.first_of((*_SPLIT_UNITS, _COUNT_ELEMENT))
    split = fields.group(name)
    if name == _COUNT_ELEMENT:
        return CountSplit(register=split.choice(Register, "register"), programmes=split.integer("programmes"))
    return Split(
        unit=_SPLIT_UNITS[name],
        total=split.hundredths("total"),
        certificate_part=split.hundredths("certificatePart"),
        applicant_part=split.hundredths("applicantPart"),
        applicant_payable=split.maybe(values.parse_hundredths, "applicantPayable"),
        year_parts=tuple(_read_year_part(part) for part in split.groups("yearPart")),
        month_parts=tuple(_read_month_part(part) for part in split.groups("monthPart")),
    )


def _read_year_part(fields: Fields) -> YearPart:
    return YearPart(
        year=fields.integer("year"),
        certificate_part=fields.hundredths("certificatePart"),
        applicant_part=fields.hundredths("applicantPart"),
    )


def _read_month_part(fields: Fields) -> MonthPart:
    return MonthPart(
        month=fields.value(values.parse_xml_month, "month"),
        certificate_part=fields.hundredths("certificatePart"),
        applicant_part=fields.hundredths("applicantPart"),
    )


def render_amount(split: AnySplit, amount: int) -> str:
    """Write an amount that stands beside a split in the split's unit: two digits, or whole programmes."""
    return f"{amount:d}" if isinstance(split, CountSplit) else format_hundredths(amount)


def read_amount(split: AnySplit, fields: Fields, name: str) -> int:
    """Read an amount that stands beside a split: hundredths of its unit, or whole programmes."""
    return fields.count(name) if isinstance(split, CountSplit) else fields.hundredths(name)
