"""What brings each fault about: for every operation a call that the exchange must refuse, and the words of the refusal.

The matrix of tests runs every entry of `CAUSES` in every version that has its operation; `make docs` prints what each
entry says of itself. Texts stand here once more, to the letter of the exchange's manual, and not by way of the table
that the code has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from socert.contracts.message import MessageType
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.contracts.smev.fault_texts import Cause
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from socert.simulator.app import Simulator

SEND = (Operation.SEND_REQUEST, Operation.SEND_RESPONSE)
GET = (Operation.GET_REQUEST, Operation.GET_RESPONSE)
EVERY = tuple(Operation)
FTP_LIMIT = 1000
"""What files of one message may have together here, bytes."""
OLD = "00000000-0000-1000-8000-000000000000"
"""A UUID of version 1 issued in 1582."""

TYPES = ("plain", "full", "shut", "tight", "nobody", "twofold", "coded", "news", "foreign")
"""Own message types: each is the one thing that its name says; see `LISTING`."""

LISTING = """
[[message_type]]
name = "{name}"
schema = "{name}.xsd"
request = "Ask"
responses = {responses}
category = "{category}"
{more}
"""
PARTICIPANTS = """
[[participant]]
mnemonic = "ASKER"
certificates = ["asker.crt"]
revoked = ["revoked.crt"]
sends = ["plain", "full", "shut", "tight", "nobody", "twofold", "coded", "news"]

[[participant]]
mnemonic = "TELLER"
certificates = ["teller.crt"]
serves = ["plain", "twofold", "foreign"]

[[participant]]
mnemonic = "FULL"
serves = ["full"]
sends = ["plain"]
certificates = ["full.crt"]
queue_limit = 1

[[participant]]
mnemonic = "SHUT"
serves = ["shut", "twofold"]
personal_access = []

[[participant]]
mnemonic = "TIGHT"
serves = ["tight"]
sends = ["plain"]
certificates = ["tight.crt"]
quota = 10

[[participant]]
mnemonic = "CODED"
serves = ["coded"]
routing_codes = ["45000000"]

[[participant]]
mnemonic = "NEWS"
serves = ["news"]

[[participant]]
mnemonic = "IDLE"
certificates = ["idle.crt"]
"""
SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:test:{name}"
 elementFormDefault="qualified"><xs:element name="Ask"><xs:complexType><xs:sequence>
 <xs:element name="Code" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
 <xs:element name="Told"/></xs:schema>"""
KEYS = ("asker", "teller", "full", "tight", "idle", "revoked")


def write_listing(folder: Path, now: datetime) -> Path:
    """Write keys, schemas and the list of participants into a folder; return the list's path."""
    entries = []
    for name in TYPES:
        (folder / f"{name}.xsd").write_text(SCHEMA.format(name=name), "utf-8")
        category = "broadcast" if name == "news" else "request"
        entries.append(
            LISTING.format(
                name=name,
                category=category,
                responses=[] if category == "broadcast" else '["Told"]',
                more='routing_code = "//tns:Code"' if name == "coded" else "",
            )
        )
    for name in KEYS:
        made = testkeys.make(name.capitalize(), organisation="Test, Ltd", now=now)
        (folder / f"{name}.key").write_bytes(made.key_pem)
        (folder / f"{name}.crt").write_bytes(made.certificate_pem)
    place = folder / "participants.toml"
    place.write_text("".join(entries) + PARTICIPANTS, "utf-8")
    return place


def ask(name: str = "plain", inside: str = "") -> bytes:
    """Return a request of a message type."""
    return f'<t:Ask xmlns:t="urn:test:{name}">{inside}</t:Ask>'.encode()


