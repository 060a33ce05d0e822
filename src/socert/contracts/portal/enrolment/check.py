"""Rules of enrolment that its schema cannot state.

The sender checks before sending, the receiver on receipt: the same functions for both. They take a value as read or
built, and never raise. Rules that need the registry (a stale balance, a repeated application, which municipality is
served) are not here. Source: portal message dictionary, 6.3, 6.5 (rules 1-6), 10 and 15 (invariant 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import ContractState, FinancialSource, FormCode
from socert.contracts.portal.enrolment.application import Application
from socert.contracts.portal.enrolment.people import IdentityDocument, PersonRole
from socert.contracts.portal.enrolment.request import TextMessage
from socert.contracts.portal.enrolment.response import CancellationAnswer, CancellationResult, StatusChange
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.rules import (
    agreement_problems,
    consent_problems,
    organisation_problems,
    period_problems,
    split_problems,
    text_problems,
)
from socert.contracts.portal.statuses import PortalStatus, is_ending
from socert.contracts.portal.values import full_years, is_snils, same_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from socert.contracts.portal.enrolment.application import Financing
    from socert.contracts.portal.enrolment.request import Request
    from socert.contracts.portal.enrolment.response import ContractInfo, Response

YOUNGEST, OLDEST = 5, 17
"""Full years of a child on the first day, both included."""

PASSPORT_AGE = 14
"""Full years from which a child has a passport and may apply himself."""

RUSSIAN_PASSPORT = "1"
"""Kind code of the Russian passport."""

_APPLICATION_FORMS = (FormCode.SOCIAL_CERT_APPLICATION, FormCode.PFDO_LEGACY)
_WITHOUT_A_PAPER = {PersonRole.PARENT, PersonRole.CHILD_SELF}
_STATES: dict[int, set[ContractState]] = {
    PortalStatus.RENDERED: {ContractState.ACTIVE},
    PortalStatus.REFUSED: {ContractState.REFUSED},
    PortalStatus.CANCELLED: {ContractState.REFUSED},
    PortalStatus.CONTRACT_AT_APPLICANT: {ContractState.ACCEPTED},
    PortalStatus.CONTRACT_REWORK: {ContractState.ACCEPTED},
    PortalStatus.CONTRACT_AT_ORGANISATION: {ContractState.ACCEPTED},
}
_AFTER_THE_ORDER = {ContractState.TERMINATING, ContractState.TERMINATED, ContractState.COMPLETED}


def check_request(
    request: Request, *, accepted_forms: Mapping[FormCode, Collection[str]] | None = None
) -> list[Problem]:
    """Return what is wrong with a schema-valid application, cancellation or message; an empty list is a good one.

    Checked of an application: who pays and what belongs to it, sums and the yes to one's own part, consents, ages, the
    applicant's right to act, numbers with check digits. `accepted_forms` tells which versions of each form the region
    takes; None takes every version. Fields are paths inside the message's one element.
    """
    match request.body:
        case Application() as application:
            return list(_application_problems(application, accepted_forms))
        case TextMessage() as message if not message.text.strip():
            return [Problem(field="text", reason="a message has a text")]
        case _:
            return []


def check_response(response: Response) -> list[Problem]:
    """Return what is wrong with an answer; an empty list is a good one.

    Checked of a status: the contract's state fits it, the contract's sums and numbers, an order that is over cannot be
    cancelled; of the answer to a cancellation: only what is cancelled has a day from which it is.
    """
    match response.answer:
        case StatusChange() as change:
            return list(_status_problems(change))
        case CancellationAnswer(result=result, effective_date=day) if (
            day and result is not CancellationResult.CANCELLED
        ):
            return [Problem(field="effectiveDate", reason=f"with the result {result} nothing ends")]
        case _:
            return []


def _application_problems(
    application: Application, accepted_forms: Mapping[FormCode, Collection[str]] | None
) -> Iterator[Problem]:
    enrolment = application.enrolment
    yield from _person_problems(application)
    yield from _child_problems(application)
    yield from organisation_problems("EnrolmentInfo/organisation", enrolment.organisation)
    yield from period_problems("EnrolmentInfo/endEducationDate", enrolment.start_date, enrolment.end_date)
    yield from _financing_problems(application.financing)
    yield from consent_problems("ConsentInfo", application.consents)
    yield from _form_problems(application, accepted_forms)
    agreed = application.financing.agreed_split
    if agreed is not None:
        place = "FinancingInfo/agreedSplit"
        yield from split_problems(place, agreed.split, enrolment.start_date, enrolment.end_date)
        yield from agreement_problems(place, agreed, "ConsentInfo", application.consents)


def _person_problems(application: Application) -> Iterator[Problem]:
    person, child = application.person, application.child
    if person.snils is not None and not is_snils(person.snils):
        yield Problem(field="PersonInfo/PersonSNILS", reason="the SNILS fails its check number")
    if person.representation is None and person.role not in _WITHOUT_A_PAPER:
        yield Problem(
            field="PersonInfo/OtherRepresentative", reason=f"{person.role} needs a paper that gives the right"
        )
    if person.role is not PersonRole.CHILD_SELF:
        return
    names = ((person.last_name, child.last_name), (person.first_name, child.first_name))
    both = (*names, (person.middle_name, child.middle_name))
    if person.birth_date != child.birth_date or not all(same_name(one, other) for one, other in both):
        yield Problem(field="ChildInfo", reason="CHILD_SELF: applicant and child are the same person")
    filed = application.filing_date.date() if application.filing_date else application.enrolment.start_date
    if full_years(child.birth_date, filed) < PASSPORT_AGE:
        yield Problem(
            field="PersonInfo/PersonRole",
            reason=f"a child applies himself from the age of {PASSPORT_AGE}",
            code=ReasonCode.AGE_OUT_OF_RANGE,
        )


def _child_problems(application: Application) -> Iterator[Problem]:
    child, first_day = application.child, application.enrolment.start_date
    if child.snils is not None and not is_snils(child.snils):
        yield Problem(field="ChildInfo/ChildSNILS", reason="the SNILS fails its check number")
    if not YOUNGEST <= full_years(child.birth_date, first_day) <= OLDEST:
        yield Problem(
            field="ChildInfo/ChildBirthDate",
            reason=f"the child is {YOUNGEST} to {OLDEST} years old on the first day",
            code=ReasonCode.AGE_OUT_OF_RANGE,
        )
    document = child.document
    if not isinstance(document, IdentityDocument) or document.kind_code != RUSSIAN_PASSPORT:
        return
    if full_years(child.birth_date, document.issue_date) < PASSPORT_AGE:
        yield Problem(field="ChildInfo/ChildPassport", reason=f"a passport is given from the age of {PASSPORT_AGE}")


def _financing_problems(financing: Financing) -> Iterator[Problem]:
    """A certificate and a split go with the source that needs them, and with no other (6.5, rule 1)."""
    by_certificate = financing.source is FinancialSource.CERTIFICATE
    for name, there in (
        ("certificateGUID", financing.certificate_guid is not None),
        ("agreedSplit", financing.agreed_split is not None),
    ):
        if there is not by_certificate:
            reason = "is needed when a certificate pays" if by_certificate else f"does not go with {financing.source}"
            yield Problem(field=f"FinancingInfo/{name}", reason=f"{name} {reason}")
    if financing.source is FinancialSource.BUDGET and financing.type_of_budget is None:
        yield Problem(field="FinancingInfo/typeOfBudget", reason="typeOfBudget is needed with the budget")


def _form_problems(
    application: Application, accepted_forms: Mapping[FormCode, Collection[str]] | None
) -> Iterator[Problem]:
    """Personal data and the application itself each need a form, of a version that the region takes (6.5, rule 4)."""
    given = {
        consent.form_code
        for consent in application.consents
        if accepted_forms is None or consent.form_version in accepted_forms.get(consent.form_code, ())
    }
    if FormCode.PD_PROCESSING not in given:
        yield Problem(
            field="ConsentInfo", reason="PD_PROCESSING is needed, of a current version", code=ReasonCode.NO_CONSENT
        )
    if not given.intersection(_APPLICATION_FORMS):
        names = " or ".join(_APPLICATION_FORMS)
        yield Problem(
            field="ConsentInfo", reason=f"{names} is needed, of a current version", code=ReasonCode.NO_CONSENT
        )


def _status_problems(change: StatusChange) -> Iterator[Problem]:
    yield from text_problems("comment", change.comment)
    if isinstance(change.status, int) and is_ending(change.status) and change.cancel_allowed:
        yield Problem(field="cancelAllowed", reason="an order that is over cannot be cancelled")
    contract = change.contract
    if contract is None:
        return
    yield from _contract_problems(contract)
    if contract.contract_state in _AFTER_THE_ORDER:
        yield Problem(
            field="contractInfo/contractState",
            reason=f"{contract.contract_state} comes after the order's end: it is told in the account only",
        )
    elif isinstance(change.status, int) and contract.contract_state not in _STATES.get(
        change.status, {contract.contract_state}
    ):
        yield Problem(
            field="contractInfo/contractState",
            reason=f"{contract.contract_state} does not go with the status {change.status}",
        )


def _contract_problems(contract: ContractInfo) -> Iterator[Problem]:
    yield from period_problems("contractInfo/endDate", contract.start_date, contract.end_date)
    yield from organisation_problems("contractInfo/organisation", contract.organisation)
    yield from split_problems("contractInfo", contract.split, contract.start_date, contract.end_date)
    if contract.contract_state is ContractState.ACTIVE and contract.contract_number is None:
        yield Problem(field="contractInfo/contractNumber", reason="a concluded contract has a number")
