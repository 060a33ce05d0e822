"""What a group costs, and how an application becomes a contract: once, as agreed, with its part held at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway import records
from tests.gateway.life.memory import MemoryRegistry
from tests.gateway.life.world import AUTUMN, NEXT_YEAR, NOMINAL, PRICE, agree, programme, whom
from tests.gateway.records import GROUP, OKTMO, PARENT_SNILS

from socert.gateway.domain.certificate import CertificateStep
from socert.gateway.domain.consent import Channel
from socert.gateway.domain.cost import Outcome, Source
from socert.gateway.domain.policy import FormCode, Register, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState, Organisation, OrganisationKind
from socert.gateway.domain.renewal import Offer, OfferState, Pool, offer_id, offer_key
from socert.gateway.domain.rules_errors import NeedsPerson, RuleBroken, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.enrolment import Calculation, CostAsked
from socert.gateway.life.groups import priced

if TYPE_CHECKING:
    from tests.gateway.life.world import World

    from socert.gateway.domain.records import Programme
    from socert.gateway.life.enrolment import Application
    from socert.gateway.ports import UnitOfWork

OTHER_GROUP = "cccccccc-0000-4000-8000-000000000009"
PROGRAMME = "cccccccc-0000-4000-8000-000000000001"
SCHOOL_YEAR = (date(2026, 9, 1), date(2027, 5, 31))


def cost(world: World, source: Source = Source.CERTIFICATE, guid: str | None = None, **asked: Any) -> Calculation:
    given: dict[str, Any] = {"group_guid": GROUP, "start": AUTUMN[0], "certificate_guid": guid, "source": source}
    question = CostAsked(**{**given, **asked})
    return world.look(lambda connection: world.enrolments.cost(connection, question))


def refused(world: World, application: Application) -> RuleCode:
    """File an application that is refused; return the rule. Nothing is reserved and no contract is there."""
    before = world.kept(application.certificate_guid) if application.certificate_guid else None
    with pytest.raises(RuleBroken) as caught:
        world.request(application)
    if before is not None:
        assert world.kept(before.certificate.guid).book.accounts == before.book.accounts
    return caught.value.rule


# --- what it costs ----------------------------------------------------------------------------------------------------


@pytest.mark.seed("split", "at-enrolment", "on-screen")
def test_a_price_over_the_nominal_is_split(world: World) -> None:
    guid = world.issue().guid

    told = cost(world, guid=guid)

    assert told.cost.outcome is Outcome.CALCULATED
    assert told.cost.split is not None
    assert (told.cost.split.total, told.cost.split.certificate_part) == (PRICE, NOMINAL)
    assert (told.cost.balance_version, told.as_of) == (world.kept(guid).book.version, world.clock.now)
    assert (told.start, told.end) == AUTUMN
    assert told.cost.order_allowed
    assert told.cost.message == (
        "Из 12000,00 руб. сертификат оплачивает 8000,00 руб., из личных средств — 4000,00 руб."
    )


def test_each_outcome_has_its_true_cause(world: World) -> None:
    guid = world.issue().guid
    free = "cccccccc-0000-4000-8000-000000000010"
    world.offer(programme(group_guid=free, price=0), programme(group_guid=OTHER_GROUP, end=date(2026, 9, 14)))

    told = {
        "unknown group": cost(world, guid=guid, group_guid="cccccccc-0000-4000-8000-000000000099"),
        "unknown certificate": cost(world, guid="nobody"),
        "free": cost(world, guid=guid, group_guid=free),
        "no source": cost(world, Source.NONE),
        "broken group": cost(world, guid=guid, group_guid=OTHER_GROUP, start=date(2026, 9, 14)),
        "paid": cost(world, Source.PAID),
    }
    world.concluded(guid)
    told["nothing left"] = cost(world, guid=guid)

    found = {name: (one.cost.outcome, one.cost.cause, one.cost.order_allowed) for name, one in told.items()}
    assert found == {
        "unknown group": (Outcome.INEFFECTUAL, RuleCode.NOT_ENOUGH_DATA, True),
        "unknown certificate": (Outcome.INEFFECTUAL, RuleCode.NOT_ENOUGH_DATA, True),
        "free": (Outcome.FREE_OF_CHARGE, None, True),
        "no source": (Outcome.FREE_OF_CHARGE, None, True),
        "broken group": (Outcome.BAD_DATA, RuleCode.BAD_GROUP_DATA, False),
        "paid": (Outcome.CALCULATED, None, True),
        "nothing left": (Outcome.EXHAUSTED, RuleCode.EXHAUSTED, False),
    }
    assert told["paid"].cost.split is not None
    assert told["paid"].cost.split.own_part == PRICE


@pytest.mark.seed("marked")
def test_a_group_that_no_certificate_pays_says_so(world: World) -> None:
    guid = world.issue().guid
    world.offer(programme(certificate_accepted=False))

    told = cost(world, guid=guid).cost

    assert (told.outcome, told.order_allowed, told.cause) == (
        Outcome.CALCULATED,
        False,
        RuleCode.PROGRAMME_NOT_ELIGIBLE,
    )


@pytest.mark.invariant(12)
def test_nothing_is_told_once_a_consent_is_withdrawn(world: World) -> None:
    guid = world.issue().guid
    kept = world.kept(guid)
    world.run(lambda unit: world.consents.give(unit, kept.certificate, world.signed()))
    world.run(lambda unit: world.consents.withdraw(unit, kept.certificate, form=None, channel=Channel.ORGANISATION))

    told = cost(world, guid=guid).cost

    assert (told.outcome, told.cause) == (Outcome.BAD_DATA, RuleCode.CONSENT_WITHDRAWN)
    assert told.split is None
    assert not told.order_allowed


@pytest.mark.invariant(6)
def test_next_year_needs_its_nominal(world: World) -> None:
    guid = world.issue().guid
    world.offer(programme(start=SCHOOL_YEAR[0], end=SCHOOL_YEAR[1]))
    told = cost(world, guid=guid).cost
    assert (told.outcome, told.cause, told.order_allowed) == (Outcome.INEFFECTUAL, RuleCode.NO_FUTURE_NOMINAL, True)


@pytest.mark.seed("unit")
@pytest.mark.invariant(5)
def test_a_certificate_in_hours_pays_hours(world: World) -> None:
    world.set_policy(unit=Register.HOUR, nominals={Register.HOUR: 60_00})
    guid = world.issue().guid

    split = cost(world, guid=guid).cost.split

    assert split is not None
    assert (split.register, split.total, split.certificate_part, split.own_part) == (
        Register.HOUR,
        72_00,
        60_00,
        12_00,
    )
    # 12000 roubles for 72 hours: 166.67 an hour, rounded to the kopeck.
    assert split.payable == 12 * 166_67


def test_groups_are_priced_by_who_pays() -> None:
    group = programme(price=1000_00, hours=3_00, normative=900_00)
    hours, roubles = (priced(group, register, AUTUMN[0]) for register in (Register.HOUR, Register.RUB))
    assert hours is not None
    assert hours.hour_price == 333_33
    assert roubles is not None
    assert roubles.normative == 900_00
    assert priced(replace(group, hours=0), Register.HOUR, AUTUMN[0]) is None
    counted = priced(replace(group, register=Register.PREPROF), Register.RUB, AUTUMN[0])
    assert counted is not None
    assert (counted.register, counted.price) == (Register.PREPROF, 1)
    year = priced(replace(group, start=None, end=None), Register.RUB, date(2027, 3, 3))
    assert year is not None
    assert (year.start, year.end) == (date(2027, 1, 1), date(2027, 12, 31))


@pytest.mark.seed("split")
def test_several_programmes_share_the_nominal(world: World) -> None:
    guid = world.issue().guid
    world.offer(programme(group_guid=OTHER_GROUP, price=5000_00))

    wanted = [(OTHER_GROUP, *AUTUMN), (GROUP, *AUTUMN)]
    quotes = world.look(lambda connection: world.enrolments.quote_several(connection, guid, wanted))
    for order, ((group, *_), made) in enumerate(zip(wanted, quotes, strict=True)):
        world.enrol(guid, str(order), group_guid=group, agreed=agree(made))

    assert [made.split.certificate_part for made in quotes] == [5000_00, 3000_00]
    assert world.figures(guid) == (NOMINAL, NOMINAL, 0)
    assert world.kept(guid).certificate.status is CertificateStatus.EXHAUSTED


# --- the application --------------------------------------------------------------------------------------------------


@pytest.mark.invariant(4)
def test_an_application_reserves_its_part_at_once(world: World) -> None:
    guid = world.issue(order_id="7").guid

    life = world.enrol(guid, "8")

    assert (life.state, life.order_id, life.certificate_guid) == (ContractState.REQUESTED, "8", guid)
    assert world.figures(guid) == (NOMINAL, NOMINAL, 0)
    assert world.told("8") == ["REGISTERED", "SENT_TO_REVIEW", "UNDER_REVIEW"]
    assert world.life(life.contract_id) == life
    papers = world.look(lambda connection: world.registry.contracts(connection, [life.contract_id]))
    contract = papers[life.contract_id].contract
    assert (contract.programme_name, contract.study_year) == ("Резьба по дереву", 1)
    assert (contract.organisation_inn, contract.organisation_name) == ("0001234562", "ООО «Стружка»")


@pytest.mark.seed("in-account")
@pytest.mark.parametrize(("first_name", "learnt"), [("Евпраксия", PARENT_SNILS), ("Мария", None)])
def test_an_application_tells_whose_account_it_is(world: World, first_name: str, learnt: str | None) -> None:
    """The question that a certificate is issued by has no SNILS of the applicant; only the same one's is taken."""
    asked, person = whom()
    stranger = replace(person.applicant, first_name=first_name, snils=None)
    guid = world.run(
        lambda unit: world.issuing.find_or_issue(
            unit, asked, person=replace(person, applicant=stranger), oktmo=OKTMO, start=AUTUMN[0], order_id="7"
        )
    ).guid

    world.enrol(guid, "8")

    assert world.kept(guid).certificate.applicant.snils == learnt


