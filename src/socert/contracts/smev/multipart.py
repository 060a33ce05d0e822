"""Messages in multipart/related, with their attachments as binary parts (MTOM): opened and written.

    read(data, content_type) -> bytes               # the message's XML, every xop:Include replaced by its part's base64
    write(envelope, signatures=False) -> bytes, str # the same the other way: body and Content-Type
    root_part(data, content_type) -> bytes          # the root part as it came, its xop:Include left alone

Any answer of the exchange may come as multipart, even an empty one. Signatures are made over the XML in which base64
stands, while senders on CXF move also SignaturePKCS7, which lies inside the signed block, into a part: so parts are put
back before anything is digested. Apart from the places of xop:Include not one byte of the root part is changed.

Sources: XOP 1.0, MTOM; RFC 2387 (start, type), RFC 2392 (cid:), RFC 2046 (boundaries); real answers of the exchange.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import quopri
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.parsers import expat

from socert.contracts.errors import AttachmentsTooBig, EnvelopeInvalid
from socert.contracts.smev.version import Version
from socert.contracts.xml import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_PARTS = 1000
MAX_HEADERS = 16 * 1024
"""Most bytes in the headers of one part."""

XOP = "http://www.w3.org/2004/08/xop/include"
_INCLUDE = f"{XOP} Include"
_CONTENTS = frozenset(f"{version.basic} Content" for version in Version)
_SIGNATURES = frozenset(f"{version.basic} SignaturePKCS7" for version in Version)
_GAP = re.compile(rb"(?:\A|\r?\n)\r?\n")
_LINE_END = re.compile(rb"[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One part: its number from 1, Content-ID without brackets, encoding and body as they came."""

    number: int
    content_id: str
    encoding: str
    body: bytes

    def decoded(self) -> bytes:
        """Return the body without its Content-Transfer-Encoding. Raises EnvelopeInvalid where it is not in it."""
        match self.encoding:
            case "binary" | "8bit" | "7bit":
                return self.body
            case "quoted-printable":
                return quopri.decodestring(self.body)
            case "base64":
                try:
                    return base64.b64decode(self.body)
                except binascii.Error as error:
                    raise EnvelopeInvalid(f"part {self.number} is not the base64 it says it is: {error}") from None
        raise EnvelopeInvalid(f"part {self.number} has an unknown Content-Transfer-Encoding {self.encoding[:40]!r}")


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
    return _parts(data, content_type)[0].decoded()


