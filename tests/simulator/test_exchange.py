"""The exchange over HTTP, spoken to with the project's own envelopes: how a message travels."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.status import BusinessStatus, InteractionStatus, MessageCategory, RejectCode, Rejection
from socert.host.keys import key_files, load_signer

SUITES = frozenset(Suite)


def search(snils: str = "11223344595") -> pf.Request:
    """Return a question of the portal."""
    child = pf.SearchedChild(
        last_name="Примеров",
        first_name="Тест",
        document=pf.BirthCertificate(series="IV-АБ", number="123456", agency="ЗАГС", issue_date="2016-03-01"),
        snils=snils,
    )
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    return pf.Request(order_id=7, order_timestamp=moment, query=pf.SearchQuery(children=(child,)))


def nothing(order_id: int = 7) -> pf.Response:
    """Return an answer that says: nothing found."""
    answer = pf.NothingFound(reason="Сертификат не найден", snils="11223344595")
    return pf.Response(order_id=order_id, response_timestamp=datetime(2026, 9, 1, tzinfo=UTC), answers=(answer,))


async def ask(region: Any, keys: Any, **more: Any) -> str:
    """Let the portal send a question through the exchange; return its message id."""
    portal = load_signer(key_files(keys, "portal"))
    message_id: str = region.ids()
    await region.say(call.send_request(message_id=message_id, content=search(), signer=portal, **more))
    return message_id


async def test_send_request_is_queued_and_signed_by_the_exchange(region: Any) -> None:
    message_id = region.ids()
    answer = await region.say(
        call.send_request(message_id=message_id, content=region.batch(region.certificate()), signer=region.signer)
    )

    assert answer.metadata is not None
    assert answer.metadata.message_id == message_id
    assert answer.metadata.message_type is MessageCategory.REQUEST
    assert answer.metadata.sender == "REGION"
    assert answer.metadata.recipient == "EPGU"
    assert answer.metadata.status is InteractionStatus.QUEUED
    assert answer.metadata.sent_at == region.simulator.clock()
    exchange = load_signer(key_files(region.simulator.settings.keys, "exchange"))
    assert reply.verify(answer, SUITES).certificate == exchange.certificate


async def test_request_reaches_its_provider_with_the_senders_signature(region: Any, keys: Any) -> None:
    message_id = await ask(region, keys)

    opened = await region.say(call.get_request(timestamp=region.simulator.clock(), signer=region.signer))

    delivery = opened.delivery
    assert delivery.message_id == message_id
    assert delivery.sender == "EPGU"
    assert pf.read_request(delivery.content) == search()
    assert reply.verify_sender(opened, SUITES).certificate == load_signer(key_files(keys, "portal")).certificate


async def test_reply_to_is_opaque_and_answers_go_back_to_who_asked(exchange: Any, keys: Any) -> None:
    region = exchange
    message_id = await ask(region, keys)
    delivery = await region.requests()
    await region.ack(delivery.message_id)
    base64.b64decode(delivery.reply_to, validate=True)

    # Any number of answers may go to one address: a status, a refusal, a content.
    kinds: list[dict[str, Any]] = [
        {"status": BusinessStatus(code=1, description="В работе", parameters=(("a", "б"),))},
        {"rejections": [Rejection(code=RejectCode.NO_DATA, description="Нет данных")]},
        {"content": nothing()},
    ]
    for kind in kinds:
        data = call.send_response(message_id=region.ids(), to=delivery.reply_to, signer=region.signer, **kind)
        answer = await region.say(data)
        assert answer.metadata.message_type is MessageCategory.RESPONSE
        assert answer.metadata.recipient == "EPGU"

    portal = load_signer(key_files(keys, "portal"))
    got = []
    for _ in kinds:
        opened = await region.say(call.get_response(timestamp=region.simulator.clock(), signer=portal))
        assert opened.delivery.original_message_id == message_id
        assert reply.verify_sender(opened, SUITES).certificate == region.signer.certificate
        got.append(opened.delivery)
    assert got[0].status == kinds[0]["status"]
    assert got[1].rejections == tuple(kinds[1]["rejections"])
    assert pf.read_response(got[2].content) == nothing()


async def test_each_request_has_its_own_reply_address(region: Any, keys: Any) -> None:
    await ask(region, keys)
    await ask(region, keys)
    first, second = await region.requests(), await region.requests()

    assert first.reply_to != second.reply_to
    assert json.loads(base64.b64decode(first.reply_to))["mid"] == first.message_id


async def test_request_carries_its_id_where_the_real_exchange_has_it(region: Any, keys: Any) -> None:
    message_id = await ask(region, keys)

    delivery = await region.requests()

    assert delivery.message_id == message_id
    assert delivery.metadata.message_id is None


async def test_reference_to_the_root_request_comes_with_the_answer(region: Any) -> None:
    root = region.ids()
    await region.send(region.batch(region.certificate()), reference_message_id=root)
    await region.simulator.consumer.at_rest()

    assert (await region.answers()).reference_message_id == root


async def test_node_id_is_kept(region: Any, keys: Any) -> None:
    await ask(region, keys, node_id="node-1")

    assert (await region.requests()).node_id == "node-1"


async def test_test_message_stays_marked(region: Any, keys: Any) -> None:
    await ask(region, keys, test=True)

    assert (await region.requests()).test


async def test_invalid_business_content_is_rejected_afterwards(region: Any) -> None:
    update = region.certificate(object_id="x" * 51)  # longer than the schema allows
    message_id = await region.send(region.batch(update))

    opened = await region.say(call.get_response(timestamp=region.simulator.clock(), signer=region.signer))

    delivery = opened.delivery
    assert delivery.original_message_id == message_id
    assert delivery.message_id != message_id
    assert delivery.sender == "SMEV"
    assert delivery.sender_signature is None
    status = delivery.async_status
    text = f"Бизнес-данные сообщения не соответствуют схеме, зарегистрированной в СМЭВ. MessageId = {message_id}"
    assert status.original_message_id == message_id
    assert status.category is InteractionStatus.REJECTED
    assert status.details == text
    assert status.fault.kind is FaultKind.INVALID_CONTENT
    assert status.fault.description == f"SMEV-403:{text}"
    assert "objectId" in status.fault.errors[0].text
    await region.ack(delivery.message_id)
    assert await region.answers() is None
    assert region.simulator.accounts.statistics()["objects"] == []


async def test_selector_finds_a_rejection_by_request_or_response_root(region: Any) -> None:
    bad = region.batch(region.certificate(object_id="x" * 51))
    await region.send(bad)
    await region.send(bad)

    assert await region.answers(selector=pf.REQUEST) is None
    assert await region.answers(selector=account.REQUEST) is not None
    assert await region.answers(selector=account.RESPONSE) is not None
    assert await region.answers() is None


async def test_invalid_content_of_a_response_is_rejected_to_who_answered(region: Any, keys: Any) -> None:
    await ask(region, keys)
    delivery = await region.requests()
    wrong = nothing().render().replace("<ns1:orderId>7<", "<ns1:orderId>seven<").encode()
    message_id = region.ids()
    await region.say(
        call.send_response(message_id=message_id, to=delivery.reply_to, content=wrong, signer=region.signer)
    )

    rejection = await region.answers(selector=pf.RESPONSE)

    assert rejection.original_message_id == message_id
    assert rejection.async_status.category is InteractionStatus.RESPONSE_REJECTED


async def test_get_status_is_an_empty_queue(region: Any) -> None:
    opened = await region.say(call.get_status(timestamp=region.simulator.clock(), signer=region.signer))

    assert opened.delivery is None


async def test_a_message_is_verified_over_the_bytes_received(region: Any) -> None:
    data = call.send_request(message_id=region.ids(), content=region.batch(region.certificate()), signer=region.signer)
    # Whitespace between elements is dropped by the transform, so this signature still holds.
    spaced = data.replace(b"</ns1:MessageID>", b"</ns1:MessageID>\n  ")
    assert spaced != data

    assert (await region.say(spaced)).metadata is not None


async def test_delivery_times_come_from_the_simulators_clock(region: Any, keys: Any) -> None:
    await ask(region, keys)
    sent = region.simulator.clock()
    region.simulator.clock.advance(timedelta(minutes=3))

    metadata = (await region.requests()).metadata

    assert metadata.sent_at == sent
    assert metadata.delivered_at == sent + timedelta(minutes=3)
