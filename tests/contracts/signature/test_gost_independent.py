"""An implementation that shares no code with ours (gostcrypto, plain Python) agrees in both directions.

It takes the digest last byte first and writes r before s; messages carry s and then r.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from gostcrypto import (  # type: ignore[import-untyped]  # it has no types
    gosthash,
    gostsignature,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.contracts.signature.samples import XCHA, Sample, sample

from socert.contracts.signature import certificate_fields, der, testkeys, xmldsig
from socert.contracts.signature.gost_keys import GostAlgorithm, read_spki
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostLibrary

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
A256, A512 = GostAlgorithm.GOST_2012_256, GostAlgorithm.GOST_2012_512
# CryptoPro-A, CryptoPro-XchA and TC26-256-B are three names of one curve (RFC 4357, RFC 7836).
XCHA_THERE = "id-tc26-gost-3410-2012-256-paramSetB"
KINDS = [
    pytest.param(XCHA, XCHA_THERE, id="XchA"),
    pytest.param(sample(A256, "TC26-256-A"), "id-tc26-gost-3410-2012-256-paramSetA", id="256-A"),
    pytest.param(sample(A512, "TC26-512-A"), "id-tc26-gost-3410-12-512-paramSetA", id="512-A"),
]


def their_digest(size: int, data: bytes) -> bytes:
    return bytes(gosthash.new(f"streebog{size * 8}", data=bytearray(data)).digest())


def theirs(size: int, curve: str) -> Any:
    mode = gostsignature.MODE_256 if size == 32 else gostsignature.MODE_512
    return gostsignature.new(mode, gostsignature.CURVES_R_1323565_1_024_2019[curve])


def point(spki: bytes) -> bytearray:
    """Return x and y, big-endian, of a public key."""
    bits = der.values(der.read(spki, der.SEQUENCE).content)[1].content[1:]
    little = der.read(bits, der.OCTET_STRING).content
    half = len(little) // 2
    return bytearray(little[:half][::-1] + little[half:][::-1])


def number(pkcs8: bytes) -> bytearray:
    """Return a private key's number, big-endian."""
    inner = der.values(der.read(pkcs8, der.SEQUENCE).content)[2].content
    return bytearray(inner[::-1])


@given(st.binary(max_size=300))
@settings(max_examples=15, deadline=None)
def test_digests_agree(engine: GostLibrary, data: bytes) -> None:
    for algorithm in (A256, A512):
        assert engine.digest(algorithm, data) == their_digest(algorithm.size, data)


@pytest.mark.parametrize(("kept", "curve"), KINDS)
def test_they_verify_what_we_sign(engine: GostLibrary, kept: Sample, curve: str) -> None:
    size = kept.algorithm.size
    signature = engine.private_key(kept.pkcs8, None).sign(engine.digest(kept.algorithm, b"data"))
    reversed_digest = bytearray(their_digest(size, b"data")[::-1])
    assert theirs(size, curve).verify(point(kept.spki), reversed_digest, bytearray(signature[size:] + signature[:size]))
    assert not theirs(size, curve).verify(point(kept.spki), reversed_digest, bytearray(signature))


@pytest.mark.parametrize(("kept", "curve"), KINDS)
def test_we_verify_what_they_sign(engine: GostLibrary, kept: Sample, curve: str) -> None:
    size = kept.algorithm.size
    made = bytes(theirs(size, curve).sign(number(kept.pkcs8), bytearray(their_digest(size, b"data")[::-1])))
    public, digest = engine.public_key(read_spki(kept.spki)), engine.digest(kept.algorithm, b"data")
    assert public.verify(digest, made[size:] + made[:size])
    assert not public.verify(digest, made)


def test_gnutls_verifies_what_they_sign(gnutls: GostLibrary) -> None:
    made = bytes(theirs(32, XCHA_THERE).sign(number(XCHA.pkcs8), bytearray(their_digest(32, b"data")[::-1])))
    assert gnutls.public_key(read_spki(XCHA.spki)).verify(gnutls.digest(A256, b"data"), made[32:] + made[:32])


def test_they_verify_a_whole_message(engine: GostLibrary) -> None:
    """Digest and value of a signature element, taken apart with nothing of ours."""
    assert engine.name
    made = testkeys.make("Gateway", organisation="Test", now=NOW, suite=Suite.GOST_2012_256)
    canonical = b'<ns1:A xmlns:ns1="urn:a" Id="I"></ns1:A>'
    signer = KeySigner.from_files(made.key_pem, made.certificate_pem)
    signature = etree.fromstring(xmldsig.sign(canonical, reference="I", signer=signer))
    names = {"ds": "http://www.w3.org/2000/09/xmldsig#"}
    texts = {
        name: b64decode(signature.findtext(f".//ds:{name}", "", names))
        for name in ("DigestValue", "SignatureValue", "X509Certificate")
    }
    assert texts["DigestValue"] == their_digest(32, canonical)
    signed_info = etree.tostring(signature[0], method="c14n", exclusive=True)
    value = texts["SignatureValue"]
    assert theirs(32, XCHA_THERE).verify(
        point(certificate_fields.read(texts["X509Certificate"]).spki),
        bytearray(their_digest(32, signed_info)[::-1]),
        bytearray(value[32:] + value[:32]),
    )
