"""A parent at the portal, and a region that answers as a test tells it: by the exchange, and by HTTP for costs."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.contracts import xml
from socert.contracts.message import MessageType
from socert.contracts.portal import enrolment, group_cost
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.portal.known import find
from socert.contracts.smev import call
from socert.simulator.portal.enrolment import Agreement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from socert.contracts.message import BusinessMessage
    from socert.contracts.smev.reply import Delivery
    from socert.simulator.app import Simulator

CERTIFICATE = "00000000-0000-4000-8000-0000000000aa"
GROUP = "00000000-0000-4000-8000-0000000000bb"
PROGRAMME = "00000000-0000-4000-8000-0000000000dd"
TOWN = "00000000-0000-4000-8000-000000000002"
REGION = "00000000-0000-4000-8000-000000000003"
PARENT_SNILS = "90000000182"
CHILD_SNILS = "11223344595"
AS_OF = datetime(2026, 9, 1, 6, 0, 3, tzinfo=UTC)
FIRST_DAY, LAST_DAY = date(2026, 9, 15), date(2026, 12, 31)

CATALOGUE: dict[str, Any] = {
    "programmes": [
        {
            "name": "Тестовая программа «Ритм»",
            "organisation": {
                "name": "ИП Образцова Мария Тестовна",
                "id": "org-0001",
                "kind": "SOLE_TRADER",
                "inn": "000123456731",
                "ogrn": "399000000000011",
            },
            "certificate_accepted": True,
            "programme_guid": PROGRAMME,
            "group_guid": GROUP,
        },
        {
            "name": "Платная",
            "organisation": {"name": "Дом", "kind": "SOLE_TRADER", "inn": "000123456731"},
            "certificate_accepted": False,
            "programme_guid": PROGRAMME,
            "group_guid": GROUP[:-2] + "b1",
        },
        {
            "name": "Без номеров",
            "organisation": {"name": "Дом"},
            "certificate_accepted": True,
            "group_guid": GROUP[:-2] + "b2",
        },
    ],
    "municipalities": [
        {"code": TOWN, "name": "г. Примерск", "oktmo": "00000001", "region": "Тестовая область", "region_code": REGION}
    ],
}
PEOPLE: dict[str, Any] = {
    "people": [
        {
            "last_name": "Примерова",
            "first_name": "Анна",
            "snils": PARENT_SNILS,
            "children": [
                {"last_name": "Примеров", "first_name": "Тест", "birth_date": "2016-02-20", "snils": CHILD_SNILS},
                {"last_name": "Примерова", "first_name": "Мала", "birth_date": "2024-02-20", "snils": "90000000283"},
                {"last_name": "Примерова", "first_name": "Без", "birth_date": "2016-02-20"},
            ],
        }
    ]
}
#: The region's exact proposal: 12 000,00 of which the certificate pays 8 000,00.
PROPOSAL: dict[str, Any] = {
    "calculation": "calc-0001",
    "balance_version": 17,
    "as_of": "2026-09-01T06:00:03+00:00",
    "register": "RUB",
    "total": 1200000,
    "certificate_part": 800000,
    "own_part": 400000,
    "payable": None,
    "years": [{"year": 2026, "certificate_part": 800000, "own_part": 400000}],
    "months": [
        {"month": f"2026-{month:02}", "certificate_part": 200000, "own_part": 100000} for month in (9, 10, 11, 12)
    ],
    "start": FIRST_DAY.isoformat(),
    "end": LAST_DAY.isoformat(),
}


def write_world(folder: Path) -> dict[str, Path]:
    """Write the files of people and catalogue; return them as settings."""
    places = {"people": folder / "people.json", "catalogue": folder / "catalogue.json"}
    places["people"].write_text(json.dumps(PEOPLE), "utf-8")
    places["catalogue"].write_text(json.dumps(CATALOGUE), "utf-8")
    return places


def calculated(**more: Any) -> group_cost.Response:
    """Return the answer to the cost question that fits the proposal."""
    amounts: dict[str, Any] = {
        "order_allowed": True,
        "message": "Расчёт",
        "cost_per_year": 1200000,
        "certificate_reserving_cost": 800000,
        "monthly_cost": 300000,
        "monthly_from_certificate": 200000,
        "monthly_from_applicant": 100000,
    }
    return group_cost.Calculation(**(amounts | more))


@dataclass
class CostServer:
    """The region's HTTP side. `answer` is a response or raw bytes; `proposal` what its calculation is, None: 404."""

    answer: Any = field(default_factory=calculated)
    headers: dict[str, str] = field(
        default_factory=lambda: {
            "Socert-Calculation": "calc-0001",
            "Socert-Balance": "17 2026-09-01T09:00:03+03:00",
        }
    )
    proposal: Any = field(default_factory=lambda: dict(PROPOSAL))
    status: int = 200
    asked: list[group_cost.Request] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    silent: asyncio.Event | None = None
    url: str = ""

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/eais/v1/queries", self._query),
                web.get("/eais/v1/calculations/{reference}", self._calculation),
            ]
        )
        return app

    async def _query(self, request: web.Request) -> web.Response:
        element = xml.parse(await request.read())
        group_cost.schema().check(element)
        self.asked.append(group_cost.read_request(element))
        self.tokens.append(request.headers.get("Authorization"))
        if self.silent is not None:
            await self.silent.wait()
        body = self.answer if isinstance(self.answer, bytes) else self.answer.render().encode()
        return web.Response(body=body, status=self.status, headers=self.headers, content_type="application/xml")

    async def _calculation(self, request: web.Request) -> web.Response:
        if self.proposal is None or request.match_info["reference"] != self.headers.get("Socert-Calculation"):
            raise web.HTTPNotFound
        body = self.proposal if isinstance(self.proposal, bytes) else json.dumps(self.proposal).encode()
        return web.Response(body=body, content_type="application/json")


