"""PKCS#7 of attachments: made and verified here, and judged by OpenSSL's command line in both directions."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.contracts.signature.samples import sample
from tests.parts import absent

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import certificate_fields, cms, der, private_keys, testkeys
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.digest import Digest
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import SIGNING, Suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from socert.contracts.signature.gost_library import GostLibrary

NOW = datetime(2026, 11, 25, 12, 30, 15, tzinfo=UTC)
EVERY = frozenset(Suite)
FILE = b"%PDF-1.4 \xd0\xb0 file\r\n" * 100
DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
SUITES = [pytest.param(suite, id=word) for word, suite in SIGNING.items()]
MESSAGE_DIGESTS = {
    Suite.ECDSA_P256: "sha256",
    Suite.RSA_SHA256: "sha256",
    Suite.GOST_2012_256: "md_gost12_256",
    Suite.GOST_2012_512: "md_gost12_512",
}


@cache
def key(suite: Suite) -> testkeys.TestKey:
    return testkeys.make("Шлюз", organisation="Учебный регион", now=datetime.now(UTC), suite=suite)


@cache
def signer(suite: Suite) -> KeySigner:
    return KeySigner.from_files(key(suite).key_pem, key(suite).certificate_pem)


def digest_of(suite: Suite, data: bytes = FILE) -> bytes:
    digest = Digest(suite)
    digest.update(data)
    return digest.digest()


def signature_of(suite: Suite, *, at: datetime | None = None, cades: bool = False) -> bytes:
    return cms.sign_detached(digest_of(suite), signer=signer(suite), at=at, cades=cades)


def refusal(signature: bytes, *, suites: frozenset[Suite] = EVERY, data: bytes = FILE) -> SignatureInvalid:
    with pytest.raises(SignatureInvalid) as caught:
        cms.verify_detached(signature, [data], suites=suites)
    return caught.value


# --- ours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(("at", "cades"), [(None, False), (NOW, False), (None, True), (NOW, True)])
def test_what_is_signed_verifies(suite: Suite, at: datetime | None, cades: bool) -> None:
    signature = signature_of(suite, at=at, cades=cades)
    pieces = [FILE[:7], b"", FILE[7:]]
    signed = cms.verify_detached(signature, pieces, suites=frozenset({suite}))
    assert signed == cms.Signed(certificate=signer(suite).certificate, suite=suite, signing_time=at)
    assert cms.read(signature, suites=EVERY).check(digest_of(suite)) == signed
    assert "another" in refusal(signature, data=FILE + b"\n").detail
    assert "not among those accepted" in refusal(signature, suites=EVERY - {suite}).detail


def test_a_digest_of_another_suite_is_not_signed() -> None:
    with pytest.raises(ValueError, match="64 bytes and is none of ECDSA"):
        cms.sign_detached(bytes(64), signer=signer(Suite.ECDSA_P256))


def test_the_profile_of_the_exchange_byte_by_byte() -> None:
    """Version, digest, detached data, certificates, one signature with issuer and serial (manual, appendix 3)."""
    suite = Suite.GOST_2012_256
    content = der.values(der.read(signature_of(suite), der.SEQUENCE).content)
    version, digests, inside, certificates, infos = der.values(der.read(content[1].content, der.SEQUENCE).content)
    gost = der.sequence(der.oid("1.2.643.7.1.1.2.2"), der.write(der.NULL))
    assert version.raw == der.integer(1)
    assert digests.content == gost
    assert inside.raw == der.sequence(der.oid(DATA))
    assert certificates.content == signer(suite).certificate
    number, who, digest, attributes, method, value = der.values(der.read(infos.content, der.SEQUENCE).content)
    fields = certificate_fields.read(signer(suite).certificate)
    assert number.raw == der.integer(1)
    assert who.content == fields.issuer + fields.serial
    assert digest.raw == gost
    assert [der.dotted(der.values(one.content)[0]) for one in der.values(attributes.content)] == [
        CONTENT_TYPE,
        MESSAGE_DIGEST,
    ]
    assert method.raw == der.sequence(der.oid("1.2.643.7.1.1.1.1"), der.write(der.NULL))
    assert len(value.content) == 64


# --- OpenSSL --------------------------------------------------------------------------------------------------------


@pytest.fixture
def openssl(tmp_path: Path, engine: GostLibrary) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run OpenSSL's command line in a folder with the file to be signed."""
    command = shutil.which("openssl")
    if command is None:
        absent("openssl", "there is no such command")
    (tmp_path / "file").write_bytes(FILE)

    def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [command, tool, "-engine", "gost", *arguments], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )

    return run