def told(name: str = "plain") -> bytes:
    """Return an answer of a message type."""
    return f'<t:Told xmlns:t="urn:test:{name}"/>'.encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Offence:
    """A call that must be refused, and how: the text, what stands in the detail, and in the journal's reason."""

    data: bytes
    text: str
    details: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class World:
    """A running exchange and its participants, who speak one version."""

    def __init__(self, simulator: Simulator, folder: Path, store: Path, version: Version) -> None:
        self.simulator = simulator
        self.folder = folder
        self.store = store
        self.version = version
        self.ids = MessageIds(simulator.clock)

    def signer(self, name: str) -> KeySigner:
        """Return whose key lies in the folder."""
        key, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "crt"))
        return KeySigner.from_files(key.read_bytes(), certificate.read_bytes())

    def stranger(self, **more: Any) -> KeySigner:
        """Return a key that nobody registered."""
        made = testkeys.make("Nobody", organisation="Nobody", **{"now": self.simulator.clock()} | more)
        return KeySigner.from_files(made.key_pem, made.certificate_pem)

    def uploaded(self, size: int) -> str:
        """Put a file where uploads go; return its uuid."""
        uuid = self.ids()
        place = self.store / "inbound" / "shared" / uuid
        place.mkdir(parents=True)
        (place / "a.txt").write_bytes(bytes(size))
        return uuid

    async def say(self, data: bytes) -> reply.Reply:
        """Make a call that is in order."""
        status, body = await self.simulator.node.handle(data, "text/xml", self.version)
        assert status == 200, body.decode()
        return reply.open_reply(body)

    def request(self, content: bytes | None = None, *, by: str = "asker", **more: Any) -> bytes:
        """Build SendRequest."""
        given: dict[str, Any] = {"message_id": self.ids(), "signer": self.signer(by), "version": self.version} | more
        return call.send_request(content=ask() if content is None else content, **given)

    async def response(self, content: bytes | None = None, *, kind: str = "plain", **more: Any) -> bytes:
        """Build SendResponse to a request that was asked and given out before."""
        given: dict[str, Any] = {
            "message_id": self.ids(),
            "signer": self.signer("teller"),
            "version": self.version,
        } | more
        if "to" not in given:
            given["to"] = await self.asked(kind)
        return call.send_response(content=told() if content is None else content, **given)

    async def asked(self, kind: str = "plain", by: str = "asker") -> str:
        """Let a request arrive at the teller; return where its answers go."""
        await self.say(self.request(ask(kind), by=by))
        got = (await self.say(self.call(Operation.GET_REQUEST, by="teller"))).delivery
        assert got is not None
        await self.say(call.ack(message_id=got.message_id, signer=self.signer("teller"), version=self.version))
        return got.reply_to or ""

    def call(self, operation: Operation, by: str = "asker", **more: Any) -> bytes:
        """Build a call that reads a queue or acknowledges."""
        given: dict[str, Any] = {"signer": self.signer(by), "timestamp": self.simulator.clock()} | more
        if operation is Operation.GET_INCOMING_QUEUE_STATISTICS:
            return call.get_incoming_queue_statistics(**given)
        given |= {"version": self.version}
        match operation:
            case Operation.GET_REQUEST:
                return call.get_request(**given)
            case Operation.GET_RESPONSE:
                return call.get_response(**given)
            case Operation.GET_STATUS:
                return call.get_status(**given)
        del given["timestamp"]
        return call.ack(**{"message_id": self.ids()} | given)

    async def right(self, operation: Operation, **more: Any) -> bytes:
        """Build a call of an operation that would be taken, but for what `more` changes."""
        match operation:
            case Operation.SEND_REQUEST:
                return self.request(**more)
            case Operation.SEND_RESPONSE:
                return await self.response(**more)
        return self.call(operation, **more)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One cause at some operations: what is done, in words and as a function."""

    cause: Cause
    operations: tuple[Operation, ...]
    tells: str
    offend: Callable[[World, Operation], Awaitable[Offence]]
    versions: tuple[Version, ...] = tuple(Version)


CAUSES: list[Tried] = []


def brings(
    cause: Cause, *operations: Operation, tells: str, versions: tuple[Version, ...] = tuple(Version)
) -> Callable[..., Any]:
    """Enter a function that offends into `CAUSES`."""

    def enter(offend: Callable[[World, Operation], Awaitable[Offence]]) -> Any:
        CAUSES.append(Tried(cause=cause, operations=operations, tells=tells, offend=offend, versions=versions))
        return offend

    return enter


AFTERWARDS = {
    (operation, Cause.CONTENT_INVALID): "the content breaks its schema: the message is taken, its sender told later"
    for operation in SEND
}
"""What is no answer to the call, but stands in a verdict that its sender gets afterwards."""


# Every operation


@brings(Cause.ENVELOPE_BROKEN, *EVERY, tells="the envelope is no XML, is of another version, or breaks its schema")
async def broken(world: World, operation: Operation) -> Offence:
    """Put an element that the schema does not know at the end of the body's element."""
    data = await world.right(operation)
    end = f"</typ:{operation.asked}>".encode()
    assert end in data
    return Offence(
        data=data.replace(end, b"<typ:Odd></typ:Odd>" + end),
        text="Нарушен формат бизнес-конверта.",
        reason="Odd",
    )


