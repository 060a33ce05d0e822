"""`socert transform` and `socert verify`, as a person types them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from socert.cli import main
from socert.contracts.signature import gost_suites, xmldsig
from socert.contracts.signature.gost_library import Search
from socert.contracts.signature.suites import SIGNING, Suite
from socert.host.clock import system_clock
from socert.host.keys import KeyFiles, ensure_key, load_signer

if TYPE_CHECKING:
    from pathlib import Path

DATA = '<ns1:Data xmlns:ns1="urn:t" Id="ONE">Иванова</ns1:Data>'


def run(*words: object, data: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=data)


# --- transform --------------------------------------------------------------------------------------------------------


def test_the_canonical_text_is_printed_byte_for_byte(tmp_path: Path) -> None:
    place = tmp_path / "a.xml"
    place.write_bytes('<?xml version="1.0"?>\n<!-- x --><a xmlns="urn:a" b="1"  >\r\n <c/>\tЁ&#13;</a>\n'.encode())
    expected = '<ns1:a xmlns:ns1="urn:a" b="1"><ns1:c></ns1:c>\tЁ&#xd;</ns1:a>'.encode()
    done = run("transform", place)
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes == expected
    assert run("transform", "-", data=place.read_bytes()).stdout_bytes == expected
    assert run("transform", "--raw", "-", data=expected).stdout_bytes == expected


def test_raw_does_without_canonical_form() -> None:
    """A comment inside text parts it in two; canonical form drops it before the transform can see it."""
    data = b'<a xmlns="urn:a">b<!-- c --> </a>'
    assert run("transform", "-", data=data).stdout_bytes == b'<ns1:a xmlns:ns1="urn:a">b </ns1:a>'
    assert run("transform", "--raw", "-", data=data).stdout_bytes == b'<ns1:a xmlns:ns1="urn:a">b</ns1:a>'


@pytest.mark.parametrize("options", [(), ("--raw",)])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<a", "not well-formed"),
        (b"<a/>", "no namespace"),
        (b"<!DOCTYPE a><a xmlns='urn:a'/>", "DOCTYPE"),
        (b'<a xmlns="urn:a" xml:lang="ru"/>', "xml:lang"),
    ],
)
def test_what_has_no_canonical_text_is_told(options: tuple[str, ...], data: bytes, reason: str) -> None:
    done = run("transform", *options, "-", data=data)
    assert done.exit_code == 1
    assert done.stdout_bytes == b""
    assert reason in done.stderr


def test_official_vectors(oracles: Path) -> None:
    places = sorted((oracles / "smev3" / "transform-vectors" / "official").glob("*.in.xml"))
    assert len(places) == 6
    for place in places:
        expected = place.with_name(place.name.replace(".in.", ".expected.")).read_bytes()
        assert run("transform", "--raw", place).stdout_bytes == expected, place.name


# --- verify -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signed message in a file, and the pair that signed it."""

    place: Path
    files: KeyFiles


def sign(folder: Path, suite: Suite, name: str = "region") -> Signed:
    files = ensure_key(folder, name, common_name="Шлюз", organisation="Регион", clock=system_clock, suite=suite)
    signature = xmldsig.sign(DATA.encode(), reference="ONE", signer=load_signer(files))
    place = folder / f"{name}.xml"
    place.write_text(f'<e xmlns="urn:e">\n{DATA}\n<Caller>{signature}</Caller></e>', encoding="utf-8")
    return Signed(place=place, files=files)


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return sign(tmp_path, Suite.ECDSA_P256)


@pytest.mark.usefixtures("gost")
@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_message_of_each_suite_holds(tmp_path: Path, suite: Suite) -> None:
    signed = sign(tmp_path, suite)
    done = run("verify", signed.place, "--no-trust")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("line 3: Caller signs Data (#ONE)\n")
    for line in (f"suite: {suite.title}", "certificate: Шлюз, Регион", "digest: ok", "signature: ok"):
        assert f"  {line}\n" in done.stdout
    assert "trust" not in done.stdout
    assert done.stdout.endswith("\n\nit holds\n")
    done = run("verify", signed.place, "--trusted", signed.files.certificate)
    assert done.exit_code == 0, done.output
    assert "  trust: ok\n" in done.stdout