def write_key(folder: Path, suite: Suite) -> None:
    (folder / "key.pem").write_bytes(key(suite).key_pem)
    (folder / "cert.pem").write_bytes(key(suite).certificate_pem)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("tool", ["cms", "smime"])
@pytest.mark.parametrize("cades", [False, True])
def test_openssl_verifies_ours(
    openssl: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path, suite: Suite, tool: str, cades: bool
) -> None:
    write_key(tmp_path, suite)
    (tmp_path / "signature").write_bytes(signature_of(suite, at=NOW, cades=cades))
    arguments = ["-verify", "-binary", "-inform", "DER", "-in", "signature", "-CAfile", "cert.pem", "-purpose", "any"]
    arguments += ["-partial_chain", "-content"]
    extra = ["-cades"] if cades and tool == "cms" else []
    done = openssl(tool, *extra, *arguments, "file")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == FILE
    (tmp_path / "other").write_bytes(FILE + b"!")
    assert openssl(tool, *extra, *arguments, "other").returncode != 0


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("tool", "options"),
    [("cms", []), ("cms", ["-cades"]), ("cms", ["-nosmimecap"]), ("smime", [])],
)
def test_we_verify_openssls(
    openssl: Callable[..., subprocess.CompletedProcess[bytes]],
    tmp_path: Path,
    suite: Suite,
    tool: str,
    options: list[str],
) -> None:
    write_key(tmp_path, suite)
    arguments = ["-sign", "-binary", "-in", "file", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER"]
    done = openssl(tool, *options, *arguments, "-md", MESSAGE_DIGESTS[suite])
    assert done.returncode == 0, done.stderr.decode()
    signed = cms.verify_detached(done.stdout, [FILE], suites=frozenset({suite}))
    assert signed.certificate == signer(suite).certificate
    assert signed.signing_time is not None
    assert abs(signed.signing_time - datetime.now(UTC)) < timedelta(hours=1)
    assert "another" in refusal(done.stdout, data=b"").detail


def test_the_algorithm_of_2001_is_verified(
    openssl: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    old = sample(GostAlgorithm.GOST_2001, "CryptoPro-XchA")
    (tmp_path / "key.pem").write_bytes(private_keys.pem("PRIVATE KEY", old.pkcs8))
    (tmp_path / "cert.pem").write_bytes(private_keys.pem("CERTIFICATE", old.certificate))
    arguments = ["-sign", "-binary", "-in", "file", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER"]
    done = openssl("cms", *arguments, "-md", "md_gost94")
    assert done.returncode == 0, done.stderr.decode()
    signed = cms.verify_detached(done.stdout, [FILE], suites=frozenset({Suite.GOST_2001}))
    assert (signed.certificate, signed.suite) == (old.certificate, Suite.GOST_2001)


def test_a_chain_that_comes_along_is_handed_on(
    openssl: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    write_key(tmp_path, Suite.GOST_2012_256)
    (tmp_path / "more.pem").write_bytes(key(Suite.RSA_SHA256).certificate_pem)
    arguments = ["-sign", "-binary", "-in", "file", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER"]
    done = openssl("cms", *arguments, "-md", "md_gost12_256", "-certfile", "more.pem")
    signed = cms.verify_detached(done.stdout, [FILE], suites=EVERY)
    assert signed.others == (load_certificate(key(Suite.RSA_SHA256).certificate_pem).public_bytes(Encoding.DER),)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-nodetach"], "stands inside"),
        (["-nocerts"], "0 of the 0 certificates"),
        (["-noattr"], "no signed attributes"),
        (["-keyid"], "version 3"),
        (["-econtent_type", "1.2.840.113549.1.9.16.1.4"], "SignedData is of version 3|not of the type"),
    ],
)
def test_openssls_that_are_not_of_the_profile_are_refused(
    openssl: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path, options: list[str], words: str
) -> None:
    write_key(tmp_path, Suite.GOST_2012_256)
    arguments = ["-sign", "-binary", "-in", "file", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER"]
    done = openssl("cms", *options, *arguments, "-md", "md_gost12_256")
    assert done.returncode == 0, done.stderr.decode()
    with pytest.raises(SignatureInvalid, match=words):
        cms.verify_detached(done.stdout, [FILE], suites=EVERY)


# --- hostile --------------------------------------------------------------------------------------------------------


def attribute(identifier: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(identifier), der.write(der.SET, *values))


SUITE = Suite.ECDSA_P256
SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
ECDSA = der.sequence(der.oid("1.2.840.10045.4.3.2"))
TYPE = attribute(CONTENT_TYPE, der.oid(DATA))


@cache
def message_digest(data: bytes = FILE) -> bytes:
    return attribute(MESSAGE_DIGEST, der.write(der.OCTET_STRING, digest_of(SUITE, data)))


@dataclass(kw_only=True)
class Crafted:
    """A PKCS#7 put together by hand, with a value that is truly made with the key; each part can be replaced."""

    attributes: list[bytes] | None = None
    """As they travel; what is signed is their sorted SET unless `signed` says otherwise."""
    signed: bytes | None = None
    unsigned: bytes = b""
    who: bytes | None = None
    info_version: int = 1
    digest: bytes = SHA256
    method: bytes = ECDSA
    value: bytes | None = None
    version: int = 1
    digests: bytes = SHA256
    content: bytes = der.sequence(der.oid(DATA))
    certificates: bytes | None = None
    crls: bytes = b""
    infos: int = 1
    kind: str = SIGNED_DATA

    def info(self) -> bytes:
        mine = signer(SUITE)
        attributes = [TYPE, message_digest()] if self.attributes is None else self.attributes
        signed = der.write(der.SET, *sorted(attributes)) if self.signed is None else self.signed
        value = cms._to_wire(SUITE, mine.sign(signed)) if self.value is None else self.value
        fields = certificate_fields.read(mine.certificate)
        return der.sequence(
            der.integer(self.info_version),
            der.sequence(fields.issuer, fields.serial) if self.who is None else self.who,
            self.digest,
            der.write(der.context(0), *attributes),
            self.method,
            der.write(der.OCTET_STRING, value),
            self.unsigned,
        )

    def __bytes__(self) -> bytes:
        certificates = signer(SUITE).certificate if self.certificates is None else self.certificates
        body = der.sequence(
            der.integer(self.version),
            der.write(der.SET, self.digests),
            self.content,
            der.write(der.context(0), certificates),
            self.crls,
            der.write(der.SET, *([self.info()] * self.infos)),
        )
        return der.sequence(der.oid(self.kind), der.write(der.context(0), body))


def test_what_is_put_together_by_hand_holds() -> None:
    """So that each test below refuses for its own reason only."""
    assert cms.verify_detached(bytes(Crafted()), [FILE], suites=EVERY).certificate == signer(SUITE).certificate


def test_attributes_are_signed_in_the_order_of_der_however_they_travel() -> None:
    long = attribute("1.2.3.4", der.write(der.OCTET_STRING, bytes(200)))
    for order in ([message_digest(), TYPE], [long, message_digest(), TYPE], [TYPE, long, message_digest()]):
        assert cms.verify_detached(bytes(Crafted(attributes=order)), [FILE], suites=EVERY).suite is SUITE
    unsorted = [message_digest(), TYPE]
    crafted = Crafted(attributes=unsorted, signed=der.write(der.SET, *unsorted))
    assert "value was not made" in refusal(bytes(crafted)).detail


def test_what_is_unsigned_counts_for_nothing() -> None:
    unsigned = der.write(der.context(1), TYPE, message_digest(), attribute(SIGNING_TIME, der.time(NOW)))
    assert cms.verify_detached(bytes(Crafted(unsigned=unsigned)), [FILE], suites=EVERY).signing_time is None
    for attributes in ([TYPE], [message_digest()], []):
        crafted = Crafted(attributes=attributes, unsigned=unsigned)
        assert "must hold contentType and messageDigest" in refusal(bytes(crafted)).detail


def test_signed_attributes_are_not_a_file() -> None:
    """The SET OF attributes itself cannot be passed off as a file that was signed without attributes."""
    together = der.write(der.SET, *sorted([TYPE, message_digest()]))
    assert "another" in refusal(bytes(Crafted()), data=together).detail


def test_attributes_lists() -> None:
    twice = [TYPE, message_digest(), message_digest(b"other")]
    assert "stands twice" in refusal(bytes(Crafted(attributes=twice))).detail
    two = attribute(MESSAGE_DIGEST, *(der.write(der.OCTET_STRING, digest_of(SUITE, one)) for one in (FILE, b"")))
    assert "2 values" in refusal(bytes(Crafted(attributes=[TYPE, two]))).detail
    none = attribute(MESSAGE_DIGEST)
    assert "0 values" in refusal(bytes(Crafted(attributes=[TYPE, none]))).detail
    other = attribute(CONTENT_TYPE, der.oid(SIGNED_DATA))
    assert "contentType is not" in refusal(bytes(Crafted(attributes=[other, message_digest()]))).detail
    many = [TYPE, message_digest(), *(attribute(f"1.2.3.{number}") for number in range(40))]
    assert "42 signed attributes" in refusal(bytes(Crafted(attributes=many))).detail
    for wrong in (b"26112512301Z", b"991332000000Z", b"261125123015+0300", b"2611251230\xd9\xa1Z"):
        at = attribute(SIGNING_TIME, der.write(der.UTC_TIME, wrong))
        assert "no PKCS#7" in refusal(bytes(Crafted(attributes=[TYPE, message_digest(), at]))).detail


def test_the_certificate_that_the_signer_named() -> None:
    def named(*parts: bytes) -> bytes:
        return attribute(SIGNING_CERTIFICATE, der.sequence(der.sequence(der.sequence(*parts))))

    right = der.write(der.OCTET_STRING, SUITE.digest(signer(SUITE).certificate))
    for parts in ((right,), (SHA256, right)):
        crafted = Crafted(attributes=[TYPE, message_digest(), named(*parts)])
        assert cms.verify_detached(bytes(crafted), [FILE], suites=EVERY).suite is SUITE
    other = der.write(der.OCTET_STRING, bytes(32))
    crafted = Crafted(attributes=[TYPE, message_digest(), named(other)])
    assert "not the one that the signer named" in refusal(bytes(crafted)).detail
    sha1 = der.sequence(der.oid("1.3.14.3.2.26"))
    for odd in (named(sha1, right), named(SHA256)):
        assert "not known here" in refusal(bytes(Crafted(attributes=[TYPE, message_digest(), odd]))).detail


def stranger_with_the_same_name() -> bytes:
    """Return a certificate of another key with the issuer and serial number of ours."""
    mine = certificate_fields.read(signer(SUITE).certificate)
    pem = testkeys.make("x", organisation="y", now=NOW).certificate_pem
    theirs = certificate_fields.read(load_certificate(pem).public_bytes(Encoding.DER))
    body = mine.body.replace(mine.spki, theirs.spki)
    return der.sequence(body, ECDSA, der.bit_string(b"0"))


def test_certificates() -> None:
    mine = signer(SUITE).certificate
    fault = SignatureFault.CERTIFICATE_IS_NOT_FOUND
    for certificates, words in (
        (b"", "0 of the 0"),
        (signer(Suite.RSA_SHA256).certificate, "0 of the 1"),
        (mine + stranger_with_the_same_name(), "2 of the 2"),
        (der.write(der.context(0), mine), "not X.509"),
        (mine + b"".join(der.sequence(der.integer(number)) for number in range(20)), "more than 16"),
        (mine + der.sequence(bytes(40_000)), "above 32768 bytes"),
    ):
        error = refusal(bytes(Crafted(certificates=certificates)))
        assert words in error.detail
        assert error.reason is fault
    assert cms.verify_detached(bytes(Crafted(certificates=mine + mine)), [FILE], suites=EVERY).others == ()
    assert "value was not made" in refusal(bytes(Crafted(certificates=stranger_with_the_same_name()))).detail


def test_form() -> None:
    attached = der.sequence(der.oid(DATA), der.write(der.context(0), der.write(der.OCTET_STRING, FILE)))
    gost = der.sequence(der.oid("1.2.643.7.1.1.2.2"))
    rsa = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.write(der.NULL))
    parameters = der.sequence(der.oid("1.2.840.10045.4.3.2"), der.integer(1))
    name = der.write(0x80, bytes(20))
    for crafted, words in (
        (Crafted(content=attached), "must be detached"),
        (Crafted(content=der.sequence(der.oid(SIGNED_DATA))), "not of the type"),
        (Crafted(content=der.sequence()), "not of the type"),
        (Crafted(kind=DATA), "holds no SignedData"),
        (Crafted(version=3), "SignedData is of version 3"),
        (Crafted(info_version=3), "SignerInfo is of version 3"),
        (Crafted(info_version=10**3000), "SignerInfo is of version 100"),
        (Crafted(infos=2), "2 signatures"),
        (Crafted(infos=0), "0 signatures"),
        (Crafted(crls=der.write(der.context(1), der.sequence())), "revocation lists"),
        (Crafted(who=name), "key identifier"),
        (Crafted(digest=gost), "not among those that SignedData names"),
        (Crafted(digests=b""), "not among those that SignedData names"),
        (Crafted(digest=gost, digests=gost), "not among those accepted"),
        (Crafted(method=rsa), "value was not made"),
        (Crafted(method=gost), "not among those accepted"),
        (Crafted(method=parameters), "parameters"),
        (Crafted(value=bytes(64)), "no PKCS#7"),
        (Crafted(value=der.sequence(der.integer(0), der.integer(1))), "no signature of ECDSA"),
        (Crafted(value=der.sequence(der.integer(-5), der.integer(1))), "no signature of ECDSA"),
        (Crafted(value=der.sequence(der.integer(1 << 256), der.integer(1))), "no signature of ECDSA"),
        (Crafted(value=der.sequence(der.write(der.INTEGER, b"\0\1"), der.integer(1))), "shortest form"),
        (Crafted(value=der.sequence(der.integer(1), der.integer(1))), "value was not made"),
        (Crafted(unsigned=der.write(der.context(2))), "other parts"),
        (Crafted(attributes=[der.sequence(der.oid("1.2.3"), der.integer(1))]), "no set of values"),
        (Crafted(content=der.write(der.SET)), "SignedData has other parts"),
        (Crafted(crls=der.write(der.context(2))), "does not end with its signatures"),
    ):
        error = refusal(bytes(crafted))
        assert words in error.detail, crafted
    assert refusal(bytes(Crafted(infos=0))).reason is SignatureFault.NO_SIGNATURE_FOUND
    assert refusal(bytes(Crafted(kind=DATA))).reason is SignatureFault.NO_SIGNATURE_FOUND


@pytest.mark.parametrize(
    "data",
    [b"", b"x", FILE, b"-----BEGIN PKCS7-----", b"\x30\x80" * 20_000, b"\x30\x80\0\0", b"\x30\x80" * 15 + b"\0\0" * 15],
)
def test_what_is_no_pkcs7_is_refused(data: bytes) -> None:
    assert "no PKCS#7" in refusal(data).detail


def test_size_is_limited_and_costs_no_more_than_its_length() -> None:
    assert "are accepted" in refusal(bytes(cms.MOST_BYTES + 1)).detail
    arc = der.write(der.OBJECT_IDENTIFIER, b"\x81" * 120_000 + b"\1")
    started = time.process_time()
    for hostile in (
        der.sequence(arc, der.write(der.context(0))),
        b"\0\0" * 60_000,
        bytes(Crafted(digests=SHA256 * 6_000)),
        bytes(Crafted(attributes=[TYPE] * 3_000)),
        bytes(Crafted(unsigned=der.write(der.context(1), b"\5\0" * 50_000))),
    ):
        try:
            cms.verify_detached(hostile, [FILE], suites=EVERY)
        except SignatureInvalid:
            continue
    assert time.process_time() - started < 2


def test_open_lengths_outside_are_read_and_inside_refused() -> None:
    """As Bouncy Castle writes them."""
    whole = bytes(Crafted())
    kind, wrapped = der.values(der.read(whole, der.SEQUENCE).content)
    body = der.read(wrapped.content, der.SEQUENCE)
    opened = b"\x30\x80" + kind.raw + b"\xa0\x80\x30\x80" + body.content + b"\0\0" * 3
    assert cms.verify_detached(opened, [FILE], suites=EVERY).suite is SUITE
    assert "no PKCS#7" in refusal(opened[:-2]).detail
    assert "something follows" in refusal(opened + b"\0\0").detail
    inside = der.sequence(kind.raw, b"\xa0\x80" + body.raw + b"\0\0")
    assert "shortest form" in refusal(inside).detail


@cache
def originals() -> list[bytes]:
    return [signature_of(suite, at=NOW, cades=True) for suite in SIGNING.values()] + [bytes(Crafted())]


@pytest.mark.filterwarnings("ignore")  # of what is odd in a certificate and read nevertheless
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 4),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 20),
    repeated=st.booleans(),
)
@example(which=0, changes=[(0.0, 0x30)], cut=0, repeated=False)
def test_changed_bytes_are_refused_in_words_or_change_nothing_that_counts(
    which: int, changes: list[tuple[float, int]], cut: int, repeated: bool
) -> None:
    original = originals()[which]
    changed = bytearray(original[: len(original) - cut])
    for place, byte in changes:
        changed[int(place * len(changed))] = byte
    if repeated:
        changed += changed[: len(changed) // 2]
    try:
        signed = cms.verify_detached(bytes(changed), [FILE], suites=EVERY)
    except SignatureInvalid:
        return
    # What may change unseen is outside the signed attributes: of what is handed on, all of the certificate but its key.
    before = cms.verify_detached(original, [FILE], suites=EVERY)
    assert (signed.suite, signed.signing_time) == (before.suite, before.signing_time)
    assert (
        certificate_fields.read(signed.certificate).spki[-32:] == certificate_fields.read(before.certificate).spki[-32:]
    )
    assert signed.others == before.others


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    refusal(data)