@pytest.mark.seed("only-choose")
@pytest.mark.invariant(8)
def test_the_same_order_gets_the_same_answer(world: World) -> None:
    guid = world.issue().guid
    application = world.application(guid)
    first = world.request(application)

    again = world.request(application)
    world.run(lambda unit: world.contracts.refuse(unit, first.contract_id))
    after = world.request(application)

    assert again == first
    assert (after.contract_id, after.state) == (first.contract_id, ContractState.REFUSED)
    assert world.told("1") == ["REGISTERED", "SENT_TO_REVIEW", "UNDER_REVIEW", "REFUSED"]
    assert world.figures(guid) == (NOMINAL, 0, 0)


@pytest.mark.invariant(8)
def test_another_order_for_the_same_group_is_a_duplicate(world: World) -> None:
    guid = world.issue().guid
    world.offer(programme(price=100_00))
    world.enrol(guid, "1")
    assert refused(world, world.application(guid, "2")) is RuleCode.DUPLICATE_ENROLMENT


@pytest.mark.invariant(10)
def test_a_stale_quote_is_refused_and_a_new_one_taken(world: World) -> None:
    guid = world.issue().guid
    stale = world.application(guid)
    world.run(lambda unit: world.issuing.set_nominal(unit, guid, year=2026, register=Register.RUB, nominal=9000_00))

    assert refused(world, stale) is RuleCode.STALE_BALANCE
    assert world.enrol(guid).split.certificate_part == 9000_00


