"""An import's memory does not grow with the number of rows."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Literal

import pytest
from tests.intake.conftest import FakeRegistry, FakeUnits

from socert.adapters.registry.files import open_export
from socert.gateway.intake import Intake
from socert.gateway.ports import Put
from socert.sample import Settings, write_export

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from socert.gateway.domain.records import Certificate, Contract
    from socert.gateway.ports import UnitOfWork


class ForgetfulRegistry(FakeRegistry):
    """Takes certificates and contracts and keeps none of them."""

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        return Put(new=len(items))

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        return Put(new=len(items))


def peak(folder: Path, kind: Literal["csv", "xlsx"], certificates: int) -> int:
    """Import an export of this size and return the most bytes Python held at once."""
    place = folder / str(certificates)
    write_export(place, Settings(certificates=certificates, kind=kind))
    source = open_export(place)
    tracemalloc.start()
    try:
        Intake(ForgetfulRegistry(), FakeUnits(), batch=100).run(source)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        source.close()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_four_times_the_rows_need_no_more_memory(tmp_path: Path, kind: Literal["csv", "xlsx"]) -> None:
    """A registry that kept these records would hold two million bytes more."""
    assert peak(tmp_path, kind, 1_200) < peak(tmp_path, kind, 300) + 800_000
