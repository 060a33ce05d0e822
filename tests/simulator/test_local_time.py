"""The zone that pages tell times in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfoNotFoundError

import aiohttp
import pytest

from socert.simulator.app import Simulator
from socert.simulator.errors import SettingsError
from socert.simulator.portal import local_time
from socert.simulator.portal.local_time import LocalTime
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 11, 24, 12, 38, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Moscow", "24.11.2026 в 15:38 (МСК)"),
        ("Asia/Yekaterinburg", "24.11.2026 в 17:38 (Asia/Yekaterinburg)"),
        ("UTC", "24.11.2026 в 12:38 (UTC)"),
    ],
)
def test_moment_is_said_with_its_zone(zone: str, said: str) -> None:
    assert LocalTime(lambda: MOMENT, zone).moment(MOMENT) == said


def test_today_is_the_zones_day() -> None:
    late = datetime(2026, 12, 31, 21, 30, tzinfo=UTC)

    assert LocalTime(lambda: late).today() == date(2027, 1, 1)
    assert LocalTime(lambda: late, "UTC").today() == date(2026, 12, 31)


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "Europe", "Москва"])
def test_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(SettingsError, match="--zone"):
        LocalTime(lambda: MOMENT, zone)


def test_moscow_is_known_without_any_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(local_time, "ZoneInfo", nothing)

    assert LocalTime(lambda: MOMENT).moment(MOMENT) == "24.11.2026 в 15:38 (МСК)"
    with pytest.raises(SettingsError, match="tzdata"):
        LocalTime(lambda: MOMENT, "Asia/Omsk")


async def test_pages_tell_the_zone_of_the_setting(keys: Path, region: Any) -> None:
    async with (
        Simulator(Settings(port=0, keys=keys, zone="Asia/Yekaterinburg")) as simulator,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        one = type(region)(simulator, region.signer, http)
        await one.push(one.certificate(1))
        await http.post(f"{simulator.url}/sign-in", data={"person": "1"})
        async with http.get(f"{simulator.url}/account/child/1") as response:
            assert "По данным на 05.09.2026 в 12:00 (Asia/Yekaterinburg)" in await response.text()
