"""A session: exchanges of one participant with the exchange, in the order in which they happened.

Read from a folder, a HAR file or a text of HTTP messages. In a folder, a file is one message: `N-name.request.xml`,
`N-name.response.xml` or `N-name.fault.xml` (also `.http` or `.txt`, with headers before the first empty line), in the
order of their names, where numbers count as numbers. A request and the reply that follows it make a pair.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from socert.conformance.errors import InputRefused
from socert.conformance.message import Kind, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LARGEST_FILE: Final = 64 * 1024 * 1024

_START: Final = re.compile(
    rb"^(?:(?P<method>[A-Z]{3,7}) \S+ HTTP/\d(?:\.\d)?|HTTP/\d(?:\.\d)? (?P<status>\d{3})[^\r\n]*)\r?$", re.MULTILINE
)
_HEADER: Final = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[^\r\n]*")
_BOUNDARY: Final = re.compile(rb"\s*--([^\s]{1,200})[ \t]*\r?\nContent-", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(\d+)")
_SUFFIXES: Final = frozenset({".xml", ".http", ".txt"})
_REPLIES: Final = ("response", "fault")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Exchange:
    """A call and its reply; either is None where nobody recorded it."""

    call: Message | None
    reply: Message | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Session:
    """Exchanges in their order."""

    exchanges: tuple[Exchange, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message, in its order."""
        both = ((exchange.call, exchange.reply) for exchange in self.exchanges)
        return tuple(message for pair in both for message in pair if message is not None)


def read_file(place: Path) -> Session:
    """Read a file: one message, several HTTP messages after one another, or a HAR. Raises InputRefused."""
    data = _bytes(place)
    if data.lstrip().startswith(b"{"):
        return _har(place, data)
    return pair(list(_messages(place.name, data)))


def read_folder(place: Path) -> Session:
    """Read a folder of recorded messages. Raises InputRefused where there is none in it."""
    files = [file for file in place.iterdir() if file.is_file() and file.suffix.lower() in _SUFFIXES]
    if not files:
        raise InputRefused(f"{place} holds no .xml, .http or .txt file")
    files.sort(key=lambda file: _order(file.name))
    return pair([message for file in files for message in _messages(file.name, _bytes(file))])


def pair(messages: Iterable[Message]) -> Session:
    """Put each reply to the call before it."""
    exchanges: list[Exchange] = []
    for message in messages:
        last = exchanges[-1] if exchanges else None
        if not _is_reply(message):
            exchanges.append(Exchange(call=message, reply=None))
        elif last is not None and last.reply is None:
            exchanges[-1] = Exchange(call=last.call, reply=message)
        else:
            exchanges.append(Exchange(call=None, reply=message))
    return Session(exchanges=tuple(exchanges))


def _is_reply(message: Message) -> bool:
    if message.to_exchange is not None:
        return not message.to_exchange
    return message.kind in {Kind.REPLY, Kind.FAULT}


def _order(name: str) -> tuple[object, ...]:
    """Sort by number and name; the request of a name before what answers it."""
    stem, _, kind = name.rsplit(".", 1)[0].rpartition(".")
    split = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _NUMBERS.split(stem or kind) if part]
    return (split, kind in _REPLIES)


def _messages(name: str, data: bytes) -> Iterator[Message]:
    """Yield the messages of a file: bare XML, or HTTP messages one after another."""
    starts = [found for found in _START.finditer(data) if _begins(data, found.start())]
    side = _side(name)
    if not starts:
        head, body = _split(data)
        yield Message(
            name=name, data=body, headers=head or None, moment=_date(head), to_exchange=side, guessed_type=_guess(body)
        )
        return
    ends = [found.start() for found in starts[1:]] + [len(data)]
    for count, (found, end) in enumerate(zip(starts, ends, strict=True), start=1):
        head, body = _split(data[found.end() : end].removeprefix(b"\n"))
        length = head.get("content-length", "")
        if length.isdigit() and int(length) <= len(body):
            body = body[: int(length)]
        elif "multipart" not in head.get("content-type", ""):
            body = body.strip()
        method = found["method"]
        yield Message(
            name=name if len(starts) == 1 else f"{name}#{count}",
            data=body,
            headers=head,
            method=None if method is None else method.decode(),
            status=None if found["status"] is None else int(found["status"]),
            moment=_date(head),
            to_exchange=method is not None,
        )


