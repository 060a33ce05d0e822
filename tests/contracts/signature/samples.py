"""Keys, certificates and signatures that OpenSSL's command line made, one on each curve that signatures use."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

from socert.contracts.signature.gost_keys import GostAlgorithm

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A key pair, a self-signed certificate, and a signature over the bytes of `spki`; all DER."""

    algorithm: GostAlgorithm
    curve: str
    pkcs8: bytes
    spki: bytes
    signature: bytes
    certificate: bytes

    def __str__(self) -> str:
        """Return the name of the sample."""
        return f"{self.algorithm.name}-{self.curve}"


def _read(fields: dict[str, str]) -> Sample:
    algorithm, curve = GostAlgorithm[fields.pop("algorithm")], fields.pop("curve")
    return Sample(algorithm=algorithm, curve=curve, **{name: b64decode(text) for name, text in fields.items()})


SAMPLES = [_read(fields) for fields in json.loads((HERE / "curves.json").read_text())]
"""Every sample, seventeen of them."""

ENCRYPTED = sorted(HERE.glob("encrypted-*.pem"))
"""One key on CryptoPro-XchA, encrypted in several ways with the password `secret`."""


def sample(algorithm: GostAlgorithm, curve: str) -> Sample:
    """Return the sample of that kind."""
    (found,) = (one for one in SAMPLES if (one.algorithm, one.curve) == (algorithm, curve))
    return found


XCHA = sample(GostAlgorithm.GOST_2012_256, "CryptoPro-XchA")
"""The curve of real certificates."""
