"""The simulator's clock: real time with an offset, or a clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.host.clock import system_clock

if TYPE_CHECKING:
    from collections.abc import Callable


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ClockMode(StrEnum):
    """How the clock runs by itself."""

    REAL = "real"
    MANUAL = "manual"


class SimulatorClock:
    """Tells the simulator's time: an aware UTC datetime.

    In both modes `advance` and `set` move it; listeners (alarms) hear of each move.
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


class Alarm:
    """Calls `action` once the simulator's clock has reached a moment: by waiting, or because the clock was moved.

    Nothing is polled: a running clock is waited for by one timer of the event loop, a standing one by its moves.
    """

    def __init__(self, clock: SimulatorClock, action: Callable[[], None]) -> None:
        self._clock = clock
        self._action = action
        self._moment: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        clock.on_move(self._look)

    def set(self, moment: datetime | None) -> None:
        """Ring at `moment` (aware) and not when it was set for before; None: not at all. Call inside the event loop."""
        self._moment = moment
        self._look()

    def _look(self) -> None:
        """Ring if it is time, else wait for the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._moment is None:
            return
        rest = self._moment - self._clock()
        if rest <= timedelta():
            self._moment = None
            self._action()
        elif self._clock.mode is ClockMode.REAL:
            self._timer = asyncio.get_running_loop().call_later(rest.total_seconds(), self._look)


def microseconds(moment: datetime) -> int:
    """Return an aware datetime as whole microseconds since 1970, the form times have in the state."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the aware UTC datetime for microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)
