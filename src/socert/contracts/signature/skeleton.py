"""The exchange's transform of a canonical form by its skeleton: what is left of it without texts and values.

Messages of one kind differ in their texts and hardly in their tags, and texts say nothing of which prefix a tag gets.
So the tags of a message are written anew once, by the plain transform, and remembered; the next message with the same
skeleton only has its texts put between them. The plain transform does whatever does not fit.

    Skeletons(plain)(canonical)     # what plain(canonical) gives, sooner

What is remembered is bounded in bytes, whatever comes: a stranger can make it useless, and nothing else.
Source: SMEV 3 manual 3.3, appendix 1.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from socert.contracts.escaping import escape_attribute, escape_text

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 65_536
"""Bytes of a skeleton that may be remembered; a longer one is of a message that does not come often."""
BUDGET: Final = 4 * 1024 * 1024
"""Bytes of all skeletons remembered; what each has become is kept beside it and about as long."""

_TEXT: Final = re.compile(b">([^<>]+)<")  # a `>` inside a value is never the one that is found
_VALUE: Final = re.compile(rb' (?!xmlns[:=])([^\s=<>"]+)="([^"]*)"')
_CONTROL: Final = re.compile(b"\xc2[\x80-\x9f]")
_WRITTEN_ANEW: Final = re.compile(b"[&\x7f]|\xc2[\x80-\x9f]")
"""What is written another way in the normal form: references, and U+007F to U+009F."""
_REFERENCE: Final = re.compile("&(amp|lt|gt|quot|#x9|#xA|#xD);")
_MEANT: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#x9": "\t", "#xA": "\n", "#xD": "\r"}

_LEFT_OUT: Final = b">\x01<"  # no XML holds this character
# Two characters of private use stand for it where a parser looks on; a skeleton with one of its own is not remembered.
_HOLE, _NUMBER = "\uf8fe".encode(), "\uf8ff".encode()
_NUMBERED: Final = re.compile(_NUMBER + b"([0-9]+)" + _NUMBER)

V = TypeVar("V")


class Skeletons:
    """Transforms canonical forms. Safe to call from several threads."""

    def __init__(self, plain: Callable[[bytes], bytes]) -> None:
        """Take the plain transform, whose result is the truth."""
        self._plain = plain
        # By the skeleton with its attributes' values: what stands between the texts.
        self._exact: _Memory[list[bytes]] = _Memory()
        # By the skeleton without them: the normal form with a number for each value, which may have changed places.
        self._valued: _Memory[bytes] = _Memory()

    def __call__(self, canonical: bytes) -> bytes:
        """Return the normal form of an exclusive canonical form without comments; raises what `plain` raises."""
        pieces = _TEXT.split(canonical)
        skeleton = _LEFT_OUT.join(pieces[::2])
        written = self._exact.get(skeleton) or self._write(skeleton)
        if written is None:
            return self._plain(canonical)
        if b"&" in canonical or b"\x7f" in canonical or _CONTROL.search(canonical):
            pieces[1::2] = [_text(one) for one in pieces[1::2]]
        elif any(map(bytes.isspace, pieces[1::2])):
            pieces[1::2] = [b"" if one.isspace() else one for one in pieces[1::2]]
        pieces[::2] = written
        return b"".join(pieces)

    def _write(self, skeleton: bytes) -> list[bytes] | None:
        """Return what stands between the texts for a skeleton met first; perhaps only a value is new in it.

        None for one whose tags cannot be told without a parser: a `>` inside a value, an instruction, too much.
        """
        odd = len(skeleton) > LONGEST or skeleton.count(b"<") != skeleton.count(b">") or b"<?" in skeleton
        if odd or _HOLE in skeleton or _NUMBER in skeleton:
            return None
        values: list[bytes] = []

        def leave_out(found: re.Match[bytes]) -> bytes:
            values.append(escape_attribute(_meant(found[2].decode())).encode())
            return b' %s="%s%d%s"' % (found[1], _NUMBER, len(values) - 1, _NUMBER)

        bare = _VALUE.sub(leave_out, skeleton)
        known = self._valued.get(bare)
        normal = known or self._plain(bare.replace(b"\x01", _HOLE))
        written = _NUMBERED.sub(lambda found: values[int(found[1])], normal).split(_HOLE)
        if known is None:  # else values differ by message, and remembering each would push out what comes again
            self._valued.put(bare, normal)
            self._exact.put(skeleton, written)
        return written


class _Memory(Generic[V]):
    """What was seen last, by skeleton; together they have at most `BUDGET` bytes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, V] = OrderedDict()
        self._size = 0
        self._turn = threading.Lock()

    def get(self, key: bytes) -> V | None:
        with self._turn:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: bytes, value: V) -> None:
        with self._turn:
            if key not in self._kept:
                self._size += len(key)
            self._kept[key] = value
            while self._size > BUDGET:
                oldest, _ = self._kept.popitem(last=False)
                self._size -= len(oldest)


def _text(written: bytes) -> bytes:
    """Return a text of a canonical form as the normal form writes it."""
    if not _WRITTEN_ANEW.search(written):
        return b"" if written.isspace() else written
    return escape_text(_meant(written.decode())).encode()


def _meant(written: str) -> str:
    """Return what a text or a value of a canonical form means."""
    return _REFERENCE.sub(lambda found: _MEANT[found[1]], written) if "&" in written else written
