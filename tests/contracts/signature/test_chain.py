"""From a certificate up to an authority: every reason to refuse, and OpenSSL judges the authorities made here."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.parts import absent

from socert.contracts.errors import CertificateUntrusted, Doubt, SignatureFault, SignatureInvalid
from socert.contracts.signature import certificate_fields, chain, cms, crl, der, private_keys, testkeys, trust
from socert.contracts.signature.certificate_writer import Attribute, Issuer, name_of, write
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from socert.contracts.signature.gost_library import GostLibrary

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
KINDS = [
    pytest.param(Suite.GOST_2012_256, id="gost256"),
    pytest.param(Suite.GOST_2012_512, id="gost512"),
    pytest.param(Suite.ECDSA_P256, id="ecdsa"),
    pytest.param(Suite.RSA_SHA256, id="rsa"),
]


def der_of(pair: testkeys.TestKey) -> bytes:
    return load_certificate(pair.certificate_pem).public_bytes(serialization.Encoding.DER)


def serial(pair: testkeys.TestKey) -> int:
    return load_certificate(pair.certificate_pem).serial_number


def authority(
    name: str,
    issuer: testkeys.TestKey | None = None,
    *,
    suite: Suite = Suite.ECDSA_P256,
    days: int = 1000,
    path_length: int | None = None,
) -> testkeys.TestKey:
    return testkeys.make(
        name,
        organisation="Учебный УЦ",
        now=NOW,
        days=days,
        suite=suite,
        issuer=issuer,
        authority=True,
        path_length=path_length,
    )


def member(issuer: testkeys.TestKey, *, suite: Suite = Suite.ECDSA_P256, now: datetime = NOW) -> testkeys.TestKey:
    return testkeys.make(
        "Шлюз",
        organisation="Учебный регион",
        now=now,
        days=100,
        suite=suite,
        issuer=issuer,
        requisites=testkeys.MADE_UP,
    )


@dataclass(frozen=True, kw_only=True)
class World:
    root: testkeys.TestKey
    between: testkeys.TestKey
    member: testkeys.TestKey

    def check(
        self, *, at: datetime = NOW, others: bool = True, revocations: chain.Revocations | None = None
    ) -> tuple[bytes, ...]:
        """Check the member against the root."""
        return trust.check(
            der_of(self.member),
            trusted=[der_of(self.root)],
            now=at,
            others=[der_of(self.between)] if others else [],
            revocations=revocations,
        )


@cache
def world(suite: Suite = Suite.ECDSA_P256) -> World:
    root = authority("Root", suite=suite)
    between = authority("Between", root, suite=suite, days=500, path_length=0)
    return World(root=root, between=between, member=member(between, suite=suite))


def refused(found: World, doubt: Doubt, *, at: datetime = NOW, revocations: chain.Revocations | None = None) -> str:
    with pytest.raises(CertificateUntrusted) as caught:
        found.check(at=at, revocations=revocations)
    assert caught.value.doubt is doubt
    return caught.value.detail


# --- the way up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", KINDS)
def test_a_chain_is_found_and_named(suite: Suite) -> None:
    found = world(suite)
    expected = (der_of(found.member), der_of(found.between), der_of(found.root))
    assert found.check() == expected
    with pytest.raises(CertificateUntrusted, match="add its authority's certificate, and those between") as caught:
        found.check(others=False)
    assert caught.value.doubt is Doubt.UNKNOWN_AUTHORITY
    assert caught.value.reason is SignatureFault.CERTIFICATE_IS_NOT_FOUND
    # Who trusts the authority between needs no root.
    assert trust.check(expected[0], trusted=[expected[1]], now=NOW) == expected[:2]


@pytest.mark.parametrize("suite", KINDS)
def test_openssl_agrees(tmp_path: Path, engine: GostLibrary, suite: Suite) -> None:
    command = shutil.which("openssl")
    if command is None:
        absent("openssl", "there is no such command")
    found = world(suite)
    of_root = testkeys.revocation_list(found.root, {}, now=NOW)
    for name, content in (
        ("root", found.root.certificate_pem),
        ("between", found.between.certificate_pem),
        ("member", found.member.certificate_pem),
        ("empty", of_root + testkeys.revocation_list(found.between, {}, now=NOW)),
        ("revoked", of_root + testkeys.revocation_list(found.between, {serial(found.member): NOW}, now=NOW)),
    ):
        (tmp_path / name).write_bytes(content)

    def verify(lists: str) -> subprocess.CompletedProcess[str]:
        arguments = ["-CAfile", "root", "-untrusted", "between", "-x509_strict", "-attime", str(int(NOW.timestamp()))]
        arguments += ["-crl_check_all", "-CRLfile", lists, "member"]
        return subprocess.run(
            [command, "verify", "-engine", "gost", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    done = verify("empty")
    assert done.returncode == 0, done.stderr
    assert "certificate revoked" in verify("revoked").stderr


def test_numbers_stand_in_the_subject() -> None:
    name = dict(certificate_fields.read_name(certificate_fields.read(der_of(world().member)).subject))
    assert name["1.2.643.3.131.1.1"] == testkeys.MADE_UP.inn
    assert name["1.2.643.100.1"] == testkeys.MADE_UP.ogrn
    assert name["1.2.643.100.3"] == testkeys.MADE_UP.snils


def test_dates_of_the_certificate() -> None:
    late = refused(world(), Doubt.EXPIRED, at=NOW + timedelta(days=101))
    assert "its owner needs a new one" in late
    early = refused(world(), Doubt.NOT_YET_VALID, at=NOW - timedelta(hours=2))
    assert "wait for that day, or set the clock right" in early
    with pytest.raises(CertificateUntrusted) as caught:
        world().check(at=NOW + timedelta(days=101))
    assert caught.value.reason is SignatureFault.CERTIFICATE_IS_EXPIRED


def test_dates_of_those_above() -> None:
    root = authority("Root", days=1000)
    between = authority("Between", root, days=10)
    found = World(root=root, between=between, member=member(between))
    assert len(found.check()) == 3
    assert "2026-12-05 only" in refused(found, Doubt.AUTHORITY_NOT_VALID, at=NOW + timedelta(days=11))


def test_the_period_of_the_private_key_counts() -> None:
    def made(*, start: datetime | None, end: datetime | None) -> bytes:
        root = load_certificate(world().root.certificate_pem)
        key = serialization.load_pem_private_key(world().root.key_pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        period = x509.PrivateKeyUsagePeriod(*(one and one.replace(tzinfo=None) for one in (start, end)))
        return signed_with(builder(root.subject, NOW).add_extension(period, critical=False), key)

    roots = [der_of(world().root)]
    day = timedelta(days=1)
    for start, end in ((NOW, NOW), (None, NOW + day), (NOW - day, None)):
        assert trust.check(made(start=start, end=end), trusted=roots, now=NOW)
    for start, end in ((NOW + day, None), (None, NOW - day)):
        with pytest.raises(CertificateUntrusted, match="privateKeyUsagePeriod") as caught:
            trust.check(made(start=start, end=end), trusted=roots, now=NOW)
        assert caught.value.doubt is Doubt.KEY_EXPIRED


def builder(
    issuer: x509.Name, now: datetime, key: ec.EllipticCurvePublicKey | None = None, **usage: bool
) -> x509.CertificateBuilder:
    """Return a certificate to be signed by the `cryptography` package, an independent writer."""
    asked = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Other")]))
        .issuer_name(issuer)
        .public_key(key or ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.KeyUsage(**(asked | (usage or {"digital_signature": True}))), critical=True)
    )


def signed_with(made: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def root_key() -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    key = serialization.load_pem_private_key(world().root.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return load_certificate(world().root.certificate_pem).subject, key


def test_usage() -> None:
    name, key = root_key()
    roots = [der_of(world().root)]
    assert trust.check(signed_with(builder(name, NOW, content_commitment=True), key), trusted=roots, now=NOW)
    for made in (builder(name, NOW, key_encipherment=True), builder(name, NOW, key_cert_sign=True)):
        with pytest.raises(CertificateUntrusted, match="digitalSignature or nonRepudiation") as caught:
            trust.check(signed_with(made, key), trusted=roots, now=NOW)
        assert caught.value.doubt is Doubt.WRONG_USAGE


def test_what_is_critical_and_not_understood_is_refused() -> None:
    name, key = root_key()
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    roots = [der_of(world().root)]
    assert trust.check(signed_with(builder(name, NOW).add_extension(odd, critical=False), key), trusted=roots, now=NOW)
    with pytest.raises(CertificateUntrusted, match=r"not understood here \(1\.2\.3\.4\)") as caught:
        trust.check(signed_with(builder(name, NOW).add_extension(odd, critical=True), key), trusted=roots, now=NOW)
    assert caught.value.doubt is Doubt.UNREADABLE


def test_signatures_over_broken_digests_prove_nothing() -> None:
    name, key = root_key()
    weak = builder(name, NOW).sign(key, hashes.SHA224()).public_bytes(serialization.Encoding.DER)
    with pytest.raises(CertificateUntrusted) as caught:
        trust.check(weak, trusted=[der_of(world().root)], now=NOW)
    assert caught.value.doubt is Doubt.FALSE_SIGNATURE


def test_only_authorities_issue() -> None:
    found = world()
    crafty = World(root=found.root, between=member(found.root), member=member(found.root))
    below = World(root=found.root, between=crafty.between, member=member(crafty.between))
    assert "is not to issue others" in refused(below, Doubt.NO_AUTHORITY)


def test_the_length_of_the_path_is_kept() -> None:
    root = authority("Root", path_length=0)
    between = authority("Between", root)
    found = World(root=root, between=between, member=member(between))
    assert "allows 0 authorities below it, and there are 1" in refused(found, Doubt.PATH_TOO_LONG)
    assert trust.check(der_of(member(root)), trusted=[der_of(root)], now=NOW)


def test_a_chain_has_an_end() -> None:
    above, others = authority("Root"), []
    root = above
    for number in range(chain.LONGEST):
        above = authority(f"Step {number}", above)
        others.append(der_of(above))
    with pytest.raises(CertificateUntrusted) as caught:
        trust.check(der_of(member(above)), trusted=[der_of(root)], now=NOW, others=others)
    assert caught.value.doubt is Doubt.PATH_TOO_LONG


def test_a_false_signature_and_a_second_key_of_an_authority() -> None:
    found = world()
    same_name = authority("Between", found.root)
    false = World(root=found.root, between=same_name, member=found.member)
    assert "several keys" in refused(false, Doubt.FALSE_SIGNATURE)
    both = [der_of(same_name), der_of(found.between)]
    assert len(trust.check(der_of(found.member), trusted=[der_of(found.root)], now=NOW, others=both)) == 3


def test_a_stranger_cannot_make_the_search_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of certificates with one name and one key each stands above each other: there are millions of ways up."""
    key = private_keys.load(private_keys.make(Suite.ECDSA_P256), None, Suite.ECDSA_P256)
    name = name_of([Attribute(oid="2.5.4.3", tag=der.UTF8_STRING, text="Loop")])
    loop = [
        write(
            subject=name,
            spki=key.spki,
            issuer=Issuer(key=key, name=name),
            serial=number,
            not_before=NOW,
            not_after=NOW + timedelta(days=1),
            authority=number > 1,
        )
        for number in range(1, 14)
    ]
    tried = []
    proven = chain._signed

    def counted(certificate: bytes, above: bytes) -> bool:
        tried.append(above)
        assert len(tried) <= 64
        return proven(certificate, above)

    monkeypatch.setattr(chain, "_signed", counted)
    with pytest.raises(CertificateUntrusted) as caught:
        trust.check(loop[0], trusted=[der_of(world().root)], now=NOW, others=loop[1:])
    assert caught.value.doubt is Doubt.PATH_TOO_LONG
    assert len(tried) == 64


