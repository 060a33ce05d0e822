"""`socert sample`: an invented region to try the gateway and the simulator on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from socert.sample.errors import SampleError
from socert.sample.export import Settings, write_export


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--certificates",
    type=click.IntRange(min=1, max=40_000_000),
    default=Settings().certificates,
    show_default=True,
    help="How many certificates; contracts come to about 0.7 of them.",
)
@click.option(
    "--kind",
    type=click.Choice(["csv", "xlsx"]),
    default="csv",
    show_default=True,
    help="Three CSV files, or one workbook.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same files.")
@click.option(
    "--year",
    type=click.IntRange(2000, 2100),
    default=Settings().year,
    show_default=True,
    help="Year of the certificates.",
)
@click.option("--wrong/--no-wrong", default=True, show_default=True, help="Put wrong rows in (listed in wrong.json).")
def sample(folder: Path, certificates: int, kind: Literal["csv", "xlsx"], seed: int, year: int, wrong: bool) -> None:
    """Write the export of an invented region to FOLDER.

    Beside it: people.json and catalogue.json for the simulator, and wrong.json, the list of rows an import must refuse.
    """
    settings = Settings(certificates=certificates, kind=kind, seed=seed, year=year, wrong=wrong)
    try:
        write_export(folder, settings)
    except (SampleError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{certificates} certificates of an invented region in {folder}")
