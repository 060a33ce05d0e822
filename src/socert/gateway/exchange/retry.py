"""When to try again: exponential backoff with jitter, and a circuit breaker for the endpoint as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Pauses between tries: `first` seconds, doubled each time up to `most`, with jitter; `attempts` tries in all."""

    first: float
    most: float
    attempts: int
    chance: Callable[[], float]
    """Returns a number in [0, 1); injected so that tests are repeatable."""

    def pause(self, tries: int) -> timedelta | None:
        """Return the pause after so many tries (1 or more); None when there shall be no other.

        Jitter takes away up to half, so that many messages that failed together do not come back together.
        """
        if tries >= self.attempts:
            return None
        full = min(self.most, self.first * 2 ** min(tries - 1, 60))
        return timedelta(seconds=full * (1 - self.chance() / 2))


class Breaker:
    """Leaves an endpoint alone after several failures in a row, then lets callers try again."""

    def __init__(self, *, failures: int, pause: float, clock: Callable[[], datetime]) -> None:
        """Open after `failures` in a row for `pause` seconds."""
        self._limit = failures
        self._pause = timedelta(seconds=pause)
        self._clock = clock
        self._failed = 0
        self._until: datetime | None = None

    def wait(self) -> float:
        """Return how many seconds to leave the endpoint alone; 0 lets the caller try, also to see if it is back."""
        if self._until is None:
            return 0.0
        return max(0.0, (self._until - self._clock()).total_seconds())

    def succeed(self) -> None:
        """Note that the endpoint answered, whatever it said."""
        self._failed = 0
        self._until = None

    def fail(self) -> bool:
        """Note that it did not answer; True when this failure opened the breaker."""
        self._failed += 1
        if self._failed < self._limit:
            return False
        opened = self._until is None
        self._until = self._clock() + self._pause
        return opened

    @property
    def open(self) -> bool:
        """Whether the endpoint is being left alone."""
        return self._until is not None
