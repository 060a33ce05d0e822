"""A contract's way: each step stored with its entries and status, told to its order, and refused where it must be."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.life.world import AUTUMN, NEXT_YEAR, NOMINAL, agree, programme

from socert.gateway.domain.certificate import CertificateStep
from socert.gateway.domain.contract import ContractLife, Initiator
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.life.world import World

    from socert.gateway.ports import UnitOfWork

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
OTHER_GROUP = "cccccccc-0000-4000-8000-000000000009"


def refused(world: World, work: Callable[[UnitOfWork], object]) -> RuleCode:
    """Do something that is refused; return the rule."""
    with pytest.raises(RuleBroken) as caught:
        world.run(work)
    return caught.value.rule


def terminate(world: World, life: ContractLife) -> ContractLife:
    return world.run(
        lambda unit: world.contracts.terminate(
            unit,
            life.contract_id,
            initiator=Initiator.ORGANISATION,
            reason=RuleCode.REFUSED_BY_PROVIDER,
            text="Группа закрыта",
        )
    )


@pytest.mark.seed("control")
def test_a_contract_goes_its_way_and_its_order_is_told(world: World) -> None:
    guid = world.issue().guid

    life = world.concluded(guid)

    assert (life.state, life.number, life.concluded_on) == (ContractState.ACTIVE, "15", date(2026, 9, 7))
    assert world.life(life.contract_id) == life
    assert world.told("1") == ["REGISTERED", "SENT_TO_REVIEW", "UNDER_REVIEW", "CONTRACT_TO_SIGN", "ENROLLED"]
    assert world.kept(guid).certificate.status is CertificateStatus.EXHAUSTED


@pytest.mark.invariant(7)
def test_no_step_leads_back(world: World) -> None:
    life = world.concluded(world.issue().guid)
    for step in (
        lambda unit: world.contracts.accept(unit, life.contract_id),
        lambda unit: world.contracts.refuse(unit, life.contract_id),
        lambda unit: world.contracts.conclude(unit, life.contract_id, number="16"),
    ):
        assert refused(world, step) is RuleCode.CONTRACT_STEP
    assert refused(world, lambda unit: world.contracts.finish(unit, life.contract_id)) is RuleCode.NOT_ENDED
    assert world.life(life.contract_id) == life
    assert world.told("1")[-1] == "ENROLLED"


@pytest.mark.invariant(11)
def test_a_refusal_frees_everything_and_tells_why(world: World) -> None:
    guid = world.issue().guid
    life = world.enrol(guid)

    world.run(lambda unit: world.contracts.refuse(unit, life.contract_id, text="Нет педагога"))

    assert world.figures(guid) == (NOMINAL, 0, 0)
    assert world.kept(guid).certificate.status is CertificateStatus.ACTIVE
    event = world.units.told[-1]
    assert (event.stage.value, event.reason, event.text) == ("REFUSED", RuleCode.REFUSED_BY_PROVIDER, "Нет педагога")


@pytest.mark.invariant(11)
def test_a_parent_cancels_before_it_is_concluded(world: World) -> None:
    guid = world.issue().guid
    world.enrol(guid)

    first = world.run(lambda unit: world.contracts.cancel_order(unit, "1"))
    again = world.run(lambda unit: world.contracts.cancel_order(unit, "1"))

    assert first == again
    assert first.state is ContractState.REFUSED
    assert world.told("1") == ["REGISTERED", "SENT_TO_REVIEW", "UNDER_REVIEW", "CANCELLED"]
    assert world.figures(guid) == (NOMINAL, 0, 0)
    assert refused(world, lambda unit: world.contracts.cancel_order(unit, "2")) is RuleCode.NOT_FOUND


@pytest.mark.invariant(11)
def test_a_parent_cancels_an_active_contract_before_its_first_day(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    ended = world.run(lambda unit: world.contracts.cancel(unit, life.contract_id))
    assert ended.state is ContractState.TERMINATED
    assert world.figures(guid) == (NOMINAL, 0, 0)
    assert world.told("1")[-1] == "ENROLLED", "an order says nothing more once it is over"


@pytest.mark.invariant(11)
def test_after_the_start_only_unused_months_are_freed(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    world.go_to(date(2026, 11, 10))
    world.days.run(world.units)

    ended = terminate(world, life)

    assert (ended.state, ended.last_day) == (ContractState.TERMINATING, date(2026, 11, 30))
    assert world.figures(guid) == (NOMINAL, 2000_00, 4000_00)
    assert ended.ending is not None
    assert (ended.ending.released, ended.ending.text) == (2000_00, "Группа закрыта")
    assert refused(world, lambda unit: world.contracts.cancel(unit, life.contract_id)) is RuleCode.CONTRACT_STEP
    world.go_to(date(2026, 12, 1))
    done = world.run(lambda unit: world.contracts.finish(unit, life.contract_id))
    assert done.state is ContractState.TERMINATED
    assert world.figures(guid) == (NOMINAL, 0, 6000_00)


# --- charges ----------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(3)
def test_a_month_is_charged_once_when_it_is_due(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    month = date(2026, 9, 20)

    def charge(unit: UnitOfWork) -> ContractLife:
        return world.contracts.charge(unit, life.contract_id, month=month, amount=1500_00)

    assert refused(world, charge) is RuleCode.MONTH_NOT_DUE
    world.go_to(OCTOBER)
    world.run(charge)
    assert refused(world, charge) is RuleCode.MONTH_CLOSED

    assert world.figures(guid) == (NOMINAL, 6500_00, 1500_00)
    assert world.life(life.contract_id).charged == {date(2026, 9, 1): 1500_00}


@pytest.mark.invariant(13)
def test_a_charge_stops_with_its_certificate_by_the_regions_rule(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    world.go_to(OCTOBER)
    world.run(lambda unit: world.issuing.step(unit, guid, CertificateStep.SUSPEND))
    world.set_policy(live_goes_on=frozenset())

    def charge(unit: UnitOfWork) -> ContractLife:
        return world.contracts.charge(unit, life.contract_id, month=date(2026, 9, 1))

    assert refused(world, charge) is RuleCode.CERT_SUSPENDED
    world.set_policy(live_goes_on=frozenset({CertificateStatus.SUSPENDED}))
    assert world.run(charge).spent == 2000_00


def test_corrections_give_back_what_was_charged_too_much(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    world.go_to(OCTOBER)
    world.days.run(world.units)

    def refund(amount: int) -> Callable[[UnitOfWork], ContractLife]:
        return lambda unit: world.contracts.refund(unit, life.contract_id, month=date(2026, 9, 1), amount=amount)

    world.run(refund(500_00))
    world.run(refund(500_00))
    assert refused(world, refund(1000_01)) is RuleCode.SPENT_EXCEEDED

    assert world.figures(guid) == (NOMINAL, 6000_00, 1000_00)
    assert world.kept(guid).certificate.status is CertificateStatus.ACTIVE


# --- other terms ------------------------------------------------------------------------------------------------------


def requote(world: World, life: ContractLife, **terms: Any) -> Any:
    return world.look(lambda connection: world.contracts.requote(connection, life.contract_id, **terms))


def change(world: World, life: ContractLife, agreed: Any, **terms: Any) -> ContractLife:
    return world.run(lambda unit: world.contracts.change(unit, life.contract_id, agreed=agreed, **terms))


@pytest.mark.invariant(4)
@pytest.mark.invariant(10)
def test_an_earlier_end_is_quoted_anew_and_agreed_to(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    world.go_to(NOVEMBER)
    world.days.run(world.units)
    end = date(2026, 11, 30)

    fresh = requote(world, life, end=end)
    stale = agree(requote(world, life, end=end))
    world.run(lambda unit: world.issuing.set_nominal(unit, guid, year=2026, register=Register.RUB, nominal=NOMINAL + 1))
    with pytest.raises(Refused) as caught:
        change(world, life, stale, end=end)
    changed = change(world, life, agree(requote(world, life, end=end)), end=end)

    assert caught.value.rule is RuleCode.STALE_BALANCE
    # Thirty of the group's 108 days cost 3333.33; the months that were charged stay as they were agreed to.
    assert [part.certificate_part for part in fresh.split.months] == [2000_00, 2000_00, 3333_33]
    assert (changed.end, changed.revision) == (end, 1)
    assert world.figures(guid) == (NOMINAL + 1, 3333_33, 4000_00)


def test_a_dearer_group_takes_more_and_the_own_part_is_agreed_to_anew(world: World) -> None:
    guid = world.issue().guid
    life = world.concluded(guid)
    world.offer(programme(group_guid=OTHER_GROUP, price=24000_00))

    fresh = requote(world, life, group_guid=OTHER_GROUP)
    with pytest.raises(Refused) as caught:
        change(world, life, agree(fresh, own_part=False), group_guid=OTHER_GROUP)
    changed = change(world, life, agree(fresh), group_guid=OTHER_GROUP)

    assert caught.value.rule is RuleCode.OWN_PART_NOT_AGREED
    assert (changed.group_guid, changed.split.total, changed.split.certificate_part) == (
        OTHER_GROUP,
        24000_00,
        NOMINAL,
    )


def test_a_change_never_reaches_back(world: World) -> None:
    life = world.concluded(world.issue().guid)
    world.go_to(NOVEMBER)
    world.days.run(world.units)
    with pytest.raises(Refused) as caught:
        requote(world, life, end=date(2026, 10, 15))
    assert caught.value.rule is RuleCode.CHANGE_OF_PAST
    with pytest.raises(Refused) as caught:
        requote(world, life, group_guid="nothing")
    assert caught.value.rule is RuleCode.NOT_FOUND


def test_an_ended_contract_is_not_changed(world: World) -> None:
    life = world.enrol(world.issue().guid)
    agreed = agree(requote(world, life))
    ended = world.run(lambda unit: world.contracts.refuse(unit, life.contract_id))
    with pytest.raises(RuleBroken):
        change(world, ended, agreed)


@pytest.mark.invariant(6)
def test_a_contract_over_new_year_pays_each_year_from_its_own(world: World) -> None:
    world.set_policy(nominals_of=NEXT_YEAR)
    guid = world.issue().guid
    world.offer(programme(start=date(2026, 12, 1), end=date(2027, 1, 31), price=6200_00))
    life = world.concluded(guid, start=date(2026, 12, 1), end=date(2027, 1, 31))
    assert [world.figures(guid, year)[1] for year in (2026, 2027)] == [3100_00, 3100_00]

    world.go_to(date(2026, 12, 31))
    assert world.days.run(world.units).charged == 1
    world.go_to(date(2027, 2, 1))
    done = world.days.run(world.units)

    assert (done.charged, done.finished) == (1, 1)
    assert [world.figures(guid, year)[1:] for year in (2026, 2027)] == [(0, 3100_00), (0, 3100_00)]
    assert world.life(life.contract_id).state is ContractState.COMPLETED


def test_an_unknown_contract_is_told(world: World) -> None:
    assert refused(world, lambda unit: world.contracts.accept(unit, "nothing")) is RuleCode.NOT_FOUND
    assert refused(world, lambda unit: world.contracts.lapse(unit, "nothing")) is RuleCode.NOT_FOUND


def test_nothing_lapses_early(world: World) -> None:
    life = world.enrol(world.issue().guid)
    with pytest.raises(StepForbidden) as caught:
        world.run(lambda unit: world.contracts.lapse(unit, life.contract_id))
    assert caught.value.rule is RuleCode.NOT_LATE
    assert world.quote(life.certificate_guid, start=AUTUMN[0], end=AUTUMN[1]).split.certificate_part == 0
