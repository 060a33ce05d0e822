"""Push notifications: a participant's service hears how many messages wait, its status queue what it did not hear."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from lxml import etree
from tests.simulator.exchanging import PARTICIPANTS, Speaker, write_exchange

from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings
from socert.simulator.smev.push import NAMESPACE, notification

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

INTERVAL = timedelta(minutes=5)
ANSWER = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
HEARD = ANSWER.format(
    f'<p:PushNotificationResponse xmlns:p="{NAMESPACE}"><DescriptionResponse/></p:PushNotificationResponse>'
)
UNHAPPY = ANSWER.format(
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring><detail>"
    f'<p:PushNotificationException xmlns:p="{NAMESPACE}"/></detail></s:Fault>'
)
#: The schema that the manual proposes for such a service (figure 33).
SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="{NAMESPACE}"
 targetNamespace="{NAMESPACE}" elementFormDefault="unqualified">
<xs:element name="PushNotificationRequest" type="tns:PushNotificationRequest"/>
<xs:complexType name="PushNotificationRequest"><xs:sequence>
 <xs:element name="PushNotification" type="tns:QueueNotificationInformation"/></xs:sequence></xs:complexType>
<xs:complexType name="QueueNotificationInformation"><xs:sequence>
 <xs:element name="InformationTimestamp" type="xs:dateTime"/>
 <xs:element name="QueueInformation" type="tns:QueueInformation" form="qualified" nillable="true" minOccurs="1"
  maxOccurs="unbounded"/></xs:sequence></xs:complexType>
<xs:complexType name="QueueInformation"><xs:sequence>
 <xs:element name="QueueName"><xs:simpleType><xs:restriction base="xs:string"><xs:minLength value="1"/>
  <xs:maxLength value="500"/></xs:restriction></xs:simpleType></xs:element>
 <xs:element name="QueueSize" type="xs:int"/></xs:sequence></xs:complexType>
</xs:schema>"""


class Service:
    """A participant's service: remembers what it heard and answers as it is told."""

    def __init__(self) -> None:
        self.heard: list[dict[str, int]] = []
        self.actions: list[str] = []
        self.moments: list[str] = []
        self.status, self.answer = 200, HEARD

    async def hear(self, request: web.Request) -> web.Response:
        """Take one notification."""
        root = etree.fromstring(await request.read())
        body = root[0][0]
        etree.XMLSchema(etree.fromstring(SCHEMA)).assertValid(etree.fromstring(etree.tostring(body)))
        self.heard.append(
            {one[0].text or "": int(one[1].text or "") for one in body.iter(f"{{{NAMESPACE}}}QueueInformation")}
        )
        self.moments.append(body.findtext("PushNotification/InformationTimestamp", ""))
        self.actions.append(request.headers["SOAPAction"])
        return web.Response(status=self.status, text=self.answer, content_type="text/xml")


@pytest.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    """A service and its address."""
    found, app = Service(), web.Application()
    app.add_routes([web.post("/push", found.hear)])
    async with TestServer(app) as server:
        yield found, str(server.make_url("/push"))


@pytest.fixture
async def simulator(tmp_path: Path, service: tuple[Service, str]) -> AsyncIterator[Simulator]:
    """An exchange that knows the teller's service."""
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', f'mnemonic = "TELLER"\npush = "{service[1]}"')
    given = Settings(
        port=0,
        keys=tmp_path,
        clock=ClockMode.MANUAL,
        participants=write_exchange(tmp_path, text),
        exchange_only=True,
        push_interval=INTERVAL,
    )
    async with Simulator(given) as running:
        yield running


async def round_of(simulator: Simulator) -> None:
    """Let the time of one round pass."""
    simulator.clock.advance(INTERVAL)
    await simulator.push.at_rest()


async def test_a_service_hears_by_the_simulators_clock(
    simulator: Simulator, tmp_path: Path, service: tuple[Service, str]
) -> None:
    found, asker = service[0], Speaker(simulator, tmp_path, "asker")
    await asker.ask()
    simulator.clock.advance(INTERVAL - timedelta(microseconds=1))
    await simulator.push.at_rest()
    assert found.heard == []
    simulator.clock.advance(timedelta(microseconds=1))
    await simulator.push.at_rest()

    assert found.heard == [{"TELLER.request": 1, "TELLER.response": 0, "TELLER.status": 0}]
    assert found.actions == ['"PushNotification"']
    assert found.moments == [f"{simulator.clock():%Y-%m-%dT%H:%M:%SZ}"]
    await asker.ask()
    await round_of(simulator)
    assert [one["TELLER.request"] for one in found.heard] == [1, 2]


async def test_nothing_is_said_of_empty_queues(simulator: Simulator, service: tuple[Service, str]) -> None:
    await round_of(simulator)
    await round_of(simulator)

    assert service[0].heard == []
    assert [one.sizes for one in await simulator.push.tell("TELLER")] == [service[0].heard[0]]  # asked for by name


@pytest.mark.parametrize(
    ("status", "answer", "heard"),
    [(200, HEARD, True), (500, UNHAPPY, True), (200, "", False), (500, ANSWER.format(""), False), (404, "no", False)],
)
async def test_any_answer_of_the_service_confirms_and_nothing_else_does(
    simulator: Simulator, tmp_path: Path, service: tuple[Service, str], status: int, answer: str, heard: bool
) -> None:
    service[0].status, service[0].answer = status, answer
    await Speaker(simulator, tmp_path, "asker").ask()

    await round_of(simulator)

    assert [not one.failure for one in simulator.push.last()] == [heard]
    assert (await Speaker(simulator, tmp_path, "teller").next_status() is None) is heard


async def test_what_a_service_does_not_hear_goes_to_the_status_queue(tmp_path: Path) -> None:
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', 'mnemonic = "TELLER"\npush = "http://127.0.0.1:9/push"')
    given = Settings(
        port=0,
        keys=tmp_path,
        clock=ClockMode.MANUAL,
        participants=write_exchange(tmp_path, text),
        exchange_only=True,
        push_interval=INTERVAL,
    )
    async with Simulator(given) as simulator:
        await Speaker(simulator, tmp_path, "asker").ask()
        await round_of(simulator)

        status = await Speaker(simulator, tmp_path, "teller").next_status()
        assert status is not None
        assert status.async_status is not None
        assert status.async_status.details.startswith("Push-уведомления о наличии сообщений. TELLER.request: 1;")


def test_names_are_escaped() -> None:
    written = notification(datetime(2026, 9, 1, tzinfo=UTC), {"a<&>b": 1})

    assert etree.fromstring(written).findtext(".//QueueName") == "a<&>b"


async def test_a_clock_that_goes_back_does_not_silence_the_exchange(
    simulator: Simulator, tmp_path: Path, service: tuple[Service, str]
) -> None:
    simulator.clock.advance(timedelta(days=1))
    await simulator.push.at_rest()
    simulator.reset()
    await Speaker(simulator, tmp_path, "asker").ask()

    await round_of(simulator)

    assert len(service[0].heard) == 1


def test_a_clock_moved_between_runs_of_the_loop_is_heard_in_the_next(tmp_path: Path) -> None:
    simulator = Simulator(Settings(port=0, keys=tmp_path, exchange_only=True, push_interval=INTERVAL))
    with asyncio.Runner() as runner:
        runner.run(simulator.start())
        simulator.clock.advance(INTERVAL)
        runner.run(simulator.push.at_rest())
        assert simulator.push._round is not None
        assert simulator.push._round.done()
        runner.run(simulator.stop())
