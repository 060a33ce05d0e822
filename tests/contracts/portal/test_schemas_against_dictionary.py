"""The schemas say what the dictionary's tables say.

A second schema is built here from the tables alone; both judge thousands of messages, each one step away from a
valid one: every node of every message dropped, repeated, renamed, moved, and every value taken past its limits.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.contracts.portal.dictionary import Drawing, Tables
from tests.contracts.portal.mutations import lines, steps

from socert.contracts.portal import account, enrolment, group_cost, order_event, pf_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.xml import Schema


@pytest.mark.parametrize(
    ("section", "namespace", "schema"),
    [
        ("1", pf_certificate.NAMESPACE, pf_certificate.schema()),
        ("2", group_cost.NAMESPACE, group_cost.schema()),
        ("3", order_event.NAMESPACE, order_event.schema()),
        ("6", enrolment.NAMESPACE, enrolment.schema()),
        ("7", account.NAMESPACE, account.schema()),
    ],
    ids=["certificate query", "group cost", "order event", "enrolment", "account"],
)
def test_schema_judges_as_the_tables_do(section: str, namespace: str, schema: Schema, oracles: Path) -> None:
    tables = Tables((oracles / "portal" / "PORTAL-MESSAGES.md").read_text(encoding="utf-8"))
    roots = tables.roots(section)
    drawn = Drawing(namespace).schema(roots)
    chance = random.Random(section)
    verdicts: Counter[bool] = Counter()
    differing = []
    for root in roots:
        for line in lines(root):
            path = "/".join(node.name for node in line)
            for step, message in steps(namespace, line, chance):
                expected = drawn.validate(message)
                verdicts[expected] += 1
                assert expected or step != "as it should be", f"{path}: the test builds an invalid message"
                if expected is not (schema.violations(message) == ()):
                    differing.append(f"{path} {step}: the tables say {expected}")
    assert differing == []
    assert verdicts[True] >= 200
    assert verdicts[False] >= 400
