"""What a live exchange must answer to the probes. A rule speaks only of probes that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from socert.conformance import description
from socert.conformance.history import fault_kind
from socert.conformance.message import Kind, is_delivery
from socert.conformance.requirement import Rules, Severity, Subject, found, shown
from socert.contracts.errors import XmlRefused
from socert.contracts.smev.faults import FaultKind, faults_of
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from socert.conformance.message import Message
    from socert.conformance.probing import Probed
    from socert.conformance.requirement import Finding

RULES: Rules[Probed] = Rules(Subject.ENDPOINT)

_WSDL: Final = "service.wsdl"


@RULES(
    "END-001",
    "The exchange gives out its WSDL at ?wsdl.",
    "СМЭВ отдаёт свой WSDL по ?wsdl.",
    source="manual 2.1.2; WSDL",
    applies=lambda probed: True,
)
def wsdl(probed: Probed) -> Iterable[Finding]:
    """As XML."""
    if probed.wsdl is None:
        yield found("there is none", "его нет")
        return
    try:
        description.operations(probed.wsdl)
    except XmlRefused as refusal:
        yield found(f"it cannot be read: {refusal.reason}", "он не читается", line=refusal.line)


def _described(probed: Probed) -> bool:
    return probed.wsdl is not None and not list(wsdl(probed))


@RULES(
    "END-002",
    "The WSDL is the contract's: operations, SOAPActions, body elements, style, faults.",
    "WSDL — тот же контракт: операции, SOAPAction, элементы тела, стиль, ошибки.",
    source="WSDL of the version",
    applies=_described,
)
def contract(probed: Probed) -> Iterable[Finding]:
    """What a generated client is bound by."""
    assert probed.wsdl is not None
    ours = description.operations(files(probed.version)[_WSDL])
    theirs = description.operations(probed.wsdl)
    for name in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(name), theirs.get(name)
        if mine is None or other is None:
            en, ru = ("is not of this version", "лишняя") if mine is None else ("is missing", "нет")
            yield found(f"operation {shown(name)} {en}", f"операция {shown(name)}: {ru}")
            continue
        for part in ("action", "style", "asked", "answered", "faults"):
            if getattr(mine, part) != getattr(other, part):
                yield found(f"{name}: {_PARTS[part][0]} differs", f"{name}: различается {_PARTS[part][1]}")


_PARTS: Final = {
    "action": ("its SOAPAction", "SOAPAction"),
    "style": ("its style", "стиль"),
    "asked": ("the element of the call", "элемент вызова"),
    "answered": ("the element of the reply", "элемент ответа"),
    "faults": ("the list of its faults", "список ошибок"),
}


@RULES(
    "END-003",
    "Every schema that the WSDL names is given out, and they declare the contract's elements.",
    "Каждая схема, названная в WSDL, отдаётся, и вместе они описывают элементы контракта.",
    source="types.xsd, basic.xsd, faults.xsd of the version",
    applies=_described,
)
def schemas(probed: Probed) -> Iterable[Finding]:
    """Or the WSDL holds them itself."""
    for place in probed.lost:
        yield found(f"nothing is at {shown(place)}", f"по адресу {shown(place)} ничего нет")
    ours = {name: data for name, data in files(probed.version).items() if name.endswith(".xsd")}
    try:
        theirs = description.declared({**probed.schemas, _WSDL: probed.wsdl or b""})
    except XmlRefused as refusal:
        yield found(f"a schema cannot be read: {refusal.reason}", "схема не читается")
        return
    missing = sorted(description.declared(ours) - theirs)
    if missing:
        yield found(f"{len(missing)} are missing, {shown(missing[0])} first", f"нет элементов: {shown(missing[0])}…")


# --- answers ----------------------------------------------------------------------------------------------------------


def _asked(*names: str) -> Callable[[Probed], bool]:
    return lambda probed: any(name in probed.exchanges for name in names)


def _came(reply: Message | None) -> tuple[str, str]:
    """Return in words what came."""
    if reply is None:
        return "the connection broke", "соединение оборвалось"
    kind = fault_kind(reply)
    if kind is not None:
        named = kind.value or "a fault that names nothing"
        return f"it answers {named}", f"ответ: {kind.value or 'ошибка без имени'}"
    if reply.kind is Kind.REPLY:
        return f"it takes it: {reply.operation}Response", f"принято: {reply.operation}Response"
    return f"it answers no SOAP, HTTP {reply.status}", f"ответ не SOAP, HTTP-код {reply.status}"


def _unlike(probed: Probed, name: str, *kinds: FaultKind) -> Iterator[Finding]:
    """Yield a finding unless a probe was answered with one of these faults, or any fault where none is named."""
    reply = probed.reply(name)
    kind = fault_kind(reply)
    if kind is None or (kinds and kind not in kinds):
        en, ru = _came(reply)
        expected = " or ".join(one.value for one in kinds)
        more = f", expected {expected}" if expected else ", expected a SOAP fault"
        yield found(en + more, f"{ru}, ожидается {expected or 'ошибка SOAP'}", message=f"{name}.response")


@RULES(
    "END-010",
    "Every operation of the version is answered, by its reply or by a fault that its WSDL lists.",
    "На каждую операцию версии есть ответ: свой или ошибка из списка в WSDL.",
    source="WSDL, wsdl:operation",
    applies=_asked("GetStatus"),
)
def answered(probed: Probed) -> Iterable[Finding]:
    """Not by HTML of some proxy, nor by a closed connection."""
    for operation in sorted(OPERATIONS_OF[probed.version]):
        reply = probed.reply(operation.value)
        if reply is not None and reply.kind is Kind.REPLY and reply.operation is operation:
            continue
        if fault_kind(reply) in faults_of(operation, probed.version):
            continue
        en, ru = _came(reply)
        yield found(f"{operation}: {en}", f"{operation}: {ru}", message=f"{operation}.response")


@RULES(
    "END-011",
    "A valid message of a known type is taken: its MessageMetadata says requestIsQueued.",
    "Верное сообщение известного вида принимается: в MessageMetadata статус requestIsQueued.",
    source="manual 2.3.1, 2.4.1; types.xsd, SendRequestResponse",
    applies=_asked("send"),
)
def taken(probed: Probed) -> Iterable[Finding]:
    """Only where a message is given to send."""
    reply = probed.reply("send")
    if reply is None or reply.kind is not Kind.REPLY:
        en, ru = _came(reply)
        yield found(en, ru, message="send.response")
    elif reply.text("Status") != "requestIsQueued":
        yield found("the status is another", "статус другой", message="send.response")


def _accepted(probed: Probed) -> bool:
    reply = probed.reply("send")
    return reply is not None and reply.kind is Kind.REPLY


@RULES(
    "END-012",
    "The answer to the message comes by GetResponse under its NodeID and is gone after Ack.",
    "Ответ на сообщение приходит в GetResponse по его NodeID и исчезает после Ack.",
    source="manual 2.3.8, 2.5.2",
    severity=Severity.SHOULD,  # nobody may be there to answer, or not so soon
    applies=lambda probed: _accepted(probed) and "answer" in probed.exchanges,
)
def answer(probed: Probed) -> Iterable[Finding]:
    """Within some seconds."""
    reply = probed.reply("answer")
    if reply is None or not is_delivery(reply):
        yield found("no answer came", "ответ не пришёл", message="answer.response")
        return
    acknowledged, after = probed.reply("ack"), probed.reply("empty")
    if acknowledged is None or acknowledged.kind is not Kind.REPLY:
        en, ru = _came(acknowledged)
        yield found(f"Ack: {en}", f"Ack: {ru}", message="ack.response")
    elif after is not None and is_delivery(after) and after.message_id == reply.message_id:
        yield found("it comes again after its Ack", "после Ack пришёл снова", message="empty.response")


@RULES(
    "END-013",
    "An empty queue is answered with an empty GetResponseResponse.",
    "На пустую очередь отвечают пустым GetResponseResponse.",
    source="types.xsd, GetResponseResponse; manual 2.5",
    applies=lambda probed: "empty" in probed.exchanges and not _delivered(probed, "empty"),
)
def empty(probed: Probed) -> Iterable[Finding]:
    """Not with a fault, nor with a holder that holds nothing."""
    reply = probed.reply("empty")
    if reply is None or reply.operation is not Operation.GET_RESPONSE:
        en, ru = _came(reply)
        yield found(en, ru, message="empty.response")
    elif reply.payload is not None and len(reply.payload):
        yield found("there is something in it", "в нём что-то есть", message="empty.response")


def _delivered(probed: Probed, name: str) -> bool:
    reply = probed.reply(name)
    return reply is not None and is_delivery(reply)


@RULES(
    "END-014",
    "A call that comes as multipart/related is taken.",
    "Вызов, пришедший как multipart/related, принимается.",
    source="WSDL, MTOM policy; manual 3.8",
    applies=_asked("multipart"),
)
def multipart(probed: Probed) -> Iterable[Finding]:
    """Even where it has no attachment."""
    reply = probed.reply("multipart")
    if reply is None or reply.operation is not Operation.GET_STATUS:
        en, ru = _came(reply)
        yield found(en, ru, message="multipart.response")


# --- refusals ---------------------------------------------------------------------------------------------------------


def _refuses(number: str, name: str, en: str, ru: str, *kinds: FaultKind, source: str, should: bool = False) -> None:
    """Make a rule: the probe of this name is answered with one of these faults, any where none is named."""

    @RULES(
        f"END-{number}",
        en,
        ru,
        source=source,
        severity=Severity.SHOULD if should else Severity.MUST,
        applies=_asked(name),
    )
    def refused(probed: Probed) -> Iterable[Finding]:
        yield from _unlike(probed, name, *kinds)


_refuses(
    "020", "unsigned", "A call without a signature is refused.", "Вызов без подписи отвергается.",
    FaultKind.INVALID_CONTENT, FaultKind.SIGNATURE_VERIFICATION, source="SMEV-403 of real exchanges; faults.xsd",
)  # fmt: skip
_refuses(
    "021", "wrong-digest", "Content that was changed after signing is refused.",
    "Содержимое, изменённое после подписания, отвергается.",
    FaultKind.SIGNATURE_VERIFICATION, source="faults.xsd, SignatureVerificationFault",
)  # fmt: skip
_refuses(
    "022", "wrong-value", "A signature's value that does not hold is refused.",
    "Неверное значение подписи отвергается.",
    FaultKind.SIGNATURE_VERIFICATION, source="faults.xsd, SignatureVerificationFault",
)  # fmt: skip
_refuses(
    "023", "stranger", "A caller whose certificate nobody registered is refused.",
    "Вызывающий с незарегистрированным сертификатом отвергается.",
    FaultKind.SENDER_IS_NOT_REGISTERED, FaultKind.SIGNATURE_VERIFICATION,
    source="faults.xsd, SenderIsNotRegistered; manual appendix 6",
)  # fmt: skip
_refuses(
    "024", "stale", "A MessageID that is days old is refused.", "MessageID, которому несколько суток, отвергается.",
    FaultKind.STALE_MESSAGE_ID, source="faults.xsd, StaleMessageId; manual 3.2.1",
)  # fmt: skip
_refuses(
    "025", "uuid-4", "A MessageID of UUID version 4 is refused.", "MessageID — UUID версии 4 — отвергается.",
    FaultKind.INVALID_MESSAGE_ID_FORMAT, source="faults.xsd, InvalidMessageIdFormat; manual 3.2.1",
)  # fmt: skip
_refuses(
    "026", "duplicate", "A message that was taken is refused when it is sent again.",
    "Принятое сообщение при повторной отправке отвергается.",
    FaultKind.MESSAGE_IS_ALREADY_SENT, source="faults.xsd, MessageIsAlreadySent",
)  # fmt: skip
_refuses(
    "027", "Ack", "Ack of a message that nobody was given is refused.",
    "Ack сообщения, которое не выдавалось, отвергается.",
    FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, source="faults.xsd, TargetMessageIsNotFound",
)  # fmt: skip
_refuses(
    "028", "SendRequest", "A request of an unknown message type is refused.",
    "Запрос неизвестного вида сведений отвергается.",
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED, FaultKind.ACCESS_DENIED, FaultKind.RECIPIENT_IS_NOT_FOUND,
    source="faults.xsd, BusinessDataTypeIsNotSupported",
)  # fmt: skip
_refuses(
    "029", "GetRequest", "A poll for an unknown message type is refused.",
    "Опрос по неизвестному виду сведений отвергается.",
    FaultKind.UNKNOWN_MESSAGE_TYPE, source="faults.xsd, UnknownMessageType", should=True,
)  # fmt: skip
_refuses(
    "030", "schema", "A call that breaks its schema is refused.", "Вызов, нарушающий схему, отвергается.",
    FaultKind.INVALID_CONTENT, FaultKind.SIGNATURE_VERIFICATION, source="faults.xsd, InvalidContent",
)  # fmt: skip
_refuses(
    "031", "doctype", "A call with a DOCTYPE is refused by a SOAP fault.",
    "Вызов с DOCTYPE отвергается ошибкой SOAP.", source="SOAP 1.1, 3",
)  # fmt: skip
_refuses(
    "032", "not-xml", "Bytes that are no XML are refused by a SOAP fault.",
    "Байты, которые не XML, отвергаются ошибкой SOAP.", source="SOAP 1.1, 6.2",
)  # fmt: skip
_refuses(
    "033", "unknown-operation", "A call of an unknown operation is refused by a SOAP fault.",
    "Вызов неизвестной операции отвергается ошибкой SOAP.", source="SOAP 1.1, 6.2",
)  # fmt: skip
_refuses(
    "034", "truncated", "A multipart message that is cut short is refused by a SOAP fault.",
    "Оборванное multipart-сообщение отвергается ошибкой SOAP.", source="RFC 2046, 5.1",
)  # fmt: skip


@RULES(
    "END-035",
    "A call that does not come as XML or multipart is refused: by a SOAP fault or by HTTP 400 or 415.",
    "Вызов не в text/xml и не в multipart отвергается: ошибкой SOAP или HTTP-кодом 400 либо 415.",
    source="SOAP 1.1, 6; RFC 9110, 15.5.16",
    severity=Severity.SHOULD,
    applies=_asked("content-type"),
)
def content_type(probed: Probed) -> Iterable[Finding]:
    """The contract names text/xml."""
    reply = probed.reply("content-type")
    if reply is None or (reply.kind is not Kind.FAULT and reply.status not in {400, 415}):
        en, ru = _came(reply)
        yield found(en, ru, message="content-type.response")
