"""Cases: opened once, without personal data, closed with a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from socert.gateway.domain.rules_errors import NeedsPerson, Refused, RuleCode
from socert.gateway.life.cases import CaseKind
from socert.gateway.store.tables_life import CaseState

if TYPE_CHECKING:
    from tests.gateway.life.world import World

CONFLICT = NeedsPerson(RuleCode.IDENTITY_CONFLICT, conflict="one SNILS, two names or birth dates")


def test_a_case_is_opened_once_and_closed_with_a_decision(world: World) -> None:
    def opened(order: str) -> int:
        return world.run(lambda unit: world.cases.open(unit, kind=CaseKind.IDENTITY, order_id=order, broken=CONFLICT))

    first, again, other = opened("1"), opened("1"), opened("2")
    assert first == again != other
    world.run(lambda unit: world.cases.close(unit, first, decision="Это один ребёнок."))
    with pytest.raises(Refused):
        world.run(lambda unit: world.cases.close(unit, first, decision="Снова"))
    later = opened("1")

    assert later not in {first, other}
    case, *_ = world.look(lambda connection: world.cases.listed(connection, state=CaseState.CLOSED))
    assert (case.id, case.decision, case.rule, case.opened_at) == (
        first,
        "Это один ребёнок.",
        RuleCode.IDENTITY_CONFLICT,
        world.clock.now,
    )
    assert case.facts == {"conflict": "one SNILS, two names or birth dates"}
    assert [one.id for one in world.look(world.cases.listed)] == [other, later]
    assert world.look(world.cases.count_open) == 2
    assert len(world.look(lambda connection: world.cases.listed(connection, state=None))) == 3


@pytest.mark.seed("withdraw")
def test_a_withdrawal_asks_the_organisation_until_consent_is_there_again(world: World) -> None:
    world.run(lambda unit: world.cases.consent_withdrawn(unit, "a"))
    world.run(lambda unit: world.cases.consent_withdrawn(unit, "a"))
    world.run(lambda unit: world.cases.consent_withdrawn(unit, "b"))
    world.run(lambda unit: world.cases.consent_given(unit, "a"))
    world.run(lambda unit: world.cases.consent_given(unit, "c"))

    assert [case.certificate_guid for case in world.look(world.cases.listed)] == ["b"]
