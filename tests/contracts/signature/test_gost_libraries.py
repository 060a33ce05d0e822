"""The libraries that know GOST, each alone and against the other: digests, signatures, keys, threads, memory."""

from __future__ import annotations

import ssl
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts.signature.samples import ENCRYPTED, SAMPLES, XCHA, Sample

from socert.contracts.signature.gost_keys import CRYPTOPRO_XCHA, TC26_512_A, GostAlgorithm, GostSpki, read_spki
from socert.contracts.signature.native import SuiteUnavailable

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostLibrary

A256, A512, A2001 = GostAlgorithm.GOST_2012_256, GostAlgorithm.GOST_2012_512, GostAlgorithm.GOST_2001
MADE = [(A256, CRYPTOPRO_XCHA), (A512, TC26_512_A)]

# GOST R 34.11-2012, appendix A, as bytes (the standard prints them last byte first).
FIRST = b"012345678901234567890123456789012345678901234567890123456789012"
SECOND = bytes.fromhex(
    "d1e520e2e5f2f0e82c20d1f2f0e8e1eee6e820e2edf3f6e82c20e2e5fef2fa20f120eceef0ff20f1f2f0e5ebe0ece820"
    "ede020f5f0e0e1f0fbff20efebfaeafb20c8e3eef0e5e2fb"
)


@pytest.mark.parametrize(
    ("algorithm", "data", "expected"),
    [
        (A256, FIRST, "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"),
        (A256, SECOND, "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"),
        (
            A512,
            FIRST,
            (
                "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
                "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"
            ),
        ),
        (
            A512,
            SECOND,
            (
                "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
                "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28"
            ),
        ),
        # GOST R 34.11-94 with the CryptoPro parameters, RFC 5831.
        (A2001, b"abc", "b285056dbf18d7392d7677369524dd14747459ed8143997e163b2986f92fd42c"),
    ],
)
def test_known_digests(gost: GostLibrary, algorithm: GostAlgorithm, data: bytes, expected: str) -> None:
    assert gost.digest(algorithm, data).hex() == expected


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 16_384, 16_385, 1_000_000])
@pytest.mark.parametrize("algorithm", GostAlgorithm)
def test_both_compute_the_same_digests(
    engine: GostLibrary, gnutls: GostLibrary, algorithm: GostAlgorithm, length: int
) -> None:
    if algorithm is A2001 and length == 0:
        pytest.skip("of no data at all the engine computes another GOST R 34.11-94; nothing signed is empty")
    data = bytes(place * 7 & 0xFF for place in range(length))
    assert engine.digest(algorithm, data) == gnutls.digest(algorithm, data)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_signatures_made_elsewhere_verify(engine: GostLibrary, sample: Sample) -> None:
    digest = engine.digest(sample.algorithm, sample.spki)
    assert engine.public_key(read_spki(sample.spki)).verify(digest, sample.signature)
    assert engine.private_key(sample.pkcs8, None).spki == read_spki(sample.spki)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_gnutls_verifies_them_or_says_that_it_cannot_tell(gnutls: GostLibrary, sample: Sample) -> None:
    digest = gnutls.digest(sample.algorithm, sample.spki)
    reason: SuiteUnavailable | None = None
    try:
        assert gnutls.public_key(read_spki(sample.spki)).verify(digest, sample.signature)
    except SuiteUnavailable as error:
        reason = error
    if reason is not None:
        assert sample.curve not in {"CryptoPro-A", "CryptoPro-XchA", "TC26-512-A"}
        assert sample.curve in str(reason)
        assert "apt-get install libengine-gost-openssl" in str(reason)


