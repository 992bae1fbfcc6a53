"""The ladder: step by step, what of two sides is the same settlement. Rungs are SQL; this module says their order."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from yibao.engine import Engine, load_sql
from yibao.engine.equal import unequal
from yibao.standard.reconcile import AMOUNTS, CLASSES

PACKAGE = "yibao.reconcile"
NEAR_DAYS = 7
"""How far apart two days of one person's same amounts may be."""
OWN_NUMBERS = 5
"""From so many settlements on either side on, not one identifier in common means that each side has its own."""
IDS = ("setl_id", "mdtrt_id", "psn_no", "init_setl_id")
_SAMPLE = 1_000
_DROPPED = ("open_no", "picked", "formed", "taken", "found", "free")

Forms = Callable[[str, str, Sequence[str]], None]


class Terms(NamedTuple):
    """What a reconciling goes by: the identifier that both files have, whether both have 就诊ID, and which columns of a
    line can differ (those that only one side has are blank on both)."""

    lead: str
    visits: bool
    compared: tuple[str, ...] = ("day", *CLASSES, *AMOUNTS)


class Climbed(NamedTuple):
    """What the ladder found: lines left open by the first step, matches by rung, whether each side has own numbers."""

    opened: int
    rungs: dict[str, int]
    own_numbers: bool


def compare(engine: Engine, terms: Terms, forms: Forms) -> Climbed:
    """From ``ours_line`` and ``theirs_line`` (line.sql), the views ``ours_rows`` and ``theirs_rows`` and the table
    ``rejected_id`` to ``open_line``, ``verdict``, ``part``, ``suspect``, ``cell_sum`` and ``closing`` of the session.

    ``forms(table, into, names)`` makes a copy of a table with the meant form of identifiers (`yibao.tables.put_forms`).
    """
    engine.run(load_sql(PACKAGE, "cell_sum"))
    opened = _open(engine, terms, forms)
    rungs, own = _climb(engine, terms)
    _rest(engine)
    params = {"lead": terms.lead}
    engine.pipeline(PACKAGE, ("verdict", "part", "closing", "suspect", "item_amount"), params)
    engine.drop(*_DROPPED)
    return Climbed(opened, rungs, own)


def _open(engine: Engine, terms: Terms, forms: Forms) -> int:
    """Step 1: leaves out what is equal on both sides; the rest gets its texts and their forms."""
    numbers = unequal(engine, ("ours_line", "theirs_line"), "line_no", ("lead_id", "back", *terms.compared), "sound")
    sides = np.repeat(["ours", "theirs"], [len(one) for one in numbers])
    engine.put("open_no", pa.table({"side": pa.array(sides, pa.string()), "line_no": np.concatenate(numbers)}))
    engine.run(load_sql(PACKAGE, "picked"))
    forms("picked", "formed", IDS)
    engine.pipeline(PACKAGE, ("open_line", "open_amount"))
    engine.con.execute("CREATE OR REPLACE TABLE taken (side VARCHAR, line_no BIGINT)")
    engine.con.execute("CREATE OR REPLACE TABLE paired (ours_no BIGINT, theirs_no BIGINT, rung VARCHAR, among BIGINT)")
    engine.con.execute(
        "CREATE OR REPLACE TABLE split_line (side VARCHAR, line_no BIGINT, split_key VARCHAR, kind VARCHAR)"
    )
    engine.con.execute("CREATE OR REPLACE TABLE void_line (side VARCHAR, line_no BIGINT, first_no BIGINT)")
    return int(sum(len(one) for one in numbers))


def _climb(engine: Engine, terms: Terms) -> tuple[dict[str, int], bool]:
    """Step 2 and the splits: pairs by rung, most certain first."""
    rungs: dict[str, int] = {}
    base = {"loose": 0, "visits": 0, "other": 0, "apart": 0}

    def rung(name: str, many: str, **more: int) -> None:
        if _free(engine):
            rungs[name] = _pair(engine, "rung", {**base, "rung": name, "many": many, **more})

    if terms.lead == "setl_id":
        rung("id_same", "rank")
        rung("id_amount", "rank")
        _split(engine, "setl")
        rung("id_only", "rank")
        rung("form_amount", "equal")
        rung("form_only", "one")
    own = terms.lead == "setl_id" and _own_numbers(engine)
    low = {"loose": 1, "other": int(own), "visits": int(terms.visits and _visits_agree(engine))}
    rung("visit_same", "rank" if terms.lead == "mdtrt_id" else "equal", **low)
    rung("visit_amount", "equal", **low)
    rung("person_day", "rank" if terms.lead == "psn_no" else "equal", **low)
    _split(engine, "visit")
    _split(engine, "person")
    rung("visit_only", "one", **low)
    rung("person_near", "one", **{**low, "apart": NEAR_DAYS})
    rung("person_some", "one", **low)
    if _free(engine):
        rungs["amount_day"] = _pair(engine, "alone", low)
    return {name: count for name, count in rungs.items() if count}, own


