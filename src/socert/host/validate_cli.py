"""`socert validate`: is this message, or this envelope of the exchange, as its schema wants it?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from socert.contracts.portal.known import Direction, MessageTypePluginError
from socert.host.validate import Envelope, Finding, Message, Part, Report, examine

if TYPE_CHECKING:
    from typing import BinaryIO

_PARTS = {Part.FILE: "файл", Part.ENVELOPE: "конверт", Part.MESSAGE: "сообщение"}
_DIRECTIONS = {
    Direction.PORTAL_TO_REGION: "от портала в регион",
    Direction.REGION_TO_PORTAL: "из региона на портал",
    Direction.BOTH_WAYS: "в обе стороны",
}


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def validate(file: BinaryIO, as_json: bool) -> None:
    """Check FILE (- is standard input) against its schema: a business message or a whole envelope of the exchange.

    Finds the message's type itself, also inside an envelope, and prints in Russian what is wrong, with line, path and
    reason. Exit code 0 when nothing is, else 1. Signatures are another command's: `socert verify`.
    """
    name = getattr(file, "name", "<stdin>")
    try:
        report = examine(file.read())
    except MessageTypePluginError as error:
        raise click.ClickException(f"Подключённый вид сведений не загружается. {error}") from error
    if as_json:
        click.echo(json.dumps(_as_json(name, report), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(name, report)))
    if not report.valid:
        raise click.exceptions.Exit(1)


def _lines(name: str, report: Report) -> list[str]:
    """Return the report as lines for people."""
    lines = [f"Файл: {name}"]
    if report.envelope is not None:
        lines.append(f"Конверт: {_about_envelope(report.envelope)}")
    lines += [f"Сообщение: {_about_message(message)}" for message in report.messages if message.known]
    if report.envelope is not None and not report.messages:
        lines.append("Сообщения внутри конверта нет.")
    if report.valid:
        return [*lines, "Схеме соответствует."]
    return [*lines, f"Не соответствует, замечаний: {len(report.findings)}", *map(_about_finding, report.findings)]


def _about_envelope(envelope: Envelope) -> str:
    return f"СМЭВ {envelope.version or 'неизвестной версии'}, {envelope.element} ({envelope.title})"


def _about_message(message: Message) -> str:
    known = message.known
    if known is None:
        return str(message.message_type)
    numbers = f", {', '.join(known.messages)}" if known.messages else ""
    return (
        f"{message.message_type.root}: {known.title} ({known.name}, {_DIRECTIONS[known.direction]}{numbers}; "
        f"{message.message_type.namespace})"
    )


def _about_finding(finding: Finding) -> str:
    place = [] if finding.line is None else [f"строка {finding.line}"]
    place += [finding.path] if finding.path else []
    return (
        f"  {_PARTS[finding.part]}, {', '.join(place)}: {finding.reason}"
        if place
        else (f"  {_PARTS[finding.part]}: {finding.reason}")
    )


def _as_json(name: str, report: Report) -> dict[str, Any]:
    """Return the report for programs."""
    envelope = report.envelope
    return {
        "file": name,
        "valid": report.valid,
        "envelope": envelope and {"version": envelope.version, "element": envelope.element, "title": envelope.title},
        "messages": [
            {
                "namespace": message.message_type.namespace,
                "root": message.message_type.root,
                "name": message.known and message.known.name,
                "title": message.known and message.known.title,
                "direction": message.known and message.known.direction,
                "messages": list(message.known.messages) if message.known else [],
            }
            for message in report.messages
        ],
        "findings": [
            {
                "part": finding.part,
                "code": finding.code,
                "line": finding.line,
                "path": finding.path,
                "reason": finding.reason,
            }
            for finding in report.findings
        ],
    }
