"""Key files on disk: test keys made when there are none, and signers loaded from them.

A private key is written with mode 0600 and refused when others may read it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.host.errors import KeyFileError
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

log = get_logger("keys")

_GOST = frozenset({Suite.GOST_2012_256, Suite.GOST_2012_512})


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFiles:
    """Where a private key (PEM, PKCS#8) and its certificate (PEM) lie."""

    key: Path
    certificate: Path


def key_files(folder: Path, name: str) -> KeyFiles:
    """Return the places of the pair called `name` in a folder of keys, whether they exist or not."""
    return KeyFiles(key=folder / f"{name}.key", certificate=folder / f"{name}.crt")


def ensure_key(
    folder: Path,
    name: str,
    *,
    common_name: str,
    organisation: str,
    clock: Callable[[], datetime],
    suite: Suite = Suite.ECDSA_P256,
) -> KeyFiles:
    """Return the pair called `name`; where there is none, make a test key and certificate and say so in the log.

    A pair that is there is taken as it is, of whatever suite. The subject of a GOST certificate has the numbers that
    real ones have, and these are nobody's.
    """
    files = key_files(folder, name)
    if files.key.exists() and files.certificate.exists():
        return files
    return make_key(
        files,
        common_name=common_name,
        organisation=organisation,
        clock=clock,
        suite=suite,
        requisites=testkeys.MADE_UP if suite in _GOST else None,
    )


def make_key(
    files: KeyFiles,
    *,
    common_name: str,
    organisation: str,
    clock: Callable[[], datetime],
    suite: Suite,
    requisites: testkeys.Requisites | None = None,
    days: int = testkeys.DAYS,
) -> KeyFiles:
    """Make a test key and its certificate, write both in place of whatever is there, and say so in the log."""
    made = testkeys.make(
        common_name, organisation=organisation, now=clock(), days=days, suite=suite, requisites=requisites
    )
    files.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(files.key, made.key_pem, 0o600)
    _write(files.certificate, made.certificate_pem, 0o644)
    log.info("test key made", key=str(files.key), certificate=str(files.certificate), mode="0600", suite=suite.title)
    return files


def load_signer(files: KeyFiles, password: bytes | None = None) -> KeySigner:
    """Return an in-process signer for a pair of files; `KeyFileError` when one is missing or open to others.

    `ValueError` when they are no pair, or the password is wrong; `SuiteUnavailable` when they are of GOST and no
    library on this machine knows GOST.
    """
    for place in (files.key, files.certificate):
        if not place.exists():
            raise KeyFileError(f"There is no file {place}: give its path in the settings, or make a test key.")
    mode = files.key.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyFileError(f"The key {files.key} is open to others (mode {mode:04o}): run chmod 600 on it.")
    return KeySigner.from_files(files.key.read_bytes(), files.certificate.read_bytes(), password)


def _write(place: Path, data: bytes, mode: int) -> None:
    """Write a whole file under another name and move it into place, so that nobody ever reads half a key."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(place)
