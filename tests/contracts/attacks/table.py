"""The table of attacks: each is a function from a true message to the one that is sent in its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from socert.contracts.errors import ContractError, SignatureFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contracts.attacks.signing import Message

    Change = Callable[[Message], Message]


class Harmless(Enum):
    """What an attack comes to that is not refused."""

    SAME = "everything that is read is what was signed"
    STRANGER = "the signature is named as that of its own certificate, which nobody trusts"


Outcome = SignatureFault | type[ContractError] | Harmless


@dataclass(frozen=True, kw_only=True)
class Attack:
    """An attack and what must become of it."""

    change: Change
    outcome: Outcome

    def __str__(self) -> str:
        """Return its name."""
        return self.change.__name__


ATTACKS: Final[list[Attack]] = []


def attack(outcome: Outcome) -> Callable[[Change], Change]:
    """Enter a function into the table."""

    def enter(change: Change) -> Change:
        ATTACKS.append(Attack(change=change, outcome=outcome))
        return change

    return enter
