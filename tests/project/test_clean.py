"""The project's files say nothing of the machine they were written on nor of where packages come from."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# A path that starts at the root of somebody's disk; programs and devices that every Unix has are left alone.
ABSOLUTE = re.compile(r"""(?<![\w.:/$}~<>*\\)\]-])/(?:home|root|Users|work|mnt|srv|tmp/[a-z0-9])[\w/.-]*""")
# Where packages are fetched from is the business of each machine's own settings.
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|--(?:extra-)?index-url|--find-links", re.IGNORECASE
)


SILENCE = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?|type:\s*ignore(?:\[[a-z-, ]+\])?|pragma:\s*no cover)"
    r"(?P<reason>.*)"
)
"""A word that silences a checker, the codes it names, and what is said after them."""


def texts(tracked: list[Path]) -> list[tuple[Path, str]]:
    """Tracked files that are text, with their text."""
    found = []
    for path in tracked:
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((path, data.decode("utf-8", errors="replace")))
    return found


def test_no_file_names_a_package_registry(root: Path, tracked: list[Path]) -> None:
    hits = [
        f"{path.relative_to(root)}: {match.group()}"
        for path, text in texts(tracked)
        if path.name != "test_clean.py"
        for match in REGISTRY.finditer(text)
    ]
    assert hits == []


def test_no_file_names_a_path_of_one_machine(root: Path, tracked: list[Path]) -> None:
    hits = [
        f"{path.relative_to(root)}:{number}: {match.group()}"
        for path, text in texts(tracked)
        if path.name not in {"LICENSE", "test_clean.py"}
        for number, line in enumerate(text.splitlines(), 1)
        for match in ABSOLUTE.finditer(line)
    ]
    assert hits == []


def test_lock_names_a_hash_for_every_package_and_no_address(root: Path) -> None:
    lock = (root / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", lock)[1:]
    assert len(blocks) > 50
    assert [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in lock


def test_lock_holds_what_the_project_asks_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    asked = list(project["project"]["dependencies"])
    asked += [item for group in project["dependency-groups"].values() for item in group if isinstance(item, str)]
    asked += [item for group in project["project"]["optional-dependencies"].values() for item in group]
    names = {re.split(r"[\[><=~!; ]", item)[0].lower() for item in asked}
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (root / "requirements.lock").read_text(), re.MULTILINE))
    assert names - locked == set()


def test_every_word_to_silence_a_checker_gives_a_reason(root: Path, tracked: list[Path]) -> None:
    bare = []
    for path, text in texts(tracked):
        if path.suffix != ".py" or path.name == "test_clean.py":
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines):
            match = SILENCE.search(line)
            above = any(before.strip().startswith("# ") for before in lines[max(0, number - 2) : number])
            if match and not above and len(match["reason"].split()) < 2:
                bare.append(f"{path.relative_to(root)}:{number + 1}")
    assert bare == []
