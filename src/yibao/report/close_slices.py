"""What each hospital's workbook holds, asked of the whole year once and cut by hospital.

One pass over the cases a table; the rows of a hospital stand together, so a cut for some hospitals is a stretch of each
table. It stays in columns until the process that writes those hospitals makes rows of it. Means, indices and quartiles
are statistics for comparison; every amount is exact.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from statistics import quantiles
from typing import Any, NamedTuple

import pyarrow as pa

from yibao.engine import Engine
from yibao.report.close_result import Closed, Row

MOST_CASES = 300
"""How many deviating, excluded or flagged cases a workbook lists; the totals are stated. A choice of display."""

PREPARE = (
    """CREATE OR REPLACE TEMP TABLE own AS
    SELECT c.setl_id, c.fixmedins_code, coalesce(c.hosp_lv, '') AS hosp_lv, c.fund_type, c.scope, c.dscg_date,
        c.month, c.dip_code, c.dip_type, c.bucket, c.group_points, c.aux_kind, c.aux_type, c.aux, c.deviation_type,
        c.deviation, c.case_points,
        c.medfee_sumamt, c.excluded, c.booked, c.patient, c.standard, c.due, c.special, c.flags, t.stay_days,
        coalesce(i.excluded_due, CAST(0 AS DECIMAL(18, 2))) AS excluded_due
    FROM cases AS c
    LEFT JOIN trail AS t ON t.setl_id = c.setl_id
    LEFT JOIN by_item AS i ON i.setl_id = c.setl_id
    WHERE c.bucket IS NOT NULL""",
    """CREATE OR REPLACE TEMP TABLE pool_mean AS
    SELECT dip_code, avg(CAST(medfee_sumamt AS DOUBLE)) AS fee, avg(CAST(stay_days AS DOUBLE)) AS days
    FROM own WHERE dip_code IS NOT NULL GROUP BY dip_code""",
    """CREATE OR REPLACE TEMP TABLE level_mean AS
    SELECT dip_code, hosp_lv, avg(CAST(medfee_sumamt AS DOUBLE)) AS fee
    FROM own WHERE dip_code IS NOT NULL GROUP BY dip_code, hosp_lv""",
)

TABLES: Mapping[str, str] = {
    "groups": """
        SELECT o.fixmedins_code, coalesce(o.dip_code, '') AS dip_code, count(*) AS cases,
            avg(o.group_points) AS group_points, sum(o.case_points) AS points, sum(o.medfee_sumamt) AS fee,
            avg(CAST(o.medfee_sumamt AS DOUBLE)) AS mean_fee, max(l.fee) AS level_fee, max(p.fee) AS pool_fee,
            avg(CAST(o.stay_days AS DOUBLE)) AS days, max(p.days) AS pool_days,
            sum(o.due) AS due, sum(o.booked - o.excluded_due) AS booked,
            sum(o.due) - sum(o.booked - o.excluded_due) AS gain
        FROM own AS o
        LEFT JOIN pool_mean AS p ON p.dip_code = o.dip_code
        LEFT JOIN level_mean AS l ON l.dip_code = o.dip_code AND l.hosp_lv = o.hosp_lv
        WHERE o.scope = 'local' GROUP BY o.fixmedins_code, coalesce(o.dip_code, '')
        ORDER BY o.fixmedins_code, gain, coalesce(o.dip_code, '')""",
    "deviating": """
        SELECT fixmedins_code, setl_id, fund_type, dscg_date, dip_code, deviation_type, deviation, medfee_sumamt,
            standard, case_points, due, booked, due - (booked - excluded_due) AS gain, special
        FROM (SELECT *, row_number() OVER (PARTITION BY fixmedins_code ORDER BY
                CASE deviation_type WHEN 'extreme' THEN 1 WHEN 'high' THEN 2 ELSE 3 END,
                due - (booked - excluded_due), setl_id) AS nth
            FROM own WHERE scope = 'local' AND deviation_type IN ('low', 'high', 'extreme'))
        WHERE nth <= $most ORDER BY fixmedins_code, nth""",
    "deviation_counts": """
        SELECT fixmedins_code, deviation_type, count(*) AS cases, sum(medfee_sumamt) AS fee, sum(due) AS due,
            sum(booked - excluded_due) AS booked
        FROM own WHERE scope = 'local' GROUP BY fixmedins_code, deviation_type
        ORDER BY fixmedins_code, deviation_type""",
    "excluded": """
        SELECT fixmedins_code, setl_id, fund_type, dscg_date, dip_code, medfee_sumamt, excluded, booked, excluded_due
        FROM (SELECT *, row_number() OVER (PARTITION BY fixmedins_code ORDER BY excluded DESC, setl_id) AS nth
            FROM own WHERE excluded > 0)
        WHERE nth <= $most ORDER BY fixmedins_code, nth""",
    "excluded_counts": """
        SELECT fixmedins_code, fund_type, count(*) AS cases, sum(excluded) AS excluded,
            sum(excluded_due) AS excluded_due
        FROM own WHERE excluded > 0 AND scope = 'local' GROUP BY fixmedins_code, fund_type
        ORDER BY fixmedins_code, fund_type""",
    "buckets": """
        SELECT fixmedins_code, fund_type, bucket, count(*) AS cases, sum(case_points) AS points,
            sum(medfee_sumamt) AS fee, sum(due) AS due, sum(booked - excluded_due) AS booked
        FROM own WHERE scope = 'local' GROUP BY fixmedins_code, fund_type, bucket
        ORDER BY fixmedins_code, fund_type, bucket""",
    "aux": """
        SELECT fixmedins_code, aux_kind, aux_type, count(*) AS cases, avg(aux) AS aux, sum(case_points) AS points,
            sum(due) AS due
        FROM own WHERE aux_kind IS NOT NULL GROUP BY fixmedins_code, aux_kind, aux_type
        ORDER BY fixmedins_code, aux_kind, aux_type""",
    "flagged": """
        SELECT fixmedins_code, setl_id, fund_type, dscg_date, dip_code, flags, medfee_sumamt, due
        FROM (SELECT *, row_number() OVER (PARTITION BY fixmedins_code ORDER BY flags, setl_id) AS nth
            FROM own WHERE flags IS NOT NULL AND flags <> '')
        WHERE nth <= $most ORDER BY fixmedins_code, nth""",
    "flagged_total": """
        SELECT fixmedins_code, count(*) AS cases FROM own WHERE flags IS NOT NULL AND flags <> ''
        GROUP BY fixmedins_code ORDER BY fixmedins_code""",
    "flag_counts": """
        SELECT fixmedins_code, flag, count(*) AS cases FROM (
            SELECT fixmedins_code, unnest(string_split(flags, '|')) AS flag FROM own
            WHERE flags IS NOT NULL AND flags <> '')
        GROUP BY fixmedins_code, flag ORDER BY fixmedins_code, flag""",
    "funds": """
        SELECT fixmedins_code, fund_type, count(*) AS cases, sum(case_points) AS points, sum(due) AS due,
            sum(booked - excluded_due) AS booked, sum(excluded_due) AS excluded_due,
            sum(medfee_sumamt - coalesce(excluded, 0)) AS fee
        FROM own WHERE scope = 'local' GROUP BY fixmedins_code, fund_type ORDER BY fixmedins_code, fund_type""",
    "measures": """
        SELECT o.fixmedins_code, count(*) AS cases, sum(o.medfee_sumamt) AS fee, sum(o.booked) AS booked,
            sum(CASE WHEN o.dip_code IS NULL THEN 0 ELSE o.group_points END) AS group_points,
            count(o.dip_code) AS grouped, avg(CAST(o.stay_days AS DOUBLE)) AS days
        FROM own AS o GROUP BY o.fixmedins_code ORDER BY o.fixmedins_code""",
}
"""The statements, each sorted by hospital; ``own`` are the scored cases with the excluded part paid by item."""


class Measure(NamedTuple):
    """A measure of a hospital beside its peers: all hospitals of its level that have the measure."""

    name: str
    kind: str
    value: float | None
    rank: int | None
    peers: int
    low: float | None
    middle: float | None
    high: float | None
    formula: str


def prepare(closed: Closed) -> None:
    """Makes the session tables that the statements read."""
    for statement in PREPARE:
        closed.engine.con.execute(statement)


def year_tables(closed: Closed) -> dict[str, pa.Table]:
    """Every table of TABLES for all hospitals, sorted by hospital."""
    prepare(closed)
    found = {
        name: closed.engine.fetch(query, {"most": MOST_CASES} if "$most" in query else None)
        for name, query in TABLES.items()
    }
    closed.engine.drop("own", "pool_mean", "level_mean")
    return found


class Cutter:
    """Cuts the tables of the year by hospital without making rows of them."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = tables
        self._starts = {name: table[_CODE].to_pylist() for name, table in tables.items()}

    def cut(self, first: str, last: str) -> dict[str, bytes]:
        """The rows of the hospitals from ``first`` to ``last`` of every table, ready to travel."""
        return {name: self._piece(name, first, last) for name in self._tables}

    def _piece(self, name: str, first: str, last: str) -> bytes:
        starts = self._starts[name]
        begin = bisect_left(starts, first)
        piece = self._tables[name].slice(begin, bisect_right(starts, last) - begin)
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, piece.schema) as writer:
            writer.write_table(piece)
        return bytes(stream.getvalue().to_pybytes())


