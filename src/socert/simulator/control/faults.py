"""Faults a tester orders beforehand: the next calls of an operation fail, hang or lose their reply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.contracts.smev.operation import Operation
from socert.simulator.errors import ControlRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The longest delay that can be ordered, seconds.
LONGEST = 600.0


class Trouble(StrEnum):
    """What goes wrong."""

    SMEV_FAILURE = "SMEVFailure"
    DESTINATION_OVERFLOW = "DestinationOverflow"
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    DELAY = "delay"


@dataclass(kw_only=True, slots=True)
class Ordered:
    """A fault ordered for one operation, or for all (`operation` is None); `times` counts down to 0.

    SMEVFailure, DestinationOverflow: the call is not processed and gets that fault. drop-before: the connection is cut
    before the call is processed. drop-after: it is processed, and the connection is cut before the reply. delay: it
    waits `seconds`.
    """

    operation: Operation | None
    trouble: Trouble
    times: int
    seconds: float


class Faults:
    """The faults that were ordered and have not all happened yet. They befall callers over HTTP only."""

    def __init__(self) -> None:
        self._ordered: list[Ordered] = []

    def order(self, wish: Mapping[str, Any]) -> None:
        """Order from JSON: operation ("SendRequest"… or "*"), kind, times (default 1), seconds (delay; default 1).

        `ControlRefused` names the field that is wrong.
        """
        try:
            name = wish.get("operation", "*")
            operation = None if name == "*" else Operation(name)
            trouble = Trouble(wish.get("kind", ""))
        except ValueError as error:
            known = ", ".join(Operation), ", ".join(Trouble)
            raise ControlRefused(f"{error}: operation is * or one of {known[0]}; kind is one of {known[1]}.") from error
        times, seconds = wish.get("times", 1), wish.get("seconds", 1.0)
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise ControlRefused("times is a whole number from 1.")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST:
            raise ControlRefused(f"seconds is a number from 0 to {LONGEST:g}.")
        self._ordered.append(Ordered(operation=operation, trouble=trouble, times=times, seconds=float(seconds)))

    def next(self, operation: Operation | None) -> Ordered | None:
        """Return the fault that befalls a call of this operation now and count it; None when all is well."""
        for ordered in self._ordered:
            if ordered.operation is None or ordered.operation is operation:
                ordered.times -= 1
                if ordered.times == 0:
                    self._ordered.remove(ordered)
                return ordered
        return None

    def listing(self) -> list[dict[str, Any]]:
        """Return what is still to happen, JSON-ready."""
        return [
            {
                "operation": "*" if ordered.operation is None else ordered.operation.value,
                "kind": ordered.trouble.value,
                "times": ordered.times,
                "seconds": ordered.seconds,
            }
            for ordered in self._ordered
        ]

    def clear(self) -> None:
        """Forget all that was ordered."""
        self._ordered.clear()