@brings(Cause.SIGNATURE_BLOCK_MISSING, *EVERY, tells="there is no CallerInformationSystemSignature, or it is empty")
async def unsigned(world: World, operation: Operation) -> Offence:
    """Cut the signature's block out."""
    block = rb"<typ:CallerInformationSystemSignature>.*</typ:CallerInformationSystemSignature>"
    return Offence(
        data=re.sub(block, b"", await world.right(operation), flags=re.DOTALL),
        text="Сообщение содержит не все вложенные элементы."
        " Блок CallerInformationSystemSignature отсутствует либо пуст.",
        reason="signature block missing",
    )


@brings(Cause.SMEV_FAILURE, *EVERY, tells="the node itself fails: it cannot write its state, or a defect shows")
async def failure(world: World, operation: Operation) -> Offence:
    """Take the state away under the node."""
    data = await world.right(operation)

    def gone(*_values: object) -> None:
        raise OSError("the disk is full")

    for name in ("run", "one", "all", "transaction"):
        setattr(world.simulator.state, name, gone)
    return Offence(data=data, text="Ошибка СМЭВ. Обратитесь в службу технической поддержки.", reason="node failed")


@brings(Cause.SENDER_UNKNOWN, *EVERY, tells="no participant has the certificate of the signature")
async def unknown_sender(world: World, operation: Operation) -> Offence:
    """Sign with a key that nobody registered."""
    return Offence(
        data=await world.right(operation, signer=world.stranger()),
        text="Отправитель не зарегистрирован в СМЭВ"
        if operation in GET
        else "Информационная система не зарегистрирована в СМЭВ.",
        reason="sender unknown",
    )


@brings(
    Cause.SIGNATURE_WRONG,
    *EVERY,
    tells="digest, value or form of the signature do not hold",
)
async def wrong_signature(world: World, operation: Operation) -> Offence:
    """Change the digest."""
    data = await world.right(operation)
    changed = re.sub(rb"(DigestValue>)....", rb"\1AAAA", data, count=1)
    assert changed != data
    return Offence(
        data=changed,
        text="ЭП-ОВ не соответствует подписанным данным: ",
        details={"SignatureVerificationFault": "SignatureIsInvalid"},
        reason="SignatureIsInvalid: the content is not what was signed (digest)",
    )


@brings(Cause.SIGNATURE_MISSING, *EVERY, tells="CallerInformationSystemSignature holds something that is no signature")
async def no_signature(world: World, operation: Operation) -> Offence:
    """Put something else of the signatures' namespace in the signature's place."""
    block = rb"(<typ:CallerInformationSystemSignature>).*(</typ:CallerInformationSystemSignature>)"
    other = rb'\1<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:KeyInfo>\2'
    texts = {
        Operation.GET_RESPONSE: "<getResponse> Отсутствует ЭП-ОВ",
        Operation.GET_STATUS: " Отсутствует ЭП-ОВ",
        Operation.ACK: " Отсутствует ЭП-ОВ",
    }
    return Offence(
        data=re.sub(block, other, await world.right(operation), flags=re.DOTALL),
        text=texts.get(operation, "Отсутствует ЭП-ОВ"),
        details={"SignatureVerificationFault": "NoSignatureFound"},
        reason="NoSignatureFound",
    )


@brings(Cause.CERTIFICATE_EXPIRED, *EVERY, tells="the certificate is past its last day on the simulator's clock")
async def expired(world: World, operation: Operation) -> Offence:
    """Go on to the day after the certificates' last one."""
    world.simulator.clock.advance(timedelta(days=testkeys.DAYS + 1))
    data = await world.right(operation, **_elsewhere(operation))
    return _dated(data, "Срок действия сертификата истёк. Сертификат действителен до ", -1, world)