@pytest.mark.parametrize(("algorithm", "curve"), MADE)
def test_what_one_signs_both_verify(
    engine: GostLibrary, gnutls: GostLibrary, algorithm: GostAlgorithm, curve: str
) -> None:
    for maker in (engine, gnutls):
        key = maker.private_key(maker.generate(algorithm), None)
        assert (key.spki.algorithm, key.spki.curve) == (algorithm, curve)
        digest = maker.digest(algorithm, b"data")
        for _ in range(20):  # now and then a half begins with zeros
            signature = key.sign(digest)
            assert len(signature) == 2 * algorithm.size
            assert all(other.public_key(key.spki).verify(digest, signature) for other in (engine, gnutls))


def test_either_reads_the_others_keys(engine: GostLibrary, gnutls: GostLibrary) -> None:
    for algorithm, _ in MADE:
        for maker, reader in ((engine, gnutls), (gnutls, engine)):
            pkcs8 = maker.generate(algorithm)
            assert maker.private_key(pkcs8, None).spki == reader.private_key(pkcs8, None).spki


@pytest.mark.parametrize("algorithm", [A256, A512])
def test_every_bit_of_a_signature_counts(gost: GostLibrary, algorithm: GostAlgorithm) -> None:
    key, size = gost.private_key(gost.generate(algorithm), None), algorithm.size
    public, digest = gost.public_key(key.spki), gost.digest(algorithm, b"data")
    good = key.sign(digest)
    for place in (0, size - 1, size, 2 * size - 1):
        changed = bytearray(good)
        changed[place] ^= 1
        assert not public.verify(digest, bytes(changed))
    swapped = good[size:] + good[:size]
    zeros, ones = b"\0" * size, b"\xff" * size
    for false in (swapped, good[::-1], good[:-1], good + b"\0", b"", zeros + zeros, ones + ones, zeros + good[size:]):
        assert not public.verify(digest, false)
    assert not public.verify(digest[::-1], good)
    assert not public.verify(digest[:-1], good)
    assert public.verify(digest, good)


def test_another_key_verifies_nothing(gost: GostLibrary) -> None:
    one, other = (gost.private_key(gost.generate(A256), None) for _ in range(2))
    digest = gost.digest(A256, b"data")
    assert not gost.public_key(other.spki).verify(digest, one.sign(digest))


def test_no_signature_is_made_twice(gost: GostLibrary) -> None:
    """A number used once in each signature must be new: two with the same one give the private key away."""
    key, digest = gost.private_key(XCHA.pkcs8, None), gost.digest(A256, b"data")
    signatures = {key.sign(digest) for _ in range(200)}
    assert len({signature[32:] for signature in signatures}) == 200


def test_a_point_beside_its_curve_is_no_key(gost: GostLibrary) -> None:
    off = GostSpki(algorithm=A256, curve=CRYPTOPRO_XCHA, der=XCHA.spki[:-64] + b"\1" * 64)
    if gost.name == "GnuTLS":  # takes it in, and then nothing holds
        assert not gost.public_key(off).verify(gost.digest(A256, XCHA.spki), XCHA.signature)
        return
    with pytest.raises(ValueError, match="no point of its curve"):
        gost.public_key(off)


def test_a_digest_of_another_length_is_not_signed(gost: GostLibrary) -> None:
    with pytest.raises(ValueError, match="not of the key's algorithm"):
        gost.private_key(XCHA.pkcs8, None).sign(b"\1" * 64)


def test_old_keys_are_not_made(gost: GostLibrary) -> None:
    with pytest.raises(ValueError, match=r"34\.10-2001 are no longer made"):
        gost.generate(A2001)


@pytest.mark.parametrize("place", ENCRYPTED, ids=lambda place: place.stem)
def test_encrypted_keys_need_their_password(gost: GostLibrary, place: Path) -> None:
    pkcs8 = b64decode("".join(place.read_text().split("-----")[2].split()))
    assert gost.private_key(pkcs8, b"secret").spki == read_spki(XCHA.spki)
    for password in (b"wrong", b"", None):
        with pytest.raises(ValueError, match="password is wrong"):
            gost.private_key(pkcs8, password)


