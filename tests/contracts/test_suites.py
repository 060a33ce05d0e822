"""Suites and signers: values in the form that XMLDSig wants, and keys that are not what they should be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner, Signer
from socert.contracts.signature.suites import Suite

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AnyKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@pytest.fixture(scope="module")
def pair() -> testkeys.TestKey:
    return testkeys.make("Gateway", organisation="Test", now=NOW)


@pytest.fixture(scope="module")
def signer(pair: testkeys.TestKey) -> KeySigner:
    return KeySigner.from_files(pair.key_pem, pair.certificate_pem)


def certificate_of(key: AnyKey) -> bytes:
    """Return a self-signed certificate (PEM) of any key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Other")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem(key: AnyKey, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_uris() -> None:
    assert Suite.ECDSA_P256.signature_uri == "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    assert Suite.ECDSA_P256.digest_uri == "http://www.w3.org/2001/04/xmlenc#sha256"


def test_a_known_digest() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert Suite.ECDSA_P256.digest(b"abc").hex() == expected


def test_a_known_signature() -> None:
    """RFC 6979, A.2.5: P-256, SHA-256, message "sample"."""
    key = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
    der = x509.load_pem_x509_certificate(certificate_of(key)).public_bytes(serialization.Encoding.DER)
    r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    assert Suite.ECDSA_P256.verify(der, b"sample", bytes.fromhex(r + s))
    assert not Suite.ECDSA_P256.verify(der, b"sample", bytes.fromhex(s + r))
    assert not Suite.ECDSA_P256.verify(der, b"Sample", bytes.fromhex(r + s))


def test_a_signer_is_the_protocol_and_its_values_are_64_bytes(signer: KeySigner) -> None:
    as_protocol: Signer = signer
    for _ in range(50):  # r or s is now and then shorter than 32 bytes
        value = as_protocol.sign(b"data")
        assert len(value) == 64
        assert as_protocol.suite.verify(as_protocol.certificate, b"data", value)


def test_a_key_may_have_a_password_and_a_certificate_may_be_der(pair: testkeys.TestKey) -> None:
    key = serialization.load_pem_private_key(pair.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    der = x509.load_pem_x509_certificate(pair.certificate_pem).public_bytes(serialization.Encoding.DER)
    signer = KeySigner.from_files(pem(key, b"secret"), der, b"secret")
    assert signer.certificate == der
    for password in (None, b"wrong"):
        with pytest.raises(ValueError, match="its password is wrong"):
            KeySigner.from_files(pem(key, b"secret"), der, password)


def test_pairs_that_do_not_fit_are_refused(pair: testkeys.TestKey) -> None:
    other = testkeys.make("Other", organisation="Test", now=NOW)
    with pytest.raises(ValueError, match="belongs to another key"):
        KeySigner.from_files(pair.key_pem, other.certificate_pem)
    with pytest.raises(ValueError, match="certificate cannot be read"):
        KeySigner.from_files(pair.key_pem, b"nothing")
    with pytest.raises(ValueError, match="key cannot be read"):
        KeySigner.from_files(b"nothing", pair.certificate_pem)


def test_keys_of_other_kinds_are_refused(pair: testkeys.TestKey) -> None:
    p384, other = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)
    with pytest.raises(ValueError, match="none of the kinds that sign"):
        KeySigner.from_files(pem(p384), certificate_of(p384))
    with pytest.raises(ValueError, match="secp384r1; only P-256"):
        KeySigner.from_files(pem(p384), pair.certificate_pem)
    with pytest.raises(ValueError, match="not an elliptic-curve key"):
        KeySigner.from_files(pem(other), pair.certificate_pem)
    with pytest.raises(ValueError, match="not an RSA key"):
        KeySigner.from_files(pair.key_pem, certificate_of(other))


def test_certificates_of_other_kinds_verify_nothing(signer: KeySigner) -> None:
    value = signer.sign(b"data")
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        der = x509.load_pem_x509_certificate(certificate_of(key)).public_bytes(serialization.Encoding.DER)
        assert not Suite.ECDSA_P256.verify(der, b"data", value)
