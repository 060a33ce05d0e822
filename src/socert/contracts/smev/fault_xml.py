"""Faults as XML: the detail of a SOAP fault, and the SmevFault inside a verdict of asynchronous processing.

Two styles are read: the classic one (Code, Description and the kind's own children inside the detail) and that of the
gateways of 2023, which leave the detail's element empty. The classic one is written unless the other is asked for.

Sources: SMEV 3 faults schemas 1.1, 1.2 and 1.3; real faults of 2018-2026.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts.smev import fault_texts
from socert.contracts.smev.envelope import SOAP, XSI, children, read, wrap
from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHILDREN: Mapping[FaultKind, Mapping[str, str]] = {
    FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED: {"PermittedTotalAttachmentSize": "0", "RealTotalAttachmentSize": "0"},
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED: {"RootElementLocalName": "", "RootElementNamespaceURI": ""},
    FaultKind.DESTINATION_OVERFLOW: {"MessageBrokerAddress": "", "DestinationName": ""},
    FaultKind.QUOTE_LIMIT_EXCEEDED: {"RemainedTotalQuoteSize": "0", "RealTotalAttachmentSize": "0"},
    FaultKind.SIGNATURE_VERIFICATION: {"SignatureVerificationFault": "SignatureIsInvalid"},
    FaultKind.INVALID_CONTENT: {},
}
"""The kinds that have a named type of their own, their children in order, and what to say where nothing is known.

Every other kind is declared as Void: Code and Description stand in it by xsi:type="SmevFault", as in real answers. A
few are declared as SmevFault itself.
"""

_DECLARED: Mapping[FaultKind, Version] = {
    FaultKind.TRANSACTION_CODE_INVALID: Version.V1_1,
    FaultKind.PERSONAL_ACCESS_DENIED: Version.V1_3,
    FaultKind.END_OF_LIFE_REACHED: Version.V1_3,
}
"""The kinds that are declared as SmevFault, and from which version on."""

_CODE_LIMIT = {Version.V1_1: 50, Version.V1_2: 100, Version.V1_3: 100}
"""Longest Code, characters."""

_BY_NUMBER = {
    fault_texts.number(kind): kind
    for kind in FaultKind
    if kind is not FaultKind.UNKNOWN and fault_texts.number(kind) < fault_texts.OURS
}
_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)


class Style(StrEnum):
    """How a fault looks on the wire."""

    CLASSIC = "classic"
    """Code, Description and the kind's own children stand in the detail's element; faultcode is Server."""
    EMPTY = "empty"
    """The detail's element is empty and faultcode is Client, as the gateways of 2023 answer."""


def exists(kind: FaultKind, version: Version) -> bool:
    """Whether the faults schema of a version has an element of this kind."""
    return kind is not FaultKind.UNKNOWN and (kind is not FaultKind.PERSONAL_ACCESS_DENIED or version >= Version.V1_3)


def render_envelope(fault: Fault, version: Version, style: Style = Style.CLASSIC) -> bytes:
    """Return the whole SOAP envelope of a fault. Raises ValueError where the version has no fault of this kind."""
    if style is Style.CLASSIC:
        return wrap(render_soap_fault(fault, version))
    return (
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}"><SOAP-ENV:Header/><SOAP-ENV:Body><SOAP-ENV:Fault>'
        f'<faultcode>SOAP-ENV:Client</faultcode><faultstring xml:lang="ru">{escape_text(fault.text)}</faultstring>'
        f"<detail>{_empty(fault.kind, version)}</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def render_soap_fault(fault: Fault, version: Version) -> str:
    """Return soap:Fault in the classic style (the prefix `soap` is the envelope's).

    A fault of kind UNKNOWN has no detail. A Code longer than the version allows is cut: nobody may parse it. Raises
    ValueError where the version has no fault of this kind.
    """
    detail = ""
    if fault.kind is not FaultKind.UNKNOWN:
        name = f"flt:{_known(fault.kind, version).value}"
        typed = fault.kind in _CHILDREN or version >= _DECLARED.get(fault.kind, "9")
        kind = "" if typed else f' xmlns:xsi="{XSI}" xsi:type="bas:SmevFault"'
        detail = (
            f'<detail><{name} xmlns:flt="{version.faults}" xmlns:bas="{version.basic}"{kind}>'
            f"{_inside(fault, version)}</{name}></detail>"
        )
    return (
        f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{escape_text(fault.text)}</faultstring>"
        f"{detail}</soap:Fault>"
    )


