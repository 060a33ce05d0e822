"""Algorithm suites: a signature method with its digest, named by the URIs that stand in a signature.

A new suite is one class with the members of `Algorithms` and one line in `Suite`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from socert.contracts.signature.ecdsa import EcdsaP256
from socert.contracts.signature.gost_suites import Gost2001, Gost2012With256Bits, Gost2012With512Bits
from socert.contracts.signature.rsa import RsaSha256

if TYPE_CHECKING:
    from collections.abc import Mapping


class Algorithms(Protocol):
    """What a suite consists of."""

    signature_uri: str
    digest_uri: str

    @property
    def title(self) -> str:
        """The name that people use."""
        ...

    def digest(self, data: bytes) -> bytes:
        """Return the digest of the data."""
        ...

    def owns(self, certificate_der: bytes) -> bool:
        """Return whether the certificate's key is of this suite."""
        ...

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the signature over the data was made with the certificate's key."""
        ...


class Suite(Enum):
    """The suites that are known. Which of them are accepted is the caller's choice.

    Those of GOST need a library of the system when they are used (`SuiteUnavailable` where it is absent); naming and
    listing them needs none.
    """

    ECDSA_P256 = EcdsaP256()
    GOST_2012_256 = Gost2012With256Bits()
    GOST_2012_512 = Gost2012With512Bits()
    GOST_2001 = Gost2001()
    RSA_SHA256 = RsaSha256()

    @classmethod
    def of_certificate(cls, certificate_der: bytes) -> Suite | None:
        """Return the suite that a certificate's key belongs to, or None."""
        return next((suite for suite in cls if suite._algorithms.owns(certificate_der)), None)

    @property
    def _algorithms(self) -> Algorithms:
        algorithms: Algorithms = self.value
        return algorithms

    @property
    def title(self) -> str:
        """The name that people use."""
        return self._algorithms.title

    @property
    def signature_uri(self) -> str:
        """URI of the SignatureMethod."""
        return self._algorithms.signature_uri

    @property
    def digest_uri(self) -> str:
        """URI of the DigestMethod."""
        return self._algorithms.digest_uri

    def digest(self, data: bytes) -> bytes:
        """Return the digest of the data."""
        return self._algorithms.digest(data)

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the signature over the data was made with the certificate's key."""
        return self._algorithms.verify(certificate_der, data, signature)


SIGNING: Final[Mapping[str, Suite]] = {
    "ecdsa": Suite.ECDSA_P256,
    "gost256": Suite.GOST_2012_256,
    "gost512": Suite.GOST_2012_512,
    "rsa": Suite.RSA_SHA256,
}
"""The suites that signatures are made with, by the words that settings and commands use."""
