"""Processes that post, die and tell: forks of one process, a recorder of acknowledgements, memory they share.

Forks come from a process that has everything imported, so that a kill costs a few hundredths of a second; `isolated`
gives such a process, as one with threads (a test runner) must not fork.
"""

import json
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60


def isolated(work: Callable[..., T], *arguments: Any) -> T:
    """Runs ``work`` in a fresh process of one thread and returns its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def fork(work: Callable[[], None]) -> int:
    """A child that does ``work`` and ends: with 0, or with 1 and the error on stderr."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(status)


def wait_for(condition: Callable[[], bool], *pids: int) -> None:
    """Waits until ``condition`` holds. Raises where one of these children ends before, or nothing happens for long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        for pid in pids:
            if os.waitpid(pid, os.WNOHANG)[0]:
                raise RuntimeError("a posting process ended by itself; its error is on stderr")
        if time.monotonic() > deadline:
            raise TimeoutError("a posting process does not get on")
        time.sleep(0.0002)


def kill(pid: int) -> bool:
    """Kills a child with SIGKILL; False where it had ended well before. Raises where it had failed."""
    os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError("a posting process failed; its error is on stderr")
    return code != 0


def succeed(pid: int) -> None:
    """Waits for a child that must end well."""
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("a posting process failed; its error is on stderr")


class Recorder:
    """A process that keeps what others acknowledge through a pipe; a poster that dies takes nothing with it."""

    def __init__(self) -> None:
        told, self._tell = os.pipe()
        self._kept, keep = os.pipe()
        self._pid = fork(lambda: self._record(told, keep))
        os.close(told)
        os.close(keep)

    def _record(self, told: int, keep: int) -> None:
        os.close(self._tell)
        os.close(self._kept)
        with os.fdopen(told, encoding="utf-8") as lines, os.fdopen(keep, "w", encoding="utf-8") as out:
            out.writelines(list(lines))

    def acknowledge(self, line: str) -> None:
        """Tells a line; short enough that the pipe takes it whole or not at all."""
        os.write(self._tell, f"{line}\n".encode())

    def acknowledged(self) -> list[str]:
        """All lines told, when every poster has ended."""
        os.close(self._tell)
        with os.fdopen(self._kept, encoding="utf-8") as lines:
            found = [line.rstrip("\n") for line in lines]
        succeed(self._pid)
        return found


class Shared:
    """Memory that a process and its forks share: seven single bytes by number, and counters of eight bytes each."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)
        self.counters = memoryview(self._memory).cast("Q")[1:]

    def __getitem__(self, place: int) -> int:
        return self._memory[place]

    def __setitem__(self, place: int, value: int) -> None:
        self._memory[place] = value

    def meet(self, own: int, processes: int, number: int) -> None:
        """Waits until each of the processes has come to this number; the counters up to ``processes`` are theirs."""
        self.counters[own] = number + 1
        wait_for(lambda: min(self.counters[:processes]) > number)


def told(work: Callable[[], Any]) -> tuple[int, int]:
    """A child whose result comes as JSON through a pipe: its id and the pipe's end for `hear`."""
    reading, writing = os.pipe()

    def tell() -> None:
        with os.fdopen(writing, "w", encoding="utf-8") as out:
            json.dump(work(), out)

    pid = fork(tell)
    os.close(writing)
    return pid, reading


def hear(child: tuple[int, int]) -> Any:
    """The result of a child, which must end well."""
    with os.fdopen(child[1], encoding="utf-8") as text:
        found = text.read()
    succeed(child[0])
    return json.loads(found)