@pytest.mark.parametrize("data", [b"", b"nothing", b"\x30\x03\x02\x01\x00", XCHA.spki, XCHA.pkcs8[:-1]])
def test_what_is_no_key_is_refused(gost: GostLibrary, data: bytes) -> None:
    for password in (None, b"secret"):
        with pytest.raises(ValueError, match="cannot be read"):
            gost.private_key(data, password)


def test_threads_share_keys(gost: GostLibrary) -> None:
    keys = [gost.private_key(gost.generate(A256), None) for _ in range(3)]
    publics = [gost.public_key(key.spki) for key in keys]

    def work(number: int) -> bool:
        digest = gost.digest(A256, b"%d" % number)
        signature = keys[number % 3].sign(digest)
        right, wrong = publics[number % 3], publics[(number + 1) % 3]
        return right.verify(digest, signature) and not wrong.verify(digest, signature)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def test_failures_leave_no_errors_for_tls(engine: GostLibrary) -> None:
    """Python's ssl uses the same libcrypto and takes an error left in its queue for one of its own."""
    key = engine.public_key(read_spki(XCHA.spki))
    assert not key.verify(engine.digest(A256, b"other"), XCHA.signature)
    with pytest.raises(ValueError, match="cannot be read"):
        engine.private_key(b"nothing", b"secret")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how much memory a process takes")
def test_memory_is_given_back(gost: GostLibrary) -> None:
    pkcs8, spki, digest = XCHA.pkcs8, read_spki(XCHA.spki), gost.digest(A256, XCHA.spki)
    held = gost.private_key(pkcs8, None), gost.public_key(spki)

    def work(times: int) -> None:
        for _ in range(times):
            key, public = gost.private_key(pkcs8, None), gost.public_key(spki)
            assert not public.verify(digest, XCHA.signature[::-1])
            assert key.spki == spki
            held[0].sign(digest)
            gost.digest(A256, spki.der)

    work(300)
    before = memory()
    work(1500)
    # One kilobyte forgotten each time would be one and a half megabytes.
    assert memory() - before < 1_000_000


# --- when the library itself fails ------------------------------------------------------------------------------------


class Failing:
    """A library's functions, of which some fail in the way of that library."""

    def __init__(self, real: Any, failing: dict[str, int]) -> None:
        self._real, self._failing = real, failing

    def __getattr__(self, name: str) -> Any:
        status = self._failing.get(name)
        return getattr(self._real, name) if status is None else lambda *_: status


def failing(gost: GostLibrary, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make functions fail: OpenSSL returns 0, GnuTLS a negative number."""
    status = -1 if gost.name == "GnuTLS" else 0
    monkeypatch.setattr(gost, "_lib", Failing(vars(gost)["_lib"], dict.fromkeys(names, status)))


def test_a_failure_of_the_library_is_no_verdict(gost: GostLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(gost, monkeypatch, "digest_short", "digest_long", "sign", "make", "make_key")
    for length in (1, 20_000):
        with pytest.raises(SuiteUnavailable, match=f"digest of {length} bytes"):
            gost.digest(A256, b"x" * length)
    with pytest.raises(SuiteUnavailable, match="failed to make a key"):
        gost.generate(A256)
    key = gost.private_key(XCHA.pkcs8, None)
    with pytest.raises(SuiteUnavailable, match="failed to compute a signature"):
        key.sign(b"\1" * 32)


def test_what_gnutls_cannot_hold_or_write(gnutls: GostLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as inner:
        failing(gnutls, inner, "write_private")
        with pytest.raises(SuiteUnavailable, match="failed to make a key"):
            gnutls.generate(A256)
    with monkeypatch.context() as inner:
        failing(gnutls, inner, "read_public")
        with pytest.raises(ValueError, match="cannot be read"):
            gnutls.public_key(read_spki(XCHA.spki))


def test_what_openssl_cannot_write(engine: GostLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(engine, monkeypatch, "write_plain")
    with pytest.raises(SuiteUnavailable, match="failed to write a key"):
        engine.generate(A256)
