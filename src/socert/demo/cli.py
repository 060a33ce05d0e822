"""`socert demo`: everything on this machine, with sample data or a region's own export."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from socert.contracts.signature.suites import SIGNING
from socert.contracts.smev.version import Version
from socert.demo import check, enrol, processes
from socert.demo.errors import DemoError
from socert.sample import read_export, write_export, write_world
from socert.sample.errors import SampleError
from socert.sample.export import Settings

if TYPE_CHECKING:
    from socert.demo.check import Outcome
    from socert.demo.enrol import Enrolled
    from socert.demo.processes import Process
    from socert.sample import PlainExport

START_SECONDS = 60.0
DELIVER_SECONDS = 600.0
PARENTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where this demonstration runs: folder, addresses, version of the exchange, suite of keys if one is asked for."""

    folder: Path
    gateway_port: int
    simulator_port: int
    version: str
    suite: str | None

    @property
    def gateway(self) -> str:
        """Address of the gateway."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def simulator(self) -> str:
        """Address of the portal in a box."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def exchange(self) -> str:
        """Address of the exchange in the version spoken."""
        return f"{self.simulator}/smev/{self.version}"

    @property
    def settings(self) -> dict[str, str]:
        """The gateway's settings: all of its own, nothing from the outside."""
        return {
            "SOCERT_DATA_DIR": str(self.folder),
            "SOCERT_PORT": str(self.gateway_port),
            "SOCERT_EXCHANGE_URL": self.exchange,
            "SOCERT_EXCHANGE_VERSION": self.version,
        }


