"""What a region installs is whole: the wheel carries every file the code reads at run time."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from configparser import ConfigParser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built by the locked hatchling and opened."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (built,) = place.glob("*.whl")
    return zipfile.ZipFile(built)


def test_wheel_holds_every_tracked_file_of_the_package(wheel: zipfile.ZipFile, root: Path, tracked: list[Path]) -> None:
    source = root / "src"
    wanted = {path.relative_to(source).as_posix() for path in tracked if path.is_relative_to(source)}
    assert wanted
    assert wanted - set(wheel.namelist()) == set()


@pytest.mark.parametrize("suffix", [".xsd", ".wsdl", ".toml", ".html", ".typed"])
def test_wheel_holds_files_of_each_kind_that_is_no_code(wheel: zipfile.ZipFile, suffix: str) -> None:
    assert any(name.endswith(suffix) for name in wheel.namelist())


def test_wheel_holds_the_licence(wheel: zipfile.ZipFile) -> None:
    (place,) = (name for name in wheel.namelist() if name.endswith("licenses/LICENSE"))
    assert b"Apache License" in wheel.read(place)


def test_every_entry_point_of_the_wheel_leads_to_a_file_in_it(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    parser = ConfigParser()
    (place,) = (name for name in names if name.endswith("entry_points.txt"))
    parser.read_string(wheel.read(place).decode())
    targets = [value.split(":")[0] for section in parser.sections() for value in parser[section].values()]
    assert targets
    for target in targets:
        module = target.replace(".", "/")
        assert f"{module}.py" in names or f"{module}/__init__.py" in names, target