class Parent:
    """A family at a running simulator, and the region behind it."""

    def __init__(self, simulator: Simulator, region: Any, costs: CostServer) -> None:
        self.simulator = simulator
        self.portal = simulator.portal
        self.region = region
        self.costs = costs
        self.got: dict[str, list[Any]] = defaultdict(list)
        self.deliveries: dict[str, list[Delivery]] = defaultdict(list)
        self._took = asyncio.Event()
        self.replies: dict[str, Callable[[Any], list[Any]]] = {"universalCertificateRequest": self.issued}
        self.owner = self.portal.people.find_owners("Примерова")[0].id
        children = self.portal.people.children_of(self.owner)
        self.child = next(one.id for one in children if one.first_name == "Тест")
        self.baby = next(one.id for one in children if one.first_name == "Мала")
        self.nameless = next(one.id for one in children if one.snils is None)

    # The region

    async def serve(self) -> None:
        """Take every request and answer it as `replies` say, until cancelled."""
        arrived = asyncio.Event()
        self.simulator.node.on_delivery(lambda _recipient: arrived.set())
        while True:
            while (delivery := await self.region.requests()) is not None:
                await self.region.ack(delivery.message_id)
                content = delivery.content
                kind = find(MessageType.of(content))
                kind.schema().check(content)
                message = kind.read(content)
                root = kind.message_type.root
                self.got[root].append(message)
                self.deliveries[root].append(delivery)
                self._took.set()
                for answer in self.replies.get(root, lambda _message: [])(message):
                    await self.reply(delivery, answer)
            await arrived.wait()
            arrived.clear()

    async def until(self, count: int, root: str = "FormData") -> Any:
        """Wait until so many requests of a kind were taken; return the last of them."""
        async with asyncio.timeout(20):
            while len(self.got[root]) < count:
                self._took.clear()
                await self._took.wait()
        return self.got[root][count - 1]

    async def reply(self, delivery: Any, answer: Any) -> None:
        """Answer a request: content, or what `send_response` takes as keywords."""
        wish = answer if isinstance(answer, dict) else {"content": answer}
        data = call.send_response(
            message_id=self.region.ids(), to=delivery.reply_to or "", signer=self.region.signer, **wish
        )
        await self.region.say(data)

    async def tell(self, *answers: BusinessMessage, root: str = "FormData", number: int = 0) -> None:
        """Answer a request that was taken before once more, and wait until the portal knows."""
        for answer in answers:
            await self.reply(self.deliveries[root][number], answer)
        await self.simulator.consumer.at_rest()

    async def ask_portal(self, content: BusinessMessage) -> Any:
        """Send a request to the portal, return its answer: content read, or the rejections."""
        await self.region.send(content)
        await self.simulator.consumer.at_rest()
        delivery = await self.region.answers()
        assert delivery is not None
        await self.region.ack(delivery.message_id)
        if delivery.content is None:
            return delivery.rejections or delivery.async_status
        kind = find(MessageType.of(delivery.content))
        kind.schema().check(delivery.content)
        return kind.read(delivery.content)

    def issued(self, request: pf.Request, snils: str = CHILD_SNILS) -> list[pf.Response]:
        """Answer the question for a certificate: one was made because of it, for the child of this SNILS."""
        answer = self.region.found(request, released_on_request=True)
        (found,) = answer.answers
        return [replace(answer, answers=(replace(found, owner=replace(found.owner, snils=snils)),))]

    def status(self, order: int, status: int | str, seq: int, **more: Any) -> enrolment.Response:
        """Return a status of an order."""
        change: dict[str, Any] = {"status_date": AS_OF, "cancel_allowed": True}
        return enrolment.Response(
            answer=enrolment.StatusChange(order_id=order, status=status, seq=seq, **(change | more))
        )

    # The parent

    async def priced(self, **more: Any) -> Any:
        """Begin an order, find its certificate, ask its cost; return it."""
        wish: dict[str, Any] = {"owner": self.owner, "child": self.child, "group": GROUP, "start_date": FIRST_DAY}
        order = self.portal.enrolment.start(**(wish | more))
        await self.portal.enrolment.find_certificate(order.id)
        return await self.portal.enrolment.ask_cost(order.id)

    def agreement(self, order: Any, **more: Any) -> Agreement:
        """Return the yes to everything that is shown."""
        wish: dict[str, Any] = {
            "calculation": order.cost.calculation,
            "own_part_accepted": True,
            "forms": frozenset(self.portal.enrolment.forms_for(order)),
        }
        return Agreement(**(wish | more))

    async def filed(self, **more: Any) -> Any:
        """Enrol up to the application that the region has taken; return the order as it was sent."""
        order = await self.priced(**more)
        order = await self.portal.enrolment.submit(order.id, self.agreement(order))
        await self.until(1)
        return order

    def order(self, order_id: int) -> Any:
        """Return an order as it is now."""
        return self.portal.orders.get(order_id)