@brings(Cause.CERTIFICATE_NOT_YET_VALID, *EVERY, tells="the certificate's first day is still to come")
async def not_yet(world: World, operation: Operation) -> Offence:
    """Go back to the day before the certificates were made."""
    world.simulator.clock.advance(-timedelta(days=2))
    data = await world.right(operation, **_elsewhere(operation))
    return _dated(data, "Срок действия сертификата не начался. Сертификат действителен с ", 0, world)


@brings(Cause.CERTIFICATE_REVOKED, *EVERY, tells="the list of participants says that the certificate is revoked")
async def revoked(world: World, operation: Operation) -> Offence:
    """Sign with a revoked certificate."""
    return Offence(
        data=await world.right(operation, signer=world.signer("revoked")),
        text="Cертификат отозван. Код ответа в ГУЦ:1",
        details={"SignatureVerificationFault": "CertificateIsExpired"},
        reason="certificate revoked",
    )


def _elsewhere(operation: Operation) -> dict[str, str]:
    """Nobody can have been asked on a day on which no certificate holds."""
    return {"to": "somewhere"} if operation is Operation.SEND_RESPONSE else {}


def _dated(data: bytes, words: str, which: int, world: World) -> Offence:
    from cryptography import x509

    held = x509.load_pem_x509_certificate((world.folder / "asker.crt").read_bytes())
    moment = (held.not_valid_before_utc, held.not_valid_after_utc)[which] + timedelta(hours=3)
    return Offence(
        data=data,
        text=f"{words}{moment:%Y-%m-%d %H:%M}",
        details={"SignatureVerificationFault": "CertificateIsExpired"},
        reason="certificate",
    )


# Reading queues


@brings(Cause.TYPE_UNKNOWN, *GET, tells="the selector names a type that is not registered, or not the caller's")
async def unknown_type(world: World, operation: Operation) -> Offence:
    """Select a type that nobody registered."""
    selector = MessageType(namespace="urn:unknown", root="Ask")
    return _queue(await world.right(operation, selector=selector), "Asker")


@brings(Cause.TYPE_UNKNOWN, Operation.GET_STATUS, tells="the caller neither sends nor serves any message type")
async def no_queue(world: World, operation: Operation) -> Offence:
    """Ask for statuses as a participant that can have none."""
    return _queue(await world.right(operation, by="idle"), "Idle")


def _queue(data: bytes, name: str) -> Offence:
    return Offence(
        data=data,
        text="Входящая очередь запрошенного типа сообщений, принадлежащая пользователю"
        f' O="Test, Ltd", CN={name} не зарегистрирована в СМЭВ',
        reason="type unknown",
    )


@brings(Cause.TARGET_NOT_FOUND, Operation.ACK, tells="the message was not given out, is acknowledged, or went back")
async def no_target(world: World, operation: Operation) -> Offence:
    """Acknowledge what never was."""
    message_id = world.ids()
    return Offence(
        data=await world.right(operation, message_id=message_id),
        text=f"Сообщение {message_id} не найдено среди неподтверждённых.",
        reason="target not found",
    )


# Sending


@brings(Cause.ID_FORMAT, *SEND, tells="MessageID is no UUID of version 1 in lower case")
async def bad_id(world: World, operation: Operation) -> Offence:
    """Send a UUID of version 4."""
    return Offence(
        data=await world.right(operation, message_id="b077cd84-3959-41f1-b8b2-0242333cce59"),
        text="Недопустимый формат идентификатора сообщения. См. RFC-4122.",
        reason="id format",
    )


@brings(Cause.ID_STALE, *SEND, tells="MessageID is older than the simulator's setting, a day by default")
async def stale(world: World, operation: Operation) -> Offence:
    """Send an id of 1582."""
    return Offence(
        data=await world.right(operation, message_id=OLD),
        text="Timestamp идентификатора сообщения слишком давний.",
        reason="id stale",
    )


@brings(Cause.ALREADY_SENT, *SEND, tells="a message of this MessageID was taken before")
async def again(world: World, operation: Operation) -> Offence:
    """Send one message twice."""
    message_id = world.ids()
    data = await world.right(operation, message_id=message_id)
    await world.say(data)
    return Offence(
        data=data, text=f"Сообщение с идентификатором {message_id} было послано ранее.", reason="already sent"
    )