def _rest(engine: Engine) -> None:
    """Steps 3 and 4: sums of several, settlements taken back, counterparts that were rejected."""
    engine.run(load_sql(PACKAGE, "lost"), table="lost_line")
    for by in ("init", "setl", "visit", "person"):
        if _free(engine, both=False):
            engine.run(load_sql(PACKAGE, "void"), {"by": by}, table="found")
            engine.con.execute("INSERT INTO void_line SELECT side, line_no, first_no FROM found")
            engine.con.execute("INSERT INTO taken SELECT side, line_no FROM found")


def _free(engine: Engine, *, both: bool = True) -> bool:
    """Whether lines are left without a partner: on both sides, or on one."""
    sides = engine.rows("""
        SELECT count(DISTINCT l.side) FROM open_line AS l
        WHERE NOT EXISTS (SELECT 1 FROM taken AS k WHERE k.side = l.side AND k.line_no = l.line_no)""")[0][0]
    return int(sides) > int(both)


def _pair(engine: Engine, name: str, params: dict[str, Any]) -> int:
    engine.run(load_sql(PACKAGE, name), params, table="found")
    count = engine.count("found")
    if count:
        engine.con.execute("INSERT INTO paired SELECT ours_no, theirs_no, rung, among FROM found")
        engine.con.execute("INSERT INTO taken SELECT 'ours', ours_no FROM found")
        engine.con.execute("INSERT INTO taken SELECT 'theirs', theirs_no FROM found")
    return count


def _split(engine: Engine, by: str) -> None:
    """Puts aside what is one settlement on one side and several on the other; pairs that were parts are undone."""
    engine.run(load_sql(PACKAGE, "split"), {"by": by}, table="found")
    if not engine.count("found"):
        return
    engine.con.execute("INSERT INTO split_line SELECT side, line_no, split_key, kind FROM found")
    engine.con.execute("DELETE FROM paired WHERE ours_no IN (SELECT line_no FROM found WHERE side = 'ours')")
    engine.con.execute("""
        INSERT INTO taken SELECT f.side, f.line_no FROM found AS f
        WHERE NOT EXISTS (SELECT 1 FROM taken AS k WHERE k.side = f.side AND k.line_no = f.line_no)""")


def _own_numbers(engine: Engine) -> bool:
    """Whether the sides have not one settlement's identifier in common although both have several."""
    open_sides = dict(engine.rows("SELECT side, count(*) FROM open_line WHERE setl_id_form IS NOT NULL GROUP BY side"))
    whole = [engine.rows(f"SELECT count(*) FROM {side}_line WHERE sound")[0][0] for side in ("ours", "theirs")]
    none_equal = sum(whole) == engine.count("open_line")
    return (
        none_equal and min(open_sides.get("ours", 0), open_sides.get("theirs", 0)) >= OWN_NUMBERS
        and not engine.count("paired") and not engine.count("split_line")
    )  # fmt: skip


def _visits_agree(engine: Engine) -> bool:
    """Whether the sides write the same 就诊ID for the same settlement: looked up in a sample of those that match.

    Where nothing matches by its identifier, any 就诊ID in common is taken for a yes.
    """
    seen = engine.rows(f"""
        SELECT count(*), count(*) FILTER (WHERE o.mdtrt_id = t.mdtrt_id)
        FROM (SELECT line_no, lead_id FROM ours_line WHERE sound AND lead_id IS NOT NULL AND line_no NOT IN (
                SELECT line_no FROM open_no WHERE side = 'ours') ORDER BY line_no LIMIT {_SAMPLE}) AS s
        JOIN theirs_line AS l ON l.lead_id = s.lead_id AND l.sound AND l.line_no NOT IN (
            SELECT line_no FROM open_no WHERE side = 'theirs')
        JOIN ours_rows AS o ON o.line_no = s.line_no
        JOIN theirs_rows AS t ON t.line_no = l.line_no
        WHERE o.mdtrt_id IS NOT NULL AND t.mdtrt_id IS NOT NULL""")[0]
    if seen[0]:
        return 2 * int(seen[1]) > int(seen[0])
    return bool(
        engine.rows("""
            SELECT count(*) FROM open_line AS o JOIN open_line AS t ON t.mdtrt_id_form = o.mdtrt_id_form
            WHERE o.side = 'ours' AND t.side = 'theirs'""")[0][0]
    )
