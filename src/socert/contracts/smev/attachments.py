"""Attachments: what a message says of the files that travel beside its content.

Small files travel in the message itself: a header under the signature and a content outside it, told apart by an id.
Large ones lie in the exchange's file store: the sender gives a reference with the file's hash, the recipient gets a
user and a password for each.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3 (basic); manual 3.3, sections 3.2 and 4.5.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedFile:
    """One file inside an attached archive (version 1.3): its name, and the namespace of what it holds."""

    name: str
    namespace_uri: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentHeader:
    """What is said of a file inside the message (AttachmentHeader).

    `content_id` is the id of its content: an XML name, so it begins with a letter or `_`. `mime_type` is of text, image,
    audio, video or application. `signature` is PKCS#7 (DER), detached, empty where there is none. `namespace_uri` and
    `archive` (the files of an archive) are of version 1.3 and are not written in others.
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
    """Where the recipient finds a file of the file store (FSAttachment): `ftp://user:password@…/uuid/file_name`."""

    uuid: str
    user_name: str
    password: str = field(repr=False)
    file_name: str