@brings(Cause.TYPE_NOT_SUPPORTED, Operation.SEND_REQUEST, tells="the content's root element is not registered")
async def unknown_request(world: World, operation: Operation) -> Offence:
    """Send a root that nobody registered."""
    return Offence(
        data=await world.right(operation, content=b'<a xmlns="urn:unknown"/>'),
        text="Неподдерживаемый тип запроса.",
        details={"RootElementLocalName": "a", "RootElementNamespaceURI": "urn:unknown"},
        reason="type not supported",
    )


@brings(Cause.TYPE_NOT_SUPPORTED, Operation.SEND_RESPONSE, tells="the content answers another message type")
async def other_answer(world: World, operation: Operation) -> Offence:
    """Answer what nobody asked."""
    return Offence(
        data=await world.right(operation, content=told("full")),
        text="Неподдерживаемый тип запроса.",
        details={"RootElementLocalName": "Told", "RootElementNamespaceURI": "urn:test:full"},
        reason="type not supported",
    )


@brings(Cause.TYPE_OF_OTHER_OPERATION, Operation.SEND_REQUEST, tells="the content is registered as an answer")
async def answer_as_request(world: World, operation: Operation) -> Offence:
    """Send an answer by SendRequest."""
    return Offence(
        data=await world.right(operation, content=told()),
        text="Попытка послать сообщение {urn:test:plain}Told через метод sendRequest, в то время как этот тип сообщений"
        " зарегистрирован как RESPONSE",
        details={"RootElementLocalName": "Told", "RootElementNamespaceURI": "urn:test:plain"},
        reason="type of other operation",
    )


@brings(Cause.TYPE_OF_OTHER_OPERATION, Operation.SEND_RESPONSE, tells="the content is registered as a broadcast")
async def broadcast_as_answer(world: World, operation: Operation) -> Offence:
    """Send a broadcast by SendResponse."""
    return Offence(
        data=await world.right(operation, content=ask("news")),
        text="Попытка послать сообщение {urn:test:news}Ask через метод sendResponse, в то время как этот тип сообщений"
        " зарегистрирован как BROADCAST",
        details={"RootElementLocalName": "Ask", "RootElementNamespaceURI": "urn:test:news"},
        reason="type of other operation",
    )


@brings(Cause.RESPONSE_TYPE_WRONG, Operation.SEND_RESPONSE, tells="the content is registered as a request")
async def request_as_answer(world: World, operation: Operation) -> Offence:
    """Send a request by SendResponse."""
    return Offence(
        data=await world.right(operation, content=ask()),
        text="Содержимое сообщения зарегистрировано в СМЭВ как запрос, а не как ответ.",
        reason="response type wrong",
    )


@brings(Cause.TYPE_NOT_REGISTERED, Operation.SEND_RESPONSE, tells="the content's root element is not registered")
async def unknown_answer(world: World, operation: Operation) -> Offence:
    """Send a root that nobody registered."""
    return Offence(
        data=await world.right(operation, content=b'<a xmlns="urn:unknown"/>'),
        text="Попытка послать сообщение {urn:unknown}a через метод sendResponse, в то время как этот тип сообщений не"
        " зарегистрирован в СМЭВ.",
        reason="type not registered",
    )


@brings(Cause.ACCESS_DENIED, Operation.SEND_REQUEST, tells="the sender may not send this message type")
async def no_right(world: World, operation: Operation) -> Offence:
    """Send a type of somebody else."""
    return Offence(
        data=await world.right(operation, content=ask("foreign")), text="Доступ запрещён", reason="access denied"
    )


@brings(
    Cause.PERSONAL_ACCESS_DENIED,
    Operation.SEND_REQUEST,
    tells="the recipient's `personal_access` does not name the sender",
    versions=(Version.V1_3,),
)
async def not_let_in(world: World, operation: Operation) -> Offence:
    """Send to who lets nobody in."""
    return Offence(
        data=await world.right(operation, content=ask("shut")),
        text="Доступ запрещён: у владельца сертификата ЭП-СП нет прав на отправку сообщений получателю.",
        reason="personal access denied",
    )