def test_what_was_agreed_is_what_is_calculated(world: World) -> None:
    guid = world.issue().guid
    quote = world.quote(guid)
    other = replace(
        quote.split,
        own_part=quote.split.own_part - 1,
        total=quote.split.total - 1,
        years=(replace(quote.split.years[0], own_part=quote.split.own_part - 1),),
        months=(),
    )
    cases = {
        RuleCode.OWN_PART_NOT_AGREED: agree(quote, own_part=False),
        RuleCode.SPLIT_DIFFERS: agree(replace(quote, split=other)),
        RuleCode.SPLIT_BROKEN: agree(replace(quote, split=replace(quote.split, total=1))),
    }
    for code, agreed in cases.items():
        assert refused(world, world.application(guid, agreed=agreed)) is code
    without = replace(world.application(guid), agreed=None)
    assert refused(world, without) is RuleCode.NOT_ENOUGH_DATA


@pytest.mark.seed("new-forms")
@pytest.mark.parametrize(
    ("forms", "code"),
    [
        ((FormCode.PD_PROCESSING, FormCode.SPLIT_PAYMENT), RuleCode.NO_CONSENT),
        ((FormCode.PD_PROCESSING, FormCode.PFDO_LEGACY, FormCode.SPLIT_PAYMENT), RuleCode.NO_CONSENT),
        ((FormCode.SOCIAL_CERT_APPLICATION,), RuleCode.NO_CONSENT),
        ((FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION), RuleCode.OWN_PART_NOT_AGREED),
    ],
)
def test_the_forms_that_count_are_needed(world: World, forms: tuple[FormCode, ...], code: RuleCode) -> None:
    guid = world.issue().guid
    assert refused(world, world.application(guid, consents=world.signed(*forms))) is code


