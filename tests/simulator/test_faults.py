"""Refusals of the exchange: the kind, the words of its manual, its code, and HTTP 500."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from structlog.testing import capture_logs

from socert.contracts.message import MessageType
from socert.contracts.portal import account
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.signature import testkeys
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import Fault, FaultKind, FaultReceived, faults_of
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version, schema
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

MOSCOW = timezone(timedelta(hours=3))


def stranger(region: Any) -> KeySigner:
    """Return a key that nobody registered."""
    made = testkeys.make("Nobody", organisation="Nobody", now=region.simulator.clock())
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def send(region: Any, content: Any = None, **more: Any) -> bytes:
    """Build a SendRequest that is right but for what `more` says."""
    given = {"message_id": region.ids(), "signer": region.signer} | more
    return call.send_request(content=content or region.batch(region.certificate()), **given)


def calls(region: Any, signer: KeySigner) -> dict[Operation, bytes]:
    """Build one call of each operation, signed by `signer`."""
    now = region.simulator.clock()
    return {
        Operation.SEND_REQUEST: send(region, signer=signer),
        Operation.SEND_RESPONSE: call.send_response(
            message_id=region.ids(), to="somewhere", content=response(), signer=signer
        ),
        Operation.GET_REQUEST: call.get_request(timestamp=now, signer=signer),
        Operation.GET_RESPONSE: call.get_response(timestamp=now, signer=signer),
        Operation.GET_STATUS: call.get_status(timestamp=now, signer=signer),
        Operation.ACK: call.ack(message_id=region.ids(), signer=signer),
    }


def response() -> account.UpdateResponse:
    """Return an answer to a push."""
    return account.UpdateResponse(batch_id=str(uuid.UUID(int=1)), code=0, message="")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda data: data[: len(data) // 2], "not well-formed"),
        (lambda data: b"\xff\xfe" + data, "UTF-8"),
        (lambda data: data.replace(b"<soap:Envelope", b"<!DOCTYPE a><soap:Envelope"), "DOCTYPE"),
        (lambda data: data.replace(b"soap/envelope/", b"soap/envelop/"), "Envelope"),
        (lambda data: data.replace(b"typ:SendRequestRequest", b"typ:SendSomething"), "operation"),
        (lambda data: data.replace(b"types/1.2", b"types/9.9"), "version"),
        (lambda data: re.sub(rb"<ns1:MessageID>[^<]*</ns1:MessageID>", b"", data), "MessageID"),
        (lambda data: data.replace(b"</ns1:MessageID>", b"</ns1:MessageID><ns1:Odd></ns1:Odd>"), "Odd"),
    ],
    ids=["cut", "not utf-8", "doctype", "not soap", "unknown operation", "unknown version", "no id", "odd element"],
)  # fmt: skip
async def test_broken_envelope_is_invalid_content(
    region: Any, damage: Callable[[bytes], bytes], complaint: str
) -> None:
    fault = await region.fault(damage(send(region)))

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert fault.text == "Нарушен формат бизнес-конверта."
    assert fault.smev_code == 403
    assert fault.code
    assert any(complaint in error.text for error in fault.errors)


async def test_every_operation_wants_a_signature(region: Any) -> None:
    for operation, data in calls(region, region.signer).items():
        unsigned = re.sub(
            rb"<typ:CallerInformationSystemSignature>.*</typ:CallerInformationSystemSignature>", b"", data
        )
        assert unsigned != data

        fault = await region.fault(unsigned)

        assert fault.kind is FaultKind.INVALID_CONTENT, operation
        assert fault.text == (
            "Сообщение содержит не все вложенные элементы. Блок CallerInformationSystemSignature отсутствует либо пуст."
        )


async def test_changed_content_breaks_the_signature(region: Any) -> None:
    data = send(region)
    changed = data.replace("Тест".encode(), "Текст".encode())
    assert changed != data

    fault = await region.fault(changed)

    assert fault.kind is FaultKind.SIGNATURE_VERIFICATION
    assert fault.text == "ЭП-ОВ не соответствует подписанным данным: "
    assert fault.details == {"SignatureVerificationFault": "SignatureIsInvalid"}
    assert fault.smev_code == 100
    assert await region.answers() is None


async def test_signature_over_something_else_is_refused(region: Any) -> None:
    fault = await region.fault(send(region).replace(b'URI="#SIGNED_BY_CALLER"', b'URI="#OTHER"'))

    assert fault.details == {"SignatureVerificationFault": "IncorrectSignatureTarget"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS_OF[Version.V1_2]))
async def test_unknown_certificate_is_an_unregistered_sender(region: Any, operation: Operation) -> None:
    fault = await region.fault(calls(region, stranger(region))[operation])

    polling = operation in {Operation.GET_REQUEST, Operation.GET_RESPONSE}
    assert fault.kind is FaultKind.SENDER_IS_NOT_REGISTERED
    assert fault.text == (
        "Отправитель не зарегистрирован в СМЭВ" if polling else "Информационная система не зарегистрирована в СМЭВ."
    )
    assert fault.kind in faults_of(operation, Version.V1_2)


async def test_certificate_is_valid_between_its_dates_only(region: Any) -> None:
    certificate = load_certificate(region.signer.certificate)
    region.simulator.clock.advance(timedelta(days=826))
    fault = await region.fault(send(region))
    assert fault.details == {"SignatureVerificationFault": "CertificateIsExpired"}
    until = certificate.not_valid_after_utc.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M")
    assert fault.text == f"Срок действия сертификата истёк. Сертификат действителен до {until}"

    region.simulator.clock.advance(-timedelta(days=830))
    fault = await region.fault(send(region))
    since = certificate.not_valid_before_utc.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M")
    assert fault.text == f"Срок действия сертификата не начался. Сертификат действителен с {since}"


@pytest.mark.parametrize("message_id", [str(uuid.UUID(int=4 << 76 | 8 << 60)), "not-a-uuid", ""])
async def test_message_id_is_a_uuid_of_version_1(region: Any, message_id: str) -> None:
    for data in (
        send(region, message_id=message_id),
        call.send_response(message_id=message_id, to="x", content=response(), signer=region.signer),
    ):
        fault = await region.fault(data)

        assert fault.kind is FaultKind.INVALID_MESSAGE_ID_FORMAT
        assert fault.text == "Недопустимый формат идентификатора сообщения. См. RFC-4122."


async def test_message_id_is_valid_for_a_day(region: Any) -> None:
    on_time, late = send(region), send(region)
    region.simulator.clock.advance(timedelta(hours=24))
    await region.say(on_time)
    region.simulator.clock.advance(timedelta(milliseconds=1))

    fault = await region.fault(late)

    assert fault.kind is FaultKind.STALE_MESSAGE_ID
    assert fault.text == "Timestamp идентификатора сообщения слишком давний."


async def test_age_of_message_ids_is_a_setting(keys: Any, region: Any) -> None:
    settings = Settings(port=0, keys=keys, clock=ClockMode.MANUAL, message_age=timedelta(hours=48))
    async with Simulator(settings) as patient:
        data = send(region)
        patient.clock.set(region.simulator.clock() + timedelta(hours=47))
        assert (await patient.node.handle(data))[0] == 200
        data = send(region)
        patient.clock.advance(timedelta(hours=2))
        with pytest.raises(FaultReceived) as caught:
            reply.open_reply((await patient.node.handle(data))[1])
        assert caught.value.fault.kind is FaultKind.STALE_MESSAGE_ID


async def test_same_message_id_again_is_already_sent(region: Any) -> None:
    message_id = region.ids()
    data = send(region, message_id=message_id)
    await region.say(data)
    text = f"Сообщение с идентификатором {message_id} было послано ранее."

    for again in (
        data,
        send(region, region.batch(region.contract()), message_id=message_id),
        call.send_response(message_id=message_id, to="x", content=response(), signer=region.signer),
    ):
        fault = await region.fault(again)

        assert fault.kind is FaultKind.MESSAGE_IS_ALREADY_SENT
        assert fault.text == text

    # A known id stays known however old it is.
    region.simulator.clock.advance(timedelta(hours=30))
    assert (await region.fault(data)).kind is FaultKind.MESSAGE_IS_ALREADY_SENT


async def test_refused_message_leaves_its_id_free(region: Any) -> None:
    message_id = region.ids()
    wrong = send(region, b"<a xmlns='urn:unknown'/>", message_id=message_id)
    await region.fault(wrong)

    assert (await region.say(send(region, message_id=message_id))).metadata is not None


async def test_unknown_business_root_is_not_supported(region: Any) -> None:
    fault = await region.fault(send(region, b"<a xmlns='urn:unknown'/>"))

    assert fault.kind is FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED
    assert fault.text == "Неподдерживаемый тип запроса."
    assert fault.details == {"RootElementLocalName": "a", "RootElementNamespaceURI": "urn:unknown"}


async def test_response_sent_as_a_request_is_not_supported(region: Any) -> None:
    fault = await region.fault(send(region, response()))

    assert fault.kind is FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED
    assert fault.text == (
        "Попытка послать сообщение {urn:socert:portal:account:1.0.0}AccountUpdateResponse через метод sendRequest,"
        " в то время как этот тип сообщений зарегистрирован как RESPONSE"
    )


async def test_sender_may_send_its_own_types_only(region: Any) -> None:
    item = pf.InformerItem(certificate_guid="x", snils="11223344595")
    moment = region.simulator.clock()
    question = pf.Request(order_id=1, order_timestamp=moment, query=pf.InformerQuery(items=(item,)))

    fault = await region.fault(send(region, question))

    assert fault.kind is FaultKind.ACCESS_DENIED
    assert fault.text == "Доступ запрещён"


async def test_end_of_life_that_is_over_is_refused(region: Any) -> None:
    fault = await region.fault(send(region, end_of_life=region.simulator.clock()))

    assert fault.kind is FaultKind.END_OF_LIFE_REACHED


async def test_answer_to_nowhere_finds_no_recipient(region: Any) -> None:
    data = call.send_response(message_id=region.ids(), to="нет такого", content=response(), signer=region.signer)

    fault = await region.fault(data)

    assert fault.kind is FaultKind.RECIPIENT_IS_NOT_FOUND
    assert fault.text == ("Невозможно определить получателя для ответа на запрос. Адресная информация: нет такого")


async def test_only_who_got_the_request_may_answer_it(exchange: Any, keys: Any) -> None:
    region = exchange
    await region.send(region.batch(region.certificate()))
    portal = KeySigner.from_files((keys / "portal.key").read_bytes(), (keys / "portal.crt").read_bytes())
    got = (await region.say(call.get_request(timestamp=region.simulator.clock(), signer=portal))).delivery

    fault = await region.fault(
        call.send_response(message_id=region.ids(), to=got.reply_to, content=response(), signer=region.signer)
    )

    assert fault.kind is FaultKind.RECIPIENT_IS_NOT_FOUND


async def test_answer_must_be_of_the_requests_type(exchange: Any, keys: Any) -> None:
    region = exchange
    portal = KeySigner.from_files((keys / "portal.key").read_bytes(), (keys / "portal.crt").read_bytes())
    await region.send(region.batch(region.certificate()))
    got = (await region.say(call.get_request(timestamp=region.simulator.clock(), signer=portal))).delivery

    async def answered(content: Any) -> Fault:
        data = call.send_response(message_id=region.ids(), to=got.reply_to, content=content, signer=portal)
        fault: Fault = await region.fault(data)
        return fault

    unknown = await answered(b"<a xmlns='urn:unknown'/>")
    assert unknown.kind is FaultKind.INVALID_CONTENT
    assert unknown.text == (
        "Попытка послать сообщение {urn:unknown}a через метод sendResponse, в то время как этот тип сообщений не"
        " зарегистрирован в СМЭВ."
    )
    other_type = pf.Response(order_id=1, response_timestamp=region.simulator.clock(), answers=())
    assert (await answered(other_type)).kind is FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED
    a_request = region.batch(region.certificate())
    assert (await answered(a_request)).kind is FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE


@pytest.mark.parametrize("get", [call.get_request, call.get_response])
async def test_selector_must_name_a_type_of_ones_own(region: Any, get: Any) -> None:
    unknown = MessageType(namespace="urn:unknown", root="a")

    fault = await region.fault(get(timestamp=region.simulator.clock(), signer=region.signer, selector=unknown))

    assert fault.kind is FaultKind.UNKNOWN_MESSAGE_TYPE
    assert fault.text == (
        "Входящая очередь запрошенного типа сообщений, принадлежащая пользователю O=Region, CN=Region"
        " не зарегистрирована в СМЭВ"
    )


async def test_requests_of_a_type_served_by_another_cannot_be_selected(region: Any) -> None:
    data = call.get_request(timestamp=region.simulator.clock(), signer=region.signer, selector=account.REQUEST)

    assert (await region.fault(data)).kind is FaultKind.UNKNOWN_MESSAGE_TYPE


async def test_ack_of_what_was_not_given_out_finds_nothing(region: Any) -> None:
    message_id = region.ids()

    fault = await region.fault(call.ack(message_id=message_id, signer=region.signer))

    assert fault.kind is FaultKind.TARGET_MESSAGE_IS_NOT_FOUND
    assert fault.text == f"Сообщение {message_id} не найдено среди неподтверждённых."
    assert fault.smev_code == 501


async def test_too_big_a_body_is_refused_without_being_read(keys: Any, region: Any) -> None:
    async with (
        Simulator(Settings(port=0, keys=keys, body_limit=4096)) as small,
        region.http.post(small.exchange_url, data=b"<" * 5000) as answer,
    ):
        assert answer.status == 500
        with pytest.raises(FaultReceived) as caught:
            reply.open_reply(await answer.read())
    assert caught.value.fault.kind is FaultKind.INVALID_CONTENT
    assert caught.value.fault.errors[0].text == "the message is larger than 4096 bytes"


async def test_default_limit_is_ten_mebibytes(region: Any) -> None:
    status, _ = await region.post(io.BytesIO(b" " * (10 * 1024 * 1024)))
    assert status == 500
    assert region.simulator.journal.last(1)[0]["fault"] == "InvalidContent"
    assert region.simulator.settings.body_limit == 10 * 1024 * 1024


async def test_failure_inside_the_node_is_the_exchanges_failure(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(region.simulator.queues, "take", broken)
    data = call.get_request(timestamp=region.simulator.clock(), signer=region.signer)

    with capture_logs() as logged:
        fault = await region.fault(data)

    assert fault.kind is FaultKind.SMEV_FAILURE
    assert fault.text == "Ошибка СМЭВ. Обратитесь в службу технической поддержки."
    assert region.simulator.journal.last(1)[0]["outcome"] == "error"
    assert [(line["event"], line["exc_info"]) for line in logged] == [("the node failed", True)]
    monkeypatch.undo()
    assert (await region.say(data)).delivery is None


async def test_faults_are_valid_by_the_schema_of_faults(region: Any) -> None:
    _, body = await region.post(send(region, signer=stranger(region)))
    detail = etree.fromstring(body).find(".//detail")
    assert detail is not None
    schema(Version.V1_2).check(detail[0])