@brings(Cause.END_OF_LIFE, Operation.SEND_REQUEST, tells="EOL is over when the message comes")
async def too_late(world: World, operation: Operation) -> Offence:
    """Send what has lived already."""
    return Offence(
        data=await world.right(operation, end_of_life=world.simulator.clock()),
        text="Превышено время жизни сообщения.",
        reason="end of life",
    )


@brings(
    Cause.TRANSACTION_CODE_INVALID,
    Operation.SEND_REQUEST,
    tells="TransactionCode is not one that was issued",
)
async def bad_transaction(world: World, operation: Operation) -> Offence:
    """Send a code that nobody gave out."""
    return Offence(
        data=await world.right(operation, transaction_code="none"),
        text="Недопустимый код транзакции.",
        reason="transaction code invalid",
    )


@brings(Cause.RECIPIENT_UNKNOWN, Operation.SEND_REQUEST, tells="no participant serves the message type")
async def nobody(world: World, operation: Operation) -> Offence:
    """Ask nobody."""
    return Offence(
        data=await world.right(operation, content=ask("nobody")),
        text="Невозможно определить получателя для сообщения. Полное имя корневого элемента: {urn:test:nobody}Ask",
        reason="recipient unknown",
    )


@brings(Cause.RECIPIENT_AMBIGUOUS, Operation.SEND_REQUEST, tells="several serve a type without a routing code")
async def several(world: World, operation: Operation) -> Offence:
    """Ask two."""
    return Offence(
        data=await world.right(operation, content=ask("twofold")),
        text="Найдено несколько получателей для сообщения. Полное имя корневого элемента: {urn:test:twofold}Ask",
        reason="recipient ambiguous",
    )


@brings(
    Cause.RECIPIENT_DATA_INCOMPLETE,
    Operation.SEND_REQUEST,
    tells="the type has a routing code, and the content holds none; in 1.3, Routing names nobody",
)
async def no_code(world: World, operation: Operation) -> Offence:
    """Leave the routing code out."""
    return Offence(
        data=await world.right(operation, content=ask("coded")),
        text="Не удалось найти получателя по причине неполноты входных данных: код маршрутизации не заполнен",
        reason="recipient data incomplete",
    )


@brings(Cause.RECIPIENT_OKTMO_WRONG, Operation.SEND_REQUEST, tells="no provider has the content's routing code")
async def other_code(world: World, operation: Operation) -> Offence:
    """Send a code of nobody."""
    return Offence(
        data=await world.right(operation, content=ask("coded", "<t:Code>99</t:Code>")),
        text="Невозможно определить получателя для сообщения. Полное имя корневого элемента: {urn:test:coded}Ask;"
        " Ошибка ОКТМО:код маршрутизации 99 не зарегистрирован",
        reason="recipient oktmo wrong",
    )


@brings(Cause.REPLY_TO_UNKNOWN, Operation.SEND_RESPONSE, tells="To is no ReplyTo that the sender was given")
async def nowhere(world: World, operation: Operation) -> Offence:
    """Answer to nowhere."""
    return Offence(
        data=await world.right(operation, to="нет такого"),
        text="Невозможно определить получателя для ответа на запрос. Адресная информация: нет такого",
        reason="reply to unknown",
    )


@brings(Cause.DESTINATION_OVERFLOW, *SEND, tells="the recipient's queue holds as many messages as its `queue_limit`")
async def overflow(world: World, operation: Operation) -> Offence:
    """Fill a queue of one place."""
    if operation is Operation.SEND_REQUEST:
        await world.say(world.request(ask("full")))
        data = world.request(ask("full"))
    else:
        first, second = await world.asked(by="full"), await world.asked(by="full")
        await world.say(await world.response(to=first))
        data = await world.response(to=second)
    return Offence(
        data=data,
        text="Очередь, в которую должно быть отправлено сообщение, переполнена.",
        reason="destination overflow",
    )


# Attachments


@brings(Cause.ATTACHMENTS_WITHOUT_HEADERS, *SEND, tells="there are contents of attachments and no headers")
async def no_headers(world: World, operation: Operation) -> Offence:
    """Send a content alone."""
    return Offence(
        data=await world.right(operation, contents=(_content("a"),)),
        text="Количество вложений - 1, нет ни одного заголовка.",
        reason="attachments without headers",
    )


