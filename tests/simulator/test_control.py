"""The control calls: what a tester reads and steers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from socert.contracts.portal import pf_certificate as pf
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation

SNILS = "11223344595"


async def get(region: Any, path: str) -> tuple[int, Any]:
    """GET a control call, return status and JSON."""
    async with region.http.get(f"{region.simulator.url}/_sim/{path}") as response:
        assert response.content_type == "application/json"
        return response.status, await response.json()


async def post(region: Any, path: str, body: Any = None, method: str = "POST") -> tuple[int, Any]:
    """POST JSON (or bytes as they are) to a control call, return status and JSON."""
    data = {"data": body} if isinstance(body, bytes) else {"json": body}
    async with region.http.request(method, f"{region.simulator.url}/_sim/{path}", **data) as response:
        return response.status, await response.json()


async def test_health_is_ready(region: Any) -> None:
    status, body = await get(region, "health")

    assert status == 200
    assert body["status"] == "ready"
    assert body["participants"] == ["EPGU", "REGION"]


async def test_accounts_show_what_was_pushed(region: Any) -> None:
    await region.push(region.certificate(1), region.contract(1))

    status, body = await get(region, f"accounts/{SNILS}")

    assert status == 200
    shown = region.simulator.accounts.summary(SNILS)
    assert body == shown | {"offers": [], "consents": [], "notices": [], "closed": [], "orders": []}
    assert body["certificates"][0]["available"] == "9256.00"


async def test_account_nobody_pushed_is_404(region: Any) -> None:
    assert (await get(region, f"accounts/{SNILS}"))[0] == 404
    await region.push(region.certificate(1))
    await region.push(region.close(2))
    status, body = await get(region, f"accounts/{SNILS}")
    assert (status, body["certificates"], body["contracts"]) == (200, [], [])


@pytest.mark.parametrize("snils", ["1", "abcdefghijk", "112-233-445 95", "١١٢٢٣٣٤٤٥٩٥"])
async def test_snils_is_eleven_digits(region: Any, snils: str) -> None:
    assert (await get(region, f"accounts/{snils}"))[0] == 400


async def test_unknown_call_is_json_too(region: Any) -> None:
    assert (await get(region, "nothing"))[0] == 404
    assert (await post(region, "health"))[0] == 405


async def test_clock_is_read_and_moved(region: Any) -> None:
    start = region.simulator.clock()
    assert (await get(region, "clock"))[1] == {"now": start.isoformat(), "mode": "manual", "offset": 0.0}

    assert (await post(region, "clock", {"advance": 90.5}))[1]["offset"] == 90.5
    assert region.simulator.clock() == start + timedelta(seconds=90.5)
    _, body = await post(region, "clock", {"set": "2026-09-01T09:00:00+03:00"})
    assert body["now"] == "2026-09-01T06:00:00+00:00"
    await post(region, "clock", {"reset": True})
    assert region.simulator.clock() == start


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        b"{",
        {"advance": "1"},
        {"advance": True},
        {"advance": 1e300},
        {"set": "soon"},
        {"set": "2026-09-01T09:00"},
    ],
)
async def test_senseless_moves_of_the_clock_are_refused(region: Any, wish: Any) -> None:
    start = region.simulator.clock()

    status, body = await post(region, "clock", wish)

    assert status == 400
    assert body["error"]
    assert region.simulator.clock() == start


async def test_journal_tells_of_exchanges_without_personal_data(region: Any) -> None:
    await region.push(region.certificate(1))
    await region.fault(b"<broken")

    _, body = await get(region, "journal")

    entries = body["exchanges"]
    first = next(entry for entry in entries if entry["operation"] == "SendRequest")
    assert (first["participant"], first["outcome"], first["fault"]) == ("REGION", "ok", "")
    assert first["message_id"]
    assert first["milliseconds"] > 0
    assert {entry["participant"] for entry in entries} == {"REGION", "EPGU", ""}
    assert (entries[-1]["outcome"], entries[-1]["fault"]) == ("fault", "InvalidContent")
    for secret in ("Примеров", SNILS, "90000000182"):
        assert secret not in str(body)
    assert len((await get(region, "journal?last=2"))[1]["exchanges"]) == 2
    assert (await get(region, "journal?last=0"))[1]["exchanges"] == []
    assert (await get(region, "journal?last=x"))[0] == 400


async def test_queues_and_statistics(exchange: Any) -> None:
    region = exchange
    await region.send(region.batch(region.certificate(1)))
    assert (await get(region, "queues"))[1]["queues"] == [
        {
            "participant": "EPGU",
            "queue": "request",
            "node": "",
            "message_type": "account",
            "waiting": 1,
            "unacknowledged": 0,
        }
    ]
    await region.simulator.consumer._drain()
    _, body = await get(region, "statistics")
    assert body["totals"]["applied"] == 1
    assert (await get(region, "statistics?object=other"))[1]["objects"] == []
    assert "objects" not in (await get(region, "statistics?summary"))[1]


async def test_query_asks_the_region_and_returns_its_answer(region: Any) -> None:
    await region.push(region.certificate(1))
    arrived = asyncio.Event()
    region.simulator.node.on_delivery(lambda _recipient: arrived.set())
    task = asyncio.create_task(post(region, "query", {"snils": SNILS}))
    await arrived.wait()
    delivery = await region.requests()
    request = pf.read_request(delivery.content)
    nothing = pf.NothingFound(reason="Сертификат не найден", snils=SNILS)
    answer = pf.Response(order_id=request.order_id, response_timestamp=region.simulator.clock(), answers=(nothing,))
    await region.say(
        call.send_response(message_id=region.ids(), to=delivery.reply_to, content=answer, signer=region.signer)
    )

    assert await task == (
        200,
        {
            "outcome": "not_found",
            "order_id": request.order_id,
            "text": "Сертификат не найден",
            "certificates": [],
        },
    )


async def test_query_may_name_a_child_that_nobody_knows(exchange: Any) -> None:
    region = exchange
    who = {"snils": SNILS, "last_name": "Новиков", "first_name": "Лев", "birth_date": "2017-03-04"}
    arrived = asyncio.Event()
    region.simulator.node.on_delivery(lambda _recipient: arrived.set())
    task = asyncio.create_task(post(region, "query", who))
    await arrived.wait()

    (child,) = pf.read_request((await region.requests()).content).query.children  # type: ignore[union-attr]  # search

    assert (child.last_name, child.first_name, child.birth_date) == ("Новиков", "Лев", "2017-03-04")
    task.cancel()
    assert (await post(region, "query", who | {"birth_date": "soon"}))[0] == 400


async def test_query_about_a_child_nobody_knows_is_404(region: Any) -> None:
    assert (await post(region, "query", {"snils": SNILS}))[0] == 404
    assert (await post(region, "query", {}))[0] == 400


async def test_reset_forgets_everything(region: Any) -> None:
    message_id = await region.send(region.batch(region.certificate(1)))
    await region.simulator.consumer.at_rest()
    await post(region, "faults", {"operation": "Ack", "kind": "SMEVFailure"})
    await post(region, "clock", {"advance": 60})

    assert await post(region, "reset") == (200, {"status": "reset"})

    assert (await get(region, f"accounts/{SNILS}"))[0] == 404
    assert (await get(region, "queues"))[1]["queues"] == []
    assert (await get(region, "journal"))[1]["exchanges"] == []
    assert (await get(region, "faults"))[1]["faults"] == []
    assert (await get(region, "clock"))[1]["offset"] == 0
    await region.send(region.batch(region.certificate(1)), message_id=message_id)


# Faults to order


def status_call(region: Any) -> bytes:
    """Build a call with no effect."""
    return call.get_status(timestamp=region.simulator.clock(), signer=region.signer)


async def test_ordered_failure_befalls_its_operation_so_often(region: Any) -> None:
    _, body = await post(region, "faults", {"operation": "GetStatus", "kind": "SMEVFailure", "times": 2})
    assert body["faults"] == [{"operation": "GetStatus", "kind": "SMEVFailure", "times": 2, "seconds": 1.0}]

    assert await region.answers() is None
    for _ in range(2):
        assert (await region.fault(status_call(region))).kind is FaultKind.SMEV_FAILURE
    assert (await region.say(status_call(region))).delivery is None
    assert (await get(region, "faults"))[1]["faults"] == []


async def test_full_queue_can_be_ordered(region: Any) -> None:
    await post(region, "faults", {"operation": "SendRequest", "kind": "DestinationOverflow"})
    data = call.send_request(message_id=region.ids(), content=region.batch(region.certificate(1)), signer=region.signer)

    assert (await region.fault(data)).kind is FaultKind.DESTINATION_OVERFLOW
    assert (await region.say(data)).metadata is not None


async def test_ordered_faults_come_in_order_and_can_be_cancelled(region: Any) -> None:
    await post(region, "faults", {"kind": "SMEVFailure"})
    await post(region, "faults", {"operation": "*", "kind": "drop-before", "times": 5})
    await region.fault(status_call(region))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await region.post(status_call(region))

    assert (await post(region, "faults", method="DELETE"))[1]["faults"] == []
    assert (await region.say(status_call(region))).delivery is None


@pytest.mark.parametrize(("kind", "applied"), [("drop-before", 0), ("drop-after", 1)])
async def test_cut_connection_before_or_after_the_effect(region: Any, kind: str, applied: int) -> None:
    await post(region, "faults", {"operation": "SendRequest", "kind": kind})
    data = call.send_request(message_id=region.ids(), content=region.batch(region.certificate(1)), signer=region.signer)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await region.post(data, Operation.SEND_REQUEST)
    await region.simulator.consumer.at_rest()

    cut = [entry for entry in region.simulator.journal.last() if entry["outcome"] == "dropped"]
    assert [entry["operation"] for entry in cut] == ["SendRequest"]
    assert region.simulator.accounts.statistics()["totals"]["applied"] == applied
    if applied:
        assert (await region.fault(data)).kind is FaultKind.MESSAGE_IS_ALREADY_SENT
    else:
        assert (await region.say(data)).metadata is not None


async def test_ordered_delay_delays(region: Any) -> None:
    await post(region, "faults", {"operation": "GetStatus", "kind": "delay", "seconds": 0.2})
    loop = asyncio.get_running_loop()
    started = loop.time()

    _, body = await region.post(status_call(region))

    assert loop.time() - started >= 0.2
    assert reply.open_reply(body).delivery is None


@pytest.mark.parametrize(
    "wish",
    [
        {"operation": "Nothing", "kind": "delay"},
        {"kind": "explode"},
        {"kind": "delay", "times": 0},
        {"kind": "delay", "times": True},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 601},
        {"kind": "delay", "seconds": "1"},
        {},
        [],
    ],
)
async def test_senseless_orders_are_refused(region: Any, wish: Any) -> None:
    status, body = await post(region, "faults", wish)

    assert status == 400
    assert body["error"]
    assert (await get(region, "faults"))[1]["faults"] == []
