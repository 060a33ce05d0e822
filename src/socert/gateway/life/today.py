"""What day it is where the region is: the rules count days, and a day begins at the region's midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, tzinfo


class Today:
    """The clock's day in the region's zone; call it."""

    def __init__(self, *, clock: Callable[[], datetime], zone: tzinfo) -> None:
        """Take the clock (aware, UTC) and the region's zone (`Settings.zone`)."""
        self._clock = clock
        self._zone = zone

    def __call__(self) -> date:
        """Return today."""
        return self._clock().astimezone(self._zone).date()
