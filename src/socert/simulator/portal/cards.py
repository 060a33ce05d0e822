"""What the portal keeps of an object it shows: the certificate and the contract, flattened and stored as JSON.

Amounts are integer hundredths of their unit; a count register's amounts are hundredths of a programme, so that one
arithmetic serves all (`unit` is then "count").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from socert.contracts.portal.account import (
    Balance,
    CertificateCard,
    CertificateType,
    ContractCard,
    CountSplit,
    ProgrammeBalance,
)

if TYPE_CHECKING:
    from socert.contracts.portal.account import AnyBalance

COUNT = "count"


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """What a certificate holds for one period, in hundredths of `unit` ("rub", "hour", "count")."""

    unit: str
    nominal: int
    reserved: int
    spent: int
    available: int
    period_from: date
    period_to: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate as the account shows it."""

    guid: str
    number: str
    scheme: str
    with_funds: bool
    status: str
    status_reason: str
    municipality_code: str
    category: str
    valid_from: date
    valid_to: date | None
    balances: tuple[Amounts, ...]
    as_of: datetime

    def balance_on(self, today: date) -> Amounts:
        """Return the entry to show: funds before count registers; today's period, else the nearest one."""
        funds = [entry for entry in self.balances if entry.unit != COUNT] or list(self.balances)
        return min(funds, key=lambda entry: _distance(entry, today))


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """A contract as the account shows it. `ended` and `ending` tell of an early end."""

    id: str
    number: str
    contract_date: date | None
    status: str
    start: date
    end: date
    certificate_guid: str
    organisation: str
    programme: str
    unit: str
    certificate_part: int
    own_part: int
    ended: date | None
    ending: str
    as_of: datetime


def certificate(card: CertificateCard, as_of: datetime) -> Certificate:
    """Flatten a certificate card."""
    return Certificate(
        guid=card.certificate_guid,
        number=card.certificate_number,
        scheme=card.scheme.value,
        with_funds=card.certificate_type is CertificateType.FUNDED,
        status=card.status.value,
        status_reason=card.status_reason or "",
        municipality_code=card.municipality_code,
        category=card.category_name or "",
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        balances=tuple(_amounts(balance) for balance in card.balances),
        as_of=as_of,
    )


def contract(card: ContractCard, as_of: datetime) -> Contract:
    """Flatten a contract card."""
    split, end = card.split, card.termination
    return Contract(
        id=card.contract_id,
        number=card.contract_number or "",
        contract_date=card.contract_date,
        status=card.contract_state.value,
        start=card.start_date,
        end=card.end_date,
        certificate_guid=card.certificate_guid,
        organisation=card.organisation.name,
        programme=card.programme_name,
        unit=COUNT if isinstance(split, CountSplit) else split.unit.value,
        certificate_part=split.programmes * 100 if isinstance(split, CountSplit) else split.certificate_part,
        own_part=0 if isinstance(split, CountSplit) else split.applicant_part,
        ended=None if end is None else end.date,
        ending="" if end is None else end.reason_text or "",
        as_of=as_of,
    )


def dump(card: Certificate | Contract) -> str:
    """Return a card as JSON text for the state."""
    return json.dumps(card, default=_plain, ensure_ascii=False)


def load_certificate(text: str) -> Certificate:
    """Return a certificate from its JSON text."""
    raw = json.loads(text)
    raw["balances"] = tuple(Amounts(**_days(entry, "period_from", "period_to")) for entry in raw["balances"])
    raw["as_of"] = datetime.fromisoformat(raw["as_of"])
    return Certificate(**_days(raw, "valid_from", "valid_to"))


def load_contract(text: str) -> Contract:
    """Return a contract from its JSON text."""
    raw = json.loads(text)
    raw["as_of"] = datetime.fromisoformat(raw["as_of"])
    return Contract(**_days(raw, "contract_date", "start", "end", "ended"))


def _amounts(balance: AnyBalance) -> Amounts:
    if isinstance(balance, ProgrammeBalance):
        return Amounts(
            unit=COUNT,
            nominal=balance.nominal * 100,
            reserved=0,
            spent=balance.used * 100,
            available=balance.available * 100,
            period_from=balance.period_from,
            period_to=balance.period_to,
        )
    assert isinstance(balance, Balance)
    return Amounts(
        unit=balance.unit.value,
        nominal=balance.nominal,
        reserved=balance.reserved,
        spent=balance.spent,
        available=balance.available,
        period_from=balance.period_from,
        period_to=balance.period_to,
    )


def _distance(entry: Amounts, today: date) -> int:
    """Return how many days a period is away from today; 0 when today is in it."""
    if today < entry.period_from:
        return (entry.period_from - today).days
    return max(0, (today - entry.period_to).days)


def _plain(value: object) -> str | dict[str, Any]:
    """Return what JSON has for a date, a moment and the values of this module."""
    if isinstance(value, date):
        return value.isoformat()
    assert isinstance(value, Certificate | Contract | Amounts)
    return {name: getattr(value, name) for name in value.__slots__}


def _days(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the mapping with the named texts as dates; None stays None."""
    days = {name: None if raw[name] is None else date.fromisoformat(raw[name]) for name in names}
    return raw | days
