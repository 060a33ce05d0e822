"""A child's certificate: found or issued once, whatever repeats or races; its status and its nominals.

Sources: portal message dictionary, 8.4 (status), 10 (age, identity), 11.10 (periods), 13 (M01, M02), 15 (invariants 8,
13); source document (the certificate is created by itself, an issued one is found).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from socert.gateway.domain import ledger
from socert.gateway.domain.certificate import (
    Answer,
    CertificateStep,
    Identity,
    decide_issue,
    find_certificate,
    last_day,
    next_status,
)
from socert.gateway.domain.ledger import AccountKey, EntryKind
from socert.gateway.domain.months import year_end
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.records import Balance, Certificate, CertificateStatus, Child, Person, Unit
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.storing import kept_of, post
from socert.gateway.ports import KeyTakenError
from socert.gateway.ports.life import LifeRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.domain.ledger import Entry
    from socert.gateway.life.cases import Cases
    from socert.gateway.life.renewals import Renewals
    from socert.gateway.ports import CertificateBrief, Ids, UnitOfWork
    from socert.gateway.ports.life import Kept

NUMBERS_TRIED = 20
"""How many made-up numbers may be taken already: with half a million of ten thousand million, two hardly ever are."""


class Numbered(LifeRegistry, Protocol):
    """A registry that also knows certificates by their numbers."""

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        """Those of the numbers that are known."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPerson:
    """Whom a new certificate is for and who asks for it.

    `consent_form` is the paper form that an organisation took; None where consents are given one by one.
    """

    child: Child
    applicant: Person
    consent_form: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """A child's certificate.

    `fresh`: it was made just now. `on_request`: this very order had it issued, now or when it was asked before.
    """

    guid: str
    on_request: bool = False
    fresh: bool = False