def _guess(body: bytes) -> str:
    """Return the Content-Type that a body without headers must have had."""
    found = _BOUNDARY.match(body)
    boundary = "" if found is None else found[1].decode("latin-1")
    return f'multipart/related; boundary="{boundary}"' if boundary else "text/xml"


def _begins(data: bytes, place: int) -> bool:
    """Whether headers follow: text inside a body may look like a first line."""
    rest = data[place:].partition(b"\n")[2]
    return bool(_HEADER.match(rest)) or not rest.strip()


def _split(data: bytes) -> tuple[dict[str, str], bytes]:
    """Tell headers from the body; a text that begins with markup has none."""
    lines, place = data, 0
    head: dict[str, str] = {}
    while place < len(lines):
        end = lines.find(b"\n", place)
        line = lines[place : end if end >= 0 else len(lines)].rstrip(b"\r")
        if line.startswith(b"#") and not head:  # a remark of whoever kept the message
            place = end + 1 if end >= 0 else len(lines)
            continue
        if not _HEADER.fullmatch(line):
            break
        name, _, value = line.decode("latin-1").partition(":")
        head[name.lower()] = value.strip()
        place = end + 1 if end >= 0 else len(lines)
    if not head:
        return {}, data
    body = lines[place:].lstrip(b"\r\n") if lines[place : place + 2].startswith((b"\r", b"\n")) else lines[place:]
    return head, body


def _side(name: str) -> bool | None:
    """Return which side a file's name says that it is of: True of a participant."""
    words = name.lower().split(".")
    if "request" in words:
        return True
    return False if any(word in words for word in _REPLIES) else None


def _date(head: dict[str, str]) -> datetime | None:
    """Return when a message travelled, by its Date header."""
    try:
        found = parsedate_to_datetime(head["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _har(place: Path, data: bytes) -> Session:
    """Read a HAR: its entries that carry XML or multipart."""
    try:
        entries: list[dict[str, Any]] = json.loads(data)["log"]["entries"]
        exchanges = [found for number, entry in enumerate(entries, start=1) for found in _entry(number, entry)]
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise InputRefused(f"{place} is no HAR: {type(error).__name__}") from None
    return Session(exchanges=tuple(exchanges))


def _entry(number: int, entry: dict[str, Any]) -> Iterator[Exchange]:
    asked, answered = entry["request"], entry["response"]
    posted = asked.get("postData")
    if asked["method"].upper() != "POST" or not posted:
        return
    moment = datetime.fromisoformat(entry["startedDateTime"]) if entry.get("startedDateTime") else None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    content = answered.get("content", {})
    text = content.get("text", "")
    reply = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    call = Message(
        name=f"{number}.request",
        data=posted.get("text", "").encode(),
        headers=_har_headers(asked),
        method=asked["method"],
        moment=moment,
        to_exchange=True,
    )
    answer = Message(
        name=f"{number}.response",
        data=reply,
        headers=_har_headers(answered),
        status=int(answered["status"]),
        moment=moment,
        to_exchange=False,
    )
    yield Exchange(call=call, reply=answer if reply or answer.status else None)


def _har_headers(side: dict[str, Any]) -> dict[str, str]:
    return {header["name"].lower(): header["value"] for header in side.get("headers", [])}


def _bytes(place: Path) -> bytes:
    try:
        if place.stat().st_size > LARGEST_FILE:
            raise InputRefused(f"{place} is larger than {LARGEST_FILE} bytes")
        return place.read_bytes()
    except OSError as error:
        raise InputRefused(f"{place} cannot be read: {error.strerror}") from None