def test_what_came_along_is_not_believed_by_itself() -> None:
    found, stranger = world(), authority("Stranger")
    with pytest.raises(CertificateUntrusted) as caught:
        trust.check(der_of(member(stranger)), trusted=[der_of(found.root)], now=NOW, others=[der_of(stranger), b"x"])
    assert caught.value.doubt is Doubt.UNKNOWN_AUTHORITY


# --- pinned, and a rotation -----------------------------------------------------------------------------------------


def test_old_and_new_side_by_side() -> None:
    old, new = (testkeys.make("СМЭВ", organisation="x", now=NOW, days=days) for days in (10, 1000))
    both = trust.load_bundle(b"old\n" + old.certificate_pem + b"\nnew\n" + new.certificate_pem + old.certificate_pem)
    assert both == (der_of(old), der_of(new))
    for one in both:
        assert trust.check(one, trusted=both, now=NOW) == (one,)
    with pytest.raises(CertificateUntrusted, match="valid from"):
        trust.check(both[0], trusted=both, now=NOW + timedelta(days=11))
    with pytest.raises(CertificateUntrusted, match="none of those trusted") as caught:
        trust.check(both[0], trusted=both[1:], now=NOW)
    assert caught.value.doubt is Doubt.UNKNOWN_AUTHORITY


