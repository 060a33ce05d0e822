"""`socert simulate` as a process of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

from click.testing import CliRunner

from socert.simulator import cli

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from socert.simulator.settings import Settings


def test_it_starts_says_where_it_is_and_stops_when_told(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    command = [sys.executable, "-m", "socert", "simulate", "--port", "0", "--keys", str(keys)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        found = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert found is not None
        with urllib.request.urlopen(f"{found[0]}/_sim/health") as response:
            assert json.load(response)["status"] == "ready"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert (keys / "exchange.key").stat().st_mode & 0o777 == 0o600


def test_wrong_files_are_told_without_a_traceback(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text("{", "utf-8")

    command = [sys.executable, "-m", "socert", "simulate", "--keys", str(tmp_path / "keys"), "--people", str(people)]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert "The file of people" in result.stderr
    assert "Traceback" not in result.stderr


def test_options_of_the_region_reach_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Settings] = []

    async def run(settings: Settings) -> None:
        started.append(settings)

    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.setenv("SOCERT_REGION_TOKEN", "secret")
    options = ["--region-url", "http://127.0.0.1:9", "--consent-version", "2027-01"]
    result = CliRunner().invoke(cli.simulate, options)

    assert result.exit_code == 0
    (settings,) = started
    assert (settings.region_url, settings.consent_version) == ("http://127.0.0.1:9", "2027-01")
    assert settings.region_token == "secret"
    assert "secret" not in repr(settings)
