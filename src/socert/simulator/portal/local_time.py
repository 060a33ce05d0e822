"""The portal's own time: which day it is there and how moments are said, in one zone.

The zone's data come from the system, or from the PyPI package `tzdata` where the system has none.
"""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from socert.simulator.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

MOSCOW = "Europe/Moscow"
#: Moscow's offset since October 2014: good for all that a portal shows, should the system know no zones.
_MOSCOW_OFFSET = timezone(timedelta(hours=3), "MSK")
#: What people call a zone; others are called by their names.
_CALLED = {MOSCOW: "МСК"}


class LocalTime:
    """Tells the day and says moments in a zone of the IANA database. `SettingsError` for a zone nobody knows.

    `clock` returns an aware datetime.
    """

    def __init__(self, clock: Callable[[], datetime], zone: str = MOSCOW) -> None:
        self._clock = clock
        self._zone = _zone(zone)
        self._name = _CALLED.get(zone, zone)

    def today(self) -> date:
        """Return the day it is in the zone."""
        return self._clock().astimezone(self._zone).date()

    def moment(self, value: datetime) -> str:
        """Say an aware moment with its zone: 24.11.2026 в 15:38 (МСК)."""
        return f"{value.astimezone(self._zone):%d.%m.%Y в %H:%M} ({self._name})"


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:  # a folder of the database, a name that leads out of it
        raise _unknown(name) from error
    except KeyError as error:
        if name == MOSCOW:
            return _MOSCOW_OFFSET
        raise _unknown(name) from error


def _unknown(name: str) -> SettingsError:
    return SettingsError(
        f"The time zone {name!r} is not known. --zone takes a name such as Europe/Moscow or Asia/Yekaterinburg;"
        " on a system without time zones, install the package tzdata."
    )