def test_a_bundle_is_pem_or_der() -> None:
    found = world()
    assert trust.load_bundle(der_of(found.root)) == (der_of(found.root),)
    for data in (b"", b"nothing", found.root.certificate_pem.replace(b"MII", b"MIJ", 1)):
        with pytest.raises(SignatureInvalid, match=r"no X\.509"):
            trust.load_bundle(data)


# --- revocation -----------------------------------------------------------------------------------------------------


def lists(*files: bytes) -> tuple[crl.RevocationList, ...]:
    return tuple(crl.RevocationList(one) for one in files)


@pytest.mark.parametrize("suite", KINDS)
def test_revoked_since_when(suite: Suite) -> None:
    found = world(suite)
    since = NOW - timedelta(minutes=10)
    made = testkeys.revocation_list(found.between, {serial(found.member): since, 5: NOW}, now=NOW)
    revocations = chain.Revocations(lists=lists(made))
    assert "revoked at 2026-11-25 11:50 UTC" in refused(found, Doubt.REVOKED, revocations=revocations)
    assert found.check(at=since - timedelta(seconds=1), revocations=revocations)
    other = chain.Revocations(lists=lists(testkeys.revocation_list(found.between, {5: NOW}, now=NOW)))
    assert found.check(revocations=other)


def test_an_authority_that_was_revoked() -> None:
    found = world()
    made = testkeys.revocation_list(found.root, {serial(found.between): NOW}, now=NOW)
    refused(found, Doubt.REVOKED, revocations=chain.Revocations(lists=lists(made)))


