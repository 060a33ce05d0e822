"""Every code of the rules has a Russian and an English sentence, and what the portal is told fits its list."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_codes import plain, rule_of
from socert.gateway.domain.rules_errors import Refused, Rule, RuleBroken, RuleCode, StepForbidden, catalogue
from socert.gateway.errors import GatewayError

if TYPE_CHECKING:
    from pathlib import Path

CODES_OF_THE_PORTAL = [
    "STALE_BALANCE",
    "EXHAUSTED",
    "CERT_SUSPENDED",
    "CERT_ANNULLED",
    "CERT_EXPIRED",
    "AGE_OUT_OF_RANGE",
    "NO_PLACE",
    "DUPLICATE_ENROLMENT",
    "IDENTITY_CONFLICT",
    "NO_CONSENT",
    "CONSENT_WITHDRAWN",
    "NO_AGREEMENT",
    "PROGRAMME_NOT_ELIGIBLE",
    "REGISTRATION_CLOSED",
    "CANCELLED_BY_PARENT",
    "REFUSED_BY_PROVIDER",
    "REFUSED_BY_OPERATOR",
    "OFFER_EXPIRED",
    "TECHNICAL",
]


def test_every_code_has_its_sentences_once() -> None:
    rules = catalogue()

    assert [rule.code for rule in rules] == list(RuleCode)
    assert len({rule.log for rule in rules}) == len(rules)
    assert len({rule.people for rule in rules}) == len(rules)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code.value)
def test_sentences_are_in_their_language_and_name_no_person(rule: Rule) -> None:
    places = [name for text in (rule.people, rule.log) for _, name, _, _ in Formatter().parse(text) if name]

    assert re.match("[А-ЯЁ«{]", rule.people)
    assert rule.people.rstrip().endswith((".", "}."))
    assert rule.log.isascii()
    personal = {"surname", "first_name", "last_name", "snils", "document", "child", "birth_date"}
    assert not personal & set(places)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code.value)
def test_wire_code_fits_a_message_and_is_one_that_the_portal_knows(rule: Rule) -> None:
    known = {*CODES_OF_THE_PORTAL, "PROGRAMME_INELIGIBLE"} - {"PROGRAMME_NOT_ELIGIBLE"}

    assert rule.wire in known
    assert len(rule.wire) <= 20
    if rule.code.value in known:
        assert rule.wire == rule.code.value


def test_codes_are_those_of_the_dictionary(oracles: Path) -> None:
    text = (oracles / "portal" / "PORTAL-MESSAGES.md").read_text(encoding="utf-8")
    section = text.split("### 6.4")[1].split("### 6.5")[0]

    assert re.findall(r"`([A-Z_]+)`", section) == CODES_OF_THE_PORTAL
    assert set(CODES_OF_THE_PORTAL) <= set(RuleCode)


def test_facts_are_told_in_each_language_as_it_is_written() -> None:
    broken = Refused(RuleCode.AGE_OUT_OF_RANGE, start=date(2026, 9, 1), age=18, youngest=5, oldest=17)

    assert "01.09.2026" in broken.people_text
    assert "ребёнку 18" in broken.people_text
    assert "2026-09-01" in broken.log_text
    assert str(broken) == f"AGE_OUT_OF_RANGE: {broken.log_text}"
    assert (broken.rule, broken.code, broken.wire_code) == (RuleCode.AGE_OUT_OF_RANGE, *["AGE_OUT_OF_RANGE"] * 2)
    moment = StepForbidden(RuleCode.NOT_ENDED, end=datetime(2026, 9, 1, 8, 5, tzinfo=UTC), contract="c")
    assert "01.09.2026 08:05" in moment.people_text
    status = StepForbidden(RuleCode.CERT_STEP, status=CertificateStatus.ANNULLED, step="resume")
    assert "«аннулирован»" in status.people_text


def test_a_missing_fact_shows_and_does_not_crash() -> None:
    assert "? are allowed" not in Refused(RuleCode.AGE_OUT_OF_RANGE, oldest=17, age=3).log_text
    assert "? to 17" in Refused(RuleCode.AGE_OUT_OF_RANGE, oldest=17, age=3).log_text


def test_all_are_errors_of_the_gateway() -> None:
    assert issubclass(RuleBroken, GatewayError)
    with pytest.raises(GatewayError):
        raise Refused(RuleCode.NO_PLACE)


@pytest.mark.parametrize("state", [*CertificateStatus, *ContractState])
def test_people_read_states_in_russian_and_the_log_has_their_codes(state: CertificateStatus | ContractState) -> None:
    rule = RuleCode.CERT_STEP if isinstance(state, CertificateStatus) else RuleCode.CONTRACT_STEP
    broken = StepForbidden(rule, status=state, state=state, contract="c-1", step="go")
    assert state.value not in broken.people_text
    assert state.value in broken.log_text


@pytest.mark.parametrize("code", [code for code in RuleCode if rule_of(code).wire == code.value])
def test_a_reason_that_somebody_chose_needs_no_facts(code: RuleCode) -> None:
    assert "{" not in plain(code)