@brings(Cause.ATTACHMENT_COUNTS_DIFFER, *SEND, tells="there are more or fewer contents than headers")
async def counts(world: World, operation: Operation) -> Offence:
    """Send two contents and one header."""
    return Offence(
        data=await world.right(operation, attachments=(_header("a"),), contents=(_content("a"), _content("b"))),
        text="Количество вложений - 2, количество заголовков - 1",
        reason="attachment counts differ",
    )


@brings(Cause.ATTACHMENT_WITHOUT_HEADER, *SEND, tells="no header names a content's Id")
async def other_header(world: World, operation: Operation) -> Offence:
    """Send a header of another content."""
    return Offence(
        data=await world.right(operation, attachments=(_header("b"),), contents=(_content("a"),)),
        text='Вложение [Id="a"] не имеет заголовка.',
        reason="attachment without header",
    )


@brings(Cause.ATTACHMENTS_TOO_BIG, *SEND, tells="the contents are larger together than 5 MB")
async def too_big(world: World, operation: Operation) -> Offence:
    """Send one byte too much."""
    limit = 5 * 1024 * 1024
    return Offence(
        data=await world.right(
            operation, attachments=(_header("a"),), contents=(AttachmentContent(id="a", content=bytes(limit + 1)),)
        ),
        text="Превышен максимально допустимый суммарный размер присоединённых файлов.",
        details={"PermittedTotalAttachmentSize": str(limit), "RealTotalAttachmentSize": str(limit + 1)},
        reason="attachments too big",
    )


@brings(Cause.ATTACHMENT_FIELDS_EMPTY, *SEND, tells="a content is empty, or a reference has no uuid or no hash")
async def empty_content(world: World, operation: Operation) -> Offence:
    """Send nothing under a header."""
    nothing = AttachmentContent(id="a", content=b"")
    return Offence(
        data=await world.right(operation, attachments=(_header("a"),), contents=(nothing,)),
        text="Вложения не имеют заполненных требуемых полей.",
        reason="attachment fields empty",
    )


@brings(Cause.FTP_ATTACHMENT_WRONG, *SEND, tells="no file was uploaded under the uuid, or there are several")
async def not_uploaded(world: World, operation: Operation) -> Offence:
    """Refer to a file that nobody uploaded."""
    message_id = world.ids()
    return Offence(
        data=await world.right(operation, message_id=message_id, files=(_file(world.ids()),)),
        text=f"Некорректная информация о фтп вложениях; message id = {message_id}",
        reason="ftp attachment wrong",
    )


@brings(Cause.FTP_ATTACHMENTS_TOO_BIG, *SEND, tells="the files are larger together than `--ftp-limit`, 1 GB by default")
async def too_big_files(world: World, operation: Operation) -> Offence:
    """Refer to a file one byte too large."""
    return Offence(
        data=await world.right(operation, files=(_file(world.uploaded(FTP_LIMIT + 1)),)),
        text="Превышен максимально допустимый суммарный размер ftp файлов.",
        details={"PermittedTotalAttachmentSize": str(FTP_LIMIT), "RealTotalAttachmentSize": str(FTP_LIMIT + 1)},
        reason="ftp attachments too big",
    )


@brings(Cause.QUOTA_EXCEEDED, *SEND, tells="files wait for the recipient, and these do not fit into its `quota`")
async def over_quota(world: World, operation: Operation) -> Offence:
    """Send a file of 11 bytes where 10 may wait."""
    file = _file(world.uploaded(11))
    if operation is Operation.SEND_REQUEST:
        data = world.request(ask("tight"), files=(file,))
    else:
        data = await world.response(to=await world.asked(by="tight"), files=(file,))
    return Offence(
        data=data,
        text="Квота на файловое хранилище для получателя превышена!",
        details={"RemainedTotalQuoteSize": "10", "RealTotalAttachmentSize": "11"},
        reason="quota exceeded",
    )


def _header(content_id: str) -> AttachmentHeader:
    return AttachmentHeader(content_id=content_id, mime_type="text/plain")


def _content(content_id: str) -> AttachmentContent:
    return AttachmentContent(id=content_id, content=b"text")


def _file(uuid: str) -> RefAttachmentHeader:
    return RefAttachmentHeader(uuid=uuid, hash=bytes(32), mime_type="text/plain", file_name="a.txt")
