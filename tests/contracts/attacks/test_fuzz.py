"""The fuzzer finds what is planted, and nothing else: a short run by a fixed seed. The long one is `make fuzz`."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[3] / "scripts" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzzer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzzer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["fuzzer"] = importlib.util.module_from_spec(spec)  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def corpus(fuzzer: ModuleType) -> Any:
    return fuzzer.Corpus.make()


@pytest.fixture(autouse=True)
def kept(fuzzer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where failing inputs go."""
    monkeypatch.setattr(fuzzer, "KEPT", tmp_path)
    return tmp_path


def test_its_messages_are_true(fuzzer: ModuleType, corpus: Any) -> None:
    assert len(corpus.messages) >= 50
    assert len(corpus.signed) >= 15
    silent = [data for data, said in corpus.messages if not list(fuzzer.verified_in(data, said))]
    assert len(silent) == 12, "an empty queue and a fault in each version, each in parts too"


@pytest.mark.parametrize("target", ["parse", "parts", "call", "reply", "verify", "transform", "skeleton"])
def test_nothing_is_found(fuzzer: ModuleType, corpus: Any, target: str) -> None:
    assert target in fuzzer.TARGETS
    fuzzer.fuzz(corpus, target, examples=120, number=1)


def test_every_target_is_run_here(fuzzer: ModuleType) -> None:
    assert len(fuzzer.TARGETS) == 7


def test_a_failure_is_found_and_kept(
    fuzzer: ModuleType, corpus: Any, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_: Any, data: bytes, __: str) -> None:
        if b"<?x?>" in data:
            raise ValueError("planted")

    monkeypatch.setitem(fuzzer.TARGETS, "parse", careless)
    with pytest.raises(ValueError, match="planted"):
        fuzzer.fuzz(corpus, "parse", examples=300, number=1)
    assert all(b"<?x?>" in file.read_bytes() for file in kept.iterdir())
    assert list(kept.iterdir())


def test_a_forgery_would_be_found(fuzzer: ModuleType, corpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the value of a signature is not looked at, the fuzzer tells at once."""
    monkeypatch.setattr(Suite, "verify", lambda *_: True)
    monkeypatch.setattr("socert.contracts.signature.xmldsig.Claim.digest_holds", lambda *_: True)
    data = corpus.messages[0][0].replace(b"1000000", b"9999999")
    assert call.verify(call.open_call(data), fuzzer.EVERY)
    with pytest.raises(AssertionError, match="nobody has signed"):
        fuzzer.tried(corpus, "verify", data, "text/xml")


def test_big_messages_are_read_soon(fuzzer: ModuleType, corpus: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Each shape at a megabyte; a long text, which costs least, at ten. All of them at ten: `scripts/fuzz.py --big`."""
    assert fuzzer.big(corpus, 1_000_000)
    _, data = next(fuzzer.shapes(corpus, 9_900_000))
    assert len(data) > 9_800_000
    started = time.perf_counter()
    call.verify(call.open_call(data), fuzzer.EVERY)
    assert time.perf_counter() - started < 5
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 11
    assert [line for line in said if not line.endswith("holds")] == []
