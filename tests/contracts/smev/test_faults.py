"""Faults: each comes back as it was sent, holds by schema, and leads to one thing to do."""

from __future__ import annotations

from typing import Any

import pytest

from socert.contracts.smev import reply
from socert.contracts.smev.envelope import open_body
from socert.contracts.smev.fault_texts import Cause, Origin, because, causes, number, of_kind, origin, text
from socert.contracts.smev.fault_xml import Style, exists, render_envelope
from socert.contracts.smev.faults import (
    Disposition,
    Fault,
    FaultKind,
    FaultReceived,
    ValidationError,
    disposition,
    faults_of,
)
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version, schema

KINDS = [kind for kind in FaultKind if kind is not FaultKind.UNKNOWN]
FAULTS = [(kind, version) for version in Version for kind in KINDS if exists(kind, version)]
FIELDS: dict[str, Any] = {
    "attachments": 2,
    "headers": 1,
    "attachment_id": "a1",
    "message_id": "b077cd84-3959-11f1-b8b2-0242333cce59",
    "namespace": "urn:x",
    "root": "Root",
    "category": "RESPONSE",
    "error": "ошибка",
    "to": "адрес",
    "subject": "CN=x",
    "valid_until": "2026-01-01 10:00",
    "valid_since": "2026-01-01 10:00",
    "signature_type": "ЭП-ОВ",
    "answer": 7,
}
DETAILS = {
    FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED: {
        "PermittedTotalAttachmentSize": "5242880",
        "RealTotalAttachmentSize": "5242881",
    },
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED: {
        "RootElementLocalName": "Root",
        "RootElementNamespaceURI": "urn:x>y",
    },
    FaultKind.DESTINATION_OVERFLOW: {"MessageBrokerAddress": "tcp://x", "DestinationName": "Очередь"},
    FaultKind.QUOTE_LIMIT_EXCEEDED: {"RemainedTotalQuoteSize": "-1", "RealTotalAttachmentSize": "10"},
    FaultKind.SIGNATURE_VERIFICATION: {"SignatureVerificationFault": "CertificateIsExpired"},
}


def received(data: bytes, content_type: str = "text/xml") -> Fault:
    with pytest.raises(FaultReceived) as answer:
        reply.open_reply(data, content_type)
    return answer.value.fault


def check_detail(data: bytes, version: Version) -> None:
    detail = open_body(data).find("detail")
    assert detail is not None
    schema(version).check(detail[0])


@pytest.mark.parametrize(("kind", "version"), FAULTS)
def test_each_kind_comes_back(kind: FaultKind, version: Version) -> None:
    sent = Fault(
        kind=kind,
        text="Текст & <причина>",
        code="node:1",
        description=f"SMEV-{number(kind)}:Текст & <причина>",
        details=DETAILS.get(kind, {}),
        errors=(
            (ValidationError(text="cvc: ']]>' ", position=7), ValidationError(text="x"))
            if kind is FaultKind.INVALID_CONTENT
            else ()
        ),
    )
    data = reply.fault(sent, version)
    check_detail(data, version)
    assert received(data) == sent
    assert received(data).smev_code == number(kind)


@pytest.mark.parametrize(("kind", "version"), FAULTS)
def test_a_fault_of_which_only_the_kind_is_known_is_valid_too(kind: FaultKind, version: Version) -> None:
    data = reply.fault(Fault(kind=kind, text="Текст"), version)
    check_detail(data, version)
    got = received(data)
    assert (got.kind, got.text, got.code, got.description, got.smev_code) == (kind, "Текст", "", "", None)


def test_a_version_without_a_fault_refuses_to_write_it() -> None:
    assert {kind for kind in KINDS if (kind, Version.V1_2) not in FAULTS} == {FaultKind.PERSONAL_ACCESS_DENIED}
    for style in Style:
        with pytest.raises(ValueError, match=r"1\.1 has no fault PersonalAccessDenied"):
            render_envelope(Fault(kind=FaultKind.PERSONAL_ACCESS_DENIED, text="x"), Version.V1_1, style)


@pytest.mark.parametrize(("version", "limit"), [(Version.V1_1, 50), (Version.V1_2, 100), (Version.V1_3, 100)])
def test_a_code_is_as_long_as_its_version_allows(version: Version, limit: int) -> None:
    data = reply.fault(Fault(kind=FaultKind.SMEV_FAILURE, text="Текст", code="ж" * 101), version)
    check_detail(data, version)
    assert received(data).code == "ж" * limit


def test_what_is_declared_void_says_its_type_and_what_is_declared_smev_fault_does_not() -> None:
    typed = {
        version: {
            kind for kind in KINDS if exists(kind, version) and b"xsi:type" not in reply.fault(fault_of(kind), version)
        }
        for version in Version
    }
    own = {*DETAILS, FaultKind.INVALID_CONTENT, FaultKind.TRANSACTION_CODE_INVALID}
    assert typed == {
        Version.V1_1: own,
        Version.V1_2: own,
        Version.V1_3: own | {FaultKind.END_OF_LIFE_REACHED, FaultKind.PERSONAL_ACCESS_DENIED},
    }


