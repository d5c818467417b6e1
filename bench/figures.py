"""How a figure is printed, and on what machine it was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version


def figure(name: str, value: float, unit: str, note: str) -> None:
    """Print one figure."""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
    print(f"{name:<44}{shown:>12} {unit:<12} {note}".rstrip(), flush=True)


def machine() -> str:
    """Say where and with what the figures were measured."""
    packages = ("faust-streaming", "aiokafka", "kafka-python", "fastavro")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}"


def quantile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
