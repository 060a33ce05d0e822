"""The subject of a certificate as the exchange's texts quote it: `X500Principal.getName(RFC1779)`.

    "CN=Region, O=Region"      # the last one of the certificate comes first

Keywords of RFC 1779 stand for their types, any other type is written `OID.1.2.643.100.1`; a value with characters
that mean something there is quoted. Source: SMEV 3 manual 3.3, appendix 6, tables 16 to 19; RFC 1779, 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

_KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
}
_SPECIAL = frozenset(',=\n+<>#;\\"')


def subject(certificate: x509.Certificate) -> str:
    """Return the subject's name by RFC 1779."""
    return ", ".join(
        " + ".join(f"{_keyword(part.oid.dotted_string)}={_value(str(part.value))}" for part in parts)
        for parts in reversed(list(certificate.subject.rdns))
    )


def _keyword(oid: str) -> str:
    return _KEYWORDS.get(oid) or f"OID.{oid}"


def _value(text: str) -> str:
    if not _SPECIAL & set(text) and text == text.strip() and "  " not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
