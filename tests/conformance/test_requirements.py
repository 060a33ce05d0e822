"""Every requirement turns KO by a minimal wrong message, and OK by a right one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance import pairs_endpoint, pairs_message, pairs_session

from socert.conformance.checking import check_messages, check_one
from socert.conformance.requirement import Outcome
from socert.conformance.table import ENDPOINT_RULES, MESSAGE_RULES, SESSION_RULES, requirements

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.conformance.requirement import Result

_OF_A_MESSAGE = [rule.requirement.id for rule in MESSAGE_RULES]
PAIRS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    **pairs_message.PAIRS,
    **pairs_session.PAIRS,
    **pairs_endpoint.PAIRS,
}


def result(identifier: str, subject: Any) -> Result:
    """What comes of one requirement."""
    if identifier in _OF_A_MESSAGE:
        return check_messages([rule for rule in MESSAGE_RULES if rule.requirement.id == identifier], [subject])[0]
    for rule in SESSION_RULES:
        if rule.requirement.id == identifier:
            return check_one([rule], subject)[0]
    return check_one([rule for rule in ENDPOINT_RULES if rule.requirement.id == identifier], subject)[0]


def test_every_requirement_has_a_pair_and_no_number_is_used_twice() -> None:
    numbers = [requirement.id for requirement in requirements()]
    assert sorted(numbers) == sorted(PAIRS)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("identifier", PAIRS)
def test_a_requirement_that_is_kept_is_ok(identifier: str) -> None:
    kept = result(identifier, PAIRS[identifier][0]())
    assert kept.outcome is Outcome.OK, kept.findings
    assert kept.findings == ()


@pytest.mark.parametrize("identifier", PAIRS)
def test_a_requirement_that_is_broken_is_ko_with_a_reason_in_both_languages(identifier: str) -> None:
    broken = result(identifier, PAIRS[identifier][1]())
    assert broken.outcome is Outcome.KO
    for finding in broken.findings:
        assert finding.reason.en
        assert finding.reason.ru
        for text in (finding.reason.en, finding.reason.ru, finding.path):
            assert "Secret" not in text


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.id)
def test_a_requirement_says_what_and_where_it_comes_from(requirement: Any) -> None:
    assert requirement.says.en.endswith(".")
    assert requirement.says.ru.endswith(".")
    assert requirement.source
