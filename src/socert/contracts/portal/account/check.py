"""Rules of account objects that their schema cannot state.

The sender checks before sending, the receiver on receipt: the same functions for both. They take a value as read or
built, and never raise. Source: portal message dictionary, 6.3, 6.5, 7, 7.1 and 15 (invariants 1, 3, 4).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from socert.contracts.portal.account.cards import Balance, CertificateCard, ContractCard, ContractState
from socert.contracts.portal.account.offers import ConsentState, RenewalOffer
from socert.contracts.portal.account.update import Cause, Operation
from socert.contracts.portal.blocks import CountSplit, OrganisationKind, Split, Unit
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.values import is_inn, is_kpp, is_ogrn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from socert.contracts.portal.account.cards import AnyBalance
    from socert.contracts.portal.account.update import Applicant, Body, Update, UpdateRequest
    from socert.contracts.portal.blocks import AnySplit, MonthPart, Organisation, YearPart

LONGEST_TEXT = 2048
"""Characters, not bytes, of a notice, a status reason or a termination's text."""

MOST_UPDATES = 100
"""Updates in one push."""

_FIGURES = {CertificateCard: "certificateCard", ContractCard: "contractCard", RenewalOffer: "renewalOffer"}
_ENDING = {ContractState.TERMINATING, ContractState.TERMINATED, ContractState.REFUSED}
_OVER = {ContractState.TERMINATED, ContractState.COMPLETED, ContractState.REFUSED}


def check_update(update: Update) -> list[Problem]:
    """Return what is wrong with one object version; an empty list is a good one.

    Checked: a body where one is due and its id; no figures after a consent was withdrawn; sums of balances and
    splits; periods; what is reserved and spent against the certificate's part; the organisation's numbers; lengths of
    texts. Fields are paths inside the update.
    """
    return list(_update_problems(update))


def check_request(request: UpdateRequest) -> list[Problem]:
    """Return what is wrong with a whole push: each update, their number, versions of one object in order,
    a certificate before the contracts that it pays (portal message dictionary, 7.1, rule 3).
    """
    return list(_request_problems(request))


def _request_problems(request: UpdateRequest) -> Iterator[Problem]:
    if not 1 <= len(request.updates) <= MOST_UPDATES:
        yield Problem(field="update", reason=f"a push carries 1 to {MOST_UPDATES} updates")
    versions: dict[str, int] = {}
    paid_by: set[str] = set()
    for number, update in enumerate(request.updates, start=1):
        place = f"update[{number}]"
        for problem in _update_problems(update):
            yield Problem(field=f"{place}/{problem.field}", reason=problem.reason)
        if update.seq <= versions.get(update.object_id, 0):
            yield Problem(field=f"{place}/seq", reason="versions of one object stand in growing order, each once")
        versions[update.object_id] = update.seq
        if isinstance(update.body, ContractCard):
            paid_by.add(update.body.certificate_guid)
        elif isinstance(update.body, CertificateCard) and update.body.certificate_guid in paid_by:
            yield Problem(field=place, reason="a certificate stands before the contracts that it pays")


def _update_problems(update: Update) -> Iterator[Problem]:
    if update.body is None and update.operation is not Operation.CLOSE:
        yield Problem(field="operation", reason=f"{update.operation} carries the whole object; only CLOSE has no body")
    if update.body is not None and update.object_id != _own_id(update.body):
        yield Problem(field="objectId", reason="the id is the one inside the body")
    yield from _closing_problems(update)
    yield from _applicant_problems(update.recipient.applicant)
    yield from _text_problems("notice", update.notice)
    match update.body:
        case CertificateCard() as card:
            yield from _certificate_problems(card)
        case ContractCard() as card:
            yield from _contract_problems(card)
        case RenewalOffer() as offer:
            yield from _offer_problems(offer)
        case _:
            pass


def _own_id(body: Body) -> str:
    match body:
        case CertificateCard():
            return body.certificate_guid
        case ContractCard():
            return body.contract_id
        case RenewalOffer():
            return body.offer_id
        case ConsentState():
            return body.consent_id


