"""Rules that were broken: a stable code, a Russian sentence for the parent or operator, an English one for the log.

RuleBroken                  a rule of the certificate's life does not allow what was asked
 +-- Refused                the request is understood and answered with a refusal (a reason for the parent)
 +-- StepForbidden          the object's state does not allow this step
 +-- LedgerRefused          an entry would break a balance, or a key was used for something else
 +-- NeedsPerson            nobody may decide this but a person; the answer carries no data

The codes and their sentences are in `rules_codes`; `catalogue()` lists them for the documentation.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING

from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_codes import Rule as Rule
from socert.gateway.domain.rules_codes import RuleCode as RuleCode
from socert.gateway.domain.rules_codes import catalogue as catalogue
from socert.gateway.domain.rules_codes import rule_of as rule_of
from socert.gateway.domain.words import STATES, STATUSES
from socert.gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = int | str | date | datetime | Enum
"""What a sentence may be filled with."""


class RuleBroken(GatewayError):
    """A rule does not allow what was asked. `code` is the rule's, `people_text` is Russian, `log_text` English."""

    code = "rule"

    def __init__(self, rule: RuleCode, **facts: Fact) -> None:
        """Fill the rule's sentences with facts: figures, dates, states and ids, nothing personal."""
        found = rule_of(rule)
        self.rule = rule
        self.code = rule.value
        self.facts = facts
        self.people_text = found.people.format_map(_Words(facts, russian=True))
        self.log_text = found.log.format_map(_Words(facts, russian=False))
        super().__init__(f"{rule.value}: {self.log_text}")

    @property
    def wire_code(self) -> str:
        """The reason code for a portal message: at most 20 characters, of the list that the portal knows."""
        return rule_of(self.rule).wire


class Refused(RuleBroken):
    """The request is understood and refused; the parent reads why."""

    code = "rule_refused"


class StepForbidden(RuleBroken):
    """The state of the certificate, contract, offer or consent does not allow this step."""

    code = "rule_step"


class LedgerRefused(RuleBroken):
    """An entry would break a balance, or its key already stands for something else."""

    code = "rule_ledger"


class NeedsPerson(RuleBroken):
    """Nobody may decide this but a person: a case is opened, and the answer carries no data."""

    code = "rule_person"


class _Words(dict[str, str]):
    """Facts as words of a sentence: dates and states the way each language writes them, a gap for what is missing.

    A missing fact must not turn a refusal into a crash, so it shows as a question mark; a test fills every sentence.
    """

    def __init__(self, facts: Mapping[str, Fact], *, russian: bool) -> None:
        super().__init__({name: _word(fact, russian=russian) for name, fact in facts.items()})

    def __missing__(self, key: str) -> str:
        return "?"


def _word(fact: Fact, *, russian: bool) -> str:
    match fact:
        case CertificateStatus() if russian:
            return STATUSES[fact]
        case ContractState() if russian:
            return STATES[fact]
        case Enum():
            return str(fact.value)
        case datetime():
            return f"{fact:%d.%m.%Y %H:%M}" if russian else fact.isoformat()
        case date():
            return f"{fact:%d.%m.%Y}" if russian else fact.isoformat()
        case _:
            return str(fact)
