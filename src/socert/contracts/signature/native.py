"""Calling libraries in C: functions with their types, pointers that are given back, and what may go wrong."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from socert.contracts.errors import ContractError

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable


class SuiteUnavailable(ContractError):
    """A suite cannot be used on this machine; the message says why, and which package to install.

    It says nothing about a signature: what could not be verified may well hold.
    """

    code: ClassVar[str] = "suite_unavailable"


class LibraryMissing(SuiteUnavailable):
    """A library is not on this machine, or not as it must be."""

    code: ClassVar[str] = "library_missing"


def function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """Return a function of a library with its C types; `LibraryMissing` when it has none of that name."""
    try:
        # By index and not by attribute: every use gets types of its own.
        found = library[name]
    except AttributeError:
        raise LibraryMissing(f"the library {library._name} has no {name}") from None
    found.restype = result
    found.argtypes = arguments
    return found


class Held:
    """A pointer to what a library keeps for us. It is freed when the last reference to this object is gone."""

    def __init__(self, pointer: int, free: Callable[[int], object]) -> None:
        """Keep the pointer and the function that frees it."""
        self.pointer = pointer
        # At exit the process's memory goes as a whole, and the library may be gone first.
        weakref.finalize(self, free, pointer).atexit = False
