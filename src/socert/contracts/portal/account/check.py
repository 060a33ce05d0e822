"""Rules of account objects that their schema cannot state.

The sender checks before sending, the receiver on receipt: the same functions for both. They take a value as read or
built, and never raise. Source: portal message dictionary, 6.3, 6.5, 7, 7.1 and 15 (invariants 1, 3, 4).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from socert.contracts.portal.account.action import ConsentAction, RenewalAnswer
from socert.contracts.portal.account.cards import Balance, CertificateCard, ContractCard
from socert.contracts.portal.account.offers import Answer, ConsentState, RenewalOffer
from socert.contracts.portal.account.query import QueryResult
from socert.contracts.portal.account.update import Cause, Operation
from socert.contracts.portal.blocks import ContractState, CountSplit
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.rules import (
    agreement_problems,
    consent_problems,
    negative_problems,
    organisation_problems,
    period_problems,
    split_problems,
    text_problems,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.portal.account.action import ActionRequest
    from socert.contracts.portal.account.cards import AnyBalance
    from socert.contracts.portal.account.query import QueryResponse
    from socert.contracts.portal.account.update import Applicant, Body, Update, UpdateRequest

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


def check_action(request: ActionRequest) -> list[Problem]:
    """Return what is wrong with a parent's decision: who acts; the split agreed to, its sums and the yes to one's own
    part; each form of consent once.
    """
    return list(_action_problems(request))


def check_query_response(response: QueryResponse) -> list[Problem]:
    """Return what is wrong with the answer to a live read: data only with OK and with their moment, each object once
    and a good version of it, in the shape of a push with the cause RECONCILE.
    """
    return list(_query_problems(response))


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


def _action_problems(request: ActionRequest) -> Iterator[Problem]:
    yield from _applicant_problems(request.recipient.applicant)
    action = request.action
    place = "renewalAnswer" if isinstance(action, RenewalAnswer) else "consentAction"
    yield from consent_problems(f"{place}/ConsentInfo", action.consents)
    if isinstance(action, ConsentAction):
        return
    agreed = action.agreed_split
    if agreed is not None:
        yield from split_problems(f"{place}/agreedSplit", agreed.split, None, None)
    if action.answer is Answer.DECLINE:
        return
    if agreed is None:
        yield Problem(field=f"{place}/agreedSplit", reason="an offer is accepted with the split that was agreed to")
    else:
        yield from agreement_problems(f"{place}/agreedSplit", agreed, f"{place}/ConsentInfo", action.consents)


def _query_problems(response: QueryResponse) -> Iterator[Problem]:
    if response.result is not QueryResult.OK:
        if response.objects:
            yield Problem(field="object", reason=f"the result {response.result} comes without objects")
        return
    if response.as_of is None:
        yield Problem(field="asOf", reason="data come with the moment they are of")
    for number, update in enumerate(response.objects, start=1):
        if update.cause is not Cause.RECONCILE:
            yield Problem(field=f"object[{number}]/cause", reason="the answer to a query has the cause RECONCILE")
        for problem in _update_problems(update):
            yield Problem(field=f"object[{number}]/{problem.field}", reason=problem.reason)
    if len({update.object_id for update in response.objects}) != len(response.objects):
        yield Problem(field="object", reason="each object stands once")


def _update_problems(update: Update) -> Iterator[Problem]:
    if update.body is None and update.operation is not Operation.CLOSE:
        yield Problem(field="operation", reason=f"{update.operation} carries the whole object; only CLOSE has no body")
    if update.body is not None and update.object_id != _own_id(update.body):
        yield Problem(field="objectId", reason="the id is the one inside the body")
    yield from _closing_problems(update)
    yield from _applicant_problems(update.recipient.applicant)
    yield from text_problems("notice", update.notice)
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


# Certificates


def _certificate_problems(card: CertificateCard) -> Iterator[Problem]:
    yield from period_problems("certificateCard/validTo", card.valid_from, card.valid_to)
    yield from text_problems("certificateCard/statusReason", card.status_reason)
    for number, balance in enumerate(card.balances, start=1):
        yield from _balance_problems(f"certificateCard/balance[{number}]", balance)
    kept = Counter((balance.period_from, balance.period_to, _register_of(balance)) for balance in card.balances)
    if any(times > 1 for times in kept.values()):
        yield Problem(field="certificateCard/balance", reason="one balance a period and register")


def _register_of(balance: AnyBalance) -> str:
    return balance.unit if isinstance(balance, Balance) else balance.register


def _balance_problems(field: str, balance: AnyBalance) -> Iterator[Problem]:
    yield from period_problems(f"{field}/periodTo", balance.period_from, balance.period_to)
    if isinstance(balance, Balance):
        taken = [balance.reserved, balance.spent]
        rule = "available is nominal - reserved - spent"
    else:
        taken = [balance.used]
        rule = "available is nominal - used"
    if balance.available != balance.nominal - sum(taken):
        yield Problem(field=f"{field}/available", reason=rule)
    yield from negative_problems(field, (balance.nominal, *taken, balance.available))


# Contracts and offers


def _contract_problems(card: ContractCard) -> Iterator[Problem]:
    yield from period_problems("contractCard/endDate", card.start_date, card.end_date)
    yield from organisation_problems("contractCard/organisation", card.organisation)
    yield from split_problems("contractCard", card.split, card.start_date, card.end_date)
    yield from _amount_problems(card)
    if card.termination is not None:
        yield from text_problems("contractCard/termination/reasonText", card.termination.reason_text)
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
    yield from negative_problems("contractCard", (card.reserved_now, card.spent_now, released))


def _offer_problems(offer: RenewalOffer) -> Iterator[Problem]:
    yield from period_problems("renewalOffer/endDate", offer.start_date, offer.end_date)
    yield from organisation_problems("renewalOffer/organisation", offer.organisation)
    yield from split_problems("renewalOffer", offer.split, offer.start_date, offer.end_date)
    if offer.respond_by < offer.offered_at:
        yield Problem(field="renewalOffer/respondBy", reason="the deadline is before the offer")
