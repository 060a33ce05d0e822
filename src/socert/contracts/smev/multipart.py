"""The root part of a multipart/related message (MTOM): any answer of the exchange may come as one, even an empty one.

Sources: RFC 2387 (start, type), RFC 2046 (boundaries); real answers of the exchange.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from socert.contracts.errors import EnvelopeInvalid

MAX_PARTS = 100
_GAP = re.compile(rb"(?:\A|\r?\n)\r?\n")


def is_multipart(content_type: str) -> bool:
    """Whether a Content-Type header says multipart/related."""
    return content_type.split(";", 1)[0].strip().lower() == "multipart/related"


def root_part(data: bytes, content_type: str) -> bytes:
    """Return the XML of a message: `data` itself, or the root part where the Content-Type says multipart/related.

    The root part is that whose Content-ID the `start` parameter names, the first one where there is no `start`.
    Raises EnvelopeInvalid where the parts do not make sense.
    """
    if not is_multipart(content_type):
        return data
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    start = header.get_param("start")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 200:
        raise EnvelopeInvalid("multipart/related without a boundary: the Content-Type header must name it")
    parts = _split(data, boundary)
    if start is None:
        return _decode(*parts[0])
    for head, body in parts:
        if _bare(str(head.get("Content-ID", ""))) == _bare(str(start)):
            return _decode(head, body)
    raise EnvelopeInvalid(f"multipart/related has no part {str(start)[:80]!r}, which `start` names as the root")


def _split(data: bytes, boundary: str) -> list[tuple[Message, bytes]]:
    """Cut at the boundary's lines; the line break before a boundary belongs to it."""
    mark = re.escape(boundary.encode("latin-1", "replace"))
    parts = []
    begun: int | None = None
    for line in re.finditer(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]*(?=\r?\n|\Z)", data):
        if begun is not None:
            parts.append(_part(data[begun : line.start()]))
        if line[1] is not None:
            break
        if len(parts) == MAX_PARTS:
            raise EnvelopeInvalid(f"multipart/related has more than {MAX_PARTS} parts")
        begun = line.end()
    else:
        raise EnvelopeInvalid("multipart/related is cut short: its closing boundary is missing")
    if not parts:
        raise EnvelopeInvalid("multipart/related has no parts")
    return parts


def _part(piece: bytes) -> tuple[Message, bytes]:
    """Tell the headers of a part from its body; `piece` begins with the break of the boundary's line."""
    rest = piece.partition(b"\n")[2]
    gap = _GAP.search(rest)
    if gap is None:
        raise EnvelopeInvalid("a part of multipart/related has no empty line after its headers")
    head = BytesParser(policy=compat32).parsebytes(rest[: gap.start()] + b"\n\n", headersonly=True)
    return head, rest[gap.end() :]


def _decode(head: Message, body: bytes) -> bytes:
    match str(head.get("Content-Transfer-Encoding", "binary")).strip().lower():
        case "binary" | "8bit" | "7bit":
            return body
        case "quoted-printable":
            return quopri.decodestring(body)
        case "base64":
            try:
                return base64.b64decode(body)
            except binascii.Error as error:
                raise EnvelopeInvalid(f"the root part is not the base64 it says it is: {error}") from None
        case other:
            raise EnvelopeInvalid(f"the root part has an unknown Content-Transfer-Encoding {other[:40]!r}")


def _bare(identifier: str) -> str:
    return identifier.strip().removeprefix("<").removesuffix(">")
