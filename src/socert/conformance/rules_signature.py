"""Signatures: that they are there, of the right block, by the profile, and hold.

Source: manual 3.3, tables 3, 4, 6 and 7, appendix 1; what real messages carry where the manual is of before 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.conformance import signature_reading as reading
from socert.conformance.message import Message, is_call, is_reply
from socert.conformance.requirement import Rules, Severity, Subject, at, shown
from socert.conformance.signed import Role, Signed
from socert.contracts.errors import SignatureInvalid, TransformError
from socert.contracts.signature import transform
from socert.contracts.signature.certificates import check_dates, key_usage
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.xmldsig import EXCLUSIVE_C14N
from socert.contracts.smev.version import Version
from socert.contracts.xml import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

_GOST: Final = frozenset({Suite.GOST_2012_256, Suite.GOST_2012_512})
_PROFILE: Final = "manual table 7 (caller), table 6 (exchange), table 4 (person)"


def _there(message: Message) -> Iterator[tuple[Signed, etree._Element]]:
    """Yield the places that have a signature."""
    for place in message.signatures:
        if place.signature is not None:
            yield place, place.signature


def _signed(message: Message) -> bool:
    return next(_there(message), None) is not None


def _of(message: Message, role: Role) -> list[Signed]:
    return [place for place in message.signatures if place.role is role]


@RULES(
    "SIG-001",
    "The caller signs its call: CallerInformationSystemSignature holds a ds:Signature.",
    "Вызов подписан: в CallerInformationSystemSignature стоит ds:Signature.",
    source="manual table 7; SMEV-403 of real exchanges",
    applies=is_call,
)
def caller_signs(message: Message) -> Iterable[Finding]:
    """The schema lets it be left out so that clients can be tested; the exchange refuses."""
    yield from _missing(message, Role.CALLER)


@RULES(
    "SIG-002",
    "The exchange signs what it answers: SMEVSignature holds a ds:Signature.",
    "СМЭВ подписывает ответ: в SMEVSignature стоит ds:Signature.",
    source="manual table 6",
    applies=lambda message: is_reply(message) and bool(_of(message, Role.EXCHANGE)),
)
def exchange_signs(message: Message) -> Iterable[Finding]:
    """An empty queue and the reply to Ack carry none."""
    yield from _missing(message, Role.EXCHANGE)


@RULES(
    "SIG-003",
    "A delivery carries its sender's signature, but for the exchange's own verdicts.",
    "В доставленном сообщении есть подпись отправителя; её нет только у решений самой СМЭВ.",
    source="manual table 7, SenderInformationSystemSignature",
    severity=Severity.SHOULD,  # optional in the schema; lost where a message changes its version on the way
    applies=lambda message: bool(_of(message, Role.SENDER)) and message.first("AsyncProcessingStatus") is None,
)
def sender_signs(message: Message) -> Iterable[Finding]:
    """So that the receiver can verify who wrote what it got."""
    yield from _missing(message, Role.SENDER)


def _missing(message: Message, role: Role) -> Iterator[Finding]:
    for place in _of(message, role):
        if place.signature is None:
            yield at(place.around, f"no ds:Signature in {place.name}", f"нет ds:Signature в {place.name}")


@RULES(
    "SIG-004",
    "The signature is of the block that it must be of: URI is # and the Id of that block.",
    "Подписан тот блок, который должен быть подписан: URI — это # и Id блока.",
    source=_PROFILE,
    applies=_signed,
)
def target(message: Message) -> Iterable[Finding]:
    """A signature of another block proves nothing of this one."""
    for place, signature in _there(message):
        reference = reading.one(signature, "SignedInfo/Reference")
        uri = "" if reference is None else reference.get("URI", "")
        if place.target is None or not place.target.get("Id"):
            yield at(signature, "the block to be signed has no Id", "у подписываемого блока нет Id")
        elif uri != f"#{place.target.get('Id')}":
            name = etree.QName(place.target).localname[:64]
            yield at(
                signature if reference is None else reference,
                f"it refers to {shown(uri)}, not to {name} (#{shown(place.target.get('Id'))})",
                f"ссылка на {shown(uri)}, а не на {name} (#{shown(place.target.get('Id'))})",
                attribute="URI",
            )


@RULES(
    "SIG-005",
    "The Id of a signed block is the only one of its value in the message.",
    "Id подписанного блока не повторяется в сообщении.",
    source="XML Signature, 4.3.3.2; types.xsd, xs:ID",
    applies=lambda message: any(place.target is not None and place.target.get("Id") for place in message.signatures),
)
def unique(message: Message) -> Iterable[Finding]:
    """Two of one value, and nobody can tell which is signed."""
    assert message.root is not None
    for place in message.signatures:
        identifier = None if place.target is None else place.target.get("Id")
        if place.target is None or not identifier:
            continue
        same = [element for element in message.root.iter("*") if identifier in _ids(element)]
        if len(same) > 1:
            yield at(place.target, f"{len(same)} elements have its Id", f"элементов с этим Id: {len(same)}")


def _ids(element: etree._Element) -> list[str | None]:
    return [element.get("Id"), element.get("ID"), element.get("id")]


@RULES(
    "SIG-006",
    "A signature has exactly one Reference.",
    "В подписи ровно один Reference.",
    source=_PROFILE,
    applies=_signed,
)
def references(message: Message) -> Iterable[Finding]:
    """One signature, one block."""
    for _, signature in _there(message):
        count = len(signature.findall(f"{reading.DS}SignedInfo/{reading.DS}Reference"))
        if count != 1:
            yield at(signature, f"it has {count} references", f"ссылок: {count}")


@RULES(
    "SIG-007",
    "CanonicalizationMethod is exclusive c14n without comments.",
    "CanonicalizationMethod — exclusive c14n без комментариев.",
    source="manual appendix 1; real messages",
    applies=_signed,
)
def canonicalization(message: Message) -> Iterable[Finding]:
    """Of SignedInfo."""
    for _, signature in _there(message):
        named = reading.algorithm(signature, "SignedInfo/CanonicalizationMethod")
        if named != EXCLUSIVE_C14N:
            yield at(signature, f"it is {shown(named) or 'missing'}", f"указан {shown(named) or 'никакой'}")


@RULES(
    "SIG-008",
    "The transforms are exclusive c14n and then the exchange's own, and nothing else.",
    "Преобразования: exclusive c14n, затем преобразование СМЭВ, и больше ничего.",
    source="manual tables 4, 6, 7, appendix 1",
    applies=_signed,
)
def transforms(message: Message) -> Iterable[Finding]:
    """In this order."""
    for _, signature in _there(message):
        listed = signature.findall(f"{reading.DS}SignedInfo/{reading.DS}Reference/{reading.DS}Transforms/*")
        named = [element.get("Algorithm", "") for element in listed]
        if named != [EXCLUSIVE_C14N, transform.URI]:
            said = shown(", ".join(named), 300)
            yield at(signature, f"they are: {said or 'none'}", f"указаны: {said or 'никакие'}")


@RULES(
    "SIG-009",
    "Signature and digest algorithms are a known pair of one suite.",
    "Алгоритмы подписи и хэша — известная пара одного набора.",
    source="real messages of 2018-2026; manual table 3 lists those of before 2012",
    applies=_signed,
)
def algorithms(message: Message) -> Iterable[Finding]:
    """Both by their URIs."""
    for _, signature in _there(message):
        if reading.suite_of(signature) is None:
            method = reading.algorithm(signature, "SignedInfo/SignatureMethod")
            digest = reading.algorithm(signature, "SignedInfo/Reference/DigestMethod")
            yield at(
                signature,
                f"{shown(method)} with {shown(digest)} is no known pair",
                f"{shown(method)} и {shown(digest)} — неизвестная пара",
            )


@RULES(
    "SIG-010",
    "The suite is GOST R 34.10-2012: the real exchange takes no other.",
    "Алгоритмы — ГОСТ Р 34.10-2012: другие настоящая СМЭВ не принимает.",
    source="real messages of 2018-2026",
    severity=Severity.SHOULD,
    applies=lambda message: any(reading.suite_of(signature) for _, signature in _there(message)),
)
def gost(message: Message) -> Iterable[Finding]:
    """Test keys of ECDSA or RSA are good for tests only."""
    for _, signature in _there(message):
        suite = reading.suite_of(signature)
        if suite is not None and suite not in _GOST:
            yield at(signature, f"it is {suite.title}", f"указан {suite.title}")


@RULES(
    "SIG-011",
    "There is no text between the elements of a signature, not even a line break.",
    "Между элементами подписи нет текста, даже перевода строки.",
    source="manual tables 4, 6, 7",
    applies=_signed,
)
def no_text(message: Message) -> Iterable[Finding]:
    """Pretty-printing after signing breaks SignedInfo."""
    for _, signature in _there(message):
        for element in signature.iter("*"):
            texts = [element.text] if len(element) else []
            texts += [child.tail for child in element]
            if any(texts):
                blank = all(is_blank(text or "") for text in texts)
                en, ru = ("whitespace", "пробелы или переводы строк") if blank else ("text", "текст")
                yield at(element, f"{en} between its elements", f"{ru} между элементами")
                break


@RULES(
    "SIG-012",
    "KeyInfo/X509Data holds exactly one certificate, and it can be read.",
    "В KeyInfo/X509Data ровно один сертификат, и он читается.",
    source="manual 4.3; real messages",
    applies=_signed,
)
def certificate(message: Message) -> Iterable[Finding]:
    """The exchange knows a system by this certificate."""
    for _, signature in _there(message):
        count = len(signature.findall(f"{reading.DS}KeyInfo/{reading.DS}X509Data/{reading.DS}X509Certificate"))
        if count != 1:
            yield at(signature, f"it holds {count} certificates", f"сертификатов: {count}")
        elif reading.certificate_of(signature) is None:
            yield at(signature, "the certificate cannot be read", "сертификат не читается")


@RULES(
    "SIG-013",
    "What is signed has a normal form: every element has a namespace, no attribute is of xml:.",
    "У подписываемого есть нормальная форма: у каждого элемента пространство имён, нет атрибутов xml:.",
    source="manual appendices 1 and 4 (the reference program fails)",
    applies=lambda message: any(place.target is not None for place in message.signatures),
)
def normal_form(message: Message) -> Iterable[Finding]:
    """What has none cannot be verified by anybody."""
    for place in message.signatures:
        if place.target is None:
            continue
        try:
            transform.normalize(place.target)
        except TransformError:
            yield at(place.target, "the transform has no result for it", "преобразование не даёт результата")


def _readable(place: Signed, signature: etree._Element) -> bool:
    return place.target is not None and reading.suite_of(signature) is not None


@RULES(
    "SIG-014",
    "The digest is that of the signed block after the two transforms, XOP parts in their places.",
    "Хэш — от подписанного блока после обоих преобразований, вложения XOP на своих местах.",
    source="manual tables 4, 6, 7, appendix 1; XML Signature, 3.2.1",
    applies=lambda message: any(_readable(place, signature) for place, signature in _there(message)),
)
def digest(message: Message) -> Iterable[Finding]:
    """The content is what was signed."""
    for place, signature in _there(message):
        suite = reading.suite_of(signature)
        problem = reading.digest_problem(place, suite, message) if suite and place.target is not None else None
        if problem is not None:
            yield at(signature, f"digest: {problem.en}", f"хэш: {problem.ru}")


@RULES(
    "SIG-015",
    "The signature's value is made with the certificate's key over SignedInfo.",
    "Значение подписи сделано ключом сертификата над SignedInfo.",
    source="XML Signature, 3.2.2",
    applies=lambda message: any(
        reading.suite_of(signature) and reading.certificate_of(signature) for _, signature in _there(message)
    ),
)
def value(message: Message) -> Iterable[Finding]:
    """Who signed is who the certificate names."""
    for _, signature in _there(message):
        suite, found = reading.suite_of(signature), reading.certificate_of(signature)
        problem = reading.value_problem(signature, suite, found) if suite and found else None
        if problem is not None:
            yield at(signature, f"value: {problem.en}", f"значение: {problem.ru}")


@RULES(
    "SIG-016",
    "The caller's certificate is valid when the message is made.",
    "Сертификат вызывающего действителен, когда сообщение сделано.",
    source="faults.xsd, CertificateIsExpired; manual appendix 6",
    applies=lambda message: any(
        place.role is not Role.EXCHANGE and reading.certificate_of(signature) and _when(message)
        for place, signature in _there(message)
    ),
)
def dates(message: Message) -> Iterable[Finding]:
    """At the MessageID's time, or when the message travelled."""
    moment = _when(message)
    for place, signature in _there(message):
        found = reading.certificate_of(signature)
        if found is None or moment is None or place.role is Role.EXCHANGE:
            continue
        try:
            check_dates(found, moment)
        except SignatureInvalid as error:
            yield at(signature, error.detail, "сертификат в это время не действует")


