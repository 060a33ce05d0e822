"""The house stays as it was drawn: the rooms, who may import whom, and who may read the clock."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROOMS = {"contracts", "host", "gateway", "adapters", "simulator", "sample", "demo", "conformance"}


def test_rooms_are_the_ones_that_were_drawn(root: Path) -> None:
    here = {path.parent.name for path in (root / "src" / "socert").glob("*/__init__.py")}
    assert here == ROOMS


def test_nobody_imports_what_is_not_theirs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(root / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_room_is_closed_to_all_others_unless_its_contract_opens_it(root: Path) -> None:
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    closed = {
        room
        for contract in linter["contracts"]
        for room in contract["source_modules"]
        if contract["type"] == "forbidden" and "socert.*" in contract["forbidden_modules"]
    }
    assert {f"socert.{room}" for room in ROOMS} - closed == set()


# The rules take time and ids from outside; only these read the machine's.
MACHINE = {"host/clock.py"}
NOW = re.compile(r"\bdatetime\.(?:now|utcnow|today)\(|\bdate\.today\(|\btime\.time\(|\buuid\.uuid1\(")


def test_only_the_machine_room_reads_the_clock(root: Path) -> None:
    source = root / "src" / "socert"
    hits = [
        f"{path.relative_to(source)}:{number}"
        for path in source.rglob("*.py")
        if path.relative_to(source).as_posix() not in MACHINE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NOW.search(line.split("#")[0])
    ]
    assert hits == []


def test_modules_stay_small(root: Path) -> None:
    long = {
        str(path.relative_to(root)): lines
        for path in (root / "src").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_functions_read_from_top_to_bottom(root: Path) -> None:
    long = {
        f"{path.relative_to(root)}:{node.lineno} {node.name}": lines
        for path in (root / "src").rglob("*.py")
        if "migrations" not in path.parts  # a migration lists whole tables, once, and is never read again
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert long == {}