def _closing_problems(update: Update) -> Iterator[Problem]:
    """After a withdrawal nothing but a CLOSE without figures may leave; switching the account off only closes."""
    closes = update.operation is Operation.CLOSE
    if update.cause is Cause.MODE_OFF and not closes:
        yield Problem(field="operation", reason="MODE_OFF closes the object")
    if update.cause is Cause.CONSENT_WITHDRAWN and not isinstance(update.body, ConsentState):
        if not closes:
            yield Problem(field="operation", reason="after a consent is withdrawn an object can only be closed")
        if update.body is not None:
            yield Problem(field=_FIGURES[type(update.body)], reason="after a consent is withdrawn no figures leave")


def _applicant_problems(applicant: Applicant) -> Iterator[Problem]:
    known_by = (applicant.snils, applicant.document, applicant.esia_oid)
    if sum(mark is not None for mark in known_by) != 1:
        yield Problem(field="recipient/applicant", reason="exactly one of snils, document, esiaOid is expected")


def _text_problems(field: str, text: str | None) -> Iterator[Problem]:
    if text is not None and len(text) > LONGEST_TEXT:
        yield Problem(field=field, reason=f"the text is longer than {LONGEST_TEXT} characters")


def _period_problems(field: str, first: date, last: date | None) -> Iterator[Problem]:
    if last is not None and last < first:
        yield Problem(field=field, reason="the last day is before the first")


# Certificates


def _certificate_problems(card: CertificateCard) -> Iterator[Problem]:
    yield from _period_problems("certificateCard/validTo", card.valid_from, card.valid_to)
    yield from _text_problems("certificateCard/statusReason", card.status_reason)
    for number, balance in enumerate(card.balances, start=1):
        yield from _balance_problems(f"certificateCard/balance[{number}]", balance)
    kept = Counter((balance.period_from, balance.period_to, _register_of(balance)) for balance in card.balances)
    if any(times > 1 for times in kept.values()):
        yield Problem(field="certificateCard/balance", reason="one balance a period and register")


def _register_of(balance: AnyBalance) -> str:
    return balance.unit if isinstance(balance, Balance) else balance.register


def _balance_problems(field: str, balance: AnyBalance) -> Iterator[Problem]:
    yield from _period_problems(f"{field}/periodTo", balance.period_from, balance.period_to)
    if isinstance(balance, Balance):
        taken = [balance.reserved, balance.spent]
        rule = "available is nominal - reserved - spent"
    else:
        taken = [balance.used]
        rule = "available is nominal - used"
    if balance.available != balance.nominal - sum(taken):
        yield Problem(field=f"{field}/available", reason=rule)
    yield from _negative_problems(field, (balance.nominal, *taken, balance.available))


def _negative_problems(field: str, amounts: Iterable[int]) -> Iterator[Problem]:
    if any(amount < 0 for amount in amounts):
        yield Problem(field=field, reason="no amount is negative")


# Contracts and offers


def _contract_problems(card: ContractCard) -> Iterator[Problem]:
    yield from _period_problems("contractCard/endDate", card.start_date, card.end_date)
    yield from _organisation_problems("contractCard/organisation", card.organisation)
    yield from _split_problems("contractCard", card.split, card.start_date, card.end_date)
    yield from _amount_problems(card)
    if card.termination is not None:
        yield from _text_problems("contractCard/termination/reasonText", card.termination.reason_text)
        if card.contract_state not in _ENDING:
            yield Problem(
                field="contractCard/termination", reason=f"a contract that is {card.contract_state} has no termination"
            )


def _amount_problems(card: ContractCard) -> Iterator[Problem]:
    """What is held, charged and given back never exceeds what the certificate pays (invariant 3)."""
    released = card.termination.released if card.termination else 0
    part = card.split.programmes if isinstance(card.split, CountSplit) else card.split.certificate_part
    if card.reserved_now + card.spent_now + released > part:
        yield Problem(
            field="contractCard/reservedNow", reason="reserved, spent and released exceed the certificate's part"
        )
    if card.contract_state in _OVER and card.reserved_now:
        yield Problem(
            field="contractCard/reservedNow", reason=f"a contract that is {card.contract_state} holds no reserve"
        )
    yield from _negative_problems("contractCard", (card.reserved_now, card.spent_now, released))