def test_without_a_list() -> None:
    found = world()
    assert found.check(revocations=chain.Revocations())
    asked = refused(found, Doubt.CRL_MISSING, revocations=chain.Revocations(required=True))
    assert "put its current list among the revocation lists" in asked
    of_between = testkeys.revocation_list(found.between, {}, now=NOW)
    of_root = testkeys.revocation_list(found.root, {}, now=NOW)
    refused(found, Doubt.CRL_MISSING, revocations=chain.Revocations(lists=lists(of_between), required=True))
    assert found.check(revocations=chain.Revocations(lists=lists(of_between, of_root), required=True))


def test_a_stale_list() -> None:
    found = world()
    made = lists(testkeys.revocation_list(found.between, {}, now=NOW, days=1))
    at = NOW + timedelta(days=1, hours=1)
    stale = refused(found, Doubt.CRL_STALE, at=at, revocations=chain.Revocations(lists=made))
    assert "fetch its current one" in stale
    assert found.check(at=at, revocations=chain.Revocations(lists=made, grace=timedelta(hours=1)))
    assert found.check(at=NOW, revocations=chain.Revocations(lists=made))
    newer = lists(testkeys.revocation_list(found.between, {}, now=NOW + timedelta(days=1), days=1))
    for order in (made + newer, newer + made):
        assert found.check(at=at, revocations=chain.Revocations(lists=order))


def test_what_the_newest_list_says_counts() -> None:
    found = world()
    old = lists(testkeys.revocation_list(found.between, {}, now=NOW - timedelta(hours=3)))
    new = lists(testkeys.revocation_list(found.between, {serial(found.member): NOW}, now=NOW))
    for order in (old + new, new + old):
        refused(found, Doubt.REVOKED, revocations=chain.Revocations(lists=order))


def test_a_list_that_another_key_signed_says_nothing() -> None:
    found = world()
    stranger = authority("Between", suite=Suite.ECDSA_P256)
    false = lists(testkeys.revocation_list(stranger, {serial(found.member): NOW}, now=NOW))
    assert found.check(revocations=chain.Revocations(lists=false))
    refused(found, Doubt.CRL_MISSING, revocations=chain.Revocations(lists=false, required=True))
    assert not false[0].signed_by(der_of(found.member))  # no authority


