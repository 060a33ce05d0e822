"""Faults that a tester orders: any kind, for any operation, in every version and in both styles of the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from socert.contracts.smev import call, reply
from socert.contracts.smev.envelope import open_body
from socert.contracts.smev.fault_texts import number
from socert.contracts.smev.fault_xml import exists
from socert.contracts.smev.faults import Fault, FaultKind, FaultReceived
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

KINDS = [kind for kind in FaultKind if kind is not FaultKind.UNKNOWN]


def call_of(region: Any, operation: Operation, version: Version) -> bytes:
    """Build a call that the exchange would take."""
    now: dict[str, Any] = {"timestamp": region.simulator.clock(), "signer": region.signer}
    if operation is Operation.GET_INCOMING_QUEUE_STATISTICS:
        return call.get_incoming_queue_statistics(**now)
    match operation:
        case Operation.SEND_REQUEST:
            content = region.batch(region.certificate())
            return call.send_request(message_id=region.ids(), content=content, signer=region.signer, version=version)
        case Operation.SEND_RESPONSE:
            content = b"<a xmlns='urn:a'/>"
            return call.send_response(
                message_id=region.ids(), to="x", content=content, signer=region.signer, version=version
            )
        case Operation.GET_REQUEST:
            return call.get_request(version=version, **now)
        case Operation.GET_RESPONSE:
            return call.get_response(version=version, **now)
        case Operation.GET_STATUS:
            return call.get_status(version=version, **now)
    return call.ack(message_id=region.ids(), signer=region.signer, version=version)


async def control(region: Any, method: str, wish: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    """Speak to the control call of faults."""
    async with region.http.request(method, f"{region.simulator.url}/_sim/faults", json=wish) as answer:
        return answer.status, await answer.json()


async def post(region: Any, data: bytes, version: Version) -> tuple[int, bytes]:
    """Post a call to its version's address."""
    address = region.simulator.exchange_address(version)
    async with region.http.post(address, data=data, headers={"Content-Type": "text/xml"}) as answer:
        return answer.status, await answer.read()


def fault_in(body: bytes) -> Fault:
    """Return the fault that a body is."""
    with pytest.raises(FaultReceived) as caught:
        reply.open_reply(body)
    return caught.value.fault


def detail(body: bytes) -> etree._Element:
    """Return the element in a fault's detail."""
    holder = open_body(body).find("detail")
    assert holder is not None
    return holder[0]


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("operation", list(Operation))
async def test_every_kind_can_be_ordered_for_every_operation(
    exchange: Any, version: Version, operation: Operation
) -> None:
    if operation not in OPERATIONS_OF[version]:
        return
    for kind in KINDS:
        if not exists(kind, version):
            continue
        await control(exchange, "POST", {"operation": operation.value, "kind": kind.value})
        data = call_of(exchange, operation, version)

        status, body = await post(exchange, data, version)

        fault = fault_in(body)
        assert (status, fault.kind, fault.smev_code) == (500, kind, number(kind))
        assert fault.text
        schema(version).check(detail(body))
        line = exchange.simulator.journal.last(1)[0]
        assert (line["operation"], line["fault"], line["reason"]) == (operation, kind, "ordered by a tester")
    assert (await control(exchange, "GET"))[1]["faults"] == []


async def test_an_ordered_fault_quotes_the_call(exchange: Any) -> None:
    message_id = exchange.ids()
    await control(exchange, "POST", {"kind": "TargetMessageIsNotFound"})
    _, body = await post(exchange, call.ack(message_id=message_id, signer=exchange.signer), Version.V1_2)

    assert fault_in(body).text == f"Сообщение {message_id} не найдено среди неподтверждённых."
    assert exchange.simulator.journal.last(1)[0]["message_id"] == message_id


async def test_a_fault_that_a_version_has_not_waits_for_another_version(exchange: Any) -> None:
    await control(exchange, "POST", {"operation": "GetStatus", "kind": "PersonalAccessDenied"})

    assert (await post(exchange, call_of(exchange, Operation.GET_STATUS, Version.V1_2), Version.V1_2))[0] == 200
    _, body = await post(exchange, call_of(exchange, Operation.GET_STATUS, Version.V1_3), Version.V1_3)

    assert fault_in(body).kind is FaultKind.PERSONAL_ACCESS_DENIED


async def test_an_ordered_fault_needs_no_call_that_can_be_read(exchange: Any) -> None:
    await control(exchange, "POST", {"kind": "RecipientIsNotFound"})

    status, body = await post(exchange, b"words", Version.V1_1)

    assert (status, fault_in(body).kind) == (500, FaultKind.RECIPIENT_IS_NOT_FOUND)
    assert detail(body).tag == f"{{{Version.V1_1.faults}}}RecipientIsNotFound"


@pytest.mark.parametrize("version", list(Version))
async def test_faults_can_look_as_the_newer_gateways_write_them(exchange: Any, version: Version) -> None:
    """The style is for every fault, those with a cause of their own too, until it is changed back."""
    data = call.ack(message_id=exchange.ids(), signer=exchange.signer, version=version)
    _, classic = await post(exchange, data, version)

    assert (await control(exchange, "POST", {"style": "empty"}))[1]["style"] == "empty"
    status, body = await post(exchange, data, version)

    assert status == 500
    assert fault_in(body) == Fault(kind=FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, text=fault_in(classic).text)
    assert open_body(body).findtext("faultcode") == "SOAP-ENV:Client"
    assert (len(detail(body)), detail(body).tag) == (0, detail(classic).tag)

    assert (await control(exchange, "DELETE"))[1]["style"] == "classic"
    assert (await post(exchange, data, version))[1] == classic


@pytest.mark.parametrize(
    "wish", [{"style": "odd"}, {"style": "empty", "kind": "delay"}, {"kind": ""}, {"kind": ["x"]}, {"kind": None}]
)
async def test_senseless_orders_change_nothing(exchange: Any, wish: dict[str, Any]) -> None:
    status, said = await control(exchange, "POST", wish)

    assert (status, bool(said["error"])) == (400, True)
    assert (await control(exchange, "GET"))[1] == {"faults": [], "style": "classic"}
