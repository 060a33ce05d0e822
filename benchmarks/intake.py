"""Import of a region's CSV export into the built-in registry, with everything it does: checks, ledger, projection.

The whole command `socert import` is measured, from its start to its end, in a process of its own; the sample export
has wrong rows among the right ones. Rows are those of certificates and contracts together. Memory is the most that the
process ever held.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.machine import line_of, peak_mebibytes, process
from socert.sample import Settings, write_export

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench


@contextmanager
def sides(bench: Bench) -> Iterator[Sides]:
    """Write the sample export; each round imports it into a new database."""
    place = Path(bench.folder) / "intake"
    write_export(place / "export", Settings(certificates=bench.scale.certificates))
    numbers = count()
    rows = sum(_rows(place / "export" / f"{name}.csv") for name in ("certificates", "contracts"))

    def ours() -> Round:
        home = place / f"home-{next(numbers)}"
        settings = {"SOCERT_DATA_DIR": str(home), "SOCERT_LOG_LEVEL": "ERROR"}
        started = time.perf_counter()
        with process(["-m", "benchmarks.intake", str(place / "export")], core=None, settings=settings) as importing:
            peak = json.loads(line_of(importing, "peak"))["peak"]
            if importing.wait() != 0:
                raise RuntimeError("the import failed")
        seconds = time.perf_counter() - started
        shutil.rmtree(home)
        return rows / seconds, peak

    yield Sides(ours=ours, rounds=bench.scale.imports)


def _rows(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def main(export: str) -> None:
    """Run `socert import` and say how much memory it took."""
    from socert.cli import main as socert

    socert(["import", export], standalone_mode=False)
    print(json.dumps({"peak": peak_mebibytes()}), flush=True)


INTAKE = Benchmark(
    measures=(
        Measure(name="import of CSV", unit="rows/s", goal=5000.0),
        Measure(name="import of CSV: peak memory", unit="MiB", better="lower", goal=200.0),
    ),
    open=sides,
)

if __name__ == "__main__":
    main(sys.argv[1])
