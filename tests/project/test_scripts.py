"""The scripts that set the project up parse, are executable where they must be, and say what is wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["scripts/install.sh", "scripts/system.sh"])
def test_script_parses_in_a_plain_shell(root: Path, name: str) -> None:
    subprocess.run(["sh", "-n", name], cwd=root, check=True)


def test_ci_runs_without_being_asked_how(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)
    subprocess.run(["bash", "-n", ".ci/run"], cwd=root, check=True)


@pytest.fixture
def bare(tmp_path: Path, root: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the set-up scripts and a machine that has a shell and little else."""
    shutil.copytree(root / "scripts", tmp_path / "scripts")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "id", "cat"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return tmp_path, {"PATH": str(programs)}


def test_install_says_which_python_it_wants(bare: tuple[Path, dict[str, str]]) -> None:
    place, machine = bare
    done = subprocess.run(
        ["sh", "scripts/install.sh"], cwd=place, env=machine, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no Python 3.11 or newer was found" in done.stderr
    assert not (place / ".venv").exists()


def test_install_refuses_a_python_that_is_too_old(bare: tuple[Path, dict[str, str]]) -> None:
    place, machine = bare
    old = place / "programs" / "python3.6"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["sh", "scripts/install.sh"],
        cwd=place,
        env=machine | {"PYTHON": "python3.6"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "PYTHON=python3.6 is not a Python 3.11 or newer" in done.stderr


def test_system_without_a_package_manager_says_so_in_one_line_and_goes_on(bare: tuple[Path, dict[str, str]]) -> None:
    place, machine = bare
    done = subprocess.run(
        ["sh", "scripts/system.sh"], cwd=place, env=machine, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    chromium, *rest = done.stdout.splitlines()
    assert "install by hand: chromium" in chromium
    # The engine may be on this machine or not; its folder cannot be hidden as programs can.
    assert rest in ([], ["system: there is no apt-get here, so install by hand: libengine-gost-openssl"])


def test_system_does_nothing_where_a_browser_is_named(bare: tuple[Path, dict[str, str]]) -> None:
    place, machine = bare
    browser = place / "programs" / "sh"
    done = subprocess.run(
        ["sh", "scripts/system.sh"],
        cwd=place,
        env=machine | {"SOCERT_CHROMIUM": str(browser)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "chromium" not in done.stdout
