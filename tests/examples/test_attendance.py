"""The example plug-in: found as it would be when installed, validated by its own schema, answered by the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, distributions
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from socert.contracts.message import MessageType
from socert.contracts.portal import known
from socert.gateway import plugins
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.gateway.errors import PluginError
from socert.gateway.exchange.answering import Look, Received

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMESPACE = "urn:example:region:attendance:1.0.0"
QUESTION = (
    f'<a:AttendanceRequest xmlns:a="{NAMESPACE}"><a:contractId>Д-1</a:contractId><a:month>2026-09</a:month>'
    "</a:AttendanceRequest>"
)
AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that holds the example as an installer would leave it: the package and its entry points."""
    example = _root() / "examples" / "attendance"
    (tmp_path / "attendance").symlink_to(example / "attendance", target_is_directory=True)
    info = tmp_path / "socert_attendance-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: socert-attendance\nVersion: 1.0\n")
    text = (example / "pyproject.toml").read_text(encoding="utf-8")
    points = text.partition('[project.entry-points."socert.message_types"]')[2].partition("[tool.")[0]
    points = points.replace('[project.entry-points."socert.answerers"]', "[socert.answerers]").replace('"', "")
    (info / "entry_points.txt").write_text("[socert.message_types]" + points)
    return tmp_path


@pytest.fixture
def plugged(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example is installed in this process."""
    monkeypatch.syspath_prepend(installed)
    known.known_types.cache_clear()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "attendance"]:
        del sys.modules[name]
    known.known_types.cache_clear()


def _root() -> Path:
    from pathlib import Path

    return Path(__file__).resolve().parents[2]


def test_validate_knows_the_type_and_its_schema(installed: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(QUESTION, encoding="utf-8")
    bad.write_text(QUESTION.replace("2026-09", "сентябрь"), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = [
        subprocess.run(
            [sys.executable, "-m", "socert", "validate", str(file)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for file in (good, bad)
    ]
    assert [one.returncode for one in done] == [0, 1], [one.stdout + one.stderr for one in done]
    assert "attendance.request" in done[0].stdout
    assert "month" in done[1].stdout


@pytest.mark.usefixtures("plugged")
def test_the_gateway_answers_it(tmp_path: Path) -> None:
    with Workshop(Settings(data_dir=tmp_path / "data")) as workshop:
        answerers = {one.message_type: one for one in Gateway(workshop).answerers}
        content = etree.fromstring(QUESTION)
        known.find(MessageType.of(content)).schema().check(content)
        look = answerers[MessageType(namespace=NAMESPACE, root="AttendanceRequest")].take(
            content, Received(message_id="m", reply_to="r", at=AT)
        )
        assert isinstance(look, Look)
        reply = workshop.store.look(look.find)
    answer = etree.fromstring(reply.content.render())
    known.find(MessageType.of(answer)).schema().check(answer)
    assert answer.findtext(f"{{{NAMESPACE}}}refused") == "Такого договора нет."


@pytest.mark.usefixtures("plugged")
def test_what_is_read_is_what_was_written() -> None:
    found = known.find(MessageType(namespace=NAMESPACE, root="AttendanceRequest"))
    assert found.read(etree.fromstring(QUESTION)).render("a") == QUESTION


def test_a_type_is_answered_once(tmp_path: Path) -> None:
    class Twice:
        def __init__(self, message_type: MessageType) -> None:
            self.message_type = message_type

        def take(self, content: etree._Element, received: Received) -> Look:
            raise AssertionError

    point = EntryPoint(name="twice", value="nowhere:twice", group=plugins.GROUP)
    with Workshop(Settings(data_dir=tmp_path / "data")) as workshop:
        own = Gateway(workshop).answerers
        made: Any = lambda _services: (Twice(own[0].message_type),)  # noqa: E731  a plug-in's function

        class Point:
            name, value = point.name, point.value

            def load(self) -> Any:
                return made

        with pytest.raises(PluginError, match=r"nowhere:twice.*uninstall"):
            plugins.load([Point()], workshop.services, own)  # type: ignore[list-item]  # stands for an entry point


def test_a_plug_in_that_is_not_there_is_named(tmp_path: Path) -> None:
    point = EntryPoint(name="lost", value="no_such_module_anywhere:answerers", group=plugins.GROUP)
    with Workshop(Settings(data_dir=tmp_path / "data")) as workshop, pytest.raises(PluginError, match="lost"):
        plugins.load([point], workshop.services, ())


def test_nothing_is_plugged_in_here() -> None:
    assert not [one for one in distributions() if one.metadata["Name"] == "socert-attendance"]
