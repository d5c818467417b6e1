"""What the tidy tests read: the files of the repository, as text."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project() -> Path:
    """Give the repository's folder."""
    return PROJECT


@pytest.fixture(scope="session")
def committed() -> list[Path]:
    """Give every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        path for name in listed.stdout.split("\0") if name and (path := PROJECT / name).is_file()
    ]


@pytest.fixture(scope="session")
def texts(committed: list[Path]) -> dict[Path, str]:
    """Give the text of every committed file that is text."""
    found = {}
    for path in committed:
        raw = path.read_bytes()
        if b"\0" not in raw:
            found[path] = raw.decode()
    return found


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    """Give pyproject.toml, read."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())
