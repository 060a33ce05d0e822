"""One day's work: done where it is due, once, whatever stops it in between."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.life.world import NOMINAL, programme
from tests.gateway.records import OKTMO

from socert.gateway.domain.certificate import CertificateStep
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_errors import LedgerRefused, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.days import DayDone

if TYPE_CHECKING:
    from tests.gateway.life.world import World

NOTHING = DayDone(charged=0, lapsed=0, finished=0, expired=0, lowered=0, stopped=0, failed=0)
PRICE = 1200_00


def children(world: World, number: int) -> list[str]:
    """So many certificates with an active contract of 1200 roubles each; return the contracts' ids."""
    world.offer(programme(price=PRICE))
    made = []
    for place in range(number):
        child: dict[str, Any] = {"snils": None, "birth_certificate": f"II-ЖД 70{place:04d}"}
        guid = world.issue(**child).guid
        made.append(world.concluded(guid, str(place), child=child).contract_id)
    return made


def test_a_quiet_day_does_nothing(world: World) -> None:
    children(world, 1)
    assert world.days.run(world.units) == NOTHING


@pytest.mark.invariant(3)
@pytest.mark.invariant(18)
def test_all_that_is_due_is_charged_and_the_same_day_again_is_nothing(world: World) -> None:
    ids = children(world, 5)
    world.go_to(date(2026, 11, 1))

    first, again = world.days.run(world.units), world.days.run(world.units)

    assert first.charged == 10
    assert again == NOTHING
    assert {world.life(one).spent for one in ids} == {600_00}


def test_a_day_that_was_missed_is_made_up(world: World) -> None:
    ids = children(world, 1)
    world.go_to(date(2027, 3, 1))

    done = world.days.run(world.units)

    assert (done.charged, done.finished) == (4, 1)
    life = world.life(ids[0])
    assert (life.state, life.spent, life.reserved) == (ContractState.COMPLETED, PRICE, 0)


@pytest.mark.invariant(16)
def test_what_fails_stops_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = children(world, 4)
    world.go_to(date(2026, 10, 1))
    charge_due, broken = world.contracts.charge_due, {ids[1]: _refusal(), ids[2]: ValueError("сведения о ребёнке")}

    def fail(unit: Any, contract_id: str) -> Any:
        if contract_id in broken:
            raise broken[contract_id]
        return charge_due(unit, contract_id)

    monkeypatch.setattr(world.contracts, "charge_due", fail)
    done = world.days.run(world.units)
    again = world.days.run(world.units)
    broken.clear()
    made_up = world.days.run(world.units)

    assert (done.charged, done.failed) == (2, 2)
    assert (again.charged, again.failed) == (0, 2)
    assert (made_up.charged, made_up.failed) == (2, 0)
    cases = world.look(world.cases.listed)
    assert [(case.kind, case.contract_id, case.rule) for case in cases] == [
        (CaseKind.DAY_FAILED, ids[1], RuleCode.RESERVE_EXCEEDED)
    ]


def _refusal() -> LedgerRefused:
    return LedgerRefused(RuleCode.RESERVE_EXCEEDED, amount=2, reserved=1)


@pytest.mark.parametrize(("accepted", "last"), [(False, date(2026, 9, 12)), (True, date(2026, 9, 17))])
def test_who_waits_too_long_is_refused_by_the_system(world: World, accepted: bool, last: date) -> None:
    guid = world.issue().guid
    life = world.enrol(guid)
    if accepted:
        world.run(lambda unit: world.contracts.accept(unit, life.contract_id))

    world.go_to(last)
    assert world.days.run(world.units) == NOTHING
    world.clock.advance(1)
    assert world.days.run(world.units).lapsed == 1

    assert world.life(life.contract_id).state is ContractState.REFUSED
    assert world.figures(guid) == (NOMINAL, 0, 0)
    assert world.units.told[-1].reason is RuleCode.OFFER_EXPIRED


@pytest.mark.invariant(13)
def test_a_stopped_certificate_pays_nothing_and_is_no_failure(world: World) -> None:
    ids = children(world, 1)
    guid = world.life(ids[0]).certificate_guid
    world.set_policy(live_goes_on=frozenset())
    world.run(lambda unit: world.issuing.step(unit, guid, CertificateStep.SUSPEND))
    world.go_to(date(2026, 11, 1))
    assert world.days.run(world.units).stopped == 1
    world.go_to(date(2027, 1, 1))
    done = world.days.run(world.units)
    assert (done.charged, done.stopped, done.finished, done.failed) == (0, 1, 1, 0)
    assert world.figures(guid) == (NOMINAL, 0, 0)


@pytest.mark.invariant(13)
def test_a_certificate_expires_after_its_last_day(world: World) -> None:
    guids = [
        world.issue(snils=None, birth_certificate=f"II-ЖД 70{place:04d}", birth_date=date(2009, 1, 10)).guid
        for place in range(3)
    ]
    world.go_to(date(2027, 1, 9))
    assert world.days.run(world.units).expired == 0
    world.go_to(date(2027, 1, 10))
    assert world.days.run(world.units).expired == 3
    assert {world.kept(guid).certificate.status for guid in guids} == {CertificateStatus.EXPIRED}
    assert world.days.run(world.units) == NOTHING


def test_an_expiry_that_fails_does_not_go_round_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(3):
        world.issue(snils=None, birth_certificate=f"II-ЖД 70{place:04d}", birth_date=date(2009, 1, 10))
    world.go_to(date(2027, 1, 10))

    def fail(*_given: Any) -> None:
        raise _refusal()

    monkeypatch.setattr(world.issuing, "step", fail)
    assert world.days.run(world.units).failed == 3


def test_an_unused_certificate_is_lowered_where_the_policy_says_so(world: World) -> None:
    unused = [world.issue(snils=None, birth_certificate=f"II-ЖД 70{place:04d}").guid for place in range(3)]
    used = world.issue().guid
    world.concluded(used)
    world.go_to(date(2026, 10, 1))
    assert world.days.run(world.units).lowered == 0
    world.set_policy(monthly_lowering=True)
    world.policies[OKTMO] = world.policies[""]

    first, again = world.days.run(world.units), world.days.run(world.units)

    assert (first.lowered, again.lowered) == (3, 0)
    assert {world.figures(guid) for guid in unused} == {(NOMINAL - NOMINAL // 4, 0, 0)}
    assert world.figures(used)[0] == NOMINAL
