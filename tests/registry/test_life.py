"""Certificates that live: issued once, changed by what the rules decided and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.registry.keeper import Keeper

if TYPE_CHECKING:
    from tests.registry.book import Book


def test_a_contract_comes_out_as_it_was_saved(book: Book) -> None:
    keeper = Keeper(book=book)
    keeper.issue()
    keeper.enrol()
    concluded = keeper.conclude()
    assert keeper.life("c-1") == concluded
    assert keeper.lives() == [concluded]
    assert book.unbalanced() == []
