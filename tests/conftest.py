"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder of official schemas, vectors and samples to check against; the test is skipped where it is not set."""
    place = os.environ.get("SOCERT_ORACLES")
    if not place:
        pytest.skip("SOCERT_ORACLES is not set: nothing to compare with")
    return Path(place)
