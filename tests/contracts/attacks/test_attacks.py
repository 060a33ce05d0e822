"""Every attack on every kind of message in every suite: refused by the right word, or nothing comes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
from tests.contracts.attacks import bombs, keys, parts, references, texts, wrapping
from tests.contracts.attacks.signing import make_message
from tests.contracts.attacks.table import ATTACKS, Attack, Harmless

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

MODULES: Final = (bombs, keys, parts, references, texts, wrapping)
SUITES: Final = (Suite.ECDSA_P256, Suite.RSA_SHA256, Suite.GOST_2012_256, Suite.GOST_2012_512)
ENVELOPE: Final = {"root", "signature", "exchange_signature"}
"""Fields that show what stands around the signed element; no content is read from them."""
LONGEST: Final = 3.0
"""Seconds that any attack may take, on a machine that does other things too."""


def cases() -> list[ParameterSet]:
    """Each attack on both kinds of messages; in every suite those on keys, values and methods."""
    found: list[ParameterSet] = []
    for one in ATTACKS:
        every = one.change.__module__ in (keys.__name__, references.__name__)
        for suite in SUITES if every else (Suite.ECDSA_P256, Suite.GOST_2012_256):
            found += [pytest.param(one, kind, suite, id=f"{one}-{kind}-{suite.name}") for kind in ("call", "delivery")]
    return found


@pytest.mark.parametrize("kind", ["call", "delivery"])
@pytest.mark.parametrize("suite", SUITES)
def test_the_true_message_holds(kind: str, suite: Suite) -> None:
    message = make_message(kind, suite)
    opened = message.open()
    assert opened.verified.certificate == message.signer.certificate
    assert opened.verified.suite is suite
    assert b"1000000" in opened.verified.canonical


@pytest.mark.parametrize(("attack", "kind", "suite"), cases())
def test_an_attack_fails(attack: Attack, kind: str, suite: Suite) -> None:
    message = make_message(kind, suite)
    changed = attack.change(message)
    started = time.perf_counter()
    match attack.outcome:
        case SignatureFault():
            with pytest.raises(SignatureInvalid) as caught:
                changed.open()
            assert caught.value.reason is attack.outcome
        case Harmless.SAME:
            opened, true = changed.open(), message.open()
            assert opened.verified.certificate == true.verified.certificate
            assert opened.verified.canonical == true.verified.canonical
            assert without_envelope(opened.fields) == without_envelope(true.fields)
        case Harmless.STRANGER:
            assert changed.open().verified.certificate == changed.stranger.certificate != message.signer.certificate
        case error:
            with pytest.raises(error):
                changed.open()
    assert time.perf_counter() - started < LONGEST


def without_envelope(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in ENVELOPE}


def test_every_attack_changes_something() -> None:
    """An attack that leaves the message as it is shows nothing; one is for a single suite."""
    message = make_message("call", Suite.ECDSA_P256)
    assert [
        one for one in ATTACKS if (changed := one.change(message)) == message and changed.data == message.data
    ] == []


def test_the_table_is_as_long_as_it_was() -> None:
    """A module that is imported no more would take its attacks with it."""
    assert {one.change.__module__ for one in ATTACKS} == {module.__name__ for module in MODULES}
    assert len({str(one) for one in ATTACKS}) == len(ATTACKS) >= 230
