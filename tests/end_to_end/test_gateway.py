"""The whole gateway and the portal in a box, in one process: what parents see in the end."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from tests.end_to_end import region
from tests.end_to_end.mortal import SETTINGS
from tests.gateway.line import eventually

from socert.gateway.app import Gateway, Workshop, held, standing, take_export
from socert.gateway.config import Settings
from socert.gateway.errors import SettingsError
from socert.gateway.intake import Silent
from socert.simulator.app import Simulator
from socert.simulator.settings import Settings as SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SHOWN = [
    child
    for child in region.children()
    if child.place not in (region.UNKNOWN_PLACE, region.NO_CONSENT, region.OLD_CONSENT)
]


HELD = (region.UNKNOWN_PLACE, region.NO_CONSENT, region.OLD_CONSENT)
"""Children of whom nothing leaves on the first day."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A region's folder and database, and a portal. Both live by the portal's clock."""

    folder: Path
    database_url: str
    portal: Simulator

    def settings(self, **more: Any) -> Settings:
        given: dict[str, Any] = {"exchange_url": self.portal.exchange_url, **SETTINGS, **more}
        return Settings(data_dir=self.folder, database_url=SecretStr(self.database_url), **given)

    def take(self, *, next_day: bool = False) -> None:
        """Import a day's export."""
        export = self.folder / ("second day" if next_day else "first day")
        if not export.exists():
            region.write_export(export, next_day=next_day)
        with Workshop(self.settings(), clock=self.portal.clock) as shop:
            take_export(shop, export, profile=None, report=None, progress=Silent())

    @asynccontextmanager
    async def serving(self, **more: Any) -> AsyncIterator[Gateway]:
        """Run the gateway."""
        with Workshop(self.settings(**more), clock=self.portal.clock) as shop:
            async with Gateway(shop) as gateway:
                yield gateway
            assert gateway.failed is None

    async def deliver(self, **more: Any) -> None:
        """Run the gateway until nothing waits."""
        async with self.serving(**more) as gateway:
            await idle(gateway)

    def account(self, child: region.Child) -> Any:
        """What the portal shows of a child; None where nothing was ever told."""
        return self.portal.accounts.summary(child.snils)

    def told(self) -> dict[str, int]:
        """How often updates were applied, came twice, too late or wrong."""
        totals: dict[str, int] = self.portal.accounts.statistics()["totals"]
        return totals

    def pass_time(self, span: timedelta) -> None:
        """Move the portal's clock."""
        self.portal.clock.advance(span)


async def idle(gateway: Gateway) -> None:
    """Wait until nothing waits."""
    await eventually(gateway.idle, "nothing waits", 30)


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """A region that has imported its first day, and a portal that knows nothing yet."""
    settings = SimulatorSettings(port=0, keys=tmp_path / "keys")
    async with Simulator(settings) as portal:
        made = World(folder=tmp_path, database_url=database_url, portal=portal)
        made.take()
        yield made


async def test_parents_see_what_the_region_exported(world: World) -> None:
    await world.deliver()
    for child in region.children():
        shown = world.account(child)
        if child.place in HELD:
            assert shown is None
            continue
        (certificate,) = shown["certificates"]
        booked = 0 if child.place % 4 == 3 else 400
        assert {
            name: certificate[name] for name in ("number", "unit", "nominal", "reserved", "spent", "available")
        } == {
            "number": child.number,
            "unit": "hour" if child.place == region.IN_HOURS else "rub",
            "nominal": "1000.00",
            "reserved": f"{booked}.00",
            "spent": "0.00",
            "available": f"{1000 - booked}.00",
        }
        assert [contract["number"] for contract in shown["contracts"]] == ([f"РД-{child.place}"] if booked else [])
    assert world.told() == {"applied": 22, "duplicate": 0, "stale": 0, "rejected": 0}


