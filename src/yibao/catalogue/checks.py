"""What is wrong in the catalogue and in fee lines: every fault as a Finding with its place, to the end."""

from collections.abc import Iterable
from decimal import Decimal

from yibao.catalogue.batch import PACKAGE, complete, read_session_limits
from yibao.catalogue.faults import finding, more
from yibao.engine import Engine, load_sql
from yibao.engine.repeats import put_shared_hashes
from yibao.kernel import Finding, Place, yuan_text
from yibao.law import View

_SHARES = ("item_share_range", "item_share_of_class_a")
MOST = 1000
"""How many findings of one kind are listed; the rest is counted."""


def check_catalogue(engine: Engine, *, most: int = MOST) -> list[Finding]:
    """Faults of catalogue_items, item_limits, the lists, approvals and prescriptions of the session's tables."""
    complete(engine, "catalogue_items")
    _, unreadable = read_session_limits(engine)
    found = [one for name in ("fault_item", "fault_list") for one in _run(engine, name, {}, most)]
    return [*found, *unreadable]


def check_lines(
    engine: Engine, view: View | None = None, *, tolerance_fen: int | None = None, most: int = MOST,
    claimed: bool = False, summed: bool = False,
) -> list[Finding]:  # fmt: skip
    """Faults of fee_lines, alone and against claims. How far a line may be from quantity × price is the law's
    ``catalogue.line.tolerance``, or as given; the lines of a settlement sum to it to the fen. Raises MissingParameter.

    A caller who knows that every line has its claim (``claimed``), or looks at the sums himself (``summed``), saves the
    work of these two.
    """
    complete(engine, "claims", "fee_lines")
    if tolerance_fen is None:
        if view is None:
            raise ValueError("a view or a tolerance is needed")
        tolerance_fen = view.money("catalogue.line.tolerance")
    given = {"tolerance_fen": tolerance_fen}
    engine.pipeline(PACKAGE, ("line_net", "odd_line"), given)
    put_shared_hashes(engine, _LINE_KEYS)
    engine.con.execute(f"CREATE OR REPLACE TABLE maybe_repeated AS SELECT * FROM fee_lines WHERE {_SHARED}")
    found = [*_run(engine, "fault_line", given, most), *([] if claimed else _run(engine, "fault_unclaimed", {}, most))]
    found.sort(key=lambda one: one.code)
    found += _run(engine, "fault_repeat", {}, most)
    found += [] if summed else _run(engine, "fault_total", {}, most)
    engine.drop("odd_line", "maybe_repeated", "_shared_hashes")
    return found


_LINE_KEYS = "SELECT hash(setl_id, feedetl_sn) AS k FROM fee_lines"
_SHARED = "hash(hash(setl_id, feedetl_sn)) IN (SELECT h FROM _shared_hashes)"


def _run(engine: Engine, name: str, params: dict[str, int], most: int) -> Iterable[Finding]:
    engine.run(load_sql(PACKAGE, name), params)
    for code, count in engine.rows(f"SELECT code, count(*) FROM {name} GROUP BY code ORDER BY code"):
        rows = engine.rows(
            f"SELECT src_file, src_row, place, written, item FROM {name} WHERE code = $code "
            f"ORDER BY src_file, src_row, item, place LIMIT {most}",
            {"code": code},
        )
        for file, row, column, written, item in rows:
            value = _shown(code, written or "")
            yield finding(code, Place(file or "", row, column, "" if code == "lines_not_claim_total" else value),
                          item, value)  # fmt: skip
        if count > most:
            yield more(code, count)
    engine.drop(name)


def _shown(code: str, written: str) -> str:
    if code == "lines_not_claim_total":
        lines, total = written.split("|")
        return f"明细{yuan_text(int(lines))}元，总额{yuan_text(int(total))}元"
    return f"{Decimal(written).normalize():f}" if code in _SHARES else written
