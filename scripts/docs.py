"""Writes the reference pages that are made from the code: the command line, settings, errors, and what tests show.

Run by `make docs`. A test compares the pages with what this script would write, so they cannot grow stale.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import pkgutil
import re
import sys
from dataclasses import is_dataclass
from datetime import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin
from zoneinfo import ZoneInfo

import click
from pydantic import BaseModel, BeforeValidator, SecretBytes, SecretStr
from pydantic_core import PydanticUndefined

import socert
from socert.cli import main as command
from socert.conformance.table import requirements
from socert.contracts.smev.fault_texts import OURS, fields, number, origin, text
from socert.contracts.smev.fault_texts import causes as causes_of
from socert.contracts.smev.faults import disposition, faults_of
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version
from socert.gateway.config import Settings
from socert.gateway.domain.policy import MonthDay
from socert.gateway.domain.records import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made from the code by `make docs`: change the code, not this page. -->\n\n"


def cli_page() -> str:
    """The page of all commands: usage, what it does, arguments and options with their defaults."""
    lines = [MADE + "# The command line\n", _sentence(command.help), ""]
    for path, found in _commands(command, ("socert",)):
        lines += _command_lines(path, found)
    return _finish(lines)


def settings_page() -> str:
    """The page of all settings: key in the TOML file, environment variable, type, default, meaning."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    delimiter = str(Settings.model_config.get("env_nested_delimiter") or "__")
    lines = [
        MADE + "# Settings\n",
        "Settings of `socert serve` and of the commands that use the same database. They stand in one TOML file and in",
        "environment variables; a variable wins over the file, an option of the command over both. The file is the one",
        f"that `{prefix}CONFIG` names, or `socert.toml` in the current folder, when it is there. Times are in seconds.",
        "",
        'In a variable, a list is written as JSON: `["A", "B"]`. Secrets belong into variables, not into the file.',
        "",
        "| key in the file | variable | value | default | meaning |",
        "|---|---|---|---|---|",
    ]
    for key, field in _fields(Settings, ()):
        variable = (prefix + delimiter.join(key)).upper()
        cells = (
            f"`{'.'.join(key)}`",
            f"`{variable}`",
            _type(field.annotation, field.metadata),
            _default(field),
            field.description or "",
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return _finish(lines)


def errors_page() -> str:
    """The page of all errors by room: stable code, class, meaning."""
    lines = [
        MADE + "# Errors\n",
        "Every exception of the project says in its attribute `code` which one it is. Codes stay the same for good;",
        "texts may change. Two rooms may use one code; within a room no code is used twice.",
    ]
    rooms: dict[str, list[type[Exception]]] = {}
    for kind in _errors():
        rooms.setdefault(kind.__module__.split(".")[1], []).append(kind)
    for room, kinds in sorted(rooms.items()):
        lines += ["", f"## {room}", "", "| code | error | meaning |", "|---|---|---|"]
        for kind in sorted(kinds, key=lambda kind: (str(vars(kind).get("code")), kind.__name__)):
            cells = (f"`{vars(kind)['code']}`", f"`{kind.__name__}`", _sentence(kind.__doc__))
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return _finish(lines)


def seed_page() -> str:
    """The page of the source document's sentences, each with the tests that show it."""
    lines = [
        MADE + "# What the source document says, and what shows it\n",
        "Each sentence of the document that the project was built from, in other words and in its order, with the",
        "tests that show that it works.",
        "",
        "| sentence | shown by |",
        "|---|---|",
    ]
    found, _ = proof().shown(ROOT)
    lines += [f"| {_cell(text)} | {_tests(found[name])} |" for name, text in proof().SENTENCES.items()]
    return _finish(lines)


def invariants_page() -> str:
    """The page of the invariants, each with the tests and the machines' checks that hold it."""
    lines = [
        MADE + "# The invariants, and what holds them\n",
        "What is true at every moment, whatever happens and in whatever order. A check named `invariant_N_…` runs",
        "after every step of a state machine. `make mutants` breaks each rule once and shows that a test turns red.",
        "",
        "| | invariant | held by |",
        "|---|---|---|",
    ]
    _, found = proof().shown(ROOT)
    lines += [f"| {number} | {_cell(text)} | {_tests(found[number])} |" for number, text in proof().INVARIANTS.items()]
    return _finish(lines)


def requirements_page() -> str:
    """The page of what `socert conformance` checks: number, sentence, level, source, one table a subject."""
    lines = [
        MADE + "# What `socert conformance` checks\n",
        "The requirements on messages, sessions and exchanges of SMEV 3, each with its source. A number stays the same",
        "for good. `manual` is the official manual, version 3.3; `.xsd` and WSDL are those of the contract; what has",
        "only been seen in real messages says so. [How to check a system](../how-to/check-conformance.md).",
    ]
    titles = {"message": "One message", "session": "A session", "endpoint": "An exchange that answers"}
    for subject, title in titles.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| number | requirement | level | versions | source |",
            "|---|---|---|---|---|",
        ]
        for one in requirements():
            if one.subject == subject:
                versions = "all" if one.versions == frozenset(Version) else ", ".join(sorted(one.versions))
                cells = (one.id, one.says.en, one.severity.value, versions, one.source)
                lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return _finish(lines)


