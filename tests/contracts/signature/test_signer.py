"""Keys and certificates of every suite: pairs that sign, and pairs that do not fit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.contracts.signature.samples import ENCRYPTED, SAMPLES, XCHA, Sample, sample

from socert.contracts.signature import private_keys, testkeys
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import SIGNING, Suite

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SIZES = {Suite.ECDSA_P256: 64, Suite.GOST_2012_256: 64, Suite.GOST_2012_512: 128, Suite.RSA_SHA256: 384}

pytestmark = pytest.mark.usefixtures("engine")


def pair(suite: Suite, name: str = "Gateway") -> testkeys.TestKey:
    return testkeys.make(name, organisation="Test", now=NOW, suite=suite)


@pytest.fixture(scope="module")
def pairs() -> dict[Suite, testkeys.TestKey]:
    return {suite: pair(suite) for suite in SIGNING.values()}


def sample_pair(kept: Sample) -> tuple[bytes, bytes]:
    return private_keys.pem("PRIVATE KEY", kept.pkcs8), kept.certificate


def test_everything_but_the_old_suite_signs() -> None:
    assert set(Suite) - set(SIGNING.values()) == {Suite.GOST_2001}


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_pair_signs(pairs: dict[Suite, testkeys.TestKey], suite: Suite) -> None:
    made = pairs[suite]
    signer = KeySigner.from_files(made.key_pem, made.certificate_pem)
    value = signer.sign(b"data")
    assert signer.suite is suite
    assert len(value) == SIZES[suite]
    assert suite.verify(signer.certificate, b"data", value)
    assert not suite.verify(signer.certificate, b"Data", value)
    assert Suite.of_certificate(signer.certificate) is suite


@pytest.mark.parametrize("suite", Suite)
def test_a_suite_takes_certificates_of_its_own_only(pairs: dict[Suite, testkeys.TestKey], suite: Suite) -> None:
    for other, made in pairs.items():
        signer = KeySigner.from_files(made.key_pem, made.certificate_pem)
        assert suite.verify(signer.certificate, b"data", signer.sign(b"data")) is (suite is other)


@pytest.mark.parametrize("kept", [kept for kept in SAMPLES if kept.algorithm is not GostAlgorithm.GOST_2001], ids=str)
def test_keys_on_every_curve_sign(kept: Sample) -> None:
    signer = KeySigner.from_files(*sample_pair(kept))
    assert signer.suite is Suite[kept.algorithm.name]
    assert signer.suite.verify(signer.certificate, b"data", signer.sign(b"data"))


@pytest.mark.parametrize("place", ENCRYPTED, ids=lambda place: place.stem)
def test_gost_keys_may_have_a_password(place: Path) -> None:
    signer = KeySigner.from_files(place.read_bytes(), XCHA.certificate, b"secret")
    assert signer.suite is Suite.GOST_2012_256
    for password in (None, b"wrong"):
        with pytest.raises(ValueError, match="its password is wrong"):
            KeySigner.from_files(place.read_bytes(), XCHA.certificate, password)


def test_a_needless_password_is_told(pairs: dict[Suite, testkeys.TestKey]) -> None:
    for made in pairs.values():
        with pytest.raises(ValueError, match="its password is wrong"):
            KeySigner.from_files(made.key_pem, made.certificate_pem, b"secret")


@pytest.mark.parametrize("suite", SIGNING.values())
def test_pairs_that_do_not_fit_are_refused(pairs: dict[Suite, testkeys.TestKey], suite: Suite) -> None:
    other = pair(suite, "Other")
    with pytest.raises(ValueError, match="belongs to another key"):
        KeySigner.from_files(pairs[suite].key_pem, other.certificate_pem)
    for key in (b"nothing", b"-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(ValueError, match="cannot be read"):
            KeySigner.from_files(key, other.certificate_pem)
    for foreign in set(SIGNING.values()) - {suite}:
        with pytest.raises(ValueError, match="key"):
            KeySigner.from_files(pairs[foreign].key_pem, other.certificate_pem)


def test_a_key_of_the_other_length_is_told() -> None:
    long = sample(GostAlgorithm.GOST_2012_512, "TC26-512-A")
    with pytest.raises(ValueError, match=r"is of GOST R 34\.10-2012, 512 bits; GOST R 34\.10-2012, 256 bits is"):
        KeySigner.from_files(sample_pair(long)[0], XCHA.certificate)


def test_nothing_is_signed_with_the_old_suite() -> None:
    old = sample(GostAlgorithm.GOST_2001, "CryptoPro-A")
    with pytest.raises(ValueError, match="none of the kinds that sign"):
        KeySigner.from_files(*sample_pair(old))
    with pytest.raises(ValueError, match="verified only"):
        private_keys.load(sample_pair(old)[0], None, Suite.GOST_2001)
    with pytest.raises(ValueError, match="verified only"):
        pair(Suite.GOST_2001)


def test_old_signatures_are_verified() -> None:
    for kept in SAMPLES:
        suite = Suite[kept.algorithm.name]
        assert suite.verify(kept.certificate, kept.spki, kept.signature)
        assert not suite.verify(kept.certificate, kept.spki + b"\n", kept.signature)


def test_rsa_keys_have_a_decent_length() -> None:
    key = rsa.generate_private_key(65537, 1024)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(ValueError, match="1024 bits; 2048 to 8192"):
        private_keys.load(pem, None, Suite.RSA_SHA256)


def test_the_uris_of_real_messages() -> None:
    cryptopro = "urn:ietf:params:xml:ns:cpxmlsec:algorithms:"
    more = "http://www.w3.org/2001/04/xmldsig-more#"
    assert {suite.name: (suite.signature_uri, suite.digest_uri) for suite in Suite} == {
        "ECDSA_P256": (f"{more}ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
        "RSA_SHA256": (f"{more}rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
        "GOST_2012_256": (f"{cryptopro}gostr34102012-gostr34112012-256", f"{cryptopro}gostr34112012-256"),
        "GOST_2012_512": (f"{cryptopro}gostr34102012-gostr34112012-512", f"{cryptopro}gostr34112012-512"),
        "GOST_2001": (f"{more}gostr34102001-gostr3411", f"{more}gostr3411"),
    }
