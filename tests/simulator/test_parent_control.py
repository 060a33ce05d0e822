"""The control calls that play a parent, so that a test of a region needs no browser."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.simulator.parent import CHILD_SNILS, GROUP, PARENT_SNILS, TOWN, Parent
from tests.simulator.test_decisions import ACTIONS, QUERIES, SNAPSHOTS, objects, offer, told
from tests.simulator.test_elk import create, new

from socert.contracts.portal import account

FAMILY = {"owner": PARENT_SNILS, "child": CHILD_SNILS}


async def get(parent: Parent, path: str) -> tuple[int, Any]:
    """GET a control call, return status and JSON."""
    async with parent.region.http.get(f"{parent.simulator.url}/_sim/{path}") as response:
        return response.status, await response.json()


async def post(parent: Parent, path: str, body: Any = None) -> tuple[int, Any]:
    """POST a control call, return status and JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    async with parent.region.http.post(f"{parent.simulator.url}/_sim/{path}", data=data) as response:
        return response.status, await response.json()


async def begun(parent: Parent) -> str:
    """Begin an order and return its path."""
    status, order = await post(parent, "orders", FAMILY | {"group": GROUP, "start": "2026-09-15"})
    assert status == 201
    return f"orders/{order['id']}"


async def test_whole_enrolment_without_a_browser(parent: Parent) -> None:
    path = await begun(parent)
    status, order = await post(parent, f"{path}/certificate")
    assert (status, order["certificate"]["number"], order["certificate"]["available"]) == (200, "1234567890", "9256.00")

    status, order = await post(parent, f"{path}/cost")
    assert (status, order["cost"]["outcome"], order["cost"]["own_part"]) == (200, "calculated", "4000.00")
    assert (order["cost"]["division"]["years"][0]["certificate_part"], order["agreeable"]) == ("8000.00", True)

    status, order = await post(parent, f"{path}/submit", {"own_part_accepted": True})
    assert (status, order["status"], order["said"]) == (200, 21, "Отправлено в ведомство")
    await parent.until(1)
    waiting = asyncio.create_task(get(parent, f"{path}?after={order['changes']}&wait=20"))
    await parent.tell(parent.status(order["id"], 6, 1, send_message_allowed=True))
    status, order = await waiting
    assert (status, order["status"], order["seq"]) == (200, 6, 1)

    status, order = await post(parent, f"{path}/text", {"text": "Когда начало?"})
    assert (status, order["messages"][0]["text"]) == (200, "Когда начало?")
    status, order = await post(parent, f"{path}/cancel", {"reason": "Передумали"})
    assert (status, order["status"]) == (200, 9)
    assert (await parent.until(3)).body.reason == "Передумали"

    _, listed = await get(parent, f"orders?owner={PARENT_SNILS}")
    assert [one["id"] for one in listed["orders"]] == [order["id"]]
    assert (await get(parent, "orders"))[1] == listed
    _, shown = await get(parent, path)
    assert shown["status"] == 9


async def test_what_the_portal_would_not_let_a_parent_do_is_409(parent: Parent) -> None:
    path = await begun(parent)
    status, body = await post(parent, f"{path}/cost")
    assert (status, body["refused"]) == (409, True)
    assert "сертификат" in body["error"]

    await post(parent, f"{path}/certificate")
    await post(parent, f"{path}/cost")
    status, body = await post(parent, f"{path}/submit", {"own_part_accepted": False})
    assert (status, "за счёт семьи" in body["error"]) == (409, True)
    status, order = await post(parent, f"{path}/submit", {"unchecked": True, "calculation": "calc-0000"})
    assert (status, order["status"]) == (200, 21)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("orders", b"not json", 400),
        ("orders", b"[]", 400),
        ("orders", {"owner": "1"}, 400),
        ("orders", {"owner": True}, 400),
        ("orders", {"owner": 999}, 404),
        ("orders", {"owner": PARENT_SNILS, "child": "00000000000"}, 404),
        ("orders", FAMILY, 400),
        ("orders", FAMILY | {"group": GROUP, "start": "15.09.2026"}, 400),
        ("orders", FAMILY | {"group": GROUP, "source": "gold"}, 400),
        ("orders", FAMILY | {"group": GROUP, "child": 999}, 409),
        ("orders", FAMILY | {"group": "nothing"}, 409),
        ("orders", FAMILY | {"group": GROUP, "municipality": 5}, 400),
        ("orders", FAMILY | {"group": GROUP, "offer": 5}, 400),
        ("orders/7/certificate", {}, 409),
        ("orders/7/submit", {}, 409),
        ("orders/7/text", {"text": 5}, 400),
        ("orders/7/text", {"message_id": 5}, 400),
        ("orders/7/cancel", {"unchecked": "yes"}, 400),
        ("offers/x/answer", {"owner": PARENT_SNILS, "answer": "MAYBE"}, 400),
        ("offers/x/answer", {"owner": PARENT_SNILS, "answer": "ACCEPT", "seq": "1"}, 400),
        ("offers/x/answer", {"owner": PARENT_SNILS, "answer": "ACCEPT"}, 409),
        ("offers/x/answer", {"owner": PARENT_SNILS, "answer": "ACCEPT", "forms": "PD_PROCESSING"}, 400),
        ("consents", FAMILY | {"action": "GIVE", "forms": ["OTHER"]}, 400),
        ("consents", FAMILY | {"action": "GIVE", "forms": []}, 409),
        ("consents", FAMILY | {"action": "GIVE", "forms": ["PD_PROCESSING"], "version": 5}, 400),
        ("actions/x/repeat", {}, 409),
        ("live", FAMILY | {"include": ["EVERYTHING"]}, 400),
        ("snapshot", {"objects": "all"}, 400),
        ("snapshot", {"objects": [""]}, 400),
        ("snapshot", {"objects": ["x"] * 1001}, 400),
    ],
)
async def test_bad_call_is_answered_as_json(parent: Parent, path: str, body: Any, status: int) -> None:
    found, answer = await post(parent, path, body)
    assert found == status
    assert answer["error"]


