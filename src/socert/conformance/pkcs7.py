"""The form of a detached PKCS#7 signature (RFC 2315, 9), as the manual's profile narrows it (3.3, 4.3.1)."""

from __future__ import annotations

from typing import Final

from socert.conformance.requirement import Words
from socert.contracts.signature import der

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_DATA: Final = "1.2.840.113549.1.7.1"
_REQUIRED: Final = {
    "1.2.840.113549.1.9.3": "contentType",
    "1.2.840.113549.1.9.4": "messageDigest",
}


def problem_of(data: bytes) -> Words | None:
    """Return what is wrong with the form of a signature (DER), None where nothing is. Nothing is verified."""
    try:
        return _problem(data)
    except (ValueError, IndexError):
        return Words(en="it is no PKCS#7 in DER", ru="это не PKCS#7 в DER")


def _problem(data: bytes) -> Words | None:
    outer = der.values(der.read(data, der.SEQUENCE).content)
    if der.dotted(outer[0]) != _SIGNED_DATA:
        return Words(en="it is not SignedData", ru="это не SignedData")
    inside = der.values(der.read(outer[1].content, der.SEQUENCE).content)
    content = der.values(inside[2].content)
    if der.dotted(content[0]) != _DATA:
        return Words(en="its content is not of the type data", ru="тип содержимого не data")
    if len(content) > 1:
        return Words(en="it holds the content: it is not detached", ru="внутри содержимое: подпись не отсоединённая")
    signers = der.values(inside[-1].content)
    if inside[-1].tag != der.SET or len(signers) != 1:
        return Words(en="it has not exactly one signer", ru="подписант не один")
    attributes = [value for value in der.values(signers[0].content) if value.tag == der.context(0)]
    named = {
        der.dotted(der.values(attribute.content)[0]) for block in attributes for attribute in der.values(block.content)
    }
    missing = [name for oid, name in _REQUIRED.items() if oid not in named]
    if missing:
        listed = ", ".join(missing)
        return Words(en=f"it has no attribute {listed}", ru=f"нет атрибута {listed}")
    return None
