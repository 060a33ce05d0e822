"""The parts of a certificate as the bytes they are (RFC 5280, 4.1): for keys, names and issuers of the GOST world.

The `cryptography` package reads certificates too, but no GOST key, and it warns of names that real authorities write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from socert.contracts.signature import der

_TEXTS: Final = {
    der.UTF8_STRING: "utf-8",
    der.NUMERIC_STRING: "ascii",
    der.PRINTABLE_STRING: "ascii",
    der.TELETEX_STRING: "latin-1",
    der.IA5_STRING: "ascii",
    der.BMP_STRING: "utf-16-be",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """Parts of a certificate, whole DER values: names and key as they stand in `body`, which is what was signed.

    `method` is the identifier of the signature's algorithm, `value` the signature, empty where it is not of whole
    bytes.
    """

    body: bytes
    serial: bytes
    issuer: bytes
    subject: bytes
    spki: bytes
    method: str
    value: bytes


def read(certificate_der: bytes) -> Fields:
    """Return the parts of a certificate; `ValueError` when the bytes are none."""
    body, method, value = _exactly(der.values(der.read(certificate_der, der.SEQUENCE).content), 3)
    # The version stands first, in a tag of its own, and is left out in certificates of version 1.
    inside = [field.raw for field in der.values(body.content) if field.tag != der.context(0)]
    if len(inside) < 6 or value.tag != der.BIT_STRING:
        raise ValueError("The bytes are no certificate.")
    serial, _, issuer, _, subject, spki = inside[:6]
    named = der.values(method.content)
    return Fields(
        body=body.raw,
        serial=serial,
        issuer=issuer,
        subject=subject,
        spki=spki,
        method=der.dotted(named[0]) if named else "",
        value=value.content[1:] if value.content[:1] == b"\0" else b"",
    )


def read_name(name: bytes) -> list[tuple[str, str]]:
    """Return the attributes of a name as identifiers and texts, in their order; `ValueError` when it is no name."""
    found = []
    for part in der.values(der.read(name, der.SEQUENCE).content):
        for attribute in der.values(part.content):
            identifier, text = _exactly(der.values(attribute.content), 2)
            found.append((der.dotted(identifier), text.content.decode(_TEXTS.get(text.tag, "latin-1"), "replace")))
    return found


def _exactly(found: tuple[der.Value, ...], count: int) -> tuple[der.Value, ...]:
    if len(found) != count:
        raise ValueError("The bytes are no certificate.")
    return found
