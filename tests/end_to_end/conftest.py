"""Databases for whole gateways, and a town that lives by them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.end_to_end.town import agreeing, town
from tests.gateway.databases import database_url, postgres, sqlite_template

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.end_to_end.town import Town

__all__ = ["database_url", "place", "postgres", "sqlite_template"]


@pytest.fixture
async def place(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Town]:
    """A town with a gateway that runs; in the end everybody must tell the same."""
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    async with town(tmp_path, f"sqlite:///{tmp_path / 'socert.db'}") as made:
        await made.start()
        yield made
        await agreeing(made)