def render_smev_fault(fault: Fault, version: Version) -> str:
    """Return the SmevFault of an AsyncProcessingStatus (the prefix `typ` is the version's types)."""
    names = f'xmlns:flt="{version.faults}" xmlns:bas="{version.basic}"'
    kind = f' xmlns:xsi="{XSI}" xsi:type="flt:{fault.kind.value}"' if fault.kind in _CHILDREN else ""
    return f"<typ:SmevFault {names}{kind}>{_inside(fault, version)}</typ:SmevFault>"


def read_soap_fault(element: etree._Element) -> Fault:
    """Read soap:Fault in either style; a detail that names no known fault gives kind UNKNOWN."""
    words = element.find("faultstring")
    detail = element.find("detail")
    named = None if detail is None else next(iter(children(detail)), None)
    said = "" if words is None or len(words) else words.text or ""
    if named is None:
        return Fault(kind=FaultKind.UNKNOWN, text=said)
    name = etree.QName(named)
    if "/types/faults/" not in (name.namespace or ""):
        return Fault(kind=FaultKind.UNKNOWN, text=said)
    return _read(named, _kind(name.localname), said)


def read_smev_fault(element: etree._Element, version: Version, *, said: str) -> Fault:
    """Read the SmevFault of an AsyncProcessingStatus; `said` is what the status says for people.

    The kind is that of xsi:type; without one that of the number in the description, UNKNOWN if that says nothing.
    """
    prefix, _, local = element.get(f"{{{XSI}}}type", "").strip().rpartition(":")
    kind = _kind(local) if element.nsmap.get(prefix or None) == version.faults else FaultKind.UNKNOWN
    fault = _read(element, kind, said)
    if kind is FaultKind.UNKNOWN and fault.smev_code in _BY_NUMBER:
        return _read(element, _BY_NUMBER[fault.smev_code], said)
    return fault


def _kind(name: str) -> FaultKind:
    try:
        return FaultKind(name)
    except ValueError:
        return FaultKind.UNKNOWN


def _known(kind: FaultKind, version: Version) -> FaultKind:
    if not exists(kind, version):
        raise ValueError(f"version {version.value} has no fault {kind.value}")
    return kind


def _empty(kind: FaultKind, version: Version) -> str:
    """Return the empty element of a detail; as in real answers it declares whatever the gateway knows of."""
    if kind is FaultKind.UNKNOWN:
        return ""
    spaces = [space for known in Version for space in (known.basic, known.faults, known.types)]
    declared = "".join(f' xmlns:ns{number}="{space}"' for number, space in enumerate(spaces, 2))
    return f"<ns{spaces.index(version.faults) + 2}:{_known(kind, version).value}{declared}/>"


def _inside(fault: Fault, version: Version) -> str:
    parts = []
    if fault.code:
        parts.append(f"<bas:Code>{escape_text(fault.code[: _CODE_LIMIT[version]])}</bas:Code>")
    if fault.description:
        parts.append(f"<bas:Description>{escape_text(fault.description)}</bas:Description>")
    if fault.kind is FaultKind.INVALID_CONTENT:
        # The schema wants at least one, the real exchange sends none when the envelope itself is at fault.
        parts.extend(_complaint(error) for error in fault.errors or (ValidationError(text=fault.text),))
    parts.extend(
        f"<flt:{name}>{escape_text(fault.details.get(name, unknown))}</flt:{name}>"
        for name, unknown in _CHILDREN.get(fault.kind, {}).items()
    )
    return "".join(parts)


def _complaint(error: ValidationError) -> str:
    said = escape_text(error.text)
    return f'<flt:ValidationError errorPosition="{error.position:d}">{said}</flt:ValidationError>'


def _read(element: etree._Element, kind: FaultKind, said: str) -> Fault:
    """Read what a fault holds. Lenient: a fault that looks odd is still a fault, and must not be lost for its looks."""
    code = description = ""
    details: dict[str, str] = {}
    errors: list[ValidationError] = []
    for part in children(element):
        if next(children(part), None) is not None:
            continue
        name = etree.QName(part)
        basic = "/types/basic/" in (name.namespace or "")
        if basic and name.localname == "Code":
            code = read(part)
        elif basic and name.localname == "Description":
            description = read(part)
        elif name.localname == "ValidationError":
            written = part.get("errorPosition", "").strip()
            errors.append(ValidationError(text=read(part), position=int(written) if _NUMBER.fullmatch(written) else -1))
        else:
            details[name.localname] = read(part)
    return Fault(kind=kind, text=said, code=code, description=description, details=details, errors=tuple(errors))
