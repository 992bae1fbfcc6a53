"""Auxiliary types (辅助分型): learned on last year's cases of the core groups, given to cases by the catalogue.

A kind (CCI, severity, tumour, age, ICU, newborn) puts a case into one of its types; the type makes the case dearer
than its group where it passed the gates. SQL answers what each case is; gates, coefficients and ranks are exact Python
on the small table of types. Source: DIP 3.0 draft ch.5 s.2 (DIP_REGIMES A.5).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import NamedTuple

import pyarrow as pa

from yibao.casemix.dip.aux_terms import AuxTerms
from yibao.engine import Engine
from yibao.kernel import POINT_SCALE, half_up_ratio

PACKAGE = "yibao.casemix.dip"
COEFFICIENT_SCALE = 10**4
"""Coefficients are integers of 10⁻⁴."""
TYPES = ("dx_mark", "case_mark", "aux_value", "aux_case")
"""The steps that answer which types a case has, after `put_scope` and the diagnoses of its cases (``case_dx``)."""

_TEXT, _WHOLE, _EXACT = pa.string(), pa.int64(), pa.decimal128(38, 0)
TYPE_SCHEMA = pa.schema([
    ("dip_code", _TEXT), ("aux_kind", _TEXT), ("aux_type", _TEXT), ("n", _WHOLE), ("fee", _WHOLE),
    ("coefficient", _WHOLE), ("trigger_num", _EXACT), ("trigger_den", _EXACT), ("nth", _WHOLE),
])  # fmt: skip
REPORT_SCHEMA = pa.schema([
    ("aux_kind", _TEXT), ("groups", _WHOLE), ("cases", _WHOLE), ("cv_before", pa.float64()), ("cv_after", pa.float64()),
])  # fmt: skip
_SCOPE_SCHEMA = pa.schema([("dip_code", _TEXT), ("group_no", _WHOLE), ("base_fee", _WHOLE)])


class Sums(NamedTuple):
    """Cases with their exact sums: number, fees in fen, squares of fees."""

    n: int
    fee: int
    square: int

    @property
    def mean(self) -> Fraction:
        """The mean fee in fen."""
        return Fraction(self.fee, self.n)

    @property
    def scatter(self) -> int:
        """n × Σ (fee − mean)², whole: the squared CV is scatter ÷ fee²."""
        return self.n * self.square - self.fee * self.fee

    @property
    def spread(self) -> Fraction:
        """Σ (fee − mean)²."""
        return Fraction(self.scatter, self.n)

    def less(self, others: Iterable["Sums"]) -> "Sums":
        """What is left when others are taken out."""
        some = list(others)
        return Sums(
            self.n - sum(one.n for one in some),
            self.fee - sum(one.fee for one in some),
            self.square - sum(one.square for one in some),
        )


def spread_within(group: Sums, types: Sequence[Sums]) -> Fraction:
    """Σ (fee − mean of its type)² over the group: the types, and what is left as one more."""
    rest = group.less(types)
    return sum((one.spread for one in types), Fraction(0)) + (rest.spread if rest.n else 0)


def cv_exceeds(group: Sums, least: Fraction) -> bool:
    """Whether the coefficient of variation (population) is greater than ``least``, by squares."""
    return group.scatter * least.denominator**2 > (least.numerator * group.fee) ** 2


def drop_reached(group: Sums, types: Sequence[Sums], least: Fraction) -> bool:
    """Whether 1 − CV within ÷ CV before is at least ``least``; CV within is pooled, over the mean of the group."""
    return group.scatter > 0 and spread_within(group, types) <= (1 - least) ** 2 * group.spread


def coefficient(one: Sums, group: Sums, floor: Fraction) -> int:
    """Mean of the type ÷ mean of the group, at least the floor, in 10⁻⁴ rounded half up."""
    return half_up_ratio(max(one.mean / group.mean, floor), COEFFICIENT_SCALE)


def passing(
    group: Sums, types: Mapping[str, Sums], terms: AuxTerms, kind: str
) -> dict[str, Sums]:  # fmt: skip
    """The types of a kind that pass the gates in a group; none where the kind does not narrow its spread enough.

    A type with too few cases stays with the rest of the group, also where the spread within is measured.
    """
    factor = terms.icu_factor if kind == "icu" else Fraction(1)
    if not group.n > terms.min_group * factor or not group.fee or not cv_exceeds(group, terms.min_cv):
        return {}
    enough = {name: one for name, one in types.items() if one.n > terms.min_type * factor}
    return enough if enough and drop_reached(group, list(enough.values()), terms.min_drop) else {}


def ranked(found: Iterable[tuple[str, str, Fraction]], kinds: Sequence[str]) -> list[tuple[str, str]]:
    """(kind, type) by trigger coefficient, highest first; ties by the law's order of kinds, then by type."""
    order = {kind: place for place, kind in enumerate(kinds)}
    return [(kind, name) for kind, name, _ in sorted(found, key=lambda one: (-one[2], order[one[0]], one[1]))]


def cost_bases(groups: pa.Table, codes: Collection[str], worth: Fraction | None) -> dict[str, int]:
    """The fee in fen that high cost is measured by, for the groups in ``codes``: the group's mean fee, or with the
    value of a point (``worth``, 元 per 分) its standard, points × value rounded half up.
    """
    columns = (groups[name].to_pylist() for name in ("dip_code", "mean_fee", "points"))
    return {
        code: mean if worth is None else half_up_ratio(worth * points / POINT_SCALE, 100)
        for code, mean, points in zip(*columns, strict=True)
        if code in codes
    }


