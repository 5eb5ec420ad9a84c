"""What the figures were measured on: enough to judge them by, and nothing that tells whose machine it was."""

import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("python-telegram-bot", "SQLAlchemy", "aiosqlite", "psycopg", "APScheduler", "aiolimiter")


def environment(packages: Iterable[str] = PACKAGES) -> dict[str, str | int]:
    """Cores and versions."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "versions": ", ".join(f"{name} {version(name)}" for name in packages),
    }


def fsync_rate(folder: Path, seconds: float = 0.5) -> int:
    """Appends of 4 kB that the disk under `folder` makes safe in a second: no row of commits is quicker."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        block, count = b"\0" * 4096, 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            file.write(block)
            os.fdatasync(file.fileno())
            count += 1
        return round(count / (time.perf_counter() - began))


def load_average() -> float:
    """How many processes wanted a core during the last minute."""
    return round(os.getloadavg()[0], 1)


def resident_mb(pid: int | str = "self") -> float:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def say(line: str) -> None:
    """Progress, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
