"""`socert conformance`: what it prints, writes and returns."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from lxml import html
from rich.console import Console
from tests.conformance import samples as s

from socert.conformance import report
from socert.conformance.checking import check_messages
from socert.conformance.cli import conformance
from socert.conformance.session import read_file
from socert.conformance.table import MESSAGE_RULES, requirements

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object) -> tuple[int, str]:
    """Run the command; the exit code and all that it printed."""
    done = CliRunner().invoke(conformance, [str(argument) for argument in arguments])
    return done.exit_code, done.output


@pytest.fixture
def right(tmp_path: Path) -> Path:
    place = tmp_path / "right.xml"
    place.write_bytes(s.send())
    return place


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    place = tmp_path / "wrong.xml"
    place.write_bytes(s.change(s.send(), s.ID, s.ID.upper()))
    return place


def test_a_right_message_ends_with_0_and_a_line_a_requirement(right: Path) -> None:
    code, printed = run(right)
    assert code == 0
    assert re.search(r"^OK  SMEV-MID-001", printed, re.MULTILINE)
    assert re.search(r"^--  SMEV-HTTP-004", printed, re.MULTILINE)
    assert "0 KO that must hold" in printed


def test_a_wrong_message_ends_with_1_and_says_where_and_why(wrong: Path) -> None:
    code, printed = run(wrong)
    assert code == 1
    assert re.search(r"^KO  SMEV-MID-001", printed, re.MULTILINE)
    assert "wrong.xml, line 1, SendRequestRequest/SenderProvidedRequestData/MessageID: " in printed


def test_what_only_should_hold_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_bytes(s.change(s.send(), "<soap:Header></soap:Header>", ""))
    code, printed = run(tmp_path / "m.xml")
    assert code == 0
    assert re.search(r"^KO  SMEV-ENV-010", printed, re.MULTILINE)


def test_a_folder_is_a_session(tmp_path: Path) -> None:
    (tmp_path / "1.request.xml").write_bytes(s.poll())
    (tmp_path / "1.response.xml").write_bytes(s.delivered_answer())
    code, printed = run(tmp_path)
    assert code == 1
    assert re.search(r"^KO  SMEV-SES-001.*\n +1\.response\.xml, line 1", printed, re.MULTILINE)


def test_nothing_of_what_a_message_says_is_printed_or_written(tmp_path: Path, wrong: Path) -> None:
    data = wrong.read_bytes()
    broken = [data, s.change(data, "Secret Person", "<Person/>Secret Person"), data[: len(data) // 2], b"Secret Person"]
    for number, each in enumerate(broken):
        place = tmp_path / f"{number}.xml"
        place.write_bytes(each)
        _, printed = run(place, "--json", tmp_path / "r.json", "--html", tmp_path / "r.html")
        written = (tmp_path / "r.json").read_text() + (tmp_path / "r.html").read_text()
        assert "Secret Person" not in printed + written


def test_json_has_every_requirement_that_was_asked_and_every_finding(tmp_path: Path, wrong: Path) -> None:
    run(wrong, "--json", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    results = {result["id"]: result for result in report["results"]}
    assert report["passed"] is False
    assert set(results) == {one.id for one in requirements() if one.subject == "message"}
    assert results["SMEV-MID-001"]["outcome"] == "KO"
    assert results["SMEV-MID-001"]["findings"][0]["reason"]["ru"] == "MessageID написан прописными"


def test_html_is_one_page_in_russian_that_asks_for_nothing_else(tmp_path: Path, wrong: Path) -> None:
    run(wrong, "--html", tmp_path / "r.html")
    page = html.document_fromstring((tmp_path / "r.html").read_text())
    rows = {row.findtext("td[2]") or "": "".join(str(text) for text in row.itertext()) for row in page.iter("tr")}
    assert page.get("lang") == "ru"
    assert "НАРУШЕНО" in rows["SMEV-MID-001"]
    assert "МР 3.3, п. 3.2.1" in rows["SMEV-MID-001"]
    assert not list(page.iter("script", "link", "img"))
    links = [link.get("href", "") for link in page.iter("a")]
    assert "#SMEV-MID-001" in links
    assert {link.removeprefix("#") for link in links} <= {row.get("id") for row in page.iter("tr")}


def test_a_name_out_of_a_message_is_no_markup_in_html(tmp_path: Path) -> None:
    bad = "urn:x&lt;script&gt;alert(1)&lt;/script&gt;"
    (tmp_path / "m.xml").write_bytes(s.change(s.send(), 'URI="#SIGNED_BY_CALLER"', f'URI="{bad}"'))
    run(tmp_path / "m.xml", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "alert(1)" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.xml",), "There is no nowhere.xml"),
        (("http://127.0.0.1:1/smev/1.2",), "give --key and --certificate"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_checked_ends_with_2(arguments: tuple[str, ...], words: str) -> None:
    code, printed = run(*arguments)
    assert code == 2
    assert words in printed


def test_on_a_terminal_it_is_a_table_in_which_names_command_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_bytes(s.change(s.send(), 'URI="#SIGNED_BY_CALLER"', 'URI="[red]x[/red]"'))
    results = check_messages(MESSAGE_RULES, read_file(tmp_path / "m.xml").messages)
    console = Console(file=StringIO(), force_terminal=True, width=160)
    console.print(report.table(report.Report(subject="m.xml", made=s.NOW, results=results)))
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert "SMEV-SIG-004" in shown
    assert "[red]x[/red]" in shown


def test_a_requirement_broken_in_many_places_is_cut_in_text_and_whole_in_json(tmp_path: Path) -> None:
    headers = tuple(f"a{number}" for number in range(30))
    (tmp_path / "m.xml").write_bytes(s.with_attachments(headers=headers, contents=()))
    _, printed = run(tmp_path / "m.xml", "--json", tmp_path / "r.json")
    results = {one["id"]: one for one in json.loads((tmp_path / "r.json").read_text())["results"]}
    assert "and 10 more" in printed
    assert len(results["SMEV-ATT-002"]["findings"]) == 30