def put_scope(engine: Engine, bases: Mapping[str, int], terms: AuxTerms, first_year: int = 0) -> None:
    """Makes ``aux_stay``: the cases whose types are asked, of the groups in ``bases`` (fee in fen that a tumour's high
    cost is measured by) and discharged since ``first_year``; and the tables of the terms.
    """
    rows = [{"dip_code": code, "group_no": n, "base_fee": bases[code]} for n, code in enumerate(sorted(bases), 1)]
    engine.put("aux_scope", pa.Table.from_pylist(rows, schema=_SCOPE_SCHEMA))
    engine.put("aux_band", terms.bands)
    engine.put("aux_dx", terms.dx)
    engine.pipeline(PACKAGE, ("aux_stay",), {"first_year": first_year})


def open_groups(engine: Engine, terms: AuxTerms, year: int, barred: Iterable[str]) -> dict[str, Sums]:
    """The core groups that pass the gates on the group itself in ``year``; ``barred`` (基层病种) have no types."""
    engine.pipeline(PACKAGE, ("aux_group",), {"aux_year": year})
    closed = set(barred)
    found = {code: Sums(int(n), int(fee), int(square)) for code, n, fee, square in engine.rows("FROM aux_group")}
    least = terms.min_group * (terms.icu_factor if "icu" in terms.kinds else 1)
    return {
        code: one
        for code, one in found.items()
        if code not in closed and one.n > least and one.fee and cv_exceeds(one, terms.min_cv)
    }


def learn_types(engine: Engine, groups: Mapping[str, Sums], terms: AuxTerms) -> tuple[pa.Table, pa.Table]:
    """(``aux_type``, ``aux_report``) from the types of last year's cases (table ``aux_case``), in exact arithmetic.

    ``aux_report`` is for people: its CVs are floating point, each the mean over its groups weighted by their cases.
    """
    engine.pipeline(PACKAGE, ("aux_sum",))
    codes = dict(engine.rows("SELECT group_no, dip_code FROM aux_scope"))
    names = {no: (kind, name) for no, kind, name in engine.rows("SELECT type_no, aux_kind, aux_type FROM aux_band")}
    by_group: dict[str, dict[str, dict[str, Sums]]] = defaultdict(lambda: defaultdict(dict))
    for group_no, type_no, n, fee, square in engine.rows("FROM aux_sum"):
        kind, name = names[type_no]
        by_group[codes[group_no]][kind][name] = Sums(int(n), int(fee), int(square))
    types: list[dict[str, object]] = []
    measured: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for code, kinds in sorted(by_group.items()):
        group = groups[code]
        won = {kind: passing(group, some, terms, kind) for kind, some in kinds.items()}
        types += _rows(code, group, won, terms)
        for kind, some in won.items():
            if some:
                within = spread_within(group, list(some.values()))
                measured[kind].append((group.n, _cv(group.spread, group), _cv(within, group)))
    report = [_reported(kind, measured[kind]) for kind in terms.kinds]
    return pa.Table.from_pylist(types, schema=TYPE_SCHEMA), pa.Table.from_pylist(report, schema=REPORT_SCHEMA)


def _rows(code: str, group: Sums, won: Mapping[str, Mapping[str, Sums]], terms: AuxTerms) -> list[dict[str, object]]:
    flat = {(kind, name): one for kind, some in won.items() for name, one in some.items()}
    triggers = {key: one.mean / group.mean for key, one in flat.items()}
    order = ranked([(kind, name, trigger) for (kind, name), trigger in triggers.items()], terms.kinds)
    return [
        {
            "dip_code": code,
            "aux_kind": kind,
            "aux_type": name,
            "n": flat[kind, name].n,
            "fee": flat[kind, name].fee,
            "coefficient": coefficient(flat[kind, name], group, terms.floor),
            "trigger_num": Decimal(triggers[kind, name].numerator),
            "trigger_den": Decimal(triggers[kind, name].denominator),
            "nth": nth,
        }
        for nth, (kind, name) in enumerate(order, start=1)
    ]


def _cv(spread: Fraction, group: Sums) -> float:
    return sqrt(spread / group.n) / float(group.mean)


def _reported(kind: str, rows: Sequence[tuple[int, float, float]]) -> dict[str, object]:
    n = sum(row[0] for row in rows)
    before, after = (sum(row[0] * row[place] for row in rows) / n if n else None for place in (1, 2))
    return {"aux_kind": kind, "groups": len(rows), "cases": n, "cv_before": before, "cv_after": after}


def put_hits(engine: Engine, aux_type: pa.Table) -> None:
    """Makes ``aux_hit`` (grain case_no: aux_kind, aux_type, aux) from the types of the cases (``aux_case``)."""
    engine.put("aux_type", aux_type)
    engine.con.execute(
        "CREATE OR REPLACE TABLE aux_choice AS SELECT s.group_no, b.type_no, t.nth, t.aux_kind, t.aux_type, "
        "t.coefficient FROM aux_type AS t JOIN aux_scope AS s ON s.dip_code = t.dip_code "
        "JOIN aux_band AS b ON b.aux_kind = t.aux_kind AND b.aux_type = t.aux_type"
    )
    engine.pipeline(PACKAGE, ("aux_hit",))
