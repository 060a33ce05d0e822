"""GOST R 34.10 with its digests: what the real exchange demands. The arithmetic is a library's (`gost_library`).

The value is s and r, big-endian, each as long as the digest: the order in which GOST signatures stand in certificates
too (RFC 4491, 2.2.2), and that of real messages.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.signature import certificate_fields
from socert.contracts.signature.gost_keys import GostAlgorithm, GostSpki, read_spki
from socert.contracts.signature.gost_library import library

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostPublicKey

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_CRYPTOPRO = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:"


class _Gost:
    """What the GOST suites have in common. `SuiteUnavailable` is raised where no library knows GOST."""

    algorithm: ClassVar[GostAlgorithm]

    @property
    def title(self) -> str:
        """The name that people use."""
        return self.algorithm.title

    def digest(self, data: bytes) -> bytes:
        """Return the digest of the data."""
        return library().digest(self.algorithm, data)

    def owns(self, certificate_der: bytes) -> bool:
        """Return whether the certificate's key is of this algorithm."""
        spki = _spki(certificate_der)
        return spki is not None and spki.algorithm is self.algorithm

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the value is this certificate's signature; False too when its key is of another kind."""
        if not self.owns(certificate_der) or len(signature) != 2 * self.algorithm.size:
            return False
        key = _key(certificate_der)
        return key is not None and key.verify(self.digest(data), signature)


class Gost2012With256Bits(_Gost):
    """GOST R 34.10-2012 and 34.11-2012 (Streebog), 256 bits: what real messages are signed with."""

    algorithm = GostAlgorithm.GOST_2012_256
    signature_uri = f"{_CRYPTOPRO}gostr34102012-gostr34112012-256"
    digest_uri = f"{_CRYPTOPRO}gostr34112012-256"


class Gost2012With512Bits(_Gost):
    """GOST R 34.10-2012 and 34.11-2012 (Streebog), 512 bits."""

    algorithm = GostAlgorithm.GOST_2012_512
    signature_uri = f"{_CRYPTOPRO}gostr34102012-gostr34112012-512"
    digest_uri = f"{_CRYPTOPRO}gostr34112012-512"


class Gost2001(_Gost):
    """GOST R 34.10-2001 and 34.11-94, of the years before 2019: verified, never produced (SMEV 3 manual 3.3, 4.4)."""

    algorithm = GostAlgorithm.GOST_2001
    signature_uri = f"{_MORE}gostr34102001-gostr3411"
    digest_uri = f"{_MORE}gostr3411"


@lru_cache(maxsize=512)
def _spki(certificate_der: bytes) -> GostSpki | None:
    """Return a certificate's key when it is a GOST key. `cryptography` refuses such keys, so it is read from DER."""
    try:
        return read_spki(certificate_fields.read(certificate_der).spki)
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _key(certificate_der: bytes) -> GostPublicKey | None:
    """Return a certificate's key as the library holds it, or None when its point is not on its curve."""
    spki = _spki(certificate_der)
    try:
        return None if spki is None else library().public_key(spki)
    except ValueError:
        return None