class Issuing:
    """Finds, issues and keeps certificates."""

    def __init__(
        self,
        *,
        registry: Numbered,
        policy_of: Callable[[str], Policy],
        today: Callable[[], date],
        ids: Ids,
        numbers: Callable[[], str],
        cases: Cases,
        renewals: Renewals,
        category: tuple[str, str],
    ) -> None:
        """Take the parts. `numbers` makes up numbers of ten digits, `category` is (code, name) of new certificates."""
        self._registry = registry
        self._policy_of = policy_of
        self._today = today
        self._ids = ids
        self._numbers = numbers
        self._cases = cases
        self._renewals = renewals
        self._category = category

    # --- find or issue ----------------------------------------------------------------------------------------------

    def find(self, connection: Connection, asked: Identity, *, order_id: str | None = None) -> Issued | None:
        """Find a child's certificate, a live one before one that has ended; None when there never was any.

        NeedsPerson (IDENTITY_CONFLICT) where what is asked contradicts what is kept: then nothing is told.
        """
        known = find_certificate(asked, self._registry.known(connection, asked))
        if known is None:
            return None
        return Issued(guid=known.guid, on_request=order_id is not None and known.issued_by_order == order_id)

    def find_or_issue(
        self,
        unit: UnitOfWork,
        asked: Identity,
        *,
        person: NewPerson,
        oktmo: str,
        start: date,
        order_id: str | None,
        with_funds: bool = True,
    ) -> Issued:
        """Find a child's certificate or issue it, once per child (invariant 8).

        `start` is the first day of study, on which the child's age counts; `order_id` None where an organisation or the
        region's site asks. `with_funds` False issues an accounting certificate, which any municipality may have.
        Errors: NeedsPerson opens a case in this unit and tells nothing; Refused for age (AGE_OUT_OF_RANGE), for a
        municipality that is not served (MUNICIPALITY_UNKNOWN) or gives no certificates (NO_CERTIFICATES_HERE), and for
        a certificate that has ended (CERT_EXPIRED, CERT_ANNULLED).
        """
        if self._registry.municipality(unit.connection, oktmo=oktmo) is None:
            raise Refused(RuleCode.MUNICIPALITY_UNKNOWN, oktmo=oktmo)
        policy = self._policy_of(oktmo)
        if not with_funds:
            policy = replace(policy, issues_certificates=True, with_funds=False)
        try:
            found = self._registry.known(unit.connection, asked)
            decision = decide_issue(asked, found, start=start, order_id=order_id, policy=policy)
            if decision.answer is Answer.ISSUE:
                try:
                    guid = self._issue(unit, decision.keys, person, oktmo, policy, order_id)
                    return Issued(guid=guid, on_request=decision.on_request, fresh=True)
                except KeyTakenError:
                    # Somebody else issued it in between: what is kept now is the answer, or a conflict.
                    found = self._registry.known(unit.connection, asked)
                    decision = decide_issue(asked, found, start=start, order_id=order_id, policy=policy)
                    if decision.answer is Answer.ISSUE:
                        raise
        except NeedsPerson as broken:
            # The child has no certificate that is surely its own, so the case is of the order or of the question.
            self._cases.open(unit, kind=CaseKind.IDENTITY, order_id=order_id, broken=broken)
            raise
        assert decision.guid is not None
        return Issued(guid=decision.guid, on_request=decision.on_request)

    def _issue(
        self,
        unit: UnitOfWork,
        keys: Sequence[str],
        person: NewPerson,
        oktmo: str,
        policy: Policy,
        order_id: str | None,
    ) -> str:
        today = self._today()
        entries = tuple(opening(policy, today=today))
        code, name = self._category
        certificate = Certificate(
            guid=self._ids(),
            number=self._number(unit),
            with_funds=policy.with_funds,
            unit=Unit.HOUR if policy.unit is Register.HOUR else Unit.RUB,
            child=person.child,
            applicant=person.applicant,
            status=CertificateStatus.ISSUED,
            valid_from=today,
            valid_to=last_day(person.child.birth_date, policy),
            oktmo=oktmo,
            consent_form=person.consent_form,
            scheme=policy.scheme,
            category_code=code,
            category_name=name,
            balance=_balance(entries, today.year, policy.unit),
        )
        return self._registry.issue(unit, certificate, keys=keys, order_id=order_id, entries=entries).certificate.guid

    def _number(self, unit: UnitOfWork) -> str:
        for _ in range(NUMBERS_TRIED):
            number = self._numbers()
            if not self._registry.certificates_by_number(unit, [number]):
                return number
        raise Refused(RuleCode.TECHNICAL)

    # --- status -----------------------------------------------------------------------------------------------------

    def step(self, unit: UnitOfWork, guid: str, step: CertificateStep) -> Kept:
        """Suspend, resume, annul or expire a certificate; its live contracts go on by the region's rule.

        Open offers that lose their ground by it are taken back.

        Errors: NOT_FOUND (Refused), CERT_STEP (StepForbidden) where its status does not allow the step.
        """
        kept = kept_of(self._registry, unit.connection, guid)
        saved = self._registry.save(unit, kept, status=next_status(kept.certificate.status, step, kept.book))
        self._renewals.take_back_lost(unit, guid)
        return saved

    # --- nominals ---------------------------------------------------------------------------------------------------

    def set_nominal(self, unit: UnitOfWork, guid: str, *, year: int, register: Register, nominal: int) -> Kept:
        """Give an account the nominal it shall have: hundredths, or programmes on a count register.

        Opens the account where there is none; the same nominal again changes nothing. Errors: NOT_FOUND (Refused),
        NOMINAL_BELOW_USED and UNIT_MIXED (LedgerRefused).
        """
        kept = kept_of(self._registry, unit.connection, guid)
        key, account = AccountKey(year=year, register=register), kept.book.account(year, register)
        if account is None:
            entry = ledger.issue(key, nominal, key=f"{year}:{register.value}:{EntryKind.ISSUE.value}")
        elif account.nominal == nominal:
            return kept
        else:
            # The version makes the key unique: it grows with each correction.
            entry = ledger.adjust(
                key, nominal - account.nominal, key=f"{year}:{register.value}:set:{kept.book.version}"
            )
        return post(self._registry, unit, kept, [entry])


def opening(policy: Policy, *, today: date) -> Sequence[Entry]:
    """Return the entries that a new certificate begins with: this year's nominals, and the next year's once known.

    Its own register is always opened; an accounting certificate has nothing on it.
    """
    years = [today.year] + [year for year in (today.year + 1,) if year in policy.nominals_of]
    nominals = {year: {policy.unit: 0, **policy.nominals_for(year)} for year in years}
    if not policy.with_funds:
        nominals = {today.year: {policy.unit: 0}}
    return [
        ledger.issue(
            AccountKey(year=year, register=register), amount, key=f"{year}:{register.value}:{EntryKind.ISSUE.value}"
        )
        for year, of_year in nominals.items()
        for register, amount in sorted(of_year.items())
    ]


def _balance(entries: Sequence[Entry], year: int, unit: Register) -> Balance:
    key = AccountKey(year=year, register=unit)
    return Balance(
        period_from=year_end(year).replace(month=1, day=1),
        period_to=year_end(year),
        nominal=sum(entry.nominal for entry in entries if entry.account == key),
        reserved=0,
        spent=0,
    )
