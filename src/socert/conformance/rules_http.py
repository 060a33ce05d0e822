"""What HTTP must say of a message. Only where headers, method or status were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.conformance.message import Kind, Message, is_call
from socert.conformance.requirement import Rules, Severity, Subject, found, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

_TYPES = frozenset({"text/xml", "multipart/related"})


def _media(message: Message) -> str:
    return message.content_type.split(";", 1)[0].strip().lower()


@RULES(
    "HTTP-001",
    "Content-Type is text/xml, or multipart/related.",
    "Content-Type — text/xml или multipart/related.",
    source="SOAP 1.1, 6; XOP 1.0, 4.1",
    applies=lambda message: message.headers is not None,
)
def content_type(message: Message) -> Iterable[Finding]:
    """SOAP 1.1 travels as text/xml."""
    if _media(message) not in _TYPES or "content-type" not in (message.headers or {}):
        said = shown(_media(message)) if "content-type" in (message.headers or {}) else "missing"
        yield found(f"Content-Type is {said}", f"Content-Type: {said}")


@RULES(
    "HTTP-002",
    "SOAPAction of a call names the operation of the body, like urn:Ack.",
    "SOAPAction вызова называет операцию тела, например urn:Ack.",
    source="WSDL, soap:operation; SOAP 1.1, 6.1.1",
    applies=lambda message: is_call(message) and message.headers is not None,
)
def soap_action(message: Message) -> Iterable[Finding]:
    """The header and the body must agree."""
    assert message.operation is not None
    given = (message.headers or {}).get("soapaction")
    expected = message.operation.action
    if given is None or given.strip().strip('"') != expected:
        yield found(
            f"SOAPAction is {shown(given)}, the body's operation is {expected}",
            f"SOAPAction: {shown(given) if given is not None else 'нет'}, а операция тела — {expected}",
        )


@RULES(
    "HTTP-003",
    "The value of SOAPAction stands in quotes.",
    "Значение SOAPAction стоит в кавычках.",
    source="SOAP 1.1, 6.1.1",
    severity=Severity.SHOULD,
    applies=lambda message: is_call(message) and "soapaction" in (message.headers or {}),
)
def soap_action_quoted(message: Message) -> Iterable[Finding]:
    """The grammar of the header wants quotes; many servers take it without."""
    given = (message.headers or {})["soapaction"].strip()
    if not (len(given) >= 2 and given[0] == given[-1] == '"'):
        yield found("SOAPAction stands without quotes", "SOAPAction без кавычек")


@RULES(
    "HTTP-004",
    "A fault has HTTP status 500, any other reply 200.",
    "Ошибка SOAP передаётся с HTTP-кодом 500, любой другой ответ — с 200.",
    source="SOAP 1.1, 6.2",
    applies=lambda message: message.status is not None and message.kind in {Kind.FAULT, Kind.REPLY},
)
def status(message: Message) -> Iterable[Finding]:
    """HTTP and SOAP must say the same."""
    expected = 500 if message.kind is Kind.FAULT else 200
    if message.status != expected:
        yield found(
            f"the HTTP status is {message.status}, a {message.kind.value} has {expected}",
            f"HTTP-код {message.status}, должен быть {expected}",
        )


@RULES(
    "HTTP-005",
    "A multipart/related message is whole: boundary, root part, closing boundary.",
    "Сообщение multipart/related целое: граница, корневая часть, закрывающая граница.",
    source="RFC 2387, 3; XOP 1.0, 4.1; manual 3.8",
    applies=lambda message: message.parts is not None,
)
def multipart(message: Message) -> Iterable[Finding]:
    """The parts are found, and the root is among them."""
    assert message.parts is not None
    for problem in message.parts.problems:
        yield found(f"of the multipart message, {problem}", _PROBLEMS_RU[problem])


_PROBLEMS_RU = {
    "no boundary of its parts is found": "граница частей не найдена",
    "its closing boundary is missing": "нет закрывающей границы",
    "its first boundary is missing": "нет первой границы",
    "the Content-Type names no boundary": "в Content-Type не названа граница",
    "no part has the Content-ID that `start` names": "нет части с Content-ID из параметра start",
    "the root part is neither application/xop+xml nor text/xml": "у корневой части не тот тип",
}


@RULES(
    "HTTP-006",
    "A call is a POST.",
    "Вызов — это POST.",
    source="SOAP 1.1, 6",
    applies=lambda message: message.method is not None and message.to_exchange is True,
)
def method(message: Message) -> Iterable[Finding]:
    """Nothing but POST carries a call."""
    if (message.method or "").upper() != "POST":
        yield found(f"the method is {shown(message.method)}", f"метод {shown(message.method)}")


@RULES(
    "HTTP-007",
    "The charset of the Content-Type, where it is named, is UTF-8.",
    "Кодировка в Content-Type, если названа, — UTF-8.",
    source="manual 3.1; RFC 7303, 8",
    applies=lambda message: message.headers is not None and "charset=" in message.content_type.lower(),
)
def charset(message: Message) -> Iterable[Finding]:
    """The header wins over the XML declaration, so it must not contradict."""
    named = message.content_type.lower().partition("charset=")[2].split(";")[0].strip().strip('"')
    if named not in {"utf-8", "utf8"}:
        yield found(f"the charset is {shown(named)}", f"кодировка {shown(named)}")