async def test_the_next_day_changes_what_changed(world: World) -> None:
    await world.deliver()
    world.take(next_day=True)
    await world.deliver()
    children = region.children()
    assert world.account(children[0])["certificates"][0]["spent"] == "100.00"
    assert world.account(children[region.CONSENT_TAKEN]) == {"certificates": [], "contracts": []}
    assert world.account(children[region.CONSENT_GIVEN])["certificates"][0]["available"] == "600.00"
    assert world.account(children[region.TERMINATED])["contracts"][0]["status"] == "TERMINATED"
    before = world.told()
    world.take(next_day=True)
    await world.deliver()
    assert world.told() == before, "the same export again tells nothing"


async def test_a_day_without_a_connection_is_made_good(world: World) -> None:
    """The ids grow too old for the exchange; the same versions arrive under new ones, each once."""
    async with world.serving(exchange_url="http://127.0.0.1:9/smev/1.2") as gateway:
        await eventually(lambda: not gateway.exchange.reachable, "the exchange is found not to answer")
        store = gateway.workshop.store
        await eventually(lambda: store.look(standing)["outbox"], "messages have got their ids")
    world.pass_time(timedelta(days=2))
    await world.deliver()
    assert world.told() == {"applied": 22, "duplicate": 0, "stale": 0, "rejected": 0}
    with Workshop(world.settings()) as shop:
        assert "renewed" in shop.store.look(standing)["outbox"]


async def test_questions_are_answered_while_everything_is_delivered(world: World) -> None:
    child = region.children()[0]
    async with world.serving() as gateway:
        await eventually(lambda: world.account(child), "the portal knows the child")
        known = world.portal.people.child_by_snils(child.snils)
        assert known is not None
        answers = await asyncio.gather(*(world.portal.queries.search(known) for _ in range(10)))
        assert {answer.certificates[0].available for answer in answers} == {60_000}
        assert len({answer.order_id for answer in answers}) == 10
        await idle(gateway)


async def test_the_exchange_s_certificate_may_come_later(world: World) -> None:
    """Until it is there nothing is called, so nothing is refused or lost."""
    place = world.settings().keys / "exchange.crt"
    shutil.move(place, world.folder / "aside.crt")
    async with world.serving() as gateway:
        await eventually(lambda: gateway.workshop.store.look(standing)["outbox"], "messages wait")
        assert not gateway.exchange.trusted
        assert world.portal.journal.last() == []
        shutil.move(world.folder / "aside.crt", place)
        await idle(gateway)
    assert world.told()["applied"] == 22


async def test_a_gateway_that_stops_amid_the_work_goes_on_later(world: World) -> None:
    stops = 0
    done = False
    while not done:
        world.portal.journal.clear()
        async with world.serving(batch_size=1, senders=1) as gateway:
            await eventually(lambda: len(world.portal.journal.last()) >= 12, "some calls")
            done = await gateway.idle()
        stops += 1
        world.pass_time(timedelta(minutes=16))  # what was taken and not kept comes again
    assert stops > 3
    assert world.told() == {"applied": 22, "duplicate": 0, "stale": 0, "rejected": 0}


async def test_what_a_setting_held_back_leaves_when_it_changes(world: World) -> None:
    await world.deliver()
    with Workshop(world.settings()) as shop:
        reasons = shop.store.look(held)
    assert sorted(reasons.values()) == [1, 4]
    assert all(reason.endswith(".") for reason in reasons), "told in words"
    await world.deliver(consent_forms=("СС-2026", "ПФ-2023"))
    child = region.children()[region.OLD_CONSENT]
    assert world.account(child)["certificates"][0]["number"] == child.number


def test_a_key_needs_its_certificate(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for settings in (Settings(data_dir=tmp_path, key=file), Settings(data_dir=tmp_path, certificate=file)):
        with Workshop(settings) as shop, pytest.raises(SettingsError, match="SOCERT_KEY and SOCERT_CERTIFICATE"):
            _ = Gateway(shop).signer


async def test_a_loop_that_breaks_ends_all_and_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> bool:
        raise LookupError("broken")

    with Workshop(world.settings()) as shop:
        gateway = Gateway(shop)
        monkeypatch.setattr(gateway.packer, "pack", fail)
        async with gateway:
            await gateway.wait_failed()
            assert gateway.failed is not None
            assert "LookupError('broken')" in repr(gateway.failed)
    await world.deliver()
    assert world.told()["applied"] == 22
