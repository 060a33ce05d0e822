"""Key files: made when absent, kept when there, and refused when others may read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import SIGNING, Suite
from socert.host.errors import KeyFileError
from socert.host.keys import KeyFiles, ensure_key, key_files, load_signer

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("gost")


def ensure(folder: Path, suite: Suite = Suite.ECDSA_P256) -> KeyFiles:
    return ensure_key(folder, "region", common_name="Region", organisation="Test", clock=lambda: NOW, suite=suite)


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_pair_is_made_once_and_signs(tmp_path: Path, suite: Suite) -> None:
    files = ensure(tmp_path / "keys", suite)
    assert files == key_files(tmp_path / "keys", "region")
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["region.crt", "region.key"]
    before = files.key.read_bytes(), files.certificate.read_bytes()
    assert ensure(tmp_path / "keys", Suite.RSA_SHA256) == files
    assert (files.key.read_bytes(), files.certificate.read_bytes()) == before
    signer = load_signer(files)
    assert signer.suite is suite
    assert suite.verify(signer.certificate, b"data", signer.sign(b"data"))


def test_ecdsa_is_made_where_nothing_else_is_asked_for(tmp_path: Path) -> None:
    files = ensure_key(tmp_path, "a", common_name="A", organisation="Test", clock=lambda: NOW)
    assert load_signer(files).suite is Suite.ECDSA_P256
    assert load_certificate(files.certificate.read_bytes()).subject.rfc4514_string() == "O=Test,CN=A"


def test_gost_certificates_have_the_numbers_of_real_ones(tmp_path: Path) -> None:
    subject = load_certificate(ensure(tmp_path, Suite.GOST_2012_256).certificate.read_bytes()).subject
    assert {attribute.oid.dotted_string for attribute in subject} >= {
        "1.2.643.100.1",
        "1.2.643.100.3",
        "1.2.643.100.4",
        "1.2.643.3.131.1.1",
    }


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    files = ensure(tmp_path)
    files.key.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"mode 0640.*chmod 600"):
        load_signer(files)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    files = ensure(tmp_path)
    files.certificate.unlink()
    with pytest.raises(KeyFileError, match=r"region\.crt"):
        load_signer(files)
