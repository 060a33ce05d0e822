"""Errors of the conformance tool.

ConformanceError
 +-- InputRefused        what was given to check cannot be read as messages at all
 +-- EndpointUnreached   nobody answers at the address
"""

from __future__ import annotations

from typing import ClassVar


class ConformanceError(Exception):
    """Nothing can be checked."""

    code: ClassVar[str] = "conformance"


class InputRefused(ConformanceError):
    """What was given to check cannot be read as messages at all."""

    code: ClassVar[str] = "input_refused"


class EndpointUnreached(ConformanceError):
    """Nobody answers at the address."""

    code: ClassVar[str] = "endpoint_unreached"