FAULTS = """# Faults of the exchange

Every fault that an operation may answer, what the exchange says then, what brings it about in the simulator, and what
the gateway does. A test runs every row that has a cause, in every version that the row names.

A fault comes with HTTP status 500. Number: the `SMEV-NNN` that the description begins with; the official list is not
public, so those seen in real answers are used, and *ours* from 900 on. Words: *manual* is appendix 6 of the manual 3.3
to the letter, *answer* a real answer of the exchange, *ours* our own, where the tables have none. What stands in braces
is filled in. A cause of the manual that the simulator does not bring about by itself can be ordered by its kind
([/_sim/faults](simulator-api.md#get-post-delete-_simfaults)), as can all others.

What the gateway does with a message that was refused so: *retry* sends the same bytes again later, *already_sent*
counts it as sent, *renew* gives it a new id, *already_done* has nothing left to do, *permanent* shows it to a person.

Code is at most 50 characters long in 1.1 and 100 in 1.2 and 1.3. Most elements of the detail are declared as Void and
carry `xsi:type="SmevFault"`; TransactionCodeInvalid, and in 1.3 EndOfLifeReached and PersonalAccessDenied, are declared
as SmevFault, and those with children of their own have types of their own. With `{"style": "empty"}` at /_sim/faults
the simulator writes all faults as the gateways of 2023 do: faultcode `SOAP-ENV:Client`, a text with `xml:lang`, an
empty element in the detail, no Code, Description and number.

What is no call at all (no XML, another encoding, a DOCTYPE, parts that do not fit, a body too large or packed wrongly)
is InvalidContent, and so is a call in another version than its address. Every refusal stands in the
[journal](simulator-api.md#get-_simjournal) with the rule and the place, and without any value.
"""


def faults_page() -> str:
    """The page of the exchange's faults: by operation, what each says, where from, its cause, what is done about it."""
    shown = test_module("simulator/fault_causes.py")
    tells = {(operation, one.cause): one.tells for one in shown.CAUSES for operation in one.operations}
    tells |= shown.AFTERWARDS
    lines = [MADE + FAULTS.rstrip()]
    for operation in Operation:
        versions = {version: faults_of(operation, version) for version in Version}
        lines += ["", f"## {operation.value}", "", "| fault | versions | number | words | text | cause | gateway |"]
        lines.append("|---|---|---|---|---|---|---|")
        for kind in sorted({kind for kinds in versions.values() for kind in kinds}):
            held = " ".join(version.value for version, kinds in versions.items() if kind in kinds)
            written = f"{number(kind)}" + (" ours" if number(kind) >= OURS else "")
            for cause in causes_of(operation, kind):
                cells = (
                    f"`{kind.value}`",
                    held,
                    written,
                    origin(operation, cause).value,
                    text(operation, cause, **{name: f"{{{name}}}" for name in fields(operation, cause)}),
                    tells.get((operation, cause), "not by itself"),
                    disposition(kind).value,
                )
                lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return _finish(lines)


def proof() -> ModuleType:
    """The tests' module of what is promised."""
    return test_module("proof.py")


def test_module(place: str) -> ModuleType:
    """A module of the tests, which are no package of the project."""
    path = ROOT / "tests" / place
    spec = importlib.util.spec_from_file_location(f"socert_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def _tests(found: list[Any]) -> str:
    """Tests as links, a file after the other."""
    files: dict[str, list[str]] = {}
    for one in sorted(set(found)):
        files.setdefault(one.file, []).append(f"`{one.name}`")
    return "<br>".join(f"[{file}](../../{file}): {', '.join(names)}" for file, names in files.items()) or "nothing yet"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "seed.md": seed_page,
    "invariants.md": invariants_page,
    "faults.md": faults_page,
    "requirements.md": requirements_page,
}


