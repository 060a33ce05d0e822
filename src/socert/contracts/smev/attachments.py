"""Attachments: what a message says of the files that travel beside its content.

Small files travel in the message itself: a header under the signature and a content outside it, told apart by an id.
Large ones lie in the exchange's file store: the sender gives a reference with the file's hash, the recipient gets a
user and a password for each.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3 (basic); manual 3.3, sections 3.2 and 4.5.4.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.envelope import child, need, path, read, read_child
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

_Fields = Sequence[tuple[str, "str | _Fields"]]
"""Children of an element, in order: their names and what is in them, as XML."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedFile:
    """One file inside an attached archive (version 1.3): its name, and the namespace of what it holds."""

    name: str
    namespace_uri: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentHeader:
    """What is said of a file inside the message (AttachmentHeader).

    `content_id` is the id of its content: an XML name, so it begins with a letter or `_`. `mime_type` is of text,
    image, audio, video or application. `signature` is PKCS#7 (DER), detached, empty where there is none.
    `namespace_uri` and `archive` (the files of an archive) are of version 1.3 and are not written in others.
    """

    content_id: str
    mime_type: str
    signature: bytes = b""
    namespace_uri: str | None = None
    archive: tuple[ArchivedFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RefAttachmentHeader:
    """What is said of a file in the file store (RefAttachmentHeader).

    `uuid` names the file's folder. `hash` is the digest itself, written in base64; it is empty where what came is not
    base64, and so is the hash of no file. `file_name`, `namespace_uri` and `archive` are of version 1.3 and are not
    written in others.
    """

    uuid: str
    hash: bytes
    mime_type: str
    signature: bytes = b""
    file_name: str | None = None
    namespace_uri: str | None = None
    archive: tuple[ArchivedFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentContent:
    """A file inside the message (AttachmentContent): `id` is the `content_id` of its header."""

    id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """Where the recipient finds a file of the file store (FSAttachment): `ftp://user:password@…/uuid/file_name`.

    Real ones write `file_name` with a slash before it.
    """

    uuid: str
    user_name: str
    password: str = field(repr=False)
    file_name: str


def render_headers(
    attachments: Sequence[AttachmentHeader], files: Sequence[RefAttachmentHeader], version: Version, number: int
) -> str:
    """Return AttachmentHeaderList and RefAttachmentHeaderList where there is anything for them to hold.

    In the normal form of the exchange's transform: their prefixes are ns<number> and ns<number + 1>, or whichever of
    the two come first, declared on the lists.
    """
    written = ""
    if attachments:
        written = _list("AttachmentHeader", f"ns{number}", version, [_header(one, version) for one in attachments])
        number += 1
    if files:
        written += _list("RefAttachmentHeader", f"ns{number}", version, [_reference(one, version) for one in files])
    return written


def render_contents(contents: Sequence[AttachmentContent], version: Version) -> str:
    """Return AttachmentContentList, nothing where there are no contents. `multipart.write` moves them into parts."""
    inside = [[("Id", text(one.id)), ("Content", b64encode(one.content).decode())] for one in contents]
    return _list("AttachmentContent", "bas", version, inside) if inside else ""


def render_stored(stored: Sequence[StoredFile], version: Version) -> str:
    """Return FSAttachmentsList, nothing where there are no files."""
    inside = [
        [
            ("uuid", text(one.uuid)),
            ("UserName", text(one.user_name)),
            ("Password", text(one.password)),
            ("FileName", text(one.file_name)),
        ]
        for one in stored
    ]
    return _list("FSAttachment", "bas", version, inside, holder="FSAttachmentsList") if inside else ""


def _list(name: str, prefix: str, version: Version, entries: Sequence[_Fields], *, holder: str = "") -> str:
    holder = holder or f"{name}List"
    inside = "".join(f"<{prefix}:{name}>{_fields(entry, prefix)}</{prefix}:{name}>" for entry in entries)
    return f'<{prefix}:{holder} xmlns:{prefix}="{version.basic}">{inside}</{prefix}:{holder}>'


def _fields(fields: _Fields, prefix: str) -> str:
    return "".join(
        f"<{prefix}:{name}>{inside if isinstance(inside, str) else _fields(inside, prefix)}</{prefix}:{name}>"
        for name, inside in fields
    )


def _header(one: AttachmentHeader, version: Version) -> _Fields:
    fields: list[tuple[str, str | _Fields]] = [("contentId", text(one.content_id))]
    if version is Version.V1_3 and one.namespace_uri is not None:
        fields.append(("NamespaceUri", text(one.namespace_uri)))
    return [*fields, ("MimeType", text(one.mime_type)), *_last(one, version)]


def _reference(one: RefAttachmentHeader, version: Version) -> _Fields:
    fields: list[tuple[str, str | _Fields]] = [("uuid", text(one.uuid))]
    if version is Version.V1_3 and one.file_name is not None:
        fields.append(("FileName", text(one.file_name)))
    if version is Version.V1_3 and one.namespace_uri is not None:
        fields.append(("NamespaceUri", text(one.namespace_uri)))
    fields.append(("Hash", b64encode(one.hash).decode()))
    return [*fields, ("MimeType", text(one.mime_type)), *_last(one, version)]


def _last(one: AttachmentHeader | RefAttachmentHeader, version: Version) -> _Fields:
    """Return what both kinds of headers end with."""
    fields: list[tuple[str, str | _Fields]] = []
    if one.signature:
        fields.append(("SignaturePKCS7", b64encode(one.signature).decode()))
    if version is Version.V1_3 and one.archive:
        files = [("File", [("Name", text(f.name)), ("NamespaceUri", text(f.namespace_uri))]) for f in one.archive]
        fields.append(("Archive", files))
    return fields


def read_attachments(holder: etree._Element | None, version: Version) -> tuple[AttachmentHeader, ...]:
    """Read AttachmentHeaderList, () where there is none. Raises EnvelopeInvalid."""
    basic = version.basic
    return tuple(
        AttachmentHeader(
            content_id=read(need(one, basic, "contentId")),
            mime_type=read(need(one, basic, "MimeType")),
            signature=_read_signature(one, basic),
            namespace_uri=read_child(one, basic, "NamespaceUri"),
            archive=_read_archive(one, basic),
        )
        for one in _entries(holder, "AttachmentHeader", basic)
    )


def read_files(holder: etree._Element | None, version: Version) -> tuple[RefAttachmentHeader, ...]:
    """Read RefAttachmentHeaderList, () where there is none. Raises EnvelopeInvalid."""
    basic = version.basic
    return tuple(
        RefAttachmentHeader(
            uuid=read(need(one, basic, "uuid")),
            hash=_decoded(read(need(one, basic, "Hash"))) or b"",
            mime_type=read(need(one, basic, "MimeType")),
            signature=_read_signature(one, basic),
            file_name=read_child(one, basic, "FileName"),
            namespace_uri=read_child(one, basic, "NamespaceUri"),
            archive=_read_archive(one, basic),
        )
        for one in _entries(holder, "RefAttachmentHeader", basic)
    )


def read_contents(block: etree._Element, version: Version) -> tuple[AttachmentContent, ...]:
    """Read AttachmentContentList beside a block, () where there is none. Raises EnvelopeInvalid.

    Contents in binary parts must have been put in their places before (`multipart.read`).
    """
    return tuple(
        AttachmentContent(id=read(need(one, version.basic, "Id")), content=_binary(need(one, version.basic, "Content")))
        for one in _entries(child(block, version.basic, "AttachmentContentList"), "AttachmentContent", version.basic)
    )


def read_stored(block: etree._Element, version: Version) -> tuple[StoredFile, ...]:
    """Read FSAttachmentsList of a block, () where there is none. Raises EnvelopeInvalid."""
    basic = version.basic
    return tuple(
        StoredFile(
            uuid=read(need(one, basic, "uuid")),
            user_name=read(need(one, basic, "UserName")),
            password=read(need(one, basic, "Password")),
            file_name=read(need(one, basic, "FileName")),
        )
        for one in _entries(child(block, basic, "FSAttachmentsList"), "FSAttachment", basic)
    )


def _entries(holder: etree._Element | None, name: str, basic: str) -> Iterable[etree._Element]:
    return () if holder is None else holder.iterchildren(f"{{{basic}}}{name}")


def _read_signature(header: etree._Element, basic: str) -> bytes:
    found = child(header, basic, "SignaturePKCS7")
    return b"" if found is None else _binary(found)


def _read_archive(header: etree._Element, basic: str) -> tuple[ArchivedFile, ...]:
    return tuple(
        ArchivedFile(name=read(need(one, basic, "Name")), namespace_uri=read(need(one, basic, "NamespaceUri")))
        for one in _entries(child(header, basic, "Archive"), "File", basic)
    )


def _binary(element: etree._Element) -> bytes:
    found = _decoded(read(element))
    if found is None:
        raise EnvelopeInvalid(f"{path(element)} is not base64")
    return found


def _decoded(written: str) -> bytes | None:
    """Return the bytes that base64 stands for, white space in it or not; None where it is not base64."""
    try:
        return b64decode("".join(written.split()), validate=True)
    except ValueError:
        return None
