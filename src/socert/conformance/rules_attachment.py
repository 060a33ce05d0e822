"""Attachments: headers and contents, MTOM parts, PKCS#7 signatures, the file store's references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

from socert.conformance.message import Message, is_reply
from socert.conformance.parts import INCLUDE, identifier_of
from socert.conformance.pkcs7 import problem_of
from socert.conformance.requirement import Rules, Severity, Subject, at, found, shown
from socert.conformance.signature_reading import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml import etree

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

LARGEST_TOTAL: Final = 5 * 1024 * 1024
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.\-]*")
_MIME = re.compile(r"[\w.+\-]+/[\w.+\-]+(\s*;.*)?")
_HASHES: Final = frozenset({32, 64})


def _has(*names: str) -> Callable[[Message], bool]:
    return lambda message: message.first(*names) is not None


def _identifiers(message: Message) -> list[etree._Element]:
    """Ids of contents and the ids by which headers name them."""
    held = [content.find("{*}Id") for content in message.all("AttachmentContent")]
    return [*message.all("contentId"), *(element for element in held if element is not None)]


@RULES(
    "ATT-001",
    "The id of an attachment begins with a Latin letter or an underscore.",
    "Идентификатор вложения начинается с латинской буквы или подчёркивания.",
    source="manual 3.2.2; basic.xsd, xs:ID",
    applies=_has("AttachmentContent", "AttachmentHeader"),
)
def identifier(message: Message) -> Iterable[Finding]:
    """A bare UUID begins with a digit more often than not."""
    for element in _identifiers(message):
        if not _IDENTIFIER.fullmatch((element.text or "").strip()):
            yield at(element, "it is no such id", "идентификатор не таков")


@RULES(
    "ATT-002",
    "Every AttachmentHeader has an AttachmentContent of its id, and the other way round.",
    "У каждого AttachmentHeader есть AttachmentContent с тем же идентификатором, и наоборот.",
    source="faults.xsd, AttachmentContentMiscoordination; manual 3.2.2",
    applies=_has("AttachmentContent", "AttachmentHeader"),
)
def match(message: Message) -> Iterable[Finding]:
    """And no id twice."""
    headers = {(element.text or "").strip(): element for element in message.all("contentId")}
    contents = {}
    for content in message.all("AttachmentContent"):
        held = content.find("{*}Id")
        name = "" if held is None else (held.text or "").strip()
        if name in contents:
            yield at(content, "its id is that of another content", "идентификатор повторяется")
        contents[name] = content
    for name in headers.keys() - contents.keys():
        yield at(headers[name], "no content has this id", "содержимого с этим идентификатором нет")
    for name in contents.keys() - headers.keys():
        yield at(contents[name], "no header names its id", "заголовка с этим идентификатором нет")


@RULES(
    "ATT-003",
    "The contents inside a message are 5 MB together at most.",
    "Вложения внутри сообщения — вместе не больше 5 МБ.",
    source="manual 3.2.2; faults.xsd, AttachmentSizeLimitExceeded",
    applies=_has("AttachmentContent"),
)
def total(message: Message) -> Iterable[Finding]:
    """Larger ones go through the file store."""
    sizes = [len(decoded(content.find("{*}Content")) or b"") for content in message.all("AttachmentContent")]
    if sum(sizes) > LARGEST_TOTAL:
        holder = message.first("AttachmentContentList", "AttachmentContent")
        assert holder is not None
        yield at(holder, f"they are {sum(sizes)} bytes", f"их {sum(sizes)} байт")


@RULES(
    "ATT-004",
    "Every xop:Include refers by cid: to a part of the message.",
    "Каждый xop:Include ссылается через cid: на часть сообщения.",
    source="XOP 1.0, 4.2; RFC 2392",
    applies=lambda message: message.raw is not None and next(message.raw.iter(INCLUDE), None) is not None,
)
def includes(message: Message) -> Iterable[Finding]:
    """What stands nowhere cannot be put in place."""
    assert message.raw is not None
    others = {} if message.parts is None else message.parts.others
    for include in message.raw.iter(INCLUDE):
        if identifier_of(include) not in others:
            yield at(include, f"no part is {shown(include.get('href'))}", f"нет части {shown(include.get('href'))}")


@RULES(
    "ATT-005",
    "Every part but the root is referred to by an xop:Include.",
    "На каждую часть, кроме корневой, ссылается xop:Include.",
    source="XOP 1.0, 3.1",
    severity=Severity.SHOULD,
    applies=lambda message: message.raw is not None and message.parts is not None and bool(message.parts.others),
)
def parts_used(message: Message) -> Iterable[Finding]:
    """A part that nothing names is lost."""
    assert message.raw is not None
    assert message.parts is not None
    named = {identifier_of(include) for include in message.raw.iter(INCLUDE)}
    for name in message.parts.others.keys() - named:
        yield found(f"nothing refers to the part {shown(name)}", f"на часть {shown(name)} никто не ссылается")


@RULES(
    "ATT-006",
    "SignaturePKCS7 is PKCS#7 SignedData, detached, of one signer with contentType and messageDigest.",
    "SignaturePKCS7 — отсоединённая PKCS#7 SignedData с одним подписантом, contentType и messageDigest.",
    source="manual 4.3.1; RFC 2315",
    applies=_has("SignaturePKCS7"),
)
def pkcs7(message: Message) -> Iterable[Finding]:
    """Form only: whether it holds needs the file."""
    for element in message.all("SignaturePKCS7"):
        data = decoded(element)
        problem = problem_of(data or b"")
        if problem is not None:
            yield at(element, problem.en, problem.ru)


@RULES(
    "ATT-007",
    "Every attachment is signed: SignaturePKCS7 by a person, or else by the information system.",
    "Каждое вложение подписано: SignaturePKCS7 человека, а если её нет — информационной системы.",
    source="manual 4.5.4",
    severity=Severity.SHOULD,  # optional in the schema
    applies=_has("AttachmentHeader", "RefAttachmentHeader"),
)
def signed(message: Message) -> Iterable[Finding]:
    """Contents stand outside the signed block, so nothing else protects them."""
    for element in message.all("AttachmentHeader", "RefAttachmentHeader"):
        if element.find("{*}SignaturePKCS7") is None:
            yield at(element, "no SignaturePKCS7", "нет SignaturePKCS7")


@RULES(
    "ATT-008",
    "The Hash of a stored file is base64 of a GOST hash, 32 or 64 bytes.",
    "Hash файла в хранилище — base64 хэша ГОСТ, 32 или 64 байта.",
    source="types.xsd, RefAttachmentHeader/Hash; manual 5",
    applies=_has("RefAttachmentHeader"),
)
def file_hash(message: Message) -> Iterable[Finding]:
    """Not hex, not another algorithm's length."""
    for header in message.all("RefAttachmentHeader"):
        element = header.find("{*}Hash")
        data = decoded(element)
        if element is not None and (data is None or len(data) not in _HASHES):
            size = "no base64" if data is None else f"{len(data)} bytes"
            yield at(element, f"it is {size}", "это не base64" if data is None else f"байт: {len(data)}")


