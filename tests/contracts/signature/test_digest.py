"""Digests that are computed piece by piece."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.parts import absent

from socert.contracts.signature import digest as module
from socert.contracts.signature.digest import Digest
from socert.contracts.signature.gost_gnutls import Gnutls
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.gost_library import Search
from socert.contracts.signature.gost_openssl import OpensslEngine
from socert.contracts.signature.native import LibraryMissing, SuiteUnavailable
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostLibrary

FIRST = b"012345678901234567890123456789012345678901234567890123456789012"
SECOND = "Се ветри, Стрибожи внуци, веютъ с моря стрелами на храбрыя плъкы Игоревы".encode("cp1251")
#: GOST R 34.11-2012, appendix A (RFC 6986, 10), the bytes in the order in which they are written to a message.
KNOWN = [
    (Suite.GOST_2012_256, FIRST, "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"),
    (Suite.GOST_2012_256, SECOND, "9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50"),
    (
        Suite.GOST_2012_512,
        FIRST,
        (
            "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
            "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"
        ),
    ),
    (
        Suite.GOST_2012_512,
        SECOND,
        (
            "1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376"
            "035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28"
        ),
    ),
    # RFC 6234, 8.5: TEST1.
    (Suite.ECDSA_P256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (Suite.RSA_SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
]


def fed(digest: Digest, data: bytes, size: int) -> Digest:
    for place in range(0, len(data), size):
        digest.update(data[place : place + size])
    return digest


@pytest.mark.parametrize("maker", [OpensslEngine, Gnutls])
@pytest.mark.parametrize(("suite", "data", "expected"), KNOWN)
@pytest.mark.parametrize("size", [1, 7, 64, 100])
def test_the_examples_of_the_standards(
    monkeypatch: pytest.MonkeyPatch, maker: type[GostLibrary], suite: Suite, data: bytes, expected: str, size: int
) -> None:
    try:
        found = maker()
    except LibraryMissing as error:
        absent("a GOST library", error)
    monkeypatch.setattr(module, "library", lambda: found)
    assert fed(Digest(suite), data, size).hexdigest() == expected


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=300), repeats=st.sampled_from([1, 500]), size=st.integers(1, 100_000))
@pytest.mark.parametrize("suite", list(Suite))
def test_pieces_give_what_the_whole_gives(suite: Suite, data: bytes, repeats: int, size: int) -> None:
    data *= repeats
    size = max(size, len(data) // 20)
    digest = fed(Digest(suite), data, size)
    assert digest.digest() == suite.digest(data)
    assert base64.b64decode(digest.base64(), validate=True) == digest.digest()


def test_digests_do_not_disturb_one_another_and_end_once(gost: GostLibrary) -> None:
    first, second = Digest(Suite.GOST_2012_256), Digest(Suite.GOST_2012_256)
    first.update(FIRST)
    second.update(SECOND)
    assert first.digest() == first.digest() == gost.digest(GostAlgorithm.GOST_2012_256, FIRST)
    assert second.digest() == gost.digest(GostAlgorithm.GOST_2012_256, SECOND)
    with pytest.raises(ValueError, match="finished"):
        first.update(b"more")


def test_without_a_library_sha_still_works_and_gost_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> GostLibrary:
        raise LibraryMissing("it is nowhere")

    monkeypatch.setattr(module, "library", Search((("One", missing),)))
    with pytest.raises(SuiteUnavailable, match="apt-get install libengine-gost-openssl"):
        Digest(Suite.GOST_2012_256)
    assert fed(Digest(Suite.ECDSA_P256), b"abc", 2).digest() == hashlib.sha256(b"abc").digest()
