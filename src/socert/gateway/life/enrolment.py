"""Enrolment: what a group costs a child, and the application that becomes a contract.

Nothing here knows the portal's XML: helpers of the exchange read a message into an `Application` or `CostAsked`. Every
rule is the domain's; this module reads what they need, asks them in the order of 6.5 and stores what they decide.
Sources: portal message dictionary, 2 (cost), 6.5 (rules 1-9), 11 (money), 13 (M05, M06), 15 (invariants 4-6, 8-10, 13).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from socert.gateway.domain import contract_steps, cost
from socert.gateway.domain.certificate import Identity, check_age, check_reserve, named_alike
from socert.gateway.domain.consent import check_consents, counts, missing_forms
from socert.gateway.domain.cost import Cost, CostQuestion, Payer, Source, check_pays
from socert.gateway.domain.enrolment import Conditions, answered_before, check_conditions
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import Agreed, Priced, Quote, check_agreed, own_split, quote, quote_several
from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleBroken, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.groups import conditions_of, period_of, priced
from socert.gateway.life.storing import kept_of, life_of, store
from socert.gateway.ports.life import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.consent import Consent
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Person, Programme
    from socert.gateway.domain.renewal import Offer
    from socert.gateway.life.cases import Cases
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.issuing import Issuing, NewPerson
    from socert.gateway.life.renewals import Renewals
    from socert.gateway.ports import Ids, UnitOfWork
    from socert.gateway.ports.life import Group, Kept, LifeRegistry


@dataclass(frozen=True, kw_only=True, slots=True)
class CostAsked:
    """A question about the cost of a group. `end` None: to the end of the group; no certificate: None."""

    group_guid: str
    certificate_guid: str | None
    source: Source
    start: date
    end: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Calculation:
    """The answer to a cost question, with the days it is for and the moment of the balance that it was made from.

    `cost` has outcome, message, split and the balance's version. `programme` is None where the group is not known.
    """

    asked: CostAsked
    cost: Cost
    start: date
    end: date
    as_of: datetime
    programme: Programme | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """An application to enrol a child, from the portal or (no `order_id`) from the organisation.

    `person` is whom a certificate would be issued for, where there is none. `oktmo` and `municipality_guid` name the
    municipality that pays. `certificate_guid` and `agreed` belong to the source `pfdod_certificate`. `consents` are
    those given with the form; `previous_contract_id`, or the contract of `renewal_offer` (the offer's id at the portal,
    which the application answers), is the one that is continued.
    """

    order_id: str | None
    child: Identity
    person: NewPerson
    oktmo: str
    municipality_guid: str | None = None
    group_guid: str
    start: date
    end: date | None
    study_year: int | None = None
    source: Source
    certificate_guid: str | None = None
    agreed: Agreed | None = None
    consents: tuple[Consent, ...] = ()
    previous_contract_id: str | None = None
    renewal_offer: str | None = None


class Enrolments:
    """Quotes and applications."""

    def __init__(
        self,
        *,
        registry: LifeRegistry,
        issuing: Issuing,
        consents: Consents,
        renewals: Renewals,
        cases: Cases,
        policy_of: Callable[[str], Policy],
        clock: Callable[[], datetime],
        today: Callable[[], date],
        ids: Ids,
    ) -> None:
        """Take the parts; `ids` makes contract ids."""
        self._registry = registry
        self._issuing = issuing
        self._consents = consents
        self._renewals = renewals
        self._cases = cases
        self._policy_of = policy_of
        self._clock = clock
        self._today = today
        self._ids = ids

    # --- what it costs ----------------------------------------------------------------------------------------------

    def cost(self, connection: Connection, asked: CostAsked) -> Calculation:
        """Answer a cost question with one of the five outcomes; never raises RuleBroken."""
        group = self._registry.group(connection, asked.group_guid)
        kept = None if asked.certificate_guid is None else self._registry.kept(connection, asked.certificate_guid)
        end = asked.end or period_of(None if group is None else group.programme, asked.start)[1]
        if kept is not None and (withdrawn := self._withdrawn(connection, kept)) is not None:
            answer = cost.failed(withdrawn)
        else:
            answer = self._answer(asked, end, group, kept)
        return Calculation(
            asked=asked,
            cost=answer,
            start=asked.start,
            end=end,
            as_of=self._clock(),
            programme=None if group is None else group.programme,
        )

    def _answer(self, asked: CostAsked, end: date, group: Group | None, kept: Kept | None) -> Cost:
        payer = None
        if kept is not None:
            child = kept.certificate.child
            payer = Payer(status=kept.certificate.status, birth_date=child.birth_date, book=kept.book)
        if kept is not None:
            policy = self._policy_of(kept.certificate.oktmo)
        else:
            policy = self._policy_of("" if group is None else group.programme.oktmo or "")
        by_certificate = asked.source is Source.CERTIFICATE and kept is not None
        register = kept.register if kept is not None and by_certificate else Register.RUB
        question = CostQuestion(
            source=asked.source,
            start=asked.start,
            end=end,
            group=None if group is None else priced(group.programme, register, asked.start),
            conditions=None if group is None else conditions_of(group, today=self._today(), policy=policy),
            payer=payer,
            budget_register=None if group is None else group.programme.register,
        )
        return cost.cost(question, policy=policy)

    def _withdrawn(self, connection: Connection, kept: Kept) -> RuleBroken | None:
        """Return the refusal of any question about a child whose consent is withdrawn (10, action 2)."""
        policy = self._policy_of(kept.certificate.oktmo)
        try:
            check_consents(self._consents.of(connection, kept.certificate), policy)
        except Refused as broken:
            # None given yet is no reason: the application that follows this question brings them.
            return broken if broken.rule is RuleCode.CONSENT_WITHDRAWN else None
        return None

    def quote(self, connection: Connection, certificate_guid: str, group_guid: str, start: date, end: date) -> Quote:
        """Split the price of a group's days between a certificate and the parent. Errors: NOT_FOUND and `quote`'s."""
        return self.quote_several(connection, certificate_guid, [(group_guid, start, end)])[0]

    def quote_several(
        self, connection: Connection, certificate_guid: str, wanted: Sequence[tuple[str, date, date]]
    ) -> tuple[Quote, ...]:
        """Quote several groups (GUID, first day, last day) of one child: each sees what those before it leave."""
        kept = kept_of(self._registry, connection, certificate_guid)
        several = [
            (self._priced(self._group(connection, guid).programme, kept.register, start), start, end)
            for guid, start, end in wanted
        ]
        return quote_several(several, book=kept.book, policy=self._policy_of(kept.certificate.oktmo))

    # --- the application --------------------------------------------------------------------------------------------

    def request(self, unit: UnitOfWork, application: Application) -> ContractLife:
        """Turn an application into a contract that holds its part at once; the same order gets its contract again.

        Errors: Refused with the rule that stands against it, and then nothing is reserved (a certificate that was
        issued for it stays, and so do its consents); NeedsPerson opens a case and tells nothing of the child.
        """
        connection = unit.connection
        if application.order_id is not None:
            before = self._registry.life_of_order(connection, application.order_id)
            if before is not None:
                return before
        self._check_municipality(connection, application)
        group = self._group(connection, application.group_guid)
        start, end = application.start, application.end or period_of(group.programme, application.start)[1]
        by_certificate = application.source is Source.CERTIFICATE
        conditions = conditions_of(group, today=self._today(), policy=self._policy_of(application.oktmo))
        conditions = conditions if by_certificate else conditions.without_certificate()
        kept = self._certificate(unit, application, conditions)
        policy = self._policy_of(kept.certificate.oktmo)
        answered_before(
            order_id=None,  # a repeat was answered above, whoever its child is said to be now
            group_guid=group.programme.group_guid,
            start=start,
            end=end,
            mine=self._registry.lives(connection, kept.certificate.guid),
        )
        check_conditions(conditions)
        offer = self._offer(connection, application, kept, group.programme)
        consents = self._given(unit, application, kept, policy)
        check_consents(consents, policy)
        self._identify(unit, kept, application.person.applicant)
        made = self._quoted(application, kept, group.programme, end, policy)
        if by_certificate:
            if application.agreed is None:
                raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the agreed split")
            split_consent = not missing_forms(consents, policy, split=True)
            check_agreed(application.agreed, made, split_consent=split_consent)
        previous = self._previous(connection, application, kept, offer)
        if offer is not None and application.renewal_offer is not None:
            # Not before: the split was agreed to at the balance without what the offer puts on the certificate.
            self._renewals.accept_by_order(unit, kept.certificate.guid, application.renewal_offer)
        return self._store(unit, application, group.programme, made, end, guid=kept.certificate.guid, previous=previous)

    def _check_municipality(self, connection: Connection, application: Application) -> None:
        """6.5, rule 9: it is served here, and the portal's code is its own."""
        found = self._registry.municipality(connection, oktmo=application.oktmo)
        asked = application.municipality_guid
        if found is None or (asked is not None and asked.lower() != found.guid.lower()):
            raise Refused(RuleCode.MUNICIPALITY_UNKNOWN, oktmo=application.oktmo)

    def _certificate(self, unit: UnitOfWork, application: Application, conditions: Conditions) -> Kept:
        """Return the child's certificate: the one that is named, if it is the child's own, else found or issued.

        None is issued for a group that cannot be taken.
        """
        named = application.certificate_guid
        try:
            found = self._issuing.find(unit.connection, application.child)
            if named is not None and (found is None or found.guid.lower() != named.lower()):
                raise NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict="the certificate is not the child's")
        except NeedsPerson as broken:
            self._cases.open(unit, kind=CaseKind.IDENTITY, order_id=application.order_id, broken=broken)
            raise
        if named is None:
            if found is None:
                check_conditions(conditions)
            found = self._issuing.find_or_issue(
                unit,
                application.child,
                person=application.person,
                oktmo=application.oktmo,
                start=application.start,
                order_id=application.order_id,
                # Who does not pay by certificate needs none that pays; one is found or made all the same.
                with_funds=application.source is Source.CERTIFICATE or self._gives(application.oktmo),
            )
        assert found is not None
        return kept_of(self._registry, unit.connection, found.guid)

    def _gives(self, oktmo: str) -> bool:
        return self._policy_of(oktmo).issues_certificates

    def _given(self, unit: UnitOfWork, application: Application, kept: Kept, policy: Policy) -> tuple[Consent, ...]:
        """Take the consents of the form that count here (6.5, rule 4); return all that the child has."""
        counting = [consent for consent in application.consents if counts(consent, policy)]
        if counting:
            self._consents.give(unit, kept.certificate, counting)
        return self._consents.of(unit.connection, kept.certificate)

    def _identify(self, unit: UnitOfWork, kept: Kept, who: Person) -> None:
        """Learn the applicant's SNILS: the question that a certificate is issued by has none, an account needs it."""
        known = kept.certificate.applicant
        if known.snils is None and who.snils is not None and named_alike(known, who):
            self._registry.identify(unit, kept.certificate.guid, applicant_snils=who.snils)

    def _quoted(self, application: Application, kept: Kept, programme: Programme, end: date, policy: Policy) -> Quote:
        """Split the price by who pays: the certificate and the parent, a count register, the parent alone, nobody."""
        start, birth_date = application.start, kept.certificate.child.birth_date
        counted = application.source is Source.BUDGET and programme.register is not None
        if application.source is Source.CERTIFICATE or counted:
            check_reserve(kept.certificate.status, birth_date=birth_date, start=start, policy=policy)
            group = self._priced(programme, kept.register, start)
            made = quote(group, start=start, end=end, book=kept.book, policy=policy)
            check_pays(made.split, kept.book)
            return made
        check_age(birth_date, start=start, policy=policy)
        group = self._priced(replace(programme, register=None), Register.RUB, start)
        if application.source in {Source.BUDGET, Source.NONE}:
            group = replace(group, price=0)
        return Quote(
            split=own_split(group, start=start, end=end, policy=policy),
            balance_version=kept.book.version,
            rounding=policy.rounding,
            remainder_month=policy.remainder_month,
        )

    def _store(
        self,
        unit: UnitOfWork,
        application: Application,
        programme: Programme,
        made: Quote,
        end: date,
        *,
        guid: str,
        previous: str | None,
    ) -> ContractLife:
        now = self._clock()
        step = contract_steps.request(
            contract_id=self._ids(),
            certificate_guid=guid,
            group_guid=programme.group_guid,
            start=application.start,
            end=end,
            quote=made,
            now=now,
            order_id=application.order_id,
            previous_contract_id=previous,
        )
        terms = Terms(
            programme_name=programme.name,
            study_year=application.study_year or programme.study_year or 1,
            organisation_inn=programme.organisation.inn,
            organisation_name=programme.organisation.name,
        )
        store(self._registry, unit, step, at=now, terms=terms)
        return step.contract

    # --- continuing pupils ------------------------------------------------------------------------------------------

    def _offer(
        self, connection: Connection, application: Application, kept: Kept, programme: Programme
    ) -> Offer | None:
        """Return the offer that the application answers; without one, a later year is open once its window is over.

        Errors (Refused): NOT_FOUND for an offer that is not the child's, or of another programme or year;
        REGISTRATION_CLOSED where others come first (invariant 14).
        """
        if application.renewal_offer is not None:
            offer = self._renewals.find(connection, kept.certificate.guid, application.renewal_offer)
            meant = (programme.programme_guid.lower(), application.start.year)
            if offer is None or (offer.programme_guid.lower(), offer.year) != meant:
                raise Refused(RuleCode.NOT_FOUND, what=application.renewal_offer)
            return offer
        takes_volume = application.source is Source.CERTIFICATE or programme.register is not None
        if takes_volume:
            self._renewals.check_others(
                connection,
                kept.certificate,
                programme_guid=programme.programme_guid,
                year=application.start.year,
            )
        return None

    def _previous(
        self, connection: Connection, application: Application, kept: Kept, offer: Offer | None
    ) -> str | None:
        """Return the contract that is continued: the child's own, or there is none."""
        asked = application.previous_contract_id if offer is None else offer.previous_contract_id
        if asked is None:
            return None
        if life_of(self._registry, connection, asked).certificate_guid != kept.certificate.guid:
            raise Refused(RuleCode.NOT_FOUND, what=asked)
        return asked

    # --- groups -----------------------------------------------------------------------------------------------------

    def _group(self, connection: Connection, guid: str) -> Group:
        found = self._registry.group(connection, guid)
        if found is None:
            raise Refused(RuleCode.NOT_FOUND, what=guid)
        return found

    def _priced(self, programme: Programme, register: Register, start: date) -> Priced:
        found = priced(programme, register, start)
        if found is None:
            raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the group's price")
        return found
