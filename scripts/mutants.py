"""Breaks each invariant's rule once, in a copy of the source, and shows that the test named for it turns red.

Run by `make mutants`; `make mutants ARGS="8 12"` for some of them. The list is tests/mutants.toml: a file of the
source, a text that stands in it exactly once, what to put in its place, and the test that must fail then. The same test
must pass on the untouched source, or its failing would prove nothing.
Exit code 1 when a mutant survives, or when an entry does not fit the source any more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "mutants.toml"
SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One broken rule: which invariant, where, what becomes of the text there, and the test that notices."""

    invariant: int
    file: str
    text: str
    becomes: str
    test: str


def mutants() -> list[Mutant]:
    """Return the list, in its order."""
    return [Mutant(**entry) for entry in tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]]


def misfit(mutant: Mutant) -> str | None:
    """Say why an entry does not fit the source, None when it does."""
    place = ROOT / "src" / mutant.file
    if not place.is_file():
        return f"there is no src/{mutant.file}"
    count = place.read_text(encoding="utf-8").count(mutant.text)
    if count != 1:
        return f"src/{mutant.file} has the text {count} times: {mutant.text}"
    return None


def run(test: str, source: Path) -> int:
    """Run one test on a copy of the source; return pytest's exit code (0 passed, 1 failed)."""
    environment = {**os.environ, "PYTHONPATH": str(source), "HYPOTHESIS_STORAGE_DIRECTORY": str(source / "hypothesis")}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", test]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:], done.stderr[-2000:])
    return done.returncode


def main(numbers: list[int]) -> int:
    """Try every mutant, or those of these invariants; return how many survived or could not be tried."""
    survived = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        passed: dict[str, bool] = {}
        for mutant in mutants():
            if numbers and mutant.invariant not in numbers:
                continue
            name = f"invariant {mutant.invariant}: {mutant.file}, {mutant.test.rpartition('::')[2]}"
            if (why := misfit(mutant)) is not None:
                verdict = f"DOES NOT FIT: {why}"
            elif not passed.setdefault(mutant.test, run(mutant.test, source) == 0):
                verdict = "THE TEST FAILS WITHOUT IT"
            else:
                place = source / mutant.file
                whole = place.read_text(encoding="utf-8")
                place.write_text(whole.replace(mutant.text, mutant.becomes), encoding="utf-8")
                verdict = "killed" if run(mutant.test, source) == 1 else "SURVIVED"
                place.write_text(whole, encoding="utf-8")
            survived += verdict != "killed"
            print(f"{verdict}  {name}", flush=True)
    return survived


if __name__ == "__main__":
    sys.exit(bool(main([int(argument) for argument in sys.argv[1:]])))
