"""行为反应: which visits go, come twice or move between levels when the patient's share changes. Assumptions, marked.

What becomes of a visit hangs on two numbers drawn from its setl_id alone: no randomness, no order, and the same visit
meets the same fate under every reform that moves its cell as far.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.engine import Engine
from yibao.kernel import Finding, Place, Severity, exact_ratio, scaled
from yibao.law import Parameter
from yibao.standard import CODE_TABLES

PACKAGE = "yibao.impact"
PPM = 1_000_000
SUFFIX = ".R"
"""What the ids of a second visit have after those of the first."""
SHIFT, ELASTICITY = "response.shift", "response.elasticity"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    SHIFT: ("from_lv", "to_lv", "kind"),
    ELASTICITY: ("kind", "hosp_lv", "insutype"),
}
"""The fields of ``where`` by key. A field that is not given holds for all, but levels of a shift must be given."""
_BATCH = 500_000
_SALTS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
"""One salt for the number of visits, one for their level, so that the two draws do not depend on each other."""


class Rule(NamedTuple):
    """A parameter of the response: a share of visits that move (SHIFT) or an elasticity, with its ``where``."""

    parameter: Parameter
    value: Fraction
    where: Mapping[str, tuple[str, ...]]

    @property
    def key(self) -> str:
        """SHIFT or ELASTICITY."""
        return self.parameter.key


class ResponsePlan(NamedTuple):
    """What the response comes to: cells with shares and changes, what became of visits, remarks."""

    cells: pa.Table
    visits: int
    gone: int
    added: int
    moved: int
    findings: list[Finding]


def read_response(parameters: Iterable[Parameter], day: date) -> tuple[list[Rule], list[Finding]]:
    """The rules of a response file in force on ``day``, and every fault: unknown keys and fields, shares beyond 1,
    values that are no decimal, rules that hold for the same visits. With faults the rules are not to be used.
    """
    rules: list[Rule] = []
    faults: list[Finding] = []
    for one in (one for one in parameters if day in one.period):
        fault = _fault(one)
        if fault:
            faults.append(_finding("response_fault", fault, one))
            continue
        rules.append(Rule(one, exact_ratio(str(one.value)), one.where))
    return rules, [*faults, *_clashes(rules)]


def _fault(one: Parameter) -> str:
    fields = _FIELDS.get(one.key)
    if fields is None:
        return f"行为反应没有参数“{one.key}”，可用：{'、'.join(_FIELDS)}"
    unknown = sorted(set(one.where) - set(fields))
    if unknown:
        return f"“{one.key}”的条件没有字段“{unknown[0]}”，可用：{'、'.join(fields)}"
    if one.key == SHIFT and any(len(one.where.get(name, ())) != 1 for name in ("from_lv", "to_lv")):
        return "就诊转移须各写一个等级：from_lv（原来的）和 to_lv（转到的）"
    levels = {level for name in ("from_lv", "to_lv", "hosp_lv") for level in one.where.get(name, ())}
    if levels - set(CODE_TABLES["hosp_lv"].codes):
        return f"没有机构等级“{sorted(levels - set(CODE_TABLES['hosp_lv'].codes))[0]}”"
    if one.key == SHIFT and one.where["from_lv"] == one.where["to_lv"]:
        return "就诊转移的两个等级相同"
    try:
        value = exact_ratio(one.value) if isinstance(one.value, str) else None
        parts = None if value is None else scaled(value, PPM)
    except ValueError:
        parts = None
    if parts is None:
        return "值应为最多六位小数的数，如 0.05 或 -0.2"
    if one.key == SHIFT and not 0 <= parts <= PPM:
        return "就诊转移的比例应在0和1之间"
    return ""


def _clashes(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Two rules for the same visits; shares of one level that sum to more than 1."""
    for one, other in combinations(rules, 2):
        if one.key == other.key and all(_meet(one, other, name) for name in _FIELDS[one.key]):
            yield _finding("response_overlap", f"与另一条“{other.key}”管到同样的就诊", one.parameter)
    leaving: Counter[tuple[str, str]] = Counter()
    for rule in (rule for rule in rules if rule.key == SHIFT):
        for kind in rule.where.get("kind", ("",)):
            leaving[rule.where["from_lv"][0], kind] += scaled(rule.value, PPM)
    for (level, kind), parts in leaving.items():
        if parts + (leaving.get((level, ""), 0) if kind else 0) > PPM:
            first = next(rule for rule in rules if rule.key == SHIFT and rule.where["from_lv"][0] == level)
            yield _finding("response_fault", "同一等级转出的比例之和超过1", first.parameter)