_CODE = "fixmedins_code"
Slice = Mapping[str, Sequence[tuple[Any, ...]]]


def slices(cut: Mapping[str, bytes], codes: Sequence[str]) -> Iterator[tuple[str, Slice]]:
    """For each hospital of a cut the rows of every table, as tuples without its code."""
    held: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    with Engine(threads=1) as engine:
        for name, packed in cut.items():
            engine.con.register("cut", pa.ipc.open_stream(packed).read_all())
            rows = engine.rows("SELECT * FROM cut")
            held[name] = {code: [row[1:] for row in own] for code, own in groupby(rows, key=lambda row: row[0])}
    for code in codes:
        yield code, {name: own.get(code, []) for name, own in held.items()}


def hospitals_of(closed: Closed) -> list[str]:
    """Every hospital with a row in the clearing or with offsite cases."""
    held = {str(row["fixmedins_code"]) for row in closed.small["clearing"]}
    return sorted(held | {str(row["fixmedins_code"]) for row in closed.small["offsite"]})


_MEASURES = {
    "cmi": ("病例组合指数 CMI（倍）", "stat", "入组病例的病种分值平均数 ÷ 分值放大倍数；越高病例越重"),
    "share": ("清算支付与医疗总费用之比", "percent", "清算支付 ÷ 医疗总费用（不含除外费用），两个险种合计"),
    "ratio": ("记账额与应付额之比", "percent", "记账额 ÷ 应付额，两个险种合计；过100%为超支"),
    "cost_index": ("费用消耗指数（倍）", "stat", "各入组病例费用 ÷ 全市同病种例均费用的平均数；大于1为花费较多"),
    "time_index": ("时间消耗指数（倍）", "stat", "各入组病例住院天数 ÷ 全市同病种平均天数的平均数；大于1为住院较长"),
    "days": ("平均住院天数（天）", "plain", "住院天数合计 ÷ 病例数"),
}


