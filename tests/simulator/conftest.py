"""A simulator on a free port with a clock that stands still, and a region that talks to it over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from tests.simulator.browsing import Browser
from tests.simulator.looking import WIDTHS, opened_page
from tests.simulator.parent import CostServer, Parent, write_world

from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import Fault, FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from playwright.async_api import Page

    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.operation import Operation

GUID = "00000000-0000-4000-8000-0000000000{:02x}"
SNILS = "11223344595"
AS_OF = datetime(2026, 9, 5, 7, 0, tzinfo=UTC)


class Region:
    """A region that speaks to a simulator: calls over HTTP, and the business messages it would send."""

    def __init__(self, simulator: Simulator, signer: Signer, http: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.signer = signer
        self.http = http
        self.ids = MessageIds(simulator.clock)

    # Calls

    async def post(self, data: bytes, operation: Operation | None = None) -> tuple[int, bytes]:
        """Send bytes to the exchange, return HTTP status and body."""
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        if operation is not None:
            headers["SOAPAction"] = f'"{operation.action}"'
        async with self.http.post(self.simulator.exchange_url, data=data, headers=headers) as response:
            return response.status, await response.read()

    async def say(self, data: bytes) -> reply.Reply:
        """Send a call, check schema and signature of the reply, return it; `FaultReceived` for a fault."""
        status, body = await self.post(data)
        try:
            answer = reply.open_reply(body)
        except FaultReceived:
            assert status == 500
            raise
        assert status == 200
        reply.check_schema(answer)
        if not self.simulator.settings.signatures:
            assert answer.signature is None
        elif answer.signed is not None:
            reply.verify(answer, frozenset(Suite))
        return answer

    async def fault(self, data: bytes) -> Fault:
        """Send a call that must be refused, return the fault."""
        with pytest.raises(FaultReceived) as caught:
            await self.say(data)
        return caught.value.fault

    async def send(self, content: Any, **more: Any) -> str:
        """SendRequest with a new id; return the id."""
        message_id: str = more.pop("message_id", None) or self.ids()
        await self.say(call.send_request(message_id=message_id, content=content, signer=self.signer, **more))
        return message_id

    async def answers(self, **more: Any) -> reply.Delivery | None:
        """GetResponse: the next answer, None when there is none."""
        return (
            await self.say(call.get_response(timestamp=self.simulator.clock(), signer=self.signer, **more))
        ).delivery

    async def requests(self, **more: Any) -> reply.Delivery | None:
        """GetRequest: the next request, None when there is none."""
        return (await self.say(call.get_request(timestamp=self.simulator.clock(), signer=self.signer, **more))).delivery

    async def ack(self, message_id: str) -> None:
        """Acknowledge a message."""
        await self.say(call.ack(message_id=message_id, signer=self.signer))

    async def push(self, *updates: account.Update) -> account.UpdateResponse:
        """Push updates to the portal, wait for its answer, acknowledge it."""
        message_id = await self.send(self.batch(*updates))
        await self.simulator.consumer.at_rest()
        delivery = await self.answers()
        assert delivery is not None
        assert delivery.original_message_id == message_id
        await self.ack(delivery.message_id)
        assert delivery.content is not None
        return account.read_update_response(delivery.content)

    async def answer_queries(self, content: Callable[[pf.Request], Any]) -> None:
        """Answer every question of the portal by `content`, until cancelled."""
        arrived = asyncio.Event()
        self.simulator.node.on_delivery(lambda _recipient: arrived.set())
        while True:
            while (delivery := await self.requests()) is not None:
                await self.ack(delivery.message_id)
                assert delivery.content is not None
                answer = content(pf.read_request(delivery.content))
                data = call.send_response(
                    message_id=self.ids(), to=delivery.reply_to or "", content=answer, signer=self.signer
                )
                await self.say(data)
            await arrived.wait()
            arrived.clear()

    # Messages

    def found(self, request: pf.Request, **more: Any) -> pf.Response:
        """Answer a question with the certificate: 17 256,00 with 8 000,00 booked; `more` changes the certificate."""
        certificate = pf.Certificate(
            guid=GUID.format(0xAA),
            number="1234567890",
            municipality_code=GUID.format(2),
            region_code=GUID.format(3),
            certificate_type=pf.CertificateType.FUNDED,
            category_code="0",
            category_name="От 5 до 17 лет",
            funds=pf.Funds(balance=1725600, booked=800000),
            released_on_request=False,
        )
        owner = pf.Owner(last_name="Примеров", first_name="Тест", patronymic="Иванович", snils=SNILS)
        answer = pf.CertificateFound(certificate=replace(certificate, **more), owner=owner)
        return pf.Response(order_id=request.order_id, response_timestamp=AS_OF, answers=(answer,))

    def batch(self, *updates: account.Update) -> account.UpdateRequest:
        """Put updates into a push."""
        return account.UpdateRequest(batch_id=GUID.format(0xF1), sent_at=AS_OF, updates=updates)

    def recipient(self, **more: Any) -> account.Recipient:
        """Return the recipient of all updates here; `more` changes the child."""
        child = account.Child(
            last_name="Примеров", first_name="Тест", birth_date=date(2016, 2, 20), snils=SNILS, middle_name="Иванович"
        )
        return account.Recipient(
            applicant=account.Applicant(last_name="Примерова", first_name="Анна", snils="90000000182"),
            child=replace(child, **more),
        )

    def certificate(self, seq: int = 1, **more: Any) -> account.Update:
        """Return an update of a certificate: 17 456,00 roubles, 9 256,00 left; `more` changes the update."""
        update = account.Update(
            object_id=GUID.format(0xAA),
            operation=account.Operation.CREATE,
            seq=seq,
            as_of=AS_OF,
            cause=account.Cause.RESERVED,
            recipient=self.recipient(),
            body=self.card(),
        )
        return replace(update, **more)

    def card(self, **more: Any) -> account.CertificateCard:
        """Return the card of the certificate; `more` changes it."""
        card = account.CertificateCard(
            certificate_guid=GUID.format(0xAA),
            certificate_number="1234567890",
            scheme=account.Scheme.SOCIAL_ORDER,
            certificate_type=account.CertificateType.FUNDED,
            category_code="0",
            category_name="От 5 до 17 лет",
            region_code=GUID.format(3),
            municipality_code=GUID.format(2),
            valid_from=date(2026, 1, 10),
            status=account.CertificateStatus.ACTIVE,
            version=18,
            balances=(self.balance(),),
        )
        return replace(card, **more)

    def balance(self, **more: Any) -> account.Balance:
        """Return the balance of the certificate; `more` changes it."""
        balance = account.Balance(
            period_from=date(2026, 1, 1),
            period_to=date(2026, 12, 31),
            unit=account.Unit.RUB,
            nominal=1745600,
            reserved=800000,
            spent=20000,
            available=925600,
        )
        return replace(balance, **more)

    def contract(self, seq: int = 1, **more: Any) -> account.Update:
        """Return an update of a contract: 8 000,00 by the certificate, 4 000,00 by the family."""
        split = account.Split(
            unit=account.Unit.RUB,
            total=1200000,
            certificate_part=800000,
            applicant_part=400000,
            year_parts=(account.YearPart(year=2026, certificate_part=800000, applicant_part=400000),),
        )
        card = account.ContractCard(
            contract_id="contract-0001",
            contract_number="15",
            contract_date=date(2026, 9, 5),
            contract_state=account.ContractState.ACTIVE,
            start_date=date(2026, 9, 15),
            end_date=date(2026, 12, 31),
            certificate_guid=GUID.format(0xAA),
            certificate_version=18,
            organisation=account.Organisation(
                organisation_id="org-0001",
                name="ИП Образцова Мария Тестовна",
                kind=account.OrganisationKind.SOLE_TRADER,
                inn="000123456731",
                ogrn="399000000000011",
            ),
            programme_guid=GUID.format(0xDD),
            programme_name="Тестовая программа «Ритм»",
            split=split,
            reserved_now=800000,
            spent_now=0,
        )
        update = account.Update(
            object_id="contract-0001",
            operation=account.Operation.CREATE,
            seq=seq,
            as_of=AS_OF,
            cause=account.Cause.CONTRACT_CONCLUDED,
            recipient=self.recipient(),
            body=card,
        )
        return replace(update, **more)

    def close(self, seq: int, object_id: str = GUID.format(0xAA)) -> account.Update:
        """Return the closing of an object."""
        return self.certificate(
            seq,
            object_id=object_id,
            operation=account.Operation.CLOSE,
            cause=account.Cause.MODE_OFF,
            body=None,
        )


@pytest.fixture
def source() -> Callable[[], datetime]:
    """The clock behind the simulator's own; a module of tests that tell days has one that stands still."""
    return system_clock


