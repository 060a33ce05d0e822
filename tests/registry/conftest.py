"""The built-in registry on both kinds of database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.gateway.databases import database_url, postgres, sqlite_template, store
from tests.gateway.records import Clock
from tests.registry.book import Book
from tests.registry.keeper import Keeper

from socert.adapters.registry.builtin.registry import BuiltinRegistry

if TYPE_CHECKING:
    from socert.gateway.store.writer import Store

__all__ = ["database_url", "postgres", "sqlite_template", "store"]


@pytest.fixture
def book(store: Store) -> Book:
    """An empty registry."""
    return Book(store=store, registry=BuiltinRegistry(clock=Clock()))


@pytest.fixture
def keeper(book: Book) -> Keeper:
    """That registry, with the rules."""
    return Keeper(book=book)
