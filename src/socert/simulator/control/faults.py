"""Faults a tester orders beforehand: the next calls of an operation fail, hang or lose their reply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.contracts.smev.fault_xml import Style, exists
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.simulator.errors import ControlRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.smev.version import Version

#: The longest delay that can be ordered, seconds.
LONGEST = 600.0
_KINDS = {kind.value: kind for kind in FaultKind if kind is not FaultKind.UNKNOWN}


class Trouble(StrEnum):
    """What goes wrong with the connection."""

    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    DELAY = "delay"


@dataclass(kw_only=True, slots=True)
class Ordered:
    """A fault ordered for one operation, or for all (`operation` is None); `times` counts down to 0.

    A kind of fault: the call is not processed and gets that fault, whatever it is; where the call's version has no such
    fault, the order waits. drop-before: the connection is cut before the call is processed. drop-after: it is
    processed, and the connection is cut before the reply. delay: it waits `seconds`.
    """

    operation: Operation | None
    trouble: Trouble | FaultKind
    times: int
    seconds: float

    def befalls(self, operation: Operation | None, version: Version) -> bool:
        """Whether it is meant for a call of this operation in this version."""
        if self.operation is not None and self.operation is not operation:
            return False
        return not isinstance(self.trouble, FaultKind) or exists(self.trouble, version)


class Faults:
    """The faults that were ordered and have not all happened yet. They befall callers over HTTP only.

    `style` is how every fault looks on the wire, those with a true cause too.
    """

    def __init__(self) -> None:
        self._ordered: list[Ordered] = []
        self.style = Style.CLASSIC

    def order(self, wish: Mapping[str, Any]) -> None:
        """Order from JSON: operation ("SendRequest"… or "*"), kind, times (default 1), seconds (delay; default 1).

        Or style alone: how faults look from now on. `ControlRefused` names the field that is wrong.
        """
        if "style" in wish:
            self._dress(wish)
            return
        try:
            name = wish.get("operation", "*")
            operation = None if name == "*" else Operation(name)
            kind = wish.get("kind", "")
            trouble = _KINDS[kind] if kind in _KINDS else Trouble(kind)
        except (ValueError, TypeError) as error:
            known = ", ".join(Operation), ", ".join((*Trouble, *_KINDS))
            raise ControlRefused(f"{error}: operation is * or one of {known[0]}; kind is one of {known[1]}.") from error
        times, seconds = wish.get("times", 1), wish.get("seconds", 1.0)
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise ControlRefused("times is a whole number from 1.")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST:
            raise ControlRefused(f"seconds is a number from 0 to {LONGEST:g}.")
        self._ordered.append(Ordered(operation=operation, trouble=trouble, times=times, seconds=float(seconds)))

    def next(self, operation: Operation | None, version: Version) -> Ordered | None:
        """Return the fault that befalls a call of this operation now and count it; None when all is well."""
        for ordered in self._ordered:
            if ordered.befalls(operation, version):
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
        self.style = Style.CLASSIC

    def _dress(self, wish: Mapping[str, Any]) -> None:
        if set(wish) != {"style"}:
            raise ControlRefused("style stands alone: it is for all faults.")
        try:
            self.style = Style(wish["style"])
        except ValueError as error:
            raise ControlRefused(f"style is one of {', '.join(Style)}.") from error
