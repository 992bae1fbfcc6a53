"""Measures commands as whole processes, and prints them as ratios to one of them.

Wall time runs from before the process starts until it has ended. Peak memory is the kernel's high-water mark of the
largest process among the command and the children it waited for. A fresh small launcher starts each command: a
process started from a large one would be charged the large one's memory.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

_LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
seconds = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([seconds, usage.ru_maxrss * unit, os.waitstatus_to_exitcode(status)]))
"""


class CommandFailedError(RuntimeError):
    """A measured command did not succeed; the message has its last lines."""


class Measured(NamedTuple):
    """A command: median wall time in seconds, highest peak memory in bytes, and every run's seconds."""

    label: str
    seconds: float
    peak_bytes: int
    runs: tuple[float, ...]


def measure(
    label: str,
    command: Sequence[str],
    *,
    repeat: int = 3,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Runs ``command`` ``repeat`` times, one after another. Raises CommandFailedError on a non-zero exit."""
    runs: list[float] = []
    peaks: list[int] = []
    for _ in range(repeat):
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
        done = subprocess.run(
            launcher, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandFailedError(f"{label} could not be started:\n{_tail(done.stderr)}")
        seconds, peak, code = json.loads(done.stdout)
        if code:
            raise CommandFailedError(f"{label} ended with {code}:\n{_tail(done.stderr)}")
        runs.append(seconds)
        peaks.append(peak)
    return Measured(label, median(runs), max(peaks), tuple(runs))


def report(title: str, measured: Sequence[Measured], base: Measured, packages: Sequence[str] = ()) -> None:
    """Prints each command's time and memory as a ratio to ``base``, with the machine and the versions used."""
    table = Table(title=title)
    for heading in ("", "time ÷ base", "median s", "slowest ÷ fastest", "peak MB", "peak ÷ base"):
        table.add_column(heading, justify="left" if not heading else "right")
    for one in measured:
        table.add_row(
            one.label,
            "1 (base)" if one is base else f"{one.seconds / base.seconds:.2f}",
            f"{one.seconds:.2f}",
            f"{max(one.runs) / min(one.runs):.2f}",
            f"{one.peak_bytes / 2**20:.0f}",
            f"{one.peak_bytes / base.peak_bytes:.2f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    console.print(
        f"{machine()}; {versions(packages)}; {len(base.runs)} runs each, process start counted", soft_wrap=True
    )


def machine() -> str:
    """Processor, cores open to this process, memory and system, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {cores} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}"


def versions(packages: Sequence[str]) -> str:
    """Python and the named packages with their versions; a package that is absent says so."""
    named = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            named.append(f"{package} absent")
    return ", ".join(named)


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])
