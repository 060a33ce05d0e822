"""`socert keys`, as a person types it."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

from socert.cli import main
from socert.contracts.signature import gost_suites, private_keys
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.contracts.signature.gost_library import Search
from socert.contracts.signature.suites import SIGNING
from socert.host.keys import key_files, load_signer

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["keys", *map(str, words)])


@pytest.mark.usefixtures("gost")
@pytest.mark.parametrize("suite", SIGNING)
def test_a_made_pair_signs_and_is_shown(tmp_path: Path, suite: str) -> None:
    done = run("make", "region", "--suite", suite, "--folder", tmp_path / "keys", "--days", 10)
    assert done.exit_code == 0, done.output
    files = key_files(tmp_path / "keys", "region")
    assert done.stdout == f"{files.key} (mode 0600)\n{files.certificate}\n"
    assert load_signer(files).suite is SIGNING[suite]
    shown = run("show", files.certificate)
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[:8] == [
        "subject",
        "  INN of the organisation: 0000000000",
        "  OGRN: 1000000000000",
        "  INN: 000000000000",
        "  SNILS: 00000000000",
        "  country: RU",
        "  common name: region",
        "  organisation: Test",
    ]
    assert "issuer: the same" in lines
    assert "may: sign messages" in lines
    kinds = {
        "ecdsa": "ECDSA, curve secp256r1",
        "gost256": "GOST R 34.10-2012, 256 bits, curve CryptoPro-XchA",
        "gost512": "GOST R 34.10-2012, 512 bits, curve TC26-512-A",
        "rsa": "RSA, 3072 bits",
    }
    assert f"key: {kinds[suite]}" in lines
    der = load_certificate(files.certificate.read_bytes()).public_bytes(Encoding.DER)
    assert f"fingerprint: {fingerprint(der)} (SHA-256)" in lines
    assert any(line.startswith("valid: ") and line.endswith(" UTC, 9 days left") for line in lines)


def test_names_and_numbers_are_taken(tmp_path: Path) -> None:
    options = ("--common-name", "Шлюз", "--organisation", "Регион", "--ogrn", "1027700000001", "--inn-le", "7700000001")
    assert run("make", "region", "--folder", tmp_path, *options).exit_code == 0
    shown = run("show", tmp_path / "region.crt").stdout
    for line in ("common name: Шлюз", "organisation: Регион", "OGRN: 1027700000001"):
        assert f"  {line}\n" in shown
    assert "INN of the organisation: 7700000001" in shown


def test_a_certificate_may_be_der(tmp_path: Path) -> None:
    assert run("make", "region", "--folder", tmp_path).exit_code == 0
    pem = tmp_path / "region.crt"
    der = tmp_path / "region.der"
    der.write_bytes(load_certificate(pem.read_bytes()).public_bytes(Encoding.DER))
    assert run("show", der).stdout == run("show", pem).stdout


def test_nothing_is_replaced(tmp_path: Path) -> None:
    assert run("make", "region", "--folder", tmp_path).exit_code == 0
    before = (tmp_path / "region.key").read_bytes()
    done = run("make", "region", "--folder", tmp_path, "--suite", "rsa")
    assert done.exit_code == 1
    assert "region.key is there already" in done.stderr
    assert (tmp_path / "region.key").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("../region",), "a name without folders"),
        (("region", "--ogrn", "1"), "OGRN must be 13 digits"),
        (("region", "--common-name", "x" * 65), "1 to 64 characters"),
        (("region", "--suite", "gost2001"), "gost2001"),
        (("region", "--days", "0"), "days"),
    ],
)
def test_what_cannot_be_made_is_told(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    done = run("make", *words, "--folder", tmp_path / "keys")
    assert done.exit_code in {1, 2}
    assert reason in done.stderr
    assert not (tmp_path / "keys").exists()
    assert not (tmp_path / "region.key").exists()


def test_without_a_library_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gost_suites, private_keys):
        monkeypatch.setattr(module, "library", Search(()))
    done = run("make", "region", "--suite", "gost256", "--folder", tmp_path)
    assert done.exit_code == 1
    assert "apt-get install libengine-gost-openssl" in done.stderr
    assert run("make", "region", "--folder", tmp_path).exit_code == 0


def test_what_is_no_certificate_is_told(tmp_path: Path) -> None:
    place = tmp_path / "region.crt"
    place.write_text("nothing")
    done = run("show", place)
    assert done.exit_code == 1
    assert "no X.509 certificate" in done.stderr


def test_a_real_certificate_is_shown_without_complaint(oracles: Path, tmp_path: Path) -> None:
    """Its common name is longer than the standard allows, as names of ministries are."""
    message = (oracles / "smev3" / "signed" / "MC3.xml").read_text(encoding="utf-8")
    text = message.partition("<ds:X509Certificate>")[2].partition("</ds:X509Certificate>")[0]
    place = tmp_path / "real.crt"
    place.write_bytes(private_keys.pem("CERTIFICATE", b64decode(text)))
    done = run("show", place)
    assert done.exit_code == 0, done.output
    assert "  OGRN: 1047702026701\n" in done.stdout
    assert "key: GOST R 34.10-2012, 256 bits, curve CryptoPro-XchA\n" in done.stdout
    assert "may: sign messages, commit to content, encrypt keys, encrypt data, agree on keys\n" in done.stdout
