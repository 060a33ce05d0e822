"""Test certificates of every suite, what is read from certificates, and whom they are trusted through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st
from tests.contracts.signature.samples import SAMPLES, XCHA, Sample

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import certificate_fields, certificate_text, chain, der, private_keys, testkeys, trust
from socert.contracts.signature.certificate_writer import Attribute, Issuer, name_of, write
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import SIGNING, Suite

if TYPE_CHECKING:
    from socert.contracts.signature.private_keys import PrivateKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("engine")


def made(suite: Suite, requisites: testkeys.Requisites | None = None) -> bytes:
    """Return a test certificate, DER."""
    pair = testkeys.make("Шлюз", organisation="Регион", now=NOW, days=10, suite=suite, requisites=requisites)
    return load_certificate(pair.certificate_pem).public_bytes(Encoding.DER)


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_test_certificate_says_what_it_is_for(suite: Suite) -> None:
    data = made(suite)
    certificate = load_certificate(data)
    assert certificate.version is x509.Version.v3
    assert certificate.subject == certificate.issuer
    assert [attribute.value for attribute in certificate.subject] == ["Шлюз", "Регион"]
    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=10)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert certificate_text.uses(data) == ["sign messages"]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert len(certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest) == 20


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_test_certificate_is_signed_by_its_own_key(suite: Suite) -> None:
    data = made(suite)
    fields = certificate_fields.read(data)
    if suite in (Suite.ECDSA_P256, Suite.RSA_SHA256):
        load_certificate(data).verify_directly_issued_by(load_certificate(data))
        return
    assert suite.verify(data, fields.body, fields.value)
    assert not suite.verify(made(suite), fields.body, fields.value)  # each is made with a key of its own


@pytest.mark.parametrize("suite", SIGNING.values())
def test_the_subject_has_the_numbers_that_real_ones_have(suite: Suite) -> None:
    numbers = testkeys.Requisites(ogrn="1027700000001", inn_le="7700000001", inn="770000000001", snils="00100100101")
    data = made(suite, numbers)
    subject = load_certificate(data).subject
    for oid, text in (
        (NameOID.OGRN, "1027700000001"),
        (x509.ObjectIdentifier("1.2.643.100.4"), "7700000001"),
        (NameOID.INN, "770000000001"),
        (NameOID.SNILS, "00100100101"),
    ):
        (attribute,) = subject.get_attributes_for_oid(oid)
        assert attribute.value == text
        assert der.write(der.NUMERIC_STRING, text.encode()) in data
    assert ("INN of the organisation", "7700000001") in certificate_text.names(certificate_fields.read(data).subject)


def test_numbers_that_are_none_are_refused() -> None:
    for wrong in ({"ogrn": "1"}, {"inn_le": "77000000AA"}, {"inn": "٧" * 12}, {"snils": "001-001-001 01"}):
        with pytest.raises(ValueError, match=r"must be 1[0-3] digits"):
            testkeys.Requisites(**wrong)


def test_made_up_numbers_have_right_check_digits() -> None:
    ogrn = testkeys.MADE_UP.ogrn
    assert ogrn is not None
    assert int(ogrn[:12]) % 11 % 10 == int(ogrn[12])
    weights = [2, 4, 10, 3, 5, 9, 4, 6, 8]
    inn = testkeys.MADE_UP.inn_le
    assert inn is not None
    assert sum(w * int(d) for w, d in zip(weights, inn[:9], strict=True)) % 11 % 10 == int(inn[9])


def test_names_and_dates_are_checked() -> None:
    for name in ("", "x" * 65):
        with pytest.raises(ValueError, match="1 to 64 characters"):
            testkeys.make(name, organisation="Test", now=NOW)
    with pytest.raises(ValueError, match="time zone"):
        testkeys.make("x", organisation="Test", now=NOW.replace(tzinfo=None))
    far = testkeys.make("x", organisation="Test", now=NOW, days=30_000).certificate_pem
    assert load_certificate(far).not_valid_after_utc == NOW + timedelta(days=30_000)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_gost_keys_are_named_with_their_curve(sample: Sample) -> None:
    assert certificate_text.key(sample.certificate) == f"{sample.algorithm.title}, curve {sample.curve}"
    assert certificate_text.who(sample.certificate) == "x"


def test_other_keys_are_named_too() -> None:
    assert certificate_text.key(made(Suite.ECDSA_P256)) == "ECDSA, curve secp256r1"
    assert certificate_text.key(made(Suite.RSA_SHA256)) == "RSA, 3072 bits"


def test_a_strangers_text_commands_no_terminal() -> None:
    assert certificate_text.printable("a\x1b[31mб\n") == "a\N{REPLACEMENT CHARACTER}[31mб\N{REPLACEMENT CHARACTER}"
    name = name_of([Attribute(oid="2.5.4.3", tag=der.UTF8_STRING, text="\x1b]0;x\x07")])
    assert "\x1b" not in str(certificate_text.names(name))


@pytest.mark.parametrize(
    ("tag", "encoding"),
    [(der.UTF8_STRING, "utf-8"), (der.BMP_STRING, "utf-16-be"), (der.TELETEX_STRING, "latin-1")],
)
def test_names_come_in_several_encodings(tag: int, encoding: str) -> None:
    text = "Ünï" if encoding == "latin-1" else "Регион"
    attribute = der.sequence(der.oid("2.5.4.10"), der.write(tag, text.encode(encoding)))
    assert certificate_fields.read_name(der.sequence(der.write(der.SET, attribute))) == [("2.5.4.10", text)]


@pytest.mark.filterwarnings("ignore")  # of what is odd in it and read nevertheless
@given(st.integers(0, len(XCHA.certificate) - 1), st.integers(1, 255))
@example(12, 1)  # a version that there is not
def test_a_strangers_certificate_breaks_nothing(place: int, change: int) -> None:
    changed = bytearray(XCHA.certificate)
    changed[place] ^= change
    data = bytes(changed)
    try:
        load_certificate(data)
    except SignatureInvalid:
        return
    certificate_text.key(data)
    certificate_text.uses(data)
    certificate_text.who(data)
    assert Suite.of_certificate(data) in {Suite.GOST_2012_256, None}
    assert not Suite.GOST_2012_256.verify(data, b"data", XCHA.signature)
    assert chain.issued_by(data, data) in {True, False}


# --- trust ------------------------------------------------------------------------------------------------------------


class Authority:
    """An authority for tests."""

    def __init__(self, suite: Suite, name: str = "Authority", *, authority: bool = True, until: int = 10) -> None:
        self.key = self._key(suite)
        self.name = name_of([Attribute(oid="2.5.4.3", tag=der.UTF8_STRING, text=name)])
        self.certificate = self.issue(self.name, self.key, authority=authority, until=until)

    @staticmethod
    def _key(suite: Suite) -> PrivateKey:
        return private_keys.load(private_keys.make(suite), None, suite)

    def issue(self, name: bytes, key: PrivateKey, *, authority: bool = False, until: int = 10) -> bytes:
        """Return a certificate, DER."""
        return write(
            subject=name,
            spki=key.spki,
            issuer=Issuer(key=self.key, name=self.name),
            serial=1,
            not_before=NOW - timedelta(days=1),
            not_after=NOW + timedelta(days=until),
            authority=authority,
        )

    def member(self, suite: Suite) -> bytes:
        """Return the certificate of a participant, DER."""
        name = name_of([Attribute(oid="2.5.4.3", tag=der.UTF8_STRING, text="Member")])
        return self.issue(name, self._key(suite))


KINDS = [
    (Suite.GOST_2012_256, Suite.GOST_2012_256),
    (Suite.GOST_2012_512, Suite.GOST_2012_256),
    (Suite.ECDSA_P256, Suite.ECDSA_P256),
    (Suite.RSA_SHA256, Suite.GOST_2012_256),
]


@pytest.mark.parametrize(("above", "below"), KINDS)
def test_what_a_trusted_authority_issued_is_trusted(above: Suite, below: Suite) -> None:
    authority, stranger = Authority(above), Authority(above)
    member = authority.member(below)
    trust.check(member, trusted=[stranger.certificate, authority.certificate], now=NOW)
    trust.check(member, trusted=[member], now=NOW)
    # The stranger bears the same name and has another key.
    assert not chain.issued_by(member, stranger.certificate)
    for trusted, words in (([], "none of those trusted"), ([stranger.certificate], "its key did not sign")):
        with pytest.raises(SignatureInvalid, match=words) as caught:
            trust.check(member, trusted=trusted, now=NOW)
        assert caught.value.reason is SignatureFault.CERTIFICATE_IS_NOT_FOUND


def test_names_must_agree() -> None:
    authority = Authority(Suite.GOST_2012_256)
    renamed = Authority(Suite.GOST_2012_256, "Renamed")
    renamed.key, authority.key = authority.key, renamed.key
    assert not chain.issued_by(authority.member(Suite.GOST_2012_256), renamed.certificate)


def test_only_authorities_issue() -> None:
    participant = Authority(Suite.GOST_2012_256, authority=False)
    member = participant.member(Suite.GOST_2012_256)
    assert not chain.issued_by(member, participant.certificate)


def test_a_changed_certificate_was_not_issued() -> None:
    authority = Authority(Suite.GOST_2012_256)
    member = authority.member(Suite.GOST_2012_256)
    assert chain.issued_by(member, authority.certificate)
    assert not chain.issued_by(member.replace(b"Member", b"Nember"), authority.certificate)


def test_dates_and_usage_count() -> None:
    authority, late = Authority(Suite.ECDSA_P256), Authority(Suite.ECDSA_P256, until=1)
    member = late.issue(authority.name, authority.key, until=30)
    trust.check(member, trusted=[late.certificate], now=NOW)
    with pytest.raises(SignatureInvalid, match="by none of those trusted that is valid"):
        trust.check(member, trusted=[late.certificate], now=NOW + timedelta(days=2))
    with pytest.raises(SignatureInvalid, match="valid from") as caught:
        trust.check(member, trusted=[member], now=NOW + timedelta(days=31))
    assert caught.value.reason is SignatureFault.CERTIFICATE_IS_EXPIRED
    with pytest.raises(SignatureInvalid, match="not for signing messages"):
        trust.check(authority.certificate, trusted=[authority.certificate], now=NOW)
    start = load_certificate(XCHA.certificate).not_valid_before_utc
    with pytest.raises(SignatureInvalid, match="not for signing messages"):
        trust.check(XCHA.certificate, trusted=[XCHA.certificate], now=start)
