"""The SOAP 1.1 envelope around every message, and strict reading of what stands in it.

What we build is text in the normal form of the exchange's transform; what comes is parsed with limits and read
element by element. Each refusal says where: a path from the body's element down.

Sources: SOAP 1.1; SMEV 3 manual 3.3, section 3.1 (UTF-8 with a declaration); the fault PoorSOAPEnvelopeFormat, which
wants a soap:Header.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.version import BY_TYPES, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from enum import StrEnum
    from typing import TypeVar

    from socert.contracts.smev.operation import Operation

    E = TypeVar("E", bound=StrEnum)

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Header></soap:Header><soap:Body>'
)
_TAIL = "</soap:Body></soap:Envelope>"

_MOSCOW = timezone(timedelta(hours=3))
"""The exchange's own time, meant where a timestamp names no zone."""

_DATE_TIME = re.compile(
    r"\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?\s*",
    re.ASCII,
)

_NUMBER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
"""As long as an xs:long may be."""


def wrap(payload: str) -> bytes:
    """Return a whole SOAP envelope, UTF-8 with a declaration, whose body holds `payload`."""
    return f"{_HEAD}{payload}{_TAIL}".encode()


def stamp(moment: datetime) -> str:
    """Return an aware datetime as xs:dateTime, with milliseconds, or microseconds where there are any."""
    if moment.tzinfo is None:
        raise ValueError("a timestamp for the exchange needs a time zone; take it from the injected clock")
    finest = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    written = moment.isoformat(timespec=finest)
    return f"{written[:-6]}Z" if written.endswith("+00:00") else written


def fragment(element: etree._Element) -> bytes:
    """Return one element as bytes that stand alone: all namespaces in scope are declared on it, nothing else changes.

    What was signed in it stays verifiable, prefixes inside values (xsi:type) keep their meaning.
    """
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def open_body(data: bytes) -> etree._Element:
    """Return the one element in the body of a SOAP 1.1 envelope.

    Raises XmlRefused where `data` is not acceptable XML, EnvelopeInvalid where it is no such envelope.
    """
    root = xml.parse(data)
    if root.tag != f"{{{SOAP}}}Envelope":
        raise EnvelopeInvalid(f"the root element is {short(root)}, not a SOAP 1.1 Envelope")
    parts = list(children(root))
    if parts and parts[0].tag == f"{{{SOAP}}}Header":
        del parts[0]
    if len(parts) != 1 or parts[0].tag != f"{{{SOAP}}}Body":
        raise EnvelopeInvalid("the SOAP Envelope must hold a Body, after a Header if there is one, and nothing else")
    inside = list(children(parts[0]))
    if len(inside) != 1:
        raise EnvelopeInvalid(f"the SOAP Body must hold exactly one element, it holds {len(inside)}")
    return inside[0]


def recognise(payload: etree._Element, known: Mapping[str, Operation]) -> tuple[Version, Operation]:
    """Return the version and the operation that the body's element belongs to. Raises EnvelopeInvalid if to none."""
    name = etree.QName(payload)
    version = BY_TYPES.get(name.namespace or "")
    if version is None:
        versions = ", ".join(Version)
        raise EnvelopeInvalid(f"the body's element {short(payload)} is of no known version (known: {versions})")
    operation = known.get(name.localname)
    if operation is None:
        raise EnvelopeInvalid(
            f"the body's element {short(payload)} is of no known operation (known: {', '.join(known)})"
        )
    return version, operation


def short(element: etree._Element) -> str:
    """Return an element's name for a message: {namespace}name, cut where somebody made it long."""
    tag = str(element.tag)
    return tag if len(tag) <= 160 else f"{tag[:160]}…"


def path(element: etree._Element) -> str:
    """Return where an element stands, for a message: local names from the SOAP body down."""
    names = [etree.QName(step).localname for step in (*reversed(list(element.iterancestors())), element)]
    return "/".join(name[:64] for name in names[2:] or names)