def test_consents_of_the_form_are_kept(world: World) -> None:
    guid = world.issue().guid
    world.enrol(guid)
    kept = world.kept(guid)
    given = world.look(lambda connection: world.consents.of(connection, kept.certificate))
    assert {one.form for one in given} == {
        FormCode.PD_PROCESSING,
        FormCode.SOCIAL_CERT_APPLICATION,
        FormCode.SPLIT_PAYMENT,
    }
    assert world.enrol(guid, "1", consents=()).order_id == "1", "given once, they count for later applications too"


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (programme(certificate_accepted=False), RuleCode.PROGRAMME_NOT_ELIGIBLE),
        (programme(opens=date(2026, 9, 8)), RuleCode.REGISTRATION_CLOSED),
        (programme(closes=date(2026, 9, 6)), RuleCode.REGISTRATION_CLOSED),
        (programme(places=0), RuleCode.NO_PLACE),
        (programme(start=date(2026, 9, 16)), RuleCode.OUTSIDE_GROUP),
    ],
)
def test_a_group_that_cannot_be_taken_is_refused(world: World, group: Programme, code: RuleCode) -> None:
    guid = world.issue().guid
    application = world.application(guid)
    world.offer(group)
    assert refused(world, application) is code


def test_a_place_is_taken_once(world: World) -> None:
    world.offer(programme(places=1, price=100_00))
    first = world.issue().guid
    other: dict[str, Any] = {"snils": "16000000198", "birth_certificate": "III-АБ 123456", "first_name": "Вера"}
    second = world.issue(**other).guid
    life = world.enrol(first)

    late = world.application(second, "2", child=other)
    assert refused(world, late) is RuleCode.NO_PLACE
    world.run(lambda unit: world.contracts.refuse(unit, life.contract_id))
    assert world.request(late).state is ContractState.REQUESTED


def test_an_agreement_with_the_payer_may_be_needed(world: World) -> None:
    world.set_policy(agreement_needed=True)
    guid = world.issue().guid
    assert refused(world, world.application(guid)) is RuleCode.NO_AGREEMENT
    assert cost(world, guid=guid).cost.cause is RuleCode.NO_AGREEMENT