def _meet(one: Rule, other: Rule, name: str) -> bool:
    """Whether two rules have a value of the field in common; a field not given has all."""
    mine, theirs = one.where.get(name), other.where.get(name)
    return mine is None or theirs is None or bool(set(mine) & set(theirs))


def _finding(code: str, message: str, one: Parameter) -> Finding:
    place, step = Place(file=str(one.origin), value=one.value_text), "改正行为反应文件的这一条"
    return Finding(code, Severity.ERROR, message, place, next_step=step, key=one.key)


def plan_response(engine: Engine, rules: Sequence[Rule], law_no: int) -> ResponsePlan:
    """Makes ``response_claim`` (grain claim_no): visits of which something changes under reform ``law_no``.

    Reads ``sim_claim``, ``sim_amount`` (law 0 and the reform without response) and ``claims``, from whose reversals it
    keeps away. ``copies`` is 0, 1 or 2; ``to_lv`` and ``to_fixmedins_code`` are NULL for a visit that stays. Without
    rules, or with zeros, there are no rows. `responded` then makes the claims that people bring.
    """
    engine.pipeline(PACKAGE, ("response_skip", "response_visit"), {"law_no": law_no})
    cells = engine.rows("SELECT DISTINCT kind, hosp_lv, insutype FROM response_visit ORDER BY kind, hosp_lv, insutype")
    engine.put("response_elasticity", _elasticities(rules, cells))
    engine.put("response_shift", _shifts(rules, sorted({kind for kind, _, _ in cells})))
    engine.pipeline(PACKAGE, ("response_cell", "response_place", "response_asked"))
    engine.put("response_draw", _drawn(engine))
    engine.pipeline(PACKAGE, ("response_claim",))
    counted = engine.rows("""
        SELECT coalesce(sum(CASE WHEN copies = 0 THEN 1 ELSE 0 END), 0),
            coalesce(sum(CASE WHEN copies = 2 THEN 1 ELSE 0 END), 0), count(to_lv) FROM response_claim""")[0]
    found = engine.fetch("SELECT * FROM response_cell ORDER BY kind, hosp_lv, insutype")
    remarks = [*_remarks(found), *_nowhere(engine)]
    visits = engine.count("response_visit")
    engine.drop("response_visit", "response_asked", "response_draw", "response_skip")
    gone, added, moved = (int(one) for one in counted)
    return ResponsePlan(found, visits, gone, added, moved, remarks)


def responded(engine: Engine) -> tuple[str, ...]:
    """Makes ``responded_claims``, ``responded_lines`` and, where the session has ``prescriptions``,
    ``responded_prescriptions`` from ``claims``, ``fee_lines`` and ``response_claim``; gives their names.
    """
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    steps: tuple[str, ...] = ("responded_claims", "responded_lines")
    steps += ("responded_prescriptions",) if "prescriptions" in there else ()
    engine.pipeline(PACKAGE, steps, {"suffix": SUFFIX})
    return steps


def _elasticities(rules: Sequence[Rule], cells: Sequence[tuple[str, str, str]]) -> pa.Table:
    """The elasticity of each cell that has one, in millionths."""
    rows = [
        {"kind": kind, "hosp_lv": level, "insutype": insutype, "elasticity_ppm": scaled(rule.value, PPM)}
        for (kind, level, insutype), rule in product(cells, rules)
        if rule.key == ELASTICITY and _holds(rule, kind=kind, hosp_lv=level, insutype=insutype)
    ]
    return pa.Table.from_pylist(rows, pa.schema([
        ("kind", pa.string()), ("hosp_lv", pa.string()), ("insutype", pa.string()), ("elasticity_ppm", pa.int64()),
    ]))  # fmt: skip


