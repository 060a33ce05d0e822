"""What an operator types, and what is said when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests.end_to_end import region
from tests.gateway.records import PARENT_SNILS, SNILS, certificate, guid

from socert.adapters.registry.builtin import tables as registry_tables
from socert.cli import main
from socert.gateway.store.engine import open_engine
from socert.host import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from tests.gateway.line import Line

    Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command against the test's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCERT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOCERT_DATABASE_URL", database_url)
    monkeypatch.setattr(log, "configure", lambda **_given: None)  # it would log to a stream that ends with the command

    def typed(*words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    return typed


async def dead_messages(line: Line, number: int) -> list[str]:
    """Let so many messages be given up."""
    line.attempts, line.batch_size, line.stub.down = 1, 1, True
    line.region.put(*(certificate(place) for place in range(1, number + 1)))
    await line.pack()
    await line.try_all()
    return sorted(row["message_id"] for row in line.messages())


def test_an_export_is_taken_and_counted(run: Run, tmp_path: Path) -> None:
    taken = run("import", str(region.write_export(tmp_path / "export")), "--report", str(tmp_path / "report.csv"))
    assert taken.exit_code == 0, taken.output
    assert "Сертификаты: строк 15, новых 15" in taken.output
    assert run("registry", "count").output == "Сертификатов: 15, договоров: 12\n"
    assert run("registry", "check").output == "Все остатки сходятся с проводками.\n"
    status = run("messages", "status").output
    assert "changes: held 5, pending 22" in status
    assert "Задержано 4: Нет действующего согласия" in status
    for secret in region.personal_data():
        assert secret not in taken.output + status


def test_a_balance_that_nobody_can_explain_is_told(run: Run, line: Line) -> None:
    line.region.put(certificate())
    spoil = registry_tables.balance.update().values(spent=1)
    line.region.store.run(lambda connection: connection.execute(spoil))
    checked = run("registry", "check")
    assert checked.exit_code == 1
    assert "7700000001" in checked.output


async def test_messages_are_listed_without_their_content(run: Run, line: Line) -> None:
    ids = await dead_messages(line, 2)
    listed = run("messages", "list", "--state", "dead").output
    assert all(message_id in listed for message_id in ids)
    assert "no more tries" in listed
    assert run("messages", "list", "--state", "done").output == ""
    for secret in ("Журавлёв", "Платон", SNILS, PARENT_SNILS):
        assert secret not in listed


async def test_dead_messages_are_replayed(run: Run, line: Line) -> None:
    first, *_ = await dead_messages(line, 3)
    assert run("messages", "replay", first).output == "Поставлено в очередь: 1\n"
    assert run("messages", "replay", first).output == "Поставлено в очередь: 0\n"
    assert run("messages", "replay", "--all").output == "Поставлено в очередь: 2\n"
    line.stub.down = False
    line.clock.advance(86_400 * 365)  # the command has the clock of this machine
    await line.try_all()
    assert {row["state"] for row in line.messages()} == {"accepted"}
    assert line.states() == {guid(number): "packed" for number in range(1, 4)}


@pytest.mark.parametrize("words", [(), ("--all", "an-id")])
def test_replaying_needs_to_know_what(run: Run, words: tuple[str, ...]) -> None:
    asked = run("messages", "replay", *words)
    assert asked.exit_code == 2
    assert "--all" in asked.output


def test_upgrading_again_is_no_work(run: Run) -> None:
    for _ in range(2):
        assert run("db", "upgrade").output == "Таблицы базы данных в порядке.\n"


# --- what is wrong ----------------------------------------------------------------------------------------------------


def refused(run: Run, words: str, monkeypatch: pytest.MonkeyPatch, **variables: Any) -> str:
    """Type `db upgrade` with other variables; return the one line that it answers."""
    for name, value in variables.items():
        monkeypatch.setenv(f"SOCERT_{name}", str(value))
    answer = run("db", "upgrade")
    assert answer.exit_code == 1
    assert answer.exception is None or isinstance(answer.exception, SystemExit), "an error of ours, not a traceback"
    assert words in answer.output
    return answer.output


def test_a_database_that_is_not_there_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(run, "cannot be used", monkeypatch, DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/x")
    assert "geheim" not in said


def test_a_file_that_is_no_database_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("no database" * 1000, encoding="utf-8")
    refused(run, "cannot be used", monkeypatch, DATABASE_URL=f"sqlite:///{place}")


def test_a_database_of_a_newer_version_is_left_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('gateway_9999')"))
    engine.dispose()
    refused(run, "newer version", monkeypatch)


def test_a_wrong_setting_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(run, "SOCERT_PORT", monkeypatch, PORT="eighty")
