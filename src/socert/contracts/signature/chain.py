"""From a certificate up to an authority that is believed, each step proven (RFC 5280, 6).

Of a step is asked: the authority's name and signature, that it may issue certificates and stand that high above others,
that it is valid, and that its revocation list, where there is one, does not name what it issued. Signatures in
certificates are checked by our suites where they are of GOST, which the `cryptography` package does not know.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from socert.contracts.errors import CertificateUntrusted, Doubt, SignatureInvalid
from socert.contracts.signature import certificate_fields
from socert.contracts.signature.certificates import fingerprint, is_authority, load_certificate
from socert.contracts.signature.crl import GOST, STRONG, RevocationList

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

LONGEST: Final = 8
"""Certificates in a chain; real ones have three."""

_MOST_SIGNATURES: Final = 64  # that are checked for one certificate: a stranger hands in what stands between
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.PRIVATE_KEY_USAGE_PERIOD,
    }
)
_TELLING: Final = (
    Doubt.REVOKED,
    Doubt.CRL_STALE,
    Doubt.CRL_MISSING,
    Doubt.AUTHORITY_NOT_VALID,
    Doubt.PATH_TOO_LONG,
    Doubt.NO_AUTHORITY,
    Doubt.UNREADABLE,
    Doubt.FALSE_SIGNATURE,
    Doubt.UNKNOWN_AUTHORITY,
)
"""What is said first when several ways up end in several doubts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revocations:
    """The revocation lists at hand, and what is done without one.

    Without a list of the authority a certificate passes unless `required`. A list counts for `grace` after its next
    update, for authorities that publish late; then it is stale, and nothing that its authority issued passes.
    """

    lists: tuple[RevocationList, ...] = ()
    required: bool = False
    grace: timedelta = timedelta(0)

    def check(self, certificate: bytes, authority: bytes, at: datetime) -> None:
        """Raise `CertificateUntrusted` when the authority says at that time that what it issued counts for nothing."""
        issuer, of_authority = certificate_fields.read(authority).subject, is_authority(certificate)
        found = [
            one
            for one in self.lists
            if one.issuer == issuer and (one.authorities if of_authority else one.members) and one.signed_by(authority)
        ]
        if not found:
            if self.required:
                raise CertificateUntrusted(
                    Doubt.CRL_MISSING,
                    f"there is no revocation list of the authority {_short(authority)} (SHA-256), signed by it: "
                    "put its current list among the revocation lists",
                )
            return
        newest = max(found, key=lambda one: one.this_update)
        since = newest.since(load_certificate(certificate).serial_number)
        if since is not None and since <= at:
            raise CertificateUntrusted(
                Doubt.REVOKED,
                f"the certificate {_short(certificate)} (SHA-256) was revoked at {since:%Y-%m-%d %H:%M} UTC by its "
                "authority: its owner needs another one",
            )
        if at > newest.next_update + self.grace:
            raise CertificateUntrusted(
                Doubt.CRL_STALE,
                f"the revocation list of the authority {_short(authority)} (SHA-256) was to be replaced by "
                f"{newest.next_update:%Y-%m-%d %H:%M} UTC: fetch its current one",
            )


def issued_by(certificate: bytes, authority: bytes) -> bool:
    """Return whether a certificate (DER) bears the name and the signature of an authority's certificate (DER)."""
    issued, issuer = certificate_fields.read(certificate), certificate_fields.read(authority)
    return issued.issuer == issuer.subject and is_authority(authority) and _signed(certificate, authority)


def build(
    certificate: bytes,
    *,
    anchors: Collection[bytes],
    others: Iterable[bytes] = (),
    at: datetime,
    revocations: Revocations | None = None,
) -> tuple[bytes, ...]:
    """Return the chain (DER) from a certificate to one of the `anchors`, which are believed by themselves.

    `others` may stand between; nothing is believed of them before it is proven. A certificate that is itself an anchor
    is a chain of one, and no list is asked about it. `CertificateUntrusted` when there is no chain at that time, with
    the most telling reason. The certificate's own dates and usage are the caller's question (`trust`).
    """
    search = _Search(anchors, others, at, revocations or Revocations())
    chain = search.climb((certificate,))
    if chain is None:
        raise search.doubt()
    return chain


