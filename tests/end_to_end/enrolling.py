"""A region that enrols children and a portal that a parent uses: two programs, met over the wire only."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import unused_port
from pydantic import SecretStr
from tests.end_to_end.mortal import SETTINGS
from tests.gateway.line import eventually
from tests.gateway.records import GROUP, NOON, SNILS, municipality, programme

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.host.clock import system_clock
from socert.simulator.app import Simulator
from socert.simulator.portal.enrolment import Agreement
from socert.simulator.portal.people import Identity
from socert.simulator.settings import Settings as SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from socert.simulator.portal.order import Order

TOKEN = "between-portal-and-region"
PARENT = "08765430300"
OTHER_CHILD = "20000000018"
TOWN = municipality()
KEPT = replace(programme(), price=4_800_000, oktmo=TOWN.oktmo)
"""A private provider's group; what is left of its year costs more than the nominal of a new certificate."""


def write_files(folder: Path) -> dict[str, Any]:
    """Write the people and the catalogue that the portal starts with; return them as settings of the simulator."""
    child = {
        "last_name": "Журавлёв",
        "first_name": "Платон",
        "middle_name": "Святославович",
        "birth_date": "2014-03-15",
        "snils": SNILS,
        "birth_certificate": "II-ЖД 700115",
    }
    other = {**child, "first_name": "Мирон", "snils": OTHER_CHILD, "birth_certificate": "II-ЖД 700116"}
    parent = {"last_name": "Журавлёва", "first_name": "Евпраксия", "snils": PARENT, "children": [child, other]}
    catalogue = {
        "programmes": [
            {
                "name": KEPT.name,
                "organisation": {
                    "name": KEPT.organisation.name,
                    "id": KEPT.organisation.inn,
                    "inn": KEPT.organisation.inn,
                    "kind": KEPT.organisation.kind.value,
                },
                "certificate_accepted": True,
                "municipality_code": TOWN.guid,
                "programme_guid": KEPT.programme_guid,
                "group_guid": GROUP,
            }
        ],
        "municipalities": [
            {
                "code": TOWN.guid,
                "name": TOWN.name,
                "oktmo": TOWN.oktmo,
                "region": TOWN.region_name,
                "region_code": TOWN.region_guid,
            }
        ],
    }
    places = {"people": folder / "people.json", "catalogue": folder / "catalogue.json"}
    places["people"].write_text(json.dumps({"people": [parent]}), encoding="utf-8")
    places["catalogue"].write_text(json.dumps(catalogue), encoding="utf-8")
    return places


@dataclass(kw_only=True)
class World:
    """The portal, the region's services, and the gateway between them, which runs."""

    portal: Simulator
    shop: Workshop
    gateway: Gateway

    # --- the parent ---------------------------------------------------------------------------------------------------

    def start(self, child: str = SNILS) -> Order:
        """Begin an order for a child from tomorrow on."""
        people = self.portal.portal.people
        owner, found = people.owner_by(Identity.snils(PARENT)), people.child_by_snils(child)
        assert owner is not None
        assert found is not None
        return self.portal.portal.enrolment.start(owner=owner.id, child=found.id, group=GROUP)

    async def priced(self, child: str = SNILS) -> Order:
        """Begin an order, find or get the child's certificate, ask the price."""
        order = self.start(child)
        found = await self.portal.portal.enrolment.find_certificate(order.id)
        assert found.certificate is not None
        assert found.certificate.outcome == "found", found.certificate.text
        return await self.portal.portal.enrolment.ask_cost(order.id)

    def agreement(self, order: Order) -> Agreement:
        """Return the yes to everything that is shown."""
        assert order.cost is not None
        forms = frozenset(self.portal.portal.enrolment.forms_for(order))
        return Agreement(calculation=order.cost.calculation, own_part_accepted=True, forms=forms)

    async def submit(self, order: Order) -> Order:
        """File an application, and wait until the region has said all that it has to say now."""
        await self.portal.portal.enrolment.submit(order.id, self.agreement(order))
        return await self.settled(order)

    async def cancel(self, order: Order) -> Order:
        """Cancel an application."""
        await self.portal.portal.enrolment.cancel(order.id, "Передумали")
        return await self.settled(order)

    # --- the region ---------------------------------------------------------------------------------------------------

    def contract(self, order: Order) -> str:
        """Return the id of the contract that an order led to."""
        found = self.shop.store.look(lambda connection: self.shop.registry.life_of_order(connection, str(order.id)))
        assert found is not None
        return found.contract_id

    def balance(self, order: Order) -> tuple[int, int, int]:
        """Return nominal, reserved and spent of the certificate of an order."""
        assert order.certificate is not None
        guid = order.certificate.guid
        kept = self.shop.store.look(lambda connection: self.shop.registry.kept(connection, guid))
        assert kept is not None
        accounts = kept.book.accounts.values()
        return (
            sum(account.nominal for account in accounts),
            sum(account.reserved for account in accounts),
            sum(account.spent for account in accounts),
        )

    async def settled(self, order: Order) -> Order:
        """Wait until nothing is on its way, and return the order as the portal has it then."""

        def queued() -> bool:
            return any(one["waiting"] or one["unacknowledged"] for one in self.portal.queues.sizes())

        async def at_rest() -> bool:
            # A message goes from one side to the other while the first is looked at, so both are looked at again.
            for _ in range(3):
                if not await self.gateway.idle() or queued():
                    return False
            return True

        await eventually(at_rest, "nothing is on its way", 30)
        found = self.portal.portal.orders.get(order.id)
        assert found is not None
        return found


@asynccontextmanager
async def enrolling(folder: Path, database_url: str, **more: Any) -> AsyncIterator[World]:
    """Run both programs; the portal asks the region for prices by its own address."""
    port = unused_port()
    keys = folder / "keys"
    portal_settings = SimulatorSettings(
        port=0, keys=keys, region_url=f"http://127.0.0.1:{port}", region_token=TOKEN, **write_files(folder)
    )
    began = system_clock()
    # A day in the school year, whenever the tests run; time passes as usual.
    async with Simulator(portal_settings, source=lambda: NOON + (system_clock() - began)) as portal:
        given: dict[str, Any] = {
            **SETTINGS,
            "exchange_url": portal.exchange_url,
            "eais_token": SecretStr(TOKEN),
            **more,
        }
        settings = Settings(data_dir=folder, database_url=SecretStr(database_url), **given)
        with Workshop(settings, clock=portal.clock) as shop:
            shop.units.run(lambda unit: shop.registry.put_municipalities(unit, [TOWN]))
            shop.units.run(lambda unit: shop.registry.put_programmes(unit, [KEPT]))
            async with Gateway(shop) as gateway:
                runner = web.AppRunner(make_app(gateway))
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", port).start()
                try:
                    yield World(portal=portal, shop=shop, gateway=gateway)
                finally:
                    await runner.cleanup()
                assert gateway.failed is None
