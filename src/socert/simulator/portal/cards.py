"""What the portal keeps of an object it shows: the certificate and the contract, flattened and stored as JSON.

Amounts are integer hundredths of their unit; a count register's amounts are hundredths of a programme, so that one
arithmetic serves all (`unit` is then "count").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from socert.contracts.portal.account import (
    Balance,
    CertificateCard,
    CertificateType,
    ConsentState,
    ContractCard,
    CountSplit,
    ProgrammeBalance,
    RenewalOffer,
)
from socert.simulator.portal.division import COUNT, Division, division

if TYPE_CHECKING:
    from socert.contracts.portal.account import AnyBalance, AnySplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """What a certificate holds for one period, in hundredths of `unit` ("rub", "hour", "count").

    `register` names a count register (`blocks.Register`'s value), empty beside funds.
    """

    unit: str
    nominal: int
    reserved: int
    spent: int
    available: int
    period_from: date
    period_to: date
    register: str = ""


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
    """A contract as the account shows it. `ended` and `ending` tell of an early end.

    `reserved`, `spent` and `released` (None unless it ended early) are hundredths of `unit`; `initiator` and
    `reason_code` are those of an early end.
    """

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
    group: str = ""
    study_year: int | None = None
    reserved: int = 0
    spent: int = 0
    released: int | None = None
    initiator: str = ""
    reason_code: str = ""
    previous_contract_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A renewal offer as the account shows it. `seq` is its version: an answer names the one that was seen.

    `state` is an `account.OfferState`'s value; `silent_answer` is what silence means: "ACCEPT" or "DECLINE".
    """

    id: str
    seq: int
    state: str
    previous_contract_id: str
    organisation: str
    programme: str
    programme_guid: str
    group_guid: str
    study_year: int | None
    module_number: int | None
    start: date
    end: date
    certificate_guid: str
    certificate_version: int
    division: Division
    rank: int | None
    offered: datetime
    respond_by: datetime
    silent_answer: str
    as_of: datetime

    def open_at(self, now: datetime) -> bool:
        """Whether the parent can still answer."""
        return self.state == "OFFERED" and now < self.respond_by


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentCard:
    """Where a consent stands: `state` is an `account.ConsentStanding`'s value, `form` a `FormCode`'s.

    `required_version` is the one to be signed where a new version is needed, empty otherwise.
    """

    id: str
    form: str
    version: str
    state: str
    changed: datetime
    channel: str
    required_version: str
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
        group=card.group_name or "",
        study_year=card.study_year,
        reserved=_hundredths(split, card.reserved_now),
        spent=_hundredths(split, card.spent_now),
        released=None if end is None else _hundredths(split, end.released),
        initiator="" if end is None else end.initiator.value,
        reason_code="" if end is None else end.reason_code,
        previous_contract_id=card.previous_contract_id or "",
    )


def offer(card: RenewalOffer, seq: int, as_of: datetime) -> Offer:
    """Flatten a renewal offer of this version."""
    return Offer(
        id=card.offer_id,
        seq=seq,
        state=card.offer_state.value,
        previous_contract_id=card.previous_contract_id,
        organisation=card.organisation.name,
        programme=card.programme_name,
        programme_guid=card.programme_guid,
        group_guid=card.group_guid or "",
        study_year=card.study_year,
        module_number=card.module_number,
        start=card.start_date,
        end=card.end_date,
        certificate_guid=card.certificate_guid,
        certificate_version=card.certificate_version,
        division=division(card.split),
        rank=card.priority_rank,
        offered=card.offered_at,
        respond_by=card.respond_by,
        silent_answer="DECLINE" if card.silent_answer is None else card.silent_answer.value,
        as_of=as_of,
    )


def consent(card: ConsentState, as_of: datetime) -> ConsentCard:
    """Flatten a consent's state."""
    return ConsentCard(
        id=card.consent_id,
        form=card.form_code.value,
        version=card.form_version,
        state=card.state.value,
        changed=card.changed_at,
        channel=card.channel.value,
        required_version=card.required_version or "",
        as_of=as_of,
    )


_OFFERS = TypeAdapter(Offer)
_CONSENTS = TypeAdapter(ConsentCard)


def dump(card: Certificate | Contract | Offer | ConsentCard) -> str:
    """Return a card as JSON text for the state."""
    if isinstance(card, Offer):
        return _OFFERS.dump_json(card).decode()
    if isinstance(card, ConsentCard):
        return _CONSENTS.dump_json(card).decode()
    return json.dumps(card, default=_plain, ensure_ascii=False)


def load_offer(text: str) -> Offer:
    """Return an offer from its JSON text."""
    return _OFFERS.validate_json(text)


def load_consent(text: str) -> ConsentCard:
    """Return a consent from its JSON text."""
    return _CONSENTS.validate_json(text)


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


def _hundredths(split: AnySplit, amount: int) -> int:
    """Return an amount beside a split in hundredths: beside a count it is whole programmes."""
    return amount * 100 if isinstance(split, CountSplit) else amount


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
            register=balance.register.value,
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
