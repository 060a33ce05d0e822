"""The simulator's clock: real time with an offset, or a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.host.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Callable


class ClockMode(StrEnum):
    """How the clock runs by itself."""

    REAL = "real"
    MANUAL = "manual"


class SimulatorClock:
    """Tells the simulator's time: an aware UTC datetime.

    In both modes `advance` and `set` move it; listeners (the portal waiting for redeliveries) hear of each move.
    """

    def __init__(self, mode: ClockMode = ClockMode.REAL, source: Callable[[], datetime] = system_clock) -> None:
        self.mode = mode
        self._source = source
        self._started = source()
        self._offset = timedelta()
        self._listeners: list[Callable[[], None]] = []

    def __call__(self) -> datetime:
        """Return the simulator's now."""
        return self._base() + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the clock was moved by hand."""
        return self._offset

    def advance(self, by: timedelta) -> None:
        """Move the clock by a span, backwards too."""
        self._move(self._offset + by)

    def set(self, moment: datetime) -> None:
        """Make `moment` (aware) now; a real clock goes on from there."""
        self._move(moment.astimezone(UTC) - self._base())

    def reset(self) -> None:
        """Take all moves back."""
        self._move(timedelta())

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every move."""
        self._listeners.append(listener)

    def _base(self) -> datetime:
        return self._source() if self.mode is ClockMode.REAL else self._started

    def _move(self, offset: timedelta) -> None:
        self._offset = offset
        for listener in self._listeners:
            listener()


def microseconds(moment: datetime) -> int:
    """Return an aware datetime as whole microseconds since 1970, the form times have in the state."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def from_microseconds(value: int) -> datetime:
    """Return the aware UTC datetime for microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