def _offer_problems(offer: RenewalOffer) -> Iterator[Problem]:
    yield from _period_problems("renewalOffer/endDate", offer.start_date, offer.end_date)
    yield from _organisation_problems("renewalOffer/organisation", offer.organisation)
    yield from _split_problems("renewalOffer", offer.split, offer.start_date, offer.end_date)
    if offer.respond_by < offer.offered_at:
        yield Problem(field="renewalOffer/respondBy", reason="the deadline is before the offer")


def _organisation_problems(field: str, organisation: Organisation) -> Iterator[Problem]:
    """A sole trader has a person's numbers, the others an organisation's (portal message dictionary, 6.5, rule 6)."""
    inn_length, ogrn_length = (12, 15) if organisation.kind is OrganisationKind.SOLE_TRADER else (10, 13)
    if len(organisation.inn) != inn_length or not is_inn(organisation.inn):
        yield Problem(field=f"{field}/inn", reason=f"{inn_length} digits with right check digits are expected")
    if organisation.ogrn is not None and not (len(organisation.ogrn) == ogrn_length and is_ogrn(organisation.ogrn)):
        yield Problem(field=f"{field}/ogrn", reason=f"{ogrn_length} digits with the right check digit are expected")
    if organisation.kpp is None:
        return
    if organisation.kind is OrganisationKind.SOLE_TRADER:
        yield Problem(field=f"{field}/kpp", reason="a sole trader has no KPP")
    elif not is_kpp(organisation.kpp):
        yield Problem(field=f"{field}/kpp", reason="a KPP is four digits, two digits or Latin capitals, three digits")


# Splits


def _split_problems(field: str, split: AnySplit, start: date, end: date) -> Iterator[Problem]:
    if isinstance(split, CountSplit):
        yield from _negative_problems(f"{field}/splitCount", (split.programmes,))
        return
    place = f"{field}/{'splitRub' if split.unit is Unit.RUB else 'splitHour'}"
    if split.total != split.certificate_part + split.applicant_part:
        yield Problem(field=f"{place}/total", reason="the total is certificatePart + applicantPart")
    if split.unit is Unit.RUB and split.applicant_payable is not None:
        yield Problem(field=f"{place}/applicantPayable", reason="only a split in hours has a price beside it")
    yield from _negative_problems(place, _amounts(split))
    yield from _year_problems(f"{place}/yearPart", split, start, end)
    yield from _month_problems(f"{place}/monthPart", split, start, end)


def _amounts(split: Split) -> Iterator[int]:
    yield from (split.total, split.certificate_part, split.applicant_part, split.applicant_payable or 0)
    parts: tuple[YearPart | MonthPart, ...] = (*split.year_parts, *split.month_parts)
    for part in parts:
        yield from (part.certificate_part, part.applicant_part)


def _year_problems(field: str, split: Split, start: date, end: date) -> Iterator[Problem]:
    if _sums(split.year_parts) != (split.certificate_part, split.applicant_part):
        yield Problem(field=field, reason="the years add up to certificatePart and applicantPart")
    years = [part.year for part in split.year_parts]
    if len(set(years)) != len(years):
        yield Problem(field=field, reason="each year stands once")
    if any(not start.year <= year <= end.year for year in years):
        yield Problem(field=field, reason="a year lies outside the period")


def _month_problems(field: str, split: Split, start: date, end: date) -> Iterator[Problem]:
    """Months are optional; those of one year, if there are any, add up to that year's part."""
    months = [part.month.replace(day=1) for part in split.month_parts]
    if len(set(months)) != len(months):
        yield Problem(field=field, reason="each month stands once")
    if any(not start.replace(day=1) <= month <= end for month in months):
        yield Problem(field=field, reason="a month lies outside the period")
    years = {part.year: (part.certificate_part, part.applicant_part) for part in split.year_parts}
    for year in dict.fromkeys(month.year for month in months):
        if _sums(part for part in split.month_parts if part.month.year == year) != years.get(year):
            yield Problem(field=field, reason=f"the months of {year} do not add up to that year's part")


def _sums(parts: Iterable[YearPart] | Iterable[MonthPart]) -> tuple[int, int]:
    both = [(part.certificate_part, part.applicant_part) for part in parts]
    return sum(part[0] for part in both), sum(part[1] for part in both)