@click.command()
@click.option("--once", is_flag=True, help="Deliver, compare every balance and contract with the export, and end.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="Take this export (a folder of CSV files or an XLSX workbook) instead of an invented region.",
)
@click.option(
    "--certificates", type=click.IntRange(min=1), default=60, show_default=True, help="Size of the invention."
)
@click.option("--gateway-port", type=int, default=8080, show_default=True, help="Another one is taken if it is busy.")
@click.option("--simulator-port", type=int, default=8090, show_default=True, help="Another one is taken if it is busy.")
@click.option(
    "--exchange-version",
    "version",
    type=click.Choice([version.value for version in Version]),
    default=Version.V1_2.value,
    show_default=True,
    help="Version of SMEV 3 that gateway and portal speak.",
)
@click.option(
    "--suite",
    type=click.Choice(list(SIGNING)),
    help="What region, exchange and portal sign with; gost256 as the real ones do.  [default: ecdsa]",
)
def demo(
    once: bool,
    source: Path | None,
    certificates: int,
    gateway_port: int,
    simulator_port: int,
    version: str,
    suite: str | None,
) -> None:
    """Show the whole product: a region's export becomes balances and contracts in the parent's account.

    Starts the gateway and the portal in a box as two processes, in a temporary folder that is empty at first and gone
    afterwards. With --once it exits 0 only if every balance and contract in the accounts agrees with the export.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways of stopping end the two processes in order
    try:
        with tempfile.TemporaryDirectory(prefix="socert-demo-") as name:
            place = Place(
                folder=Path(name),
                gateway_port=processes.free_port(gateway_port),
                simulator_port=processes.free_port(simulator_port),
                version=version,
                suite=suite,
            )
            agrees = _show(place, source.resolve() if source else None, certificates, once=once)
    except (DemoError, SampleError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("\nОстановлено.")
        return
    if not agrees:
        raise SystemExit(1)


def _show(place: Place, source: Path | None, certificates: int, *, once: bool) -> bool:
    """Run it all; return whether the accounts agree with the export (always looked at, only said with --once)."""
    world = place.folder / "world"
    if source is None:
        source = place.folder / "export"
        write_export(source, Settings(certificates=certificates))
        click.echo(f"Придуманный регион: {certificates} сертификатов")
    world.mkdir()
    write_world(source, world)
    newcomer = enrol.add_newcomer(world)
    (place.folder / "socert.toml").write_text(enrol.SETTINGS, encoding="utf-8")
    for name in ("region", "exchange", "portal") if place.suite else ():
        wish = ["make", name, "--suite", str(place.suite), "--folder", str(place.folder / "keys")]
        processes.run(["keys", *wish], place.settings, place.folder)
    with ExitStack() as stack:
        simulator = stack.enter_context(_start_simulator(place, world))
        simulator.until("start", lambda: processes.get(f"{place.simulator}/_sim/health") is not None, START_SECONDS)
        gateway = stack.enter_context(processes.running("gateway", ["serve"], place.settings, place.folder))
        gateway.until("start", lambda: processes.get(f"{place.gateway}/health") is not None, START_SECONDS)
        report = place.folder / "refused.csv"
        click.echo(processes.run(["import", str(source), "--report", str(report)], place.settings, place.folder))
        gateway.until("delivery", lambda: _delivered(place), DELIVER_SECONDS)
        export = read_export(source)
        outcome = check.compare(
            export,
            report,
            (source if source.is_dir() else source.parent) / "wrong.json",
            lambda snils: processes.get(f"{place.simulator}/_sim/accounts/{snils}"),
        )
        _print_outcome(outcome)
        enrolled = enrol.enrol(
            newcomer,
            portal=place.simulator,
            world=world,
            organisation=lambda *command: processes.run(["registry", *command], place.settings, place.folder),
        )
        _print_enrolled(enrolled)
        if not once:
            _print_addresses(place, export, report)
            _wait(simulator, gateway)
    return outcome.agrees and not (enrolled and enrolled.differs)


def _start_simulator(place: Place, world: Path) -> Any:
    arguments = ["simulate", "--port", str(place.simulator_port), "--keys", str(place.folder / "keys")]
    arguments += ["--region-url", place.gateway]
    arguments += ["--people", str(world / "people.json"), "--catalogue", str(world / "catalogue.json")]
    return processes.running("simulator", arguments, {}, place.folder)


def _delivered(place: Place) -> bool:
    status = processes.get(f"{place.gateway}/api/v1/status")
    return bool(status and status["idle"])


def _wait(*running: Process) -> None:
    """Stay until Ctrl-C, or until one of the two ends by itself, which is an error."""
    never = threading.Event()
    while not never.wait(1.0):
        for process in running:
            process.check()


def _print_outcome(outcome: Outcome) -> None:
    table = Table(title="Выгрузка и личные кабинеты портала")
    for title in ("", "строк", "отклонено", "задержано", "совпало", "расходится"):
        table.add_column(title, justify="left" if not title else "right")
    for tally in outcome.tallies:
        counts = (tally.rows, tally.refused, tally.held, tally.equal, len(tally.differs))
        table.add_row(tally.kind, *(str(count) for count in counts))
    console = Console()
    console.print(table)
    if outcome.refusals is None:
        console.print("Списка неверных строк у выгрузки нет.")
    else:
        console.print(
            "Отклонены ровно те строки, что названы неверными." if not outcome.refusals else "Отклонено не то:"
        )
    for line in [*(outcome.refusals or ()), *(text for tally in outcome.tallies for text in tally.differs)]:
        console.print(f"  {line}", highlight=False)
    console.print("Всё совпадает." if outcome.agrees else "Есть расхождения.")


def _print_enrolled(enrolled: Enrolled | None) -> None:
    """Say what came of the enrolment that was played through."""
    if enrolled is None:
        click.echo("Программ, которые оплачивает сертификат, в выгрузке нет: запись не показана.")
        return
    click.echo(
        f"\nЗапись: {enrolled.newcomer.name} записала ребёнка на «{enrolled.programme}», заявление {enrolled.order}."
        " Сертификата не было, он выпущен при записи; организация приняла заявление и заключила договор."
    )
    click.echo("Кабинет показывает то, что должен." if not enrolled.differs else "В кабинете не то:")
    for line in enrolled.differs:
        click.echo(f"  {line}")


def _print_addresses(place: Place, export: PlainExport, report: Path) -> None:
    click.echo(f"\nПортал (симулятор):  {place.simulator}/")
    click.echo(f"Шлюз:                {place.gateway}/api/v1/status")
    click.echo(f"Обмен:               {place.exchange}?wsdl")
    click.echo(f"Отклонённые строки:  {report}")
    click.echo("\nНа чьи кабинеты посмотреть:")
    for name, why in check.parents(export, report)[:PARENTS]:
        click.echo(f"  {name}: {why}")
    click.echo("\nCtrl-C остановит всё.")