def fault_of(kind: FaultKind) -> Fault:
    return Fault(kind=kind, text="Текст", code="x", description=f"SMEV-{number(kind)}:Текст")


@pytest.mark.parametrize(("kind", "version"), FAULTS)
def test_the_style_of_the_newer_gateways_can_be_written(kind: FaultKind, version: Version) -> None:
    data = render_envelope(fault_of(kind), version, Style.EMPTY)
    root = open_body(data)
    assert root.findtext("faultcode") == "SOAP-ENV:Client"
    words = root.find("faultstring")
    assert words is not None
    assert words.get("{http://www.w3.org/XML/1998/namespace}lang") == "ru"
    detail = root.find("detail")
    assert detail is not None
    assert detail[0].tag == f"{{{version.faults}}}{kind.value}"
    assert (len(detail[0]), detail[0].text) == (0, None)
    assert received(data) == Fault(kind=kind, text="Текст")


def test_a_fault_without_a_name_has_an_empty_detail_in_the_newer_style() -> None:
    data = render_envelope(Fault(kind=FaultKind.UNKNOWN, text="Текст"), Version.V1_2, Style.EMPTY)
    assert received(data) == Fault(kind=FaultKind.UNKNOWN, text="Текст")


def test_a_fault_without_a_name_has_no_detail() -> None:
    data = reply.fault(Fault(kind=FaultKind.UNKNOWN, text="Сообщение об ошибке"))
    assert b"<detail" not in data
    assert received(data) == Fault(kind=FaultKind.UNKNOWN, text="Сообщение об ошибке")


def test_the_style_of_the_newer_gateways() -> None:
    data = (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/>'
        "<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>"
        '<faultstring xml:lang="ru">Не найдено.</faultstring><detail><ns3:TargetMessageIsNotFound'
        ' xmlns:ns3="urn://x-artefacts-smev-gov-ru/services/message-exchange/types/faults/1.1"/></detail>'
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    assert received(data.encode()) == Fault(kind=FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, text="Не найдено.")


@pytest.mark.parametrize(
    "detail",
    [
        "<detail/>",
        "<detail>text</detail>",
        '<detail><x:Odd xmlns:x="urn:other"/></detail>',
        '<detail><x:TargetMessageIsNotFound xmlns:x="urn:other"/></detail>',
        f'<detail><x:NewFault xmlns:x="{Version.V1_2.faults}"/></detail>',
    ],
)
def test_an_unknown_detail_is_a_fault_without_a_name(detail: str) -> None:
    data = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server'
        f"</faultcode><faultstring>Ошибка</faultstring>{detail}</s:Fault></s:Body></s:Envelope>"
    )
    got = received(data.encode())
    assert (got.kind, got.text) == (FaultKind.UNKNOWN, "Ошибка")
    assert got.disposition is Disposition.RETRY


def test_an_odd_detail_does_not_lose_the_fault() -> None:
    faults = "urn://x-artefacts-smev-gov-ru/services/message-exchange/types/faults/1.2"
    data = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultstring><b/></faultstring>'
        f'<detail><f:InvalidContent xmlns:f="{faults}"><f:ValidationError errorPosition="?">x</f:ValidationError>'
        "<f:Deep><f:Deeper/></f:Deep></f:InvalidContent></detail></s:Fault></s:Body></s:Envelope>"
    )
    assert received(data.encode()) == Fault(
        kind=FaultKind.INVALID_CONTENT, text="", errors=(ValidationError(text="x", position=-1),)
    )


def test_what_to_do_about_each_kind() -> None:
    table = {kind: disposition(kind) for kind in FaultKind if disposition(kind) is not Disposition.PERMANENT}
    assert table == {
        FaultKind.SMEV_FAILURE: Disposition.RETRY,
        FaultKind.DESTINATION_OVERFLOW: Disposition.RETRY,
        FaultKind.QUOTE_LIMIT_EXCEEDED: Disposition.RETRY,
        FaultKind.UNKNOWN: Disposition.RETRY,
        FaultKind.MESSAGE_IS_ALREADY_SENT: Disposition.ALREADY_SENT,
        FaultKind.STALE_MESSAGE_ID: Disposition.RENEW,
        FaultKind.TARGET_MESSAGE_IS_NOT_FOUND: Disposition.ALREADY_DONE,
    }


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("SMEV-403:Текст", 403),
        ("SMEV-403: Текст", 403),
        ("SMEV-100:", 100),
        ("", None),
        ("Текст SMEV-403:", None),
        ("SMEV-:x", None),
        ("SMEV-٣:x", None),
    ],
)
def test_the_number_in_a_description(description: str, expected: int | None) -> None:
    assert Fault(kind=FaultKind.UNKNOWN, text="", description=description).smev_code == expected


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("cause", list(Cause))
def test_each_cause_makes_a_whole_fault(cause: Cause, operation: Operation) -> None:
    fault = because(operation, cause, details=DETAILS.get(cause.kind), **FIELDS)
    assert "{" not in fault.text.replace("{urn:x}", "")
    assert fault.description == f"SMEV-{number(cause.kind)}:{fault.text}"
    data = reply.fault(fault, Version.V1_3)
    check_detail(data, Version.V1_3)
    got = received(data)
    assert (got.kind, got.text, got.disposition) == (cause.kind, fault.text, disposition(cause.kind))


