"""The certificate and the contract as cards of the account.

Source: portal message dictionary, 7 (blocks A-CERT, A-CONTRACT). Amounts are hundredths of the unit beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import (
    AnySplit,
    ContractState,
    Organisation,
    Register,
    Scheme,
    Unit,
    read_amount,
    read_organisation,
    read_split,
    render_amount,
    render_organisation,
    render_split,
)
from socert.contracts.portal.values import format_hundredths
from socert.contracts.portal.write import optional, optional_date, optional_number, text

if TYPE_CHECKING:
    from datetime import date

    from socert.contracts.portal.read import Fields


class CertificateType(StrEnum):
    """Whether the certificate carries funds."""

    ACCOUNTING = "0"
    FUNDED = "1"


class CertificateStatus(StrEnum):
    """Life of a certificate (portal message dictionary, 8.4)."""

    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    EXHAUSTED = "EXHAUSTED"
    ANNULLED = "ANNULLED"
    EXPIRED = "EXPIRED"


class Initiator(StrEnum):
    """Who ended a contract."""

    PARENT = "PARENT"
    ORGANISATION = "ORGANISATION"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What a certificate holds for one period, in hundredths of `unit`: kopecks or hundredths of an hour.

    available = nominal - reserved - spent. Days inclusive, normally 1 January to 31 December.
    """

    period_from: date
    period_to: date
    unit: Unit
    nominal: int
    reserved: int
    spent: int
    available: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgrammeBalance:
    """How many programmes of a count register are left for one period: whole numbers 0-99.

    available = nominal - used.
    """

    period_from: date
    period_to: date
    register: Register
    nominal: int
    used: int
    available: int