def _commands(group: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Walk the tree of commands depth first, in the order of their names."""
    if not isinstance(group, click.Group):
        return
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        found = group.get_command(context, name)
        if found is None or found.hidden:
            continue
        yield (*path, name), found
        yield from _commands(found, (*path, name))


def _command_lines(path: tuple[str, ...], found: click.Command) -> list[str]:
    context = click.Context(found, info_name=" ".join(path))
    usage = " ".join([" ".join(path), *found.collect_usage_pieces(context)])
    lines = ["", f"{'#' * len(path)} {' '.join(path)}", "", f"`{usage}`", "", _paragraphs(found.help)]
    options = [item for item in found.params if isinstance(item, click.Option) and not item.hidden]
    if options:
        lines += ["", "| option | default | meaning |", "|---|---|---|"]
    for option in options:
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        if not option.is_flag and option.type.name != "boolean":
            names += f" {option.make_metavar(context)}"
        lines.append(f"| {_cell(names)} | {_cell(_option_default(option))} | {_cell(option.help or '')} |")
    return lines


def _option_default(option: click.Option) -> str:
    """What is taken when the option is not given; empty for flags and for options that have none."""
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return option.show_default
    default = option.to_info_dict()["default"]
    if default in (None, False, ()) or callable(default):
        return ""
    return f"`{default}`"


def _fields(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Walk a model's fields; those that are models themselves are walked in turn."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if get_origin(inner) is dict and _is_table(table := get_args(inner)[1]):
            # Tables by name: their own fields are listed once, and what they repeat of the whole only named.
            key = "OKTMO" if name == "municipalities" else "NAME"
            yield from (((*path, name, key, own), found) for own, found in table.model_fields.items())
        elif _is_table(inner):
            yield from _fields(cast("type[BaseModel]", inner), (*path, name))
        else:
            yield (*path, name), field


def _is_table(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
    MonthDay: "day of the year",
    ZoneInfo: "name of a time zone",
    time: "time of the day",
}


def _type(kind: Any, limits: Iterable[Any]) -> str:
    """What may be written, in words; with the bounds of numbers."""
    options = [option for option in get_args(kind) if option not in (type(None), ...)]
    if get_origin(kind) is tuple:
        return f"list of {_type(options[0], ())}"
    if get_origin(kind) is dict or _is_table(kind) or is_dataclass(kind):
        return "table"
    if get_origin(kind) is not None and len(options) > 1:
        return " or ".join(_type(option, ()) for option in options)
    if len(options) == 1:
        return _type(options[0], limits)
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return " or ".join(f"`{member.value}`" for member in kind)
    if kind is int and any(isinstance(limit, BeforeValidator) for limit in limits):
        return "roubles or hours"
    for limit in limits:
        if choice := re.fullmatch(r"\^\(([\w|]+)\)\$", str(getattr(limit, "pattern", ""))):
            return " or ".join(f"`{word}`" for word in choice[1].split("|"))
    signs = {"gt": "over", "ge": "from", "lt": "under", "le": "to"}
    bounds = [f"{signs[name]} {getattr(limit, name)}" for limit in limits for name in signs if hasattr(limit, name)]
    return " ".join([WORDS[kind], *bounds])


def _default(field: FieldInfo) -> str:
    """The default as it would stand in the file."""
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=False)
    if field.default is PydanticUndefined or value is None or isinstance(value, SecretStr | SecretBytes):
        return ""
    return f"`{json.dumps(_written(value), ensure_ascii=False, default=str)}`"


def _written(value: Any) -> Any:
    """Write a default the way the file has it: amounts by register as decimals, days of the year as "12-01"."""
    if isinstance(value, MonthDay):
        return f"{value.month:02d}-{value.day:02d}"
    if isinstance(value, BaseModel):
        return {}
    if isinstance(value, dict) and value and all(isinstance(key, Register) for key in value):
        return {key: one if key.counts else one / 100 for key, one in value.items()}
    return value


def _errors() -> list[type[Exception]]:
    """Every exception class of the project that states a code of its own."""
    found: set[type[Exception]] = set()
    for module in pkgutil.walk_packages(socert.__path__, "socert."):
        if module.name.endswith("__main__") or ".migrations." in module.name:
            continue
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = kind.__module__.startswith("socert.") and isinstance(vars(kind).get("code"), str)
            if own and issubclass(kind, Exception):
                found.add(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def _paragraphs(text: str | None) -> str:
    return inspect.cleandoc(text or "").replace("\b\n", "").strip()


def _sentence(text: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(_paragraphs(text).split("\n\n")[0].split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _finish(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
