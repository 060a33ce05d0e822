"""Revocation lists: files in which an authority says which of its certificates count for nothing (RFC 5280, 5).

A list is believed as far as it is signed by the authority, and only until its next update. Lists that tell of changes
only (delta), of other authorities' certificates (indirect) or of some reasons only are refused: taken for whole
ones they would hide what was revoked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.signature import der
from socert.contracts.signature.certificates import key_usage, load_certificate
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from datetime import datetime

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a list: the largest authorities have some tens of megabytes."""

STRONG: Final = frozenset({"sha256", "sha384", "sha512"})
"""Digests that a signature in a certificate or a list may be made over, beside those of GOST."""

GOST: Final = {
    GostAlgorithm.GOST_2001.signature_oid: Suite.GOST_2001,
    GostAlgorithm.GOST_2012_256.signature_oid: Suite.GOST_2012_256,
    GostAlgorithm.GOST_2012_512.signature_oid: Suite.GOST_2012_512,
}
"""Suites by the identifiers that signatures in certificates and lists are named with."""

_UNDERSTOOD: Final = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)


class RevocationList:
    """A list as it was read: nothing is proven before `signed_by` says so. Threads may share one.

    `issuer` is the authority's name (DER). `authorities` and `members` say of which certificates the list tells.
    """

    def __init__(self, data: bytes) -> None:
        """Take the contents of a file (PEM or DER); `ValueError` says what is wrong with it."""
        if len(data) > MOST_BYTES:
            raise ValueError(f"The revocation list has {len(data)} bytes; {MOST_BYTES} are accepted.")
        self._list = _load(data)
        self.issuer: Final = _issuer(self._list.public_bytes(Encoding.DER))
        self.this_update: Final[datetime] = self._list.last_update_utc
        if (next_update := self._list.next_update_utc) is None:
            raise ValueError("The revocation list does not say until when it holds (nextUpdate): get another one.")
        self.next_update: Final[datetime] = next_update
        part = _part(list(self._list.extensions))
        self.authorities: Final = part is None or not part.only_contains_user_certs
        self.members: Final = part is None or not part.only_contains_ca_certs
        # Both go through the whole list, and the same few certificates are asked about with every message.
        self._found = lru_cache(maxsize=1024)(self._find)
        self._proven = lru_cache(maxsize=64)(self._prove)

    def since(self, serial: int) -> datetime | None:
        """Return since when the certificate of that serial number counts for nothing; None when it is not listed."""
        return self._found(serial)

    def signed_by(self, authority: bytes) -> bool:
        """Return whether an authority's certificate (DER) may sign lists and its key signed this one."""
        return self._proven(authority)

    def _find(self, serial: int) -> datetime | None:
        entry = self._list.get_revoked_certificate_by_serial_number(serial)
        return None if entry is None else entry.revocation_date_utc

    def _prove(self, authority: bytes) -> bool:
        usage, found = key_usage(authority), self._list
        if usage is None or not usage.crl_sign:
            return False
        suite = GOST.get(found.signature_algorithm_oid.dotted_string)
        if suite is not None:
            return suite.verify(authority, found.tbs_certlist_bytes, found.signature)
        try:
            digest, key = found.signature_hash_algorithm, load_certificate(authority).public_key()
            valid = found.is_signature_valid(key)  # type: ignore[arg-type]  # a key that signs no lists: TypeError
        except (TypeError, UnsupportedAlgorithm, ValueError):
            return False
        return valid and digest is not None and digest.name in STRONG


def _load(data: bytes) -> x509.CertificateRevocationList:
    """Return the list in a file, read to its end; `ValueError` when it is none."""
    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        found = x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data)
        _ = found.extensions, found.next_update_utc  # read late, and perhaps not to be read
    except (ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        raise ValueError("The file is no revocation list, neither PEM nor DER.") from None
    return found


def _issuer(data: bytes) -> bytes:
    """Return the name of a list's issuer as the bytes it is: after the version, which may be absent, and the method."""
    body, _, value = der.values(der.read(data, der.SEQUENCE).content)
    parts = [one for one in der.values(body.content) if one.tag != der.INTEGER]
    if len(parts) < 3 or value.content[:1] != b"\0":
        raise ValueError("The revocation list has no issuer, or its signature is not of whole bytes.")
    return parts[1].raw


def _part(extensions: list[x509.Extension[x509.ExtensionType]]) -> x509.IssuingDistributionPoint | None:
    """Return of which part of the certificates a list tells; `ValueError` when it cannot be taken as whole."""
    part = None
    for extension in extensions:
        found = extension.value
        if extension.critical and not isinstance(found, _UNDERSTOOD):
            raise ValueError(
                f"The revocation list is of a kind that is not taken (critical {extension.oid.dotted_string}): "
                "give the authority's whole list."
            )
        if isinstance(found, x509.IssuingDistributionPoint):
            part = found
    if part is not None and (part.indirect_crl or part.only_some_reasons or part.only_contains_attribute_certs):
        raise ValueError(
            "The revocation list tells of some reasons or of others' certificates only: give the whole one."
        )
    return part
