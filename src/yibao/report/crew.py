"""Other processes that write papers while this one goes on: the only place of the reports that starts any.

A report is drawn and a workbook written by one core; a year has many of both. Where there is one core, where processes
cannot be started, or where one dies (no memory left, say), this process writes what is left by itself, so that a year
is never without its papers for lack of helpers.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

T = TypeVar("T")
MOST = 4
"""Helpers at most: beyond, reading the cases is what takes the time."""


class Given(NamedTuple, Generic[T]):
    """A task that was given away: its outcome where it is done, else where it will come from."""

    work: Callable[[], T]
    future: "Future[T] | None"
    outcome: "T | None"


class Crew:
    """Up to ``most`` helpers, or none. Use as a context manager: the helpers go home when the block ends.

    Tasks are functions of a module with plain values, since they travel to another process. A program that is not
    guarded by ``if __name__ == "__main__"`` would begin again in each helper; they then die and this process writes.
    """

    def __init__(self, helpers: int | None = None, *, most: int = MOST) -> None:
        self.helpers = (0 if cores() < 2 else min(most, cores())) if helpers is None else helpers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self.helpers:
            try:
                self._pool = ProcessPoolExecutor(
                    self.helpers, mp_context=get_context("spawn"), initializer=_leave_interrupts
                )
            except (OSError, ImportError, NotImplementedError):  # no semaphores on this system
                self.helpers = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def give(self, task: Callable[..., T], *given: Any, **named: Any) -> Given[T]:
        """Gives a task to a helper; without helpers it is done at once. `take` has its outcome or its error."""

        def work() -> T:
            return task(*given, **named)

        if self._pool is not None:
            try:
                return Given(work, self._pool.submit(task, *given, **named), None)
            except (BrokenProcessPool, OSError):
                self._lost()
        return Given(work, None, work())

    def take(self, given: Given[T]) -> T:
        """The outcome of a task, waited for. What a helper left undone is done here; raises what the task raises."""
        if given.future is None:
            return given.outcome  # type: ignore[return-value]  # done when it was given
        try:
            return given.future.result()
        except BrokenProcessPool:
            self._lost()
            return given.work()

    def _lost(self) -> None:
        """A helper died, and with it the pool: from here on this process works alone."""
        pool, self._pool, self.helpers = self._pool, None, 0
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


def ready(module: str, starts: str) -> None:
    """A task that imports ``module`` and calls its function ``starts``: given early, a helper has started and read its
    libraries when it is needed. They are named by texts, so that this process need not import them.
    """
    getattr(import_module(module), starts)()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _leave_interrupts() -> None:
    """Ctrl+C is for the process in front of the user; it ends the helpers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
