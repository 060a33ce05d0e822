"""Without a library that knows GOST everything else works, and the error says what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.contracts.signature.samples import XCHA

from socert.contracts.signature import gost_gnutls, gost_openssl, gost_suites, private_keys, testkeys
from socert.contracts.signature.gost_gnutls import Gnutls
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.gost_library import Search
from socert.contracts.signature.gost_openssl import OpensslEngine
from socert.contracts.signature.native import LibraryMissing, SuiteUnavailable
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostLibrary

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def missing() -> GostLibrary:
    raise LibraryMissing("it is nowhere")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has neither library."""
    search = Search((("One", missing), ("Other", missing)))
    for module in (gost_suites, private_keys):
        monkeypatch.setattr(module, "library", search)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("suite", [Suite.GOST_2012_256, Suite.GOST_2012_512])
def test_the_error_says_what_to_install(suite: Suite) -> None:
    with pytest.raises(SuiteUnavailable, match="apt-get install libengine-gost-openssl") as caught:
        suite.digest(b"data")
    assert "One: it is nowhere; Other: it is nowhere" in str(caught.value)
    with pytest.raises(SuiteUnavailable, match="libengine-gost-openssl"):
        testkeys.make("x", organisation="x", now=NOW, suite=suite)


@pytest.mark.usefixtures("nowhere")
def test_what_cannot_be_verified_is_not_called_false() -> None:
    with pytest.raises(SuiteUnavailable, match="libengine-gost-openssl"):
        Suite.GOST_2012_256.verify(XCHA.certificate, b"data", b"\1" * 64)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("suite", [Suite.ECDSA_P256, Suite.RSA_SHA256])
def test_other_suites_need_no_library(suite: Suite) -> None:
    made = testkeys.make("x", organisation="x", now=NOW, suite=suite)
    signer = KeySigner.from_files(made.key_pem, made.certificate_pem)
    assert suite.verify(signer.certificate, b"data", signer.sign(b"data"))
    assert [one.signature_uri for one in Suite]
    # What is no GOST signature at all is refused without asking anybody.
    assert not Suite.GOST_2012_256.verify(signer.certificate, b"data", b"\1" * 64)
    assert not Suite.GOST_2012_256.verify(XCHA.certificate, b"data", b"short")


def test_a_search_is_made_once_and_takes_the_first_that_is_there(gost: GostLibrary) -> None:
    asked = []

    def found() -> GostLibrary:
        asked.append(1)
        return gost

    search = Search((("One", missing), ("Other", found), ("Third", missing)))
    with ThreadPoolExecutor(8) as pool:
        libraries = list(pool.map(lambda _: search(), range(16)))
    assert {id(library) for library in libraries} == {id(gost)}
    assert len(asked) == 1


def test_nothing_is_searched_twice_in_vain() -> None:
    asked = []

    def load() -> GostLibrary:
        asked.append(1)
        raise LibraryMissing("no")

    search = Search((("One", load),))
    for _ in range(3):
        with pytest.raises(SuiteUnavailable, match="One: no"):
            search()
    assert len(asked) == 1


def test_a_library_that_computes_nonsense_is_not_taken(gost: GostLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(gost), "digest", lambda *_: b"\0" * 32)
    with pytest.raises(SuiteUnavailable, match=r"its digest of GOST R 34\.10-2012, 256 bits is wrong"):
        Search((("One", lambda: gost),))()


def test_libraries_that_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gost_openssl, "_LIBRARIES", {"libnothing.so.0": "engines-0"})
    with pytest.raises(LibraryMissing, match=r"libnothing\.so\.0"):
        OpensslEngine()
    monkeypatch.setattr(gost_gnutls, "_LIBRARY", "libnothing.so.0")
    with pytest.raises(LibraryMissing, match=r"libnothing\.so\.0"):
        Gnutls()


def test_a_library_without_what_is_needed_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gost_openssl, "_LIBRARIES", {"libc.so.6": "engines-3"})
    with pytest.raises(LibraryMissing, match=r"libc\.so\.6 has no OpenSSL_version"):
        OpensslEngine()
    monkeypatch.setattr(gost_gnutls, "_LIBRARY", "libc.so.6")
    with pytest.raises(LibraryMissing, match="gnutls"):
        Gnutls()


def run(program: str, **environment: str) -> str:
    """Return what a program prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOAD = "from socert.contracts.signature import gost_openssl as module\n"
DIGEST = "print(module.OpensslEngine().digest(module.GostAlgorithm.GOST_2012_256, b'').hex())"


def test_the_engine_is_found_where_libcrypto_does_not_look(engine: GostLibrary, tmp_path: Path) -> None:
    expected = engine.digest(GostAlgorithm.GOST_2012_256, b"").hex()
    assert run(LOAD + DIGEST, OPENSSL_ENGINES=str(tmp_path)) == expected


def test_an_engine_that_is_nowhere_is_missed(engine: GostLibrary, tmp_path: Path) -> None:
    assert engine.name
    program = (
        f"{LOAD}module._places = lambda *_: []\ntry:\n    module.OpensslEngine()\n"
        "except module.LibraryMissing as error:\n    print(error)"
    )
    assert "no engine gost.so for OpenSSL" in run(program, OPENSSL_ENGINES=str(tmp_path))


def test_a_file_that_is_no_engine_is_passed_over(engine: GostLibrary, tmp_path: Path) -> None:
    false = tmp_path / "gost.so"
    false.write_text("this is no library")
    program = (
        f"{LOAD}import pathlib\nfound = module._places\n"
        f"module._places = lambda *given: [pathlib.Path({str(false)!r}), *found(*given)]\n{DIGEST}"
    )
    expected = engine.digest(GostAlgorithm.GOST_2012_256, b"").hex()
    assert run(program, OPENSSL_ENGINES=str(tmp_path)) == expected


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what a process has loaded")
def test_ecdsa_loads_nothing_of_gost() -> None:
    program = (
        "from datetime import UTC, datetime\n"
        "from socert.contracts.signature import testkeys\n"
        "from socert.contracts.signature.signer import KeySigner\n"
        "made = testkeys.make('x', organisation='x', now=datetime(2026, 11, 24, tzinfo=UTC))\n"
        "signer = KeySigner.from_files(made.key_pem, made.certificate_pem)\n"
        "assert signer.suite.verify(signer.certificate, b'data', signer.sign(b'data'))\n"
        "maps = open('/proc/self/maps').read()\n"
        "print([name for name in ('gost.so', 'libgnutls') if name in maps])"
    )
    assert run(program) == "[]"
