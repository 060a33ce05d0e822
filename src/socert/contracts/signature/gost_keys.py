"""GOST algorithms by their names in keys and certificates, and which public keys are taken for GOST keys at all.

Sources: RFC 4491 and RFC 9215 (keys and signatures in certificates), RFC 7836 (curves), GOST R 34.10 and 34.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from socert.contracts.signature import der


@dataclass(frozen=True, kw_only=True, slots=True)
class _Names:
    title: str
    key: str
    digest: str
    signature: str
    size: int


class GostAlgorithm(Enum):
    """A signature algorithm together with its digest."""

    GOST_2001 = _Names(
        title="GOST R 34.10-2001",
        key="1.2.643.2.2.19",
        digest="1.2.643.2.2.9",
        signature="1.2.643.2.2.3",
        size=32,
    )
    GOST_2012_256 = _Names(
        title="GOST R 34.10-2012, 256 bits",
        key="1.2.643.7.1.1.1.1",
        digest="1.2.643.7.1.1.2.2",
        signature="1.2.643.7.1.1.3.2",
        size=32,
    )
    GOST_2012_512 = _Names(
        title="GOST R 34.10-2012, 512 bits",
        key="1.2.643.7.1.1.1.2",
        digest="1.2.643.7.1.1.2.3",
        signature="1.2.643.7.1.1.3.3",
        size=64,
    )

    @property
    def title(self) -> str:
        """The name that people use."""
        return self.value.title

    @property
    def key_oid(self) -> str:
        """Object identifier of the keys."""
        return self.value.key

    @property
    def digest_oid(self) -> str:
        """Object identifier of the digest."""
        return self.value.digest

    @property
    def signature_oid(self) -> str:
        """Object identifier of signatures in certificates."""
        return self.value.signature

    @property
    def size(self) -> int:
        """Bytes of a digest, of a coordinate, and of each half of a signature."""
        return self.value.size


CRYPTOPRO_XCHA: Final = "1.2.643.2.2.36.0"
TC26_512_A: Final = "1.2.643.7.1.2.1.2.1"

_CRYPTOPRO: Final = {
    "1.2.643.2.2.35.1": "CryptoPro-A",
    "1.2.643.2.2.35.2": "CryptoPro-B",
    "1.2.643.2.2.35.3": "CryptoPro-C",
    CRYPTOPRO_XCHA: "CryptoPro-XchA",
    "1.2.643.2.2.36.1": "CryptoPro-XchB",
}
CURVES: Final[dict[GostAlgorithm, dict[str, str]]] = {
    GostAlgorithm.GOST_2001: _CRYPTOPRO,
    GostAlgorithm.GOST_2012_256: _CRYPTOPRO
    | {
        "1.2.643.7.1.2.1.1.1": "TC26-256-A",
        "1.2.643.7.1.2.1.1.2": "TC26-256-B",
        "1.2.643.7.1.2.1.1.3": "TC26-256-C",
        "1.2.643.7.1.2.1.1.4": "TC26-256-D",
    },
    GostAlgorithm.GOST_2012_512: {
        TC26_512_A: "TC26-512-A",
        "1.2.643.7.1.2.1.2.2": "TC26-512-B",
        "1.2.643.7.1.2.1.2.3": "TC26-512-C",
    },
}
"""The curves that signatures use: identifier -> name. The standards' test curve is not among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GostSpki:
    """A public key as certificates carry it: its algorithm, its curve (a key of `CURVES`), and the DER bytes."""

    algorithm: GostAlgorithm
    curve: str
    der: bytes


def read_spki(spki: bytes) -> GostSpki:
    """Return the GOST key in a DER SubjectPublicKeyInfo; `ValueError` when it is anything else.

    Everything is checked here, to the length of the point, so that no library in C sees what is not a key.
    """
    identifier, bits = _parts(der.read(spki, der.SEQUENCE).content, 2)
    named, parameters = _parts(identifier.content, 2)
    algorithm = _algorithm(der.dotted(named))
    curve = der.dotted(der.values(parameters.content)[0]) if parameters.content else ""
    if curve not in CURVES[algorithm]:
        raise ValueError(f"The key is on a curve that signatures do not use ({curve or 'none named'}).")
    if bits.tag != der.BIT_STRING or bits.content[:1] != b"\0":
        raise ValueError("The key holds no point.")
    if len(der.read(bits.content[1:], der.OCTET_STRING).content) != 2 * algorithm.size:
        raise ValueError("The point of the key is of the wrong length.")
    return GostSpki(algorithm=algorithm, curve=curve, der=spki)


def _parts(content: bytes, count: int) -> tuple[der.Value, ...]:
    found = der.values(content)
    if len(found) != count:
        raise ValueError("The bytes are no public key.")
    return found


def _algorithm(oid: str) -> GostAlgorithm:
    for algorithm in GostAlgorithm:
        if algorithm.key_oid == oid:
            return algorithm
    raise ValueError(f"The key is no GOST key (its algorithm is {oid}).")
