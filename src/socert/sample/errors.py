"""Errors of the sample room.

SampleError     a sample cannot be written, or an export cannot be read for one
"""

from __future__ import annotations


class SampleError(Exception):
    """A sample cannot be written, or an export cannot be read for one."""

    code = "sample"
