"""Applying rules: to a message, to many messages, to whatever else rules are about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from socert.conformance.requirement import Outcome, Result, Severity, Words
from socert.contracts.signature.native import SuiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socert.conformance.message import Message
    from socert.conformance.requirement import Finding, Rule

T = TypeVar("T")


def check_messages(rules: Iterable[Rule[Message]], messages: Sequence[Message]) -> tuple[Result, ...]:
    """Check every message by every rule: one result a rule, whose findings name the message."""
    return tuple(_over(rule, messages) for rule in rules)


def check_one(rules: Iterable[Rule[T]], subject: T) -> tuple[Result, ...]:
    """Check one subject by every rule."""
    return tuple(_apply(rule, subject) for rule in rules)


def passed(results: Iterable[Result]) -> bool:
    """Whether nothing that must hold is broken."""
    return not any(result.outcome is Outcome.KO and result.requirement.severity is Severity.MUST for result in results)


def _over(rule: Rule[Message], messages: Sequence[Message]) -> Result:
    findings: list[Finding] = []
    checked, doubt = 0, None
    for message in messages:
        if message.version is not None and message.version not in rule.requirement.versions:
            continue
        result = _apply(rule, message)
        doubt = doubt or result.doubt
        checked += result.checked
        findings += [replace(finding, message=finding.message or message.name) for finding in result.findings]
    return _result(rule, checked, findings, doubt)


def _apply(rule: Rule[T], subject: T) -> Result:
    if not rule.applies(subject):
        return _result(rule, 0, [], None)
    try:
        return _result(rule, 1, list(rule.check(subject)), None)
    except SuiteUnavailable as error:
        # Nothing is known: neither OK nor KO may be said.
        return _result(rule, 0, [], Words(en=str(error), ru="на этой машине нет библиотеки ГОСТ"))


def _result(rule: Rule[T], checked: int, findings: list[Finding], doubt: Words | None) -> Result:
    outcome = Outcome.KO if findings else Outcome.OK if checked else Outcome.NOT_APPLICABLE
    return Result(requirement=rule.requirement, outcome=outcome, checked=checked, findings=tuple(findings), doubt=doubt)