class _Search:
    """One search for a way up, which tries a limited number of steps."""

    def __init__(
        self, anchors: Collection[bytes], others: Iterable[bytes], at: datetime, revocations: Revocations
    ) -> None:
        self._anchors, self._at, self._revocations = frozenset(anchors), at, revocations
        self._by_name: dict[bytes, list[bytes]] = defaultdict(list)
        for one in dict.fromkeys((*anchors, *others)):
            if (subject := _subject(one)) is not None:
                self._by_name[subject].append(one)
        self._left = _MOST_SIGNATURES
        self._doubts: list[CertificateUntrusted] = []

    def climb(self, chain: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
        """Return the chain continued to an anchor, or None."""
        last = chain[-1]
        if last in self._anchors:
            return chain
        if len(chain) == LONGEST:
            self._doubts.append(CertificateUntrusted(Doubt.PATH_TOO_LONG, f"the chain has more than {LONGEST} steps"))
            return None
        for authority in self._by_name.get(certificate_fields.read(last).issuer, ()):
            if authority in chain or not self._left:
                continue
            self._left -= 1
            try:
                self._check_step(chain, authority)
            except CertificateUntrusted as doubt:
                self._doubts.append(doubt)
                continue
            found = self.climb((*chain, authority))
            if found is not None:
                return found
        return None

    def doubt(self) -> CertificateUntrusted:
        """Return the most telling reason why there is no way up."""
        if self._doubts:
            return min(self._doubts, key=lambda doubt: _TELLING.index(doubt.doubt))
        return _unknown()

    def _check_step(self, chain: tuple[bytes, ...], authority: bytes) -> None:
        """Raise `CertificateUntrusted` unless the authority truly issued the chain's last certificate, and may."""
        name = f"the authority {_short(authority)} (SHA-256)"
        signed = _signed(chain[-1], authority)
        if not is_authority(authority):
            if not signed:
                raise _unknown()
            raise CertificateUntrusted(
                Doubt.NO_AUTHORITY, f"{name} issued the certificate, and its own certificate is not to issue others"
            )
        if not signed:
            raise CertificateUntrusted(
                Doubt.FALSE_SIGNATURE,
                f"{name} bears the issuer's name, and its key did not sign the certificate: an authority may have "
                "several keys, so add its other certificate when you trust it",
            )
        found = load_certificate(authority)
        if not found.not_valid_before_utc <= self._at <= found.not_valid_after_utc:
            raise CertificateUntrusted(
                Doubt.AUTHORITY_NOT_VALID,
                f"the certificate was issued by none of those trusted that is valid: {name} is so from "
                f"{found.not_valid_before_utc:%Y-%m-%d} to {found.not_valid_after_utc:%Y-%m-%d} only",
            )
        check_extensions(authority)
        limit = found.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        below = sum(not _self_issued(one) for one in chain[1:])
        if limit is not None and below > limit:
            raise CertificateUntrusted(
                Doubt.PATH_TOO_LONG, f"{name} allows {limit} authorities below it, and there are {below}"
            )
        self._revocations.check(chain[-1], authority, self._at)


def check_extensions(certificate: bytes) -> None:
    """Raise `CertificateUntrusted` when a certificate says something critical that is not understood here."""
    try:
        found = [one.oid for one in load_certificate(certificate).extensions if one.critical]
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise CertificateUntrusted(
            Doubt.UNREADABLE, f"the extensions of the certificate {_short(certificate)} (SHA-256) cannot be read"
        ) from None
    for oid in found:
        if oid not in _UNDERSTOOD:
            raise CertificateUntrusted(
                Doubt.UNREADABLE,
                f"the certificate {_short(certificate)} (SHA-256) has a critical extension that is not understood "
                f"here ({oid.dotted_string})",
            )


def _unknown() -> CertificateUntrusted:
    return CertificateUntrusted(
        Doubt.UNKNOWN_AUTHORITY,
        "the certificate is none of those trusted, nor issued by one of them: add its authority's certificate, "
        "and those between, when you trust them",
    )


def _signed(certificate: bytes, authority: bytes) -> bool:
    """Return whether the authority's key made the certificate's signature, whatever else they say."""
    issued, found = certificate_fields.read(certificate), load_certificate(certificate)
    suite = GOST.get(issued.method)
    if suite is not None:
        return suite.verify(authority, issued.body, issued.value)
    if not issued.value:
        return False
    try:
        digest = found.signature_hash_algorithm
        found.verify_directly_issued_by(load_certificate(authority))
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return digest is not None and digest.name in STRONG


def _subject(certificate: bytes) -> bytes | None:
    """Return the name of what a stranger handed in, or None when it is no certificate."""
    try:
        load_certificate(certificate)
        return certificate_fields.read(certificate).subject
    except (SignatureInvalid, ValueError):
        return None


def _self_issued(certificate: bytes) -> bool:
    fields = certificate_fields.read(certificate)
    return fields.issuer == fields.subject


def _short(certificate: bytes) -> str:
    """Return the beginning of a fingerprint: names may be somebody's, so none stands in an error."""
    return fingerprint(certificate)[:16]
