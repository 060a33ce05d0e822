"""Offers made and answered in a real registry, with the pools that they move (invariant 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from tests.gateway import records
from tests.gateway.life.years import SECOND, VOLUME, YEAR, Town, with_window

from socert.gateway.domain import renewal
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.policy import FormCode, Policy, Register, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import OfferState
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode, StepForbidden
from socert.gateway.life.turn_plan import Made
from socert.gateway.store.tables import change

if TYPE_CHECKING:
    from typing import Any

    from socert.gateway.store.writer import Store


OTHER = "cccccccc-0000-4000-8000-00000000000f"


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


def made(town: Town, batch: int = 10) -> Made:
    return town.offering.make(year=YEAR, batch=batch)


# Making offers


@pytest.mark.seed("priority", "after-first-year", "first-year", "four-years")
@pytest.mark.invariant(14)
def test_a_child_after_the_first_year_is_offered_the_second_before_others(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    offer = town.offer(guid)
    assert (offer.year, offer.study_year, offer.volume, offer.state) == (YEAR, 2, VOLUME, OfferState.OFFERED)
    assert town.pool().held == VOLUME
    certificate = town.kept(guid).certificate
    with pytest.raises(Refused) as refused:
        town.look(lambda c: town.renewals.check_others(c, certificate, programme_guid="another", year=YEAR))
    assert refused.value.rule is RuleCode.REGISTRATION_CLOSED


@pytest.mark.invariant(14)
def test_a_second_run_offers_nobody_twice(town: Town) -> None:
    for number in (1, 2, 3):
        town.enrol(number)
    assert made(town, batch=2).offers == 3
    again = made(town)
    assert (again.offers, again.known) == (0, 3)
    assert town.pool().held == 3 * VOLUME


@pytest.mark.invariant(14)
def test_two_runs_at_once_offer_everybody_once(town: Town) -> None:
    """Another process makes all offers between two commits of this one."""
    guids = [town.enrol(number) for number in (1, 2, 3)]
    others: list[Made] = []

    def race(_done: Made) -> None:
        if not others:
            others.append(made(town))

    done = town.offering.make(year=YEAR, batch=1, progress=race)
    assert (done.offers, done.known, others[0].offers, others[0].known) == (1, 2, 2, 1)
    assert [len(town.offers(guid)) for guid in guids] == [1, 1, 1]
    assert town.pool().held == 3 * VOLUME


@pytest.mark.invariant(14)
def test_offers_stop_at_the_limit_and_go_on_when_volume_returns(town: Town) -> None:
    town.limit(2 * VOLUME)
    guids = [town.enrol(number) for number in (1, 2, 3)]
    first = made(town)
    assert (first.offers, first.waiting) == (2, 1)
    assert town.offers(guids[2]) == []
    town.decline(guids[0])
    assert town.pool().free == VOLUME
    assert made(town).offers == 1
    assert town.offer(guids[2]).state is OfferState.OFFERED
    assert town.pool().held == 2 * VOLUME


@pytest.mark.invariant(14)
def test_volume_taken_while_the_plan_was_stored_makes_all_behind_wait(town: Town) -> None:
    """Another process takes volume after the plan was read: whoever no longer fits waits, and all behind do, who would.

    The one behind wants less, and it would be there.
    """
    town.limit(3 * VOLUME)
    cheap = records.programme(group_guid=OTHER, programme_guid=OTHER, price=100_000)
    town.run(lambda unit: town.registry.put_programmes(unit, [cheap]))
    guids = [town.enrol(1), town.enrol(2), town.enrol(3, group_guid=OTHER)]
    taken: list[Made] = []

    def take_between(done: Made) -> None:
        if not taken:
            town.run(lambda unit: town.renewals.give(unit, records.OKTMO, YEAR, Register.RUB, VOLUME + 1))
            taken.append(done)

    result = town.offering.make(year=YEAR, batch=1, progress=take_between)
    assert (result.offers, result.waiting) == (1, 2)
    assert [len(town.offers(guid)) for guid in guids] == [1, 0, 0]
    pool = town.pool()
    assert pool.fits(100_000)
    assert pool.limit is not None
    assert pool.held + pool.taken <= pool.limit


def test_a_right_lost_between_plan_and_storing_is_not_offered(town: Town) -> None:
    guids = [town.enrol(number) for number in (1, 2)]
    ended: list[Made] = []

    def end(done: Made) -> None:
        if not ended:
            ended.append(done)
            gone = records.contract(2, 2, start=date(2026, 9, 1), state=ContractState.TERMINATED, reserved=0)
            town.run(lambda unit: town.registry.put_contracts(unit, [gone]))

    result = town.offering.make(year=YEAR, batch=1, progress=end)
    assert (result.offers, result.no_right) == (1, 1)
    assert town.offers(guids[1]) == []


def test_who_withdrew_a_consent_is_not_offered_until_it_is_given_again(town: Town) -> None:
    guid = town.enrol(1)
    certificate = town.kept(guid).certificate
    town.run(lambda unit: town.consents.withdraw(unit, certificate, form=None, channel=Channel.ORGANISATION))
    assert made(town).offers == 0
    given = [
        Consent(consent_id="", form=form, version="2026-01", given_at=town.clock(), channel=Channel.ORGANISATION)
        for form in (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION)
    ]
    town.run(lambda unit: town.consents.give(unit, certificate, given))
    assert made(town).offers == 1


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2026, 12, 21)])
def test_outside_the_window_nothing_is_offered(town: Town, day: date) -> None:
    guid = town.enrol(1)
    town.at(day)
    with pytest.raises(Refused) as refused:
        made(town)
    assert refused.value.rule is RuleCode.WINDOW_CLOSED
    assert town.offers(guid) == []


def test_a_municipality_whose_window_is_closed_is_passed_over(town: Town) -> None:
    first, second = town.enrol(1), town.enrol(2, payer={"oktmo": SECOND})
    opens = replace(town.policy.renewal.opens, day=10)
    town.policies[SECOND] = with_window(Policy(), opens=opens)
    result = made(town)
    assert (result.municipalities, result.closed, result.offers) == (2, 1, 1)
    assert (len(town.offers(first)), len(town.offers(second))) == (1, 0)


def test_a_window_that_closes_while_a_plan_is_read_lets_nothing_in(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    guids = [town.enrol(1)]
    made(town)
    guids.append(town.enrol(2))
    pupils = town.registry.pupils

    def slow(*given: Any, **named: Any) -> Any:
        town.at(date(2026, 12, 21))
        return pupils(*given, **named)

    monkeypatch.setattr(town.registry, "pupils", slow)
    assert town.offering.go_on() == Made(municipalities=1, closed=1, known=1)
    town.at(date(2026, 12, 20))
    with pytest.raises(Refused) as refused:
        made(town)
    assert refused.value.rule is RuleCode.WINDOW_CLOSED
    assert [len(town.offers(guid)) for guid in guids] == [1, 0]


@pytest.mark.invariant(14)
def test_each_municipality_has_its_own_limit(town: Town) -> None:
    town.limit(VOLUME)
    for number, oktmo in ((1, records.OKTMO), (2, records.OKTMO), (3, SECOND)):
        town.enrol(number, payer={"oktmo": oktmo})
    assert (made(town).offers, town.pool().held, town.pool(oktmo=SECOND).held) == (2, VOLUME, VOLUME)


@pytest.mark.invariant(14)
def test_a_days_work_offers_what_came_back_and_begins_nowhere(town: Town) -> None:
    town.limit(VOLUME)
    first, second = town.enrol(1), town.enrol(2)
    assert town.offering.go_on() == Made()
    made(town)
    assert town.offering.go_on().offers == 0
    town.decline(first)
    assert town.offering.go_on().offers == 1
    assert town.offer(second).state is OfferState.OFFERED
    town.decline(second)
    town.enrol(3)
    town.at(date(2026, 12, 21))
    assert town.offering.go_on() == Made()


def test_a_preview_changes_nothing_and_says_what_the_run_will_do(town: Town) -> None:
    town.limit(2 * VOLUME)
    guids = [town.enrol(number) for number in (1, 2, 3)]
    found = town.offering.preview(year=YEAR, oktmo=records.OKTMO)
    assert [outcome.value for outcome in found.outcomes.elements()].count("offer") == 2
    assert (found.offered[Register.RUB], found.waiting[Register.RUB]) == (2 * VOLUME, VOLUME)
    assert found.pools[Register.RUB].free == 0
    assert [town.offers(guid) for guid in guids] == [[], [], []]
    assert town.pool().held == 0
    assert made(town).offers == 2


# Answers


@pytest.mark.seed("volume")
def test_an_accepted_volume_is_on_next_years_account(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    assert town.accept(guid).state is OfferState.ACCEPTED
    assert town.kept(guid).book.available(YEAR, Register.RUB) == VOLUME
    pool = town.pool()
    assert (pool.held, pool.taken) == (0, VOLUME)


def test_an_exhausted_certificate_is_active_again_by_what_it_accepted(town: Town) -> None:
    payer = {"status": CertificateStatus.EXHAUSTED, "balance": records.balance(nominal=40_000, reserved=40_000)}
    guid = town.enrol(1, payer=payer)
    made(town)
    town.accept(guid)
    assert town.kept(guid).certificate.status is CertificateStatus.ACTIVE


def test_an_answer_to_an_older_version_or_a_second_answer_is_refused(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    key = town.offer(guid).key
    with pytest.raises(Refused) as stale:
        town.run(lambda unit: town.renewals.accept(unit, key, seen=2))
    assert stale.value.rule is RuleCode.STALE_OFFER
    town.accept(guid)
    for answer in (town.accept, town.decline):
        with pytest.raises(StepForbidden):
            answer(guid)
    assert town.pool().taken == VOLUME


@pytest.mark.parametrize("state", [ContractState.TERMINATED, ContractState.TERMINATING])
def test_an_offer_whose_contract_ended_early_is_taken_back(town: Town, state: ContractState) -> None:
    guid = town.enrol(1)
    made(town)
    gone = records.contract(1, 1, start=date(2026, 9, 1), state=state)
    town.run(lambda unit: town.registry.put_contracts(unit, [gone]))
    with pytest.raises(Refused) as refused:
        town.accept(guid)
    assert refused.value.rule is RuleCode.PROGRAMME_NOT_ELIGIBLE
    assert town.run(lambda unit: town.renewals.take_back_lost(unit, guid)) == 1
    assert town.offer(guid).state is OfferState.WITHDRAWN
    assert town.pool().held == 0


@pytest.mark.invariant(12)
def test_a_withdrawn_consent_takes_the_offer_back(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    certificate = town.kept(guid).certificate
    town.run(lambda unit: town.consents.withdraw(unit, certificate, form=None, channel=Channel.PORTAL))
    assert (town.offer(guid).state, town.pool().held) == (OfferState.WITHDRAWN, 0)
    with pytest.raises(StepForbidden):
        town.accept(guid)
    assert town.run(lambda unit: town.renewals.take_back_lost(unit, guid)) == 0


def test_an_offer_that_stands_is_not_taken_back(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    assert town.run(lambda unit: town.renewals.take_back_lost(unit, guid)) == 0
    assert town.offer(guid).state is OfferState.OFFERED


@pytest.mark.invariant(14)
@pytest.mark.parametrize(
    ("silence", "state", "taken"),
    [(Silence.DECLINE, OfferState.EXPIRED, 0), (Silence.ACCEPT, OfferState.ACCEPTED, VOLUME)],
)
def test_silence_means_what_the_policy_says(town: Town, silence: Silence, state: OfferState, taken: int) -> None:
    town.limit(None, silence=silence)
    guid = town.enrol(1)
    made(town)
    town.at(date(2026, 12, 20))
    assert town.lapse() == 0
    town.at(date(2026, 12, 21))
    assert town.lapse() == 1
    assert town.offer(guid).state is state
    assert (town.pool().held, town.pool().taken) == (0, taken)
    assert town.kept(guid).book.available(YEAR, Register.RUB) == taken
    assert town.lapse() == 0


def test_silence_takes_nothing_for_who_could_not_have_accepted(town: Town) -> None:
    town.limit(None, silence=Silence.ACCEPT)
    guid, stands = town.enrol(1), town.enrol(2)
    made(town)
    gone = records.contract(1, 1, state=ContractState.TERMINATED)
    town.run(lambda unit: town.registry.put_contracts(unit, [gone]))
    town.at(date(2026, 12, 21))
    assert town.lapse() == 2
    assert (town.offer(guid).state, town.offer(stands).state) == (OfferState.WITHDRAWN, OfferState.ACCEPTED)
    assert town.kept(guid).book.account(YEAR, Register.RUB) is None


def test_an_application_may_answer_the_offer_by_naming_it(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    portal_id = renewal.offer_id(town.offer(guid).key)
    first = town.run(lambda unit: town.renewals.accept_by_order(unit, guid, portal_id.upper()))
    again = town.run(lambda unit: town.renewals.accept_by_order(unit, guid, portal_id))
    assert (first.state, again) == (OfferState.ACCEPTED, first)
    assert town.pool().taken == VOLUME
    other = town.enrol(2)
    with pytest.raises(Refused) as refused:
        town.run(lambda unit: town.renewals.accept_by_order(unit, other, portal_id))
    assert refused.value.rule is RuleCode.NOT_FOUND


# Others, and limits that change


@pytest.mark.invariant(14)
def test_others_may_enrol_when_the_window_is_over(town: Town) -> None:
    guid = town.enrol(1)
    certificate = town.kept(guid).certificate

    def ask(year: int = YEAR) -> None:
        programme = records.programme().programme_guid
        town.look(lambda c: town.renewals.check_others(c, certificate, programme_guid=programme, year=year))

    ask(2026)
    made(town)
    with pytest.raises(Refused):
        ask()
    town.accept(guid)
    ask()
    town.at(date(2026, 12, 21))
    town.run(lambda unit: town.renewals.give(unit, records.OKTMO, YEAR, Register.RUB, 5))
    assert town.pool().taken == VOLUME + 5


@pytest.mark.invariant(14)
def test_a_limit_lowered_below_what_is_promised_gives_nothing_more(town: Town) -> None:
    guids = [town.enrol(number) for number in (1, 2)]
    made(town)
    town.limit(VOLUME)
    assert town.pool().free == 0
    with pytest.raises(RuleBroken):
        town.run(lambda unit: town.renewals.give(unit, records.OKTMO, YEAR, Register.RUB, 1))
    for guid in guids:
        town.accept(guid)
    assert town.pool().taken == 2 * VOLUME


def test_the_account_is_told_of_an_offer_and_of_its_answer(town: Town) -> None:
    guid = town.enrol(1)
    made(town)
    town.accept(guid)
    object_id = renewal.offer_id(town.offer(guid).key)
    chosen = select(change.c.cause).where(change.c.object_id == object_id).order_by(change.c.id)
    assert town.look(lambda c: list(c.scalars(chosen))) == ["OFFER_MADE", "OFFER_ANSWERED"]
