"""What a workload has found, and how it is shown."""

import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from server.embedded import binaries


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement beside its physical limit.

    ``value`` and ``limit`` are in ``unit``; of a rate more is better, of a duration less, and ``ratio`` is always how
    much of what is possible is reached. ``notes`` are other facts of the same run.
    """

    workload: str
    case: str
    unit: str
    value: float
    limit: float | None = None
    p50: float | None = None
    p99: float | None = None
    limit_p50: float | None = None
    cpu: tuple[float, float] | None = None  # milliseconds a request: the server, PostgreSQL
    limit_cpu: tuple[float, float] | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        if not self.limit or not self.value:
            return None
        return self.limit / self.value if self.unit == "ms" else self.value / self.limit

    def line(self) -> str:
        return "  ".join(part for part in self.cells() if part)

    def cells(self) -> list[str]:
        return [
            self.workload,
            self.case,
            _shown(self.value, self.unit),
            f"p50 {self.p50:.1f} ms" if self.p50 is not None else "",
            f"p99 {self.p99:.1f} ms" if self.p99 is not None else "",
            f"limit {_shown(self.limit, self.unit)}" if self.limit else "",
            f"{self.ratio:.0%}" if self.ratio else "",
            f"{_cpu(self.cpu)}{' / ' + _cpu(self.limit_cpu) if self.limit_cpu else ''}" if self.cpu else "",
            ", ".join(f"{name} {_plain(value)}" for name, value in self.notes.items()),
        ]


def _shown(value: float, unit: str) -> str:
    return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def _cpu(used: tuple[float, float]) -> str:
    return f"{used[0]:.1f}+{used[1]:.1f}"


def _plain(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def machine() -> str:
    """What the figures were taken on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {_processor()}, Python {platform.python_version()}, PostgreSQL {binaries.version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def table(figures: list[Figure]) -> None:
    """Print all figures and the machine."""
    title = f"{machine()}; CPU: milliseconds a request, server + PostgreSQL / of the limit"
    columns = ("workload", "case", "figure", "p50", "p99", "limit", "of the limit", "CPU", "also")
    shown = Table(*columns, title=title)
    for one in figures:
        shown.add_row(*one.cells())
    Console(width=None if os.isatty(1) else 200).print(shown)


def save(figures: list[Figure], path: Path) -> None:
    told = [asdict(one) | {"ratio": one.ratio} for one in figures]
    path.write_bytes(orjson.dumps({"machine": machine(), "figures": told}, option=orjson.OPT_INDENT_2))