@pytest.mark.invariant(13)
@pytest.mark.parametrize(
    ("step", "code"),
    [
        (CertificateStep.SUSPEND, RuleCode.CERT_SUSPENDED),
        (CertificateStep.ANNUL, RuleCode.CERT_ANNULLED),
        (CertificateStep.EXPIRE, RuleCode.CERT_EXPIRED),
    ],
)
def test_a_certificate_that_is_stopped_reserves_nothing(world: World, step: CertificateStep, code: RuleCode) -> None:
    guid = world.issue().guid
    application = world.application(guid)
    world.run(lambda unit: world.issuing.step(unit, guid, step))
    assert refused(world, application) is code


@pytest.mark.invariant(13)
def test_an_exhausted_certificate_reserves_nothing(world: World) -> None:
    guid = world.issue().guid
    world.enrol(guid)
    world.offer(programme(group_guid=OTHER_GROUP))
    assert refused(world, world.application(guid, "2", group_guid=OTHER_GROUP)) is RuleCode.EXHAUSTED


@pytest.mark.invariant(13)
def test_the_age_counts_on_the_first_day(world: World) -> None:
    """Found again years later, when the certificate is not expired yet but the child is too old for a later start."""
    born: dict[str, Any] = {"birth_date": date(2008, 12, 1)}
    guid = world.issue(**born).guid
    world.offer(programme(end=date(2026, 12, 31)))
    late = world.application(guid, child=born, start=date(2026, 12, 1))
    assert refused(world, late) is RuleCode.AGE_OUT_OF_RANGE


@pytest.mark.parametrize(
    "changes",
    [{"oktmo": "99000000"}, {"municipality_guid": "bbbbbbbb-0000-4000-8000-000000000002"}],
)
def test_the_municipality_must_be_served_and_its_own(world: World, changes: dict[str, Any]) -> None:
    guid = world.issue().guid
    assert refused(world, world.application(guid, **changes)) is RuleCode.MUNICIPALITY_UNKNOWN
    right = world.application(guid, municipality_guid=records.municipality().guid.upper())
    assert world.request(right).state is ContractState.REQUESTED


def test_an_unknown_group_is_told(world: World) -> None:
    application = replace(world.application(world.issue().guid), group_guid="nothing")
    assert refused(world, application) is RuleCode.NOT_FOUND


@pytest.mark.invariant(8)
@pytest.mark.invariant(9)
def test_a_certificate_of_another_child_is_a_case(world: World) -> None:
    guid = world.issue().guid
    application = world.application(guid)
    other, person = whom(snils="16000000198", birth_certificate="III-АБ 123456", first_name="Вера")
    wrong = replace(application, child=other, person=person)

    def ask(unit: UnitOfWork) -> None:
        with pytest.raises(NeedsPerson):
            world.enrolments.request(unit, wrong)

    world.run(ask)
    world.run(ask)

    cases = world.look(world.cases.listed)
    assert [(case.kind, case.order_id) for case in cases] == [(CaseKind.IDENTITY, "1")]
    assert world.figures(guid) == (NOMINAL, 0, 0)


@pytest.mark.invariant(6)
def test_a_contract_over_new_year_has_two_parts(world: World) -> None:
    world.set_policy(nominals_of=NEXT_YEAR)
    guid = world.issue().guid
    world.offer(programme(start=SCHOOL_YEAR[0], end=SCHOOL_YEAR[1], price=27300_00))

    life = world.enrol(guid, start=SCHOOL_YEAR[0], end=SCHOOL_YEAR[1])

    assert [part.year for part in life.split.years] == [2026, 2027]
    assert [world.figures(guid, year)[1] for year in (2026, 2027)] == [NOMINAL, NOMINAL]


@pytest.mark.seed("private", "saving")
def test_a_sole_trader_is_paid_like_any_other(world: World) -> None:
    trader = Organisation(inn="000123456783", name="ИП Образцова", kind=OrganisationKind.SOLE_TRADER)
    world.offer(programme(organisation=trader))
    guid = world.issue().guid
    assert world.enrol(guid).split.certificate_part == NOMINAL


# --- who does not pay by certificate ----------------------------------------------------------------------------------


