"""Keys in a folder of their own, and messages signed with them."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from socert.contracts.signature.gost_library import library
from socert.contracts.signature.native import SuiteUnavailable

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostLibrary


@pytest.fixture(scope="session")
def gost() -> GostLibrary:
    """The library that this machine has for GOST; it must have one where it could."""
    try:
        return library()
    except SuiteUnavailable as error:
        if os.geteuid() == 0 and shutil.which("apt-get"):
            pytest.fail(f"run make system: {error}")
        pytest.skip(str(error))
