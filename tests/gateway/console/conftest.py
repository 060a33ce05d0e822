"""A console on SQLite, mounted as the gateway mounts it, and somebody who uses it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.gateway.console.desk import Operator, Region

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.gateway.records import Clock


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Settings of a region whose certificates are of 8000 roubles."""
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    return Settings(data_dir=tmp_path, policy={"nominals": {"RUB": "8000.00"}})


@pytest.fixture
def region(settings: Settings, clock: Clock) -> Iterator[Region]:
    """The region behind the console."""
    with Workshop(settings, clock=clock) as shop:
        made = Region(shop=shop, clock=clock)
        made.prepare()
        yield made


@pytest.fixture
async def operator(region: Region) -> AsyncIterator[Operator]:
    """Somebody on the same machine."""
    async with TestClient(TestServer(make_app(Gateway(region.shop)))) as client:
        yield Operator(client)
