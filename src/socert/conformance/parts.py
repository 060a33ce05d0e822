"""The parts of a multipart/related message (MTOM), and xop:Include replaced by what it stands for.

Sources: RFC 2387 (start, type), RFC 2392 (cid), XOP 1.0. Read by the standard library's mail parser, so that it judges
what the programs' own reader and writer do.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
_ROOT_TYPES: Final = frozenset({"application/xop+xml", "text/xml", "application/soap+xml"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The root part's bytes, the others' bytes by Content-ID without brackets; `problems` say what is odd."""

    root: bytes
    others: Mapping[str, bytes]
    problems: tuple[str, ...]


def read_parts(data: bytes, content_type: str) -> Parts:
    """Return the parts of a multipart body; what is wrong with it is in `problems`, and `root` is empty then."""
    head = b"Content-Type: " + content_type.encode("latin-1", "replace").replace(b"\n", b" ") + b"\n\n"
    whole = BytesParser(policy=compat32).parsebytes(head + data)
    listed = whole.get_payload()
    if not whole.is_multipart() or not isinstance(listed, list):
        return Parts(root=b"", others={}, problems=("no boundary of its parts is found",))
    problems = [_DEFECTS[name] for defect in whole.defects if (name := type(defect).__name__) in _DEFECTS]
    start = whole.get_param("start")
    parts = [part for part in listed if isinstance(part, Message)]
    named = [part for part in parts if _identifier(part) == _bare(str(start))]
    root = named[0] if start and named else parts[0]
    if start and not named:
        problems.append("no part has the Content-ID that `start` names")
    if root.get_content_type() not in _ROOT_TYPES:
        problems.append("the root part is neither application/xop+xml nor text/xml")
    others = {_identifier(part): _body(part) for part in parts if part is not root}
    return Parts(root=_body(root), others=others, problems=tuple(problems))


def identifier_of(include: etree._Element) -> str:
    """Return the Content-ID that an xop:Include refers to, empty where it refers to none."""
    href = include.get("href", "")
    return unquote(href[4:]) if href.startswith("cid:") else ""


def inline(root: etree._Element, parts: Mapping[str, bytes]) -> None:
    """Put the base64 of its part in the place of every xop:Include that has one."""
    for include in list(root.iter(INCLUDE)):
        holder, content = include.getparent(), parts.get(identifier_of(include))
        if holder is not None and content is not None:
            holder.remove(include)
            holder.text = b64encode(content).decode()


_DEFECTS: Final = {
    "CloseBoundaryNotFoundDefect": "its closing boundary is missing",
    "StartBoundaryNotFoundDefect": "its first boundary is missing",
    "NoBoundaryInMultipartDefect": "the Content-Type names no boundary",
}


def _identifier(part: Message) -> str:
    return _bare(str(part.get("Content-ID", "")))


def _bare(identifier: str) -> str:
    return identifier.strip().removeprefix("<").removesuffix(">")


def _body(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
