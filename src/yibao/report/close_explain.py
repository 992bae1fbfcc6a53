"""``yibao explain`` on the folder of ``yibao close``: one case's whole way, to the clearing of its hospital."""

from pathlib import Path

from yibao.engine import Engine
from yibao.kernel import Step
from yibao.report.close_case import close_case, close_steps
from yibao.report.close_result import open_close
from yibao.report.names import Names


def explain_closed(
    engine: Engine, folder: Path, setl_id: str, *, catalogue: Path | None = None, names: Names | None = None
) -> list[Step] | None:
    """The steps of one case of a closed year; None where the year has no case of that id.

    Raises ResultFolderError when the folder is not a finished result, ReportError when ``catalogue`` is another run's.
    """
    closed = open_close(engine, folder, names, catalogue)
    case = close_case(closed, setl_id)
    return None if case is None else close_steps(closed, case)
