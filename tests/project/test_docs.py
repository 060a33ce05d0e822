"""The documentation says what is true: made pages are fresh, links lead somewhere, commands and settings exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from socert.cli import main as command
from socert.gateway.domain.export import Code, Warned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def maker(root: Path) -> ModuleType:
    """The script that writes the made pages."""
    spec = importlib.util.spec_from_file_location("docs_maker", root / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(root: Path, tracked: list[Path]) -> dict[Path, str]:
    """Every Markdown page of the project."""
    return {path: path.read_text(encoding="utf-8") for path in tracked if path.suffix == ".md"}


@pytest.mark.parametrize(
    "name", ["cli.md", "settings.md", "errors.md", "seed.md", "invariants.md", "requirements.md", "faults.md"]
)
def test_made_page_is_fresh(maker: ModuleType, root: Path, name: str) -> None:
    page = root / "docs" / "reference" / name
    assert page.read_text(encoding="utf-8") == maker.PAGES[name](), "run make docs"


def test_every_setting_says_what_it_means(maker: ModuleType) -> None:
    from socert.gateway.config import Settings

    silent = [".".join(path) for path, field in maker._fields(Settings, ()) if not field.description]
    assert silent == []


def test_every_option_says_what_it_means(maker: ModuleType) -> None:
    silent = [
        f"{' '.join(path)} {option.opts[0]}"
        for path, found in maker._commands(command, ())
        for option in found.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_no_two_errors_of_a_room_share_a_code(maker: ModuleType) -> None:
    owners: dict[tuple[str, str], list[str]] = {}
    for kind in maker._errors():
        owners.setdefault((kind.__module__.split(".")[1], vars(kind)["code"]), []).append(kind.__name__)
    assert {code: names for code, names in owners.items() if len(names) > 1} == {}


def test_report_page_tells_of_every_code(root: Path) -> None:
    page = (root / "docs" / "reference" / "report-format.md").read_text(encoding="utf-8")
    refusals, warnings = page.partition("## Warnings")[::2]
    codes = refusals.partition("## Codes")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", codes, re.MULTILINE)) == {code.value for code in Code}
    assert set(re.findall(r"^\| `(\w+)` \|", warnings, re.MULTILINE)) == {code.value for code in Warned}


def test_links_lead_to_pages_and_headings(pages: dict[Path, str], root: Path) -> None:
    broken = []
    for page, text in pages.items():
        for match in LINK.finditer(FENCE.sub("", text)):
            target, _, anchor = match["target"].partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            place = (page.parent / target).resolve() if target else page
            if not place.exists() or (anchor and anchor not in anchors(place)):
                broken.append(f"{page.relative_to(root)}: {match['target']}")
    assert broken == []


def test_every_page_is_found_from_the_index(pages: dict[Path, str], root: Path) -> None:
    docs = root / "docs"
    linked = {
        (page.parent / match["target"].partition("#")[0]).resolve()
        for page, text in pages.items()
        if page == docs / "index.md"
        for match in LINK.finditer(text)
    }
    assert {page for page in pages if page.is_relative_to(docs)} - linked - {docs / "index.md"} == set()


def test_commands_on_the_pages_exist(pages: dict[Path, str], root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong, seen = [], 0
    for page, text in pages.items():
        for words in shell_lines(text):
            seen += 1
            fault = None
            if words[0] == "make":
                unknown = [word for word in words[1:] if "=" not in word and word not in targets]
                fault = f"no target {unknown}" if unknown else None
            elif words[0].endswith("socert"):
                fault = command_fault(words[1:])
            if fault:
                wrong.append(f"{page.relative_to(root)}: {shlex.join(words)}: {fault}")
    assert seen > 5
    assert wrong == []


def test_command_faults_are_seen() -> None:
    assert command_fault(["no-such-command"]) == "no command no-such-command"
    assert command_fault(["simulate", "--no-such-option"]) == "no option --no-such-option"
    assert command_fault(["simulate", "--help"]) is None


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


def shell_lines(text: str) -> Iterator[list[str]]:
    """The lines of a page's shell examples that start with `make` or `socert`, as words."""
    for fence in FENCE.finditer(text):
        if fence["language"] not in {"sh", "bash", "console"}:
            continue
        for line in fence["body"].replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words and (words[0] == "make" or words[0].rpartition("/")[2] == "socert"):
                yield words


def command_fault(words: list[str]) -> str | None:
    """What is wrong with the words after `socert`: a subcommand or an option that is not there; None when all are."""
    found: click.Command = command
    rest = list(words)
    while rest and isinstance(found, click.Group):
        if rest[0].startswith("-"):
            break
        name = rest.pop(0)
        inner = found.get_command(click.Context(found), name)
        if inner is None:
            return f"no command {name}"
        found = inner
    known = {"--help", "-h", "--version"}
    known |= {
        name for item in found.params if isinstance(item, click.Option) for name in item.opts + item.secondary_opts
    }
    for word in rest:
        if word.startswith("-") and word.partition("=")[0] not in known:
            return f"no option {word}"
    return None