@pytest.mark.parametrize("path", ["orders/7?after=x", "orders/7", "orders/7?after=1", "actions/x", "orders?owner=1"])
async def test_bad_look_is_answered_as_json(parent: Parent, path: str) -> None:
    found, answer = await get(parent, path)
    assert found in {400, 404}
    assert answer["error"]


async def test_wait_has_a_limit(parent: Parent) -> None:
    path = await begun(parent)
    assert (await get(parent, f"{path}?after=0&wait=61"))[0] == 400
    assert (await get(parent, f"{path}?after=x"))[0] == 400
    assert (await get(parent, f"{path}?after=0&wait=0"))[0] == 200


async def test_offer_consent_and_repeat(parent: Parent) -> None:
    await parent.region.push(offer(parent))
    parent.replies[ACTIONS] = told(account.ActionResult.ACCEPTED)
    yes = {"answer": "ACCEPT", "own_part_accepted": True, "forms": ["SPLIT_PAYMENT"]}
    status, decision = await post(parent, "offers/offer-1/answer", {"owner": parent.owner} | yes)
    assert (status, decision["result"], parent.got[ACTIONS][0].action.offer_seq) == (200, "ACCEPTED", 3)

    status, given = await post(parent, "consents", FAMILY | {"action": "WITHDRAW", "forms": ["PD_PROCESSING"]})
    assert (status, given["kind"], given["deed"]) == (200, "consent", "WITHDRAW")
    assert await get(parent, f"actions/{given['id']}") == (200, given)
    assert (await post(parent, f"actions/{given['id']}/repeat"))[0] == 200
    assert parent.got[ACTIONS][1] == parent.got[ACTIONS][2]

    _, shown = await get(parent, f"accounts/{CHILD_SNILS}")
    assert [one["id"] for one in shown["offers"]] == ["offer-1"]
    assert shown["offers"][0]["own_part"] == "4000.00"


async def test_live_read_and_comparison(parent: Parent) -> None:
    parent.replies[QUERIES] = objects(parent)
    status, answer = await post(parent, "live", FAMILY | {"include": ["CERTIFICATE"]})
    assert (status, answer["outcome"], answer["live"]) == (200, "ok", True)
    assert (answer["certificates"][0]["number"], answer["offers"][0]["id"]) == ("1234567890", "offer-1")

    parent.replies[SNAPSHOTS] = lambda request: [
        account.SnapshotResponse(snapshot_id=request.snapshot_id, as_of=request.requested_at)
    ]
    await parent.region.push(parent.region.certificate(1))
    status, found = await post(parent, "snapshot")
    assert (status, found["outcome"], len(found["missing_there"])) == (200, "ok", 1)
    assert TOWN not in found["missing_there"]


async def test_account_of_a_child_without_pushes_has_its_orders(parent: Parent) -> None:
    assert (await get(parent, f"accounts/{CHILD_SNILS}"))[0] == 404
    await begun(parent)
    status, shown = await get(parent, f"accounts/{CHILD_SNILS}")
    assert (status, shown["certificates"], len(shown["orders"])) == (200, [], 1)


async def test_text_cards_are_listed(parent: Parent) -> None:
    await parent.ask_portal(create(new()))
    status, found = await get(parent, f"elk?owner={PARENT_SNILS}")
    assert (status, found["orders"][0]["text"]) == (200, "Доступно 9256,00 руб.")


async def test_reset_forgets_orders_and_decisions(parent: Parent) -> None:
    await begun(parent)
    await parent.ask_portal(create(new()))
    await post(parent, "reset")

    assert (await get(parent, "orders"))[1] == {"orders": []}
    assert (await get(parent, f"elk?owner={PARENT_SNILS}"))[1] == {"orders": []}
