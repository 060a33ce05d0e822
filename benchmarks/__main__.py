"""`make bench`: run the benchmarks, print a table, write build/bench.json."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from benchmarks import machine, report, runner
from benchmarks.bench import Bench, Scale
from benchmarks.catalogue import BENCHMARKS
from socert.host import log

BUILD = Path("build")


@click.command()
@click.option("--only", default="", help="Run the benchmarks that have a measure with this in its name.")
@click.option("--rounds", type=click.IntRange(min=1), default=Scale().rounds, show_default=True, help="Rounds each.")
@click.option("--quick", is_flag=True, help="A tenth of the work in each round: to see that everything runs.")
@click.option("--check", is_flag=True, help="Exit code 1 when a goal is missed.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=BUILD / "bench.json", help="Where to write."
)
def main(only: str, rounds: int, quick: bool, check: bool, out: Path) -> None:
    """Measure this machine: sides of a comparison take turns, medians of all rounds count."""
    chosen = [benchmark for benchmark in BENCHMARKS if any(only in name for name in benchmark.names)]
    if not chosen:
        raise click.ClickException(f"No measure has {only!r} in its name.")
    log.configure(level="ERROR")
    scale = Scale(rounds=rounds)
    if quick:
        scale = Scale(rounds=rounds, messages=20, calls=60, certificates=5_900, imports=1, turned=2_000, parents=10)
    out.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"{machine.describe()}, {scale.rounds} rounds", err=True)
    core = machine.split_cores()
    # Not in a system folder for temporary files, which may be memory: what is flushed here must reach a disk.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="bench-") as folder:
        bench = Bench(scale=scale, folder=str(Path(folder).resolve()), server_core=core)
        results = runner.run(chosen, bench, lambda text: click.echo(f"… {text}", err=True))
    click.echo(report.as_table(results))
    out.write_text(report.as_json(results), encoding="utf-8")
    if check and any(result.reached is False for result in results):
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