def without_certificate(world: World, source: Source, **changes: Any) -> Application:
    """An application that names no certificate and agrees to no split."""
    return replace(world.application(world.issue().guid, **changes), source=source, certificate_guid=None, agreed=None)


@pytest.mark.parametrize("source", [Source.NONE, Source.BUDGET, Source.PAID, Source.PRIVATE])
def test_other_sources_make_a_contract_without_a_reserve(world: World, source: Source) -> None:
    application = without_certificate(world, source)
    world.offer(programme(certificate_accepted=False))

    life = world.request(application)

    own = PRICE if source in {Source.PAID, Source.PRIVATE} else 0
    assert (life.split.certificate_part, life.split.own_part) == (0, own)
    assert world.figures(life.certificate_guid) == (NOMINAL, 0, 0)
    assert world.told("1") == ["REGISTERED", "SENT_TO_REVIEW", "UNDER_REVIEW"]
    world.run(lambda unit: world.contracts.accept(unit, life.contract_id))
    world.run(lambda unit: world.contracts.conclude(unit, life.contract_id, number="3"))
    world.go_to(date(2027, 1, 1))
    assert world.days.run(world.units).finished == 1
    assert world.figures(life.certificate_guid) == (NOMINAL, 0, 0)


def test_a_budget_group_takes_one_programme_of_its_register(world: World) -> None:
    world.set_policy(nominals={Register.RUB: NOMINAL, Register.SIGNIFICANT: 1})
    group = programme(register=Register.SIGNIFICANT)
    application = without_certificate(world, Source.BUDGET)
    world.offer(group)
    guid = world.issue().guid
    assert cost(world, Source.BUDGET, guid).cost.allowed == 1

    life = world.request(application)

    assert world.figures(guid, register=Register.SIGNIFICANT) == (1, 1, 0)
    assert world.figures(guid) == (NOMINAL, 0, 0)
    assert (life.split.register, life.split.total) == (Register.SIGNIFICANT, 1)
    told = cost(world, Source.BUDGET, guid).cost
    assert (told.outcome, told.order_allowed) == (Outcome.EXHAUSTED, False)


@pytest.mark.seed("by-itself")
def test_who_pays_alone_gets_a_certificate_all_the_same(world: World) -> None:
    """Where the municipality gives none, it is one that only counts, and it never pays."""
    child: dict[str, Any] = {"snils": "16000000198", "birth_certificate": "III-АБ 123456", "first_name": "Вера"}
    asked, person = whom(**child)
    application = replace(without_certificate(world, Source.PAID), order_id="9", child=asked, person=person)
    world.set_policy(issues_certificates=False)

    life = world.request(application)

    assert world.kept(life.certificate_guid).certificate.with_funds is False


def test_nothing_is_issued_for_a_group_that_cannot_be_taken(world: World) -> None:
    application = without_certificate(world, Source.PAID)
    asked, person = whom(snils="16000000198", birth_certificate="III-АБ 123456", first_name="Вера")
    world.offer(programme(places=0))

    def ask(unit: UnitOfWork) -> RuleCode:
        with pytest.raises(RuleBroken) as caught:
            world.enrolments.request(unit, replace(application, child=asked, person=person))
        return caught.value.rule

    assert world.run(ask) is RuleCode.NO_PLACE
    assert world.look(lambda connection: world.issuing.find(connection, asked)) is None


# --- what is continued ------------------------------------------------------------------------------------------------


def test_a_contract_names_the_one_it_continues(world: World) -> None:
    world.offer(programme(price=100_00), programme(group_guid=OTHER_GROUP, price=100_00))
    guid = world.issue().guid
    first = world.enrol(guid, "1")
    named = world.enrol(guid, "2", group_guid=OTHER_GROUP, previous_contract_id=first.contract_id)

    assert named.previous_contract_id == first.contract_id
    world.run(lambda unit: world.contracts.refuse(unit, named.contract_id))
    for wrong in ({"previous_contract_id": "nothing"}, {"renewal_offer": "nothing"}):
        assert refused(world, world.application(guid, "4", group_guid=OTHER_GROUP, **wrong)) is RuleCode.NOT_FOUND


