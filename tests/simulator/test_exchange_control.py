"""The control calls of the exchange: participants, queues, defects, cancels, push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.exchanging import PARTICIPANTS, Speaker, ask, write_exchange

from socert.contracts.smev.delivery import DeliveryKind
from socert.contracts.smev.version import Version
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp


class Operator:
    """A tester at the control calls, and the participants."""

    def __init__(self, simulator: Simulator, folder: Path, http: aiohttp.ClientSession) -> None:
        self.simulator, self.folder, self.http = simulator, folder, http

    def who(self, name: str, version: Version = Version.V1_2) -> Speaker:
        """Return a participant."""
        return Speaker(self.simulator, self.folder, name, version)

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and JSON."""
        async with self.http.get(f"{self.simulator.url}/_sim/{path}") as response:
            return response.status, await response.json()

    async def post(self, path: str, wish: dict[str, Any]) -> tuple[int, Any]:
        """Return status and JSON."""
        async with self.http.post(f"{self.simulator.url}/_sim/{path}", json=wish) as response:
            return response.status, await response.json()


@pytest.fixture
async def tester(tmp_path: Path, http: aiohttp.ClientSession) -> AsyncIterator[Operator]:
    """A tester at an exchange whose teller has a service that does not listen."""
    text = PARTICIPANTS.replace('mnemonic = "TELLER"', 'mnemonic = "TELLER"\npush = "http://127.0.0.1:9/"')
    given = Settings(
        port=0,
        keys=tmp_path,
        clock=ClockMode.MANUAL,
        participants=write_exchange(tmp_path, text),
        exchange_only=True,
    )
    async with Simulator(given) as simulator:
        yield Operator(simulator, tmp_path, http)


async def test_participants_and_message_types_are_shown(tester: Operator) -> None:
    status, body = await tester.get("participants")

    assert status == 200
    shown = {one["mnemonic"]: one for one in body["participants"]}
    assert shown["OTHER"] == {
        "mnemonic": "OTHER",
        "name": "OTHER",
        "serves": ["coded", "news"],
        "sends": [],
        "priority": False,
        "queue_limit": None,
        "push": None,
        "routing_codes": ["46000000", "47000000"],
        "identifiers": ["OTHER"],
    }
    types = {one["name"]: one for one in body["message_types"]}
    assert types["news"] == {
        "name": "news",
        "category": "BROADCAST",
        "formats": [{"request": "{urn:test:news}Ask", "responses": []}],
    }


async def test_what_lies_in_queues_is_shown_without_contents(tester: Operator) -> None:
    message_id = await tester.who("vip").ask(ask("plain", "secret"))
    rejected = await tester.who("vip").ask(b'<t:Ask xmlns:t="urn:test:plain"><t:Odd/></t:Ask>')
    await tester.who("teller").took()

    _, body = await tester.get("queues/TELLER")
    (message,) = body["messages"]
    assert message == {
        "queue": "request",
        "node": "",
        "message_id": message_id,
        "original_id": None,
        "message_type": "plain",
        "category": "REQUEST",
        "version": "1.2",
        "sender": "VIP",
        "sent_at": tester.simulator.clock().isoformat(),
        "end_of_life": None,
        "priority": True,
        "unacknowledged": True,
        "verdict": None,
    }
    _, body = await tester.get("queues/VIP")
    assert [one["verdict"] for one in body["messages"]] == ["requestIsRejectedBySmev"]
    assert [(one["message_id"], one["fault"]) for one in body["statuses"]] == [(rejected, "InvalidContent")]
    assert "secret" not in str(body)
    assert (await tester.get("queues"))[1]["statuses"] == [{"participant": "VIP", "waiting": 1}]
    assert (await tester.get("queues/NOBODY"))[0] == 404


async def test_a_defect_is_found_by_order(tester: Operator) -> None:
    asker = tester.who("asker")
    message_id = await asker.ask()

    assert (await tester.post("defects", {"message_id": message_id, "defect": "ODD"}))[0] == 400
    assert (await tester.post("defects", {"message_id": message_id, "defect": "CERTIFICATE"}))[0] == 200
    assert (await tester.post("defects", {"message_id": message_id, "defect": "CERTIFICATE"}))[0] == 404

    status = await asker.next_status()
    assert status is not None
    assert status.async_status is not None
    assert status.async_status.details == "Сертификат ЭП-ОВ не действительный. Верификация в ГУЦ не пройдена."
    entries = tester.simulator.journal.last(1)
    assert [(one["operation"], one["message_id"]) for one in entries] == [("GetStatus", message_id)]


async def test_a_request_is_cancelled_by_order(tester: Operator) -> None:
    teller = tester.who("teller", Version.V1_1)
    message_id = await tester.who("asker").ask()
    await teller.got()

    status, body = await tester.post("cancels", {"message_id": message_id})

    assert status == 201
    got = await teller.took()
    assert (got.kind, got.message_id) == (DeliveryKind.CANCEL, body["message_id"])
    assert (await tester.post("cancels", {"message_id": "none"}))[0] == 404


async def test_a_push_is_sent_by_order(tester: Operator) -> None:
    await tester.who("asker").ask()

    status, body = await tester.post("push", {})

    assert status == 200
    (told,) = body["notifications"]
    assert (told["participant"], told["sizes"]["TELLER.request"]) == ("TELLER", 1)
    assert told["failure"]
    assert (await tester.get("push"))[1] == body
    assert (await tester.post("push", {"participant": "ASKER"}))[0] == 400
    assert (await tester.post("push", {"participant": "NOBODY"}))[0] == 404
    await tester.post("reset", {})
    assert (await tester.get("push"))[1] == {"notifications": []}
    assert (await tester.get("queues"))[1] == {"queues": [], "statuses": []}