def crl_builder(name: x509.Name) -> x509.CertificateRevocationListBuilder:
    builder = x509.CertificateRevocationListBuilder().issuer_name(name)
    return builder.last_update(NOW).next_update(NOW + timedelta(days=1))


def point(**what: bool) -> x509.IssuingDistributionPoint:
    asked = dict.fromkeys(
        ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs"), False
    )
    location = [x509.UniformResourceIdentifier("http://crl.invalid/1.crl")]
    return x509.IssuingDistributionPoint(
        full_name=location, relative_name=None, only_some_reasons=None, **(asked | what)
    )


def test_lists_of_a_part_only() -> None:
    name, key = root_key()

    def read(extension: x509.ExtensionType) -> crl.RevocationList:
        made = crl_builder(name).add_extension(extension, critical=True).sign(key, hashes.SHA256())
        return crl.RevocationList(made.public_bytes(serialization.Encoding.DER))

    found = world()
    of_authorities, of_members = read(point(only_contains_ca_certs=True)), read(point(only_contains_user_certs=True))
    below = World(root=found.root, between=found.between, member=member(found.root))
    for one, passes in ((of_authorities, False), (of_members, True), (read(point()), True)):
        revocations = chain.Revocations(lists=(one,), required=True)
        if passes:
            assert below.check(revocations=revocations)
        else:
            refused(below, Doubt.CRL_MISSING, revocations=revocations)
    for wrong in (point(indirect_crl=True), point(only_contains_attribute_certs=True), x509.DeltaCRLIndicator(1)):
        with pytest.raises(ValueError, match="give the"):
            read(wrong)


def test_who_may_sign_lists() -> None:
    name, key = root_key()
    made = crl.RevocationList(crl_builder(name).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    for usage, may in ((("key_cert_sign", "crl_sign"), True), (("key_cert_sign",), False)):
        above = builder(name, NOW, key.public_key(), **dict.fromkeys(usage, True))
        assert made.signed_by(signed_with(above, key)) is may


def test_a_list_over_a_broken_digest_says_nothing() -> None:
    name, key = root_key()
    weak = crl_builder(name).sign(key, hashes.SHA224()).public_bytes(serialization.Encoding.DER)
    assert not crl.RevocationList(weak).signed_by(der_of(world().root))
    strong = crl_builder(name).sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)
    assert crl.RevocationList(strong).signed_by(der_of(world().root))


