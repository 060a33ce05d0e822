"""The PostgreSQL server of the test run, for gateways too."""

from __future__ import annotations

from tests.gateway.databases import postgres

__all__ = ["postgres"]