def _when(message: Message) -> datetime | None:
    return message.made or message.moment


@RULES(
    "SIG-017",
    "The certificate says that its key is for signing (digitalSignature).",
    "В сертификате сказано, что ключ для подписи (digitalSignature).",
    source="RFC 5280, 4.2.1.3",
    severity=Severity.SHOULD,
    applies=lambda message: any(reading.certificate_of(signature) for _, signature in _there(message)),
)
def usage(message: Message) -> Iterable[Finding]:
    """A certificate that is for something else may be refused."""
    for _, signature in _there(message):
        found = reading.certificate_of(signature)
        said = None if found is None else key_usage(found)
        if found is not None and (said is None or not said.digital_signature):
            yield at(signature, "key usage does not say so", "в назначении ключа этого нет")


@RULES(
    "SIG-018",
    "The sender signs its routing: RoutingSignature holds a ds:Signature.",
    "Отправитель подписывает маршрутизацию: в RoutingSignature стоит ds:Signature.",
    source="routing.xsd, Routing",
    versions=frozenset({Version.V1_3}),
    applies=lambda message: bool(_of(message, Role.ROUTING)),
)
def routing_signed(message: Message) -> Iterable[Finding]:
    """It stands outside the block that the caller signs."""
    yield from _missing(message, Role.ROUTING)


@RULES(
    "SIG-019",
    "Each record of a registry is signed by itself: RecordSignature holds a ds:Signature.",
    "Каждая запись реестра подписана сама: в RecordSignature стоит ds:Signature.",
    source="directive.xsd, RegistryRecord",
    severity=Severity.SHOULD,  # optional in the schema
    versions=frozenset({Version.V1_3}),
    applies=lambda message: bool(_of(message, Role.RECORD)),
)
def records_signed(message: Message) -> Iterable[Finding]:
    """So that a record can go its own way and still be verified."""
    yield from _missing(message, Role.RECORD)
