"""Parts of the system that tests want: where one can be installed its absence fails, elsewhere the check is skipped."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def absent(part: str, why: object) -> NoReturn:
    """Fail as root with a package manager at hand, since `make system` would bring the part; skip elsewhere."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        pytest.fail(f"{part} is not installed: run make system ({why})")
    pytest.skip(f"{part} is not here and cannot be installed: {why}")