@pytest.fixture
def keys(tmp_path: Path, source: Callable[[], datetime]) -> Path:
    """A folder of keys that holds the region's pair."""
    folder = tmp_path / "keys"
    ensure_key(folder, "region", common_name="Region", organisation="Region", clock=source)
    return folder


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def simulator(keys: Path, source: Callable[[], datetime]) -> AsyncIterator[Simulator]:
    """A running simulator whose clock moves only when told."""
    async with Simulator(Settings(port=0, keys=keys, clock=ClockMode.MANUAL), source=source) as running:
        yield running


@pytest.fixture
def region(simulator: Simulator, keys: Path, http: aiohttp.ClientSession) -> Region:
    """A region that is a participant of the simulator's exchange."""
    return Region(simulator, signer_of(keys, "region"), http)


@pytest.fixture
async def exchange(keys: Path, http: aiohttp.ClientSession) -> AsyncIterator[Region]:
    """A region at an exchange whose portal takes no messages."""
    settings = Settings(port=0, keys=keys, clock=ClockMode.MANUAL, exchange_only=True)
    async with Simulator(settings) as running:
        yield Region(running, signer_of(keys, "region"), http)


@pytest.fixture(params=WIDTHS)
async def page(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Page]]:
    """The name of a width, and a page of a fresh browser that is so wide."""
    async with opened_page(request.param) as opened:
        yield request.param, opened


