"""The turn of the year: what the preview, the offers and 1 January cost for a region of many certificates.

The region (`years`) lies in the built-in registry on SQLite. Each step runs in a process of its own, whose memory is
measured: the preview and the offers on a day in the window, the end of all of them, since nobody answers here, on the
day after it, and the shift on 1 January. Changes that the portal must learn
of are written down as always, and are counted; sending them is measured elsewhere.

`python -m benchmarks.turn --certificates 500000` does it once for a whole region, and says so as JSON.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import func, select

from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.machine import describe, line_of, peak_mebibytes, process
from socert.adapters.registry.builtin.registry import MIGRATIONS, BuiltinRegistry
from socert.gateway.domain.policy import Policy
from socert.gateway.life.consents import Consents
from socert.gateway.life.renewals import Renewals
from socert.gateway.life.today import Today
from socert.gateway.life.turn import YearTurn
from socert.gateway.life.turn_plan import Offering
from socert.gateway.projection import Projector
from socert.gateway.store.engine import open_engine
from socert.gateway.store.migrate import upgrade
from socert.gateway.store.tables import change
from socert.gateway.store.writer import Store
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.bench import Bench

YEAR = 2027
FORM = "СС-2026"
IN_WINDOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
AFTER_WINDOW = datetime(2026, 12, 21, 9, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 9, tzinfo=UTC)
STEPS = ("preview", "offers", "lapse", "run")


@contextmanager
def sides(bench: Bench) -> Iterator[Sides]:
    """Fill one database; each round turns the year on a copy of it."""
    place = Path(bench.folder) / "turn"
    place.mkdir()
    filled = place / "filled.db"
    _fill(filled, bench.scale.turned)
    numbers = count()

    def ours() -> Round:
        copied = place / f"round-{next(numbers)}.db"
        shutil.copy(filled, copied)
        done = {step: _in_its_process(step, copied) for step in STEPS}
        copied.unlink()
        offers, lapsed, turned = done["offers"], done["lapse"], done["run"]
        return (
            done["preview"]["certificates"] / done["preview"]["seconds"],
            offers["offers"] / offers["seconds"],
            lapsed["lapsed"] / lapsed["seconds"],
            turned["certificates"] / turned["seconds"],
            max(step["peak"] for step in done.values()),
        )

    yield Sides(ours=ours, rounds=bench.scale.imports)


def _fill(file: Path, certificates: int) -> dict[str, Any]:
    from benchmarks import years

    store = open_store(file)
    started = time.perf_counter()
    contracts = years.fill(store, certificates)
    store.close()
    return {"certificates": certificates, "contracts": contracts, "seconds": time.perf_counter() - started}


def open_store(file: Path) -> Store:
    """Open a database file with its tables up to date."""
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine, [MIGRATIONS])
    return Store(engine)


def _in_its_process(step: str, file: Path) -> dict[str, Any]:
    with process(["-m", "benchmarks.turn", "--step", step, "--file", str(file)], core=None) as running:
        told: dict[str, Any] = json.loads(line_of(running, "peak"))
        if running.wait() != 0:
            raise RuntimeError(f"the step {step} of the turn failed")
    return told


def step(name: str, file: Path) -> dict[str, Any]:
    """Do one step on a database; seconds, what it came to, changes written, and the most memory it held."""
    store = open_store(file)
    before = store.look(_changes)
    started = time.perf_counter()
    told = _STEPS[name](store)
    seconds = time.perf_counter() - started
    written = store.look(_changes) - before
    store.close()
    spent = round(time.process_time(), 2)
    return {**told, "seconds": round(seconds, 2), "cpu": spent, "changes": written, "peak": round(peak_mebibytes(), 1)}


def _changes(connection: Any) -> int:
    return connection.scalar(select(func.count()).select_from(change)) or 0


def _parts(store: Store, now: datetime) -> tuple[Offering, YearTurn]:
    def clock() -> datetime:
        return now

    def policy_of(_oktmo: str) -> Policy:
        return policy

    policy, today, registry = Policy(), Today(clock=clock, zone=UTC), BuiltinRegistry(clock=clock)
    consents = Consents(
        registry=registry, policy_of=policy_of, consent_forms=(FORM,), clock=clock, today=today, ids=lambda: ""
    )
    units = ProjectedUnits(store, Projector(registry=registry, clock=clock, consents=consents))
    renewals = Renewals(registry=registry, consents=consents, policy_of=policy_of, today=today)
    offering = Offering(
        registry=registry,
        renewals=renewals,
        consents=consents,
        policy_of=policy_of,
        today=today,
        look=store.look,
        units=units,
    )
    turn = YearTurn(
        registry=registry,
        renewals=renewals,
        policy_of=policy_of,
        clock=clock,
        today=today,
        look=store.look,
        units=units,
    )
    return offering, turn


def _preview(store: Store) -> dict[str, Any]:
    offering, turn = _parts(store, IN_WINDOW)
    pupils = sum(
        found.outcomes.total() for found in (offering.preview(year=YEAR, oktmo=oktmo) for oktmo in offering.oktmos())
    )
    tally = turn.preview(year=YEAR)
    return {"certificates": tally.certificates, "pupils": pupils, "failed": tally.failed}


def _offers(store: Store) -> dict[str, Any]:
    offering, _ = _parts(store, IN_WINDOW)
    made = offering.make(year=YEAR)
    return {"offers": made.offers, "waiting": made.waiting, "no_right": made.no_right}


def _lapse(store: Store) -> dict[str, Any]:
    _, turn = _parts(store, AFTER_WINDOW)
    return {"lapsed": turn.lapse().count}


def _run(store: Store) -> dict[str, Any]:
    _, turn = _parts(store, NEW_YEAR)
    tally = turn.run(year=YEAR).tally
    return {
        "certificates": tally.certificates,
        "changed": tally.changed,
        "contracts": tally.contracts,
        "failed": tally.failed,
    }


_STEPS: dict[str, Callable[[Store], dict[str, Any]]] = {
    "preview": _preview,
    "offers": _offers,
    "lapse": _lapse,
    "run": _run,
}

TURN = Benchmark(
    measures=(
        Measure(name="turn of the year: preview", unit="certificates/s"),
        Measure(name="turn of the year: offers", unit="offers/s"),
        Measure(name="turn of the year: offers ended", unit="offers/s"),
        Measure(name="turn of the year: 1 January", unit="certificates/s", goal=278.0),
        Measure(name="turn of the year: peak memory", unit="MiB", better="lower", goal=300.0),
    ),
    open=sides,
)
"""278 certificates a second are 500,000 in half an hour."""


@click.command()
@click.option("--certificates", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("build"), show_default=True)
@click.option("--step", "name", type=click.Choice(STEPS), help="Only this step, on --file, in this process.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path))
def main(certificates: int, folder: Path, name: str | None, file: Path | None) -> None:
    """Turn the year of an invented region once and say what it took, one JSON object a line."""
    from socert.host import log

    log.configure(level="ERROR", json=False)
    if name is not None and file is not None:
        click.echo(json.dumps(step(name, file)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(describe(), err=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="turn-") as place:
        made = Path(place).resolve() / "region.db"
        click.echo(json.dumps({"step": "fill", **_fill(made, certificates)}))
        for each in STEPS:
            click.echo(json.dumps({"step": each, **_in_its_process(each, made)}))
        click.echo(json.dumps({"step": "file", "mebibytes": made.stat().st_size // 2**20}))


if __name__ == "__main__":
    main()