def measures(closed: Closed, rows: Mapping[str, tuple[Any, ...]]) -> dict[str, dict[str, float | None]]:
    """The measures of every hospital, from its row of the table of that name."""
    scale = int((closed.summary.get("facts") or {}).get("score_scale") or 1)
    money: dict[str, dict[str, Decimal]] = {}
    for row in closed.small["clearing"]:
        own = money.setdefault(
            str(row["fixmedins_code"]), dict.fromkeys(("pay", "fee", "booked", "entitlement"), Decimal(0))
        )
        for name in own:
            own[name] += row[name]
    index = {str(row["fixmedins_code"]): row for row in closed.small["consumption"]}
    found = {}
    for code, (_, _, _, points, grouped, days) in rows.items():
        own, used = money.get(code, {}), index.get(code, {})
        found[code] = {
            "cmi": float(points) / grouped / scale if grouped else None,
            "days": days,
            "cost_index": used.get("cost_index"),
            "time_index": used.get("time_index"),
            "share": _over(own.get("pay"), own.get("fee")),
            "ratio": _over(own.get("booked"), own.get("entitlement")),
        }
    return found


def _over(part: Decimal | None, whole: Decimal | None) -> float | None:
    return float(part) / float(whole) if part is not None and whole else None


class Peers:
    """The measures of all hospitals by level, sorted once."""

    def __init__(self, found: Mapping[str, Mapping[str, float | None]], levels: Mapping[str, str]) -> None:
        self._found, self._levels = found, levels
        held: dict[tuple[str | None, str], list[float]] = {}
        for code, own in found.items():
            for key in _MEASURES:
                values = held.setdefault((levels.get(code), key), [])
                if (value := own[key]) is not None:
                    values.append(value)
        self._held = {place: sorted(values, reverse=True) for place, values in held.items()}
        self._quartiles: dict[tuple[str | None, str], list[float] | None] = {
            place: quantiles(values, n=4, method="inclusive") if len(values) > 1 else None
            for place, values in self._held.items()
        }

    def beside(self, code: str) -> list[Measure]:
        """The measures of a hospital with its rank, from the highest, and the quartiles of its level."""
        told = []
        for key, (name, kind, formula) in _MEASURES.items():
            place, own = (self._levels.get(code), key), self._found.get(code, {}).get(key)
            peers = self._held.get(place, [])
            rank = peers.index(own) + 1 if own is not None else None
            low, middle, high = self._quartiles.get(place) or (None, None, None)
            told.append(Measure(name, kind, own, rank, len(peers), low, middle, high, formula))
        return told


def last_year(closed: Closed, year: int) -> dict[str, dict[str, Decimal]]:
    """What the catalogue's history says of each hospital in a year, all insurances together. 元 and 分."""
    found: dict[str, dict[str, Decimal]] = {}
    for row in closed.parts.get("hospital_history", ()):
        if row["dscg_year"] != year:
            continue
        own = found.setdefault(str(row["fixmedins_code"]), dict.fromkeys(_HISTORY, Decimal(0)))
        for name, scale in _HISTORY.items():
            own[name] += Decimal(int(row[name] or 0)) / scale
    return found


_HISTORY = {"n": 1, "n_grouped": 1, "fee": 100, "booked": 100, "group_points": 10**4, "days": 1}


def by_code(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by hospital."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["fixmedins_code"]), []).append(row)
    return found
