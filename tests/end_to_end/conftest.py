"""Databases for whole gateways."""

from __future__ import annotations

from tests.gateway.databases import database_url, postgres, sqlite_template

__all__ = ["database_url", "postgres", "sqlite_template"]
