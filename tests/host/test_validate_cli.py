"""`socert validate`, as a person types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from socert.cli import main
from socert.contracts.portal import account
from socert.contracts.portal.known import MessageTypePluginError, find
from socert.contracts.smev import reply
from socert.contracts.smev.faults import Fault, FaultKind
from socert.contracts.smev.operation import Operation
from socert.host import validate as module
from socert.host.validate import examine

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = account.SnapshotRequest(
    snapshot_id="00000000-0000-4000-8000-0000000000aa", requested_at=datetime(2026, 9, 1, tzinfo=UTC)
).render()
WRONG = MESSAGE.replace("<ns1:requestedAt>", "\n<ns1:requestedAt>x")


def run(*words: object, data: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["validate", *(str(word) for word in words)], input=data)


def test_a_good_file(tmp_path: Path) -> None:
    place = tmp_path / "message.xml"
    place.write_text(MESSAGE, encoding="utf-8")
    done = run(place)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"Файл: {place}",
        (
            "Сообщение: AccountSnapshotRequest: запрос сверки (account.snapshot_request, в обе стороны, M17; "
            "urn:socert:portal:account:1.0.0)"
        ),
        "Схеме соответствует.",
    ]


def test_a_wrong_one_names_line_path_and_reason() -> None:
    done = run("-", data=WRONG)
    assert done.exit_code == 1
    assert done.output.splitlines()[2:] == [
        "Не соответствует, замечаний: 1",
        (
            "  сообщение, строка 2, /AccountSnapshotRequest/requestedAt: "
            "ожидается дата и время вида 2026-09-01T09:00:00+03:00"
        ),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("это письмо", "файл, строка 1: это не правильный XML"),
        ("<!DOCTYPE a><a/>", "файл, строка 1: есть DOCTYPE"),
        ("<a xmlns='urn:a'/>", "вид сведений {urn:a}a неизвестен; известны: account.action_request, "),
    ],
)
def test_other_files_are_told_too(data: str, words: str) -> None:
    done = run("-", data=data)
    assert done.exit_code == 1
    assert words in done.output


def test_an_envelope_is_named() -> None:
    done = run("-", data=reply.empty(Operation.GET_REQUEST))
    assert done.exit_code == 0
    assert "Конверт: СМЭВ 1.2, GetRequestResponse (ответ СМЭВ: получение запроса из очереди)" in done.output
    assert "Сообщения внутри конверта нет." in done.output
    done = run("-", data=reply.fault(Fault(kind=FaultKind.UNKNOWN, text="Ошибка")))
    assert "СМЭВ неизвестной версии, Fault (ошибка)" in done.output


def test_for_programs_there_is_json() -> None:
    done = run("--json", "-", data=WRONG)
    assert done.exit_code == 1
    assert json.loads(done.output) == {
        "file": "<stdin>",
        "valid": False,
        "envelope": None,
        "messages": [
            {
                "namespace": "urn:socert:portal:account:1.0.0",
                "root": "AccountSnapshotRequest",
                "name": "account.snapshot_request",
                "title": "запрос сверки",
                "direction": "both_ways",
                "messages": ["M17"],
            }
        ],
        "findings": [
            {
                "part": "message",
                "code": "schema_invalid",
                "line": 2,
                "path": "/AccountSnapshotRequest/requestedAt",
                "reason": "ожидается дата и время вида 2026-09-01T09:00:00+03:00",
            }
        ],
    }


def test_json_of_an_envelope_and_of_an_unknown_type() -> None:
    done = run("--json", "-", data=reply.ack_reply())
    assert done.exit_code == 0
    told = json.loads(done.output)
    assert told["envelope"] == {
        "version": "1.2",
        "element": "AckResponse",
        "title": "ответ СМЭВ: подтверждение получения",
    }
    told = json.loads(run("--json", "-", data="<a xmlns='urn:a'/>").output)
    assert told["messages"] == [
        {"namespace": "urn:a", "root": "a", "name": None, "title": None, "direction": None, "messages": []}
    ]
    assert told["findings"][0]["code"] == "unknown_message_type"


def test_a_file_that_is_not_there_is_a_wrong_command(tmp_path: Path) -> None:
    assert run(tmp_path / "nothing.xml").exit_code == 2


def test_a_broken_plugin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MessageTypePluginError("The entry point x = y cannot be loaded: no such thing")

    monkeypatch.setattr(module, "find", broken)
    done = run("-", data=MESSAGE)
    assert done.exit_code == 1
    assert "не загружается. The entry point x = y" in done.output


def test_every_sample_of_the_dictionary_is_good(oracles: Path) -> None:
    found = [place for place in (oracles / "portal" / "samples").glob("*.xml") if "concentrator" not in place.name]
    assert len(found) == 39
    for place in found:
        report = examine(place.read_bytes())
        assert report.valid, (place.name, report.findings)
        assert report.messages[0].known is find(report.messages[0].message_type)
