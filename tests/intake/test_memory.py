"""An import's memory does not grow with the number of rows."""

from __future__ import annotations

import gc
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
    """Takes certificates and contracts, keeps none of them, and looks at each batch how much memory is held."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        return self._forget(items)

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        return self._forget(items)

    def _forget(self, items: Sequence[object]) -> Put:
        gc.collect()  # what only waits to be swept up is not held
        self.most = max(self.most, tracemalloc.get_traced_memory()[0])
        return Put(new=len(items))


def held(folder: Path, kind: Literal["csv", "xlsx"], certificates: int) -> int:
    """Import an export of this size and return the most bytes Python held at once."""
    place = folder / str(certificates)
    write_export(place, Settings(certificates=certificates, kind=kind))
    source, registry = open_export(place), ForgetfulRegistry()
    tracemalloc.start()
    try:
        Intake(registry, FakeUnits(), batch=100).run(source)
        return registry.most
    finally:
        tracemalloc.stop()
        source.close()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_three_times_the_rows_need_no_more_memory(tmp_path: Path, kind: Literal["csv", "xlsx"]) -> None:
    """A registry that kept these records would hold more than a million bytes more."""
    assert held(tmp_path, kind, 900) < held(tmp_path, kind, 300) + 400_000
