"""Test keys and what is read from certificates."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import testkeys
from socert.contracts.signature.certificates import check_dates, fingerprint, load_certificate

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> testkeys.TestKey:
    return testkeys.make("Шлюз", organisation="Учебный регион", now=NOW, days=10)


@pytest.fixture(scope="module")
def der(made: testkeys.TestKey) -> bytes:
    return load_certificate(made.certificate_pem).public_bytes(serialization.Encoding.DER)


def test_the_pair_belongs_together(made: testkeys.TestKey) -> None:
    key = serialization.load_pem_private_key(made.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    certificate = load_certificate(made.certificate_pem)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(certificate)


def test_the_certificate_says_what_it_is_for(made: testkeys.TestKey) -> None:
    certificate = load_certificate(made.certificate_pem)
    name = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert name == {NameOID.COMMON_NAME: "Шлюз", NameOID.ORGANIZATION_NAME: "Учебный регион"}
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=10)


def test_every_pair_is_new_and_a_key_does_not_show_itself(made: testkeys.TestKey) -> None:
    other = testkeys.make("Шлюз", organisation="Учебный регион", now=NOW, days=10)
    assert other.key_pem != made.key_pem
    assert "PRIVATE" not in repr(made)


def test_names_have_the_length_that_certificates_allow() -> None:
    with pytest.raises(ValueError, match="64"):
        testkeys.make("x" * 65, organisation="Test", now=NOW)


def test_pem_and_der_are_the_same_certificate(made: testkeys.TestKey, der: bytes) -> None:
    assert load_certificate(b"\n" + made.certificate_pem) == load_certificate(der)


@pytest.mark.parametrize("data", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        load_certificate(data)
    assert caught.value.reason is SignatureFault.CERTIFICATE_IS_NOT_FOUND


def test_a_fingerprint_is_the_hash_of_the_der_bytes(der: bytes) -> None:
    assert fingerprint(der) == hashlib.sha256(der).hexdigest()


def test_dates_are_checked_against_the_given_time(der: bytes) -> None:
    check_dates(der, NOW - timedelta(hours=1))
    check_dates(der, NOW + timedelta(days=10))
    for moment in (NOW - timedelta(hours=1, seconds=1), NOW + timedelta(days=10, seconds=1)):
        with pytest.raises(SignatureInvalid, match="from 2026-11-23 to 2026-12-03 only") as caught:
            check_dates(der, moment)
        assert caught.value.reason is SignatureFault.CERTIFICATE_IS_EXPIRED
