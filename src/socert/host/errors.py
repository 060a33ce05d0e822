"""Errors of the machine room.

HostError
 +-- KeyFileError    a key or certificate file is missing, unreadable or open to others
"""

from __future__ import annotations


class HostError(Exception):
    """Something on this machine is not as the program needs it."""

    code = "host"


class KeyFileError(HostError):
    """A key or certificate file is missing, unreadable or open to others."""

    code = "key_file"
