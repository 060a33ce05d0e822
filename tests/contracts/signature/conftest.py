"""The libraries that know GOST. A machine that could have them and has not fails its tests, and is told what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.parts import absent

from socert.contracts.signature.gost_gnutls import Gnutls
from socert.contracts.signature.gost_openssl import OpensslEngine
from socert.contracts.signature.native import LibraryMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.signature.gost_library import GostLibrary


def loaded(load: Callable[[], GostLibrary], package: str) -> GostLibrary:
    """Return a library; where it is absent, fail as root with a package manager at hand, and skip elsewhere."""
    try:
        return load()
    except LibraryMissing as error:
        absent(package, error)


@pytest.fixture(scope="session")
def engine() -> GostLibrary:
    """OpenSSL's GOST engine."""
    return loaded(OpensslEngine, "libengine-gost-openssl")


@pytest.fixture(scope="session")
def gnutls() -> GostLibrary:
    """GnuTLS."""
    return loaded(Gnutls, "libgnutls30")


@pytest.fixture(scope="session", params=["engine", "gnutls"])
def gost(request: pytest.FixtureRequest) -> GostLibrary:
    """Each library that knows GOST, one after the other."""
    found: GostLibrary = request.getfixturevalue(request.param)
    return found