@RULES(
    "ATT-009",
    "The uuid of a stored file is a UUID of version 1.",
    "uuid файла в хранилище — UUID версии 1.",
    source="manual 5",
    severity=Severity.SHOULD,
    applies=_has("RefAttachmentHeader"),
)
def file_uuid(message: Message) -> Iterable[Finding]:
    """It names the folder in the store, and is made like a MessageID."""
    for header in message.all("RefAttachmentHeader"):
        element = header.find("{*}uuid")
        if element is not None and not _is_version_1((element.text or "").strip()):
            yield at(element, "it is no UUID of version 1", "это не UUID версии 1")


@RULES(
    "ATT-010",
    "In a delivery, the files of FSAttachmentsList are those of RefAttachmentHeaderList.",
    "В доставленном сообщении файлы FSAttachmentsList — те же, что в RefAttachmentHeaderList.",
    source="manual 5; types.xsd, FSAttachmentsList",
    applies=lambda message: is_reply(message) and message.first("FSAttachment", "RefAttachmentHeader") is not None,
)
def stored(message: Message) -> Iterable[Finding]:
    """By their uuid: the one says where to fetch, the other what must come."""
    promised = _uuids(message, "RefAttachmentHeader")
    held = _uuids(message, "FSAttachment")
    for name in promised.keys() - held.keys():
        yield at(promised[name], "FSAttachmentsList does not have it", "в FSAttachmentsList его нет")
    for name in held.keys() - promised.keys():
        yield at(held[name], "RefAttachmentHeaderList does not have it", "в RefAttachmentHeaderList его нет")


@RULES(
    "ATT-011",
    "MimeType is a type and a subtype.",
    "MimeType — тип и подтип.",
    source="basic.xsd, MimeType; RFC 2045, 5.1",
    severity=Severity.SHOULD,
    applies=_has("AttachmentHeader", "RefAttachmentHeader"),
)
def mime(message: Message) -> Iterable[Finding]:
    """Like application/pdf."""
    for element in message.all("MimeType"):
        if not _MIME.fullmatch((element.text or "").strip()):
            yield at(element, "it is not like application/pdf", "не похоже на application/pdf")


def _uuids(message: Message, name: str) -> dict[str, etree._Element]:
    listed = [(element.findtext("{*}uuid") or "", element) for element in message.all(name)]
    return {text.strip(): element for text, element in listed}


def _is_version_1(text: str) -> bool:
    try:
        return UUID(text).version == 1
    except ValueError:
        return False