def test_nobody_is_trusted_unasked(tmp_path: Path, signed: Signed) -> None:
    other = sign(tmp_path, Suite.ECDSA_P256, "other")
    for options, reason in (
        ((), "nobody is trusted: name certificates with --trusted"),
        (("--trusted", other.files.certificate), "the certificate is none of those trusted"),
    ):
        done = run("verify", signed.place, *options)
        assert done.exit_code == 1
        assert f"  trust: {reason}" in done.stdout
        assert "  signature: ok\n" in done.stdout
        assert done.stdout.endswith("\n0 of 1 hold\n")
    both = ("--trusted", other.files.certificate, "--trusted", signed.files.certificate)
    assert run("verify", signed.place, *both).exit_code == 0


def test_changed_content_does_not_hold(signed: Signed) -> None:
    text = signed.place.read_text(encoding="utf-8").replace("Иванова", "Петрова")
    done = run("verify", "-", "--no-trust", data=text.encode())
    assert done.exit_code == 1
    assert "  digest: WRONG: the content is not what was signed\n  signature: ok\n" in done.stdout
    assert "Петрова" not in done.output


def test_a_changed_value_does_not_hold(signed: Signed) -> None:
    head, mark, rest = signed.place.read_text(encoding="utf-8").partition("<ds:SignatureValue>")
    done = run("verify", "-", "--no-trust", data=f"{head}{mark}AAAA{rest[4:]}".encode())
    assert done.exit_code == 1
    assert "  digest: ok\n  signature: WRONG" in done.stdout


def test_a_repair_is_named(signed: Signed) -> None:
    text = signed.place.read_text(encoding="utf-8").replace("<ds:Reference", "\n  <ds:Reference")
    done = run("verify", "-", "--no-trust", data=text.encode())
    assert done.exit_code == 0, done.output
    assert "  signature: ok, after removing whitespace in SignedInfo\n" in done.stdout


def test_a_signature_of_nothing_is_explained(signed: Signed) -> None:
    text = signed.place.read_text(encoding="utf-8").replace('URI="#ONE"', 'URI="#TWO"')
    for options in ((), ("--no-trust",)):
        done = run("verify", "-", *options, data=text.encode())
        assert done.exit_code == 1
        assert "Caller signs nothing that is there (#TWO)\n  does not hold: there is not exactly one" in done.stdout


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"<a/>", "there is no signature in it"), (b"nothing", "not well-formed"), (b"<!DOCTYPE a><a/>", "DOCTYPE")],
)
def test_what_is_no_signed_message_is_told(data: bytes, reason: str) -> None:
    done = run("verify", "-", data=data)
    assert done.exit_code == 1
    assert reason in done.stderr


def test_without_a_library_it_is_said_what_to_install(
    tmp_path: Path, gost: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gost
    signed = sign(tmp_path, Suite.GOST_2012_256)
    monkeypatch.setattr(gost_suites, "library", Search(()))
    done = run("verify", signed.place, "--no-trust")
    assert done.exit_code == 1
    assert "apt-get install libengine-gost-openssl" in done.stderr
    assert "WRONG" not in done.output


@pytest.mark.usefixtures("gost")
@pytest.mark.parametrize(("name", "count"), [("MC1.xml", 1), ("MC3.xml", 2), ("MC9.xml", 1)])
def test_real_messages_hold(oracles: Path, name: str, count: int) -> None:
    done = run("verify", oracles / "smev3" / "signed" / name, "--no-trust")
    assert done.exit_code == 0, done.output
    assert "SMEVSignature signs Response (#SIGNED_BY_SMEV)" in done.stdout
    assert done.stdout.count("  signature: ok, after removing whitespace in SignedInfo\n") == count
    assert done.stdout.endswith("\nit holds\n" if count == 1 else f"\nall {count} hold\n")