def _shifts(rules: Sequence[Rule], kinds: Sequence[str]) -> pa.Table:
    """For each kind and level left, one stretch of [0, 10⁶) for each level that visits move to."""
    rows = []
    upto: Counter[tuple[str, str]] = Counter()
    shifts = sorted((rule for rule in rules if rule.key == SHIFT), key=lambda rule: rule.where["to_lv"])
    for kind, rule in product(kinds, shifts):
        parts = scaled(rule.value, PPM)
        if parts and _holds(rule, kind=kind):
            level = rule.where["from_lv"][0]
            low = upto[kind, level]
            upto[kind, level] = low + parts
            rows.append({"kind": kind, "from_lv": level, "to_lv": rule.where["to_lv"][0], "low_ppm": low,
                         "high_ppm": low + parts})  # fmt: skip
    return pa.Table.from_pylist(rows, pa.schema([
        ("kind", pa.string()), ("from_lv", pa.string()), ("to_lv", pa.string()), ("low_ppm", pa.int64()),
        ("high_ppm", pa.int64()),
    ]))  # fmt: skip


def _holds(rule: Rule, **cell: str) -> bool:
    return all(value in rule.where.get(name, (value,)) for name, value in cell.items())


def _drawn(engine: Engine) -> pa.Table:
    """Two numbers in [0, 10⁶) for each visit of ``response_asked``."""
    asked = engine.fetch("SELECT claim_no, setl_id FROM response_asked ORDER BY claim_no")
    visit, shift = (
        np.concatenate([draws(part["setl_id"], salt) for part in _pieces(asked)])
        if asked.num_rows
        else np.zeros(0, int)
        for salt in _SALTS
    )
    return pa.table({
        "claim_no": asked["claim_no"], "visit_draw": pa.array(visit, pa.int64()),
        "shift_draw": pa.array(shift, pa.int64()),
    })  # fmt: skip


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    for at in range(0, table.num_rows, _BATCH):
        yield table.slice(at, _BATCH)


def draws(ids: pa.ChunkedArray, salt: int) -> npt.NDArray[np.int64]:
    """A number in [0, 10⁶) for each text, by FNV-1a over its UTF-8 bytes, mixed; the same on every machine."""
    texts = pa.concat_arrays(ids.cast(pa.large_string()).chunks)
    _, offsets, letters = texts.buffers()
    at = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(letters, dtype=np.uint8) if letters is not None else np.zeros(0, dtype=np.uint8)
    lengths = np.diff(at)
    state = np.full(len(texts), 0xCBF29CE484222325 ^ salt, dtype=np.uint64)
    for place in range(int(lengths.max(initial=0))):
        alive = lengths > place
        state[alive] = (state[alive] ^ raw[at[:-1][alive] + place]) * np.uint64(0x100000001B3)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return ((state ^ (state >> np.uint64(31))) % np.uint64(PPM)).astype(np.int64)


def _remarks(cells: pa.Table) -> Iterator[Finding]:
    """Cells whose change is cut at all of their visits, and those with an elasticity where patients paid nothing."""
    for row in cells.to_pylist():
        cell = "，".join(f"{name}={row[name] or '空'}" for name in ("kind", "hosp_lv", "insutype"))
        if row["cut"]:
            yield Finding("response_cut", Severity.WARNING, f"按弹性算出的变化超过全部就诊，已按全部计（{cell}）",
                          next_step="核对弹性的大小", key=ELASTICITY)  # fmt: skip
        elif row["elasticity_ppm"] and row["burden_before"] <= 0 < row["burden_after"]:
            yield Finding("response_free", Severity.WARNING, f"改革前个人不付费，弹性不能计算，就诊不变（{cell}）",
                          next_step="需要时改用就诊转移", key=ELASTICITY)  # fmt: skip


def _nowhere(engine: Engine) -> Iterator[Finding]:
    """Shifts to a level at which no institution has visits of the kind."""
    rows = engine.rows("""
        SELECT s.kind, s.from_lv, s.to_lv FROM response_shift AS s
        WHERE NOT EXISTS (SELECT 1 FROM response_place AS p WHERE p.kind = s.kind AND p.hosp_lv = s.to_lv)
            AND EXISTS (SELECT 1 FROM response_cell AS c WHERE c.kind = s.kind AND c.hosp_lv = s.from_lv)
        ORDER BY s.kind, s.from_lv, s.to_lv""")
    for kind, from_lv, to_lv in rows:
        yield Finding("response_nowhere", Severity.WARNING,
                      f"等级{to_lv}没有{kind}的就诊，等级{from_lv}的就诊没有机构可去，不转移",
                      next_step="核对转移的等级和类别", key=SHIFT)  # fmt: skip