@pytest.mark.parametrize("data", [b"", b"nothing", b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", b"0\0"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no revocation list"):
        crl.RevocationList(data)


def test_what_is_wrong_with_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    made = x509.load_pem_x509_crl(testkeys.revocation_list(world().between, {}, now=NOW, days=1))
    whole = made.public_bytes(serialization.Encoding.DER)
    endless = crafted_list(whole, lambda parts: [*parts[:4], *parts[5:]])
    with pytest.raises(ValueError, match="until when it holds"):
        crl.RevocationList(endless)
    assert crl.RevocationList(whole).next_update == NOW + timedelta(days=1)
    monkeypatch.setattr(crl, "MOST_BYTES", len(whole) - 1)
    with pytest.raises(ValueError, match="are accepted"):
        crl.RevocationList(whole)


def ending_in_a_zero_bit(make: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Return what is made and signed until its signature ends so, and the same with that bit taken from it."""
    for number in range(1, 100):
        made = make(number)
        body, method, value = der.values(der.read(made, der.SEQUENCE).content)
        if not value.content[-1] & 1:
            bits = der.write(der.BIT_STRING, b"\1" + value.content[1:])
            return made, der.sequence(body.raw, method.raw, bits)
    raise AssertionError("no signature ends in a zero bit")


@pytest.mark.parametrize("suite", [Suite.GOST_2012_256, Suite.ECDSA_P256])
def test_a_signature_has_whole_bytes(suite: Suite) -> None:
    """The number of bits that do not count lies outside what is signed, so nothing else would notice its change."""
    above = world(suite).root
    made, odd = ending_in_a_zero_bit(lambda _: der_of(member(above, suite=suite)))
    assert load_certificate(odd)
    assert chain.issued_by(made, der_of(above))
    assert not chain.issued_by(odd, der_of(above))

    def listed(number: int) -> bytes:
        made = testkeys.revocation_list(above, {}, now=NOW, number=number)
        return x509.load_pem_x509_crl(made).public_bytes(serialization.Encoding.DER)

    made, odd = ending_in_a_zero_bit(listed)
    assert x509.load_der_x509_crl(odd).issuer
    assert crl.RevocationList(made).signed_by(der_of(above))
    with pytest.raises(ValueError, match="whole bytes"):
        crl.RevocationList(odd)


def crafted_list(whole: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return a list with other parts and its old signature."""
    body, *rest = der.values(der.read(whole, der.SEQUENCE).content)
    parts = change([one.raw for one in der.values(body.content)])
    return der.sequence(der.sequence(*parts), *(one.raw for one in rest))


def test_an_authority_whose_key_is_of_another_kind() -> None:
    """A list of GOST under the name of an authority on RSA, and the other way round, prove nothing."""
    for one, other in ((Suite.GOST_2012_256, Suite.RSA_SHA256), (Suite.ECDSA_P256, Suite.GOST_2012_256)):
        made = crl.RevocationList(testkeys.revocation_list(world(one).root, {}, now=NOW))
        assert made.signed_by(der_of(world(one).root))
        assert not made.signed_by(der_of(world(other).root))
        assert made.issuer == certificate_fields.read(der_of(world(other).root)).subject


def test_extensions_that_cannot_be_read() -> None:
    name, key = root_key()
    roots = [der_of(world().root)]
    wrong = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\5\0")
    made = signed_with(builder(name, NOW).add_extension(wrong, critical=False), key)
    with pytest.raises(SignatureInvalid):
        trust.check(made, trusted=roots, now=NOW)
    with pytest.raises(CertificateUntrusted, match="cannot be read"):
        chain.check_extensions(made)


def test_no_authority_without_a_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Suite, "of_certificate", lambda _: None)
    with pytest.raises(ValueError, match="no suite that is known"):
        testkeys.revocation_list(world().root, {}, now=NOW)


@cache
def original(suite: Suite) -> bytes:
    made = testkeys.revocation_list(world(suite).between, {serial(world(suite).member): NOW, 9: NOW}, now=NOW)
    return x509.load_pem_x509_crl(made).public_bytes(serialization.Encoding.DER)


@pytest.mark.filterwarnings("ignore")  # of what is odd and read nevertheless
@settings(max_examples=150, deadline=None)
@given(st.sampled_from([Suite.GOST_2012_256, Suite.ECDSA_P256]), st.floats(0, 1, exclude_max=True), st.integers(0, 255))
def test_a_changed_list_is_refused_or_proves_nothing(suite: Suite, place: float, byte: int) -> None:
    whole = original(suite)
    changed = bytearray(whole)
    changed[int(place * len(whole))] = byte
    try:
        found = crl.RevocationList(bytes(changed))
    except ValueError:
        return
    assert found.signed_by(der_of(world(suite).between)) == (bytes(changed) == whole)


@pytest.mark.filterwarnings("ignore")  # of what is odd and read nevertheless
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([Suite.GOST_2012_256, Suite.ECDSA_P256]),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255),
)
def test_a_changed_certificate_is_refused_in_words(suite: Suite, which: bool, place: float, byte: int) -> None:
    found = world(suite)
    whole = der_of(found.member if which else found.between)
    changed = bytearray(whole)
    changed[int(place * len(whole))] = byte
    pair = (bytes(changed), der_of(found.between)) if which else (der_of(found.member), bytes(changed))
    if bytes(changed) == whole:
        return
    with pytest.raises(SignatureInvalid):
        trust.check(pair[0], trusted=[der_of(found.root)], now=NOW, others=[pair[1]])


# --- together -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", KINDS)
def test_an_attachments_signer_is_trusted_through_what_came_along(suite: Suite) -> None:
    found = world(suite)
    signer = KeySigner.from_files(found.member.key_pem, found.member.certificate_pem)
    signature = cms.sign_detached(suite.digest(b"file"), signer=signer, at=NOW, cades=True)
    signed = cms.verify_detached(signature, [b"fi", b"le"], suites=frozenset({suite}))
    assert (
        len(trust.check(signed.certificate, trusted=[der_of(found.root)], now=NOW, others=[der_of(found.between)])) == 3
    )