@pytest.fixture
def continuing(world: World) -> tuple[str, Offer]:
    """A child who studies in 2026 and is offered 500 roubles of 2027, in December, when next year is known."""
    if isinstance(world.registry, MemoryRegistry):
        pytest.skip("the model keeps no offers")
    world.offer(
        programme(price=100_00),
        programme(group_guid=OTHER_GROUP, price=100_00, start=date(2027, 1, 11), end=date(2027, 5, 31)),
    )
    world.set_policy(nominals_of=NEXT_YEAR)
    guid = world.issue().guid
    first = world.concluded(guid, "1")
    offer = Offer(
        key=offer_key(guid, PROGRAMME, 2027),
        certificate_guid=guid,
        previous_contract_id=first.contract_id,
        programme_guid=PROGRAMME,
        study_year=2,
        oktmo=OKTMO,
        year=2027,
        register=Register.RUB,
        volume=500_00,
        rank=1,
        since=date(2026, 12, 1),
        respond_by=date(2026, 12, 20),
        silence=Silence.DECLINE,
    )

    def made(unit: UnitOfWork) -> None:
        world.registry.save_offer(unit, offer)
        world.registry.save_pool(unit, Pool(oktmo=OKTMO, year=2027, register=Register.RUB, limit=None, held=500_00))

    world.run(made)
    world.go_to(date(2026, 12, 7))
    return guid, offer


def state_of(world: World, offer: Offer) -> OfferState:
    found: Offer = world.look(lambda connection: world.registry.offer(connection, offer.key))
    return found.state


@pytest.mark.seed("priority")
@pytest.mark.invariant(14)
def test_an_application_answers_an_offer(world: World, continuing: tuple[str, Offer]) -> None:
    guid, offer = continuing
    next_year: dict[str, Any] = {"group_guid": OTHER_GROUP, "start": date(2027, 1, 11), "end": date(2027, 5, 31)}

    assert refused(world, world.application(guid, "2", **next_year)) is RuleCode.REGISTRATION_CLOSED
    elsewhere = "cccccccc-0000-4000-8000-000000000021"
    start, end = next_year["start"], next_year["end"]
    other = programme(
        group_guid=elsewhere, programme_guid=elsewhere, name="Шахматы", price=100_00, start=start, end=end
    )
    world.offer(other)
    wrong = world.application(guid, "2", renewal_offer=offer_id(offer.key), group_guid=elsewhere, start=start, end=end)
    assert refused(world, wrong) is RuleCode.NOT_FOUND, "the offer is of another programme"
    life = world.enrol(guid, "3", renewal_offer=offer_id(offer.key), **next_year)

    assert life.previous_contract_id == offer.previous_contract_id
    assert state_of(world, offer) is OfferState.ACCEPTED
    assert world.figures(guid, 2027) == (NOMINAL + 500_00, 100_00, 0)
    world.go_to(date(2026, 12, 21))
    world.run(lambda unit: world.contracts.refuse(unit, life.contract_id))
    assert world.enrol(guid, "4", **next_year).state is ContractState.REQUESTED, "the window is over"


def test_an_offer_goes_with_its_ground(world: World, continuing: tuple[str, Offer]) -> None:
    guid, offer = continuing
    world.run(lambda unit: world.contracts.cancel(unit, offer.previous_contract_id))
    assert state_of(world, offer) is OfferState.WITHDRAWN
    world.run(lambda unit: world.registry.save_offer(unit, offer))
    world.run(
        lambda unit: world.registry.save_pool(
            unit, Pool(oktmo=OKTMO, year=2027, register=Register.RUB, limit=None, held=500_00)
        )
    )
    world.run(lambda unit: world.issuing.step(unit, guid, CertificateStep.ANNUL))
    assert state_of(world, offer) is OfferState.WITHDRAWN
