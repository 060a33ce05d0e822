"""A town whose parents enrol children through the wire: a portal and a gateway that meet over HTTP only.

Both live by a clock that begins on a day of its own, so nothing depends on the day on which the tests run.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from tests.end_to_end.mortal import SETTINGS
from tests.end_to_end.townsfolk import (
    ANNA,
    FIRST_DAY,
    NOMINAL,
    OTHER_OKTMO,
    TOWN,
    Family,
    Group,
    write_catalogue,
    write_export,
    write_people,
)
from tests.gateway.line import eventually

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop, new_id, take_export, what_shows
from socert.gateway.config import Settings
from socert.gateway.intake import Silent
from socert.gateway.ports import Wanted
from socert.gateway.reconcile import snapshots
from socert.gateway.reconcile.reconciler import compare_registry
from socert.gateway.store.tables_life import SnapshotState
from socert.simulator.app import Simulator
from socert.simulator.settings import Settings as SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.reconcile.snapshots import Snapshot

MORNING = datetime(2026, 9, 14, 6, 0, tzinfo=UTC)
TOKEN = "town"
PATIENCE = 30.0


class Ticking:
    """Real time, as if it had begun at a moment of ours."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._start, self._at = start, time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._at)


class PortalRefused(Exception):
    """What the portal would not let a parent do, in the words that the parent reads."""