def children(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the child elements: comments and processing instructions say nothing."""
    return element.iterchildren(etree.Element)


def child(element: etree._Element, namespace: str, name: str) -> etree._Element | None:
    """Return the child of that name, None where there is none. Raises EnvelopeInvalid where there are several."""
    found: etree._Element | None = None
    for candidate in element.iterchildren(f"{{{namespace}}}{name}"):
        if found is not None:
            raise EnvelopeInvalid(f"{path(element)} holds more than one {name}")
        found = candidate
    return found


def fields(element: etree._Element, *, repeated: str = "") -> dict[str, etree._Element]:
    """Return the child elements by tag, in one pass. Raises EnvelopeInvalid where one is there twice.

    Elements of the tag `repeated` may be: they are left out.
    """
    found: dict[str, etree._Element] = {}
    for part in element.iterchildren(etree.Element):
        tag = part.tag
        if tag in found:
            raise EnvelopeInvalid(f"{path(element)} holds more than one {etree.QName(part).localname}")
        if tag != repeated:
            found[tag] = part
    return found


def text_of(found: Mapping[str, etree._Element], tag: str) -> str | None:
    """Return the text of one of the `fields`, None where there is no such field."""
    part = found.get(tag)
    return None if part is None else read(part)


def need(element: etree._Element, namespace: str, name: str) -> etree._Element:
    """Return the child of that name. Raises EnvelopeInvalid where there is none, or more than one."""
    found = child(element, namespace, name)
    if found is None:
        raise EnvelopeInvalid(f"{path(element)} holds no {name} of {namespace}")
    return found


def only(element: etree._Element) -> etree._Element:
    """Return the only child element. Raises EnvelopeInvalid where there is not exactly one."""
    found = list(children(element))
    if len(found) != 1:
        raise EnvelopeInvalid(f"{path(element)} must hold exactly one element, it holds {len(found)}")
    return found[0]


def read(element: etree._Element) -> str:
    """Return the whole text of an element that holds text alone.

    A comment inside does not cut the text short: what is read is what was signed. Raises EnvelopeInvalid where an
    element stands inside.
    """
    written = element.text or ""
    for step in element:
        if isinstance(step.tag, str):
            raise EnvelopeInvalid(f"{path(element)} must hold text, it holds {short(step)}")
        written += step.tail or ""
    return written


def read_child(element: etree._Element, namespace: str, name: str) -> str | None:
    """Return the text of a child, None where there is no such child."""
    found = child(element, namespace, name)
    return None if found is None else read(found)


def read_moment(element: etree._Element) -> datetime:
    """Return an xs:dateTime as an aware datetime, Moscow time where no zone is named. Raises EnvelopeInvalid."""
    parts = _DATE_TIME.fullmatch(read(element))
    if parts is None:
        raise EnvelopeInvalid(f"{path(element)} is not a date and time like 2026-04-16T09:01:20+03:00")
    body, fraction, zone = parts.groups()
    try:
        moment = datetime.fromisoformat(f"{body}.{(fraction or '0')[:6]:0<6}{zone or ''}")
    except ValueError:
        raise EnvelopeInvalid(f"{path(element)} is no date and time that there is") from None
    return moment.replace(tzinfo=_MOSCOW) if moment.tzinfo is None else moment


def read_enum(element: etree._Element, kind: type[E]) -> E:
    """Return the member of an enumeration that an element names. Raises EnvelopeInvalid where there is none."""
    try:
        return kind(read(element))
    except ValueError:
        known = ", ".join(kind)
        raise EnvelopeInvalid(f"{path(element)} is not one of {known}") from None


def read_number(element: etree._Element) -> int:
    """Return a whole number. Raises EnvelopeInvalid."""
    return whole_number(read(element), path(element))


def whole_number(value: str, where: str) -> int:
    """Return a whole number. Raises EnvelopeInvalid with `where`."""
    written = value.strip()
    if not _NUMBER.fullmatch(written):
        raise EnvelopeInvalid(f"{where} is not a whole number")
    return int(written)


def read_boolean(value: str, where: str) -> bool:
    """Return an xs:boolean's value. Raises EnvelopeInvalid with `where`."""
    match value.strip():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise EnvelopeInvalid(f"{where} is neither true nor false")


def signature_in(holder: etree._Element | None) -> etree._Element | None:
    """Return the ds:Signature in a block made for one, None where the block or the signature is missing."""
    if holder is None:
        return None
    return child(holder, DSIG, "Signature")