def test_every_kind_has_a_cause_and_a_number_of_its_own() -> None:
    assert {cause.kind for cause in Cause} == set(KINDS)
    assert len({number(kind) for kind in KINDS}) == len(KINDS)
    assert len(list(Cause)) == len(Cause.__members__), "two causes have the same kind and text"


def test_operations_word_some_causes_differently() -> None:
    assert text(Operation.GET_RESPONSE, Cause.SIGNATURE_MISSING) == "<getResponse> Отсутствует ЭП-ОВ"
    assert text(Operation.GET_REQUEST, Cause.SIGNATURE_MISSING) == "Отсутствует ЭП-ОВ"
    assert text(Operation.SEND_RESPONSE, Cause.SENDER_UNKNOWN) == "Информационная система не зарегистрирована в СМЭВ."
    assert text(Operation.GET_REQUEST, Cause.SENDER_UNKNOWN) == "Отправитель не зарегистрирован в СМЭВ"
    assert text(
        Operation.SEND_RESPONSE, Cause.TYPE_OF_OTHER_OPERATION, namespace="urn:x", root="R", category="REQUEST"
    ) == (
        "Попытка послать сообщение {urn:x}R через метод sendResponse, в то время как этот тип сообщений"
        " зарегистрирован как REQUEST"
    )


def test_a_fault_of_a_kind_alone() -> None:
    for operation in Operation:
        for kind in KINDS:
            fault = of_kind(operation, kind, message_id="1", to="", namespace="urn:x", root="R", subject="CN=x")
            assert fault.kind is kind
            assert "{" not in fault.text.replace("{urn:x}", "")
    assert of_kind(Operation.ACK, FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, message_id="7").text == (
        "Сообщение 7 не найдено среди неподтверждённых."
    )
    with pytest.raises(ValueError, match="no text of TargetMessageIsNotFound"):
        of_kind(Operation.ACK, FaultKind.TARGET_MESSAGE_IS_NOT_FOUND)


@pytest.mark.parametrize("version", list(Version))
def test_every_declared_fault_has_a_cause(version: Version) -> None:
    silent = [
        (operation, kind)
        for operation in OPERATIONS_OF[version]
        for kind in faults_of(operation, version)
        if not causes(operation, kind)
    ]
    assert silent == []


def test_whose_words_a_text_is() -> None:
    assert origin(Operation.ACK, Cause.SMEV_FAILURE) is Origin.MANUAL
    assert origin(Operation.GET_INCOMING_QUEUE_STATISTICS, Cause.SMEV_FAILURE) is Origin.OURS
    assert origin(Operation.ACK, Cause.SIGNATURE_BLOCK_MISSING) is Origin.ANSWER
    assert origin(Operation.SEND_REQUEST, Cause.END_OF_LIFE) is Origin.OURS


def test_a_text_that_lacks_a_field_is_refused() -> None:
    with pytest.raises(KeyError, match="message_id"):
        text(Operation.ACK, Cause.TARGET_NOT_FOUND)


@pytest.mark.parametrize("version", Version)
def test_faults_of_operations(version: Version) -> None:
    assert {operation: len(faults_of(operation, version)) for operation in Operation} == {
        Operation.SEND_REQUEST: 17 if version is Version.V1_3 else 16,
        Operation.SEND_RESPONSE: 14,
        Operation.GET_REQUEST: 5,
        Operation.GET_RESPONSE: 5,
        Operation.GET_STATUS: 5,
        Operation.ACK: 5,
        Operation.GET_INCOMING_QUEUE_STATISTICS: 4 if version is Version.V1_1 else 0,
    }


def test_the_error_names_the_fault_and_quotes_nothing() -> None:
    error = FaultReceived(because(Operation.ACK, Cause.TARGET_NOT_FOUND, message_id="Иванов Иван"))
    assert str(error) == "the exchange refused: TargetMessageIsNotFound, SMEV-501"
    assert str(FaultReceived(Fault(kind=FaultKind.UNKNOWN, text="Иванов"))) == (
        "the exchange refused: fault without a name"
    )