def read(data: bytes, content_type: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the XML of a message, the parts that it refers to put in as base64.

    Raises AttachmentsTooBig where the result would be longer than `max_bytes`; EnvelopeInvalid where parts and
    references do not match: each part but the root is referred to by one xop:Include, which stands alone in its element
    and names it by `cid:`.
    """
    if not is_multipart(content_type):
        return data
    root, *others = _parts(data, content_type)
    envelope = root.decoded()
    places = _references(envelope) if XOP.encode() in envelope else []
    if not places and not others:
        return envelope
    pieces = list(zip(places, _referred(places, others), strict=True))
    size = len(envelope) + sum(_encoded_size(len(part)) for _, part in pieces)
    if size > max_bytes:
        raise AttachmentsTooBig(f"with its attachments the message is {size} bytes long and {max_bytes} are allowed")
    return _spliced(envelope, [(place, base64.b64encode(part)) for place, part in pieces])


def write(envelope: bytes, *, signatures: bool = False) -> tuple[bytes, str]:
    """Return an envelope as MTOM, body and Content-Type: what stands as base64 in Content becomes a binary part.

    With `signatures` each SignaturePKCS7 does too, as CXF has it. Base64 that is not written in the one canonical way
    stays where it is: put back, it would be other text than what was signed.
    """
    names = _CONTENTS | _SIGNATURES if signatures else _CONTENTS
    mark = hashlib.sha256(envelope).hexdigest()[:32]
    moved: list[tuple[_Place, bytes]] = []
    parts: list[tuple[str, bytes]] = []
    for place in _places(envelope, names):
        if place.children or place.references or place.end <= place.start:
            continue
        content = _canonical(envelope[place.start : place.end])
        if content is None:
            continue
        content_id = f"{len(parts) + 1}.{mark}@socert"
        parts.append((content_id, content))
        moved.append((place, f'<xop:Include xmlns:xop="{XOP}" href="cid:{content_id}"></xop:Include>'.encode()))
    return _composed(_spliced(envelope, moved), parts, mark)


def _parts(data: bytes, content_type: str) -> list[_Part]:
    """Return all parts, the root first."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    start = header.get_param("start")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 200:
        raise EnvelopeInvalid("multipart/related without a boundary: the Content-Type header must name it")
    parts = [_part(piece, number) for number, piece in enumerate(_split(data, boundary), 1)]
    if start is None:
        return parts
    wanted = _bare(str(start))
    for place, part in enumerate(parts):
        if part.content_id == wanted:
            return [parts.pop(place), *parts]
    raise EnvelopeInvalid(f"multipart/related has no part {str(start)[:80]!r}, which `start` names as the root")


def _split(data: bytes, boundary: str) -> list[bytes]:
    """Cut at the boundary's lines; the line break before a boundary belongs to it."""
    pieces: list[bytes] = []
    begun: int | None = None
    for before, after, last in _boundaries(data, b"--" + boundary.encode("latin-1", "replace")):
        if begun is not None:
            pieces.append(data[begun:before])
        if last:
            break
        if len(pieces) == MAX_PARTS:
            raise EnvelopeInvalid(f"multipart/related has more than {MAX_PARTS} parts")
        begun = after
    else:
        raise EnvelopeInvalid("multipart/related is cut short: its closing boundary is missing")
    if not pieces:
        raise EnvelopeInvalid("multipart/related has no parts")
    return pieces


def _boundaries(data: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield of each boundary's line: where what is before it ends, where the line after it begins, if it closes."""
    place = data.find(mark)
    while place >= 0:
        after = place + len(mark)
        last = data.startswith(b"--", after)
        line = _LINE_END.match(data, after + 2 * last)
        if line is not None and (place == 0 or data[place - 1] == 0x0A):
            before = max(place - 1, 0)
            if before and data[before - 1] == 0x0D:
                before -= 1
            yield before, line.end(), last
        place = data.find(mark, after)


def _part(piece: bytes, number: int) -> _Part:
    """Tell the headers of a part from its body."""
    gap = _GAP.search(piece, 0, MAX_HEADERS)
    if gap is None:
        raise EnvelopeInvalid(f"part {number} of multipart/related has no empty line after its headers")
    # As UTF-8 and not as ASCII: file names in Russian are met as Content-ID.
    head = HeaderParser(policy=compat32).parsestr(piece[: gap.start()].decode("utf-8", "replace") + "\n\n")
    return _Part(
        number=number,
        content_id=_bare(str(head.get("Content-ID", ""))),
        encoding=str(head.get("Content-Transfer-Encoding", "binary")).strip().lower(),
        body=piece[gap.end() :],
    )


def _bare(identifier: str) -> str:
    return identifier.strip().removeprefix("<").removesuffix(">")


def _referred(places: Sequence[_Place], parts: Sequence[_Part]) -> list[bytes]:
    """Return the content that each reference names; every part must be named once."""
    by_id: dict[str, _Part] = {}
    for part in parts:
        if by_id.setdefault(part.content_id, part) is not part:
            raise EnvelopeInvalid(f"parts {by_id[part.content_id].number} and {part.number} have the same Content-ID")
    contents = []
    unused = dict(by_id)
    for number, place in enumerate(places, 1):
        content_id = _content_id(place.references[0], by_id, number)
        part_named = unused.pop(content_id, None)
        if part_named is None:
            raise EnvelopeInvalid(f"xop:Include {number} names a part that another one has named already")
        contents.append(part_named.decoded())
    if unused:
        first = next(iter(unused.values()))
        raise EnvelopeInvalid(f"no xop:Include names part {first.number}: a part must belong to the message")
    return contents


def _content_id(href: str, known: dict[str, _Part], number: int) -> str:
    """Return the Content-ID that a reference names (RFC 2392: it is percent-encoded there; not all senders do so)."""
    scheme, _, name = href.strip().partition(":")
    if scheme.lower() != "cid":
        raise EnvelopeInvalid(f"xop:Include {number} refers to something outside of the message: href must be cid:…")
    for content_id in (unquote(name), name):
        if content_id in known:
            return content_id
    raise EnvelopeInvalid(f"xop:Include {number} names a part that is not there")


def _references(envelope: bytes) -> list[_Place]:
    """Return the elements that hold an xop:Include and nothing else."""
    found = []
    for place in _places(envelope):
        if place.children != 1 or place.mixed or not place.name:
            raise EnvelopeInvalid("an xop:Include must be all that its element holds")
        found.append(place)
    return found


@dataclass(kw_only=True, slots=True)
class _Place:
    """An element and where its content stands in the bytes: [start, end).

    `mixed`: there is more in it than elements and white space. `references`: what the xop:Include in it name.
    """

    name: str
    start: int = -1
    end: int = -1
    children: int = 0
    mixed: bool = False
    references: tuple[str, ...] = ()


def _places(envelope: bytes, names: frozenset[str] = frozenset()) -> list[_Place]:
    """Return where the elements of these names, and all that hold an xop:Include, have their contents.

    None where this is no XML: its reader will say so.
    """
    scan = _Scan(names)
    try:
        scan.parser.Parse(envelope, True)
    except (expat.ExpatError, _Doctype):
        return []
    return scan.found


class _Doctype(Exception):
    """There is a DOCTYPE: such XML is refused where it is parsed, and looked at no further here."""


class _Scan:
    """Finds the places of contents. The parser tells where each event stands, so that bytes can be put there."""

    def __init__(self, names: frozenset[str]) -> None:
        self.found: list[_Place] = []
        self._names = names
        self._open = [_Place(name="")]
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartCdataSectionHandler = self._other
        self.parser.CommentHandler = self._other
        self.parser.ProcessingInstructionHandler = self._other
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _inside(self) -> _Place:
        """Return the element that the event stands in: its content begins here, if it has not begun."""
        place = self._open[-1]
        if place.start < 0:
            place.start = self.parser.CurrentByteIndex
        return place

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._inside()
        parent.children += 1
        if name == _INCLUDE:
            parent.references += (attributes.get("href", ""),)
        self._open.append(_Place(name=name))

    def _end(self, _name: str) -> None:
        place = self._inside()
        place.end = self.parser.CurrentByteIndex
        done = self._open.pop()
        if done.references or done.name in self._names:
            self.found.append(done)
        if len(self._open) == 1 and self._open[0].references:
            self.found.append(self._open[0])

    def _text(self, text: str) -> None:
        place = self._inside()
        place.mixed = place.mixed or not text.isspace()

    def _other(self, *_: str) -> None:
        self._inside().mixed = True

    def _doctype(self, *_: object) -> None:
        raise _Doctype


def _spliced(data: bytes, contents: Sequence[tuple[_Place, bytes]]) -> bytes:
    """Return the data with other contents of some elements."""
    pieces, done = [], 0
    for place, content in contents:
        pieces += [data[done : place.start], content]
        done = place.end
    return b"".join([*pieces, data[done:]])


def _encoded_size(size: int) -> int:
    return (size + 2) // 3 * 4


def _canonical(text: bytes) -> bytes | None:
    """Return what base64 says, None where it is not written in the canonical way."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return content if base64.b64encode(content) == text else None


def _composed(root: bytes, parts: Sequence[tuple[str, bytes]], mark: str) -> tuple[bytes, str]:
    """Put the parts together between boundaries that none of them holds."""
    bodies = [root, *(content for _, content in parts)]
    boundary = next(
        name for name in (f"socert.{mark}.{n}" for n in count()) if not any(name.encode() in body for body in bodies)
    )
    main = f"root.{mark}@socert"
    kind = 'application/xop+xml; charset=UTF-8; type="text/xml"'
    pieces = _framed(boundary, kind, main, root)
    for content_id, content in parts:
        pieces += _framed(boundary, "application/octet-stream", content_id, content)
    pieces.append(f"--{boundary}--\r\n".encode())
    content_type = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{main}>"; start-info="text/xml"'
    )
    return b"".join(pieces), content_type


def _framed(boundary: str, content_type: str, content_id: str, body: bytes) -> list[bytes]:
    head = (
        f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{content_id}>\r\n\r\n"
    )
    return [head.encode(), body, b"\r\n"]