@pytest.fixture
async def costs() -> AsyncIterator[CostServer]:
    """A region's HTTP side that answers the cost question; `url` is where it listens."""
    server = CostServer()
    async with TestServer(server.application()) as listening:
        server.url = str(listening.make_url(""))
        yield server


@pytest.fixture
def parent_settings(keys: Path, tmp_path: Path, costs: CostServer) -> Settings:
    """Settings of a simulator with a family, a catalogue and a region that tells costs."""
    world = write_world(tmp_path)
    return Settings(
        port=0,
        keys=keys,
        clock=ClockMode.MANUAL,
        region_url=costs.url,
        region_token="secret",
        query_deadline=timedelta(seconds=10),
        people=world["people"],
        catalogue=world["catalogue"],
    )


@pytest.fixture
async def site(parent: Parent) -> AsyncIterator[Browser]:
    """The parent's browser without scripts, signed in."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        browser = Browser(parent.simulator.url, session)
        await browser.post("/sign-in", person=str(parent.owner))
        yield browser


@pytest.fixture
async def parent(
    parent_settings: Settings,
    keys: Path,
    http: aiohttp.ClientSession,
    costs: CostServer,
    source: Callable[[], datetime],
) -> AsyncIterator[Parent]:
    """A parent at a running simulator, and a region that answers."""
    async with Simulator(parent_settings, source=source) as running:
        region = Region(running, signer_of(keys, "region"), http)
        found = Parent(running, region, costs)
        serving = asyncio.create_task(found.serve())
        yield found
        serving.cancel()


def signer_of(keys: Path, name: str) -> Signer:
    """Return the signer of a pair in the folder of keys; a new one when it is not there."""
    return load_signer(ensure_key(keys, name, common_name=name, organisation=name, clock=system_clock))
