"""Errors that stop a whole import. A wrong row never does: it is refused alone (see `export`).

GatewayError
 +-- IntakeError            an export cannot be taken as it is
      +-- ProfileError      a mapping file is missing, malformed or contradicts itself
      +-- ExportMissing     a file, sheet or folder of the export is not there
      +-- ExportUnreadable  a file is there and cannot be read: damaged, locked, of another format or encoding
      +-- ColumnsMissing    no row of a file or sheet holds the column names of the mapping
      +-- ReportError       the report of refused rows cannot be written

The texts are read by the region's operator: in Russian, saying what is wrong, where, and what to do.
"""

from __future__ import annotations

from socert.gateway.errors import GatewayError


class IntakeError(GatewayError):
    """An export cannot be taken as it is.

    `found` says how much of what was looked for is there (files, column names): of several mappings that do not fit,
    the one that found most is the one to tell of.
    """

    code = "intake"

    def __init__(self, message: str, *, found: int = 0) -> None:
        """Take the message for the operator."""
        super().__init__(message)
        self.found = found


class ProfileError(IntakeError):
    """A mapping file is missing, malformed or contradicts itself."""

    code = "intake_profile"


class ExportMissing(IntakeError):
    """A file, sheet or folder of the export is not there."""

    code = "intake_missing"


class ExportUnreadable(IntakeError):
    """A file is there and cannot be read: damaged, locked, of another format or encoding."""

    code = "intake_unreadable"


class ColumnsMissing(IntakeError):
    """No row of a file or sheet holds the column names of the mapping."""

    code = "intake_columns"


class ReportError(IntakeError):
    """The report of refused rows cannot be written."""

    code = "intake_report"
