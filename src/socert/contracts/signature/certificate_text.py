"""What a certificate says, in words for people. GOST keys too, which the `cryptography` package does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from socert.contracts.signature import certificate_fields
from socert.contracts.signature.certificates import key_usage, load_certificate
from socert.contracts.signature.gost_keys import CURVES, read_spki

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABELS: Final[Mapping[str, str]] = {
    "1.2.643.100.1": "OGRN",
    "1.2.643.100.3": "SNILS",
    "1.2.643.100.4": "INN of the organisation",
    "1.2.643.100.5": "OGRNIP",
    "1.2.643.3.131.1.1": "INN",
    "1.2.840.113549.1.9.1": "e-mail",
    "1.2.840.113549.1.9.2": "unstructured name",
    "2.5.4.3": "common name",
    "2.5.4.4": "surname",
    "2.5.4.6": "country",
    "2.5.4.7": "locality",
    "2.5.4.8": "region",
    "2.5.4.9": "street",
    "2.5.4.10": "organisation",
    "2.5.4.11": "unit",
    "2.5.4.12": "title",
    "2.5.4.42": "given name",
}
_USES: Final = (
    ("digital_signature", "sign messages"),
    ("content_commitment", "commit to content"),
    ("key_encipherment", "encrypt keys"),
    ("data_encipherment", "encrypt data"),
    ("key_agreement", "agree on keys"),
    ("key_cert_sign", "issue certificates"),
    ("crl_sign", "sign revocation lists"),
)


def printable(text: str) -> str:
    """Return a stranger's text without characters that would command a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def names(name: bytes) -> list[tuple[str, str]]:
    """Return the attributes of a subject or issuer (DER) as labels and texts, in their order."""
    return [(_LABELS.get(oid, oid), printable(text)) for oid, text in certificate_fields.read_name(name)]


def who(certificate_der: bytes) -> str:
    """Return whose certificate it is on one line, without the numbers that identify a person."""
    shown = {"common name", "organisation", "surname", "given name"}
    found = names(certificate_fields.read(certificate_der).subject)
    return ", ".join(dict.fromkeys(text for label, text in found if label in shown)) or "nobody named"


def key(certificate_der: bytes) -> str:
    """Return of which kind a certificate's key is."""
    try:
        gost = read_spki(certificate_fields.read(certificate_der).spki)
    except ValueError:
        return _other_key(certificate_der)
    return f"{gost.algorithm.title}, curve {CURVES[gost.algorithm][gost.curve]}"


def _other_key(certificate_der: bytes) -> str:
    certificate = load_certificate(certificate_der)
    try:
        found = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"of a kind not known here ({certificate.public_key_algorithm_oid.dotted_string})"
    if isinstance(found, rsa.RSAPublicKey):
        return f"RSA, {found.key_size} bits"
    if isinstance(found, ec.EllipticCurvePublicKey):
        return f"ECDSA, curve {found.curve.name}"
    return f"of a kind that signs no messages ({certificate.public_key_algorithm_oid.dotted_string})"


def uses(certificate_der: bytes) -> list[str]:
    """Return what the certificate says that its key is for; nothing where it does not say."""
    usage = key_usage(certificate_der)
    return [] if usage is None else [words for name, words in _USES if getattr(usage, name)]