@dataclass(kw_only=True)
class Town:
    """Portal and gateway, each reached by the other over HTTP only. The gateway may be stopped and started anew."""

    folder: Path
    portal: Simulator
    http: aiohttp.ClientSession
    port: int
    database_url: str
    more: dict[str, Any] = field(default_factory=dict)
    _stack: AsyncExitStack | None = None
    _shop: Workshop | None = None
    _gateway: Gateway | None = None

    # The gateway

    @property
    def shop(self) -> Workshop:
        """The services of the gateway that runs."""
        assert self._shop is not None
        return self._shop

    @property
    def runs(self) -> bool:
        """Whether a gateway runs."""
        return self._gateway is not None

    @property
    def gateway(self) -> Gateway:
        """The gateway that runs."""
        assert self._gateway is not None
        return self._gateway

    def settings(self) -> Settings:
        given: dict[str, Any] = {
            **SETTINGS,
            "exchange_url": self.portal.exchange_url,
            "eais_token": SecretStr(TOKEN),
            "policy": {"nominals": {"RUB": NOMINAL // 100, "HOUR": 72}},
            "municipalities": {OTHER_OKTMO: {"policy": {"issues_certificates": False}}},
            "reconcile_nightly": False,
        } | self.more
        return Settings(data_dir=self.folder, database_url=SecretStr(self.database_url), **given)

    async def start(self, **more: Any) -> None:
        """Start the gateway; settings given now stay."""
        self.more |= more
        stack = AsyncExitStack()
        shop = stack.enter_context(Workshop(self.settings(), clock=self.portal.clock))
        gateway = await stack.enter_async_context(Gateway(shop))
        runner = web.AppRunner(make_app(gateway), access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", self.port, reuse_port=True).start()
        self._stack, self._shop, self._gateway = stack, shop, gateway

    async def stop(self) -> None:
        """Stop the gateway."""
        assert self._stack is not None
        failed = self.gateway.failed
        await self._stack.aclose()
        self._stack = self._shop = self._gateway = None
        assert failed is None, failed

    async def restart(self, **more: Any) -> None:
        """Stop the gateway and start it anew."""
        await self.stop()
        await self.start(**more)

    async def rest(self) -> None:
        """Wait until nothing is on its way: neither at the gateway nor in the exchange's queues."""
        quiet = 0

        async def still() -> bool:
            nonlocal quiet
            assert self.gateway.failed is None, self.gateway.failed
            waiting = any(one["waiting"] or one["unacknowledged"] for one in self.portal.queues.sizes())
            quiet = 0 if waiting or not await self.gateway.idle() else quiet + 1
            return quiet > 2  # a message may pass from one side to the other between two looks

        await eventually(still, "nothing is on its way", PATIENCE)

    async def settled(self) -> None:
        """Wait until the gateway has looked again at all that is shown, after its settings were changed."""
        mark, shop = what_shows(self.shop.settings), self.shop

        async def reviewed() -> bool:
            return not await shop.store.read(lambda connection: shop.projector.must_review(connection, mark))

        await eventually(reviewed, "all was looked at again", PATIENCE)
        await self.rest()

    async def do(self, work: Callable[[UnitOfWork], Any]) -> Any:
        """Do what the organisation does, in a unit of work, and wait until everybody was told."""
        result = await self.shop.units.write(work)
        self.gateway.changed.call()
        await self.rest()
        return result

    # The portal

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Make a control call of the portal; `PortalRefused` when the portal would not let the parent do it."""
        async with self.http.request(method, f"{self.portal.url}/_sim/{path}", json=body or None) as answer:
            found = await answer.json()
            if answer.status == 409:
                raise PortalRefused(found["error"])
            if answer.status == 404:
                return None
            assert answer.status < 300, found
            return found

    async def account(self, family: Family = ANNA) -> Any:
        """What the portal shows of a child."""
        return await self.ask("GET", f"accounts/{family.child}")

    def certificate_of(self, connection: Connection, family: Family) -> Certificate | None:
        """The certificate of a child as the registry has it; None where there is none."""
        found = self.shop.registry.find(connection, Wanted(snils=family.child))
        return found[0].certificate if found else None

    async def balance(self, family: Family = ANNA) -> tuple[str, ...]:
        """Nominal, reserved, spent and available of the one certificate that a child's account shows."""
        (card,) = (await self.account(family))["certificates"]
        return sums(card)

    async def order(self, order: int) -> Any:
        """An order as it stands."""
        return await self.ask("GET", f"orders/{order}")

    async def orders(self, family: Family) -> Any:
        """All orders of a parent, in the order of their numbers."""
        found = await self.ask("GET", f"orders?owner={family.parent}")
        return sorted(found["orders"], key=lambda order: order["id"])

    async def begin(self, family: Family, group: Group, start: str = FIRST_DAY, **more: Any) -> Any:
        """Choose a programme."""
        wish = {"owner": family.parent, "child": family.child, "group": group.guid, "start": start}
        return await self.ask("POST", "orders", **{**wish, "municipality": TOWN, **more})

    async def step(self, order: int, step: str, **body: Any) -> Any:
        """Go one step with an order: certificate, cost, submit, cancel, text."""
        return await self.ask("POST", f"orders/{order}/{step}", **body)

    async def priced(self, family: Family, group: Group, start: str = FIRST_DAY, **more: Any) -> Any:
        """Choose a programme, find or get the certificate, and ask the price."""
        order = await self.begin(family, group, start, **more)
        order = await self.step(order["id"], "certificate")
        assert order["certificate"]["outcome"] == "found", order["certificate"]
        return await self.step(order["id"], "cost")

    async def filed(self, family: Family, group: Group, start: str = FIRST_DAY, **more: Any) -> Any:
        """Enrol up to the application that the organisation looks at."""
        order = await self.priced(family, group, start, **more)
        await self.step(order["id"], "submit", own_part_accepted=True)
        await self.rest()
        return await self.order(order["id"])

    async def enrolled(self, family: Family, group: Group, start: str = FIRST_DAY, number: str = "Д-1") -> Any:
        """Enrol up to the contract."""
        order = await self.filed(family, group, start)
        contract = order["contract"]["id"]
        await self.do(lambda unit: self.shop.contracts.accept(unit, contract))
        await self.do(lambda unit: self.shop.contracts.conclude(unit, contract, number=number))
        return await self.order(order["id"])

    async def pass_to(self, moment: datetime) -> None:
        """Move the clock of both, when everything has arrived: what is on its way would be too old."""
        await self.rest()
        self.portal.clock.set(moment)

    async def night(self) -> Any:
        """Let the gateway do the work of the day."""
        return await self.aside(lambda shop: shop.days.run(shop.units))

    async def aside(self, work: Callable[[Workshop], Any]) -> Any:
        """Run a command of the gateway beside its loops, and wait until everybody was told."""
        found = await asyncio.to_thread(work, self.shop)
        self.gateway.changed.call()
        await self.rest()
        return found


@asynccontextmanager
async def town(
    folder: Path, database_url: str, *, deadline: timedelta = timedelta(seconds=PATIENCE)
) -> AsyncIterator[Town]:
    """Build a town whose gateway has taken the programmes and is not started yet; parents wait until `deadline`."""
    # The port stays ours while no gateway listens on it: a bound socket that does not listen takes no calls.
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        settings = SimulatorSettings(
            port=0,
            keys=folder / "keys",
            people=write_people(folder / "people.json"),
            catalogue=write_catalogue(folder / "catalogue.json"),
            region_url=f"http://127.0.0.1:{port}",
            region_token=TOKEN,
            query_deadline=deadline,
        )
        async with Simulator(settings, source=Ticking()) as portal, aiohttp.ClientSession() as http:
            made = Town(folder=folder, portal=portal, http=http, port=port, database_url=database_url)
            with Workshop(made.settings(), clock=portal.clock) as shop:
                take_export(shop, write_export(folder / "export"), profile=None, report=None, progress=Silent())
            try:
                yield made
            finally:
                if made._stack is not None:
                    await made.stop()


def compared(shop: Workshop, key: str) -> Snapshot | None:
    """Return a comparison that has come to its end; None while it has not."""
    found = shop.store.look(lambda connection: snapshots.latest(connection, key))
    assert found is None or found.state is not SnapshotState.FAILED, found.error
    return found if found is not None and found.state is SnapshotState.DONE else None


def told(order: Any) -> list[int | str]:
    """The statuses that the region gave of an order."""
    return [one["status"] for one in order["history"] if one["source"] == "status"]


def sums(card: Any, *names: str) -> tuple[str, ...]:
    """Fields of a card; those of a balance where none is named."""
    return tuple(card[name] for name in names or ("nominal", "reserved", "spent", "available"))


async def agreeing(place: Town) -> int:
    """Find no difference between registry, projection and portal, asked by both; return how many objects there are."""
    shop = place.shop
    await place.settled()
    assert list(shop.store.look(shop.registry.unbalanced)) == []
    key = shop.store.run(lambda connection: snapshots.begin(connection, new_id(), repair=False, now=shop.clock()))
    untold = await asyncio.to_thread(
        compare_registry,
        store=shop.store,
        registry=shop.registry,
        projector=shop.projector,
        repairs=False,
        snapshot_id=key,
        now=shop.clock(),
    )
    assert untold == 0
    found = await eventually(lambda: compared(shop, key), "the comparison has come to its end", PATIENCE)
    assert list(shop.store.look(lambda connection: snapshots.listed(connection, key))) == []
    seen = await place.ask("POST", "snapshot")
    assert seen["outcome"] == "equal" or (seen["missing_here"], seen["missing_there"], seen["different"]) == (
        [],
        [],
        [],
    )
    assert (await place.ask("GET", "statistics?summary"))["applied_more_than_once"] == []
    return int(found.compared or 0)