AnyBalance = Balance | ProgrammeBalance


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateCard:
    """A certificate (A-CERT).

    `region_code` and `municipality_code` are FIAS GUIDs; `valid_to` None means until the 18th birthday; `version` is
    the version of the balance, which an agreed split names; `balances` has 1-12 entries, one a period and register.
    """

    certificate_guid: str
    certificate_number: str
    scheme: Scheme
    certificate_type: CertificateType
    category_code: str | None = None
    category_name: str | None = None
    region_code: str
    municipality_code: str
    valid_from: date
    valid_to: date | None = None
    status: CertificateStatus
    status_reason: str | None = None
    version: int
    balances: tuple[AnyBalance, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Termination:
    """How a contract ended early: last day, who, a code (portal message dictionary, 6.4) and a text.

    `released` is what returned to the certificate, in the unit of the contract's split.
    """

    date: date
    initiator: Initiator
    reason_code: str
    reason_text: str | None = None
    released: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractCard:
    """A contract (A-CONTRACT).

    `contract_id` is the region's, stable for life; `certificate_version` is the balance version after this event;
    `reserved_now` and `spent_now` are in the unit of `split` (hundredths; whole programmes beside a `CountSplit`).
    `termination` only in the states TERMINATING, TERMINATED, REFUSED.
    """

    contract_id: str
    contract_number: str | None = None
    contract_date: date | None = None
    contract_state: ContractState
    start_date: date
    end_date: date
    certificate_guid: str
    certificate_version: int
    organisation: Organisation
    programme_guid: str
    programme_name: str
    group_guid: str | None = None
    group_name: str | None = None
    study_year: int | None = None
    split: AnySplit
    reserved_now: int
    spent_now: int
    agreement_number: str | None = None
    agreement_date: date | None = None
    previous_contract_id: str | None = None
    termination: Termination | None = None


_BALANCE_ELEMENTS = {Unit.RUB: "money", Unit.HOUR: "time"}
_BALANCE_UNITS = {name: unit for unit, name in _BALANCE_ELEMENTS.items()}
_COUNT_ELEMENT = "programmes"


def render_certificate(p: str, card: CertificateCard) -> str:
    """Write the element `certificateCard`."""
    return (
        f"<{p}:certificateCard><{p}:certificateGUID>{text(card.certificate_guid)}</{p}:certificateGUID>"
        f"<{p}:certificateNumber>{text(card.certificate_number)}</{p}:certificateNumber>"
        f"<{p}:scheme>{card.scheme}</{p}:scheme>"
        f"<{p}:certificateType>{card.certificate_type}</{p}:certificateType>"
        f"{optional(p, 'categoryCode', card.category_code)}{optional(p, 'categoryName', card.category_name)}"
        f"<{p}:regionCode>{text(card.region_code)}</{p}:regionCode>"
        f"<{p}:municipalityCode>{text(card.municipality_code)}</{p}:municipalityCode>"
        f"<{p}:validFrom>{card.valid_from.isoformat()}</{p}:validFrom>"
        f"{optional_date(p, 'validTo', card.valid_to)}"
        f"<{p}:status>{card.status}</{p}:status>{optional(p, 'statusReason', card.status_reason)}"
        f"<{p}:version>{card.version:d}</{p}:version>"
        f"{''.join([_render_balance(p, balance) for balance in card.balances])}</{p}:certificateCard>"
    )


def _render_balance(p: str, balance: AnyBalance) -> str:
    period = (
        f"<{p}:balance><{p}:periodFrom>{balance.period_from.isoformat()}</{p}:periodFrom>"
        f"<{p}:periodTo>{balance.period_to.isoformat()}</{p}:periodTo>"
    )
    if isinstance(balance, ProgrammeBalance):
        return (
            f"{period}<{p}:programmes><{p}:register>{balance.register}</{p}:register>"
            f"<{p}:nominal>{balance.nominal:d}</{p}:nominal><{p}:used>{balance.used:d}</{p}:used>"
            f"<{p}:available>{balance.available:d}</{p}:available></{p}:programmes></{p}:balance>"
        )
    name = _BALANCE_ELEMENTS[balance.unit]
    return (
        f"{period}<{p}:{name}><{p}:nominal>{format_hundredths(balance.nominal)}</{p}:nominal>"
        f"<{p}:reserved>{format_hundredths(balance.reserved)}</{p}:reserved>"
        f"<{p}:spent>{format_hundredths(balance.spent)}</{p}:spent>"
        f"<{p}:available>{format_hundredths(balance.available)}</{p}:available></{p}:{name}></{p}:balance>"
    )


def read_certificate(fields: Fields) -> CertificateCard:
    """Read what `certificateCard` holds."""
    return CertificateCard(
        certificate_guid=fields.text("certificateGUID"),
        certificate_number=fields.text("certificateNumber"),
        scheme=fields.choice(Scheme, "scheme"),
        certificate_type=fields.choice(CertificateType, "certificateType"),
        category_code=fields.maybe_text("categoryCode"),
        category_name=fields.maybe_text("categoryName"),
        region_code=fields.text("regionCode"),
        municipality_code=fields.text("municipalityCode"),
        valid_from=fields.day("validFrom"),
        valid_to=fields.maybe_day("validTo"),
        status=fields.choice(CertificateStatus, "status"),
        status_reason=fields.maybe_text("statusReason"),
        version=fields.integer("version"),
        balances=tuple([_read_balance(balance) for balance in fields.groups("balance")]),
    )


def _read_balance(fields: Fields) -> AnyBalance:
    period_from, period_to = fields.day("periodFrom"), fields.day("periodTo")
    name = fields.first_of((*_BALANCE_UNITS, _COUNT_ELEMENT))
    amounts = fields.group(name)
    if name == _COUNT_ELEMENT:
        return ProgrammeBalance(
            period_from=period_from,
            period_to=period_to,
            register=amounts.choice(Register, "register"),
            nominal=amounts.integer("nominal"),
            used=amounts.integer("used"),
            available=amounts.integer("available"),
        )
    return Balance(
        period_from=period_from,
        period_to=period_to,
        unit=_BALANCE_UNITS[name],
        nominal=amounts.hundredths("nominal"),
        reserved=amounts.hundredths("reserved"),
        spent=amounts.hundredths("spent"),
        available=amounts.hundredths("available"),
    )


def render_contract(p: str, card: ContractCard) -> str:
    """Write the element `contractCard`."""
    return (
        f"<{p}:contractCard><{p}:contractId>{text(card.contract_id)}</{p}:contractId>"
        f"{optional(p, 'contractNumber', card.contract_number)}{optional_date(p, 'contractDate', card.contract_date)}"
        f"<{p}:contractState>{card.contract_state}</{p}:contractState>"
        f"<{p}:startDate>{card.start_date.isoformat()}</{p}:startDate>"
        f"<{p}:endDate>{card.end_date.isoformat()}</{p}:endDate>"
        f"<{p}:certificateGUID>{text(card.certificate_guid)}</{p}:certificateGUID>"
        f"<{p}:certificateVersion>{card.certificate_version:d}</{p}:certificateVersion>"
        f"{render_organisation(p, card.organisation)}"
        f"<{p}:programmeGUID>{text(card.programme_guid)}</{p}:programmeGUID>"
        f"<{p}:programmeName>{text(card.programme_name)}</{p}:programmeName>"
        f"{optional(p, 'groupGUID', card.group_guid)}{optional(p, 'groupName', card.group_name)}"
        f"{optional_number(p, 'studyYear', card.study_year)}{render_split(p, card.split)}"
        f"<{p}:reservedNow>{render_amount(card.split, card.reserved_now)}</{p}:reservedNow>"
        f"<{p}:spentNow>{render_amount(card.split, card.spent_now)}</{p}:spentNow>"
        f"{optional(p, 'agreementNumber', card.agreement_number)}"
        f"{optional_date(p, 'agreementDate', card.agreement_date)}"
        f"{optional(p, 'previousContractId', card.previous_contract_id)}"
        f"{_render_termination(p, card.split, card.termination)}</{p}:contractCard>"
    )


def _render_termination(p: str, split: AnySplit, termination: Termination | None) -> str:
    if termination is None:
        return ""
    return (
        f"<{p}:termination><{p}:date>{termination.date.isoformat()}</{p}:date>"
        f"<{p}:initiator>{termination.initiator}</{p}:initiator>"
        f"<{p}:reasonCode>{text(termination.reason_code)}</{p}:reasonCode>"
        f"{optional(p, 'reasonText', termination.reason_text)}"
        f"<{p}:released>{render_amount(split, termination.released)}</{p}:released></{p}:termination>"
    )


def read_contract(fields: Fields) -> ContractCard:
    """Read what `contractCard` holds."""
    split = read_split(fields)
    return ContractCard(
        contract_id=fields.text("contractId"),
        contract_number=fields.maybe_text("contractNumber"),
        contract_date=fields.maybe_day("contractDate"),
        contract_state=fields.choice(ContractState, "contractState"),
        start_date=fields.day("startDate"),
        end_date=fields.day("endDate"),
        certificate_guid=fields.text("certificateGUID"),
        certificate_version=fields.integer("certificateVersion"),
        organisation=read_organisation(fields.group("organisation")),
        programme_guid=fields.text("programmeGUID"),
        programme_name=fields.text("programmeName"),
        group_guid=fields.maybe_text("groupGUID"),
        group_name=fields.maybe_text("groupName"),
        study_year=fields.maybe_integer("studyYear"),
        split=split,
        reserved_now=read_amount(split, fields, "reservedNow"),
        spent_now=read_amount(split, fields, "spentNow"),
        agreement_number=fields.maybe_text("agreementNumber"),
        agreement_date=fields.maybe_day("agreementDate"),
        previous_contract_id=fields.maybe_text("previousContractId"),
        termination=_read_termination(split, fields.group("termination")) if fields.has("termination") else None,
    )


def _read_termination(split: AnySplit, fields: Fields) -> Termination:
    return Termination(
        date=fields.day("date"),
        initiator=fields.choice(Initiator, "initiator"),
        reason_code=fields.text("reasonCode"),
        reason_text=fields.maybe_text("reasonText"),
        released=read_amount(split, fields, "released"),
    )
