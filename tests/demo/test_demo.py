"""The demonstration as a user runs it: two processes, a real import, and the comparison."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 120


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `socert demo` with ports of its own."""
    command = [sys.executable, "-m", "socert", "demo", "--gateway-port", "0", "--simulator-port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_a_sample_region_agrees() -> None:
    done = run_demo("--once")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Всё совпадает." in done.stdout
    assert "Отклонены ровно те строки, что названы неверными." in done.stdout


@pytest.mark.parametrize("export", ["pfdo", "navigator"])
def test_a_vendors_export_agrees(oracles: Path, export: str) -> None:
    done = run_demo("--once", "--from", str(oracles / "region" / export))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Отклонены ровно те строки, что названы неверными." in done.stdout


@pytest.mark.parametrize(("version", "suite"), [("1.1", "gost256"), ("1.3", "rsa")])
def test_other_versions_and_signatures_agree(version: str, suite: str) -> None:
    done = run_demo("--once", "--certificates", "10", "--exchange-version", version, "--suite", suite)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Всё совпадает." in done.stdout


def test_a_folder_without_an_export_is_explained(tmp_path: Path) -> None:
    done = run_demo("--once", "--from", str(tmp_path))

    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_it_stays_up_until_it_is_stopped() -> None:
    command = [sys.executable, "-u", "-m", "socert", "demo", "--gateway-port", "0", "--simulator-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        page = next(line.split()[-1] for line in lines if line.startswith("Портал"))
        with urllib.request.urlopen(page) as answer:
            assert "Это симулятор" in answer.read().decode()
        # Not SIGINT: whoever runs the tests in the background has it ignored, and so has the demonstration then.
        demo.send_signal(signal.SIGTERM)
        try:
            assert demo.wait(SECONDS) == 0
        finally:
            demo.kill()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(page)
