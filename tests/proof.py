"""What the project promises, and how a test says that it shows it.

The source document's sentences, told in our words and in its order, and the 18 invariants of the portal message
dictionary (15). A test names what it shows:

    @pytest.mark.seed("found-again")
    @pytest.mark.invariant(8)

A check whose name says so needs no mark: `invariant_8_...` in a state machine, `test_invariant_8_...` as a test.
`make docs` writes both tables; a test fails when they are stale, when a sentence or an invariant has no test, and when
a mark names something that is not here.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

SENTENCES: Mapping[str, str] = {
    "same-mechanism": "Personified financing and social order differ in nothing that matters: one mechanism.",
    "new-forms": "Social certificates brought new forms of application and consent, signed when a child is enrolled.",
    "withdraw": "Who does not agree with what the forms say withdraws them at the organisation of the programme.",
    "unit": "A certificate's nominal is counted in hours of lessons or in roubles, and shows what is available.",
    "volume": "A certificate gives the child a right to a definite volume of lessons.",
    "only-choose": "The family only chooses a programme; the settlement is between organiser and state.",
    "priority": "A child in a multi-year programme has a first claim on next calendar year's hours or roubles.",
    "first-year": "Example: a child is enrolled in the first year of a dance programme.",
    "four-years": "Example: the programme takes four years.",
    "after-first-year": "Example: after the first year the child is offered next year's certificate before others.",
    "in-account": "The certificate's data are shown in the parent's account at the portal.",
    "control": "The parent follows the balance and the contracts concluded there, in a convenient form.",
    "split": "Programmes beyond the nominal: the certificate pays a part and the parent pays the rest.",
    "private": "Private providers take part beside state ones.",
    "saving": "So a parent spends less of the family's own money.",
    "by-itself": "The certificate is created by itself when a child is enrolled in a programme.",
    "marked": "Lessons that a certificate pays say so in their description.",
    "municipality": "A municipality that has such programmes gives certificates.",
    "found-again": "A certificate that was issued before is found when the child is enrolled.",
    "on-screen": "The certificate and what is left of it are shown on the screen then.",
    "not-kept": "An issued certificate is not kept in the account: it is asked for each time.",
    "at-enrolment": "What is left can be seen at the moment of enrolment in another programme.",
    "elsewhere": "A certificate can also be had at the organisation itself or at the region's site.",
}
"""The sentences of the source document, by a name for each."""

INVARIANTS: Mapping[int, str] = {
    1: "available = nominal - reserved - spent, never below zero, also under concurrent requests",
    2: "the sum of the ledger's entries is the balance, and contracts explain what is reserved and spent",
    3: "a contract reserves no more than its certificate part, charges no more than it reserved, frees the rest, once",
    4: "total = certificate part + own part to the kopeck; the months add up to the total",
    5: "hours are never mixed with roubles; a contract has one unit",
    6: "a year's reserve uses that year's nominal only; 1 January is all or nothing for a certificate",
    7: "nothing follows a final state; late or reordered input never takes the account back",
    8: "one live contract per child, group and period; a repeat gets the same answer",
    9: "a query tells only of a child whom the applicant represents",
    10: "a split agreed to at one version of the balance is refused at another",
    11: "ended before its start frees the whole reserve; afterwards the unused months only",
    12: "nothing personal leaves without a valid consent; a withdrawal stops what is queued",
    13: "a suspended, annulled, expired or exhausted certificate takes no reserve; ages 5 to 17 only",
    14: "continuing pupils first, each is offered once, what is not taken returns, within the limit",
    15: "whatever leaves is valid against its schema first; a refusal of the schema is final",
    16: "the objects of a batch are judged one by one; one failure never blocks the others",
    17: "the reply address is kept until the order is over and may be answered many times",
    18: "a kill at any step loses nothing and doubles nothing",
}
"""The invariants, in short (portal message dictionary, 15)."""

_NAMED_CHECK = re.compile(r"(?:test_)?invariant_(\d+)_")


class UnknownPromiseError(Exception):
    """A mark names a sentence or an invariant that is not in the tables."""


@dataclass(frozen=True, order=True, kw_only=True, slots=True)
class Shown:
    """A test that shows something: its file from the project's root, and its name there."""

    file: str
    name: str


def shown(root: Path) -> tuple[dict[str, list[Shown]], dict[int, list[Shown]]]:
    """Return the tests by sentence and by invariant, sorted. Raises UnknownPromiseError for a mark of nothing."""
    sentences: dict[str, list[Shown]] = {name: [] for name in SENTENCES}
    invariants: dict[int, list[Shown]] = {number: [] for number in INVARIANTS}
    for path in sorted((root / "tests").rglob("*.py")):
        file = path.relative_to(root).as_posix()
        for kind, value, name in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found = Shown(file=file, name=name)
            if kind == "seed" and value in sentences:
                sentences[str(value)].append(found)
            elif kind == "invariant" and value in invariants:
                invariants[int(value)].append(found)
            else:
                raise UnknownPromiseError(f"{file}, {name}: no {kind} is called {value!r}; see tests/proof.py")
    return sentences, invariants


def _marks(tree: ast.Module) -> Iterator[tuple[str, str | int, str]]:
    """Yield (kind, value, test) for every mark on a function or class, and every check of a machine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from ((kind, value, node.name) for kind, value in _named(node.decorator_list))
            if check := _NAMED_CHECK.match(node.name):
                yield "invariant", int(check[1]), node.name


def _named(decorators: Iterable[ast.expr]) -> Iterator[tuple[str, str | int]]:
    for one in decorators:
        if isinstance(one, ast.Call) and ast.unparse(one.func) in {"pytest.mark.seed", "pytest.mark.invariant"}:
            kind = ast.unparse(one.func).rpartition(".")[2]
            for argument in one.args:
                yield kind, ast.literal_eval(argument)
