"""Cases: what only a person may decide. Each is opened once, listed for the operator, and closed with a decision.

A case holds ids, a rule and its facts, and nothing personal: who the child is, the operator looks up in the registry.
Sources: portal message dictionary, 10 (identity, consent: action 3), 15 (invariant 8).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.store.tables import micros, moment
from socert.gateway.store.tables_life import CaseState
from socert.gateway.store.tables_life import case_ as table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from socert.gateway.domain.rules_errors import Fact, RuleBroken
    from socert.gateway.ports import UnitOfWork


class CaseKind(StrEnum):
    """Why a person is asked."""

    IDENTITY = "identity"  # a child's identity contradicts what is kept
    CONSENT_WITHDRAWN = "consent_withdrawn"  # the organisation decides about contracts that are still live
    DAY_FAILED = "day_failed"  # the day's work on a contract or certificate was refused by a rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One question to a person; `decision` is what was decided, in the operator's words, None while it is open."""

    id: int
    kind: CaseKind
    state: CaseState
    opened_at: datetime
    certificate_guid: str | None = None
    contract_id: str | None = None
    order_id: str | None = None
    rule: RuleCode | None = None
    facts: Mapping[str, str]
    closed_at: datetime | None = None
    decision: str | None = None


class Cases:
    """Keeps the cases in the gateway's own table."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        """Take the clock."""
        self._clock = clock

    def open(
        self,
        unit: UnitOfWork,
        *,
        kind: CaseKind,
        certificate_guid: str | None = None,
        contract_id: str | None = None,
        order_id: str | None = None,
        broken: RuleBroken | None = None,
    ) -> int:
        """Open a case and return its id; while one of the kind is open on the same subject, return that one.

        The subject is the narrowest of what is given: contract, else certificate, else order, else the rule.
        """
        rule = None if broken is None else broken.rule
        facts = {} if broken is None else {name: _plain(fact) for name, fact in broken.facts.items()}
        subject = contract_id or certificate_guid or order_id or (rule.value if rule else kind.value)
        found = unit.connection.scalar(select(table.c.id).where(*_open(kind, subject)))
        if found is not None:
            return int(found)
        written = unit.connection.execute(
            insert(table).values(
                kind=kind.value,
                subject=subject,
                state=CaseState.OPEN.value,
                certificate_guid=certificate_guid,
                contract_id=contract_id,
                order_id=order_id,
                rule=None if rule is None else rule.value,
                facts=json.dumps(facts, ensure_ascii=False, sort_keys=True),
                opened_at=micros(self._clock()),
            )
        )
        key = written.inserted_primary_key
        assert key is not None
        return int(key[0])

    def close(self, unit: UnitOfWork, case_id: int, *, decision: str) -> None:
        """Close a case with what was decided. Refused (NOT_FOUND) when there is no such open case."""
        chosen = update(table).where(table.c.id == case_id, table.c.state == CaseState.OPEN.value)
        if not unit.connection.execute(chosen.values(self._closed(decision))).rowcount:
            raise Refused(RuleCode.NOT_FOUND, what=str(case_id))

    def listed(self, connection: Connection, *, state: CaseState | None = CaseState.OPEN) -> Sequence[Case]:
        """Return the cases of a state, all where it is None, oldest first."""
        chosen = select(table).order_by(table.c.id)
        if state is not None:
            chosen = chosen.where(table.c.state == state.value)
        return [_case_of(row) for row in connection.execute(chosen).mappings()]

    def count_open(self, connection: Connection) -> int:
        """Return how many cases wait for a person."""
        chosen = select(func.count()).select_from(table).where(table.c.state == CaseState.OPEN.value)
        return connection.scalar(chosen) or 0

    # --- consents ---------------------------------------------------------------------------------------------------

    def consent_withdrawn(self, unit: UnitOfWork, guid: str) -> None:
        """Ask the organisation about the live contracts of a certificate whose consent is withdrawn (10, action 3)."""
        self.open(unit, kind=CaseKind.CONSENT_WITHDRAWN, certificate_guid=guid)

    def consent_given(self, unit: UnitOfWork, guid: str) -> None:
        """Close that question, where it is open: the consent is there again."""
        chosen = update(table).where(*_open(CaseKind.CONSENT_WITHDRAWN, guid))
        unit.connection.execute(chosen.values(self._closed("Согласие дано снова.")))

    def _closed(self, decision: str) -> dict[str, object]:
        return {"state": CaseState.CLOSED.value, "closed_at": micros(self._clock()), "decision": decision}


def _open(kind: CaseKind, subject: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.kind == kind.value, table.c.subject == subject, table.c.state == CaseState.OPEN.value


def _plain(fact: Fact) -> str:
    match fact:
        case Enum():
            return str(fact.value)
        case datetime() | date():
            return fact.isoformat()
        case _:
            return str(fact)


def _case_of(row: RowMapping) -> Case:
    closed = row["closed_at"]
    return Case(
        id=row["id"],
        kind=CaseKind(row["kind"]),
        state=CaseState(row["state"]),
        opened_at=moment(row["opened_at"]),
        certificate_guid=row["certificate_guid"],
        contract_id=row["contract_id"],
        order_id=row["order_id"],
        rule=None if row["rule"] is None else RuleCode(row["rule"]),
        facts=json.loads(row["facts"]),
        closed_at=None if closed is None else moment(closed),
        decision=row["decision"],
    )
