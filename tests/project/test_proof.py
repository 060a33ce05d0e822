"""What is promised is shown: every mark names a promise, every mutant fits the source."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest
from tests import proof

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def mutants(root: Path) -> ModuleType:
    """The script that breaks rules."""
    spec = importlib.util.spec_from_file_location("socert_mutants", root / "scripts" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def test_a_mark_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("@pytest.mark.seed('free-lunch')\ndef test_it(): pass\n")
    with pytest.raises(proof.UnknownPromiseError, match="free-lunch"):
        proof.shown(tmp_path)


def test_marks_and_checks_of_machines_are_found(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(
        "@pytest.mark.seed('unit')\n@pytest.mark.invariant(3, 4)\nasync def test_it(): pass\n"
        "class Machine:\n    def invariant_18_all_there(self): pass\n"
    )
    sentences, invariants = proof.shown(tmp_path)
    assert [one.name for one in sentences["unit"]] == ["test_it"]
    assert {number: [one.name for one in found] for number, found in invariants.items() if found} == {
        3: ["test_it"],
        4: ["test_it"],
        18: ["invariant_18_all_there"],
    }


def test_every_mutant_fits_the_source(mutants: ModuleType) -> None:
    assert [found for mutant in mutants.mutants() if (found := mutants.misfit(mutant)) is not None] == []


def test_every_sentence_and_every_invariant_is_shown(root: Path) -> None:
    sentences, invariants = proof.shown(root)
    assert [name for name, found in sentences.items() if not found] == []
    assert [number for number, found in invariants.items() if not found] == []


def test_every_invariant_is_broken_once(mutants: ModuleType) -> None:
    assert sorted({mutant.invariant for mutant in mutants.mutants()}) == sorted(proof.INVARIANTS)
