"""The gateway's line of work, for attacks by whoever answers it in the exchange's place."""

from __future__ import annotations

from tests.gateway.conftest import clock, database_url, line, postgres, region, sqlite_template, store, stub

__all__ = ["clock", "database_url", "line", "postgres", "region", "sqlite_template", "store", "stub"]
