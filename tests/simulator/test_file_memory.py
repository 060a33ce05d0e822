"""A file of any size costs the file store no memory: shown in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

LARGE_FILE = Path(__file__).with_name("large_file.py")


@pytest.mark.parametrize(("mebibytes", "suite"), [(224, "ECDSA_P256"), (48, "GOST_2012_256")])
async def test_memory_is_flat_however_large_the_file(mebibytes: int, suite: str) -> None:
    """Up, over to the recipient's place, digest, and down again: with 224 MiB the process grows by less than 24."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(LARGE_FILE), str(mebibytes), suite, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    assert child.returncode == 0
    found = json.loads(said)
    assert found["size"] == mebibytes * 1024 * 1024
    assert found["right"]
    assert found["grown"] < 24 * 1024 * 1024
