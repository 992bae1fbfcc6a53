"""Helpers that write papers: their outcome and errors come back, and without them the work is done all the same."""

import os
import sys
from pathlib import Path

import pytest

from yibao.report import crew as crew_module
from yibao.report.crew import Crew, ready
from yibao.tables import OutputError


def double(number: int, *, more: int = 0) -> int:
    return 2 * number + more


def whose() -> int:
    return os.getpid()


def has_read(module: str) -> bool:
    return module in sys.modules


def broken(text: str) -> None:
    raise OutputError(text)


def die(marker: Path) -> str:
    """Ends the process that runs it, but the second time it is asked."""
    if marker.exists():
        return "written"
    marker.write_text("")
    os._exit(9)


@pytest.mark.parametrize("helpers", [0, 2])
def test_the_outcome_of_a_task_comes_back(helpers: int) -> None:
    with Crew(helpers) as crew:
        given = [crew.give(double, number, more=1) for number in range(5)]
        assert [crew.take(one) for one in given] == [1, 3, 5, 7, 9]


def test_helpers_are_other_processes_and_without_them_the_work_is_done_here() -> None:
    with Crew(1) as crew:
        assert crew.take(crew.give(whose)) != os.getpid()
    with Crew(0) as crew:
        assert crew.take(crew.give(whose)) == os.getpid()


@pytest.mark.parametrize("helpers", [0, 1])
def test_the_error_of_a_task_is_raised_with_its_message(helpers: int) -> None:
    with pytest.raises(OutputError, match="磁盘已满"), Crew(helpers) as crew:
        crew.take(crew.give(broken, "磁盘已满"))


def test_where_a_helper_dies_this_process_does_what_is_left(tmp_path: Path) -> None:
    with Crew(1) as crew:
        given = [crew.give(die, tmp_path / "once"), crew.give(double, 4)]
        assert [crew.take(one) for one in given] == ["written", 8]
        assert crew.helpers == 0
        assert crew.take(crew.give(whose)) == os.getpid()


def test_one_core_has_no_helpers_and_many_cores_have_at_most_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, helpers in ((1, 0), (2, 2), (64, crew_module.MOST)):
        monkeypatch.setattr(crew_module, "cores", lambda cores=cores: cores)
        assert Crew().helpers == helpers


def test_a_system_that_cannot_start_processes_does_the_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_given: object, **_named: object) -> None:
        raise OSError("no semaphores")

    monkeypatch.setattr(crew_module, "ProcessPoolExecutor", none)
    with Crew(2) as crew:
        assert (crew.helpers, crew.take(crew.give(double, 3))) == (0, 6)


def test_a_helper_made_ready_has_read_its_libraries_and_this_process_has_not() -> None:
    with Crew(1) as crew:
        assert crew.take(crew.give(ready, "xml.sax", "make_parser")) is None
        assert crew.take(crew.give(has_read, "xml.sax.expatreader"))
    assert "xml.sax.expatreader" not in sys.modules
